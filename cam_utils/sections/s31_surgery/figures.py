"""The surgery of section 3.1, how the cut networks learn, and Table 1, as pictures."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import torch
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from torch import nn

from ... import plots
from ...book import published as paper
from ...book.figures import captioned
from ...cam import cams
from ...metrics.intervals import Rate, by_seed, rate
from ...networks import load_network
from ...networks.cut.describe import compare
from ...networks.gap import GapNetwork
from ...views import center_crop
from .definitions import CUT, shapes, stages
from .heads import HEADS
from .tables import CUT_FROM, NETWORKS, drop, published_drop

COLOURS = {"kept": "#2a6f97", "removed": "#c9c9c9", "added": "#e07a3f"}


def draw_surgery(names: tuple[str, ...] = CUT) -> Figure:
    """Every network before (above) and after the cut (below), stage by stage.

    A box's height is the side of its maps (logarithmic); the number in it, its parameters in
    millions from 0.1 on; the global pooling (GAP) leaves one value for each map.
    """
    pairs = {name: shapes(name) for name in names}
    tables = {name: [stages(n) for n in pair] for name, pair in pairs.items()}
    most = max(len(t) for pair in tables.values() for t in pair)
    with plots.style():
        fig, axes = plt.subplots(
            len(names), 1, figsize=(9, 2.6 * len(names)), squeeze=False, layout="constrained"
        )
        for ax, name in zip(axes[:, 0], names, strict=True):
            before, after = tables[name]
            # the global pooling of an original is not kept: it pools other maps
            shared = set(before["stage"]) & set(after["stage"]) - {"GAP", "GMP"}
            for table, other, y in ((before, "removed", 13.0), (after, "added", 0.0)):
                _strip(ax, table, np.where(table["stage"].isin(shared), "kept", other), y)
            row = compare(*pairs[name]).iloc[0]
            for y, when in ((13.0, "before"), (0.0, "after")):
                text = (
                    f"{row['original'] if when == 'before' else name}\n"
                    f"{row[f'parameters_{when}'] / 1e6:.1f} M parameters\n"
                    f"{row[f'resolution_{when}']} maps"
                )
                ax.text(-0.6, y + 3.6, text, ha="right", va="center", fontsize=8)
            ax.set_xlim(-4.6, most + 0.2)
            ax.set_ylim(-2.8, 22)
            ax.axis("off")
        handles = [Rectangle((0, 0), 1, 1, color=c) for c in COLOURS.values()]
        axes[0, 0].legend(handles, COLOURS, loc="upper right", ncols=3)
    return captioned(
        fig, "table1_surgery", paper="Table 1, the networks",
        chosen="networks as the paper describes them, computed without weights",
        alt="AlexNet, VGG-16 and GoogLeNet before and after the surgery, layer by layer: kept, "
        "removed and added",
    )  # fmt: skip


def _strip(ax, table: pd.DataFrame, fates: np.ndarray, bottom: float) -> None:
    for x, (row, fate) in enumerate(zip(table.itertuples(), fates, strict=True)):
        height, colour = np.log2(row.side) + 0.5, COLOURS[fate]
        face = "white" if row.kind == "pool" else colour
        box = Rectangle((x + 0.05, bottom), 0.9, height, facecolor=face, edgecolor=colour, lw=1.2)
        ax.add_patch(box)
        if row.parameters >= 1e5:
            text = f"{row.parameters / 1e6:.1f}"
            ax.text(x + 0.5, bottom + height + 0.25, text, ha="center", fontsize=6.5)
        name = row.stage.replace("inception_", "inc ").replace("cam_", "").split("/")[0]
        ax.text(x + 0.55, bottom - 0.25, name, rotation=90, ha="center", va="top", fontsize=5.5)


def draw_lost(plain: nn.Module, record, images) -> Figure:
    """A picture on its way through AlexNet: where its places are lost.

    Args:
        plain: the mini AlexNet, in eval mode on the CPU.
    """
    view = center_crop(record.image, plain.input_spec)
    with torch.no_grad():
        maps = plain.trunk(view.tensor[None])  # (1, 64, 13, 13)
        pooled = plain.pool5(maps)  # (1, 64, 6, 6)
        units = plain.fc6(pooled.flatten(1)).relu()[0].numpy()  # (256,)
    with plots.style():
        fig, axes = plots.panels(1, 4, 1.9)
        plots.show_image(axes[0, 0], record.image, "the picture")
        for ax, values, name in zip(axes[0, 1:], (maps, pooled), ("conv5", "pool5"), strict=False):
            of_places = values[0].mean(0)  # (h, w)
            side = "x".join(str(n) for n in of_places.shape)
            plots.show_map(ax, of_places, f"after {name}: {side} places")
        axes[0, 3].axis("on")
        axes[0, 3].bar(range(len(units)), units, width=1, color=plots.MEASURED)
        axes[0, 3].set(title=f"after fc6: {len(units)} numbers", xlabel="unit", yticks=[])
    return captioned(
        fig, "table1_lost_places", paper="Table 1, lost places", network=plain, images=images, n=1,
        chosen="the first picture; mean over the channels",
        alt="A picture, its responses after conv5 and pool5 as small maps, and after the first "
        "fully connected layer as a row of numbers without places",
    )  # fmt: skip


def draw_class_maps(
    networks: dict[str, GapNetwork], images, chosen: list[int], name: str, rule: str
) -> Figure:
    """The true class's map of the same pictures, place by place as each network has it.

    Args:
        networks: {title: network}, one column each. chosen: positions in the data set, one row
            each. name: of the figure. rule: what chose the pictures.
    """
    with plots.style():
        fig, axes = plots.panels(len(chosen), len(networks) + 1, 1.7)
        for row, place in zip(axes, chosen, strict=True):
            record = images[place]
            plots.show_image(row[0], record.image, images.classes[record.label])
            plots.show_boxes(row[0], record.boxes_of(record.label), plots.TRUTH)
            for ax, (title, network) in zip(row[1:], networks.items(), strict=True):
                x = center_crop(record.image, network.input_spec).tensor[None]
                found = cams(network.cpu(), x, torch.tensor([record.label]))
                share = found.logits.softmax(1)[0, record.label]
                plots.show_cam(ax, record.image, found.maps[0, 0], f"{title}\np = {share:.2f}")
                ax.images[-1].set_interpolation("nearest")
    return captioned(
        fig, name, paper="Table 1, mapping resolution", network=list(networks.values()),
        images=images, n=len(chosen),
        chosen=f"{rule}; orange for the class, blue against it, each map on its own scale",
        alt="The same pictures with the true class's map by several networks: "
        + "; ".join(networks),
    )  # fmt: skip


def draw_curves(records: dict[str, dict], live: tuple[str, pd.DataFrame] | None = None) -> Figure:
    """Training error by pictures shown: originals from a random start, cut ones from an original.

    Args:
        records: {network: training record} of `mini_results.logs`.
        live: name and log (of `fit`) of a training to draw beside them.
    """
    kinds = {
        "from a random start": [n for n, r in records.items() if r["cut from"] is None],
        "cut and fine-tuned": [n for n, r in records.items() if r["cut from"] is not None],
    }
    with plots.style():
        fig, axes = plt.subplots(
            1, 2, figsize=(8.4, 3), sharex=True, sharey=True, layout="constrained"
        )
        for ax, (title, names) in zip(axes, kinds.items(), strict=True):
            for name in names:
                _curve(ax, pd.DataFrame(records[name]["log"]), marker=".", label=name)
            ax.set(title=title, xlabel="thousands of pictures shown", xscale="log")
            ax.set_xticks(ticks := (1, 3, 10, 30, 100), ticks)
            ax.minorticks_off()
            ax.grid(alpha=0.3)
        if live is not None:
            name, log = live
            _curve(axes[1], log, marker="o", color="black", ls="--", label=f"{name}, just now")
        for ax in axes:
            ax.legend()
        axes[0].set(ylim=(0, 100), ylabel="error on augmented training pictures, %")
    return captioned(
        fig, "table1_curves", paper="Table 1, training", chosen="all shipped networks",
        network=[load_network(f"mini/{name}") for name in records],
        alt="Training error against the number of pictures shown: originals from a random start, "
        "cut networks from their originals",
    )  # fmt: skip


def _curve(ax, log: pd.DataFrame, **how) -> None:
    ax.plot(log["images"].cumsum() / 1000, log["error"], **how)


def draw_errors(ranks: dict[str, np.ndarray], networks: dict, images) -> Figure:
    """Top-1 and top-5 errors of all rows: the paper's, and the measured ones with intervals.

    Args:
        ranks: of `tables.ranks_of`, of these networks on these images.
    """
    printed = paper.table(1).set_index("network")
    columns = {
        f"top-{k} classification error, %": (
            {row: rate(ranks[row] > k) if row in ranks else None for row in NETWORKS},
            [printed.loc[row, f"top{k}"] for row in NETWORKS],
        )
        for k in (1, 5)
    }
    fig = _dot_plots(columns, f"measured, {images.name} {images.split}")
    return captioned(
        fig, "table1_errors", paper="Table 1", network=list(networks.values()), images=images,
        n=len(images), chosen="all that were measured",
        alt="Top-1 and top-5 classification errors of the nine networks of Table 1, the paper's "
        "and the measured ones with intervals",
    )  # fmt: skip


def draw_drops(ranks: dict[str, np.ndarray], networks: dict, images) -> Figure:
    """What the surgery costs, cut minus original in points, with intervals over the same images.

    Last, where it is known: minus the original trained on for as long.
    """
    columns = {
        f"top-{k} error, points": (
            {row: drop(ranks, row, k) for row in CUT_FROM},
            [published_drop(row, k) for row in CUT_FROM],
        )
        for k in (1, 5)
    }
    if images.name == "mini/objects":
        longer = {row: drop(ranks, row, 1, longer=True) for row in CUT_FROM}
        columns["top-1 error, points;\noriginal trained on for as long"] = longer, None
    fig = _dot_plots(columns, f"measured, {images.name} {images.split}", zero=True)
    return captioned(
        fig, "table1_drops", paper="Table 1, the differences", network=list(networks.values()),
        images=images, n=len(images), chosen="all that were measured",
        alt="Difference in classification error between cut networks and their originals, the "
        "paper's and the measured ones with intervals",
    )  # fmt: skip


def _dot_plots(columns: dict, label: str, zero: bool = False) -> Figure:
    """Dot plots beside each other: {title: ({row: Rate or None}, the paper's numbers or None)}."""
    nothing = Rate(np.nan, np.nan, np.nan, 0)
    with plots.style():
        fig, axes = plt.subplots(
            1, len(columns), figsize=(8.6, 3), sharey=True, layout="constrained"
        )
        for ax, (title, (found, told)) in zip(axes, columns.items(), strict=True):
            rows = pd.DataFrame([(r or nothing).as_row(4) for r in found.values()])
            plots.draw_dots(ax, list(found), rows, label, zero, told)
            ax.set_xlabel(title)
            ax.grid(axis="x", alpha=0.3)
            if not zero:
                ax.set_xlim(left=0)
        fig.legend(*axes[0].get_legend_handles_labels(), loc="outside upper center", ncols=2)
    return fig


def draw_seeds(differences: dict[str, tuple[pd.DataFrame, float]]) -> Figure:
    """One difference for each seed, over pictures and over seeds; dashed: the paper's.

    Args:
        differences: {title: (rows of one difference as of `studies.head_rows`, the paper's)}.
    """
    most = max(len(rows) for rows, _ in differences.values())
    with plots.style():
        fig, axes = plt.subplots(
            1, len(differences), figsize=(8.6, 0.22 * most + 1.6), layout="constrained"
        )
        for ax, (title, (rows, told)) in zip(axes, differences.items(), strict=True):
            over = pd.DataFrame([by_seed(rows).as_row(4)])
            names = [f"seed {s}" if str(s).isdigit() else s for s in rows["seed"]]
            names = [name.replace("mean", "over pictures") for name in names]
            rows = pd.concat([rows, over])
            plots.draw_dots(ax, [*names, "over seeds"], rows, zero=True)
            ax.axvline(told, color=plots.TOLD, ls="--", lw=1)
            ax.set(title=title, xlabel="points of top-1 error")
    return captioned(
        fig, "table1_seeds", paper="Table 1, GoogLeNet-GAP and GoogLeNet-GMP",
        network=[load_network(f"mini/{name}") for name in HEADS.values()],
        chosen="stored rows, all pictures; seed 0 of the drawn world's networks",
        alt="Differences in top-1 error seed by seed, with intervals over pictures and over seeds: "
        + "; ".join(differences),
    )  # fmt: skip
