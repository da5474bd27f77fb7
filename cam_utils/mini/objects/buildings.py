"""Buildings: the same windows, doors, roofs and domes on different bodies."""

from itertools import pairwise

import numpy as np

from ..pencil import assembly
from ..pencil.drawing import Sketch
from ..pencil.geometry import arc, box, ellipse, moved, ribbon, smooth
from ..pencil.palette import darker


def house(s: Sketch) -> None:
    """A wall with windows and a door under one broad roof, with a chimney."""
    half, eaves = s.u(0.74, 0.9), s.u(-0.12, 0.05)
    rise, flat = s.u(0.55, 0.75), (0.0, 0.0, s.u(0.2, 0.6))[s.n(0, 2)]
    x = s.u(0.34, 0.52) * (1 if s.p(0.5) else -1)
    s.add(
        "chimney",
        box(x - 0.11, eaves - rise - 0.12, x + 0.11, eaves - 0.1),
        "accent",
        textured=True,
    )
    s.add("chimney", box(x - 0.14, eaves - rise - 0.2, x + 0.14, eaves - rise - 0.1), "light")
    s.add("wall", box(-half, eaves, half, 0.85), "base", textured=True)
    assembly.roof(s, -half - 0.16, half + 0.16, eaves + 0.02, rise, flat)
    if flat == 0 and s.p(0.6):
        s.add("window", ellipse(0, eaves - 0.24, 0.11, n=16), "light")
    layout = s.n(0, 2)
    spots = ((-0.5, 0.5), (0.1, 0.55), (-0.45,))[layout]
    gate = (0.0, -0.45, 0.4)[layout]
    size = s.u(0.26, 0.32)
    for spot in spots:
        wide = size * (1.7 if layout == 2 else 1)
        assembly.window(s, spot * half / 0.85, eaves + 0.38, wide, size * 1.1)
    assembly.door(s, gate * half / 0.85, 0.85, s.u(0.26, 0.32), s.u(0.48, 0.58))


def church(s: Sketch) -> None:
    """A nave with arched windows and a tower under a steep spire with a cross."""
    tower, wide = (s.u(-0.62, -0.5), 0.28) if s.p(0.7) else (0.0, 0.26)
    left, right = (-0.6, 0.92) if tower < 0 else (-0.85, 0.85)
    eaves, shoulder = s.u(0.12, 0.24), s.u(-0.35, -0.2)
    s.add("wall", box(left, eaves, right, 0.9), "base", textured=True)
    ridge = np.array(
        [(left - 0.06, eaves + 0.02), (left + 0.12, eaves - 0.4), (right - 0.16, eaves - 0.4)]
    )
    s.add("roof", np.concatenate([ridge, [(right + 0.08, eaves + 0.02)]]), "second", textured=True)
    spots = np.linspace(tower + 0.52, right - 0.2, s.n(2, 3)) if tower < 0 else (-0.58, 0.58)
    for x in spots:
        assembly.window(s, x, 0.52, 0.2, 0.42, arched=True)
    s.add("tower", box(tower - wide, shoulder, tower + wide, 0.9), "base", textured=True)
    tip = shoulder - s.u(0.62, 0.8)
    spire = [
        (tower - wide - 0.07, shoulder + 0.02),
        (tower, tip),
        (tower + wide + 0.07, shoulder + 0.02),
    ]
    s.add("spire", np.array(spire), "second", textured=True)
    assembly.finial(s, tower, tip + 0.04, 0.3, cross=True)
    s.add("clock", ellipse(tower, shoulder + 0.24, 0.13, n=18), "light")
    s.add(
        "clock",
        ribbon(
            [(tower, shoulder + 0.15), (tower, shoulder + 0.24), (tower + 0.07, shoulder + 0.26)],
            0.03,
        ),
        "dark",
        outline=False,
    )
    assembly.door(s, tower, 0.9, 0.26, 0.46, arched=True)


