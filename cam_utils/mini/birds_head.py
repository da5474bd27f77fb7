"""The head of a bird: crown, beak and eye, in a frame where the head is a circle of radius 1."""

import numpy as np

from .birds_colors import mark_color
from .drawing import Sketch
from .geometry import arc, ellipse, ribbon, smooth, smooth_path
from .palette import darker, lighter, mix


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
    top = arc(0, 0, 1.0, 1.0, 190, 345, 15)
    lower = smooth_path([(0.92, -0.28), (0.4, -0.42), (-0.3, -0.38), (-0.97, -0.16)], 4)
    s.add("crown", np.concatenate([top, lower]), fill, outline=False)
    if mark == "brow":
        stripe = [(0.95, -0.2), (0.4, -0.42), (-0.3, -0.38), (-0.86, -0.06)]
        s.add(
            "crown",
            ribbon(smooth_path(stripe, 4), 0.26, 0.16),
            mark_color(s, "white"),
            outline=False,
        )


def _crest(s: Sketch) -> None:
    lean = s.u(-0.1, 0.15)
    tuft = [
        (0.62, -0.66),
        (0.1, -1.25),
        (-0.75 + lean, -1.95),
        (-0.62 + lean, -1.3),
        (-1.0 + lean, -1.2),
        (-0.88, -0.4),
        (0.0, -0.3),
    ]
    s.add("crown", smooth(np.array(tuft), 4), darker(s.colors.base, 0.22))


def _beak(s: Sketch, mark: str) -> None:
    fill = (
        mark_color(s, "orange") if mark == "orange" else mix(s.colors.dark, s.colors.accent, 0.25)
    )
    if mark == "dagger":
        shape = np.array([(0.7, -0.24), (1.3, -0.14), (2.6, 0.1), (1.3, 0.24), (0.7, 0.34)])
        slit = [(0.8, 0.05), (2.4, 0.1)]
    elif mark == "sickle":
        spine = smooth_path([(0.7, 0.04), (1.3, 0.06), (1.95, 0.34), (2.3, 0.86)], 5)
        shape, slit = ribbon(spine, 0.46, 0.05), spine[:12]
    elif mark == "hook":
        shape = [(0.66, -0.44), (1.15, -0.42), (1.62, -0.05), (1.66, 0.62), (1.4, 0.3), (1.1, 0.4)]
        shape, slit = smooth([*shape, (0.7, 0.42)], 4), [(0.8, 0.12), (1.4, 0.2)]
    elif mark == "orange":
        shape = np.array([(0.7, -0.42), (1.2, -0.3), (1.85, 0.12), (1.2, 0.42), (0.7, 0.48)])
        slit = [(0.8, 0.06), (1.7, 0.12)]
    else:
        shape = np.array([(0.7, -0.26), (1.2, -0.12), (1.6, 0.1), (1.2, 0.24), (0.7, 0.34)])
        slit = [(0.8, 0.06), (1.5, 0.1)]
    s.add("beak", shape, fill)
    s.add("beak", ribbon(slit, 0.06), darker(fill, 0.5), outline=False)
