"""Figures 5 and 6, the threshold curve and Table 2 as a picture."""

from dataclasses import replace

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn
from matplotlib.figure import Figure
from torch import Tensor, nn

from ... import boxes, plots
from ...book import published
from ...book.figures import captioned
from ...evaluate.localize import guess
from ...evaluate.protocols import PAPER, Protocol
from ...metrics.intervals import by_seed
from ...networks import load_network
from ...networks.gap import class_name
from .cross import BOXES, SALIENCIES
from .tables import METRICS

WRONG = "#d62728"
PRINTED = published.value(2, "GoogLeNet-GMP", "top1") - published.value(2, "GoogLeNet-GAP", "top1")


def box_by_hand(network, image, map: Tensor, mask: np.ndarray, box: np.ndarray) -> Figure:
    """From a map (H, W) to its strongest part (H, W) bool and the box around it."""
    with plots.style():
        fig, axes = plots.panels(1, 3, 2.0, image.height / image.width)
        plots.show_image(axes[0, 0], image, "the photo")
        bar = plots.show_cam(axes[0, 1], image, map, "its map")
        plots.show_cam(axes[0, 2], image, mask * map.numpy(), "largest part and its box")
        plots.show_boxes(axes[0, 2], box)
        plots.colour_bar(fig, bar, axes[:, :2])
    return captioned(
        fig, "real_fig06_box", paper="Figure 6, one box", network=network, n=1,
        chosen="the photo of the parameters",
        alt="A photo, its class activation map, and the largest part above the threshold with the "
        "box around it",
    )  # fmt: skip


def draw_rules(record, map: Tensor, network, images) -> Figure:
    """One map (H, W) and the boxes that three rules make of it; green: truth."""
    rules = {
        "paper: 20 % of the maximum": boxes.paper(map),
        "released: loose and tight": boxes.released(map, most=2),
        "WSOL: 20 % of the range": boxes.wsol_v1(map, 0.2),
    }
    truth = record.boxes_of(record.label)
    with plots.style():
        fig, axes = plots.panels(1, len(rules), 2.3)
        for ax, (title, some) in zip(axes[0], rules.items(), strict=True):
            bar = plots.show_cam(ax, record.image, map, title)
            plots.show_boxes(ax, truth, plots.TRUTH)
            plots.show_boxes(ax, some)
            overlaps = ", ".join(f"{v:.2f}" for v in boxes.iou(some, truth).max(1))
            _under(ax, f"IoU {overlaps}", 8)
        plots.colour_bar(fig, bar, axes)
    return captioned(
        fig, "fig06_rules", paper="Figure 6, the box rules", network=network, images=images, n=1,
        chosen="the first image",
        alt="One map with the boxes of the paper's rule, the released code's and the WSOL "
        "benchmark's, and the true box",
    )  # fmt: skip


def _under(ax, text: str, size: float, colour: str = "black") -> None:
    where = {"transform": ax.transAxes, "ha": "center", "va": "top"}
    ax.text(0.5, -0.035, text, fontsize=size, color=colour, **where)


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
    real = images.name == "photos"
    return captioned(
        fig, "real_fig05_networks" if real else "fig05_networks", paper="Figure 5", images=images,
        network=[network for network, _ in nets.values()], n=len(chosen),
        chosen=("free photos" if real else "by seed") + ", each network's best class",
        alt="The same images with the maps of several networks, each for its own best class",
    )  # fmt: skip


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
                _under(ax, f"IoU {found.iou:.2f}{mark}", 7, "black" if found.right else WRONG)
                ax.title.set_fontsize(7)
                ax.title.set_color("black" if found.label == record.label else WRONG)
            plots.name_row(row[0], title, 8)
    return captioned(
        fig, "fig06_boxes", paper="Figure 6", network=[network for network, _ in nets.values()],
        images=images, n=len(ids), chosen="seeded, wrong ones in their measured share",
        alt="Images with true and guessed boxes and their overlap, by class activation maps and by "
        "backprop",
    )  # fmt: skip


def draw_thresholds(
    curves: dict[str, tuple[np.ndarray, np.ndarray]], nulls: dict, network, images
) -> Figure:
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
    return captioned(
        fig, "fig06_threshold", paper="Figure 6, the threshold", network=network, images=images,
        n=len(images), chosen="all images",
        alt="Share of right boxes against the threshold for fine and coarse maps, with the "
        "paper's 20 % and the null baselines marked",
    )  # fmt: skip


