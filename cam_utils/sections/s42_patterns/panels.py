"""Rows of pictures with maps on one scale, and with what is truly there outlined."""

from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from PIL import Image

from ... import plots

WRONG = "#d62728"


@dataclass(frozen=True)
class Panel:
    """One picture with a map.

    Attributes:
        map: (H, W) in the picture's frame; None: the picture alone.
        mask: (H, W) bool, outlined in green: what is truly there. boxes: (m, 4), green too.
        note: under the picture. wrong: the title is red.
    """

    image: Image.Image
    map: np.ndarray | None
    title: str = ""
    mask: np.ndarray | None = None
    boxes: np.ndarray | None = None
    note: str = ""
    wrong: bool = False


def draw_rows(
    rows: dict[str, list[Panel]], label: str, size: float = 1.45, shared: bool = False
) -> Figure:
    """Rows of panels; the maps of a row (with `shared`: of all rows) have one scale and its bar.

    Args:
        rows: {text at the left: panels}; all rows are equally long.
        label: of the colour bars, in the maps' unit.
    """
    count = max(len(row) for row in rows.values())
    with plots.style():
        fig, axes = plots.panels(len(rows), count, size, titled=0)
        fig.set_figwidth(fig.get_figwidth() + 1.0)  # the colour bar's
        fig.set_figheight(fig.get_figheight() + sum(_text_height(r) for r in rows.values()))
        everything = [p for row in rows.values() for p in row]
        bar = None
        for line, (text, row) in zip(axes, rows.items(), strict=True):
            low, high = scale(everything if shared else row)
            for ax, panel in zip(line, row, strict=False):
                bar = draw_panel(ax, panel, low, high) or bar
            line[0].text(
                -0.06, 0.5, text, transform=line[0].transAxes, rotation=90, ha="right",
                va="center", fontsize=7.5,
            )  # fmt: skip
            if bar is not None and not shared:
                plots.colour_bar(fig, bar, line, label)
        if bar is not None and shared:
            plots.colour_bar(fig, bar, axes, label)
    return fig


def _text_height(row: list[Panel]) -> float:
    """Inches that the titles and notes of a row take."""
    titles = max(p.title.count("\n") + 1 if p.title else 0 for p in row)
    return 0.15 * titles + 0.2 * any(p.note for p in row) + 0.08


def scale(panels: list[Panel]) -> tuple[float, float]:
    """The range of the maps of several panels, zero included; from the 0.5th to the 99.5th
    percentile, so that one hot corner does not leave all else pale."""
    maps = [p.map for p in panels if p.map is not None]
    if not maps:
        return 0.0, 1.0
    low, high = np.quantile(np.concatenate([m.ravel() for m in maps]), [0.005, 0.995])
    return min(0.0, float(low)), max(float(high), 1e-6)


def draw_panel(ax: Axes, panel: Panel, low: float, high: float):
    """Draw one panel; returns the mappable of its map, or None."""
    bar = None
    if panel.map is None:
        plots.show_image(ax, panel.image, panel.title)
    else:
        bar = plots.show_cam(ax, panel.image, panel.map, panel.title, low, high, opacity=0.8)
    if panel.mask is not None and panel.mask.any():
        height, width = panel.mask.shape
        x, y = np.arange(width) + 0.5, np.arange(height) + 0.5
        for colour, thick in (("black", 1.8), (plots.TRUTH, 1.1)):
            ax.contour(x, y, panel.mask.astype(float), [0.5], colors=[colour], linewidths=thick)
        ax.set_xlim(0, width)
        ax.set_ylim(height, 0)
    if panel.boxes is not None:
        plots.show_boxes(ax, panel.boxes, plots.TRUTH, linewidth=1.2)
    ax.title.set_fontsize(7)
    if panel.wrong:
        ax.title.set_color(WRONG)
    if panel.note:
        ax.text(0.5, -0.03, panel.note, transform=ax.transAxes, ha="center", va="top", fontsize=6.5)
    return bar
