"""Five actions with something to be done: the person, and the pose and the tools that make them."""

import numpy as np

from ..pencil.drawing import Sketch
from ..pencil.geometry import rotation
from . import targets, tools
from .body import draw_arm
from .person import Look, pose, stand_hip
from .poses import draw_body, feet_apart, from_neck


def brushing_teeth(s: Sketch, person: Look) -> None:
    """A brush in the mouth, foam; the other hand hangs or is raised."""
    hip, lean = (0, stand_hip(person)), s.u(-2, 10)
    head = pose(person, hip, lean, ((0, 0), (0, 0)), feet_apart(s)).head
    r = person.head
    mouth = np.add(head, (0.55 * r, 0.62 * r))
    angle, size = s.u(-22, 14), s.u(1.1, 1.3)
    grip = mouth - rotation(angle) @ (-0.29, -0.13) * size
    rest = (0.42, s.u(0.0, 0.2)) if s.p(0.5) else (0.2, hip[1] + 0.05)
    at = pose(person, hip, lean, (grip, rest), feet_apart(s), (1, 1))
    draw_arm(s, person, at, far=True)
    draw_body(s, person, at, 0)
    first = len(s.points)
    tools.toothbrush(s)
    s.place(first, *at.hands[0], size, angle)
    draw_arm(s, person, at, far=False)


def cleaning_the_floor(s: Sketch, person: Look) -> None:
    """Both hands on a mop or broom that stands on the floor; sometimes a bucket."""
    hip, lean = (-0.1, stand_hip(person, 0.05)), s.u(8, 24)
    near = np.array([s.u(0.22, 0.34), s.u(0.05, 0.25)])
    end = np.array([s.u(0.75, 1.0), 0.93])
    angle = np.degrees(np.arctan2(end[1] - near[1], end[0] - near[0]))
    far = near - rotation(angle) @ (s.u(0.22, 0.34), 0)
    at = pose(person, hip, lean, (near, far), ((-0.34, 0.94), (0.1, 0.93)), (1, 1), 8)
    draw_arm(s, person, at, far=True)
    if s.p(0.65):
        first = len(s.points)
        targets.bucket(s)
        s.place(first, s.u(-0.85, -0.65) if s.p(0.5) else s.u(1.1, 1.3), 0.99, s.u(0.9, 1.15))
    draw_body(s, person, at, 8)
    first = len(s.points)
    length = np.hypot(*(end - near)) / 1.15
    (tools.mop if s.p(0.6) else tools.broom)(s)
    s.place(first, *near, length, angle)
    draw_arm(s, person, at, far=False)


def cooking(s: Sketch, person: Look) -> None:
    """At a stove with a pan in the hand or a pot on top, steaming."""
    x = s.u(0.72, 0.85)
    first = len(s.points)
    targets.stove(s)
    s.place(first, x, 0.24)
    hip, lean = (-0.02, stand_hip(person)), s.u(2, 12)
    lifted = s.p(0.6)
    if lifted:
        grip = np.array([x - s.u(0.46, 0.52), s.u(0.0, 0.12)])
        other = (0.3, s.u(0.1, 0.4))
    else:
        grip, other = np.array([x - 0.2, -0.4 + 0.24]), np.array([x - 0.3, 0.0])
    at = pose(person, hip, lean, (grip, other), feet_apart(s), (1, 1), 6)
    draw_arm(s, person, at, far=True)
    draw_body(s, person, at, 6)
    first = len(s.points)
    if lifted:
        tools.pan(s)
        s.place(first, *at.hands[0], 1.0, s.u(-8, 4))
        tools.steam(s, at.hands[0][0] + 0.55, at.hands[0][1] - 0.14)
    else:
        tools.pot(s)
        s.place(first, x, 0.2)
        tools.steam(s, x + 0.05, -0.26)
    draw_arm(s, person, at, far=False)


def cutting_trees(s: Sketch, person: Look) -> None:
    """At a notched tree with an axe, raised or in the cut, or a saw."""
    distance = s.u(0.62, 0.78)
    first = len(s.points)
    targets.trunk(s)
    s.place(first, distance, 0.98, s.u(0.95, 1.1))
    hip, lean = (-0.05, stand_hip(person, 0.07)), s.u(5, 18)
    feet = ((-0.3, 0.94), (0.22, 0.93))
    if s.p(0.45):
        hand = np.array([distance - 0.52, s.u(0.28, 0.4)])
        at = pose(person, hip, lean, (hand, np.add(hand, (0.06, -0.02))), feet, (1, 1))
        tool, angle, size = tools.saw, s.u(-14, 6), 0.9
    else:
        raised = s.p(0.45)
        hand = from_neck(
            person, hip[1], lean, s.u(0.25, 0.35), s.u(-0.3, -0.1) if raised else s.u(0.25, 0.4)
        )
        angle = s.u(-95, -60) if raised else s.u(-8, 22)
        at = pose(person, hip, lean, (hand, hand + rotation(angle) @ (0.13, 0)), feet, (1, 1))
        tool, size = tools.axe, s.u(0.95, 1.15)
    draw_arm(s, person, at, far=True)
    draw_body(s, person, at, 0)
    first = len(s.points)
    tool(s)
    s.place(first, *at.hands[0], size, angle)
    draw_arm(s, person, at, far=False)


def fixing_a_car(s: Sketch, person: Look) -> None:
    """Bent over a car's open bonnet with a spanner."""
    first = len(s.points)
    targets.broken_car(s)
    engine = np.array([s.u(0.5, 0.6), 0.33])
    low = max(p[:, 1].max() for p in s.points[first:])
    s.place(first, engine[0], 0.97 - low)
    engine[1] = 0.97 - low
    hip, lean = (-0.3, stand_hip(person, 0.06)), s.u(24, 42)
    hand = np.add(engine, (s.u(-0.12, 0.02), s.u(-0.22, -0.1)))
    at = pose(
        person,
        hip,
        lean,
        (hand, np.add(hand, (0.1, 0.08))),
        ((-0.5, 0.94), (-0.2, 0.93)),
        (1, 1),
        0,
    )
    draw_arm(s, person, at, far=True)
    draw_body(s, person, at, 10)
    first = len(s.points)
    tools.wrench(s)
    s.place(first, *at.hands[0], s.u(0.85, 1.0), s.u(-70, 20))
    draw_arm(s, person, at, far=False)
