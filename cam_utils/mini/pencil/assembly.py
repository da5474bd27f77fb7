"""Parts that several classes share. One wheel proves neither a car nor a bicycle.

Each function adds polygons to a sketch; positions are in the sketch's frame (y down).
"""

import numpy as np

from .drawing import Sketch
from .geometry import arc, box, ellipse, moved, ribbon, rounded, smooth
from .palette import darker, lighter, mix


def wheel(s: Sketch, x, y, r) -> None:
    """A tyre with a rim; the sketch's first wheel decides plain or spoked."""
    s.add("wheel", ellipse(x, y, r), "dark")
    s.add("wheel", ellipse(x, y, 0.62 * r, n=20), "light", outline=False)
    if s.texture_look[1] < 0.5:
        for angle in (20, 80, 140):
            spoke = moved(box(-0.6 * r, -0.06 * r, 0.6 * r, 0.06 * r), x, y, angle=angle)
            s.add("wheel", spoke, "dark", outline=False)
    s.add("wheel", ellipse(x, y, 0.24 * r, n=14), "second", outline=False)


def thin_wheel(s: Sketch, x, y, r, tyre, spokes) -> None:
    """A bicycle's wheel: a ring that one can look through."""
    ring = np.concatenate([arc(x, y, r, n=30), arc(x, y, r - tyre, n=30)[::-1]])
    start = s.u(0, 180)
    for i in range(spokes):
        line = box(-r + tyre / 2, -0.012, r - tyre / 2, 0.012)
        spoke = moved(line, x, y, angle=start + 180 * i / spokes)
        s.add("wheel", spoke, "light", outline=False)
    s.add("wheel", ring, "dark", outline=False)
    s.add("wheel", ellipse(x, y, 0.11 * r, n=10), "dark", outline=False)


def dome(s: Sketch, x, y, rx, ry, color="base", pointed=0.0, part="dome") -> None:
    """A half ellipse that stands on y; `pointed` 0..1 draws its top out to a tip."""
    top = arc(x, y, rx, ry, 180, 360, 17)
    top[:, 1] -= pointed * ry * 0.5 * np.exp(-(((top[:, 0] - x) / (0.22 * rx)) ** 2))
    s.add(part, top, color, textured=True)
    shine = arc(x, y, 0.72 * rx, 0.74 * ry, 205, 255, 7)
    s.add(part, ribbon(shine, 0.02 * rx, 0.12 * rx), lighter(_rgb(s, color), 0.35), outline=False)


def finial(s: Sketch, x, y, height, cross=False) -> None:
    """A thin pole on top of a dome or a spire, with a ball or a cross."""
    s.add("finial", box(x - 0.018, y - height, x + 0.018, y), "dark", outline=False)
    if cross:
        bar = box(x - 0.3 * height, y - 0.76 * height, x + 0.3 * height, y - 0.6 * height)
        s.add("finial", bar, "dark", outline=False)
    else:
        s.add("finial", ellipse(x, y - height, 0.045, n=12), "accent")


def window(s: Sketch, x, y, w, h, arched=False, panes=True) -> None:
    """A window centred on (x, y)."""
    x0, y0, x1, y1 = x - w / 2, y - h / 2, x + w / 2, y + h / 2
    if arched:
        shape = np.concatenate(
            [arc(x, y0 + w / 2, w / 2, w / 2, 180, 360, 9), [(x1, y1), (x0, y1)]]
        )
    else:
        shape = rounded(x0, y0, x1, y1, 0.12 * w)
    s.add("window", shape, "light")
    glare = [(x0 + 0.1 * w, y1 - 0.1 * h), (x0 + 0.1 * w, y), (x + 0.2 * w, y1 - 0.1 * h)]
    s.add("window", np.array(glare), mix(s.colors.light, s.colors.second, 0.45), outline=False)
    if panes:
        bar = darker(s.colors.light, 0.55)
        s.add("window", box(x - 0.05 * w, y0, x + 0.05 * w, y1), bar, outline=False)
        s.add("window", box(x0, y - 0.05 * w, x1, y + 0.05 * w), bar, outline=False)


def door(s: Sketch, x, bottom, w, h, arched=False) -> None:
    """A door that stands on `bottom`."""
    x0, x1, top = x - w / 2, x + w / 2, bottom - h
    if arched:
        shape = np.concatenate(
            [arc(x, top + w / 2, w / 2, w / 2, 180, 360, 9), [(x1, bottom), (x0, bottom)]]
        )
    else:
        shape = box(x0, top, x1, bottom)
    s.add("door", shape, "dark")
    s.add("door", ellipse(x + 0.3 * w, bottom - 0.45 * h, 0.07 * w, n=8), "accent", outline=False)


def roof(s: Sketch, x0, x1, y, height, flat=0.0, color="second") -> None:
    """A roof on the eaves line y; `flat` 0..0.8 is the ridge's share of the width."""
    mid, half = (x0 + x1) / 2, (x1 - x0) / 2
    top = [(mid - flat * half, y - height), (mid + flat * half, y - height)]
    s.add("roof", np.array([(x0, y), *top, (x1, y)]), color, textured=True)


