"""Furniture: what stands on the floor of a room. Each drawer adds one object to a sketch.

Frames are as in the other drawers (y down); an object's lowest point stands on the floor.
"""

import itertools

import numpy as np

from ..pencil import assembly
from ..pencil.drawing import Sketch
from ..pencil.geometry import arc, box, ellipse, ribbon, rounded, smooth
from ..pencil.palette import darker, lighter, mix


def chair(s: Sketch) -> None:
    """Backrest, seat, legs; from the front or from the side."""
    if s.p(0.5):
        wide = s.u(0.42, 0.5)
        for x in (-wide, wide - 0.12):
            s.add("leg", box(x, -0.95, x + 0.12, 0.1), "base")
        s.add("back", rounded(-wide, -1, wide, s.u(-0.75, -0.6), 0.12), "base", textured=True)
        for x in np.linspace(-wide, wide, s.n(3, 5))[1:-1]:
            s.add("back", box(x - 0.05, -0.7, x + 0.05, 0), "second")
        for x in (-wide * 1.1, wide * 1.1 - 0.13):
            s.add("leg", box(x, 0.1, x + 0.13, 1), "base")
        s.add("seat", _slab(wide * 0.95, wide * 1.18, -0.02, 0.2), "base", textured=True)
        s.add("seat", box(-wide * 1.18, 0.2, wide * 1.18, 0.3), "second")
        return
    lean = s.u(0.02, 0.14)
    s.add("leg", ribbon([(-0.3, 0.1), (-0.34 - lean, 1)], 0.12), "second")
    s.add("leg", ribbon([(0.42, 0.1), (0.46, 1)], 0.12), "second")
    s.add("back", ribbon([(-0.36, 0.2), (-0.42 - lean, -1)], 0.14), "base")
    plate = [(-0.3, 0.0), (-0.36 - lean, -0.92), (-0.22 - lean, -0.95), (-0.12, 0.0)]
    s.add("back", np.array(plate), "base", textured=True)
    s.add("seat", rounded(-0.45, 0, 0.55, 0.2, 0.08), "base", textured=True)
    s.add("leg", ribbon([(0.36, 0.2), (0.3, 1)], 0.12), "base")
    s.add("leg", ribbon([(-0.2, 0.2), (-0.24, 1)], 0.12), "base")


def _slab(back: float, front: float, y0: float, y1: float) -> np.ndarray:
    """A plate seen from above: its far edge is shorter."""
    return np.array([(-back, y0), (back, y0), (front, y1), (-front, y1)])


def table(s: Sketch) -> None:
    """A top seen a little from above, four legs or one foot, sometimes a cloth."""
    wide = s.u(1.35, 1.75)
    if s.p(0.25):  # round, on one foot
        s.add("leg", box(-0.12, -0.3, 0.12, 0.85), "second")
        s.add("leg", ellipse(0, 0.85, 0.5, 0.14), "second")
        s.add("top", ellipse(0, -0.36, wide * 0.9, 0.26, n=32), "second")
        s.add("top", ellipse(0, -0.42, wide * 0.9, 0.26, n=32), "base", textured=True)
        return
    for x in (-wide * 0.78, wide * 0.78 - 0.12):
        s.add("leg", box(x, -0.3, x + 0.12, 0.75), darker(s.colors.base, 0.4))
    for x in (-wide * 0.94, wide * 0.94 - 0.15):
        s.add("leg", box(x, -0.2, x + 0.15, 1), "base")
    s.add("top", box(-wide, -0.2, wide, -0.04), "second")
    s.add("top", _slab(wide * 0.84, wide, -0.62, -0.18), "base", textured=True)
    if s.p(0.3):
        cloth = [(-0.5, -0.62), (0.5, -0.62), (0.58, -0.18), (0.58, 0.1), (0, 0.24), (-0.58, 0.1)]
        s.add("cloth", np.array([*cloth, (-0.58, -0.18)]), "light", textured=True)


