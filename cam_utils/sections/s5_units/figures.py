"""Figure 13: the units of largest weight of a class, and what drives them, segmented."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from ... import plots
from ...metrics.intervals import pick
from ...networks.gap import GapNetwork, class_name
from ..s2_maps.figures import sample_and_lowest
from .ablation import CHANGE, OTHERS, OWN, POSITIVE, RANDOM
from .by_weight import linear_layer, top_units
from .field import ReceptiveField
from .halves import Half
from .occlusion import EmpiricalField
from .tables import OWN_UNITS
from .top import TopImages
from .unit_parts import THRESHOLDS, masked, segment

IMAGES = 3  # of each unit, as in the paper


def figure13(
    halves: list[Half], threshold: float = THRESHOLDS["[34]"], count: int = 3, seed: int = 0
) -> Figure:
    """For each class its three units of largest weight with three top images each.

    Images are darkened where the unit's map is below `threshold` of the unit's maximum. Over each
    unit: its weight w, and the share of its top images (all that were kept) that show the class.

    Args:
        count: classes of each half, by `seed`; below them the class whose units are least pure.
    """
    rows: list[tuple[Half, int | None, str]] = []  # None: the line with the half's title
    for half in halves:
        purity = half.frames["units"].groupby("class")["purity"].mean()
        *classes, worst = sample_and_lowest(purity, count, seed)
        rows += [(half, None, ""), *((half, label, "") for label in classes)]
        rows.append((half, worst, "\n(least pure)" if classes else ""))
    size = 0.94  # inches, of an image
    widths = ([1.0] * IMAGES + [0.18]) * OWN_UNITS
    heights = [1.0 if label is not None else 0.16 for _, label, _ in rows]
    with plots.style():
        fig, axes = plt.subplots(
            len(rows), len(widths), width_ratios=widths, height_ratios=heights, squeeze=False,
            figsize=(size * (sum(widths) + 1.0), (size + 0.2) * sum(heights) + 0.3),
            gridspec_kw={"wspace": 0.04, "hspace": 0.24, "left": 0.095, "right": 0.999,
                         "top": 0.995, "bottom": 0.03},
        )  # fmt: skip
        for ax in axes.flat:
            ax.axis("off")
        for row, (half, label, note) in zip(axes, rows, strict=True):
            if label is None:
                title = f"{half.title}: {half.network.name}"
                row[0].text(-0.9, 0, title, fontsize=9, weight="bold")
            else:
                units = pick(half.frames["units"], **{"class": label})
                own = [
                    (row.unit, f"w = {row.weight:.2f}, purity {row.purity:.0%}")
                    for row in units.itertuples()
                ]
                _row(row, half.network, half.pool, half.top, label, note, own, threshold)
    return fig


def figure13_photos(
    network: GapNetwork, pool, top: TopImages, classes: list[int], threshold=THRESHOLDS["[34]"]
) -> Figure:
    """For each class its three units of largest weight with three pictures of a pool each.

    Args:
        pool: without labels, so that there is no purity; top: of `top_images` over it.
    """
    weights, _ = linear_layer(network)
    size, columns = 0.94, (IMAGES + 1) * OWN_UNITS - 1
    with plots.style():
        fig, axes = plots.panels(len(classes), columns + 1, size, titled=len(classes))
        for row, label in zip(axes, classes, strict=True):
            own = [(k, f"w = {weights[label, k]:.2f}") for k in top_units(weights, 3)[label]]
            _row(row, network, pool, top, label, "", own, threshold)
    return fig


def _row(axes, network, pool, top: TopImages, label: int, note: str, own, threshold) -> None:
    """A class's units; `own`: for each its number and what is said of it."""
    axes[0].text(
        -0.1, 0.5, class_name(network, label).replace(" ", "\n") + note,
        transform=axes[0].transAxes, ha="right", va="center", fontsize=8,
    )  # fmt: skip
    for place, (unit, text) in enumerate(own):
        first = place * (IMAGES + 1)
        for k, ax in enumerate(axes[first : first + IMAGES]):
            image = pool[int(top.indices[unit, k])].image
            mask = segment(top.maps[unit, k], image.size[::-1], threshold, top.scores[unit, 0])
            ax.imshow(np.asarray(masked(image, mask)))
            other = int(top.labels[unit, k])
            if other not in (label, -1):  # an image of another class
                ax.text(
                    0.03, 0.03, class_name(network, other), transform=ax.transAxes, fontsize=5.5,
                    color="white",
                    bbox={"facecolor": "#b3202a", "edgecolor": "none", "pad": 0.8},
                )  # fmt: skip
        axes[first + 1].set_title(f"unit {unit}: {text}", fontsize=7, pad=2.5)


def draw_fields(
    fields: dict[str, tuple[EmpiricalField, ReceptiveField]], fraction: float = 0.1
) -> Figure:
    """Averaged discrepancy maps with the theoretical field (white) and the empirical size (red)."""
    with plots.style():
        fig, axes = plots.panels(1, len(fields), 1.9)
        for ax, (title, (found, theory)) in zip(axes[0], fields.items(), strict=True):
            half = found.map.shape[0] / 2
            extent = (-half, half, half, -half)
            ax.imshow(found.map, cmap="magma", vmin=0, extent=extent)
            sides = ((theory.size or 2 * half, "white"), (found.side(fraction), plots.GUESS))
            for side, colour in sides:
                square = np.array([[-side, -side, side, side]]) / 2
                plots.show_boxes(ax, square, colour, linewidth=1.2)
            reach = min(half, 0.75 * max(theory.size or half, found.side(0.0)))
            ax.set_xlim(-reach, reach)
            ax.set_ylim(reach, -reach)
            seen = f"{theory.size} px" if theory.size else "the whole picture"
            ax.set_title(f"{title}\ntheory {seen}, measured {sides[1][0]:.0f} px", fontsize=7)
    return fig


def draw_ablation(tables: dict[str, pd.DataFrame]) -> Figure:
    """Change of a class's accuracy when units are removed, with 95 % intervals over classes.

    Args:
        tables: {title: `ablation_table`}.
    """
    colours = {OWN: "#c0392b", POSITIVE: "#2a6f97", RANDOM: "#8a8a8a"}
    with plots.style():
        fig, axes = plt.subplots(
            1, len(tables), figsize=(3.4 * len(tables) + 1.6, 2.5), squeeze=False,
            sharey=True, layout="constrained",
        )  # fmt: skip
        for ax, (title, table) in zip(axes[0], tables.items(), strict=True):
            for shift, (kind, colour) in zip((-0.08, 0, 0.08), colours.items(), strict=True):
                some = pick(table, units=kind, metric=CHANGE)
                x = np.arange(len(some)) + shift
                spread = [some["measured"] - some["low"], some["high"] - some["measured"]]
                ax.errorbar(
                    x, some["measured"], spread, fmt="o-", color=colour, ms=4, lw=1.2, label=kind
                )
            others = pick(table, units=OWN, metric=OTHERS)
            ax.plot(
                np.arange(len(others)), others["measured"], "x--", color="#e0a030", lw=1.2,
                label=f"the other classes, {OWN}",
            )  # fmt: skip
            ax.set_xticks(range(len(others)), others["removed"])
            ax.set_xlabel("units removed")
            ax.axhline(0, color="0.6", lw=0.8)
            ax.set_title(title)
        axes[0, 0].set_ylabel("change of accuracy, points")
        handles, names = axes[0, 0].get_legend_handles_labels()
        fig.legend(handles, names, loc="outside right upper")
    return fig
