"""Figure 13: the units of largest weight of a class, and what drives them, segmented."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import torch
from matplotlib.figure import Figure

from ... import plots
from ...book.figures import captioned
from ...metrics.intervals import Rate, pick
from ...networks.gap import GapNetwork, class_name
from ...pasting import paste_whole
from ...plots import draw_dots
from ..s2_maps.figures import sample_and_lowest
from .ablation import CHANGE, OTHERS, OWN, POSITIVE, RANDOM
from .by_weight import linear_layer, top_units
from .field import ReceptiveField
from .halves import Half
from .occlusion import EmpiricalField
from .tables import ANY, OWN_UNITS, PURITY, SHARE
from .top import TopImages
from .unit_parts import THRESHOLDS, masked, segment

IMAGES = 3  # of each unit, as in the paper


def draw_unit(network, images, best, maps, unit: int, what: str) -> Figure:
    """The pictures that drive one unit most, each under the unit's map, on one scale.

    Args:
        best: positions in the data set, the strongest first. maps: (n, h, w) their maps.
    """
    peak = float(maps[0].max())
    with plots.style():
        fig, axes = plots.panels(1, len(best), 1.8, 0.8)
        for ax, k, map in zip(axes[0], best, maps, strict=True):
            image = images[int(k)].image
            whole = paste_whole(torch.as_tensor(map).float()[None], image.size[::-1])[0]
            title = f"{images.ids[int(k)]}: {float(map.max()):.1f}"
            bar = plots.show_cam(ax, image, whole, title, vmin=0, vmax=peak)
        plots.colour_bar(fig, bar, axes)
    return captioned(
        fig, "real_fig13_one_unit", paper="Figure 13, one unit", network=network, images=images,
        n=len(images), chosen=f"unit {unit}, of largest weight for {what}",
        alt="The photos that drive one unit of a network most, under the unit's map",
    )  # fmt: skip


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
    with plots.style():
        fig, axes = _grid([1.0 if label is not None else 0.16 for _, label, _ in rows])
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
    return _of_halves(
        fig, "fig13_units", halves, "Figure 13",
        "three classes of each half by seed, and the least pure one",
        "Three units of largest weight for several classes, each with the three images of the pool "
        "that drive it most, segmented by the unit's map",
    )  # fmt: skip


def figure13_photos(
    network: GapNetwork, tiles, top: TopImages, classes: list[int], threshold=THRESHOLDS["[34]"]
) -> Figure:
    """For each class its three units of largest weight with three tiles of photos each.

    Args:
        tiles: a pool without labels, so that there is no purity; top: of `top_images` over it.
    """
    weights, _ = linear_layer(network)
    with plots.style():
        fig, axes = _grid([1.0] * len(classes))
        for row, label in zip(axes, classes, strict=True):
            own = [(k, f"w = {weights[label, k]:.2f}") for k in top_units(weights, 3)[label]]
            _row(row, network, tiles, top, label, "", own, threshold)
    return captioned(
        fig, "real_fig13_units", paper="Figure 13", network=network, images=tiles.dataset,
        n=len(tiles), chosen="the best classes of four free photos; tiles of all of them",
        alt="Three units of largest weight for four ImageNet classes, each with the three tiles of "
        "free photos that drive it most",
    )  # fmt: skip


def _grid(heights: list[float], size: float = 0.94) -> tuple[Figure, np.ndarray]:
    """Panels of `size` inches for three units with three images each in every row."""
    widths = ([1.0] * IMAGES + [0.18]) * OWN_UNITS
    height = (size + 0.2) * sum(heights) + 0.4
    fig, axes = plt.subplots(
        len(heights), len(widths), width_ratios=widths, height_ratios=heights, squeeze=False,
        figsize=(size * (sum(widths) + 1.0), height),
        gridspec_kw={"wspace": 0.04, "hspace": 0.24, "left": 0.095, "right": 0.999,
                     "top": 1 - 0.2 / height, "bottom": 0.25 / height},
    )  # fmt: skip
    for ax in axes.flat:
        ax.axis("off")
    return fig, axes


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
    fields: dict[str, tuple[EmpiricalField, ReceptiveField]], halves: list[Half], fraction=0.1
) -> Figure:
    """Averaged discrepancy maps with the theoretical field (white) and the empirical size (red)."""
    with plots.style():
        fig, axes = plots.panels(1, len(fields), 1.9, titled=3)
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
    return _of_halves(
        fig, "fig13_fields", halves, "Figure 13, receptive fields",
        "the first class's first unit, its best image",
        "Averaged maps of what changes a unit when it is covered, inside its theoretical receptive "
        "field",
    )  # fmt: skip


def draw_ablation(tables: dict[str, pd.DataFrame], halves: list[Half]) -> Figure:
    """Change of a class's accuracy when units are removed, with 95 % intervals over classes.

    Args:
        tables: {title: `ablation_table`}. halves: those whose tables were made in this run.
    """
    colours = {OWN: "#c0392b", POSITIVE: "#2a6f97", RANDOM: "#8a8a8a"}
    with plots.style():
        fig, axes = plt.subplots(
            1, len(tables), figsize=(2.2 * len(tables) + 2.0, 2.5), squeeze=False,
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
    return _of_halves(
        fig, "fig13_ablation", halves, "Figure 13, the causal test",
        "all classes; random units by seed; photos: stored rows",
        "Change of a class's accuracy when its own or random units are removed, and that of the "
        "other classes",
    )  # fmt: skip


def draw_purity(tables: dict[str, pd.DataFrame], halves: list[Half]) -> Figure:
    """How pure units are, with intervals; dashed: the share of the class in the pool.

    Args:
        tables: {title: `purity_table`}. halves: those whose tables were made in this run.
    """
    rows = [f"purity of a class's unit {rank} for the class, %" for rank in range(1, OWN_UNITS + 1)]
    rows += [PURITY, ANY]
    names = ["largest weight", "second", "third", "all three", "any unit,\nits best class"]
    with plots.style():
        fig, axes = plt.subplots(
            1, len(tables), figsize=(2.5 * len(tables) + 1, 2.2), squeeze=False, sharey=True,
            layout="constrained",
        )  # fmt: skip
        for ax, (title, table) in zip(axes[0], tables.items(), strict=True):
            draw_dots(ax, names, table.set_index("metric").loc[rows])
            share = Rate.of(pick(table, metric=SHARE))
            ax.axvline(share.value, color="0.5", ls="--", lw=1)
            ax.axvline(50, color="0.8", lw=1, zorder=0)
            ax.set(title=f"{title}, {share.n} classes", xlabel="purity, %", xlim=(0, 100))
    return _of_halves(
        fig, "fig13_purity", halves, "Figure 13, all classes",
        "all classes with enough pictures in the pool; photos: stored rows",
        "Share of a unit's top pictures that show the class, for a class's three units of largest "
        "weight and for any unit, with intervals and the share by chance",
    )  # fmt: skip


def draw_sharing(tables: dict[str, pd.DataFrame], halves: list[Half]) -> Figure:
    """How many more units are shared by several classes than if weights were dealt anew.

    Args:
        tables: {title: `sharing_table`}, of which the three units of largest weight are drawn.
    """
    with plots.style():
        fig, axes = plt.subplots(
            1, len(tables), figsize=(2.2 * len(tables) + 2.0, 2.2), squeeze=False,
            layout="constrained",
        )  # fmt: skip
        for ax, (title, table) in zip(axes[0], tables.items(), strict=True):
            rows = pick(table, top=OWN_UNITS).head(3)
            x, chance = np.arange(len(rows)), rows["expected"]
            band = rows["low"] - chance, rows["high"] - chance
            ax.vlines(x, *band, color="0.75", lw=9, label="by chance, 95 %")
            ax.plot(x, rows["units"] - chance, "o", color="#c0392b", ms=5, label="measured")
            labels = zip(rows["classes"], rows["units"], strict=True)
            ax.set_xticks(x, [f"{m} or more:\n{n:.0f} units" for m, n in labels], fontsize=7)
            ax.set_xlim(-0.5, len(x) - 0.5)
            ax.axhline(0, color="0.6", lw=0.8)
            ax.set(title=title, xlabel="classes that share a unit")
        axes[0, 0].set_ylabel("units more than by chance")
        fig.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside right upper")
    return _of_halves(
        fig, "fig13_sharing", halves, "Figure 13, whether units are shared",
        "all classes and units; by chance: every unit's weights dealt anew to the classes",
        "How many units are among the three of largest weight of several classes, against what "
        "chance gives",
    )  # fmt: skip


def draw_field_sizes(stored: dict[str, tuple[pd.DataFrame, dict]]) -> Figure:
    """The measured side of receptive fields as a share of the input's, at three levels.

    Args:
        stored: {profile: rows of the study, and their provenance}.
    """
    rows = pd.concat(table for table, _ in stored.values())
    levels = {"side_10": "#08306b", "side_20": "#2171b5", "side_50": "#9ecae1"}
    names = [*dict.fromkeys(rows["network"])]
    with plots.style():
        fig, ax = plt.subplots(figsize=(7.6, 0.34 * len(names) + 0.9), layout="constrained")
        for level, colour in levels.items():
            ax.plot(
                100 * rows[level] / rows["input"], [names.index(n) for n in rows["network"]], "o",
                color=colour, ms=5, alpha=0.8, label=f"at {level[5:]} % of the maximum",
            )  # fmt: skip
        fields = rows.drop_duplicates("network").set_index("network")["theoretical"]
        ax.set_yticks(range(len(names)), [f"{n} (theory {fields[n]} px)" for n in names])
        ax.set_ylim(len(names) - 0.5, -0.5)
        ax.set(xlabel="side of the measured field, % of the input's", xlim=(0, 100))
        fig.legend(loc="outside right upper")
    weights = {n: h for _, made in stored.values() for n, h in made["weights"].items()}
    return captioned(
        fig, "fig13_field_sizes", paper="Figure 13, receptive fields", network=weights,
        n=len(rows), chosen="stored rows: first units of classes by seed",
        alt="Sides of measured receptive fields of several units of each network, as a share of "
        "the input",
    )  # fmt: skip


def _of_halves(fig: Figure, name: str, halves: list[Half], paper, chosen, alt) -> Figure:
    return captioned(
        fig, name, paper=paper, network=[half.network for half in halves],
        n=sum(len(half.pool) for half in halves), chosen=chosen, alt=alt,
    )  # fmt: skip
