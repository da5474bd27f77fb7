"""What tools are used on (part "target"), and large tools that are objects of the catalogue.

Colours are of the sketch's palette.
"""

import numpy as np

from ..objects import animals, things, vehicles
from ..pencil.drawing import Sketch
from ..pencil.geometry import arc, box, ellipse, ribbon, rounded, smooth_path
from ..pencil.palette import darker, lighter, mix


def trunk(s: Sketch) -> None:
    """A tree whose foot stands at (0, 0), with a notch on its left at y about -0.55."""
    w = s.u(0.15, 0.2)
    left = [
        (-w * 1.35, 0),
        (-w, -0.25),
        (-w, -0.47),
        (-0.1 * w, -0.56),
        (-w, -0.65),
        (-w * 0.95, -1.35),
    ]
    right = [(w * 0.95, -1.35), (w, -0.4), (w * 1.4, 0)]
    bark = mix((128, 88, 56), s.colors.second, 0.35)
    s.add("target", np.array([*left, *right]), bark)
    s.add("target", np.array([left[2], left[3], left[4]]), lighter(bark, 0.65), outline=False)
    for x, y in ((-0.4, -0.9), (0.3, -0.75), (0.2, -0.25), (-0.2, -1.1), (0.45, -1.05)):
        s.add(
            "target",
            ribbon([(x * w, y), (x * w * 1.1, y - 0.17)], 0.03),
            darker(bark, 0.4),
            outline=False,
        )
    green = mix((70, 140, 60), s.colors.base, 0.4)
    wide = s.u(0.85, 1.15)
    for shift, tone in ((0.06, darker(green, 0.3)), (0.0, green)):
        for x, y, r in (
            (-0.3, -1.3, 0.27),
            (0.3, -1.3, 0.28),
            (0.0, -1.22, 0.24),
            (-0.2, -1.58, 0.28),
            (0.2, -1.6, 0.27),
        ):
            s.add("target", ellipse(x * wide, y + shift, r * wide, r, n=20), tone, outline=False)


def bucket(s: Sketch) -> None:
    """A pail with foam that stands at (0, 0)."""
    s.add("target", ribbon(arc(0, -0.36, 0.24, 0.24, 185, 355, 12), 0.03), "dark", outline=False)
    s.add(
        "target",
        np.array([(-0.25, -0.38), (0.25, -0.38), (0.19, 0), (-0.19, 0)]),
        "base",
        textured=True,
    )
    s.add("target", ellipse(0, -0.38, 0.25, 0.06), "light")
    for x, r in ((-0.12, 0.07), (0.02, 0.09), (0.14, 0.06)):
        s.add("target", ellipse(x, -0.41, r, 0.8 * r, n=12), (248, 250, 255), outline=False)


def stove(s: Sketch) -> None:
    """A cooker, its top's middle at (0, 0), 0.86 wide and standing on y = 0.72."""
    s.add("target", rounded(-0.43, 0.02, 0.43, 0.72, 0.04), "light")
    s.add("target", rounded(-0.32, 0.28, 0.32, 0.62, 0.04), "dark")
    s.add("target", ribbon([(-0.28, 0.25), (0.28, 0.25)], 0.04), "second", outline=False)
    for x in (-0.27, -0.09, 0.09, 0.27):
        s.add("target", ellipse(x, 0.14, 0.055, n=12), "dark", outline=False)
    s.add("target", box(-0.46, -0.02, 0.46, 0.05), darker(s.colors.light, 0.55))
    for x in (-0.2, 0.2):
        s.add("target", box(x - 0.12, -0.045, x + 0.12, -0.015), (60, 40, 44), outline=False)


def broken_car(s: Sketch) -> None:
    """A car that faces left with its bonnet open; the engine's place is at (0, 0)."""
    first, shapes = len(s.points), len(s.shapes)
    lid = [(0.42, -0.06), (0.5, 0.02), (0.92, -0.55), (0.86, -0.62)]
    s.add("target", np.array(lid), "base")
    s.add("target", rounded(0.58, -0.12, 0.84, 0.08, 0.04), darker(s.colors.dark, 0.4))
    s.add("target", ellipse(0.7, -0.12, 0.07, n=10), "accent")
    vehicles.car(s)
    for shape in s.shapes[shapes:]:
        shape.part = "target"
    for i in range(first, len(s.points)):  # mirrored: its front to the person
        s.points[i] = (np.asarray(s.points[i]) - (0.72, 0)) * (-1.05, 1.05)


def rod(s: Sketch, tip, fish_at) -> None:
    """A fishing rod from (0, 0) to `tip`, its line down to `fish_at` with the catch."""
    tip, end = np.asarray(tip, float), np.asarray(fish_at, float)
    bend = tip * 0.6 + (-0.06, -0.1)
    s.add("tool", ribbon(smooth_path([(-0.22, 0.12), (0, 0), bend, tip], 5), 0.07, 0.03), "second")
    s.add("tool", ellipse(0.05, 0.05, 0.075, n=14), "dark")
    s.add("tool", ribbon([tip, end], 0.022), darker(s.colors.light, 0.35), outline=False)
    first, shapes = len(s.points), len(s.shapes)
    animals.fish(s)
    s.place(first, scale=s.u(0.24, 0.32), angle=-80)
    top = min(p[:, 1].min() for p in s.points[first:])
    s.place(first, end[0], end[1] - top)  # hangs on the line
    for shape in s.shapes[shapes:]:
        shape.part = "target"


def bicycle(s: Sketch) -> None:
    """The catalogue's bicycle; its saddle is near (-0.23, -0.4), its crank at (-0.08, 0.38)."""
    _whole(s, vehicles.bicycle)


def umbrella(s: Sketch) -> None:
    """The catalogue's umbrella, its shaft held at (0, 0)."""
    s.add("tool", ribbon([(0, 0.3), (0, -0.6)], 0.055), "dark")
    first = len(s.points)
    _whole(s, things.umbrella)
    s.points[first] = s.points[first] * (0.8, 1) + (0, -0.02)  # its hook
    s.place(first, 0, -0.5, 0.78)
    s.points[first] = s.points[first] + (0, 0.25)


def _whole(s: Sketch, drawer) -> None:
    shapes = len(s.shapes)
    drawer(s)
    for shape in s.shapes[shapes:]:
        shape.part = "tool"
