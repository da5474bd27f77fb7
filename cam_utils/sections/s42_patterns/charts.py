"""Numbers of figures 9 to 12 as dots with their intervals, networks and controls side by side."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ... import plots
from ...book.figures import captioned
from ...metrics.intervals import Rate
from .concepts import Studied

COLOURS = ("#2a6f97", "#d1732c", "#7a7a7a", "#6a4c93")
RANKED = {  # of `Studied.rates`, and how the chart calls them
    "AP %, mined": "hard negatives mined",
    "AP %, random negatives": "random negatives alone",
    "AP %, shuffled captions": "captions of other pictures",
}


def draw_leads(
    figure: str, found: dict[str, dict[str, Rate]], networks: list, images, unit: str
) -> Figure:
    """How far a map leads each control, by each network; right of zero it does.

    Args:
        figure: "9" to "12". found: of `tables.leads`. networks: those measured here.
        unit: what the lead is a difference of.
    """
    with plots.style():
        fig, ax = _axes(1, found)
        _dots(ax[0], found, zero=True)
        ax[0].set_xlabel(f"the map's lead in {unit}, points")
        fig.legend(*ax[0].get_legend_handles_labels(), loc="outside right upper", fontsize=7.5)
    return captioned(
        fig, f"fig{int(figure):02d}_controls", paper=f"Figure {figure}, beside controls",
        network=networks if len(networks) > 1 else networks[0], images=images,
        chosen="all pictures, 95 % intervals; stored: rows that the study patterns measured",
        alt=f"The lead of the maps of figure {figure} over each control, by several networks, with "
        "intervals",
    )  # fmt: skip


def draw_ranking(studied: dict[str, Studied], network, images) -> Figure:
    """Average precision of each phrase, before and after mining, and with shuffled captions."""
    found = {
        title: {f"{k} ({int(s.shown.sum())} shown)": s.rates[key] for k, s in studied.items()}
        for key, title in RANKED.items()
    }
    with plots.style():
        fig, ax = _axes(1, found)
        _dots(ax[0], found)
        ax[0].set(xlabel=f"average precision of {len(images)} held-out pictures, %", xlim=(0, 100))
        fig.legend(loc="outside right upper", fontsize=7.5)
    return captioned(
        fig, "fig10_ranking", paper="Figure 10, the ranking", network=network, images=images,
        n=len(images), chosen="all held-out pictures",
        alt="Average precision of each phrase with mined negatives, with random negatives and with "
        "captions of other pictures",
    )  # fmt: skip


def draw_answered(table: pd.DataFrame, network, images) -> Figure:
    """Questions answered right, by kind and by what the answer could look at.

    Args:
        table: of `answers.accuracy_table`.
    """
    names = {"both": "picture and words", "question": "words alone", "image": "picture alone"}
    count = table.groupby("kind")["n"].first()
    found = {
        names.get(who, who): {f"{r.kind} ({count[r.kind]})": Rate(r.measured, r.low, r.high, r.n)
                              for r in own.itertuples()}
        for who, own in table.groupby("who", sort=False)
    }  # fmt: skip
    with plots.style():
        fig, ax = _axes(1, found)
        _dots(ax[0], found)
        ax[0].set(xlabel="answered right, %", xlim=(0, 100))
        fig.legend(loc="outside right upper", fontsize=7.5)
    return captioned(
        fig, "fig12_accuracies", paper="Figure 12, the answers", network=network, images=images,
        n=int(count["all"]), chosen="all questions about the held-out pictures",
        alt="Share of questions answered right for each kind of question, by picture and words, "
        "words alone, picture alone and the most frequent answer",
    )  # fmt: skip


def draw_street(found: dict[str, dict], made: dict) -> Figure:
    """How far the map of a detector on photos leads its controls in energy on words.

    Args:
        found: of `tables.street_leads`. made: provenance of the first two panels' rows.
    """
    with plots.style():
        fig, axes = _axes(len(found), next(iter(found.values())), 2.3)
        for ax, (title, own) in zip(axes, found.items(), strict=True):
            _dots(ax, own, zero=True)
            ax.set_title(title, fontsize=9)
        for ax in axes[1:]:
            ax.set_yticklabels([])
        axes[1].set_xlabel("the map's lead in energy on words, points")
        fig.legend(*axes[1].get_legend_handles_labels(), loc="outside right upper", fontsize=7.5)
    return captioned(
        fig, "real_fig11_text", paper="Figure 11, beside controls", network=made["weights"],
        n=made["n"], chosen="stored rows of real photos, 95 % intervals over them",
        alt="The lead of text detectors' maps in energy on words over a uniform map, a central "
        "Gaussian and a detector that never saw a word: whole photos, tiles, and photos with "
        "incidental words",
    )  # fmt: skip


def _axes(count: int, found: dict[str, dict], width: float = 3.5) -> tuple[Figure, list[Axes]]:
    """`count` axes side by side, as high as the rows of the first series need."""
    rows = len(next(iter(found.values())))
    high = rows * (0.1 + 0.1 * len(found)) + 0.8
    fig, axes = plt.subplots(
        1, count, figsize=(width * count + 2.2, high), layout="constrained", squeeze=False
    )
    return fig, list(axes[0])


def _dots(ax: Axes, found: dict[str, dict[str, Rate]], zero: bool = False) -> None:
    """A row for each name and a dot with its interval for each series, the first on top."""
    rows = list(next(iter(found.values())))
    steps = (np.arange(len(found)) - (len(found) - 1) / 2) * min(0.2, 0.8 / len(found))
    for (title, rates), step, colour in zip(found.items(), steps, COLOURS, strict=False):
        y = [rows.index(name) + step for name in rates]
        low, value, high = zip(*((r.low, r.value, r.high) for r in rates.values()), strict=True)
        ax.hlines(y, low, high, color=colour, lw=1.8)
        ax.plot(value, y, "o", color=colour, ms=4.5, label=title)
    if zero:
        ax.axvline(0, color="black", lw=0.8)
    ax.set_yticks(range(len(rows)), rows, fontsize=8)
    ax.tick_params(axis="x", labelsize=8)
    ax.set_ylim(len(rows) - 0.5, -0.5)