def desk(s: Sketch) -> None:
    """A school desk: a slanted top, one drawer, two legs."""
    for x in (-0.85, 0.73):
        s.add("leg", box(x, -0.1, x + 0.13, 0.9), "dark")
        s.add("leg", box(x - 0.1, 0.84, x + 0.22, 0.94), "dark")
    s.add("drawer", box(-0.8, -0.16, 0.8, 0.2), "second")
    s.add("drawer", ellipse(0, 0.04, 0.07, n=10), "light", outline=False)
    s.add("top", _slab(0.85, 1.02, -0.6, -0.16), "base", textured=True)
    s.add("top", box(-1.02, -0.18, 1.02, -0.08), "dark", outline=False)


def bed(s: Sketch) -> None:
    """From the side: headboard, mattress, a hanging blanket, a footboard."""
    s.add("headboard", rounded(-1.6, -0.85, -1.4, 0.7, 0.1), "second", textured=True)
    for x in (-1.5, 1.38):
        s.add("leg", box(x, 0.4, x + 0.14, 0.75), "dark")
    s.add("frame", box(-1.5, 0.25, 1.5, 0.55), "second")
    s.add("mattress", rounded(-1.42, -0.15, 1.45, 0.34, 0.12), lighter(s.colors.base, 0.7))
    edge = s.u(-0.7, -0.3)
    fold = [(edge, -0.22), (1.42, -0.2), (1.52, 0.1), (1.48, 0.48), (edge - 0.05, 0.48)]
    s.add("blanket", np.array(fold), "base", textured=True)
    s.add("blanket", box(edge - 0.1, -0.23, edge + 0.12, 0.48), "light")
    s.add("footboard", rounded(1.46, s.u(-0.5, -0.2), 1.62, 0.72, 0.06), "second")


def wardrobe(s: Sketch) -> None:
    """A tall box with two doors."""
    s.add("body", box(-0.62, -1, 0.62, 0.92), "base", textured=True)
    s.add("body", box(-0.68, -1.06, 0.68, -0.94), "second")
    for x in (-0.52, 0.05):
        s.add("door", box(x, -0.85, x + 0.47, 0.78), "second")
        s.add("door", box(x + 0.08, -0.75, x + 0.39, 0.66), "base", outline=False)
    for x in (-0.1, 0.1):
        s.add("door", ellipse(x, 0.0, 0.04, n=8), "light", outline=False)
    s.add("leg", box(-0.6, 0.9, -0.45, 1), "dark")
    s.add("leg", box(0.45, 0.9, 0.6, 1), "dark")


def toilet(s: Sketch) -> None:
    """Cistern, seat with an open lid, bowl on a foot."""
    s.add("cistern", rounded(-0.75, -0.85, -0.22, 0.1, 0.1), "base")
    s.add("cistern", rounded(-0.8, -0.95, -0.17, -0.8, 0.05), "light")
    s.add("cistern", ellipse(-0.48, -0.68, 0.09, 0.06, n=10), "second", outline=False)
    lid = [(-0.2, 0.05), (-0.12, -0.75), (0.0, -0.78), (0.02, 0.05)]
    s.add("lid", smooth(np.array(lid), 4), "light")
    bowl = [(-0.35, 0.1), (0.85, 0.1), (0.75, 0.42), (0.35, 0.6), (0.3, 0.95), (-0.45, 0.95)]
    s.add("bowl", np.array(bowl), "base")
    s.add("seat", ellipse(0.3, 0.08, 0.6, 0.13, n=22), "light")
    s.add("seat", ellipse(0.32, 0.09, 0.42, 0.07, n=18), "dark", outline=False)


def bathtub(s: Sketch) -> None:
    """A long tub with a rolled rim on feet, with foam or water."""
    for x in (-1.15, 1.0):
        s.add("foot", ellipse(x + 0.08, 0.72, 0.15, 0.14, n=12), "second")
    side = arc(0, -0.1, 1.45, 0.85, 0, 180, 18)
    side[:, 1] = np.minimum(side[:, 1], 0.66)
    s.add("tub", side, "base", textured=False)
    s.add("water", ellipse(0, -0.12, 1.4, 0.2, n=28), (150, 200, 222))
    if s.p(0.5):
        for x in np.linspace(-0.8, 0.8, s.n(4, 6)):
            s.add("foam", ellipse(x, -0.2 - s.u(0, 0.1), 0.28, 0.18, n=14), (250, 250, 252))
    rim = np.concatenate([arc(0, -0.1, 1.55, 0.24, n=30), arc(0, -0.12, 1.32, 0.15, n=30)[::-1]])
    s.add("rim", rim, "light")


