"""Drawing a jointed person's limbs, trunk and head as polygons of a sketch."""

import numpy as np

from ..pencil.drawing import Sketch
from ..pencil.geometry import arc, box, ellipse, moved, ribbon, smooth
from ..pencil.palette import darker, lighter
from .person import Look, Pose, shoulders

_RIM = 0.03


def capsule(a, b, ra: float, rb: float | None = None) -> np.ndarray:
    """Outline of a band from a to b with round ends of radius ra and rb."""
    rb = ra if rb is None else rb
    angle = float(np.degrees(np.arctan2(b[1] - a[1], b[0] - a[0])))
    ends = arc(*b, rb, rb, -90, 90, 9), arc(*a, ra, ra, 90, 270, 9)
    return np.concatenate(
        [moved(e - c, *c, angle=angle) for e, c in zip(ends, (b, a), strict=True)]
    )


def _bands(s: Sketch, part: str, bands) -> None:
    """Capsules (a, b, ra, rb, colour) with one common outline."""
    for a, b, ra, rb, color in bands:
        s.add(part, capsule(a, b, ra + _RIM, rb + _RIM), darker(color), outline=False)
    for a, b, ra, rb, color in bands:
        s.add(part, capsule(a, b, ra, rb), color, outline=False)


def draw_arm(s: Sketch, person: Look, at: Pose, far: bool) -> None:
    """The near or the far arm with its hand."""
    shoulder, elbow, hand = shoulders(person, at.neck)[far], at.elbows[far], at.hands[far]
    shirt, skin = ((darker(c, 0.16) if far else c) for c in (person.shirt, person.skin))
    r = 0.075 * person.wide
    lower = shirt if person.sleeves else skin
    bands = [(hand, hand, 0.075, 0.075, skin), (elbow, hand, 0.85 * r, 0.75 * r, lower)]
    _bands(s, "arm", [*bands, (shoulder, elbow, 1.1 * r, 0.9 * r, shirt)])


def draw_leg(s: Sketch, person: Look, at: Pose, far: bool) -> None:
    """The near or the far leg with its shoe."""
    knee, foot = at.knees[far], at.feet[far]
    hip = at.hip + ((0.05, 0) if far else (-0.04, 0))
    cloth, skin, shoe = (
        (darker(c, 0.16) if far else c) for c in (person.trousers, person.skin, person.shoes)
    )
    r = 0.1 * person.wide
    lower, upper = (skin if person.legs else cloth), (skin if person.legs == 2 else cloth)
    bands = [(foot, np.add(foot, (0.13, 0.015)), 0.06, 0.05, shoe)]
    bands += [(knee, foot, 0.8 * r, 0.62 * r, lower), (hip, knee, 1.15 * r, 0.85 * r, upper)]
    _bands(s, "leg", bands)


def draw_torso(s: Sketch, person: Look, at: Pose) -> None:
    """Trunk, and the skirt if there is one."""
    w, up = person.wide, at.neck - at.hip
    up = up / np.hypot(*up)
    across = np.array([-up[1], up[0]])
    if person.legs == 2:
        a, b = at.hip + up * 0.06, (at.knees[0] + at.knees[1]) / 2
        down = (b - a) / (np.hypot(*(b - a)) + 1e-9)
        side = np.array([down[1], -down[0]])
        hem = b + down * 0.02
        skirt = [
            a + side * 0.15 * w,
            hem + side * 0.27 * w,
            hem - side * 0.27 * w,
            a - side * 0.15 * w,
        ]
        s.add("leg", np.array(skirt), person.trousers)
    top, low = at.neck + up * 0.01, at.hip - up * 0.05
    sides = ((0.13, 0.0), (0.2, 0.1), (0.17, 0.32), (0.16, 1.0))
    right = [top + (low - top) * t + across * (k * w + 0.02) for k, t in sides]
    left = [top + (low - top) * t - across * (k * w - 0.02) for k, t in sides]
    s.add("torso", np.array([*right, *left[::-1]]), person.shirt, textured=True)


def draw_head(s: Sketch, person: Look, at: Pose, turn: float = 0.0) -> None:
    """Head with face and hair, turned by `turn` degrees."""
    r, first = person.head, len(s.points)
    if person.style in (1, 2):  # what falls behind
        back = ellipse(-0.35 * r, 0.5 * r, 0.85 * r, 1.15 * r) if person.style == 1 else None
        knot = ellipse(-0.95 * r, -0.5 * r, 0.42 * r)
        s.add("head", knot if back is None else back, person.hair)
    s.add(
        "head", box(-0.3 * r, 0.6 * r, 0.25 * r, 1.35 * r), darker(person.skin, 0.15), outline=False
    )
    s.add("head", ellipse(0, 0, 0.94 * r, r), person.skin)
    s.add("head", ellipse(0.95 * r, 0.18 * r, 0.17 * r, 0.13 * r, n=10), person.skin, outline=False)
    if person.beard:
        chin = smooth(
            [
                (0.2 * r, 0.3 * r),
                (0.85 * r, 0.35 * r),
                (0.5 * r, 1.05 * r),
                (-0.1 * r, r),
                (-0.6 * r, 0.3 * r),
            ],
            4,
        )
        s.add("head", chin, person.hair, outline=False)
    for x in (0.28, 0.72):
        s.add(
            "head", ellipse(x * r, -0.06 * r, 0.1 * r, 0.14 * r, n=10), (30, 24, 28), outline=False
        )
    smile = ribbon(arc(0.48 * r, 0.36 * r, 0.26 * r, 0.2 * r, 20, 150, 6), 0.09 * r)
    s.add("head", smile, (150, 50, 50), outline=False)
    s.add(
        "head",
        ellipse(-0.25 * r, 0.1 * r, 0.15 * r, 0.2 * r, n=10),
        darker(person.skin, 0.12),
        outline=False,
    )
    if person.style != 4:
        color = person.shirt if person.style == 3 else person.hair
        cap = arc(0, -0.02 * r, 1.04 * r, 1.08 * r, 175, 350, 14)
        s.add(
            "head",
            np.concatenate(
                [cap, [(0.5 * r, -0.42 * r), (-0.5 * r, -0.3 * r), (-0.6 * r, 0.2 * r)]]
            ),
            color,
        )
        if person.style == 3:
            s.add(
                "head",
                capsule((0.3 * r, -0.45 * r), (1.4 * r, -0.4 * r), 0.12 * r),
                lighter(color, 0.2),
            )
    s.place(first, *at.head, angle=turn)
