"""Figure 7, Table 4 as a picture, and where a bird's map looks."""

from collections.abc import Sequence
from dataclasses import replace

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import torch
from matplotlib.figure import Figure

from ... import plots
from ...book.figures import captioned
from ...evaluate.localize import guess
from ...evaluate.protocols import PAPER
from ...image_maps import image_maps
from ...metrics.intervals import Rate
from ...metrics.localization import IOU
from ...networks.gap import GapNetwork, class_name
from ..s4_transfer.figures import draw_series
from ..s32_localization.figures import WRONG, choose_in_proportion
from .experiment import FineGrained
from .tables import CAM

MEASURED = "#2a6f97"

# markers and colours: the paper's numbers grey, then what was measured
LOOKS = (("o", "#8a8a8a"), ("D", "#1f4e79"), ("s", "#e07a3f"), ("^", "#5a9a6e"), ("v", "#7a5ca8"))


def draw_crop(record, map: torch.Tensor, box: np.ndarray, crop, network, images) -> Figure:
    """From a picture to its crop: the picture, a map (H, W) with its box, what is looked at again.

    Args:
        box: (4,) of the map. crop: the view (`views.box_crop`) that the network gets.
    """
    frame, size = crop.frame, crop.tensor.shape[-1]
    seen = record.image.crop((frame.x0, frame.y0, frame.x1, frame.y1)).resize((size, size))
    with plots.style():
        fig, axes = plots.panels(1, 3, 2.0)
        plots.show_image(axes[0, 0], record.image, "the whole picture")
        bar = _show(axes[0, 1], record.image, map, "the map and its box")
        plots.show_boxes(axes[0, 1], box)
        plots.show_image(axes[0, 2], seen, "what the network sees again")
        plots.colour_bar(fig, bar, axes[:, :2])
    return captioned(
        fig, "fig07_one_crop", paper="Figure 7, one crop", network=network, images=images, n=1,
        chosen="by seed",
        alt="A bird, the map of the species that it is taken for with the box of the map, and the "
        "crop to this box",
    )  # fmt: skip


def choose_birds(found: FineGrained, species: int = 4, each: int = 4, seed: int = 0) -> dict:
    """{class: ids}: species by seed, and of each some test images, wrong boxes in their share.

    A box is wrong if its IoU with the truth is below 0.5, whatever class was predicted.
    """
    rng = np.random.default_rng(seed)
    wrong, labels = ~found.hits, found.rows["label"].to_numpy()
    chosen = np.sort(rng.choice(np.unique(labels), species, replace=False))
    return {int(c): choose_in_proportion(wrong[labels == c], each, seed) for c in chosen}


def figure7(
    network: GapNetwork, images, chosen: dict[int, list[str]], threshold: float = 0.2
) -> Figure:
    """Maps and boxes (red) of the predicted class, truth (green) and IoU; a row for each species.

    Args:
        network: of `svm_network`. chosen: {class: ids} of `choose_birds`.
    """
    protocol = replace(PAPER, view="whole", threshold=threshold)
    with plots.style():
        fig, axes = plots.panels(len(chosen), max(map(len, chosen.values())), 1.5)
        fig.set_figheight(fig.get_figheight() + 0.05 * len(chosen))  # IoU under the pictures
        for row, (label, ids) in zip(axes, chosen.items(), strict=True):
            for ax, id in zip(row, ids, strict=False):
                record = images[images.index(id)]
                found = guess(network, record, protocol)
                bar = _show(ax, record.image, found.map, _name(network, found.label))
                plots.show_boxes(ax, record.boxes_of(record.label), plots.TRUTH)
                plots.show_boxes(ax, found.box)
                good = found.iou >= IOU
                ax.text(
                    0.5, -0.03, f"IoU {found.iou:.2f}", transform=ax.transAxes, ha="center",
                    va="top", fontsize=7, color="black" if good else WRONG,
                )  # fmt: skip
                ax.title.set_fontsize(7)
                ax.title.set_color("black" if found.label == record.label else WRONG)
            plots.name_row(row[0], _name(network, label), 7.5)
        scale = fig.colorbar(bar, ax=axes, shrink=0.5, aspect=40, pad=0.015)
        scale.outline.set_visible(False)
        scale.set_label("fraction of the map's maximum")
    return captioned(
        fig, "fig07_birds", paper="Figure 7", network=network, images=images,
        n=sum(map(len, chosen.values())), chosen="species by seed, wrong boxes in their share",
        alt=f"Pictures of {', '.join(_name(network, c) for c in chosen)}: map and box of the "
        "predicted class, the true box and their overlap",
    )  # fmt: skip


def draw_steps(series: dict[str, dict[str, Rate | float]], name: str, **more) -> Figure:
    """Accuracies of the steps of section 4.1, several in a row.

    Args:
        series: {label: {step: Rate, or the number as printed}}; the first label is drawn in grey.
        name, more: the figure's name, and further arguments of `captioned`.
    """
    steps = list(dict.fromkeys(step for found in series.values() for step in found))
    drawn = {
        label: [_rate(found[step]) if step in found else None for step in steps]
        for label, found in series.items()
    }
    with plots.style():
        fig, ax = plt.subplots(figsize=(8.6, 0.46 * len(steps) + 0.9), layout="constrained")
        draw_series(ax, steps, drawn, LOOKS)
        ax.set_xlabel("accuracy, %")
        fig.legend(loc="outside right upper")
    return captioned(
        fig, name, paper="Table 4", **more,
        alt=f"Accuracies of {'; '.join(steps)}: {', '.join(series)}, with intervals",
    )  # fmt: skip


def _rate(found: Rate | float) -> Rate:
    return found if isinstance(found, Rate) else Rate(found, found, found, 0)


