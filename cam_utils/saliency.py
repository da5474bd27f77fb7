"""What class activation maps are compared with."""

import torch
from torch import Tensor, nn

from .cam import CamResult, Classes, best_five, checked_images, chosen_classes
from .errors import CamError, unknown
from .networks.gap import GapNetwork
from .networks.tokens import as_maps, prefix_tokens
from .networks.trace import evaluating, logits_of


def backprop_saliency(
    network: nn.Module, images: Tensor, classes: Classes = best_five, reduce: str = "sum"
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
    logits, chosen, gradients = input_gradients(network, images, classes)
    with torch.inference_mode(False):  # so that the maps are ordinary tensors
        gradients = gradients.abs()
        maps = gradients.sum(2) if reduce == "sum" else gradients.amax(2)
    return CamResult(logits, chosen, maps)


def input_gradients(
    network: nn.Module, images: Tensor, classes: Classes = best_five
) -> tuple[Tensor, Tensor, Tensor]:
    """dS_c / dI, signed: logits (B, C), classes (B, n), gradients (B, n, 3, H, W); detached.

    Arguments and errors as for `backprop_saliency`.
    """
    with evaluating(network), torch.inference_mode(False), torch.enable_grad():
        inputs = checked_images(images).detach().clone().requires_grad_()
        logits = logits_of(network(inputs.clone()))  # a first layer may work in place
        if not logits.requires_grad:
            raise CamError(
                f"The logits of {type(network).__name__} carry no gradient; expected a forward "
                "pass without no_grad, detach or integer arithmetic between images and logits."
            )
        chosen = chosen_classes(classes, logits.detach()).clone()  # may come from inference mode
        return logits.detach(), chosen, gradients_of(logits, chosen, inputs)


def gradients_of(logits: Tensor, classes: Tensor, inputs: Tensor) -> Tensor:
    """Gradients of the logits (B, C) of `classes` (B, n) with respect to `inputs` (B, ...).

    Returns (B, n, ...), detached: one backward pass for each column, for all images at once.
    """
    columns = classes.to(logits.device).T
    found = []
    for rank, column in enumerate(columns):
        score = logits.gather(1, column[:, None]).sum()  # images do not mix in eval mode
        last = rank == len(columns) - 1
        found.append(torch.autograd.grad(score, inputs, retain_graph=not last)[0])
    return torch.stack(found, 1)


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
    features, gradients = layer_gradients(network, images, classes, layer)
    with torch.inference_mode(False):
        return (gradients.mean((3, 4), keepdim=True) * features[:, None]).sum(2)


def layer_gradients(
    network: nn.Module, images: Tensor, classes: Tensor, layer: nn.Module | str | None = None
) -> tuple[Tensor, Tensor]:
    """Maps of a layer and the gradients of the classes' logits with respect to them, detached.

    Args:
        layer: as for `grad_cam`, or its name. Tokens (B, N, K) in a square grid count as maps.

    Returns:
        Maps (B, K, h, w) and gradients (B, n, K, h, w).

    Raises:
        CamError: no layer given for a network without global pooling, an unknown one, or one that
            gives no maps or from which no gradient flows.
    """
    if layer is None and not isinstance(network, GapNetwork):
        raise CamError(
            "Grad-CAM of a network without global pooling needs the layer to explain; give "
            "layer=network.features[-1], for example."
        )
    with evaluating(network), torch.inference_mode(False), torch.enable_grad():
        images = images.clone()  # may come from inference mode
        if layer is None:
            features = network.features(images).detach().requires_grad_()
            logits = network.classify(features)
        else:
            features, logits = _run_to_layer(network, images, layer_of(network, layer))
        gradients = gradients_of(logits, chosen_classes(classes, logits.detach()).clone(), features)
    features = features.detach()
    if features.dim() == 4:
        return features, gradients
    prefix = prefix_tokens(network)
    return as_maps(features, prefix), as_maps(gradients, prefix)


def layer_of(network: nn.Module, layer: nn.Module | str) -> nn.Module:
    """A layer of the network by its name; CamError with the near names where there is none."""
    if isinstance(layer, nn.Module):
        return layer
    known = dict(network.named_modules())
    if layer not in known:
        raise unknown("layer", layer, [name for name in known if name])
    return known[layer]


def _run_to_layer(network, images, layer):
    kept = []

    def keep(_module, _inputs, output):
        if not isinstance(output, Tensor) or output.dim() not in (3, 4):
            shape = tuple(output.shape) if isinstance(output, Tensor) else type(output).__name__
            raise CamError(
                f"The layer gives {shape}, expected maps (B, K, h, w) or tokens (B, N, K); choose "
                "one before the pooling."
            )
        kept.append(output.detach().requires_grad_())
        return kept[-1].clone()  # a layer after it may work in place

    handle = layer.register_forward_hook(keep)
    try:
        logits = logits_of(network(images))
    finally:
        handle.remove()
    if not kept:
        raise CamError("The layer was not run; choose one that the images go through.")
    return kept[-1], logits
