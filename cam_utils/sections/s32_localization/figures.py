"""Figures 5 and 6, the threshold curve and Table 2 as a picture."""

from dataclasses import replace

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from torch import Tensor, nn

from ... import boxes, plots
from ...evaluate.localize import guess
from ...evaluate.protocols import PAPER, Protocol
from ...networks import load_network
from ...networks.gap import class_name

WRONG = "#d62728"


def draw_rules(record, map: Tensor, rules: dict[str, np.ndarray]) -> Figure:
    """One map (H, W) and the boxes that several rules make of it; green: truth.

    Args:
        rules: {title: (n, 4) boxes}.
    """
    truth = record.boxes_of(record.label)
    with plots.style():
        fig, axes = plots.panels(1, len(rules), 2.3)
        for ax, (title, some) in zip(axes[0], rules.items(), strict=True):
            bar = plots.show_cam(ax, record.image, map, title)
            plots.show_boxes(ax, truth, plots.TRUTH)
            plots.show_boxes(ax, some)
            overlaps = ", ".join(f"{v:.2f}" for v in boxes.iou(some, truth).max(1))
            ax.text(
                0.5, -0.03, f"IoU {overlaps}", transform=ax.transAxes, ha="center", va="top",
                fontsize=8,
            )  # fmt: skip
        plots.colour_bar(fig, bar, axes)
    return fig


def finer_networks(root=None, device="cpu") -> dict[str, tuple[nn.Module, Protocol]]:
    """One ImageNet network whose maps are made finer in two ways, and its gradient; for `figure5`.

    The weights are the same in all of them.
    """
    name = "imagenet/efficientnet-lite0"
    coarse, finer, larger = (
        load_network(n, root).to(device) for n in (name, f"{name}-14x14", name)
    )
    whole = replace(PAPER, name="whole", view="whole")  # so that all of the photo is seen
    larger.input_spec = replace(larger.input_spec, size=448, resize=512)
    return {
        "as it is, 7x7": (coarse, whole),
        "a stride less, 14x14": (finer, whole),
        "input of 448, 14x14": (larger, whole),
        "Backprop": (coarse, replace(whole, method="backprop")),
    }


def figure5(nets: dict[str, tuple[nn.Module, Protocol]], images, chosen: list[int]) -> Figure:
    """The same images through several networks: each one's own best class and its map.

    Args:
        nets: {title: (network, protocol)}. chosen: positions in the data set, one row each.
    """
    with plots.style():
        sizes = [images[place].image.size for place in chosen]
        aspect = float(np.mean([height / width for width, height in sizes]))
        fig, axes = plots.panels(len(chosen), len(nets) + 1, 1.25, aspect)
        fig.set_figheight(fig.get_figheight() + 0.25 * len(chosen))  # titles of two lines
        for row, place in zip(axes, chosen, strict=True):
            record = images[place]
            known = record.label >= 0
            title = f"truth\n{images.classes[record.label]}" if known else record.id
            plots.show_image(row[0], record.image, title)
            row[0].title.set_fontsize(6.5)
            plots.show_boxes(row[0], record.boxes_of(record.label), plots.TRUTH)
            for ax, (title, (network, protocol)) in zip(row[1:], nets.items(), strict=True):
                found = guess(network, record, protocol)
                name = class_name(network, found.label)
                text = f"{title}\n{name} {found.score:.3f}"
                # a gradient has few high peaks, which would hide the rest
                top = 0.995 if protocol.method.startswith("backprop") else 1.0
                high = float(np.quantile(found.map, top))
                plots.show_cam(ax, record.image, found.map, text, vmax=high)
                ax.title.set_fontsize(6.5)
                if known and found.label != record.label:
                    ax.title.set_color(WRONG)
    return fig


def choose_in_proportion(wrong: pd.Series, count: int, seed: int) -> list[str]:
    """Ids of `count` images by seed, wrong ones in their measured share; right ones first.

    Args:
        wrong: bool by id, of `localization.misses`.
    """
    rng = np.random.default_rng(seed)
    bad = round(count * float(wrong.mean()))
    parts = (wrong.index[~wrong], count - bad), (wrong.index[wrong], bad)
    return [str(id) for ids, n in parts for id in rng.choice(np.sort(ids), min(n, len(ids)), False)]


