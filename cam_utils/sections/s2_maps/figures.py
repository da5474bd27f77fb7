"""Figures 2, 3 and 4 of the paper, drawn from real forward passes."""

import numpy as np
import pandas as pd
import torch
from matplotlib.figure import Figure
from torch import Tensor

from ... import plots, views
from ...cam import class_activation_maps
from ...explain import explain
from ...networks.gap import GapNetwork, class_name
from .survey import Survey, correlation


def figure2(network: GapNetwork, image, features: Tensor, label: int, units: int = 4) -> Figure:
    """How a map arises: image, the units that add most to the class's score, the rest, their sum.

    Args:
        features: (K, h, w) of one forward pass in the view "whole".
        label: the class.
        units: how many units are shown one by one.
    """
    weights = network.class_weights[label].detach().cpu()
    terms = weights[:, None, None] * features.cpu()  # w_k^c f_k(x, y)
    added = terms.mean((1, 2))
    order = added.argsort(descending=True)
    rest = terms[order[units:]].sum(0)
    total = class_activation_maps(features[None].cpu(), weights[None])[0, 0]
    bias = network.class_bias[label].item()
    name = class_name(network, label)
    few, all_of_it = float(terms[order[:units]].abs().max()), float(total.abs().max())
    with plots.style():
        fig, axes = plots.panels(1, units + 4, size=1.55)
        row = axes[0]
        plots.show_image(row[0], image, "image")
        for ax, k in zip(row[1:], order[:units], strict=False):
            text = f"unit {int(k)}: $w$ = {weights[k]:.2f}\nadds {added[k]:.2f}"
            small = plots.show_map(ax, terms[k], text, few)
        others = len(order) - units
        plots.show_map(row[-3], rest, f"{others} other units\nadd {rest.mean():.2f}", all_of_it)
        score = f"{total.mean():.2f} {'+' if bias >= 0 else '−'} {abs(bias):.2f}"
        large = plots.show_map(row[-2], total, f"sum: the map\nmean + b = {score}", all_of_it)
        pasted = _pasted(total, image)
        plots.show_cam(row[-1], image, pasted, f"{name}\nlogit {total.mean() + bias:.2f}")
        for ax, sign in zip(row[1 : units + 3], ["", *"+" * units, "="], strict=True):
            ax.text(-0.1, 0.5, sign, transform=ax.transAxes, ha="center", va="center", fontsize=13)
        plots.colour_bar(fig, small, row[1 : units + 1], "")
        plots.colour_bar(fig, large, row[-3:-1], "")
    return fig


def figure3(
    network: GapNetwork, images, seen: Survey, classes: list[int], shown: dict[int, list[int]]
) -> Figure:
    """Maps of the true class for several images of a few classes, on one scale for each class.

    Args:
        seen: the survey that holds the images.
        classes: the classes, one row each.
        shown: for each class the positions in `seen`, the worst image last.
    """
    columns = max(len(v) for v in shown.values())
    pictures = [images[int(seen.indices[k])].image for v in shown.values() for k in v]
    probabilities = seen.logits.float().softmax(1)
    with plots.style():
        fig, axes = plots.panels(
            2 * len(classes), max(columns, 3), 1.55, _aspect(pictures), titled=len(classes)
        )
        for row, label in enumerate(classes):
            places = shown[label]
            high = float(seen.label_maps[places].max())
            for column, place in enumerate(places):
                record = images[int(seen.indices[place])]
                p = float(probabilities[place, label])
                worst = " (lowest)" if column == len(places) - 1 > 0 else ""
                plots.show_image(axes[2 * row, column], record.image, f"p = {p:.3f}{worst}")
                map = _pasted(seen.label_maps[place], record.image)
                bar = plots.show_cam(axes[2 * row + 1, column], record.image, map, "", 0, high)
                plots.show_boxes(axes[2 * row + 1, column], record.boxes_of(label), plots.TRUTH)
            name = class_name(network, label)
            plots.colour_bar(fig, bar, axes[2 * row : 2 * row + 2], f"map of {name}")
    return fig


