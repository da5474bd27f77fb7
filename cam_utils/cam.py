"""Class activation maps: equations 1 and 2 of the paper (section 2)."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from .errors import CamError
from .networks.exact import check_identity_once
from .networks.gap import IMAGENET, GapNetwork, probabilities_of
from .networks.wrap import as_gap_network

# how many of the best classes, or which; None: all (see `cams`)
Classes = int | Tensor | None | Callable[[Tensor], int | Tensor | None]


def best_five(logits: Tensor) -> int:
    """The default of `classes`: the five best, or all where there are fewer."""
    return min(5, logits.shape[1])


@dataclass(frozen=True)
class CamResult:
    """What one forward pass tells.

    Attributes:
        logits: (B, C) the network's scores.
        classes: (B, n) int64, the classes of the maps.
        maps: (B, n, h, w) raw, signed maps; for average pooling
            `maps.mean((2, 3)) + bias[classes] == logits` at `classes`. (B, n, length) and
            (B, n, depth, h, w) of networks of signals and volumes.
        probability: the network's: "softmax", or "sigmoid" for one logit or several labels. The
            negative class of one logit has the map with the other sign.
    """

    logits: Tensor
    classes: Tensor
    maps: Tensor
    probability: str = "softmax"

    @property
    def probabilities(self) -> Tensor:
        """(B, n) probability of each class of `classes`."""
        return probabilities_of(self.logits, self.probability).gather(1, self.classes)

    def __repr__(self) -> str:
        batch, count, *places = self.maps.shape
        return (
            f"CamResult: {batch} images, {count} maps of {'x'.join(map(str, places))} each; logits "
            f"{tuple(self.logits.shape)}, best classes {self.classes[:, :1].flatten().tolist()[:8]}"
        )

    def _repr_png_(self) -> bytes:
        """The maps of the first image, on one scale."""
        from .plots import map_strip

        titles = [f"class {c}, p = {p:.2f}" for c, p in zip(
            self.classes[0].tolist(), self.probabilities[0].tolist(), strict=True
        )]  # fmt: skip
        return map_strip(self.maps[0, :8], titles[:8])


def class_activation_maps(features: Tensor, weights: Tensor) -> Tensor:
    """M_c(x, y) = sum_k w_k^c f_k(x, y), equation 2.

    Args:
        features: (B, K, h, w) maps of the last convolution, after its ReLU; any places (B, K, ...).
        weights: (n, K), one row for each class, the same for all images; or (B, n, K).

    Returns:
        (B, n, h, w), signed: no ReLU, no bias, no scaling.

    Raises:
        CamError: the shapes do not fit.
    """
    if features.dim() < 3 or weights.dim() not in (2, 3) or weights.shape[-1] != features.shape[1]:
        raise CamError(
            f"Found features {tuple(features.shape)} and weights {tuple(weights.shape)}, expected "
            "(B, K, h, w) and (n, K) or (B, n, K) with the same K; pass the rows of the linear "
            "layer that follows the pooling."
        )
    if weights.dim() == 3 and weights.shape[0] != features.shape[0]:
        raise CamError(
            f"Found weights for {weights.shape[0]} images and features of {features.shape[0]}; "
            "expected one set of rows for each image."
        )
    maps = weights.to(features.dtype) @ features.flatten(2)
    return maps.unflatten(2, features.shape[2:])


def cams(network: nn.Module, images: Tensor, classes: Classes = best_five) -> CamResult:
    """Class activation maps of a batch in one forward pass and one product.

    Args:
        network: a network of `load_network` or `as_gap_network`; any other module is wrapped by
            the latter (once: keep the wrapped network to save the probe).
        images: (B, 3, H, W) float, preprocessed as `network.input_spec` says (`cam_utils.views`),
            on the network's device.
        classes: how many of the best classes (int; default: five, or all if there are fewer), or
            which: LongTensor (n,) for all images, (B, n) for each; None: all classes; or a
            function that makes one of these of the logits (B, C).

    Returns:
        CamResult with ordinary detached tensors on the network's device.

    Raises:
        CamError: images or classes of the wrong shape, type or range.
        NoClassActivationMap: the network's score is not the pooling of its maps; checked on the
            first batch of each kind.
    """
    if not isinstance(network, nn.Module):
        raise CamError(f"Found a network as {type(network).__name__}; expected a torch module.")
    images = checked_images(images, _dimensions(network))
    if not isinstance(network, GapNetwork):
        network = as_gap_network(network, IMAGENET, example=images[:2])
    with torch.inference_mode():
        logits, features = network.logits_and_features(images)
        check_identity_once(network, logits, features)
        chosen = chosen_classes(classes, logits)
        if classes is None:
            rows = network.class_weights
        elif isinstance(classes, Tensor) and classes.dim() == 1:
            rows = network.class_weights[chosen[0]]
        else:
            rows = network.class_weights[chosen]
        maps = class_activation_maps(features, rows)
    # copies made outside of inference mode are ordinary tensors: autograd accepts them
    return CamResult(logits.clone(), chosen.clone(), maps.clone(), network.probability)


def _dimensions(network: nn.Module) -> int:
    """Of the network's input: 3 for signals, 5 for volumes, else 4."""
    kinds = {nn.Conv1d: 3, nn.Conv2d: 4, nn.Conv3d: 5}
    found = (kinds[type(m)] for m in network.modules() if type(m) in kinds)
    return next(found, 4)


