"""What the surgery of section 3.1 takes away and adds, counted and drawn without any weights."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import torch
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from torch import nn

from ... import plots
from ...book import published as paper
from ...metrics.intervals import rate
from ...networks.cut.describe import compare, describe
from ...networks.gap import GapNetwork
from ...networks.surgery import CUT_NETWORKS, gap_surgery
from ...networks.zoo.caffe import build_caffe
from .tables import NETWORKS

CUT = ("alexnet-gap", "vgg-gap", "googlenet-gap")

AS_PAPER = "as the paper says"

VARIANTS = {  # of the added layers
    AS_PAPER: {},
    "2 groups, as released": {"groups": 2},
    "without the convolution": {"units": None},
}

COLOURS = {"kept": "#2a6f97", "removed": "#c9c9c9", "added": "#e07a3f"}


def shapes(name: str, **options) -> tuple[nn.Module, nn.Module]:
    """One of the paper's networks before and after the cut, as shapes on the meta device."""
    with torch.device("meta"):
        return build_caffe(CUT_NETWORKS[name][0]), gap_surgery(name, **options)


def parameter_table(names: tuple[str, ...] = CUT) -> pd.DataFrame:
    """What the surgery does to each network, and how much hangs on the added layers' details.

    Returns:
        One row for each network and variant: network, added layers, the columns of
        `networks.describe.compare`, and removed (convolutions that went; the added one not
        counted).
    """
    rows = []
    for name in names:
        for variant, options in VARIANTS.items():
            row = compare(*shapes(name, **options)).assign(network=name, added=variant)
            own = 0 if options.get("units", 1) is None else 1
            left = row["convolutions_after"] - own
            rows.append(row.assign(removed=row["convolutions_before"] - left))
    table = pd.concat(rows, ignore_index=True)
    first = ["network", "added"]
    return table[first + [c for c in table if c not in (*first, "cut")]]


def stages(network: nn.Module) -> pd.DataFrame:
    """`describe`, one row for each convolution, pooling, linear layer or inception module.

    The global pooling, which is no layer of its own everywhere, is put before the last layer.

    Returns:
        Columns: stage (name), kind ("conv", "pool", "linear"), side (of the maps, pixels; 1 for
        vectors), parameters.
    """
    table = describe(network)
    table["stage"] = table["name"].str.replace(r"^(trunk|head)\.", "", regex=True)
    inside = table["stage"].str.extract(r"^(inception_\d\w)")[0]
    table["stage"] = inside.fillna(table["stage"])
    words = table["kind"].str.split().str[0]
    table["kind"] = words.map({"max": "pool", "average": "pool"}).fillna(words)
    table.loc[inside.notna(), "kind"] = "conv"
    table = table[table["kind"].isin(["conv", "pool", "linear"])]
    side = table["resolution"].str.split("x").str[0].replace("", "1").astype(int)
    grouped = table.assign(side=side).groupby("stage", sort=False)
    found = grouped.agg({"kind": "first", "side": "last", "parameters": "sum"}).reset_index()
    if not isinstance(network, GapNetwork):
        return found
    name = "GMP" if network.pool == "max" else "GAP"
    pooling = pd.DataFrame([{"stage": name, "kind": "pool", "side": 1, "parameters": 0}])
    return pd.concat([found[:-1], pooling, found[-1:]], ignore_index=True)


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
    return fig


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


PAPER, OURS = "#8a8a8a", "#2a6f97"


def draw_errors(ranks: dict[str, np.ndarray], label: str) -> Figure:
    """Top-1 and top-5 errors of all rows: the paper's, and the measured ones with intervals.

    Args:
        ranks: of `tables.ranks_of`. label: the measured data, in words.
    """
    published = paper.table(1).set_index("network")
    with plots.style():
        fig, axes = plt.subplots(1, 2, figsize=(8, 3.2), sharey=True, layout="constrained")
        for ax, k in zip(axes, (1, 5), strict=True):
            for y, row in enumerate(NETWORKS):
                ax.plot(published.loc[row, f"top{k}"], y, "o", mfc="white", mec=PAPER)
                if row in ranks:
                    found = rate(ranks[row] > k)
                    ax.plot([found.low, found.high], [y, y], color=OURS, lw=2)
                    ax.plot(found.value, y, "o", color=OURS, ms=5)
            ax.set_xlim(left=0)
            ax.set_xlabel(f"top-{k} classification error, %")
            ax.grid(axis="x", alpha=0.3)
        axes[0].set_yticks(range(len(NETWORKS)), NETWORKS)
        axes[0].invert_yaxis()
        axes[1].plot([], [], "o", mfc="white", mec=PAPER, label="paper, ILSVRC")
        axes[1].plot([], [], "o-", color=OURS, label=label)
        fig.legend(loc="outside upper center", ncols=2)
    return fig


def draw_curves(records: dict[str, dict]) -> Figure:
    """Training error by epoch: originals from their random start, cut networks from an original.

    Args:
        records: {network: training record} of `mini_results.logs`.
    """
    kinds = {
        "from a random start": [n for n, r in records.items() if r["cut from"] is None],
        "cut and fine-tuned": [n for n, r in records.items() if r["cut from"] is not None],
    }
    with plots.style():
        fig, axes = plt.subplots(1, 2, figsize=(8, 3), sharey=True, layout="constrained")
        for ax, (title, names) in zip(axes, kinds.items(), strict=True):
            for name in names:
                log = pd.DataFrame(records[name]["log"])
                minutes = records[name]["minutes"]
                ax.plot(log["epoch"], log["error"], marker=".", label=f"{name}, {minutes:.1f} min")
            ax.set_title(title)
            ax.set_xlabel("epoch")
            ax.grid(alpha=0.3)
            ax.legend()
        axes[0].set_ylim(0, 100)
        axes[0].set_ylabel("error on augmented training pictures, %")
    return fig
