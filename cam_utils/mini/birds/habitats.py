"""Where birds are: foliage, sky, water, meadow and snow, out of focus as behind a long lens.

Nothing here knows the species. The distractors (blossoms, berries, bright leaves) have the colours
of the birds' marks.
"""

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from ..pencil.assembly import leaf
from ..pencil.drawing import Sketch, compose, render
from ..pencil.geometry import ellipse, ribbon
from ..pencil.palette import oklch
from ..pencil.scenery import noise

PLACES = ("foliage", "sky", "water", "meadow", "snow", "reeds")

_SHARE = (0.32, 0.2, 0.14, 0.16, 0.06, 0.12)

_SMALL = 112  # the background is blurred, so half the size is enough


def _horizon(u) -> float:
    """Where ground begins, as a fraction of the height."""
    return 0.2 + 0.42 * u[9]


_GROUND = {"meadow": _horizon, "snow": _horizon, "water": lambda u: 0.3}


def _gradient(top, bottom, axis, share=0.0) -> np.ndarray:
    """(n, n, 3) from one colour above to another below, `share` (n, n) added to the place."""
    at = np.clip((axis[:, None] + 1) / 2 + share, 0, 1)[..., None]
    return np.float32(top) + (np.float32(bottom) - np.float32(top)) * at


def background(rng: np.random.Generator, size: int):
    """A place without a bird.

    The ground is a meadow, snow or water.

    Returns:
        picture (size, size, 3) float32, 0..255; its name, one of PLACES; the y from which on the
        picture shows ground, `size` if it shows none.
    """
    name = PLACES[int(rng.choice(len(PLACES), p=_SHARE))]
    cloud, grain = noise(rng, _SMALL, 1.7)
    axis = np.linspace(-1, 1, _SMALL, dtype=np.float32)
    u = rng.uniform(size=12)
    painters = _foliage, _sky, _water, _meadow, _snow, _reeds
    picture = painters[PLACES.index(name)](rng, u, axis, cloud, grain)
    small = Image.fromarray(np.clip(picture, 0, 255).astype(np.uint8))
    blurred = small.filter(ImageFilter.GaussianBlur(float(0.6 + 1.6 * u[11])))
    large = np.asarray(blurred.resize((size, size), Image.Resampling.BICUBIC), np.float32)
    return large, name, size * _GROUND.get(name, lambda u: 1.0)(u)


def _blobs(rng, picture, color, count, radius, strength) -> None:
    """Soft discs of light, the lens's picture of what is far away."""
    for _ in range(count):
        x, y = rng.uniform(-0.05, 1.05, 2) * _SMALL
        r = rng.uniform(*radius)
        disc = Image.new("L", picture.shape[1::-1])
        ImageDraw.Draw(disc).ellipse((x - r, y - r, x + r, y + r), fill=255)
        share = np.asarray(disc, np.float32)[..., None] * (rng.uniform(*strength) / 255)
        picture += (np.float32(color()) - picture) * share


def _green(rng, low=0.35, high=0.75):
    return oklch(rng.uniform(low, high), rng.uniform(0.04, 0.13), rng.uniform(95, 155))


def _bright(rng):
    """The colour of a blossom or a berry: red, orange, yellow, white, pink or blue."""
    hue = (27, 56, 92, 0, 250, 92)[rng.integers(6)]
    return oklch(rng.uniform(0.6, 0.92), rng.uniform(0.03, 0.17), hue)


def _foliage(rng, u, axis, cloud, grain):
    top, bottom = _green(rng, 0.45, 0.8), _green(rng, 0.3, 0.6)
    if u[0] < 0.3:  # autumn
        top, bottom = oklch(0.72, 0.11, 60 + 40 * u[1]), oklch(0.45, 0.08, 50 + 60 * u[2])
    picture = _gradient(top, bottom, axis, 0.25 * cloud).astype(np.float32)
    _blobs(rng, picture, lambda: _green(rng, 0.4, 0.85), 14, (4, 15), (0.15, 0.5))
    s = Sketch(rng)
    for _ in range(rng.integers(8, 18)):
        s.colors = _leafy(s, u[0] < 0.3)
        x, y = rng.uniform(0, _SMALL, 2)
        length = rng.uniform(9, 24)
        leaf(s, x, y, length, 0.45 * length, rng.uniform(0, 360))
    layer = render(s, np.eye(2), np.zeros(2), (_SMALL, _SMALL), size=60)
    if layer is not None:
        compose(picture, layer, opacity=0.4)
    if u[3] < 0.5:
        _blobs(rng, picture, lambda: _bright(rng), rng.integers(2, 9), (1.5, 5), (0.6, 1))
    return picture


def _leafy(s: Sketch, autumn: bool):
    hue = s.u(35, 90) if autumn else s.u(100, 150)
    tone = oklch(s.u(0.4, 0.72), s.u(0.06, 0.13), hue)
    return type(s.colors)(tone, tone, tone, tone, tone)


