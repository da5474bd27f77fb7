"""Maps of pictures in their own frame: views, network, map and merge in one call."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from .cam import CamResult, Classes, best_five, cams, chosen_classes
from .errors import CamError
from .networks.gap import InputSpec, probabilities_of
from .pasting import paste
from .pictures import as_picture
from .saliency import backprop_saliency, grad_cam
from .views import LONGEST, View, resized_shape, ten_crop_spec, view_list


def _backprop_max(network, images, classes) -> CamResult:
    return backprop_saliency(network, images, classes, reduce="max")


def _grad_cam(network, images, classes) -> CamResult:
    with torch.inference_mode():
        logits = network(images)
    logits = logits.clone()
    chosen = chosen_classes(classes, logits)
    return CamResult(logits, chosen, grad_cam(network, images, chosen))


METHODS = {
    "cam": cams,
    "backprop": backprop_saliency,
    "backprop_max": _backprop_max,
    "grad_cam": _grad_cam,
}


@dataclass(frozen=True)
class ImageMaps:
    """What a network says of one picture, on the CPU.

    Attributes:
        scores: (n,) softmax probabilities, averaged over the views.
        classes: (n,) int64.
        maps: (n, H, W) float32 in the picture's frame; zero where no view looks.
    """

    scores: Tensor
    classes: Tensor
    maps: Tensor


def image_maps(
    network: nn.Module,
    image,
    view: str = "center",
    merge: str = "mean",
    classes: Classes = best_five,
    method: str = "cam",
) -> ImageMaps:
    """Scores and maps of one picture. See `maps_of_images`."""
    return maps_of_images(network, [image], view, merge, classes, method)[0]


def maps_of_images(
    network: nn.Module,
    images: Sequence,
    view: str = "center",
    merge: str = "mean",
    classes: Classes = best_five,
    method: str = "cam",
    outside: str = "zero",
) -> list[ImageMaps]:
    """Scores and maps of several pictures; all their views go through the network as one batch.

    The classes are ranked by the softmax averaged over a picture's views, as the released code
    does. Each view's map is taken back to the picture and merged there; for ten crops and
    "sum_abs" first on the resized picture (256 x 256), then to the picture, as the released code
    does. Section 3.2's maps are (view="center", method="cam"); the released ones (view="ten",
    merge="sum_abs").

    Args:
        network: with `input_spec`; in eval mode.
        images: pictures of any sizes (`cam_utils.pictures.as_picture`).
        view: "whole", "center" or "ten" (`cam_utils.views`).
        merge: "mean", "plain" or "sum_abs" (`cam_utils.pasting.paste`).
        classes: as for `cams`, with (N, n) for a choice for each picture; a function is given the
            averaged probabilities (N, C).
        method: "cam": class activation maps. "backprop": |dS/dI| summed over the colours;
            "backprop_max": its maximum over them. "grad_cam": for networks with global pooling.
        outside: the map where a single view does not look (`cam_utils.pasting.paste`).

    Raises:
        CamError: an unknown view, merge or method; a network without `input_spec`.
    """
    spec = spec_of(network)
    if not images:
        return []
    images = [as_picture(image) for image in images]
    views = [view_list(image, spec, view) for image in images]
    scores, chosen, maps = maps_of_views(network, views, classes, method)
    return [
        ImageMaps(s, c, to_picture(m, of_image, image.size[::-1], merge, spec, outside))
        for s, c, m, of_image, image in zip(scores, chosen, maps, views, images, strict=True)
    ]


def maps_of_views(
    network: nn.Module, views: list[list[View]], classes: Classes = best_five, method: str = "cam"
) -> tuple[Tensor, Tensor, Tensor]:
    """Scores and maps of prepared views, not yet merged: one batch, nothing at picture size.

    Args:
        views: N pictures with V views each.
        classes, method: as for `maps_of_images`.

    Returns:
        scores (N, n), classes (N, n), maps (N, V, n, h, w) float32; all on the CPU.
    """
    if method not in METHODS:
        raise CamError(f"Unknown method {method!r}; known: {', '.join(METHODS)}.")
    per_image = len(views[0])
    batch = torch.stack([v.tensor for of_image in views for v in of_image]).to(like(network))

    def ranked(logits: Tensor) -> Tensor:
        """(N * V, n): all views of a picture show the same classes."""
        return chosen_classes(classes, averaged(logits)).repeat_interleave(per_image, 0)

    def averaged(logits: Tensor) -> Tensor:
        kind = getattr(network, "probability", "softmax")
        return probabilities_of(logits, kind).unflatten(0, (-1, per_image)).mean(1)

    result = METHODS[method](network, batch, ranked)
    chosen = result.classes[::per_image]
    scores = averaged(result.logits).gather(1, chosen)
    maps = result.maps.float().cpu().unflatten(0, (-1, per_image))
    return scores.cpu(), chosen.cpu(), maps


def to_picture(
    maps: Tensor,
    views: list[View],
    size: tuple[int, int],
    merge: str,
    spec: InputSpec,
    outside: str = "zero",
) -> Tensor:
    """Maps (V, n, h, w) of one picture's views, merged in the picture of `size`: (n, H, W)."""
    canvas = None
    # a longer picture is shown in part only (`views.center_crop`), and its canvas would be huge
    if len(views) > 1 and merge == "sum_abs" and max(size) <= LONGEST * min(size):
        canvas = resized_shape(*size, ten_crop_spec(spec))
    return paste(maps, [v.frame for v in views], size, merge, canvas=canvas, outside=outside)


def spec_of(network: nn.Module) -> InputSpec:
    """The network's `input_spec`; CamError where it has none."""
    spec = getattr(network, "input_spec", None)
    if not isinstance(spec, InputSpec):
        raise CamError(
            f"{type(network).__name__} does not say what input it wants; set network.input_spec "
            "to a cam_utils.networks.gap.InputSpec, or wrap it by as_gap_network."
        )
    return spec


def like(network: nn.Module) -> Tensor:
    """A tensor of the device and the precision that the network works in."""
    tensors = (*network.parameters(), *network.buffers())
    return next((t for t in tensors if t.is_floating_point()), torch.zeros(1))
