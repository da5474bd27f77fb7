"""What class activation maps are compared with."""

import torch
from torch import Tensor, nn

from .errors import CamError
from .networks.gap import GapNetwork


def grad_cam(
    network: nn.Module, images: Tensor, classes: Tensor, layer: nn.Module | None = None
) -> Tensor:
    """Grad-CAM (Selvaraju et al., ICCV 2017) before its ReLU, for any network.

    A map of layer k is weighted by the average over places of the gradient of the class's logit.
    Behind global average pooling that gradient is the class weight divided by the number of
    places, so that Grad-CAM is the class activation map divided by h * w.

    Args:
        network: any classifier.
        images: (B, 3, H, W), preprocessed.
        classes: (B, n) int64.
        layer: the module whose output maps are explained; for a `GapNetwork` the default is what
            enters the pooling.

    Returns:
        (B, n, h, w), signed, detached.

    Raises:
        CamError: no layer given for a network without global pooling.
    """
    if layer is None and not isinstance(network, GapNetwork):
        raise CamError(
            "Grad-CAM of a network without global pooling needs the layer to explain; give "
            "layer=network.features[-1], for example."
        )
    with torch.enable_grad():
        if layer is None:
            features = network.features(images).detach().requires_grad_()
            logits = network.classify(features)
        else:
            features, logits = _run_to_layer(network, images, layer)
        maps = [
            _weighted(features, logits.gather(1, column[:, None]).sum())
            for column in classes.to(logits.device).T
        ]
    return torch.stack(maps, 1)


def _run_to_layer(network, images, layer):
    kept = []

    def keep(_module, _inputs, output):
        kept.append(output.detach().requires_grad_())
        return kept[-1].clone()  # a layer after it may work in place

    handle = layer.register_forward_hook(keep)
    try:
        logits = network(images)
    finally:
        handle.remove()
    return kept[0], logits


def _weighted(features: Tensor, score: Tensor) -> Tensor:
    (gradient,) = torch.autograd.grad(score, features, retain_graph=True)
    return (gradient.mean((2, 3), keepdim=True) * features).sum(1).detach()
