"""Figures of notebook 02: what the surgery takes away and adds, and how the networks learned."""

import matplotlib.pyplot as plt
import pandas as pd
import torch
from matplotlib.figure import Figure

from . import plots
from .networks.caffe import build_caffe
from .networks.describe import describe
from .networks.surgery import PAPER_NETWORKS, gap_surgery

COLOURS = {"kept": "#2a6f97", "removed": "#c9c9c9", "added": "#e07a3f"}


def surgery_budget(names: tuple[str, ...] = ("alexnet-gap", "vgg-gap", "googlenet-gap")):
    """Parameters kept, removed and added by the paper's surgery, and the maps' resolution.

    Computed from the networks' definitions, without weights.

    Returns:
        DataFrame: network, original, kept, removed, added, saved (% of the original's
        parameters, negative where the cut network is larger), maps before, maps after,
        convolutions removed.
    """
    rows = []
    for name in names:
        with torch.device("meta"):
            original, cut = build_caffe(PAPER_NETWORKS[name][0]), gap_surgery(name)
        before, after = describe(original), describe(cut)
        new = after["name"].str.startswith("cam_")
        kept, added = (int(after["parameters"][part].sum()) for part in (~new, new))
        total = before.attrs["parameters"]
        convs = before.attrs["convolutions"] - (after.attrs["convolutions"] - 1)
        rows.append((
            name, before.attrs["network"], kept, total - kept, added,
            100 * (1 - (kept + added) / total), before.attrs["resolution"],
            after.attrs["resolution"], convs,
        ))  # fmt: skip
    head = ["network", "original", "kept", "removed", "added", "saved %"]
    head += ["maps before", "maps after", "convolutions removed"]
    return pd.DataFrame(rows, columns=head)


def draw_budget(budget: pd.DataFrame) -> Figure:
    """Each network before and after the surgery: parameters kept, removed, added (millions)."""
    with plots.style():
        fig, ax = plt.subplots(figsize=(7.2, 0.62 * 2 * len(budget) + 0.6), layout="constrained")
        labels, y = [], 0.0
        for row in budget.itertuples():
            parts = [("kept", row.kept), ("removed", row.removed)]
            _stack(ax, y, parts)
            labels.append((y, f"{row.original.removeprefix('caffe/')}, {row[7]} maps"))
            _stack(ax, y + 0.8, [("kept", row.kept), ("added", row.added)])
            labels.append((y + 0.8, f"{row.network}, {row[8]} maps"))
            y += 2.1
        ax.set_yticks([p for p, _ in labels], [t for _, t in labels])
        ax.invert_yaxis()
        ax.set_xlabel("parameters, millions")
        handles = [plt.Rectangle((0, 0), 1, 1, color=c) for c in COLOURS.values()]
        ax.legend(handles, COLOURS, loc="lower right")
    return fig


def _stack(ax, y: float, parts: list[tuple[str, int]]) -> None:
    left = 0.0
    for kind, count in parts:
        ax.barh(y, count / 1e6, left=left, height=0.7, color=COLOURS[kind])
        left += count / 1e6
    ax.text(left, y, f" {left:.1f}", va="center", fontsize=8)


def draw_curves(logs: dict[str, pd.DataFrame]) -> Figure:
    """Training error over epochs of every network (images as seen, augmented)."""
    with plots.style():
        columns = 5
        rows = -(-len(logs) // columns)
        fig, axes = plt.subplots(
            rows,
            columns,
            figsize=(9, 1.75 * rows),
            sharey=True,
            squeeze=False,
            layout="constrained",
        )
        for ax, (name, log) in zip(axes.flat, logs.items(), strict=False):
            ax.plot(log["epoch"], log["error"], marker=".", markersize=4)
            ax.set_title(f"{name}: {log['error'].iloc[-1]:.1f} %")
            ax.set_ylim(0, 100)
        for ax in axes.flat[len(logs) :]:
            ax.axis("off")
        axes[-1, 0].set_xlabel("epoch")
        axes[0, 0].set_ylabel("training error, %")
    return fig
