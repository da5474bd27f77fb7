"""Figures 1 and 8: maps of classes that only an SVM has learnt, and where they lie.

An SVM's maps have much evidence against its class, too. Drawn is the evidence for it: scales start
at zero.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import torch
from matplotlib.figure import Figure
from torch import Tensor

from ... import plots
from ...image_maps import maps_of_images
from . import transfer
from .transfer import Transfer

WRONG, TOOL = "#d62728", "#ff9f1c"

_SHARES = {"area": "area", "energy": "energy", "control_energy": "energy, other class's map"}


@dataclass(frozen=True)
class MappedPicture:
    """A test picture with the map (H, W) of its true class and what the SVM says of it."""

    record: object
    map: Tensor
    truth: str  # the class that it shows
    value: float  # and its decision value
    taken_for: str  # the class of the highest one; "" if that is right


def shown(found: Transfer, places: list[int], view: str = "center") -> list[MappedPicture]:
    """Pictures of the test part with the maps of their true classes."""
    records = [transfer.record_of(found, k) for k in places]
    labels = torch.from_numpy(found.test.labels[places])
    maps = maps_of_images(found.network, [r.image for r in records], view, classes=labels[:, None])
    names, own, hits, taken = found.classes, found.own(), found.hits, found.predicted
    return [
        MappedPicture(r, m.maps[0], names[label], float(own[k]), "" if hits[k] else names[taken[k]])
        for r, m, label, k in zip(records, maps, labels, places, strict=True)
    ]


def figure1(found: Transfer, actions: list[str], count: int, seed: int) -> Figure:
    """Test pictures of a few actions beside the maps: `count` right by seed, and the worst.

    Above each map the decision value of the action, on one colour scale. Drawn sets show the true
    tool (orange) beside the person's box (green).
    """
    rows = []
    for label in (found.classes.index(name) for name in actions):
        places = [*transfer.choose(found, label, count, seed), transfer.worst(found, label)]
        rows.append(shown(found, places))
    most = _most(s for row in rows for s in row)
    with plots.style():
        fig, axes = plots.panels(len(rows), 2 * (count + 1), size=1.5)
        for line, row in zip(axes, rows, strict=True):
            for k, s in enumerate(row):
                title = "lowest value" if k == count else f"test {k + 1}"
                told = f"{s.value:+.2f}, taken for\n{s.taken_for}"
                told = told if s.taken_for else f"decision {s.value:+.2f}"
                bar = _show(line[2 * k : 2 * k + 2], s, title, told, most)
                _truth(line[2 * k], s.record)
            plots.name_row(line[0], row[0].truth, away=0.06)
        plots.colour_bar(fig, bar, axes, "evidence for the action")
    return fig


def figure8(sets: list[Transfer], classes: int, count: int, seed: int) -> Figure:
    """Several data sets: classes and right test pictures by seed, and a wrongly classified one.

    Each data set has a row of pictures and a row of maps of the true classes, on one colour scale.
    """
    with plots.style():
        columns = classes * count + 1
        fig, axes = plots.panels(2 * len(sets), columns, size=0.86, titled=0)
        # a long name must not make its panel narrow: titles stand in rows' gaps
        fig.set_figheight(fig.get_figheight() + 0.1 * len(axes))
        fig.get_layout_engine().set(h_pad=0.085, w_pad=0.015)
        for found, pair in zip(sets, axes.reshape(len(sets), 2, columns), strict=True):
            places = _by_class(found, classes, count, seed)
            wrong = transfer.mistaken(found, seed)
            row = shown(found, places + ([] if wrong is None else [wrong]))
            most = _most(row)
            for k, (s, panels) in enumerate(zip(row, pair.T, strict=False)):
                title = s.truth if k % count == 0 or k == len(places) else ""
                told = ", ".join(filter(None, (f"{s.value:+.2f}", s.taken_for)))
                bar = _show(panels, s, title, told, most)
                for ax in panels:
                    ax.title.set_fontsize(6.5)
                    ax.title.set_in_layout(False)
            plots.name_row(pair[0, 0], found.name.removeprefix("mini/"), 9, away=0.08)
            plots.colour_bar(fig, bar, pair)
    return fig


def draw_energy(table: pd.DataFrame) -> Figure:
    """Shares of energy and area on the groups of `evidence.energy_table`."""
    columns = {
        "area": ("o", "0.55"),
        "energy, other class's map": ("s", "#7fb3d5"),
        "energy": ("D", "#1f4e79"),
    }
    with plots.style():
        fig, ax = plt.subplots(figsize=(7.6, 0.42 * len(table) + 0.9), layout="constrained")
        for k, (name, (marker, colour)) in enumerate(columns.items()):
            y = np.arange(len(table)) + 0.2 * (k - 1)
            value, low, high = np.array([(r.value, r.low, r.high) for r in table[name]]).T
            sides = [value - low, high - value]
            ax.errorbar(value, y, xerr=sides, fmt=marker, color=colour, label=name, ms=5)
        ax.set_yticks(range(len(table)), table["group"])
        ax.invert_yaxis()
        ax.set_xlim(left=0)
        ax.set_xlabel("share of the picture, or of the map's positive evidence, %")
        fig.legend(loc="outside right upper")
    return fig


def by_class(rows: pd.DataFrame, group: str, classes: list[str]):
    """Shares of a group of `evidence.shares`, percent, class by class; to show."""
    own = rows[rows["group"] == group] if len(rows) else pd.DataFrame(columns=["label", *_SHARES])
    means = (100 * own.groupby("label")[list(_SHARES)].mean()).rename(columns=_SHARES)
    return means.rename(index=dict(enumerate(classes))).style.format("{:.0f}")


def _by_class(found: Transfer, classes: int, count: int, seed: int) -> list[int]:
    """`count` right pictures of each of some classes, both by seed."""
    right = np.bincount(found.test.labels[found.hits], minlength=len(found.classes))
    able = np.flatnonzero(right >= count)
    rng = np.random.default_rng(seed)
    labels = np.sort(rng.choice(able, min(classes, len(able)), replace=False))
    return [k for label in labels for k in transfer.choose(found, int(label), count, seed)]


def _most(some: Iterable[MappedPicture]) -> float:
    """The top of a scale that several maps share; evidence against a class is drawn as none."""
    return max(float(s.map.max()) for s in some)


def _show(panels, s: MappedPicture, title: str, told: str, most: float):
    """A picture and its map, in two panels; the map's title is red where the SVM is wrong."""
    plots.show_image(panels[0], s.record.image, title)
    bar = plots.show_cam(panels[1], s.record.image, s.map, told, 0, most)
    panels[1].title.set_color(WRONG if s.taken_for else "black")
    return bar


def _truth(ax, record) -> None:
    """The true box, and the outline of the tool and of what it is used on where they are known."""
    plots.show_boxes(ax, record.boxes, plots.TRUTH, linewidth=1.0)
    parts = record.parts[0] if record.parts else {}
    masks = [parts[name] for name in ("tool", "target") if name in parts]
    if masks:
        ax.contour(np.any(masks, axis=0), levels=[0.5], colors=TOOL, linewidths=0.9)