def draw_located(
    boards: dict[str, dict[str, Rate]], stated: dict[str, dict[str, float]], network, images
) -> Figure:
    """How often a box overlaps the truth by 0.5, of the CAM and of boxes that never look.

    Args:
        boards: {title: {name: Rate}}, one panel each. stated: {title: {text: percent}}, numbers
            without an interval, drawn as lines.
    """
    with plots.style():
        fig, axes = plt.subplots(
            1, len(boards), figsize=(4.9 * len(boards), 3.1), squeeze=False, layout="constrained"
        )
        for ax, (title, rates) in zip(axes[0], boards.items(), strict=True):
            draw_series(ax, list(rates), {"": list(rates.values())}, (("o", MEASURED),))
            for y, (name, found) in enumerate(rates.items()):
                ax.text(found.high + 1.5, y, f"{found.value:.1f}", va="center", fontsize=7.5)
                ax.get_yticklabels()[y].set_color(WRONG if name == CAM else "black")
            for (text, value), style in zip(
                stated.get(title, {}).items(), ("--", ":"), strict=False
            ):
                ax.axvline(value, color=WRONG, ls=style, lw=1.2, label=f"{text}: {value:g} %")
            ax.tick_params("y", labelsize=7.5)
            ax.set_xlim(0, max(70, 12 + max(r.high for r in rates.values())))
            ax.set_title(title)
            ax.set_xlabel("images with IoU of at least 0.5, %")
        lines = [line for ax in axes[0] for line in ax.lines if ":" in str(line.get_label())]
        fig.legend(handles=lines, loc="outside lower right", ncols=2, fontsize=7.5)
    return captioned(
        fig, "fig07_chance", paper="Figure 7, how often the bird is found", network=network,
        images=images, n=len(images), chosen="all images",
        alt="Share of images where a box overlaps the bird by half: the map's box and boxes that "
        f"never look; {', '.join(boards)}",
    )  # fmt: skip


def draw_looks(network: GapNetwork, images, rows: pd.DataFrame, parts_of) -> Figure:
    """Where the map looks: picture with the defining part outlined, its map, another class's map.

    Args:
        rows: some rows of `looking.part_looks`, one a column.
        parts_of: label -> names of the defining parts.
    """
    with plots.style():
        fig, axes = plots.panels(3, len(rows), 1.35)
        for column, row in zip(axes.T, rows.itertuples(), strict=True):
            record = images[images.index(row.id)]
            part = _union(record, parts_of(row.label))
            classes = torch.tensor([row.label, row.control])
            maps = image_maps(network, record.image, "whole", classes=classes).maps
            plots.show_image(column[0], record.image, _name(network, row.label))
            shares = (row.part_in_thing, row.control_part_in_thing)
            for ax, map, c, share in zip(
                column[1:], maps, (row.label, row.control), shares, strict=True
            ):
                text = "none on the bird" if np.isnan(share) else f"{share:.0%} on the part"
                title = f"{_name(network, c)}\n{text}" if c == row.control else text
                bar = _show(ax, record.image, map, title)
            for ax in column:
                ax.contour(part, [0.5], colors="white", linewidths=2.2, extent=_extent(record))
                ax.contour(part, [0.5], colors="black", linewidths=0.9, extent=_extent(record))
                ax.title.set_fontsize(6.5)
        for ax, text in zip(axes[:, 0], ("defining part", "own map", "another's map"), strict=True):
            plots.name_row(ax, text, 7.5)
        plots.colour_bar(fig, bar, axes[1:], "fraction of the map's maximum")
    return captioned(
        fig, "fig07_parts", paper="Figure 7, where the map looks", network=network, images=images,
        n=len(rows), chosen="by seed",
        alt=f"{len(rows)} birds with the part outlined that defines the species, the map of the "
        "species and the map of another one",
    )  # fmt: skip


def draw_parts(shares: dict[str, dict[str, Rate]], network, images) -> Figure:
    """Shares of a map's energy on the defining part: of `looking.by_part`."""
    labels = list(next(iter(shares.values())))
    with plots.style():
        fig, ax = plt.subplots(figsize=(8.2, 0.42 * len(shares) + 0.9), layout="constrained")
        names = [f"{part}, n = {told[labels[0]].n}" for part, told in shares.items()]
        series = {label: [told[label] for told in shares.values()] for label in labels}
        draw_series(ax, names, series, (LOOKS[1], ("s", "#7fb3d5"), LOOKS[0]))
        ax.set_xlim(left=0)
        ax.set_xlabel("of what lies on the bird, share on the defining part, %")
        fig.legend(loc="outside right upper")
    return captioned(
        fig, "fig07_shares", paper="Figure 7, where the map looks", network=network,
        images=images, n=next(iter(shares.values()))[labels[0]].n, chosen="the first test images",
        alt=f"Share on the defining part, of {', '.join(labels)}; for {', '.join(shares)}",
    )  # fmt: skip


def _show(ax, image, map: torch.Tensor, title: str):
    """A map's positive part by its maximum: one scale for maps of any size."""
    shown = map.clamp(min=0) / map.max().clamp(min=1e-12)
    return plots.show_cam(ax, image, shown, title, vmin=0.0, vmax=1.0, opacity=0.5)


def _union(record, names: Sequence[str]) -> np.ndarray:
    return np.any([m for name, m in record.parts[0].items() if name in names], 0)


def _extent(record) -> tuple[float, float, float, float]:
    width, height = record.image.size
    return 0.5, width - 0.5, 0.5, height - 0.5  # contours run through pixel centres


def _name(network, label: int) -> str:
    return class_name(network, label).replace("_", " ")
