"""Things of harbours, farms and airports."""

import numpy as np

from ..objects.vehicles import sailboat
from ..pencil import assembly
from ..pencil.drawing import Sketch
from ..pencil.geometry import arc, box, ellipse, ribbon, rounded
from ..pencil.palette import darker, lighter


def any_boat(s: Sketch) -> None:
    """Under sail, or not."""
    (sailboat if s.p(0.45) else boat)(s)


def boat(s: Sketch) -> None:
    """A rowing boat, a fishing boat with its cabin, or a barge with a funnel."""
    kind = s.n(0, 2)
    if kind == 0:
        s.add("oar", ribbon([(-0.3, -0.05), (0.3, 0.62)], 0.07), "light")
        s.add("seat", box(-0.5, 0.02, -0.3, 0.14), "dark")
        assembly.hull(s, 0.98, 0.06, 0.4)
        return
    if kind == 1:
        s.add("mast", box(0.28, -0.95, 0.34, 0.1), "dark", outline=False)
        s.add("mast", ribbon([(0.31, -0.9), (-0.75, -0.1)], 0.05), "dark", outline=False)
    x0, x1 = (-0.3, 0.3) if kind == 1 else (-0.55, 0.45)
    s.add("cabin", box(x0, -0.42, x1, 0.1), "light")
    s.add("cabin", box(x0 - 0.06, -0.5, x1 + 0.06, -0.4), "second")
    for x in np.linspace(x0, x1, 4)[1:-1]:
        assembly.window(s, x, -0.18, 0.17, 0.2, panes=False)
    if kind == 2:
        s.add("funnel", box(-0.2, -0.85, 0.05, -0.48), "base")
        s.add("funnel", box(-0.2, -0.78, 0.05, -0.68), "dark", outline=False)
    assembly.hull(s, 1.0, 0.08, 0.42)


def crane(s: Sketch) -> None:
    """A harbour crane: a portal, a cabin, a lattice arm with a hook."""
    for x in (-0.45, 0.35):
        s.add("leg", ribbon([(x * 0.7, 0.1), (x, 1)], 0.12), "base")
    s.add("leg", box(-0.42, 0.5, 0.36, 0.6), "base")
    s.add("tower", box(-0.14, -0.55, 0.1, 0.2), "base")
    for y in np.linspace(-0.5, 0.1, 4):
        s.add("tower", ribbon([(-0.13, y), (0.09, y + 0.16)], 0.04), "dark", outline=False)
    tip = (s.u(0.85, 1.1), -s.u(0.75, 1.0))
    s.add("arm", ribbon([(-0.5, -0.4), tip], 0.16, 0.08), "base")
    s.add("arm", ribbon([(-0.05, -0.98), tip], 0.04), "dark", outline=False)
    s.add("arm", ribbon([(-0.05, -0.98), (-0.5, -0.42)], 0.04), "dark", outline=False)
    s.add("tower", ribbon([(-0.05, -0.5), (-0.05, -1)], 0.09), "base")
    s.add("weight", box(-0.66, -0.44, -0.38, -0.2), "dark")
    s.add("cabin", box(-0.22, -0.62, 0.18, -0.36), "light")
    s.add("hook", ribbon([tip, (tip[0], -0.1)], 0.035), "dark", outline=False)
    s.add("hook", box(tip[0] - 0.1, -0.12, tip[0] + 0.1, 0.02), "accent")


def container(s: Sketch) -> None:
    """Freight containers, one to three on top of each other."""
    for i, color in enumerate(("base", "second", "accent")[: s.n(1, 3)]):
        x, y = s.u(-0.15, 0.15) * (i > 0), 0.5 - 0.52 * i
        s.add("container", box(x - 1, y - 0.52, x + 1, y), color)
        tone = darker(getattr(s.colors, color), 0.3)
        for dx in np.linspace(-0.85, 0.85, 8):
            s.add(
                "container",
                box(x + dx - 0.03, y - 0.45, x + dx + 0.03, y - 0.07),
                tone,
                outline=False,
            )


def buoy(s: Sketch) -> None:
    """A floating cone with a ball on its top."""
    s.add("buoy", np.array([(-0.2, -0.4), (0.2, -0.4), (0.48, 0.5), (-0.48, 0.5)]), "base")
    s.add(
        "buoy",
        np.array([(-0.3, -0.1), (0.3, -0.1), (0.4, 0.2), (-0.4, 0.2)]),
        "light",
        outline=False,
    )
    s.add("buoy", arc(0, 0.5, 0.6, 0.26, 0, 180, 10), "base")
    s.add("buoy", ribbon([(0, -0.4), (0, -0.8)], 0.08), "dark", outline=False)
    s.add("buoy", ellipse(0, -0.84, 0.16, n=12), "accent")


