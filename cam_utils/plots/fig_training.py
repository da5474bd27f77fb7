"""Table 1 as a picture, and how the mini networks learned."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from .. import paper, plots
from ..metrics import rate
from ..tables.table1 import ROWS

PAPER, OURS = "#8a8a8a", "#2a6f97"


def draw_errors(ranks: dict[str, np.ndarray], label: str) -> Figure:
    """Top-1 and top-5 errors of all rows: the paper's, and the measured ones with intervals.

    Args:
        ranks: of `table1.measure`. label: the measured data, in words.
    """
    published = paper.table(1).set_index("network")
    with plots.style():
        fig, axes = plt.subplots(1, 2, figsize=(8, 3.2), sharey=True, layout="constrained")
        for ax, k in zip(axes, (1, 5), strict=True):
            for y, row in enumerate(ROWS):
                ax.plot(published.loc[row, f"top{k}"], y, "o", mfc="white", mec=PAPER)
                if row in ranks:
                    found = rate(ranks[row] > k)
                    ax.plot([found.low, found.high], [y, y], color=OURS, lw=2)
                    ax.plot(found.value, y, "o", color=OURS, ms=5)
            ax.set_xlim(left=0)
            ax.set_xlabel(f"top-{k} classification error, %")
            ax.grid(axis="x", alpha=0.3)
        axes[0].set_yticks(range(len(ROWS)), ROWS)
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
