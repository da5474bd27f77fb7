"""The pictures of notebook 08: maps side by side, scores with intervals, what agrees with what."""

from collections.abc import Callable
from textwrap import fill

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import torch
from matplotlib.figure import Figure
from torch import nn

from ... import plots
from ...book.figures import captioned
from ...image_maps import to_picture
from ...metrics.intervals import pick
from ...networks.gap import class_name
from ...pictures import as_picture
from ...views import whole
from .entries import EDGES, GAUSSIAN, OTHER, RANDOM, finer, of_transformer
from .tables import PXAP, V1, V2

NULLS = (GAUSSIAN, EDGES, OTHER, RANDOM)
NULL = "#8a8a8a"


def maps_of_photos(
    network: nn.Module, pictures: list, entries: dict[str, Callable], classes: torch.Tensor | None
) -> tuple[torch.Tensor, dict[str, list]]:
    """Each picture's class, (n,), and {entry: its maps (H, W) in the pictures' frames}.

    Args:
        classes: (n,); None: the network's best class of each picture.
    """
    views = [whole(picture, network.input_spec) for picture in pictures]
    inputs = torch.stack([v.tensor for v in views]).to(next(network.parameters()).device)
    if classes is None:
        with torch.no_grad():
            classes = network(inputs).argmax(1)
    found = {}
    for name, make in entries.items():
        maps = make(network, inputs, classes[:, None]).detach().float().cpu()
        found[name] = [
            to_picture(map[None], [view], picture.size[::-1], "mean", network.input_spec)[0]
            for map, view, picture in zip(maps, views, pictures, strict=True)
        ]
    return classes, found


def draw_maps(
    network: nn.Module, pictures: list, entries: dict[str, Callable], classes=None
) -> Figure:
    """One row for each picture, one column for each entry; every map on its own scale.

    Methods have no common unit, so each map is divided by its 99.5 % quantile; negative evidence
    keeps its sign where the method has one.
    """
    pictures = [as_picture(picture) for picture in pictures]
    classes, found = maps_of_photos(network, pictures, entries, classes)
    with plots.style():
        aspect = float(np.mean([p.height / p.width for p in pictures]))
        fig, axes = plots.panels(len(pictures), len(entries) + 1, 1.35, aspect)
        fig.set_figheight(fig.get_figheight() + 0.25 * len(pictures))  # titles of two lines
        for k, (row, picture) in enumerate(zip(axes, pictures, strict=True)):
            plots.show_image(row[0], picture, class_name(network, int(classes[k])))
            for ax, (name, maps) in zip(row[1:], found.items(), strict=True):
                high = float(np.quantile(maps[k].numpy(), 0.995))
                map = maps[k] / max(high, 1e-12)
                bar = plots.show_cam(ax, picture, map, fill(name, 15), vmin=-1, vmax=1)
            for ax in row:
                ax.title.set_fontsize(7)
        plots.colour_bar(fig, bar, axes, "share of the map's top")
    return fig


def _of_photos(fig: Figure, name: str, network: nn.Module, n: int, alt: str) -> Figure:
    return captioned(
        fig, name, paper="Figures after the paper", network=network, n=n, alt=alt,
        chosen="free photos, the network's best class of each",
    )  # fmt: skip


def methods_side_by_side(network: nn.Module, pictures: list, entries: dict) -> Figure:
    """`draw_maps` of several methods."""
    fig, alt = (
        draw_maps(network, pictures, entries),
        "Photos, each with the maps of these methods: ",
    )
    return _of_photos(fig, "after_methods", network, len(pictures), alt + ", ".join(entries))


def finer_side_by_side(network: nn.Module, pictures: list, layer: str) -> Figure:
    """`draw_maps` of the coarse map and of ways to a finer one."""
    fig, alt = (
        draw_maps(network, pictures, finer(layer)),
        "Photos with the coarse map and finer ones",
    )
    return _of_photos(fig, "after_finer", network, len(pictures), alt)


ATTENTION_ALT = (
    "Photos with a transformer's last attention, rollout, gradient-weighted attention and the map "
    "of its head on the patches"
)


def draw_attention(network: nn.Module, pictures: list) -> Figure:
    """A transformer's kinds of attention, and its head on the patches: rows as of `draw_maps`."""
    view = whole(as_picture(pictures[0]), network.input_spec).tensor[None]
    example = view.to(next(network.parameters()))
    return draw_maps(network, pictures, of_transformer(network, example))


def draw_entries(
    rows: pd.DataFrame, made: dict, metrics: tuple[str, ...] = (V1, V2, PXAP)
) -> Figure:
    """Each entry's scores with 95 % intervals; grey: entries that do not look at the class.

    Args:
        rows, made: of a stored table. metrics: one panel each, as far as the table has them.
    """
    metrics = [m for m in metrics if m in set(rows["metric"])]
    names = list(rows["entry"].unique())
    colours = [NULL if name in NULLS else plots.MEASURED for name in names]
    with plots.style():
        size = 3.1 * len(metrics) + 1.9, 0.27 * len(names) + 0.9
        shape = {"figsize": size, "squeeze": False, "sharey": True, "layout": "constrained"}
        fig, axes = plt.subplots(1, len(metrics), **shape)
        for ax, metric in zip(axes[0], metrics, strict=True):
            own = pick(rows, metric=metric).set_index("entry").reindex(names)
            plots.draw_dots(ax, names, own, colours=colours)
            if GAUSSIAN in own.index:
                ax.axvline(own.loc[GAUSSIAN, "measured"], color=NULL, ls=":", lw=1)
            ax.set_xlabel(metric)
    return _stored(
        fig, "after_successors", made,
        f"{', '.join(metrics)} of methods and null entries, with intervals",
    )  # fmt: skip


def _stored(fig: Figure, name: str, made: dict, alt: str) -> Figure:
    chosen = f"stored rows of {made['images']} {made['split']}, seeded pictures"
    return captioned(
        fig, name, paper="Figures after the paper", network=made["weights"], n=made["n"],
        chosen=chosen, alt=alt,
    )  # fmt: skip


def draw_ranks(
    ranks: pd.DataFrame, quality: pd.DataFrame, made: dict, edges: str = EDGES
) -> Figure:
    """Left: each score's rank correlation with the truth. Right: CAM and the edge detector by it.

    Args:
        ranks: the stored rank correlations. quality: the stored means of each entry.
    """
    found = pick(ranks, **{"with": "truth"})
    with plots.style():
        shape = {"figsize": (8.6, 2.6), "sharey": True, "layout": "constrained"}
        fig, (left, right) = plt.subplots(1, 2, **shape)
        plots.draw_dots(left, found["score"], found, zero=True)
        for name, colour in (("CAM", plots.MEASURED), (edges, NULL)):
            own = pick(quality, entry=name).set_index("score").loc[found["score"]]
            plots.draw_dots(right, found["score"], own, name, colours=colour)
        left.set_xlim(-1.05, 1.05)
        left.set_xlabel("rank correlation with the truth")
        right.set_xlabel("score, % (drop and deletion: less is better)")
        right.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=2)
    return _stored(
        fig, "after_scores", made,
        "Rank correlation of scores with the truth, and the scores of CAM and an edge detector",
    )  # fmt: skip
