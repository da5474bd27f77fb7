"""Colours: harmonic palettes in OKLCH, drawn at random and never tied to a class."""

from dataclasses import dataclass

import numpy as np

Rgb = tuple[int, int, int]


def oklch(lightness: float, chroma: float, hue: float) -> Rgb:
    """sRGB of an OKLCH colour (lightness 0..1, chroma 0..0.3, hue in degrees), clipped."""
    a, b = chroma * np.cos(np.radians(hue)), chroma * np.sin(np.radians(hue))
    long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    medium = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    linear = (
        4.0767416621 * long - 3.3077115913 * medium + 0.2309699292 * short,
        -1.2684380046 * long + 2.6097574011 * medium - 0.3413193965 * short,
        -0.0041960863 * long - 0.7034186147 * medium + 1.7076147010 * short,
    )
    return tuple(round(255 * min(max(c, 0.0), 1.0) ** (1 / 2.2)) for c in linear)


def mix(one: Rgb, other: Rgb, share: float) -> Rgb:
    """`one` with a share (0..1) of `other`."""
    return tuple(round(a + (b - a) * share) for a, b in zip(one, other, strict=True))


def darker(color: Rgb, share: float = 0.5) -> Rgb:
    """The colour's own dark tone, for outlines."""
    return mix(color, (18, 14, 30), share)


def lighter(color: Rgb, share: float = 0.3) -> Rgb:
    """The colour's own light tone, for highlights."""
    return mix(color, (255, 252, 240), share)


@dataclass(frozen=True)
class Palette:
    """Five colours that go together; the roles say where an object uses them."""

    base: Rgb
    second: Rgb
    accent: Rgb
    light: Rgb
    dark: Rgb


def palette(rng: np.random.Generator) -> Palette:
    """A random palette: any hue, analogous, complementary or triadic companions."""
    u = rng.uniform(size=12)
    hue = 360 * u[0]
    turn = (30, -35, 75, -80, 120, 180)[int(6 * u[1])]
    lightness = 0.5 + 0.34 * u[2]
    # the second colour differs in lightness too, so parts stay apart in grey
    second = lightness - 0.17 - 0.1 * u[3] if lightness > 0.66 else lightness + 0.15 + 0.12 * u[3]
    return Palette(
        base=oklch(lightness, 0.06 + 0.13 * u[4], hue),
        second=oklch(second, 0.06 + 0.12 * u[5], hue + turn),
        accent=oklch(0.6 + 0.25 * u[6], 0.1 + 0.1 * u[7], hue + turn + 150 + 60 * u[8]),
        light=oklch(0.9 + 0.07 * u[9], 0.015 + 0.03 * u[10], hue + turn),
        dark=oklch(0.24 + 0.14 * u[11], 0.04, hue + 180 * u[8]),
    )
