"""Tools that a hand holds. Each is drawn about its grip, which lies at (0, 0).

Their part is "tool"; colours are of the sketch's palette.
"""

import numpy as np

from ..pencil.drawing import Sketch
from ..pencil.geometry import arc, box, ellipse, moved, ribbon, rounded, smooth, smooth_path
from ..pencil.palette import darker


def toothbrush(s: Sketch) -> None:
    """Along -x: a handle, bristles upwards at the far end, foam on them."""
    s.add("tool", ribbon([(0.25, 0.03), (0.0, 0.0), (-0.25, 0.0)], 0.095, 0.07), "base")
    s.add("tool", box(-0.39, -0.14, -0.18, -0.02), (250, 250, 246))
    for x in (-0.345, -0.3, -0.255, -0.22):
        s.add("tool", box(x - 0.009, -0.14, x + 0.009, -0.04), (70, 110, 200), outline=False)
    s.add("tool", rounded(-0.41, -0.035, -0.15, 0.045, 0.03), "base")
    for x, y, r in ((-0.35, -0.16, 0.045), (-0.29, -0.18, 0.055), (-0.22, -0.155, 0.04)):
        s.add("tool", ellipse(x, y, r, n=12), (252, 253, 255), outline=False)


def axe(s: Sketch) -> None:
    """A shaft along x with a broad blade at its far end that cuts downwards (+y)."""
    s.add("tool", ribbon([(-0.25, 0), (0.62, 0)], 0.07), "second")
    blade = [(0.46, -0.09), (0.66, -0.09), (0.72, 0.12), (0.8, 0.3), (0.34, 0.3), (0.44, 0.12)]
    s.add("tool", np.array(blade), (196, 202, 210))
    s.add(
        "tool",
        np.array([(0.36, 0.26), (0.78, 0.26), (0.8, 0.32), (0.34, 0.32)]),
        (240, 244, 248),
        outline=False,
    )


def saw(s: Sketch) -> None:
    """A hand saw along x, teeth downwards."""
    teeth = [
        (x, 0.13 - 0.09 * (x - 0.1) + (0.05 if k % 2 else 0))
        for k, x in enumerate(np.linspace(0.95, 0.1, 19))
    ]
    s.add("tool", np.array([(0.1, -0.1), (0.95, -0.02), *teeth]), (200, 206, 214))
    grip = np.concatenate(
        [arc(0, 0, 0.17, 0.15, 0, 360, 18), arc(0, 0, 0.08, 0.06, 0, 360, 12)[::-1]]
    )
    s.add("tool", grip, "base")


def mop(s: Sketch) -> None:
    """A long stick along x that ends in loose threads."""
    s.add("tool", ribbon([(-0.55, 0), (0.85, 0)], 0.055), "second")
    for k in np.linspace(-1, 1, 7):
        end = (1.16 - 0.05 * abs(k), 0.2 * k)
        s.add(
            "tool", ribbon(smooth_path([(0.82, 0.03 * k), (0.98, 0.13 * k), end], 4), 0.09), "light"
        )
    s.add("tool", box(0.76, -0.09, 0.88, 0.09), "accent")


def broom(s: Sketch) -> None:
    """A long stick along x that ends in stiff bristles."""
    s.add("tool", ribbon([(-0.55, 0), (0.85, 0)], 0.055), "second")
    head = np.array([(0.85, -0.15), (0.85, 0.15), (1.15, 0.24), (1.15, -0.24)])
    s.add("tool", head, "accent")
    for k in np.linspace(-0.8, 0.8, 6):
        s.add(
            "tool",
            ribbon([(0.9, 0.14 * k), (1.14, 0.22 * k)], 0.016),
            darker(s.colors.accent, 0.5),
            outline=False,
        )
    s.add("tool", box(0.79, -0.17, 0.9, 0.17), "base")


def pan(s: Sketch) -> None:
    """A frying pan seen from the side, its handle's end at (0, 0), with something in it."""
    s.add("tool", ribbon([(-0.04, 0.0), (0.3, 0.03)], 0.075), "dark")
    for x, y, r in ((0.42, -0.03, 0.08), (0.56, -0.05, 0.1), (0.68, -0.02, 0.07)):
        s.add("tool", ellipse(x, y, r, 0.75 * r, n=12), "accent")
    s.add(
        "tool",
        np.array([(0.26, -0.02), (0.84, -0.02), (0.77, 0.13), (0.33, 0.13)]),
        darker(s.colors.dark, 0.2),
    )