def barn(s: Sketch) -> None:
    """A broken roof over boards, a wide door with a cross."""
    wide = s.u(0.85, 1.05)
    wall = [
        (-wide, 0.8),
        (-wide, -0.1),
        (-wide * 0.7, -0.6),
        (0, -0.95),
        (wide * 0.7, -0.6),
        (wide, -0.1),
        (wide, 0.8),
    ]
    s.add("wall", np.array(wall), "base", textured=True)
    roof = [
        (-wide * 1.1, -0.05),
        (-wide * 0.76, -0.66),
        (0, -1.05),
        (wide * 0.76, -0.66),
        (wide * 1.1, -0.05),
    ]
    s.add("roof", ribbon(roof, 0.13), "second")
    s.add("door", box(-0.42, 0.0, 0.42, 0.8), "light")
    for a, b in (((-0.4, 0.02), (0.4, 0.78)), ((0.4, 0.02), (-0.4, 0.78))):
        s.add("door", ribbon([a, b], 0.08), "second", outline=False)
    assembly.window(s, 0, -0.42, 0.32, 0.28)


def tractor(s: Sketch) -> None:
    """A huge rear wheel, a small front wheel, bonnet, cab and exhaust."""
    s.add("exhaust", box(0.5, -0.75, 0.58, -0.1), "dark")
    s.add("bonnet", rounded(-0.1, -0.28, 0.98, 0.3, 0.1), "base", textured=True)
    s.add("grille", box(0.82, -0.18, 0.97, 0.2), "dark", outline=False)
    s.add("cab", np.array([(-0.72, 0.1), (-0.62, -0.8), (0.02, -0.8), (0.12, 0.1)]), "base")
    s.add("window", np.array([(-0.56, -0.1), (-0.5, -0.66), (-0.08, -0.66), (0, -0.1)]), "light")
    s.add("cab", rounded(-0.76, -0.92, 0.14, -0.78, 0.05), "second")
    assembly.wheel(s, 0.66, 0.44, 0.34)
    assembly.wheel(s, -0.48, 0.24, s.u(0.52, 0.58))


def hay(s: Sketch) -> None:
    """Round bales of straw, one or two."""
    straw = (214, 178, 92)
    for x, y in ((0.0, 0.0), (1.05, 0.05))[: s.n(1, 2)]:
        s.add("hay", rounded(x - 0.62, y - 0.5, x + 0.7, y + 0.55, 0.4), darker(straw, 0.12))
        s.add("hay", ellipse(x - 0.16, y, 0.5, 0.53, n=20), straw)
        for r in (0.34, 0.18):
            s.add(
                "hay",
                ribbon(arc(x - 0.16, y, r, r, 20, 330, 14), 0.05),
                darker(straw, 0.35),
                outline=False,
            )


def control_tower(s: Sketch) -> None:
    """A slender shaft, a glazed cabin that widens upwards, an aerial."""
    s.add("aerial", box(-0.02, -1.15, 0.02, -0.85), "dark", outline=False)
    s.add(
        "shaft",
        np.array([(-0.16, -0.5), (0.16, -0.5), (0.24, 1), (-0.24, 1)]),
        "base",
        textured=True,
    )
    s.add("cabin", box(-0.34, -0.52, 0.34, -0.42), "second")
    s.add(
        "glass",
        np.array([(-0.34, -0.5), (-0.46, -0.82), (0.46, -0.82), (0.34, -0.5)]),
        (120, 170, 190),
    )
    for x in (-0.2, 0.0, 0.2):
        s.add("glass", ribbon([(x, -0.5), (x * 1.35, -0.82)], 0.03), "dark", outline=False)
    s.add("cabin", rounded(-0.5, -0.92, 0.5, -0.8, 0.04), "base")


def hangar(s: Sketch) -> None:
    """A round roof over a wide dark gate."""
    shape = np.concatenate([arc(0, 0.0, 1.3, 0.75, 180, 360, 18), [(1.3, 0.6), (-1.3, 0.6)]])
    s.add("wall", shape, "base", textured=True)
    gate = np.concatenate([arc(0, 0.1, 0.95, 0.42, 180, 360, 12), [(0.95, 0.6), (-0.95, 0.6)]])
    s.add("gate", gate, darker(s.colors.second, 0.6))
    if s.p(0.6):
        s.add("gate", box(-0.95, 0.06, -0.4, 0.6), lighter(s.colors.base, 0.3))


def windsock(s: Sketch) -> None:
    """A striped bag in the wind on a pole."""
    s.add("pole", box(-0.04, -0.9, 0.04, 1), "dark")
    droop = s.u(0.0, 0.35)
    for i in range(4):
        a, b = 0.24 * i, 0.24 * (i + 1)
        ya, yb = -0.78 + droop * a, -0.78 + droop * b
        ra, rb = 0.17 - 0.03 * i, 0.17 - 0.03 * (i + 1)
        band = [(a, ya - ra), (b, yb - rb), (b, yb + rb), (a, ya + ra)]
        s.add("sock", np.array(band), "base" if i % 2 == 0 else (248, 246, 240))


def stairs(s: Sketch) -> None:
    """Boarding stairs on wheels."""
    s.add("frame", box(-0.9, 0.5, 0.9, 0.68), "base")
    steps = [(-0.85, 0.5)]
    for i in range(6):
        x, y = -0.85 + 0.24 * i, 0.5 - 0.2 * i
        steps += [(x, y - 0.2), (x + 0.24, y - 0.2)]
    s.add("stairs", np.array([*steps, (0.85, -0.7), (0.85, 0.5)]), "base", textured=True)
    s.add("rail", ribbon([(-0.85, 0.0), (0.6, -1.15), (0.95, -1.15)], 0.08), "second")
    for x in (-0.6, 0.6):
        assembly.wheel(s, x, 0.72, 0.2)
