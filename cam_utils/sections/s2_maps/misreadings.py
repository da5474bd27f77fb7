"""Common misreadings of class activation maps, each with the number that decides it."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from ... import boxes, views
from ...cam import class_activation_maps
from ...metrics.intervals import mean_interval, rate
from ...networks.gap import GapNetwork
from .survey import Survey, correlation

COLUMNS = ["a summary says", "what is true", "measured here"]

TOLD = (
    (
        "Global average pooling was introduced here",
        "Network in Network (2013) did, and the paper says so; new is what it shows",
    ),
    (
        "Maps are weighted by the last convolution's weights, or by the class scores",
        "By the linear layer's: one weight for each class and unit",
    ),
    (
        "A new 1x1 convolution before the pooling gives the maps (its weights left random)",
        "Only with the linear layer's weights copied into it",
    ),
    (
        "The map is a probability, or positive",
        "It is signed: places can speak against a class",
    ),
    (
        "Scale to 0..1 by minimum and maximum, then cut at 20 %",
        "20 % of the maximum of the raw map; the minimum is not subtracted",
    ),
    ("Cut at one half", "At 20 % of the maximum"),
    ("Round the small map to 8 bits, then enlarge it", "Enlarge first"),
    ("Take the first contour", "Take the largest component"),
    (
        "num_classes = fc.in_features",
        "in_features counts the units; the classes are out_features",
    ),
    ("No enlarging: the box is cut from the small map", "Enlarge first, then cut"),
    ("Pixels from 0 to 1 go in as they are", "Mean and standard deviation as in training"),
)

LIMIT = 300  # images for the box comparisons


def misread(network: GapNetwork, seen: Survey, inputs: Tensor, seed: int = 0) -> pd.DataFrame:
    """What is said, what is true, what this network and these images show.

    Args:
        seen: a survey of the images.
        inputs: (B, 3, H, W), a preprocessed batch on the network's device.
    """
    classes, units = network.class_weights.shape
    negative = rate((seen.maps[:, 0] < 0).flatten().numpy()).value
    small, sizes = seen.maps[:LIMIT, 0], seen.sizes[:LIMIT]
    rounded = [(255 * m / m.abs().max()).round() for m in small]

    def boxed(box: Callable[[Tensor], np.ndarray], maps=small) -> list[np.ndarray]:
        """A box of each map, in the picture's frame."""
        large = (views.paste_whole(m[None], s)[0] for m, s in zip(maps, sizes, strict=True))
        return [box(m) for m in large]

    rule = boxed(boxes.paper)
    measured = [
        "-",
        f"{classes} scores, but {units} maps: w is {classes} x {units}",
        f"correlation with the map: copied 1.00, random {_random_conv(network, inputs, seed)}",
        f"{negative:.0f} % of places are negative",
        _overlap(rule, boxed(lambda m: boxes.paper(_minmax(m)))),
        _overlap(rule, boxed(lambda m: boxes.paper(_minmax(m), 0.5))),
        _overlap(rule, boxed(boxes.paper, rounded)),
        _overlap(rule, boxed(_first_component)),
        f"{units} instead of {classes} classes",
        _overlap(rule, [_small_box(m, s) for m, s in zip(small, sizes, strict=True)]),
        _unscaled(network, inputs),
    ]
    lines = [(*told, found) for told, found in zip(TOLD, measured, strict=True)]
    return pd.DataFrame(lines, columns=COLUMNS)


def _minmax(map: Tensor) -> Tensor:
    return (map - map.min()) / (map.max() - map.min()).clamp(min=1e-12)


def _first_component(map: Tensor) -> np.ndarray:
    """The component whose first pixel comes first in raster order, instead of the largest."""
    mask = map > 0.2 * map.max()
    if not mask.any():
        return boxes.paper(map)
    kept = torch.zeros_like(map)
    kept[boxes.component_at(mask, int(mask.flatten().int().argmax()))] = 1
    return boxes.paper(kept)


def _overlap(rule: list[np.ndarray], other: list[np.ndarray]) -> str:
    """How far the other way's boxes agree with the rule's, in words."""
    ious = np.array([boxes.iou(a, b)[0, 0] for a, b in zip(rule, other, strict=True)])
    moved = rate(ious < 0.999)
    return f"moves {moved.value:.0f} % of boxes; mean IoU with the rule's {ious.mean():.2f}"


def _random_conv(network: GapNetwork, inputs: Tensor, seed: int) -> str:
    generator = torch.Generator().manual_seed(seed)
    with torch.inference_mode():
        features = network.features(inputs)
        best = network.classify(features).argmax(1)
        weights = torch.randn(network.class_weights.shape, generator=generator).to(features)
        true, random = (
            class_activation_maps(features, w[best][:, None])[:, 0].cpu()
            for w in (network.class_weights, weights)
        )
    found = mean_interval(correlation(true, random).numpy(), seed)
    return f"{found.value:.2f}"


def _small_box(map: Tensor, size: np.ndarray) -> np.ndarray:
    """The rule's box of the map as it is, stretched to the picture's size (height, width)."""
    step = np.asarray(size)[::-1] / np.array(map.shape)[::-1]  # pixels of a place, x and y
    return (boxes.paper(map) * np.tile(step, 2)).astype(np.float32)  # (1, 4)


def _unscaled(network: GapNetwork, inputs: Tensor) -> str:
    """How many best classes change where nobody subtracts the mean and divides by the deviation."""
    spec = network.input_spec
    mean, std = (inputs.new_tensor(v)[:, None, None] for v in (spec.mean, spec.std))
    with torch.inference_mode():
        kept, bare = (network(x).argmax(1) for x in (inputs, inputs * std + mean))
    changed = rate((kept != bare).cpu().numpy())
    return f"the best class changes in {changed.value:.0f} % of {len(inputs)} images"
