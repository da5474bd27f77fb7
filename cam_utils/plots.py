"""Overlays with a readable scale, and figures that say where they come from."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from PIL import Image
from torch import Tensor

STYLE = Path(__file__).parent / "cam.mplstyle"

MAP_COLOURS = "turbo"

TRUTH, GUESS = "#2ecc40", "#ff3030"


@contextmanager
def style() -> Iterator[None]:
    """The figures' style, for one block."""
    with plt.style.context(STYLE):
        yield


def panels(
    rows: int,
    columns: int,
    size: float = 1.9,
    aspect: float = 1.0,
    titled: int | None = None,
) -> tuple[Figure, np.ndarray]:
    """A grid of picture panels without axes; `axes` is always (rows, columns).

    `size`: width of a panel in inches; `aspect`: height of the pictures by their width; `titled`:
    how many rows have titles, default all.
    """
    titles = 0.2 * (rows if titled is None else titled)
    shape = (size * columns, size * aspect * rows + titles + 0.15)
    fig, axes = plt.subplots(rows, columns, figsize=shape, squeeze=False, layout="constrained")
    for ax in axes.flat:
        ax.axis("off")
    return fig, axes


def show_image(ax: Axes, image: Image.Image, title: str = "") -> None:
    """A picture in its own pixel frame: pixel (0, 0) covers [0, 1) x [0, 1)."""
    ax.imshow(np.asarray(image), extent=(0, image.width, image.height, 0))
    ax.set_title(title)
    ax.axis("off")


def show_cam(
    ax: Axes,
    image: Image.Image,
    map: Tensor | np.ndarray,
    title: str = "",
    vmin: float | None = None,
    vmax: float | None = None,
    opacity: float = 0.6,
) -> ScalarMappable:
    """A map over its greyed picture.

    The picture is drawn grey and light, so that every hue belongs to the scale; the returned
    mappable makes the colour bar. `vmin`, `vmax`: in map units; default the map's own range with
    zero included, so that "no evidence" keeps one colour.

    Args:
        map: (H, W) in the picture's frame (`cam_utils.views.paste`).
    """
    array = map.detach().cpu().float().numpy() if isinstance(map, Tensor) else np.asarray(map)
    vmin = min(0.0, float(array.min())) if vmin is None else vmin
    vmax = max(float(array.max()), vmin + 1e-12) if vmax is None else vmax
    norm = Normalize(vmin, vmax, clip=True)
    extent = (0, image.width, image.height, 0)
    ax.imshow(np.asarray(image.convert("L")), cmap="gray", vmin=-60, vmax=255, extent=extent)
    drawn = ax.imshow(array, cmap=MAP_COLOURS, norm=norm, alpha=opacity, extent=extent)
    drawn.set_interpolation("bilinear")
    ax.set_title(title)
    ax.axis("off")
    return ScalarMappable(norm, MAP_COLOURS)


def show_map(ax: Axes, map: Tensor | np.ndarray, title: str = "", limit: float | None = None):
    """A signed map cell by cell, zero white; returns the image artist."""
    array = map.detach().cpu().float().numpy() if isinstance(map, Tensor) else np.asarray(map)
    limit = float(np.abs(array).max()) if limit is None else limit
    drawn = ax.imshow(array, cmap="RdBu_r", vmin=-limit, vmax=limit)
    ax.set_title(title)
    ax.axis("off")
    return drawn


def show_boxes(ax: Axes, boxes: np.ndarray, colour: str = GUESS, **kwargs) -> None:
    """Boxes (n, 4) xyxy half-open in the picture's frame; green is truth, red is a guess."""
    for x0, y0, x1, y1 in np.asarray(boxes, float).reshape(-1, 4):
        ax.add_patch(
            Rectangle(
                (x0, y0), x1 - x0, y1 - y0, fill=False, edgecolor=colour,
                linewidth=kwargs.get("linewidth", 1.6), linestyle=kwargs.get("linestyle", "-"),
            )
        )  # fmt: skip


def colour_bar(fig: Figure, mappable, axes, label: str = "") -> None:
    """One thin colour bar for a row of panels."""
    bar = fig.colorbar(mappable, ax=axes, shrink=0.85, aspect=22, pad=0.015)
    bar.outline.set_visible(False)
    bar.set_label(label)


def caption(fig: Figure, text: str) -> None:
    """The provenance line under a figure."""
    fig.supxlabel(text, fontsize=6.5, color="0.35", ha="left", x=0.005)