def sink(s: Sketch) -> None:
    """A basin on a pedestal."""
    s.add("pedestal", np.array([(-0.2, 0), (0.2, 0), (0.28, 1), (-0.28, 1)]), "base")
    bowl = arc(0, -0.34, 0.85, 0.6, 0, 180, 14)
    s.add("bowl", bowl, "base")
    s.add("bowl", ellipse(0, -0.36, 0.88, 0.2, n=24), "light")
    s.add("bowl", ellipse(0, -0.34, 0.66, 0.12, n=20), "second")
    s.add("bowl", ellipse(0, -0.33, 0.1, 0.04, n=8), "dark", outline=False)


def countertop(s: Sketch) -> None:
    """A row of low cupboards under one plate."""
    count, wide = s.n(2, 4), s.u(1.6, 2.1)
    s.add("cupboard", box(-wide, -0.5, wide, 0.85), "base", textured=True)
    s.add("cupboard", box(-wide * 0.97, 0.84, wide * 0.97, 1), "dark")
    edges = np.linspace(-wide, wide, count + 1)
    for a, b in itertools.pairwise(edges):
        s.add("door", box(a + 0.1, -0.38, b - 0.1, 0.74), mix(s.colors.base, s.colors.second, 0.4))
        s.add("door", box(b - 0.28, -0.28, b - 0.2, 0.02), "dark", outline=False)
    s.add("plate", _slab(wide * 0.95, wide * 1.03, -0.78, -0.5), "second", textured=True)
    s.add("plate", box(-wide * 1.03, -0.52, wide * 1.03, -0.4), "light")


def stove(s: Sketch) -> None:
    """Four plates, a row of knobs, an oven with a window."""
    s.add("body", box(-0.8, -0.6, 0.8, 1), "base")
    s.add("top", _slab(0.74, 0.84, -0.85, -0.58), "dark")
    for x in (-0.4, 0.4):
        s.add("plate", ellipse(x, -0.72, 0.25, 0.07, n=16), (150, 60, 50), outline=False)
    for x in np.linspace(-0.6, 0.6, 4):
        s.add("knob", ellipse(x, -0.42, 0.09, n=10), "dark", outline=False)
    s.add("oven", rounded(-0.65, -0.2, 0.65, 0.8, 0.08), "second")
    s.add("oven", rounded(-0.48, 0.05, 0.48, 0.62, 0.06), (52, 46, 52))
    s.add("oven", box(-0.5, -0.12, 0.5, -0.04), "light", outline=False)


def fridge(s: Sketch) -> None:
    """A tall rounded box with two doors and long grips."""
    split = s.u(-0.5, -0.2)
    s.add("body", rounded(-0.5, -1, 0.5, 0.96, 0.1), "base")
    s.add("door", box(-0.5, split - 0.02, 0.5, split + 0.03), "dark", outline=False)
    for y0, y1 in ((split - 0.38, split - 0.1), (split + 0.12, split + 0.6)):
        s.add("grip", rounded(-0.38, y0, -0.27, y1, 0.04), "dark")
    s.add("foot", box(-0.42, 0.94, 0.42, 1), "dark", outline=False)
    if s.p(0.4):
        s.add("note", box(0.05, split + 0.2, 0.28, split + 0.45), "accent")


def lamp(s: Sketch) -> None:
    """A floor lamp: a foot, a long rod, a shade."""
    s.add("foot", ellipse(0, 0.95, 0.3, 0.07, n=18), "dark")
    s.add("rod", box(-0.035, -0.6, 0.035, 0.95), "dark", outline=False)
    shade = [(-0.2, -1), (0.2, -1), (0.42, -0.45), (-0.42, -0.45)]
    s.add("shade", np.array(shade), (250, 226, 150) if s.p(0.5) else "base", textured=True)


def door(s: Sketch) -> None:
    """A room's door in its frame."""
    s.add("frame", box(-0.52, -1, 0.52, 1), "light")
    assembly.door(s, 0, 1, 0.84, 1.88)
    for y in (-0.75, 0.1):
        s.add("door", box(-0.28, y, 0.28, y + 0.6), mix(s.colors.dark, s.colors.base, 0.4))