def lighthouse(s: Sketch) -> None:
    """A tapering banded tower, a gallery, a lantern under a small dome."""
    foot, neck, top = s.u(0.36, 0.44), s.u(0.2, 0.26), -0.5
    rock = [(-0.62, 1.02), (-0.5, 0.86), (-0.2, 0.8), (0.3, 0.82), (0.56, 0.9), (0.66, 1.02)]
    s.add("rock", smooth(np.array(rock), 3), "dark")
    count = s.n(4, 6)

    def half(y):
        return foot + (neck - foot) * (0.9 - y) / (0.9 - top)

    levels = np.linspace(top, 0.9, count + 1)
    for i, (a, b) in enumerate(pairwise(levels)):
        band = np.array([(-half(a), a), (half(a), a), (half(b), b), (-half(b), b)])
        s.add("tower", band, ("base", "light")[i % 2], textured=i % 2 == 0)
    lantern = neck * 0.72
    s.add("lantern", box(-lantern, -0.8, lantern, top), "accent")
    for x in (-0.36, 0.36):
        bar = box(x * lantern - 0.02, -0.8, x * lantern + 0.02, top)
        s.add("lantern", bar, "dark", outline=False)
    s.add("gallery", box(-neck - 0.11, top - 0.07, neck + 0.11, top + 0.03), "dark")
    assembly.dome(s, 0, -0.79, lantern + 0.06, s.u(0.18, 0.24), "second")
    assembly.finial(s, 0, -0.96, 0.12)
    for y in (-0.22, 0.2)[: s.n(1, 2)]:
        assembly.window(s, s.u(-0.05, 0.05), y, 0.13, 0.18, arched=True, panes=False)
    assembly.door(s, 0, 0.88, 0.2, 0.32, arched=True)


def windmill(s: Sketch) -> None:
    """A tapering tower with a cap and four latticed sails on a cross."""
    foot, neck = s.u(0.46, 0.56), s.u(0.26, 0.32)
    tower = np.array([(-neck, -0.3), (neck, -0.3), (foot, 0.98), (-foot, 0.98)])
    s.add("tower", tower, "base", textured=True)
    s.add("tower", box(-foot * 0.9, 0.46, foot * 0.9, 0.55), "second")
    assembly.dome(s, 0, -0.28, neck + 0.06, s.u(0.28, 0.36), "second", pointed=0.2 * s.n(0, 1))
    assembly.window(s, s.u(-0.08, 0.08), 0.2, 0.18, 0.22, panes=False)
    assembly.door(s, 0, 0.98, 0.24, 0.36, arched=True)
    length, broad, turn = s.u(0.82, 0.95), s.u(0.2, 0.26), s.u(15, 75)
    cloth = "light" if s.p(0.6) else "accent"
    for i in range(4):
        angle = turn + 90 * i
        frame = box(0.22 * length, -0.02, length, broad)
        s.add("sail", moved(frame, 0, -0.38, angle=angle), cloth)
        for x in (0.42, 0.62, 0.81):
            bar = box(x * length - 0.015, 0, x * length + 0.015, broad)
            bar = moved(bar, 0, -0.38, angle=angle)
            s.add("sail", bar, darker(s.colors.second, 0.5), outline=False)
        arm = moved(box(0, -0.035, length, 0.035), 0, -0.38, angle=angle)
        s.add("arm", arm, "dark", outline=False)
    s.add("arm", ellipse(0, -0.38, 0.09, n=14), "accent")


def mosque(s: Sketch) -> None:
    """A great dome over an arcade, with slender minarets."""
    half, top = s.u(0.6, 0.72), s.u(0.2, 0.3)
    sides = (-0.88, 0.88) if s.p(0.65) else (0.88,)
    for x in sides:
        s.add("minaret", box(x - 0.09, -0.5, x + 0.09, 0.9), "base", textured=True)
        s.add("minaret", box(x - 0.14, -0.22, x + 0.14, -0.14), "second")
        cone = np.array([(x - 0.12, -0.5), (x, -0.86), (x + 0.12, -0.5)])
        s.add("minaret", cone, "second")
    if s.p(0.6):
        for x in (-0.52, 0.52):
            assembly.dome(s, x * half / 0.66, top + 0.02, 0.22, 0.24, "second", pointed=0.5)
    rise = s.u(0.56, 0.7)
    s.add("drum", box(-0.44, top - 0.14, 0.44, top + 0.05), "light")
    assembly.dome(s, 0, top - 0.12, 0.48, rise, "second", pointed=s.u(0.3, 0.7))
    assembly.finial(s, 0, top - 0.14 - rise - 0.06, 0.2)
    s.add("wall", box(-half - 0.12, top, half + 0.12, 0.9), "base", textured=True)
    s.add("wall", box(-half - 0.17, top - 0.03, half + 0.17, top + 0.06), "light")
    count = s.n(1, 2)
    gap = (half + 0.1) / (count + 0.55)
    for i in range(1, count + 1):
        for x in (-gap * i * 1.02, gap * i * 1.02):
            assembly.window(s, x, 0.66, gap * 0.5, 0.36, arched=True, panes=False)
    gate = np.concatenate([arc(0, 0.56, 0.2, 0.24, 180, 360, 11), [(0.2, 0.9), (-0.2, 0.9)]])
    s.add("door", gate, "dark")
