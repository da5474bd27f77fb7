"""The colours of birds: plumage varies from bird to bird whatever the species, marks hardly."""

import numpy as np

from ..pencil.drawing import Sketch
from ..pencil.palette import Palette, darker, oklch

_MARKS = {  # OKLCH: lightness, chroma, hue
    "black": (0.21, 0.01, 260),
    "white": (0.95, 0.012, 90),
    "red": (0.56, 0.19, 27),
    "orange": (0.71, 0.165, 56),
    "yellow": (0.84, 0.16, 92),
}


def plumage(rng: np.random.Generator) -> Palette:
    """The colours of one bird: brown, olive or slate of any shade, whatever its species."""
    u = rng.uniform(size=10)
    hue = (62.0, 105.0, 245.0)[int(3 * u[0])] + 34 * (u[1] - 0.5)
    back = oklch(0.5 + 0.14 * u[2], 0.025 + 0.045 * u[3], hue)
    return Palette(
        base=back,
        second=darker(back, 0.28 + 0.12 * u[4]),
        accent=oklch(0.62 + 0.1 * u[5], 0.05, 50 + 20 * u[5]),  # legs
        light=oklch(0.84 + 0.09 * u[6], 0.015 + 0.035 * u[7], 60 + 40 * u[8]),
        dark=oklch(0.23 + 0.09 * u[9], 0.015, hue),
    )


def mark_color(s: Sketch, name: str) -> tuple:
    """The colour of a mark, a little worn: "black", "white", "red", "orange" or "yellow"."""
    lightness, chroma, hue = _MARKS[name]
    return oklch(lightness + s.u(-0.04, 0.03), chroma * s.u(0.85, 1.0), hue + s.u(-6, 6))