def petal(s: Sketch, x, y, length, width, angle, color="base", part="petal", rib=False) -> None:
    """A petal or leaf from (x, y) outwards in the direction `angle`."""
    shape = [(0, 0), (0.35, -0.42), (0.75, -0.45), (1, 0), (0.75, 0.45), (0.35, 0.42)]
    shape = smooth(np.array(shape) * (length, width), 4)
    s.add(part, moved(shape, x, y, angle=angle), color, textured=True)
    if rib:
        line = ribbon([(0.05 * length, 0), (0.85 * length, 0)], 0.1 * width, 0.02 * width)
        s.add(part, moved(line, x, y, angle=angle), darker(_rgb(s, color), 0.3), outline=False)


def leaf(s: Sketch, x, y, length, width, angle, color="second") -> None:
    """A pointed leaf with its midrib."""
    side = np.array([(0, 0), (0.25, -0.4), (0.6, -0.36), (1, 0), (0.6, 0.36), (0.25, 0.4)])
    s.add("leaf", moved(side * (length, width), x, y, angle=angle), color)
    rib = ribbon([(0, 0), (0.9 * length, 0)], 0.1 * width, 0.02)
    s.add("leaf", moved(rib, x, y, angle=angle), darker(_rgb(s, color), 0.3), outline=False)


def ear(s: Sketch, x, y, length, width, angle, pointed=True) -> None:
    """An ear with its root at (x, y); `angle` is the direction of its tip."""
    if pointed:
        shape = [(-0.1, -0.5), (0.5, -0.32), (1, 0), (0.5, 0.32), (-0.1, 0.5)]
    else:
        shape = smooth(
            [(-0.1, -0.3), (0.5, -0.5), (0.9, -0.3), (1, 0), (0.9, 0.3), (0.5, 0.5), (-0.1, 0.3)], 3
        )
    outer = np.array(shape) * (length, width)
    s.add("ear", moved(outer, x, y, angle=angle), "base")
    inner = moved(outer * (0.72, 0.55), x, y, angle=angle)
    s.add("ear", inner, mix(s.colors.base, s.colors.accent, 0.6), outline=False)


def wing(s: Sketch, x, y, length, chord, angle, color="second", sweep=0.3, blunt=0.35) -> None:
    """A wing from its root at (x, y); `sweep` bends its tip along the chord."""
    shift = sweep * length
    shape = [(0, -0.5 * chord), (0.6 * length, -0.42 * chord + 0.5 * shift)]
    shape += [(length, -0.3 * chord * blunt + shift), (length, 0.5 * chord * blunt + shift)]
    shape += [(0.5 * length, 0.5 * chord + 0.45 * shift), (0, 0.5 * chord)]
    s.add("wing", moved(shape, x, y, angle=angle), color, textured=True)


def fin(s: Sketch, x, y, length, width, angle, color="second", part="fin") -> None:
    """A soft triangle, for fins, flukes and tails."""
    shape = [(0, -0.28), (0.55, -0.42), (1, -0.5), (0.86, 0), (1, 0.5), (0.55, 0.42), (0, 0.28)]
    shape = smooth(np.array(shape) * (length, width), 3)
    s.add(part, moved(shape, x, y, angle=angle), color, textured=True)


def handle(s: Sketch, x, y, rx, ry, start, stop, width, color="base") -> None:
    """A bent bar along an arc, open in the middle."""
    s.add("handle", ribbon(arc(x, y, rx, ry, start, stop, 14), width), color)


def sail(s: Sketch, mast, bottom, top, foot, color, belly=0.12) -> None:
    """A triangular sail between the mast's x, from `bottom` to `top`, and the foot's x."""
    side = 1 if foot > mast else -1
    mid = ((mast + foot) / 2 + side * belly, (bottom + top) / 2 - 0.05)
    curve = [(mast, top), mid, (foot, bottom), (mast, bottom)]
    s.add("sail", np.array(curve), color, textured=True)


def hull(s: Sketch, half, top, depth, color="base") -> None:
    """A boat's hull of half length `half` with its deck at y = top."""
    bow = [(-half, top), (half, top), (0.72 * half, top + depth), (-0.62 * half, top + depth)]
    s.add("hull", np.array(bow), color, textured=True)
    rim = box(-1.04 * half, top - 0.04, 1.06 * half, top + 0.05)
    s.add("hull", rim, "light")


def eye(s: Sketch, x, y, r) -> None:
    """A round eye with a spark of light."""
    s.add("eye", ellipse(x, y, r, n=14), (252, 250, 244), outline=False)
    s.add("eye", ellipse(x, y, 0.66 * r, n=12), (24, 20, 30), outline=False)
    s.add("eye", ellipse(x - 0.22 * r, y - 0.25 * r, 0.24 * r, n=8), (255, 255, 255), outline=False)


def _rgb(s: Sketch, color):
    return getattr(s.colors, color) if isinstance(color, str) else color
