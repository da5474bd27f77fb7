"""The data set mini/textures: twelve materials that fill the whole picture.

Nothing here is local: a transfer set on which a map should be broad. Each class is a rule for a
pattern; colours, scale, orientation, bend and light are random and tell nothing.
"""

from typing import ClassVar

import numpy as np
from PIL import Image
from scipy import ndimage

from ...data.record import Record
from .base import MiniSet, generator
from .palette import palette
from .scenery import noise

SIZE = 112  # pixels


class MiniTextures(MiniSet):
    """Map-style data set of `Record`s; 112 x 112 RGB; box and mask are the whole picture."""

    name = "mini/textures"
    CLASSES = (
        "bricks", "checks", "dots", "knit", "leaves", "marble", "net", "scales", "spots", "stripes",
        "waves", "wood",
    )  # fmt: skip
    SPLITS: ClassVar[dict] = {
        "train": 60 * len(CLASSES),
        "val": 30 * len(CLASSES),
        "test": 80 * len(CLASSES),
    }

    def record(self, i: int) -> Record:
        image = draw_texture(generator(self.name, self.split, i), self.classes[self.label(i)])
        return Record(
            id=self.ids[i],
            image=Image.fromarray(image),
            label=self.label(i),
            boxes=np.array([(0, 0, SIZE, SIZE)], dtype=np.float32),
            masks=np.ones((1, SIZE, SIZE), dtype=bool),
        )


def draw_texture(rng: np.random.Generator, name: str) -> np.ndarray:
    """(SIZE, SIZE, 3) uint8 of that material."""
    first, second = noise(rng, SIZE, 2.2)
    third, _ = noise(rng, SIZE, 2.0)
    grain, _ = noise(rng, SIZE, 1.2)
    u, v = _place(rng, first, second)
    tone = PATTERNS[name](u, v, third, rng)
    colors = palette(rng)
    one, other = (
        np.float32(colors.base),
        np.float32((colors.second, colors.light, colors.dark)[rng.integers(3)]),
    )
    if rng.random() < 0.5:
        one, other = other, one
    picture = one + (other - one) * np.clip(tone, 0, 1)[..., None]
    angle = rng.uniform(0, 2 * np.pi)
    y, x = np.mgrid[-1 : 1 : SIZE * 1j, -1 : 1 : SIZE * 1j]
    gain = 1 + rng.uniform(0, 0.22) * (np.cos(angle) * x + np.sin(angle) * y)
    gain = gain + rng.uniform(0.01, 0.05) * grain
    return np.clip(picture * gain[..., None], 0, 255).astype(np.uint8)


def _place(rng, first, second):
    """(u, v): pattern coordinates in periods; turned, scaled, and bent a little."""
    y, x = np.mgrid[:SIZE, :SIZE].astype(np.float32)
    angle, period = rng.uniform(0, np.pi), rng.uniform(11, 26)
    c, s = np.cos(angle), np.sin(angle)
    bend = rng.uniform(0, 1.6)
    x, y = x + bend * first, y + bend * second
    shift = rng.uniform(0, 10, 2)
    return (c * x + s * y) / period + shift[0], (c * y - s * x) / period + shift[1]


def _soft(distance: np.ndarray, edge: float = 0.05) -> np.ndarray:
    """1 where `distance` is negative, 0 where positive, with a soft edge."""
    return np.clip(0.5 - distance / (2 * edge), 0, 1)


def _saw(x: np.ndarray) -> np.ndarray:
    """Distance to the nearest whole number, 0..0.5."""
    return np.abs(x - np.round(x))


def _cells(u, v, jitter: float, rng):
    """Distances to the nearest and the second nearest of a jittered grid's points."""
    a, b = np.floor(u), np.floor(v)
    key = rng.uniform(0, 100, 4)
    found = []
    for i in (-1, 0, 1):
        for j in (-1, 0, 1):
            gx, gy = a + i, b + j
            px = (
                gx
                + 0.5
                + jitter * (np.sin(gx * 12.9898 + gy * 78.233 + key[0]) * 43758.5 % 1 - 0.5)
            )
            py = (
                gy + 0.5 + jitter * (np.sin(gx * 39.346 + gy * 11.135 + key[1]) * 24634.6 % 1 - 0.5)
            )
            found.append(np.hypot(u - px, v - py))
    found = np.sort(np.stack(found), axis=0)
    return found[0], found[1]