def figure4(network: GapNetwork, images, seen: Survey, place: int) -> Figure:
    """The maps of one image's five best classes: each on its own scale, and all on one."""
    record = images[int(seen.indices[place])]
    classes = seen.classes[place].tolist()
    maps = torch.stack([_pasted(m, record.image) for m in seen.maps[place]])
    scores = seen.logits[place].float().softmax(0)[classes]
    low, high = min(0.0, float(maps.min())), float(maps.max())
    with plots.style():
        fig, axes = plots.panels(2, len(classes) + 1, 1.75, _aspect([record.image]))
        plots.show_image(axes[0, 0], record.image, "image")
        truth = class_name(network, record.label) if record.label >= 0 else ""
        axes[0, 0].set_title(f"truth: {truth}" if truth else "image")
        for column, (label, score, map) in enumerate(zip(classes, scores, maps, strict=True)):
            title = f"{class_name(network, label)}\np = {score:.3f}"
            plots.show_cam(axes[0, column + 1], record.image, map, title)
            bar = plots.show_cam(axes[1, column + 1], record.image, map, "", low, high)
        plots.colour_bar(fig, bar, axes, "shared scale (lower row)")
        for ax, text in zip(axes[:, 1], ("own scales", "one scale"), strict=True):
            ax.text(-0.04, 0.5, text, transform=ax.transAxes, rotation=90, va="center", ha="right")
        _correlations(axes[1, 0], seen.maps[place])
    return fig


def photos(network: GapNetwork, images, count: int = 3) -> Figure:
    """Photos and the maps of their best classes, each photo on one scale, with the 20 % boxes."""
    found = [(record, explain(network, record.image, str(count))) for record in images]
    with plots.style():
        aspect = _aspect([record.image for record, _ in found])
        fig, axes = plots.panels(len(found), count + 1, 1.9, aspect)
        for row, (record, e) in zip(axes, found, strict=True):
            plots.show_image(row[0], record.image, record.id)
            low, high = min(0.0, float(e.maps.min())), float(e.maps.max())
            for ax, name, p, map, box in zip(
                row[1:], e.names, e.probabilities, e.maps, e.boxes, strict=True
            ):
                bar = plots.show_cam(ax, e.image, map, f"{name}, p = {p:.3f}", low, high)
                plots.show_boxes(ax, box)
            plots.colour_bar(fig, bar, row)
    return fig


def _aspect(images: list) -> float:
    """The mean of height by width, within sensible bounds."""
    return float(np.clip(np.mean([i.height / i.width for i in images]), 0.5, 1.5))


def _correlations(ax, maps: Tensor) -> None:
    """The correlation of every pair of the maps, as a small table of colours and numbers."""
    table = correlation(maps[:, None], maps[None]).numpy()
    ax.imshow(table, cmap=plots.SIGNED, vmin=-1, vmax=1)
    for (i, j), value in np.ndenumerate(table):
        colour = "white" if abs(value) > 0.6 else "black"
        ax.text(j, i, f"{value:.1f}", ha="center", va="center", fontsize=6, color=colour)
    ax.set_title("correlations")
    ax.axis("off")


def _pasted(map: Tensor, image) -> Tensor:
    return views.paste_whole(map[None], image.size[::-1])[0]


def choose_classes(seen: Survey, wanted: list[int], count: int = 2, least: int = 3) -> list[int]:
    """The wanted classes if each has `least` images here, else those with the most images.

    Images without labels count for their best class. Equal counts are settled by class index.
    """
    labels = torch.where(seen.labels >= 0, seen.labels, seen.classes[:, 0])
    tally = torch.bincount(labels, minlength=seen.logits.shape[1])
    if wanted and all(tally[c] >= least for c in wanted):
        return wanted[:count]
    return tally.argsort(descending=True, stable=True)[:count].tolist()


def choose_images(seen: Survey, label: int, count: int, seed: int) -> list[int]:
    """A seeded sample of a class's images, and as the last the one with the lowest probability."""
    labels = torch.where(seen.labels >= 0, seen.labels, seen.classes[:, 0])
    places = torch.nonzero(labels == label)[:, 0].numpy()
    p = seen.logits[places].float().softmax(1)[:, label].numpy()
    return sample_and_lowest(pd.Series(p, places), count - 1, seed)


def sample_and_lowest(values: pd.Series, count: int, seed: int) -> list[int]:
    """`count` of the values' indices by seed, in order, and as the last that of the lowest."""
    lowest = int(values.idxmin())
    others = np.sort(values.index[values.index != lowest].to_numpy())
    chosen = np.random.default_rng(seed).choice(others, min(count, len(others)), replace=False)
    return [*np.sort(chosen).tolist(), lowest]


def choose_uncertain(seen: Survey, below: float = 0.5) -> int:
    """The first image like figure 4's: best class under `below`, the truth second; else the least
    certain image."""
    best = seen.logits.float().softmax(1).amax(1)
    second = (seen.labels < 0) | (seen.labels == seen.classes[:, 1])
    places = torch.nonzero((best < below) & second)[:, 0]
    return int(places[0]) if len(places) else int(best.argmin())
