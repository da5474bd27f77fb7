"""Colours with a name, for objects whose colour is asked for; palettes for plants and surfaces."""

import numpy as np

from ..pencil.palette import Palette, darker, lighter, mix, oklch, palette

# name -> OKLCH centre (lightness, chroma, hue); far enough apart to be told from each other when
# shaded. White, brown and black are told by lightness and chroma.
NAMED = {
    "red": (0.57, 0.20, 27),
    "yellow": (0.86, 0.16, 97),
    "green": (0.62, 0.15, 143),
    "blue": (0.52, 0.16, 258),
    "white": (0.95, 0.01, 90),
    "brown": (0.46, 0.075, 58),
    "black": (0.27, 0.01, 280),
}

NAMES = tuple(NAMED)


def named_palette(rng: np.random.Generator, name: str) -> Palette:
    """A palette whose every role is a tone of the colour `name`, so that the object has it."""
    lightness, chroma, hue = NAMED[name]
    u = rng.uniform(-1, 1, 4)
    chroma *= 1 + 0.12 * u[1]
    lightness += 0.03 * u[0]
    hue += 6 * u[2]
    step = -0.1 if lightness > 0.6 else 0.09
    return Palette(
        base=oklch(lightness, chroma, hue),
        second=oklch(lightness + step, chroma * 0.95, hue),
        accent=oklch(lightness - step * 0.6, chroma, hue + 6 * u[3]),
        light=oklch(min(lightness + 0.16, 0.97), chroma * 0.7, hue),
        dark=oklch(max(lightness - 0.25, 0.2), chroma * 0.6, hue),
    )


def plant_palette(rng: np.random.Generator) -> Palette:
    """Leaves green, sometimes yellow or red as in autumn; a trunk; flowers of any colour."""
    u = rng.uniform(size=6)
    hue = 105 + 55 * u[0] if u[1] < 0.78 else 35 + 60 * u[0]
    leaf = oklch(0.42 + 0.25 * u[2], 0.09 + 0.06 * u[3], hue)
    bloom = palette(rng)
    trunk = oklch(0.32 + 0.2 * u[4], 0.03 + 0.03 * u[5], 60)
    return Palette(leaf, trunk, bloom.accent, lighter(leaf, 0.3), darker(leaf, 0.4))


def ware_palette(rng: np.random.Generator) -> Palette:
    """Enamel, porcelain and metal: mostly pale, sometimes coloured."""
    u = rng.uniform(size=4)
    base = oklch(0.78 + 0.18 * u[0], 0.005 + 0.06 * u[1] ** 2, 360 * u[2])
    metal = oklch(0.62 + 0.2 * u[3], 0.01, 250)
    other = palette(rng)
    return Palette(base, metal, other.accent, lighter(base, 0.5), mix(metal, (40, 40, 48), 0.6))
