"""Figure 7, Table 4 as a picture, and where a bird's map looks."""

from collections.abc import Sequence
from dataclasses import replace

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import torch
from matplotlib.figure import Figure

from ... import plots
from ...evaluate.localize import guess
from ...evaluate.protocols import PAPER
from ...image_maps import image_maps
from ...metrics.intervals import Rate
from ...metrics.localization import IOU
from ...networks.gap import GapNetwork, class_name
from ..s32_localization.figures import WRONG, choose_in_proportion
from .experiment import FineGrained

MEASURED, PRINTED = "#2a6f97", "#8a8a8a"


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
    return fig


def draw_steps(rows: pd.DataFrame, printed: dict[str, float]) -> Figure:
    """Accuracies of the steps with intervals, the paper's own beside them.

    Args:
        rows: columns step, measured, low, high; one row a step. printed: {step: the paper's}.
    """
    with plots.style():
        fig, ax = plt.subplots(figsize=(8.4, 0.36 * len(rows) + 1.0), layout="constrained")
        for y, row in enumerate(rows.itertuples()):
            ax.plot([row.low, row.high], [y, y], color=MEASURED, lw=2)
            ax.plot(row.measured, y, "o", color=MEASURED, ms=5)
            if row.step in printed:
                ax.plot(printed[row.step], y, "o", mfc="white", mec=PRINTED)
        ax.plot([], [], "o", mfc="white", mec=PRINTED, label="paper, 200 species of CUB")
        ax.plot([], [], "o-", color=MEASURED, label="measured, drawn birds")
        ax.set_yticks(range(len(rows)), rows["step"])
        ax.set_ylim(len(rows) - 0.5, -0.5)
        ax.set_xlabel("accuracy, %")
        fig.legend(loc="outside lower right", ncols=2)
    return fig


def draw_located(boards: dict[str, dict[str, Rate]], stated: dict[str, dict[str, float]]) -> Figure:
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
            for y, (name, found) in enumerate(rates.items()):
                color = WRONG if name.startswith("CAM") else MEASURED
                ax.plot([found.low, found.high], [y, y], color=color, lw=2)
                ax.plot(found.value, y, "o", color=color, ms=5)
                ax.text(found.high + 1.5, y, f"{found.value:.1f}", va="center", fontsize=7.5)
            for (text, value), style in zip(
                stated.get(title, {}).items(), ("--", ":"), strict=False
            ):
                ax.axvline(value, color=WRONG, ls=style, lw=1.2, label=f"{text}: {value:g} %")
            ax.set_yticks(range(len(rates)), list(rates), fontsize=7.5)
            ax.set_ylim(len(rates) - 0.5, -0.5)
            ax.set_xlim(0, max(70, 12 + max(r.high for r in rates.values())))
            ax.set_title(title)
            ax.set_xlabel("images with IoU of at least 0.5, %")
        fig.legend(loc="outside lower right", ncols=2, fontsize=7.5)
    return fig


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
    return fig


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
