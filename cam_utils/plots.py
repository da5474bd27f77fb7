"""Overlays with a readable scale, and figures that say where they come from.

One rule for every map over a picture: no evidence is transparent, sign is hue, strength is opacity,
so that the picture stays recognisable and zero never moves.
"""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from textwrap import fill

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Colormap, LinearSegmentedColormap, ListedColormap, Normalize
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from PIL import Image, ImageEnhance
from torch import Tensor

STYLE = Path(__file__).parent / "cam.mplstyle"

# Of every map here: zero in the middle, sign by hue (blue and orange, which colour-blind eyes tell
# apart), strength by darkness and, over a picture, by opacity.
SIGNED = LinearSegmentedColormap.from_list(
    "signed", ["#08306b", "#2171b5", "#9ecae1", "#ffffff", "#fdae6b", "#e6550d", "#7f1d00"]
)

TRUTH, GUESS = "#1fa64a", "#e0183c"  # truth is dashed too

MEASURED, TOLD = "#2a6f97", "#8a8a8a"  # in dot plots; what the paper prints


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
    opacity: float = 0.85,
    colours: str | Colormap = SIGNED,
) -> ScalarMappable:
    """A map over its picture: no evidence is transparent, sign is hue, strength is opacity.

    The returned mappable makes the colour bar, which shows the colours as over white.

    Args:
        map: (H, W) in the picture's frame (`cam_utils.views.paste`).
        vmin, vmax: the ends of the scale, in map units; default: the map's own. Zero is always
            without colour.
        opacity: of the strongest evidence.
        colours: diverging, zero in its middle. Another, such as "turbo", covers the picture whole,
            as the paper's figures do.
    """
    array = as_array(map)
    vmin = min(0.0, float(array.min())) if vmin is None else vmin
    vmax = max(float(array.max()), vmin + 1e-12) if vmax is None else vmax
    extent = (0, image.width, image.height, 0)
    classic = isinstance(colours, str)
    # a picture with less colour leaves the hues to the scale
    ax.imshow(faded(image, 0.0 if classic else 0.25), extent=extent)
    if classic:
        scale = ScalarMappable(Normalize(vmin, vmax, clip=True), colours)
        layer = scale.to_rgba(array, alpha=0.6)
    else:
        scale = ScalarMappable(Normalize(vmin, vmax, clip=True), _between(colours, vmin, vmax))
        layer = tint(array, max(-vmin, vmax), opacity, colours)
    drawn = ax.imshow(layer, extent=extent)
    drawn.set_interpolation("bilinear")
    ax.set_title(title)
    ax.axis("off")
    return scale


def tint(array: np.ndarray, limit: float, opacity: float = 0.85, colours=SIGNED) -> np.ndarray:
    """(H, W, 4) float32 colours of a signed map; alpha grows with |value| up to `limit`."""
    strength = np.clip(array / max(limit, 1e-12), -1, 1)
    layer = colours(0.5 + 0.5 * strength).astype(np.float32)
    layer[..., 3] = opacity * np.abs(strength) ** 0.8  # so that weak evidence is seen
    return layer


def faded(image: Image.Image, colour: float) -> np.ndarray:
    """(H, W, 3) uint8: the picture with a part (0 to 1) of its colour, and a little lighter."""
    grey = ImageEnhance.Color(image.convert("RGB")).enhance(colour)
    return (255 - 0.82 * (255 - np.asarray(grey, np.float32))).round().astype(np.uint8)


def as_array(map: Tensor | np.ndarray) -> np.ndarray:
    """A map as a NumPy array of floats."""
    return map.detach().cpu().float().numpy() if isinstance(map, Tensor) else np.asarray(map, float)


def _between(colours: Colormap, vmin: float, vmax: float) -> Colormap:
    """The part of a diverging colour map that a scale from vmin to vmax uses."""
    limit = max(-vmin, vmax, 1e-12)
    return ListedColormap(colours(0.5 + 0.5 * np.linspace(vmin, vmax, 256) / limit))


def show_map(ax: Axes, map: Tensor | np.ndarray, title: str = "", limit: float | None = None):
    """A signed map cell by cell, zero white; returns the image artist."""
    array = as_array(map)
    limit = float(np.abs(array).max()) if limit is None else limit
    drawn = ax.imshow(array, cmap=SIGNED, vmin=-limit, vmax=limit)
    ax.set_title(title)
    ax.axis("off")
    return drawn


def map_strip(maps: Tensor, titles: list[str]) -> bytes:
    """Maps (n, h, w) side by side on one scale, as a small PNG."""
    buffer = io.BytesIO()
    limit = float(maps.abs().max())
    with style():
        fig, axes = panels(1, len(maps), size=1.3)
        for ax, map, title in zip(axes[0], maps, titles, strict=True):
            show_map(ax, map, title, limit)
        fig.savefig(buffer, format="png", dpi=80)
    plt.close(fig)
    return buffer.getvalue()


def show_boxes(ax: Axes, boxes: np.ndarray, colour: str = GUESS, **kwargs) -> None:
    """Boxes (n, 4) xyxy half-open in the picture's frame: red is a guess, green and dashed truth.

    A white edge keeps them apart from whatever is below.
    """
    width = kwargs.get("linewidth", 1.6)
    dashes = kwargs.get("linestyle", (0, (4, 2)) if colour == TRUTH else "-")
    for x0, y0, x1, y1 in np.asarray(boxes, float).reshape(-1, 4):
        for edge, line, style in (("white", width + 1.4, "-"), (colour, width, dashes)):
            ax.add_patch(
                Rectangle(
                    (x0, y0), x1 - x0, y1 - y0, fill=False, edgecolor=edge, linewidth=line,
                    linestyle=style,
                )
            )  # fmt: skip


def colour_bar(fig: Figure, mappable, axes, label: str = "") -> None:
    """One thin colour bar for a row of panels."""
    bar = fig.colorbar(mappable, ax=axes, shrink=0.85, aspect=22, pad=0.015)
    bar.outline.set_visible(False)
    bar.set_label(label)


def draw_dots(
    ax: Axes, names, rows: pd.DataFrame, label: str = "measured", zero: bool = False, told=None,
    colours=MEASURED,
) -> None:  # fmt: skip
    """One dot with its interval for each row (columns measured, low, high), the first on top.

    Args:
        zero: draw a line there. told: the paper's numbers of these rows, as open circles.
        colours: one, or one for each row.
    """
    y = range(len(rows))
    ax.hlines(y, rows["low"], rows["high"], color=colours, lw=2)
    if isinstance(colours, str):
        ax.plot(rows["measured"], y, "o", color=colours, ms=5, label=label)
    else:
        ax.scatter(rows["measured"], y, s=25, color=colours, label=label, zorder=3)
    if told is not None:
        ax.plot(told, y, "o", mfc="white", mec=TOLD, label="paper, ILSVRC")
    if zero:
        ax.axvline(0, color="black", lw=0.8)
    ax.set_yticks(y, names)
    ax.set_ylim(len(rows) - 0.4, -0.6)


def name_row(ax: Axes, text: str, size: float | None = None, away: float = 0.05) -> None:
    """Write what a row of panels shows, upright, to the left of its first panel."""
    ax.text(
        -away, 0.5, text, transform=ax.transAxes, rotation=90, ha="right", va="center",
        fontsize=size,
    )  # fmt: skip


def caption(fig: Figure, text: str) -> None:
    """The provenance line under a figure, in several lines where the figure is narrow."""
    text = fill(text, int(21 * fig.get_figwidth()))  # letters of this size to an inch
    fig.supxlabel(text, fontsize=6.5, color="0.35", ha="left", x=0.005)