def figure6(nets: dict[str, tuple[nn.Module, Protocol]], images, ids: list[str]) -> Figure:
    """Boxes (red) and truth (green) with the IoU under each, one row for each network."""
    with plots.style():
        fig, axes = plots.panels(len(nets), len(ids), 1.2)
        for row, (title, (network, protocol)) in zip(axes, nets.items(), strict=True):
            for ax, id in zip(row, ids, strict=True):
                record = images[images.index(id)]
                found = guess(network, record, protocol)
                name = class_name(network, found.label)
                plots.show_cam(ax, record.image, found.map, name, opacity=0.35)
                plots.show_boxes(ax, record.boxes_of(record.label), plots.TRUTH)
                plots.show_boxes(ax, found.box)
                mark = "" if found.right else "  wrong"
                ax.text(
                    0.5, -0.04, f"IoU {found.iou:.2f}{mark}", transform=ax.transAxes, ha="center",
                    va="top", fontsize=7, color="black" if found.right else WRONG,
                )  # fmt: skip
                ax.title.set_fontsize(7)
                ax.title.set_color("black" if found.label == record.label else WRONG)
            plots.name_row(row[0], title, 8)
    return fig


def draw_thresholds(curves: dict[str, tuple[np.ndarray, np.ndarray]], nulls: dict) -> Figure:
    """Class-given success against the threshold, the paper's 20 % marked.

    Args:
        curves: {title: (thresholds (T,), percent right (T,))}.
        nulls: {title: percent right}, drawn as horizontal lines.
    """
    with plots.style():
        fig, ax = plt.subplots(figsize=(8.4, 3.4), layout="constrained")
        for title, (taus, right) in curves.items():
            (line,) = ax.plot(taus, right, label=title)
            best = int(np.argmax(right))
            ax.plot(taus[best], right[best], "o", color=line.get_color())
        for (title, right), style in zip(nulls.items(), (":", "-.", "--"), strict=False):
            ax.axhline(right, color="0.5", ls=style, lw=1, label=title)
        ax.axvline(0.2, color="black", lw=0.8)
        ax.text(0.205, 2, "the paper's 20 %", fontsize=8)
        ax.set_xlabel("threshold, fraction of the map's range")
        ax.set_ylabel("box right, class given, %")
        ax.set_xlim(0, 1)
        ax.set_ylim(bottom=0)
        fig.legend(loc="outside right upper")
    return fig


def draw_table2(table: pd.DataFrame, nulls: pd.DataFrame, metric: str) -> Figure:
    """Table 2's column `metric`: the paper's errors and the measured ones with intervals.

    Args:
        table: rows row, protocol, paper, measured, low, high of the stored table, one a method.
        nulls: rows row, measured: drawn as vertical lines.
    """
    table, nulls = table[table["metric"] == metric], nulls[nulls["metric"] == metric]
    with plots.style():
        fig, ax = plt.subplots(figsize=(8.6, 0.3 * len(table) + 1.1), layout="constrained")
        for y, row in enumerate(table.itertuples()):
            ax.plot([row.low, row.high], [y, y], color="#2a6f97", lw=2)
            ax.plot(row.measured, y, "o", color="#2a6f97", ms=5)
            ax.plot(row.paper, y, "o", mfc="white", mec="#8a8a8a")
        styles = (":", "-.", "--")
        for row, style in zip(nulls.itertuples(), styles, strict=False):
            ax.axvline(
                row.measured, color="0.5", ls=style, lw=1, label=row.row.split(", chosen")[0]
            )
        ax.plot([], [], "o", mfc="white", mec="#8a8a8a", label="paper, ILSVRC")
        ax.plot([], [], "o-", color="#2a6f97", label="measured")
        ax.set_yticks(range(len(table)), table["row"])
        ax.invert_yaxis()
        ax.set_xlabel(metric)
        fig.legend(loc="outside right upper")
    return fig
