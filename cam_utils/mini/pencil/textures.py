"""Stripes, dots, checks and gradients inside a polygon."""

from functools import cache

import numpy as np
from PIL import Image, ImageDraw

from .palette import darker, lighter

TEXTURES = ("plain", "gradient", "stripes", "dots", "checks")

_TEXTURE_SHARE = np.cumsum((0.34, 0.28, 0.16, 0.12, 0.10))

_TILE = 320

_PERIODS = (8, 12, 16, 24, 32, 48)


def choose(u) -> tuple[str, tuple]:
    """(name, (second colour's share, angle 0..1, offset in pixels)) from four uniform numbers."""
    name = TEXTURES[int(np.searchsorted(_TEXTURE_SHARE[:-1], u[0], side="right"))]
    return name, (0.22 + 0.3 * u[1], u[2], int(64 * u[3]))


@cache
def _pattern(texture: str, period: int, turn: int) -> Image.Image:
    """An L tile, 255 where the second colour goes; `turn` in steps of 30 degrees."""
    y, x = np.mgrid[:_TILE, :_TILE].astype(np.float32)
    c, s = np.cos(np.pi * turn / 6), np.sin(np.pi * turn / 6)
    u, v = (c * x + s * y) / period, (c * y - s * x) / period
    if texture == "stripes":
        on = u % 1 < 0.45
    elif texture == "dots":
        shift = np.floor(v) % 2 / 2  # every second row half a step aside
        on = ((u + shift) % 1 - 0.5) ** 2 + (v % 1 - 0.5) ** 2 < 0.09
    else:
        on = (np.floor(u * 1.3) + np.floor(v * 1.3)) % 2 == 0
    return Image.fromarray(np.where(on, 255, 0).astype(np.uint8))


@cache
def _ramp(turn: int) -> Image.Image:
    y, x = np.mgrid[:128, :128] / 63.5 - 1
    c, s = np.cos(np.pi * turn / 6), np.sin(np.pi * turn / 6)
    return Image.fromarray(np.uint8(np.clip(127.5 * (1 + (c * x + s * y) / 1.2), 0, 255)))


def fill_textured(canvas, flat, fill, size, texture, look) -> None:
    """Paint a polygon with a texture into an RGB canvas.

    Args:
        canvas: PIL image, RGB.
        flat: the polygon as [x0, y0, x1, y1, ...] in the canvas's pixels.
        fill: first colour; the second is a tone of it.
        size: the object's size in the canvas's pixels, which sets the pattern's period.
        texture, look: what `choose` returned.
    """
    xs, ys = flat[::2], flat[1::2]
    x0, y0 = max(int(min(xs)), 0), max(int(min(ys)), 0)
    x1, y1 = min(int(max(xs)) + 2, canvas.width), min(int(max(ys)) + 2, canvas.height)
    if x1 <= x0 or y1 <= y0:
        return
    inside = Image.new("L", (x1 - x0, y1 - y0))
    shifted = [v - (x0 if i % 2 == 0 else y0) for i, v in enumerate(flat)]
    ImageDraw.Draw(inside).polygon(shifted, fill=255)
    share, angle, offset = look
    turn = int(12 * angle)
    canvas.paste(fill, (x0, y0), inside)
    if texture == "gradient":
        over = _ramp(turn).resize(inside.size, Image.Resampling.NEAREST)
        second = darker(fill, 0.25 + share / 2)
    else:
        wanted = size * (0.08 + 0.1 * (angle * 7 % 1))
        period = min(_PERIODS, key=lambda p: abs(p - wanted))
        tile = _pattern(texture, period, turn % 6)
        if max(inside.size) > _TILE:  # a sprite larger than any picture of the data set
            tile = tile.resize((max(inside.size),) * 2)
        left, top = (offset % max(tile.width - side, 1) for side in inside.size)
        over = tile.crop((left, top, left + inside.width, top + inside.height))
        second = lighter(fill, share + 0.15) if angle * 13 % 1 < 0.5 else darker(fill, share)
    both = Image.new("L", inside.size)
    both.paste(over, (0, 0), inside)
    canvas.paste(second, (x0, y0), both)
