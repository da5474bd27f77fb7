"""Common misreadings of class activation maps, each with the number that decides it."""

import numpy as np
import pandas as pd
import torch
from matplotlib.figure import Figure
from torch import Tensor

from ... import boxes, plots, views
from ...book.figures import captioned
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
        "The number of classes is the linear layer's in_features",
        "That is the number of units; the classes are its out_features",
    ),
    (
        "Pixels from 0 to 1 will do, without the network's mean and deviation",
        "The network answers to what it was trained on",
    ),
    (
        "The small map is laid on the photo as it is",
        "It is enlarged to the photo's size, each cell at its own place",
    ),
)

RULE = "20 % of the maximum, the largest component"
WAYS = (RULE, "20 % of the range", "cut at one half", "8 bits, then enlarged", "first component")

LIMIT = 300  # images for the box comparisons
MOVED = 0.999  # a box has moved if its IoU with the rule's is less


def misread(network: GapNetwork, seen: Survey, inputs: Tensor, seed: int = 0) -> pd.DataFrame:
    """What is said, what is true, what this network and these images show.

    Args:
        seen: a survey of the images.
        inputs: (B, 3, H, W), a preprocessed batch on the network's device.
    """
    classes, units = network.class_weights.shape
    negative = rate((seen.maps[:, 0] < 0).flatten().numpy()).value
    height, width = seen.sizes[seen.sizes.prod(1).argmax()]
    measured = [
        "-",
        f"{classes} scores, but {units} maps: w is {classes} x {units}",
        f"correlation with the map: copied 1.00, random {_random_conv(network, inputs, seed)}",
        f"{negative:.0f} % of places are negative",
        f"in_features {units}, out_features {classes}",
        f"changes the best class of {_bare_pixels(network, inputs):.0f} % of pictures",
        f"maps of {seen.maps.shape[-2]}x{seen.maps.shape[-1]}, pictures up to {height}x{width}",
    ]
    lines = [(*told, found) for told, found in zip(TOLD, measured, strict=True)]
    return pd.DataFrame(lines, columns=COLUMNS)


def boxes_by_way(seen: Survey) -> dict[str, np.ndarray]:
    """{way to make a box of the best class's map: (N, 4)} of the first `LIMIT` images."""
    lines = []
    for map, size in zip(seen.maps[:LIMIT, 0], seen.sizes, strict=False):
        rounded = (255 * map / map.abs().max()).round()
        large, coarse = views.paste_whole(torch.stack([map, rounded]), size)
        scaled = (large - large.min()) / (large.max() - large.min()).clamp(min=1e-12)
        of_ways = boxes.paper(large), boxes.paper(scaled), boxes.paper(scaled, 0.5)
        lines.append([*of_ways, boxes.paper(coarse), _first_component(large)])
    return {w: np.concatenate(b) for w, b in zip(WAYS, zip(*lines, strict=True), strict=True)}


def draw_misread(network: GapNetwork, images, seen: Survey) -> Figure:
    """One map and the box of each misread rule (red) beside the rule's own (blue, dotted).

    The image is the first one in which every way moves the box.
    """
    found = boxes_by_way(seen)
    rule = found.pop(RULE)
    overlaps = {way: _overlaps(rule, other) for way, other in found.items()}
    place = int(np.all([ious < MOVED for ious in overlaps.values()], 0).argmax())
    image = images[int(seen.indices[place])].image
    (map,) = views.paste_whole(seen.maps[place, :1], image.size[::-1])
    with plots.style():
        fig, axes = plots.panels(1, len(found), 1.85, image.height / image.width, titled=2)
        for ax, (way, ious) in zip(axes[0], overlaps.items(), strict=True):
            moved = f"moves {rate(ious < MOVED).value:.0f} %, IoU {ious.mean():.2f}"
            bar = plots.show_cam(ax, image, map, f"{way}\n{moved}")
            plots.show_boxes(ax, rule[place], "#2a6f97", linestyle=":")
            plots.show_boxes(ax, found[way][place])
        plots.colour_bar(fig, bar, axes)
    return captioned(
        fig, "fig02_misreadings", paper="Figure 2, misread", network=network, images=images,
        n=len(rule), chosen="first image in which every way moves the box, else the first",
        alt="One map with the paper's 20 % box and the boxes that four misreadings of it give",
    )  # fmt: skip


def _overlaps(rule: np.ndarray, other: np.ndarray) -> np.ndarray:
    """(N,) the IoU of each box of one way (N, 4) with that of another."""
    return np.array([boxes.iou(a, b)[0, 0] for a, b in zip(rule, other, strict=True)])


def _bare_pixels(network: GapNetwork, inputs: Tensor) -> float:
    """Percent of pictures whose best class changes without the input's mean and deviation."""
    spec = network.input_spec
    mean, std = (torch.tensor(v).to(inputs)[:, None, None] for v in (spec.mean, spec.std))
    with torch.inference_mode():
        best, bare = (network(x).argmax(1) for x in (inputs, inputs * std + mean))
    return rate((best != bare).cpu().numpy()).value


def _first_component(map: Tensor) -> np.ndarray:
    """The component whose first pixel comes first in raster order, instead of the largest."""
    mask = map > 0.2 * map.max()
    if not mask.any():
        return boxes.paper(map)
    kept = torch.zeros_like(map)
    kept[boxes.component_at(mask, int(mask.flatten().int().argmax()))] = 1
    return boxes.paper(kept)


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