def _reeds(rng, u, axis, cloud, grain):
    top = oklch(0.8, 0.04, 60 + 180 * u[0])
    bottom = oklch(0.6, 0.07, 80 + 40 * u[1])
    picture = _gradient(top, bottom, axis, 0.2 * cloud).astype(np.float32)
    s = Sketch(rng)
    for _ in range(rng.integers(12, 26)):
        x, lean = rng.uniform(-10, _SMALL + 10), rng.normal(0, 12)
        high = rng.uniform(-10, 60)
        stem = [(x, _SMALL + 4), (x + 0.4 * lean, (high + _SMALL) / 2), (x + lean, high)]
        tone = oklch(rng.uniform(0.45, 0.78), rng.uniform(0.04, 0.1), rng.uniform(75, 130))
        s.add("reed", ribbon(stem, rng.uniform(1.5, 4), 0.5), tone, outline=False)
    compose(picture, render(s, np.eye(2), np.zeros(2), (_SMALL, _SMALL), size=60), opacity=0.75)
    return picture


def _sky(rng, u, axis, cloud, grain):
    hue = 235 + 30 * u[0]
    top, bottom = oklch(0.55 + 0.25 * u[1], 0.03 + 0.08 * u[2], hue), oklch(0.9, 0.03, hue)
    if u[3] < 0.2:  # evening
        top, bottom = oklch(0.62, 0.06, 290 + 40 * u[4]), oklch(0.83, 0.09, 50 + 30 * u[5])
    picture = _gradient(top, bottom, axis)
    white = np.clip(0.9 * cloud + 2 * u[6] - 1.2, 0, 1)[..., None] * (0.5 + 0.4 * u[7])
    return (picture + (np.float32([250, 248, 244]) - picture) * white).astype(np.float32)


def _water(rng, u, axis, cloud, grain):
    hue = 170 + 80 * u[0]
    top, bottom = oklch(0.75, 0.05, hue), oklch(0.4 + 0.2 * u[1], 0.06, hue + 15)
    picture = _gradient(top, bottom, axis, 0.1 * cloud)
    near = (axis[:, None] + 1.3) / 2.3
    ripple = np.repeat(grain[:, : _SMALL // 4], 4, axis=1)  # waves are wider than high
    wave = np.sin(40 / (0.35 + near) + 1.6 * ripple + 0.8 * cloud)
    picture = picture * (1 + (0.05 + 0.06 * u[2]) * wave * near)[..., None]
    if u[3] < 0.5:  # the far bank
        bank = np.clip((-0.75 + 0.3 * u[4] - axis[:, None] + 0.06 * cloud) * 20, 0, 1)[..., None]
        picture += (np.float32(_green(rng, 0.35, 0.6)) - picture) * bank
    return picture.astype(np.float32)


def _ground(rng, u, axis, cloud, grain, near, far):
    picture = (_sky if u[8] < 0.5 else _foliage)(rng, u, axis, cloud, grain)
    line = 2 * _horizon(u) - 1 + 0.05 * cloud
    depth = np.clip((axis[:, None] - line) / 1.2, 0, 1)
    ground = _gradient(far, near, 2 * depth[:, 0] - 1, 0.12 * grain + 0.1 * cloud)
    share = np.clip((axis[:, None] - line) * 12, 0, 1)[..., None]
    return (picture + (ground - picture) * share).astype(np.float32)


def _meadow(rng, u, axis, cloud, grain):
    if u[10] < 0.35:
        far, near = oklch(0.72, 0.05, 75), oklch(0.5, 0.06, 60 + 30 * u[7])
    else:
        far, near = _green(rng, 0.6, 0.8), _green(rng, 0.4, 0.62)
    picture = _ground(rng, u, axis, cloud, grain, near, far)
    if u[10] > 0.6:
        _blobs(rng, picture, lambda: _bright(rng), rng.integers(3, 14), (1, 3), (0.6, 1))
    return picture


def _snow(rng, u, axis, cloud, grain):
    far, near = oklch(0.93, 0.015, 250), oklch(0.86, 0.025, 240)
    return _ground(rng, u, axis, cloud, 0.5 * grain, near, far)


def spots(rng: np.random.Generator, s: Sketch, x: float, y: float, size: float) -> None:
    """A few berries or a blossom around a point of a twig, in focus."""
    color = _bright(rng)
    if rng.random() < 0.5:
        for _ in range(rng.integers(2, 5)):
            dx, dy = rng.normal(0, 0.9 * size, 2)
            s.add("berry", ellipse(x + dx, y + dy + size, 0.55 * size, n=12), color)
    else:
        for angle in range(0, 360, 72):
            a = np.radians(angle)
            dx, dy = 0.8 * size * np.cos(a), 0.8 * size * np.sin(a)
            s.add("blossom", ellipse(x + dx, y + dy, 0.6 * size, n=10), color)
        s.add("blossom", ellipse(x, y, 0.45 * size, n=10), oklch(0.8, 0.14, 85), outline=False)