def draw_table2(table: pd.DataFrame, made: dict, metric: str) -> Figure:
    """Table 2's column `metric`: the paper's errors and the measured ones with intervals.

    Args:
        table: the stored rows; the paper's protocol, backprop's rule and the null baselines are
            drawn, the last as vertical lines. made: their provenance.
    """
    own = table[table["metric"] == metric]
    rows = own[own["protocol"].isin(["PAPER", made["backprop's rule, chosen"]])]
    nulls = own[own["protocol"] == "baseline"].tail(3)
    with plots.style():
        fig, ax = plt.subplots(figsize=(8.6, 0.3 * len(rows) + 1.3), layout="constrained")
        plots.draw_dots(ax, rows["row"], rows, told=rows["paper"])
        for row, style in zip(nulls.itertuples(), (":", "-.", "--"), strict=False):
            name = row.row.split(", chosen")[0]
            ax.axvline(row.measured, color="0.5", ls=style, lw=1, label=name)
        ax.set_xlabel(metric)
        fig.legend(loc="outside right upper")
    return captioned(
        fig, "table2_localization", paper="Table 2", network=made["weights"],
        n=made["n"], chosen=_stored(made),
        alt="Localization errors of Table 2, the paper's and the measured ones, with intervals "
        "and null baselines",
    )  # fmt: skip


def _stored(made: dict) -> str:
    """What stored rows were measured on, from their provenance."""
    return f"stored rows of {made['images']} {made['split']}, all {made['n']} pictures"


def draw_choices(steps: pd.DataFrame, made: dict, metric: str) -> Figure:
    """What each change of the protocol does to an error, in points, against the paper's words."""
    rows = steps[(steps["metric"] == metric) & (steps["difference"] != 0)]
    change = rows[["difference", "difference_low", "difference_high"]]
    change = change.set_axis(["measured", "low", "high"], axis=1)
    with plots.style():
        fig, ax = plt.subplots(figsize=(8.6, 0.26 * len(rows) + 0.9), layout="constrained")
        plots.draw_dots(ax, rows["step"], change, zero=True)
        ax.set_xlabel(f"{metric.split(',')[0]}, change in points (left: better)")
    real = not made["images"].startswith("mini/")
    return captioned(
        fig, "real_table3_ablation" if real else "table3_ablation", paper="Table 3, the box rule",
        network=made["weights"], n=made["n"], chosen=_stored(made),
        alt="Change of the localization error for each change of view, threshold, merge and box "
        "rule, with intervals",
    )  # fmt: skip


def draw_cross(cross: pd.DataFrame, made: dict, metric: str) -> Figure:
    """Every saliency through every box maker: errors in percent, as a coloured table."""
    own = cross[(cross["metric"] == metric) & cross["boxes"].isin(BOXES)]
    grid = own.pivot(index="saliency", columns="boxes", values="measured")
    grid = grid.loc[list(SALIENCIES), list(BOXES)].rename(
        columns=lambda n: "\n".join(n.rsplit(" ", 1))
    )
    with plots.style():
        fig, ax = plt.subplots(figsize=(5.6, 2.6), layout="constrained")
        seaborn.heatmap(
            grid, annot=True, fmt=".1f", cmap="mako_r", vmin=30, vmax=100, ax=ax,
            cbar_kws={"label": "error, %"}, linewidths=1,
        )  # fmt: skip
        ax.set(xlabel="", ylabel="", title=metric)
    real = not made["images"].startswith("mini/")
    return captioned(
        fig, "real_table2_cross" if real else "table2_cross", paper="Table 2, Backprop",
        network=made["weights"], n=made["n"], chosen=_stored(made),
        alt="Errors of five saliencies, one of them without a network, by three ways to make boxes",
    )  # fmt: skip


def draw_poolings(pooled: dict[str, tuple[pd.DataFrame, dict]]) -> Figure:
    """GMP - GAP in localization error for each seed, and over seeds and pictures.

    Args:
        pooled: {title: stored rows and their provenance}.
    """
    with plots.style():
        fig, axes = plt.subplots(
            1, len(pooled), figsize=(8.6, 3.2), layout="constrained", squeeze=False
        )
        for ax, (title, (rows, _)) in zip(axes[0], pooled.items(), strict=True):
            rows = rows[(rows["row"] == "GoogLeNet-GMP - GoogLeNet-GAP")]
            rows = rows[rows["metric"] == METRICS["top1"]]
            over = pd.DataFrame([by_seed(rows).as_row(3) | {"seed": "over seeds"}])
            rows = pd.concat([rows, over]).replace({"mean": "over pictures"})
            plots.draw_dots(ax, rows["seed"], rows, zero=True)
            ax.axvline(PRINTED, color=plots.TOLD, ls="--", lw=1)
            ax.set(title=title, xlabel="GMP - GAP, points of top-1 localization error")
    return captioned(
        fig, "table2_poolings", paper="Table 2, GoogLeNet-GMP", chosen="stored rows, all pictures",
        network=dict(i for _, made in pooled.values() for i in made["weights"].items()),
        alt="Difference between GMP and GAP in localization error, seed by seed, with intervals "
        "over pictures and over seeds; dashed: the paper's",
    )  # fmt: skip