def checked_images(images: Tensor, dimensions: int = 4) -> Tensor:
    """The images, if they are a float tensor (B, 3, H, W), at least one; else CamError."""
    fits = isinstance(images, Tensor) and images.dim() == dimensions and images.numel()
    if not fits or not images.is_floating_point():
        found = (
            f"{images.dtype} of shape {tuple(images.shape)}"
            if isinstance(images, Tensor)
            else type(images).__name__
        )
        shape = {3: "(B, channels, length)", 5: "(B, channels, D, H, W)"}
        raise CamError(
            f"Found images as {found}, expected a float tensor "
            f"{shape.get(dimensions, '(B, 3, H, W)')}, at least one, that is already "
            "preprocessed; cam_utils.views.whole(image, network.input_spec) makes one from a PIL "
            "image, and tensor[None] adds the batch dimension."
        )
    return images


def chosen_classes(classes: Classes, logits: Tensor) -> Tensor:
    """(B, n) int64: the classes that `cams` was asked for, given the logits (B, C)."""
    batch, count = logits.shape
    if callable(classes) and not isinstance(classes, Tensor):
        classes = classes(logits)
    if classes is None:
        return torch.arange(count, device=logits.device).expand(batch, count)
    if isinstance(classes, int) and not isinstance(classes, bool):
        if not 1 <= classes <= count:
            raise CamError(
                f"Found classes={classes}, expected 1 to {count}, the network's classes."
            )
        return logits.topk(classes, dim=1).indices
    integer = isinstance(classes, Tensor) and classes.dtype in (torch.int64, torch.int32)
    if not integer or classes.dim() not in (1, 2) or classes.numel() == 0:
        found = (
            f"{classes.dtype} of shape {tuple(classes.shape)}"
            if isinstance(classes, Tensor)
            else repr(classes)
        )
        raise CamError(
            f"Found classes={found}, expected a number of classes, a LongTensor (n,) or (B, n), or "
            "None for all of them."
        )
    if classes.dim() == 2 and classes.shape[0] != batch:
        raise CamError(
            f"Found classes for {classes.shape[0]} images, expected for {batch}; pass (B, n)."
        )
    if int(classes.min()) < 0 or int(classes.max()) >= count:
        raise CamError(
            f"Found class indices from {int(classes.min())} to {int(classes.max())}, expected 0 to "
            f"{count - 1}."
        )
    return classes.to(logits.device, torch.int64).expand(batch, classes.shape[-1])
