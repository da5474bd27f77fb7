"""Five actions for pleasure or on the way: person, pose and tools."""

import numpy as np

from ..pencil.drawing import Sketch
from ..pencil.geometry import rotation
from . import targets, tools
from .body import draw_arm, draw_head, draw_leg, draw_torso
from .person import Look, pose, stand_hip
from .poses import draw_body, from_neck, seated_or_not


def fishing(s: Sketch, person: Look) -> None:
    """A rod in both hands, a fish on its line; seated or standing."""
    hands = ((0.36, s.u(0.0, 0.2)), (0.5, s.u(-0.08, 0.1)))
    at = seated_or_not(s, person, s.u(-6, 6), hands)
    draw_arm(s, person, at, far=True)
    draw_body(s, person, at, 0)
    tip = np.array([s.u(0.75, 1.0), s.u(-1.1, -0.75)])
    drop = np.array([tip[0] + s.u(-0.05, 0.05), s.u(0.2, 0.55) - at.hands[0][1]])
    first = len(s.points)
    targets.rod(s, tip, drop)
    s.place(first, *at.hands[0])
    draw_arm(s, person, at, far=False)


def holding_an_umbrella(s: Sketch, person: Look) -> None:
    """An open umbrella over the head."""
    hip, lean = (0, stand_hip(person)), s.u(-3, 5)
    walk = s.u(0.05, 0.3)
    hand = from_neck(person, hip[1], lean, s.u(0.3, 0.4), s.u(0.1, 0.3))
    at = pose(
        person,
        hip,
        lean,
        (hand, (s.u(-0.15, 0.25), hip[1] + 0.05)),
        ((-walk, 0.94), (walk, 0.92)),
        (1, 1),
    )
    draw_arm(s, person, at, far=True)
    first = len(s.points)
    targets.umbrella(s)
    over = at.head - at.hands[0] + (0, -person.head)
    tilt = s.u(-24, -4)
    s.place(first, *at.hands[0], max(0.9, -over[1] / 0.6), tilt)
    draw_body(s, person, at, 0)
    draw_arm(s, person, at, far=False)


def playing_the_guitar(s: Sketch, person: Look) -> None:
    """A guitar before the trunk, one hand on its neck; seated or standing."""
    lean, angle, scale = s.u(-4, 8), s.u(-38, -12), s.u(1.05, 1.25)
    at = seated_or_not(s, person, lean, ((0, 0), (0, 0)))
    hole = np.add(at.hip, (0.16, -0.2))
    along = rotation(angle) @ (1, 0)
    hands = np.add(hole, (-0.06, 0.06)), hole + along * 0.62 * scale
    at = pose(person, at.hip, lean, hands, at.feet, (1, 1), 6)
    draw_body(s, person, at, 6)
    first = len(s.points)
    tools.guitar(s)
    s.place(first, *hole, scale, angle)
    draw_arm(s, person, at, far=True)
    draw_arm(s, person, at, far=False)


def reading(s: Sketch, person: Look) -> None:
    """An open book in both hands; seated or standing."""
    lean = s.u(-4, 8)
    at = seated_or_not(s, person, lean, ((0, 0), (0, 0)))
    spine = np.add(at.neck, (s.u(0.38, 0.48), s.u(0.3, 0.42)))
    hands = np.add(spine, (-0.2, -0.12)), np.add(spine, (0.16, -0.06))
    at = pose(person, at.hip, lean, hands, at.feet, (1, 1), 12)
    draw_arm(s, person, at, far=True)
    draw_body(s, person, at, 12)
    first = len(s.points)
    tools.book(s)
    s.place(first, *(at.hands[0] + (0.2, 0.14)), s.u(1.0, 1.2), s.u(-8, 14))
    draw_arm(s, person, at, far=False)


def riding_a_bike(s: Sketch, person: Look) -> None:
    """On the saddle, hands on the bar, feet on the pedals."""
    scale = 1.02
    push = s.u(0, 360)
    saddle = np.array([-0.25, -0.46]) * scale
    crank = np.array([-0.08, 0.38]) * scale
    pedal = rotation(push) @ (0.13, 0)
    hip = np.add(saddle, (0.02, -0.02))
    at = pose(
        person,
        hip,
        s.u(15, 34),
        ((0.3, -0.52), (0.34, -0.5)),
        (crank + pedal, crank - pedal),
        (1, 1),
        -12,
    )
    draw_arm(s, person, at, far=True)
    draw_leg(s, person, at, far=True)
    first = len(s.points)
    targets.bicycle(s)
    s.place(first, 0, 0.02, scale)
    draw_leg(s, person, at, far=False)
    draw_torso(s, person, at)
    draw_head(s, person, at, 4)
    draw_arm(s, person, at, far=False)
