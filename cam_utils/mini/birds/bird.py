"""One bird as a sketch: body, breast, wings, tail and legs (`birds_head` draws the rest).

The bird faces right. Body, wings and tail are drawn in the body's frame, its axis along x and the
hip at the origin, and then turned by the pose; the legs hang straight down.
"""

from dataclasses import dataclass

import numpy as np
from scipy.spatial import ConvexHull

from ..pencil.drawing import Sketch
from ..pencil.geometry import ellipse, ribbon, rotation, smooth
from ..pencil.palette import darker, mix
from ..pencil.surface import across, along, edge, on
from .face import head
from .plumage import mark_color, plumage
from .species import Marks
from .wings import folded_wing, spread_wing, tail

PARTS = ("head", "crown", "beak", "eye", "breast", "wing", "wing bar", "tail", "leg")

_HEAD = 0.25  # radius; the body is about 1 long

FOOT = 0.26  # y of the perch under a perched bird

_BODY = [(0.5, -0.2), (0.44, 0.02), (0.12, 0.12), (-0.3, 0.01), (-0.54, -0.17), (-0.55, -0.3)]

_BODY += [(-0.24, -0.45), (0.12, -0.52), (0.4, -0.48)]


@dataclass(frozen=True)
class Pose:
    """How a bird holds itself.

    Attributes:
        tilt: degrees by which the breast is raised; 0 is level.
        nod: degrees by which the head is lowered.
        turned: it looks over its shoulder.
        flight: degrees by which the wings are raised, or None for a perched bird.
        droop: degrees by which the tail hangs below the body's axis.
    """

    tilt: float
    nod: float = 0.0
    turned: bool = False
    flight: float | None = None
    droop: float = 0.0


def sketch_bird(marks: Marks, pose: Pose, rng: np.random.Generator) -> Sketch:
    """A bird with these marks in its own frame: hip at (0, 0), feet at (0.04, FOOT)."""
    s = Sketch(rng, plumage(rng))
    s.texture = "plain"
    turn = rotation(-pose.tilt)
    # an upright bird carries its head at the end of the body's axis, a level one above it
    neck = np.array([0.5, -0.42 - 0.2 * np.cos(np.radians(pose.tilt))]) @ turn.T
    first = len(s.points)
    if pose.flight is not None:
        spread_wing(s, "plain", pose.flight - 16, far=True)
    tail(s, marks.tail, pose.droop)
    s.place(first, angle=-pose.tilt)
    if pose.flight is None:
        _legs(s)
    first = len(s.points)
    _neck_and_body(s, neck @ turn)
    _breast(s, marks.breast)
    if pose.flight is None:
        folded_wing(s, marks.wing)
    s.place(first, angle=-pose.tilt)
    first = len(s.points)
    head(s, marks.crown, marks.beak)
    for i in range(first, len(s.points)):
        if pose.turned:
            s.points[i] = s.points[i] * (-1, 1)
    s.place(first, *neck, _HEAD, -pose.nod if pose.turned else pose.nod)
    if pose.flight is not None:
        first = len(s.points)
        spread_wing(s, marks.wing, pose.flight, far=False)
        s.place(first, angle=-pose.tilt)
    return s


def _legs(s: Sketch) -> None:
    shade = darker(s.colors.accent, 0.3)
    for x, color in ((0.1, shade), (-0.02, s.colors.accent)):
        s.add("leg", ribbon([(0.6 * x, 0.0), (x, FOOT)], 0.042, 0.036), color)
        for reach in (-0.09, 0.07, 0.12):
            toe = [(x, FOOT - 0.012), (x + 0.6 * reach, FOOT - 0.005), (x + reach, FOOT + 0.03)]
            s.add("leg", ribbon(toe, 0.038, 0.02), color, outline=False)


def _neck_and_body(s: Sketch, neck: np.ndarray) -> None:
    """The body, joined to the head (centre `neck`, in the body's frame) without a seam."""
    around = np.concatenate([ellipse(*neck, _HEAD), ellipse(0.27, -0.26, 0.2, 0.22)])
    hull = around[ConvexHull(around).vertices]
    s.add("body", hull, "base")
    s.add("body", smooth(_BODY, 5), "base")
    s.add("body", hull, "base", outline=False)


def _breast(s: Sketch, mark: str) -> None:
    outer = edge([(0.48, -0.37), (0.5, -0.2), (0.43, 0.02), (0.13, 0.115), (-0.38, -0.05)])
    inner = edge([(0.38, -0.38), (0.34, -0.22), (0.2, -0.13), (0.0, -0.1), (-0.38, -0.06)])
    color = mark_color(s, "orange") if mark == "orange" else s.colors.light
    s.add("breast", np.concatenate([outer, inner[::-1]]), color, outline=False)
    dark = mix(mark_color(s, "black"), s.colors.base, 0.15)
    if mark == "band":
        s.add("breast", across(outer, inner, 0.14, 0.36, -0.05, 1.15, 0.04), dark, outline=False)
    elif mark == "spots":
        for row, t in enumerate(np.arange(0.1, 0.86, 0.115)):
            for d in (0.22, 0.58, 0.9) if row % 2 else (0.1, 0.42, 0.75):
                at = on(outer, inner, t, d)[0]
                s.add("breast", ellipse(*at, 0.034, 0.028, n=8), dark, outline=False)
    elif mark == "streaks":
        for d in (0.12, 0.36, 0.6, 0.84):
            for t in np.arange(0.08 + 0.07 * (d > 0.3), 0.8, 0.22):
                streak = along(outer, inner, t, t + 0.15, d - 0.07, d + 0.07)
                s.add("breast", streak, dark, outline=False)
