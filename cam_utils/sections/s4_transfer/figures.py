"""Figures 1 and 8: maps of classes that only an SVM has learnt, and where they lie.

An SVM's maps have much evidence against its class, too. Drawn is the evidence for it: scales start
at zero.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from textwrap import fill

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import torch
from matplotlib.figure import Figure
from torch import Tensor

from ... import plots
from ...book import published
from ...book.figures import captioned
from ...image_maps import maps_of_images
from ...metrics.intervals import Rate, pick, rate
from . import transfer
from .tables import FEATURES, RANDOM
from .transfer import Transfer

WRONG, TOOL = "#d62728", "#ff9f1c"

# a marker and a colour for each feature that is compared
LOOKS = (("D", "#1f4e79"), ("s", "#e07a3f"), ("o", "#5a9a6e"), ("v", "0.55"), ("^", "0.75"))

# of a map's share, another map's, and the area's
AGAINST = (("D", "#1f4e79"), ("s", "#7fb3d5"), ("o", "0.55"))


def examples(
    images,
    seed: int,
    most: int = 12,
    name: str = "fig01_new_classes",
    paper: str = "Figure 1, the new classes",
) -> Figure:
    """One picture by seed of each of the first classes of a data set."""
    labels = np.array([images.label(i) for i in range(len(images))])
    shown = np.unique(labels)[:most]
    rng = np.random.default_rng(seed)
    places = [int(rng.choice(np.flatnonzero(labels == label))) for label in shown]
    with plots.style():
        columns = 5 if len(places) <= 10 else 7
        fig, axes = plots.panels(-(-len(places) // columns), columns, 1.35)
        for ax, place, label in zip(axes.flat, places, shown, strict=False):
            plots.show_image(ax, images[place].image, _name(images.classes[label]))
            ax.title.set_fontsize(7.5)
    return captioned(
        fig, name, paper=paper, images=images, n=len(places),
        chosen="a training picture of each class by seed, without weights",
        alt=f"A picture of each of {len(places)} classes of {images.name}: "
        + ", ".join(_name(images.classes[label]) for label in shown),
    )  # fmt: skip


def draw_swapped(record, maps: dict[str, Tensor], network, images) -> Figure:
    """A picture and its maps (H, W) for several new classes, by name, on one signed scale."""
    limit = max(float(one.abs().max()) for one in maps.values())
    with plots.style():
        fig, axes = plots.panels(1, 1 + len(maps), 1.9)
        plots.show_image(axes[0, 0], record.image, _name(images.classes[record.label]))
        for ax, (name, one) in zip(axes[0, 1:], maps.items(), strict=True):
            bar = plots.show_cam(ax, record.image, one, f"for {_name(name)}", -limit, limit)
        plots.colour_bar(fig, bar, axes, "evidence")
    return captioned(
        fig, "fig01_swapped", paper="Figure 1, one picture", network=network, images=images, n=1,
        chosen="a right test picture by seed; its class and the next best",
        alt=f"A picture of {_name(images.classes[record.label])} from {images.name} beside the "
        f"maps that the SVM's weights give for {' and for '.join(_name(name) for name in maps)}",
    )  # fmt: skip


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
    names = [_name(name) for name in found.classes]
    own, hits, taken = found.own(), found.hits, found.predicted
    return [
        MappedPicture(r, m.maps[0], names[label], float(own[k]), "" if hits[k] else names[taken[k]])
        for r, m, label, k in zip(records, maps, labels, places, strict=True)
    ]


def figure1(found: Transfer, actions: str, count: int, seed: int) -> Figure:
    """Test pictures of a few actions beside the maps: `count` right by seed, and the worst.

    Above each map the decision value of the action, on one colour scale. Drawn sets show the true
    tool (orange) beside the person's box (green).

    Args:
        actions: names with commas between them; where the data set has none of them, its first
            two classes.
    """
    wanted = {name.strip().replace("_", " ") for name in actions.split(",")}
    labels = [c for c, name in enumerate(found.classes) if _name(name) in wanted] or [0, 1]
    rows = []
    for label in labels:
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
    names = " and ".join(row[0].truth for row in rows)
    return captioned(
        fig, "fig01_two_actions", paper="Figure 1", network=found.network, images=found.images,
        n=(count + 1) * len(rows),
        chosen=f"{count} correctly classified test pictures of each action by seed, and the one "
        "with the lowest decision value",
        alt=f"Pictures of {found.name} ({names}), each beside the map of its action from an SVM's "
        "weights, and the worst picture of each",
    )  # fmt: skip


def figure8(sets: list[Transfer], classes: int, count: int, seed: int) -> Figure:
    """Several data sets: classes and right test pictures by seed, and a wrongly classified one.

    Each data set has a row of pictures and a row of maps of the true classes, on one colour scale.
    """
    pictures = 0
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
            pictures += len(row)
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
    return captioned(
        fig, "fig08_other_data_sets", paper="Figure 8", network=[s.network for s in sets],
        images=sets[0].images, n=pictures,
        chosen=f"{classes} classes, {count} right pictures of each and one wrong, by seed",
        alt=f"Test pictures of {', '.join(s.name for s in sets)} with the maps of their classes "
        "from SVMs on one frozen network, and one mistake of each that has one",
    )  # fmt: skip


def draw_series(
    ax, names: Sequence[str], series: dict[str, Sequence[Rate | None]], looks=LOOKS
) -> None:
    """Rows of dots with intervals: several rates in each row, the first row on top.

    Args:
        names: of the rows. series: {label: a rate for each row, None where there is none}.
        looks: a marker and a colour for each label.
    """
    step = 0.6 / len(series)
    for k, ((label, rates), (marker, colour)) in enumerate(
        zip(series.items(), looks, strict=False)
    ):
        known = [(y, r) for y, r in enumerate(rates) if r is not None]
        y = np.array([y for y, _ in known]) + step * (k - (len(series) - 1) / 2)
        value, low, high = np.array([(r.value, r.low, r.high) for _, r in known]).reshape(-1, 3).T
        sides = [value - low, high - value]
        ax.errorbar(value, y, xerr=sides, fmt=marker, color=colour, label=label, ms=4.5, lw=1.5)
    ax.set_yticks(range(len(names)), names)
    ax.set_ylim(len(names) - 0.45, -0.55)


def draw_energy(table: pd.DataFrame, found: Transfer) -> Figure:
    """Shares of energy and area on the groups of `evidence.energy_table`."""
    told = ("energy", "energy, other class's map", "area")
    labels = ("the class's own map", "another class's map, same picture", "share of the area")
    with plots.style():
        fig, ax = plt.subplots(figsize=(7.6, 0.42 * len(table) + 0.9), layout="constrained")
        series = {label: list(table[name]) for label, name in zip(labels, told, strict=True)}
        draw_series(ax, table["group"], series, AGAINST)
        ax.set_xlim(left=0)
        ax.set_xlabel("share of the picture, or of the map's positive evidence, %")
        fig.legend(loc="outside right upper")
    return captioned(
        fig, "fig01_where_maps_lie", paper="Figure 1, where the maps lie", network=found.network,
        images=found.images, n=int(table["n"].max()), chosen="test pictures by seed",
        alt=f"Share of the map's evidence on {', '.join(table['group'])}, beside their share of "
        "the area and the share of another class's map",
    )  # fmt: skip


def draw_accuracies(hits: dict[str, dict[str, np.ndarray]], sets: dict[str, Transfer]) -> Figure:
    """Accuracies of SVMs on several features, a row for each data set, and chance.

    Args:
        hits: of `choose_sets.hits_by_feature`.
    """
    with plots.style():
        fig, ax = plt.subplots(figsize=(8.2, 0.5 * len(sets) + 0.9), layout="constrained")
        series = {who: [rate(own[n]) for n in sets] for who, own in hits.items()}
        draw_series(ax, [f"{n}, n = {len(s.test)}" for n, s in sets.items()], series)
        chance = [100 / len(s.classes) for s in sets.values()]
        ax.plot(chance, range(len(sets)), "|", color="black", ms=14, label="chance")
        ax.set_xlim(0, 101)
        ax.set_xlabel("test pictures classified correctly, %")
        fig.legend(loc="outside right upper")
    first = next(iter(sets.values()))
    return captioned(
        fig, "table5_generic_features", paper="Table 5, features against controls",
        network=first.network.base, n=sum(len(s.test) for s in sets.values()),
        chosen="test pictures of each class by seed",
        alt=f"Accuracies on {', '.join(sets)} of a linear SVM on features of a network trained on "
        "photos, of one trained on few drawings, and on mean colours, with intervals and chance",
    )  # fmt: skip


def draw_table5(stored: dict[str, tuple[pd.DataFrame, dict]]) -> Figure:
    """Table 5's features and random weights, a row for each data set, the paper's numbers on top.

    Args:
        stored: {profile: stored rows and their provenance}; random splits where there are some.
    """
    rows = pd.concat([stored[k][0].assign(world=k) for k in ("paper", "mini") if k in stored])
    rows = rows.drop_duplicates(["data", "feature"], keep="last")  # "random" follows "given"
    features = [name for name in FEATURES if "SqueezeNet" not in name]
    printed, lines = published.table(5).set_index("feature"), {}
    for data in rows["data"].unique():
        own = rows[rows["data"] == data]
        if data in printed:
            alone = {n: printed[data].get(n) for n in features}
            lines[f"{data}, the paper"] = {
                n: None if v is None else Rate(v, v, v, 0) for n, v in alone.items()
            }
        found = {n: pick(own, feature=n) for n in features}
        where = "photos" if data in printed else "drawn"
        lines[f"{data.removeprefix('mini/')}, {where}"] = {
            n: None if one.empty else Rate.of(one) for n, one in found.items()
        }
    with plots.style():
        fig, ax = plt.subplots(figsize=(8.2, 0.5 * len(lines) + 0.9), layout="constrained")
        series = {fill(n, 26): [line[n] for line in lines.values()] for n in features}
        draw_series(ax, list(lines), series)
        ax.set_xlim(0, 101)
        ax.set_xlabel(f"accuracy, % (grey: {RANDOM})")
        fig.legend(loc="outside right upper")
    weights = {
        f"{k}: {n}": w for k, (_, made) in stored.items() for n, w in made["weights"].items()
    }
    return captioned(
        fig, "table5_features", paper="Table 5", chosen="stored rows, all pictures",
        network=weights,
        alt="Accuracies of three features and of the same networks with random weights on "
        f"{'; '.join(lines)}, with intervals",
    )  # fmt: skip


def _by_class(found: Transfer, classes: int, count: int, seed: int) -> list[int]:
    """`count` right pictures of each of some classes, both by seed."""
    right = np.bincount(found.test.labels[found.hits], minlength=len(found.classes))
    able = np.flatnonzero(right >= count)
    rng = np.random.default_rng(seed)
    labels = np.sort(rng.choice(able, min(classes, len(able)), replace=False))
    return [k for label in labels for k in transfer.choose(found, int(label), count, seed)]


def _name(text: str) -> str:
    return text.replace("_", " ")


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
