"""Things of streets: lamps, signs, town houses, fences."""

import numpy as np

from ..pencil import assembly
from ..pencil.drawing import Sketch
from ..pencil.geometry import arc, box, ellipse, moved, ribbon, rounded
from ..pencil.palette import darker


def street_lamp(s: Sketch) -> None:
    """A pole with one or two lanterns."""
    s.add("pole", box(-0.045, -0.85, 0.045, 1), "dark")
    s.add("pole", box(-0.12, 0.82, 0.12, 1), "dark")
    for side in ((1,), (-1, 1))[s.n(0, 1)]:
        s.add("arm", ribbon(arc(side * 0.16, -0.8, 0.16, 0.14, 180, 360, 8), 0.06), "dark")
        glass = np.array([(-0.1, 0), (0.1, 0), (0.07, 0.2), (-0.07, 0.2)])
        s.add("lantern", moved(glass, side * 0.32, -0.8), (252, 236, 170))


def traffic_light(s: Sketch) -> None:
    """Three lights in a box on a pole."""
    s.add("pole", box(-0.05, -0.2, 0.05, 1), "dark")
    s.add("box", rounded(-0.2, -1, 0.2, -0.1, 0.06), (48, 50, 54))
    lit = s.n(0, 2)
    for i, color in enumerate(((226, 60, 50), (240, 190, 60), (70, 190, 90))):
        s.add(
            "light",
            ellipse(0, -0.84 + 0.28 * i, 0.11, n=14),
            color if i == lit else darker(color, 0.6),
        )


def sign(s: Sketch) -> None:
    """A traffic sign: round, triangular or square, with a bar or an arrow."""
    s.add("pole", box(-0.045, -0.3, 0.045, 1), (150, 152, 158))
    kind = s.n(0, 2)
    if kind == 0:
        s.add("plate", ellipse(0, -0.62, 0.38), "accent")
        s.add("plate", ellipse(0, -0.62, 0.26), (248, 246, 240), outline=False)
        s.add("plate", box(-0.2, -0.68, 0.2, -0.56), "dark", outline=False)
    elif kind == 1:
        s.add("plate", np.array([(0, -1.02), (0.44, -0.28), (-0.44, -0.28)]), "accent")
        s.add(
            "plate",
            np.array([(0, -0.82), (0.26, -0.38), (-0.26, -0.38)]),
            (248, 246, 240),
            outline=False,
        )
    else:
        s.add("plate", rounded(-0.36, -0.98, 0.36, -0.28, 0.08), "accent")
        arrow = [
            (-0.2, -0.56),
            (0.04, -0.56),
            (0.04, -0.74),
            (0.26, -0.52),
            (0.04, -0.3),
            (0.04, -0.44),
        ]
        s.add("plate", np.array([*arrow, (-0.2, -0.44)]), (248, 246, 240), outline=False)


def building(s: Sketch) -> None:
    """A town house with rows of windows and a door or a shop below."""
    wide, floors, columns = s.u(0.5, 0.75), s.n(3, 4), s.n(2, 3)
    s.add("wall", box(-wide, -1, wide, 1), "base", textured=True)
    s.add("roof", box(-wide * 1.06, -1.08, wide * 1.06, -0.96), "second")
    step = 1.5 / floors
    for row in range(floors):
        for x in np.linspace(-wide, wide, columns + 2)[1:-1]:
            assembly.window(
                s, x, -0.78 + step * row, 0.9 * wide / columns, 0.62 * step, panes=False
            )
    assembly.door(s, s.u(-0.4, 0.4) * wide, 1, 0.3, 0.38)
    if s.p(0.4):
        s.add(
            "awning",
            np.array([(-wide, 0.5), (wide, 0.5), (wide * 1.1, 0.68), (-wide * 1.1, 0.68)]),
            "accent",
            textured=True,
        )


def fence(s: Sketch) -> None:
    """Pickets or two rails between posts."""
    color = "light" if s.p(0.5) else "second"
    if s.p(0.5):
        for y in (-0.1, 0.22):
            s.add("rail", box(-1.8, y, 1.8, y + 0.1), color)
        for x in np.linspace(-1.75, 1.75, 9):
            picket = [(x - 0.1, 0.5), (x - 0.1, -0.3), (x, -0.45), (x + 0.1, -0.3), (x + 0.1, 0.5)]
            s.add("picket", np.array(picket), color)
    else:
        for y in (-0.25, 0.1):
            s.add("rail", box(-1.8, y, 1.8, y + 0.13), color)
        for x in np.linspace(-1.7, 1.7, 4):
            s.add("post", box(x - 0.09, -0.45, x + 0.09, 0.5), color)