def pot(s: Sketch) -> None:
    """A pot that stands at (0, 0) with steam and a ladle."""
    s.add("tool", ribbon([(0.05, -0.3), (-0.2, -0.62)], 0.05), "second")
    for x in (-0.33, 0.33):
        s.add("tool", ribbon(arc(x, -0.24, 0.08, 0.06, 0, 360, 12), 0.04), "dark", outline=False)
    s.add("tool", rounded(-0.3, -0.36, 0.3, 0.0, 0.08), "base", textured=True)
    s.add("tool", ellipse(0, -0.36, 0.31, 0.06), "light")


def steam(s: Sketch, x: float, y: float) -> None:
    """Three wisps above (x, y)."""
    for dx in (-0.14, 0.02, 0.17):
        path = [(0, 0), (0.07, -0.12), (-0.03, -0.24), (0.05, -0.38)]
        wisp = ribbon(smooth_path(np.add(path, (x + dx, y)), 4), 0.055, 0.02)
        s.add("tool", wisp, (244, 246, 250), outline=False)


def wrench(s: Sketch) -> None:
    """A spanner along x with two open jaws."""
    steel = (188, 194, 204)
    s.add("tool", ribbon([(-0.16, 0), (0.36, 0)], 0.085), steel)
    for x, a in ((0.44, 0), (-0.22, 180)):
        jaw = np.concatenate([arc(0, 0, 0.13, 0.13, 40, 320, 14), [(-0.01, -0.05), (-0.01, 0.05)]])
        s.add("tool", moved(jaw, x, 0, angle=a), steel)


def guitar(s: Sketch) -> None:
    """Along x: the sound hole at (0, 0), the neck to the right."""
    body = [
        (-0.42, 0),
        (-0.34, -0.24),
        (-0.12, -0.27),
        (0.04, -0.18),
        (0.2, -0.2),
        (0.3, -0.1),
        (0.3, 0.1),
    ]
    body += [(0.2, 0.2), (0.04, 0.18), (-0.12, 0.27), (-0.34, 0.24)]
    s.add("tool", smooth(np.array(body), 4), "base", textured=True)
    s.add("tool", box(0.08, -0.045, 0.86, 0.045), "dark")
    s.add("tool", np.array([(0.84, -0.07), (1.06, -0.09), (1.06, 0.09), (0.84, 0.07)]), "second")
    s.add("tool", ellipse(0.02, 0, 0.1, n=18), darker(s.colors.dark, 0.6))
    s.add("tool", box(-0.28, -0.09, -0.22, 0.09), "dark", outline=False)
    for y in (-0.025, 0.0, 0.025):
        s.add("tool", box(-0.25, y - 0.006, 0.9, y + 0.006), "light", outline=False)


def book(s: Sketch) -> None:
    """An open book, its spine's foot at (0, 0), read from the left."""
    cover = "base"
    s.add("tool", np.array([(0, 0), (-0.3, -0.13), (-0.38, -0.5), (-0.06, -0.4)]), cover)
    s.add(
        "tool",
        np.array([(0, -0.02), (-0.27, -0.15), (-0.34, -0.47), (-0.06, -0.37)]),
        (250, 248, 238),
    )
    s.add("tool", np.array([(0, 0), (0.3, -0.13), (0.26, -0.52), (-0.06, -0.4)]), cover)
    s.add(
        "tool",
        np.array([(0.0, -0.03), (0.27, -0.15), (0.235, -0.48), (-0.05, -0.37)]),
        (255, 253, 244),
        outline=False,
    )
    for t in (0.25, 0.45, 0.65, 0.85):
        for a, b in (
            ((0.02, -0.37 * t - 0.02), (0.22, -0.37 * t - 0.13)),
            ((-0.07, -0.37 * t - 0.03), (-0.25, -0.37 * t - 0.12)),
        ):
            s.add("tool", ribbon([a, b], 0.018), (120, 120, 130), outline=False)
