"""Poses that several actions share."""

import numpy as np

from ..pencil.drawing import Sketch
from ..pencil.geometry import box, rotation
from .body import draw_head, draw_leg, draw_torso
from .person import Look, pose, stand_hip


def feet_apart(s: Sketch, spread: float = 0.14):
    """Near and far foot of a standing person."""
    a, b = s.u(0.3, 1) * spread, s.u(0.3, 1) * spread
    return (-a, 0.94), (b, 0.93)


def draw_body(s: Sketch, person: Look, at, turn: float) -> None:
    """All but the arms, back to front."""
    draw_leg(s, person, at, far=True)
    draw_leg(s, person, at, far=False)
    draw_torso(s, person, at)
    draw_head(s, person, at, turn)


def seated_or_not(s: Sketch, person: Look, lean: float, hands, elbow=(1, 1), nod=0.0):
    """A pose on a seat, which is drawn; or standing, as chance will have it."""
    if s.p(0.5):
        return pose(person, (0, stand_hip(person)), lean, hands, feet_apart(s), elbow, nod)
    hip = (0, 0.5)
    color = s.colors.dark
    s.add("seat", box(-0.26, 0.56, 0.22, 0.64), color)
    for x in (-0.22, 0.16):
        s.add("seat", box(x - 0.03, 0.64, x + 0.03, 0.98), color)
    return pose(person, hip, lean, hands, ((0.42, 0.94), (0.5, 0.93)), elbow, nod)


def from_neck(person: Look, hip_y: float, lean: float, dx: float, dy: float) -> np.ndarray:
    """A point relative to the neck of a person with the hip at (0, hip_y)."""
    return np.array([0, hip_y]) + rotation(lean) @ (0, -person.torso) + (dx, dy)
