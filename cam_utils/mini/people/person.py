"""A jointed person: a random build with random clothes whose hands and feet go where they are told.

The frame of a sketch: y down, the ground at y = 1, a standing person about 1.9 high, facing right.
The hand that is nearer to the viewer is "near", the other "far".
"""

from dataclasses import dataclass

import numpy as np

from ..pencil.drawing import Sketch
from ..pencil.geometry import rotation
from ..pencil.palette import Rgb, mix, oklch

_SKIN = ((250, 222, 196), (236, 188, 150), (205, 148, 108), (150, 98, 66), (98, 62, 44))

_HAIR = (
    (34, 26, 24),
    (84, 54, 34),
    (150, 100, 50),
    (226, 188, 110),
    (170, 70, 40),
    (190, 190, 190),
)


@dataclass
class Look:
    """One person's build and clothes; the same choices whatever the person does."""

    skin: Rgb
    hair: Rgb
    shirt: Rgb
    trousers: Rgb
    shoes: Rgb
    style: int  # of the hair: 0 short, 1 long, 2 a knot, 3 a cap, 4 bald
    beard: bool
    sleeves: bool
    legs: int  # 0 trousers, 1 shorts, 2 a skirt
    wide: float
    arm: float
    leg: float
    torso: float
    head: float


def look(s: Sketch) -> Look:
    """A random person."""
    tone = s.u(0, len(_SKIN) - 1.001)
    hue = s.u(0, 360)
    return Look(
        skin=mix(_SKIN[int(tone)], _SKIN[int(tone) + 1], tone % 1),
        hair=_HAIR[s.n(0, 5)] if s.p(0.92) else oklch(0.6, 0.16, s.u(0, 360)),
        shirt=oklch(s.u(0.45, 0.92), s.u(0.03, 0.16), hue),
        trousers=oklch(s.u(0.28, 0.75), s.u(0.02, 0.12), s.u(0, 360)),
        shoes=oklch(s.u(0.2, 0.9), 0.04, s.u(0, 360)),
        style=s.n(0, 4),
        beard=s.p(0.18),
        sleeves=s.p(0.5),
        legs=(0, 0, 1, 2)[s.n(0, 3)],
        wide=s.u(0.9, 1.2),
        arm=s.u(0.36, 0.4),
        leg=s.u(0.39, 0.44),
        torso=s.u(0.54, 0.62),
        head=s.u(0.22, 0.27),
    )


@dataclass
class Pose:
    """Where the joints are; `hands` and `feet` are what was reached."""

    hip: np.ndarray
    neck: np.ndarray
    head: np.ndarray
    elbows: list
    hands: list  # near, far
    knees: list
    feet: list


def joint(start, end, upper: float, lower: float, side: float):
    """Two bones from `start` towards `end`: (the joint between them, the end that is reached).

    `side` +1 puts the joint clockwise of the straight line on the screen, -1 on the other side.
    """
    start, way = np.asarray(start, float), np.subtract(end, start)
    far = float(np.hypot(*way)) + 1e-9
    reach = min(max(far, abs(upper - lower) + 0.05), 0.995 * (upper + lower))
    cosine = (upper**2 + reach**2 - lower**2) / (2 * upper * reach)
    turn = rotation(side * np.degrees(np.arccos(np.clip(cosine, -1, 1))))
    return start + turn @ (way / far) * upper, start + way / far * reach


def pose(person: Look, hip, lean: float, hands, feet, elbow=(1, 1), nod: float = 0.0) -> Pose:
    """Joints of a person with the hip at `hip`, leaning forward by `lean` degrees.

    Args:
        hands, feet: (near, far) points that they reach for.
        elbow: the side each elbow bends to, see `joint`.
        nod: how far the head leans on from the body, degrees.
    """
    up = rotation(lean) @ (0, -1)
    neck = np.asarray(hip, float) + up * person.torso
    head = neck + rotation(lean + nod) @ (0.02, -person.head - 0.03)
    arms = [
        joint(s, h, person.arm, person.arm, e)
        for s, h, e in zip(shoulders(person, neck), hands, elbow, strict=True)
    ]
    legs = [
        joint((hip[0] + dx, hip[1]), f, person.leg, person.leg, -1)
        for dx, f in zip((-0.04, 0.05), feet, strict=True)
    ]
    return Pose(
        np.asarray(hip, float),
        neck,
        head,
        [a[0] for a in arms],
        [a[1] for a in arms],
        [a[0] for a in legs],
        [a[1] for a in legs],
    )


def shoulders(person: Look, neck) -> list[np.ndarray]:
    """The near and the far shoulder."""
    return [np.add(neck, (dx * person.wide, dy)) for dx, dy in ((-0.06, 0.1), (0.11, 0.09))]


def stand_hip(person: Look, low: float = 0.0) -> float:
    """The hip's y of a standing person; `low` bends the knees."""
    return 1 - 0.06 - 1.96 * person.leg + low
