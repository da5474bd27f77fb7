"""The head of a bird: crown, beak and eye, in a frame where the head is a circle of radius 1."""

import numpy as np

from ..pencil.drawing import Sketch
from ..pencil.geometry import arc, ellipse, ribbon, smooth, smooth_path
from ..pencil.palette import darker, lighter, mix
from .plumage import mark_color


def head(s: Sketch, crown: str, beak: str) -> None:
    """Add a head that looks right."""
    _beak(s, beak)
    if crown == "crest":
        _crest(s)
    s.add("head", ellipse(0, 0, 1.0, n=30), "base", outline=False)
    cheek = smooth([(0.93, 0.2), (0.5, 0.28), (0.0, 0.34), (-0.3, 0.62), (0.1, 0.92), (0.66, 0.68)])
    s.add("head", cheek, s.colors.light, outline=False)
    s.add(
        "head",
        ribbon([(0.9, 0.0), (0.35, -0.06), (-0.55, 0.06)], 0.2, 0.08),
        mix(s.colors.dark, s.colors.base, 0.35),
        outline=False,
    )
    _crown(s, crown)
    s.add("eye", ellipse(0.36, -0.1, 0.215, n=16), lighter(s.colors.light, 0.3), outline=False)
    s.add("eye", ellipse(0.37, -0.1, 0.165, n=14), (20, 16, 22), outline=False)
    s.add("eye", ellipse(0.31, -0.16, 0.06, n=8), (255, 255, 255), outline=False)


def _crown(s: Sketch, mark: str) -> None:
    fill = {"cap": "black", "ruby": "red"}.get(mark)
    fill = mark_color(s, fill) if fill else darker(s.colors.base, 0.22)
    top = arc(0, 0, 1.0, 1.1 if mark == "ruby" else 1.0, 190, 345, 15)
    lower = smooth_path([(0.92, -0.28), (0.4, -0.42), (-0.3, -0.36), (-0.97, -0.12)], 4)
    s.add("crown", np.concatenate([top, lower]), fill, outline=False)
    if mark == "ruby":
        s.add("crown", ribbon(lower, 0.22, 0.14), mark_color(s, "black"), outline=False)
    if mark == "brow":
        stripe = ribbon(smooth_path(_BROW, 4), 0.36, 0.22)
        s.add("crown", stripe, mark_color(s, "white"), outline=False)


def _crest(s: Sketch) -> None:
    lean = s.u(-0.15, 0.15) * np.clip(-_CREST[:, 1:] - 0.7, 0, None)  # the tip sways most
    s.add("crown", smooth(_CREST + lean * (1, 0), 4), darker(s.colors.base, 0.22))


def _beak(s: Sketch, mark: str) -> None:
    dark = mix(s.colors.dark, s.colors.accent, 0.25)
    fill = mark_color(s, "orange") if mark == "orange" else dark
    if mark == "sickle":
        spine = smooth_path([(0.7, 0.04), (1.5, 0.0), (2.4, 0.4), (2.85, 1.25)], 5)
        shape, slit = ribbon(spine, 0.56, 0.08), spine[:12]
    else:
        points = np.array(_BEAKS[mark]).T
        shape, slit = points[:-2], points[-2:]
        shape = smooth(shape, 4) if mark in ("hook", "orange") else shape
    s.add("beak", shape, fill)
    if mark == "orange":
        s.add("beak", smooth(_TIP, 4), mix(dark, (0, 0, 0), 0.3), outline=False)
    s.add("beak", ribbon(slit, 0.06), darker(fill, 0.5), outline=False)


_BROW = np.array([(0.95, -0.22), (0.4, -0.48), (-0.3, -0.4), (-0.9, 0.02)])

_CREST = np.array(
    [
        [0.66, 0.25, -0.85, -0.62, -1.15, -0.9, 0.0],
        [-0.6, -1.3, -2.35, -1.6, -1.5, -0.4, -0.3],
    ]
).T

_BEAKS = {  # x and y of the outline; its last two points are the line between the halves
    "cone": [[0.7, 1.2, 1.6, 1.2, 0.7, 0.8, 1.5], [-0.26, -0.12, 0.1, 0.24, 0.34, 0.06, 0.1]],
    "dagger": [[0.7, 1.5, 3.1, 1.5, 0.7, 0.8, 2.9], [-0.36, -0.24, 0.1, 0.34, 0.44, 0.05, 0.1]],
    "hook": [
        [0.66, 1.3, 1.9, 1.95, 1.6, 1.2, 0.7, 0.8, 1.6],
        [-0.55, -0.55, -0.1, 0.8, 0.42, 0.6, 0.5, 0.14, 0.22],
    ],
    "orange": [
        [0.66, 1.3, 2.1, 2.5, 1.9, 1.2, 0.7, 0.8, 2.2],
        [-0.5, -0.6, -0.3, 0.3, 0.4, 0.55, 0.5, 0.02, 0.16],
    ],
}

_TIP = np.array([(2.1, -0.3), (2.5, 0.3), (2.15, 0.36), (2.0, 0.05)])