def stripes(u, v, field, rng):
    return _soft(_saw(u) - rng.uniform(0.14, 0.3))


def checks(u, v, field, rng):
    return 0.5 + 0.5 * np.clip(6 * np.sin(np.pi * u) * np.sin(np.pi * v), -1, 1)


def dots(u, v, field, rng):
    shift = 0.5 * (np.floor(v) % 2) if rng.random() < 0.6 else 0
    return _soft(np.hypot(_saw(u + shift + 0.5), _saw(v + 0.5)) - rng.uniform(0.2, 0.34))


def bricks(u, v, field, rng):
    u, v = 0.55 * u, 1.1 * v
    shift = 0.5 * (np.floor(v) % 2)
    joint = np.minimum(2 * (0.5 - np.abs((u + shift) % 1 - 0.5)), 0.5 - np.abs(v % 1 - 0.5))
    tint = np.sin(np.floor(u + shift) * 12.9898 + np.floor(v) * 78.233) * 43758.5 % 1
    return _soft(joint - 0.07, 0.03) + 0.3 * tint * (joint > 0.07)


def waves(u, v, field, rng):
    return _soft(
        _saw(u + rng.uniform(0.22, 0.34) * np.sin(np.pi * rng.uniform(0.8, 1.3) * v)) - 0.22
    )


def wood(u, v, field, rng):
    """Year rings: dark on one side, in bands of unequal width, sometimes around a knot."""
    across = np.hypot(0.22 * (u - u.mean()), v - v.mean()) if rng.random() < 0.4 else v
    rings = (1.5 * across + 0.9 * np.sin(0.9 * across) + 0.3 * field) % 1
    return rings**2 * np.clip((1 - rings) * 8, 0, 1)


def leaves(u, v, field, rng):
    """Pointed ovals with a midrib, in two directions by rows."""
    row = np.floor(v)
    lean = np.where(row % 2, 0.5, -0.5)
    x = (u + lean * (v - row) + 0.5 * (row % 2)) % 1 - 0.5
    y = v - row - 0.5
    blade = np.abs(x) - 0.42 * (1 - (2 * y) ** 2)
    return _soft(blade, 0.06) - 0.55 * _soft(np.abs(x) - 0.045, 0.03) * (np.abs(y) < 0.42)


def scales(u, v, field, rng):
    """Overlapping discs in shifted rows."""
    v = 1.5 * v
    tone = np.zeros_like(u)
    for k in (2, 1, 0):
        row = np.floor(v) + k
        x = (u + 0.5 * (row % 2)) % 1 - 0.5
        r = np.hypot(x, (v - row) / 1.9)
        tone = np.where(r < 0.56, np.clip((r - 0.1) / 0.46, 0, 1) ** 3, tone)
    return tone


def marble(u, v, field, rng):
    """Thin branching veins on a cloudy ground."""
    veins = np.abs(np.sin(np.pi * (0.14 * u + rng.uniform(0.8, 1.1) * field)))
    return np.clip(1 - 2.6 * veins, 0, 1) + 0.25 + 0.1 * field


def knit(u, v, field, rng):
    """Columns of V-shaped stitches."""
    u, v = 1.2 * u, 1.5 * v
    side = np.abs(u % 1 - 0.5)
    stitch = _saw(v - 1.1 * side)
    return _soft(stitch - 0.33, 0.1) * _soft(0.04 - side, 0.04) * _soft(side - 0.46, 0.04)


def net(u, v, field, rng):
    """Walls between irregular cells."""
    near, second = _cells(0.9 * u, 0.9 * v, rng.uniform(0.5, 0.9), rng)
    return _soft(second - near - rng.uniform(0.08, 0.14))


def spots(u, v, field, rng):
    """Irregular blots, as on a cow or a leopard."""
    blots = ndimage.gaussian_filter(rng.standard_normal((SIZE, SIZE)), rng.uniform(3, 5.5))
    return _soft(blots.mean() + rng.uniform(0.1, 0.6) * blots.std() - blots, 0.25 * blots.std())


PATTERNS = {p.__name__: p for p in (
    bricks, checks, dots, knit, leaves, marble, net, scales, spots, stripes, waves, wood,
)}  # fmt: skip
