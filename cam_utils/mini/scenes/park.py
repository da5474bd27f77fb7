"""Things of parks and playgrounds: trees, benches, fountains, swings."""

import numpy as np

from ..pencil.drawing import Sketch
from ..pencil.geometry import arc, box, ellipse, ribbon, rounded, smooth
from ..pencil.palette import lighter


def tree(s: Sketch) -> None:
    """A round crown, a conifer or a poplar on a trunk."""
    kind = s.n(0, 2)
    s.add("trunk", ribbon([(0, -0.1), (0, 1)], 0.16, 0.26), "second", textured=True)
    if kind == 0:
        for x, y, r in ((-0.38, -0.22, 0.42), (0.38, -0.2, 0.42), (0, -0.58, 0.46), (0, -0.1, 0.4)):
            s.add(
                "crown",
                smooth(ellipse(x, y, r, n=9) + s.rng.uniform(-0.04, 0.04, (9, 2)), 3),
                "base",
            )
        s.add("crown", ellipse(0, -0.3, 0.46, 0.4), "base", textured=True, outline=False)
        for x, y in ((-0.3, -0.4), (0.15, -0.62), (0.3, -0.2)):
            s.add("crown", ellipse(x, y, 0.13, 0.09, n=10), "light", outline=False)
    elif kind == 1:
        for i, y in enumerate((0.45, 0.05, -0.35)):
            w = 0.62 - 0.14 * i
            s.add("crown", np.array([(-w, y), (0, y - 0.68), (w, y)]), "base", textured=True)
    else:
        crown = [
            (0, -1),
            (0.3, -0.5),
            (0.36, 0.1),
            (0.2, 0.5),
            (-0.2, 0.5),
            (-0.36, 0.1),
            (-0.3, -0.5),
        ]
        s.add("crown", smooth(np.array(crown), 4), "base", textured=True)


def bush(s: Sketch) -> None:
    """A low mass of leaves."""
    for x, y, r in ((-0.6, 0.1, 0.46), (0.6, 0.1, 0.46), (0, -0.15, 0.55)):
        s.add(
            "bush",
            smooth(ellipse(x, y, r, 0.9 * r, n=9) + s.rng.uniform(-0.05, 0.05, (9, 2)), 3),
            "base",
            textured=True,
        )
    s.add("bush", box(-0.85, 0.15, 0.85, 0.5), "base", outline=False)
    for x in (-0.5, 0.0, 0.45):
        s.add("bush", ellipse(x, s.u(-0.2, 0.2), 0.13, 0.09, n=8), "light", outline=False)


def bench(s: Sketch) -> None:
    """Slats on two bent irons."""
    for x in (-0.95, 0.85):
        s.add("leg", ribbon([(x, -0.7), (x + 0.06, 0), (x, 0.7)], 0.1), "dark")
    for y in (-0.68, -0.4):
        s.add("back", box(-1.1, y, 1.1, y + 0.2), "base", textured=True)
    s.add(
        "seat",
        np.array([(-1.1, -0.04), (1.1, -0.04), (1.2, 0.2), (-1.2, 0.2)]),
        "base",
        textured=True,
    )
    s.add("seat", box(-1.2, 0.2, 1.2, 0.3), "second")


def fountain(s: Sketch) -> None:
    """A basin, a bowl on a column, jets of water."""
    water = (176, 214, 236)
    for side in (-1, 1):
        jet = arc(
            side * 0.32, -0.35, 0.32, 0.55, 180 if side > 0 else 0, 360 if side > 0 else -180, 10
        )
        s.add("water", ribbon(jet, 0.09), water, outline=False)
    s.add("water", ribbon([(0, -1), (0, -0.2)], 0.07, 0.14), water, outline=False)
    s.add("column", box(-0.1, -0.2, 0.1, 0.5), "second")
    s.add("bowl", arc(0, -0.15, 0.5, 0.26, 0, 180, 12), "base")
    s.add("basin", rounded(-1.05, 0.4, 1.05, 0.8, 0.1), "base", textured=True)
    s.add("water", ellipse(0, 0.42, 0.98, 0.13, n=24), water)


def swing(s: Sketch) -> None:
    """Two bocks, a beam, one or two seats on ropes."""
    for x in (-0.9, 0.9):
        for dx in (-0.2, 0.2):
            s.add("post", ribbon([(x, -0.85), (x + dx, 0.9)], 0.09), "base")
    s.add("beam", box(-1, -0.92, 1, -0.8), "base")
    for x in (-0.38, 0.38)[: s.n(1, 2)]:
        tilt = s.u(-0.2, 0.2)
        for dx in (-0.15, 0.15):
            s.add(
                "rope", ribbon([(x + dx, -0.82), (x + dx + tilt, 0.4)], 0.04), "dark", outline=False
            )
        s.add("seat", box(x + tilt - 0.22, 0.36, x + tilt + 0.22, 0.48), "accent")


def slide(s: Sketch) -> None:
    """A ladder up to a platform, a chute down."""
    for x in (-0.75, -0.45):
        s.add("ladder", ribbon([(x, 0.9), (x + 0.12, -0.95)], 0.08), "second")
    for y in np.linspace(-0.3, 0.7, 4):
        s.add("ladder", box(-0.7, y, -0.38, y + 0.07), "second", outline=False)
    s.add("platform", box(-0.72, -0.55, -0.1, -0.42), "second")
    chute = smooth(
        np.array(
            [
                (-0.2, -0.62),
                (0.1, -0.4),
                (0.5, 0.55),
                (0.98, 0.78),
                (0.98, 0.9),
                (0.38, 0.76),
                (-0.05, -0.15),
                (-0.3, -0.42),
            ]
        ),
        3,
    )
    s.add("chute", chute, "base")
    s.add("post", box(0.42, 0.55, 0.5, 0.92), "dark")


def kite(s: Sketch) -> None:
    """A diamond with a tail of bows."""
    s.add("tail", ribbon([(0, 0.3), (0.2, 0.6), (0.05, 0.95)], 0.05), "dark", outline=False)
    for x, y in ((0.16, 0.56), (0.1, 0.82)):
        s.add(
            "tail",
            np.array(
                [
                    (x - 0.13, y - 0.06),
                    (x + 0.13, y + 0.06),
                    (x + 0.13, y - 0.06),
                    (x - 0.13, y + 0.06),
                ]
            ),
            "accent",
            outline=False,
        )
    s.add("kite", np.array([(0, -1), (0.55, -0.4), (0, 0.4), (-0.55, -0.4)]), "base", textured=True)
    s.add("kite", np.array([(0, -1), (0.55, -0.4), (0, -0.4)]), "second")
    s.add("kite", np.array([(0, 0.4), (-0.55, -0.4), (0, -0.4)]), lighter(s.colors.accent, 0.2))
