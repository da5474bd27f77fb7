"""What class activation maps are compared with."""

from contextlib import contextmanager

import torch
from torch import Tensor, nn

from .cam import CamResult, Classes, checked_images, chosen_classes
from .errors import CamError
from .networks.gap import GapNetwork
from .networks.trace import logits_of


def backprop_saliency(
    network: nn.Module, images: Tensor, classes: Classes = 5, reduce: str = "sum"
) -> CamResult:
    """|dS_c / dI| at every pixel: how much the logit of a class changes with the input.

    Simonyan et al. (arXiv 1312.6034, section 3.1), the baseline "Backprop" of Table 2. One
    forward pass, then one backward pass for each column of `classes`, for the whole batch at
    once. Works for any classifier, with frozen weights, and inside `no_grad` or `inference_mode`.
    The network is run in eval mode; its modes, parameters and their `.grad` stay as they were.

    Args:
        network: any classifier of images (B, 3, H, W) to logits (B, C).
        images: (B, 3, H, W) float, preprocessed. The gradient is that of these values: where a
            network's input has a standard deviation per colour, so have the gradients.
        classes: as for `cams`.
        reduce: how the magnitudes of the three colours are joined: "sum", as the released code
            joins its three channels (it ships no backprop code: an inference), or "max",
            Simonyan's.

    Returns:
        CamResult with maps (B, n, H, W), not negative, at the resolution of the input; detached.

    Raises:
        CamError: `reduce` is unknown, images or classes do not fit, or the logits do not depend on
            the images by way of differentiable operations.
    """
    if reduce not in ("sum", "max"):
        raise CamError(f'Found reduce={reduce!r}, expected "sum" or "max".')
    with _evaluating(network), torch.inference_mode(False), torch.enable_grad():
        inputs = checked_images(images).detach().clone().requires_grad_()
        logits = logits_of(network(inputs.clone()))  # a first layer may work in place
        if not logits.requires_grad:
            raise CamError(
                f"The logits of {type(network).__name__} carry no gradient; expected a forward "
                "pass without no_grad, detach or integer arithmetic between images and logits."
            )
        chosen = chosen_classes(classes, logits.detach()).clone()  # may come from inference mode
        maps = []
        for rank, column in enumerate(chosen.T):
            score = logits.gather(1, column[:, None]).sum()  # images do not mix in eval mode
            last = rank == chosen.shape[1] - 1
            (gradient,) = torch.autograd.grad(score, inputs, retain_graph=not last)
            gradient = gradient.abs()
            maps.append(gradient.sum(1) if reduce == "sum" else gradient.amax(1))
        return CamResult(logits.detach(), chosen, torch.stack(maps, 1))


def grad_cam(
    network: nn.Module, images: Tensor, classes: Classes, layer: nn.Module | None = None
) -> Tensor:
    """Grad-CAM (Selvaraju et al., ICCV 2017) before its ReLU, for any network.

    A map of layer k is weighted by the average over places of the gradient of the class's logit.
    Behind global average pooling that gradient is the class weight divided by the number of
    places, so that Grad-CAM is the class activation map divided by h * w.

    Args:
        network: any classifier.
        images: (B, 3, H, W), preprocessed.
        classes: as for `cams`.
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
    with torch.inference_mode(False), torch.enable_grad():
        images = images.clone()  # may come from inference mode
        if layer is None:
            features = network.features(images).detach().requires_grad_()
            logits = network.classify(features)
        else:
            features, logits = _run_to_layer(network, images, layer)
        chosen = chosen_classes(classes, logits.detach()).clone()
        maps = [_weighted(features, logits.gather(1, column[:, None]).sum()) for column in chosen.T]
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


@contextmanager
def _evaluating(network: nn.Module):
    """Eval mode inside; afterwards every module is in the mode that it was in."""
    training = [module for module in network.modules() if module.training]
    network.eval()
    try:
        yield
    finally:
        for module in training:
            module.training = True
