"""Backgrounds: coloured 1/f noise, sometimes a horizon, uneven light, and clutter.

The clutter holds lone parts (a wheel, a petal, a window), so a single part proves no class.
"""

from functools import lru_cache

import numpy as np

from . import assembly
from .drawing import Sketch, compose, render
from .geometry import ellipse, ribbon, smooth
from .palette import mix, oklch, palette


@lru_cache(maxsize=16)
def _falloff(size: int, power: float) -> np.ndarray:
    fy, fx = np.fft.fftfreq(size), np.fft.fftfreq(size)
    f = np.hypot(fy[:, None], fx[None])
    f[0, 0] = np.inf  # no mean
    return (1 / np.maximum(f, 0.7 / size) ** power).astype(np.float32)


def noise(rng: np.random.Generator, size: int, power: float) -> np.ndarray:
    """(2, size, size) float32: two fields of 1/f**power noise with mean 0 and spread 1."""
    white = rng.standard_normal((2, size, size), dtype=np.float32)
    field = np.fft.ifft2((white[0] + 1j * white[1]) * _falloff(size, power))
    both = np.stack([field.real, field.imag])
    return (both / (both.std(axis=(1, 2), keepdims=True) + 1e-9)).astype(np.float32)


def _pair(u: np.ndarray) -> np.ndarray:
    """(2, 3) two near colours from six uniform numbers."""
    hue, lightness = 360 * u[0], 0.48 + 0.42 * u[1]
    other = lightness + (0.08 + 0.12 * u[2]) * (1 if lightness < 0.7 else -1)
    turn = 90 * (u[3] - 0.5)
    colors = (
        oklch(lightness, 0.02 + 0.1 * u[4], hue),
        oklch(other, 0.02 + 0.1 * u[5], hue + turn),
    )
    return np.array(colors, dtype=np.float32)


def background(rng: np.random.Generator, size: int, light) -> np.ndarray:
    """(size, size, 3) float32, 0..255: the ground on which objects are put, lit from `light`."""
    u = rng.uniform(size=20)
    cloud, grain = noise(rng, size, (1.9, 1.6, 1.3)[int(3 * u[0])])
    axis = np.linspace(-1, 1, size, dtype=np.float32)
    one, other = _pair(u[1:7])
    share = np.clip(0.5 + 0.33 * cloud, 0, 1)[..., None]
    picture = one + (other - one) * share
    if u[7] < 0.4:  # a ground under a sky
        low_one, low_other = _pair(u[8:14])
        line = -0.1 + 0.9 * u[14] + (u[15] - 0.5) * 0.3 * axis + 0.06 * cloud[0]
        below = np.clip((axis[:, None] - line) * size / 3, 0, 1)[..., None]
        picture += (low_one + (low_other - low_one) * share - picture) * below
    tilt = 0.05 + 0.16 * u[16]
    gain = 1 + tilt * (light[0] * axis + light[1] * axis[:, None])
    gain = gain - 0.13 * u[17] * (axis**2 + axis[:, None] ** 2)
    gain = gain + (0.025 + 0.05 * u[18]) * grain
    picture *= gain[..., None]
    return picture


def _fragment(s: Sketch, kind: int) -> None:
    """One lone part, about one unit large."""
    x = s.u(0, 1)
    if kind == 0:
        assembly.wheel(s, 0, 0, 0.5)
    elif kind == 1:
        assembly.petal(s, -0.5, 0, 1.0, 0.5, 0)
    elif kind == 2:
        assembly.window(s, 0, 0, 0.6, 0.9, arched=x < 0.5, panes=x < 0.75)
    elif kind == 3:
        assembly.dome(s, 0, 0.3, 0.5, 0.5, "base", pointed=x)
    elif kind == 4:
        assembly.ear(s, -0.5, 0, 1.0, 0.4 + 0.5 * x, 0, pointed=x < 0.5)
    elif kind == 5:
        assembly.wing(s, -0.5, 0, 1.0, 0.5, 0)
    elif kind == 6:
        assembly.fin(s, -0.5, 0, 1.0, 0.8, 0)
    elif kind == 7:
        assembly.handle(s, 0, 0, 0.4, 0.45, -100, 100, 0.15)
    elif kind == 8:
        assembly.roof(s, -0.6, 0.6, 0.3, 0.6, flat=x if x > 0.5 else 0)
    elif kind == 9:
        assembly.leaf(s, -0.5, 0, 1.0, 0.5, 0)
    elif kind == 10:
        assembly.sail(s, 0, 0.5, -0.5, 0.6, "second")
    elif kind == 11:
        assembly.eye(s, 0, 0, 0.25)
    elif kind == 12:
        assembly.door(s, 0, 0.5, 0.5, 0.95, arched=x < 0.5)
    elif kind == 13:
        assembly.thin_wheel(s, 0, 0, 0.5, 0.09, 4)
    else:
        assembly.hull(s, 0.6, -0.2, 0.45)


def clutter(rng: np.random.Generator, picture: np.ndarray) -> None:
    """Draw lines, blobs and lone parts into `picture` (size, size, 3), in place."""
    size = picture.shape[0]
    s = Sketch(rng)
    ground = tuple(int(v) for v in picture[:: size // 4, :: size // 4].mean((0, 1)))
    for _ in range(s.n(1, 4)):
        x, y = rng.uniform(0, size, 2)
        color = mix(
            ground, (s.colors.base, s.colors.second, s.colors.dark)[s.n(0, 2)], s.u(0.2, 0.6)
        )
        if s.p(0.5):
            blob = smooth(ellipse(0, 0, 1, n=6) * rng.uniform(0.5, 1.2, (6, 1)), 4)
            blob = blob * (s.u(4, 18), s.u(4, 14)) + (x, y)
            s.add("clutter", blob, color, outline=False)
        else:
            ends = rng.uniform(-0.2 * size, 1.2 * size, (2, 2))
            s.add("clutter", ribbon(ends, s.u(1.1, 2.6)), color, outline=False)
    for i in range(s.n(1, 4)):
        if i == 2:
            s.colors = palette(rng)
        first = len(s.points)
        _fragment(s, s.n(0, 14))
        x, y = rng.uniform(0, size, 2)
        s.place(first, x, y, s.u(7, 26), s.u(-180, 180) if s.p(0.6) else s.u(-20, 20))
    layer = render(s, np.eye(2), np.zeros(2), (size, size), size=70)
    if layer is not None:
        compose(picture, layer, opacity=s.u(0.7, 1.0))
