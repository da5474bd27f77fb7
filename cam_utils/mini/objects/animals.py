"""Animals: ears, wings, fins and eyes; what surrounds them tells the kind."""

import numpy as np

from ..pencil import assembly
from ..pencil.drawing import Sketch
from ..pencil.geometry import ellipse, moved, ribbon, smooth, smooth_path
from ..pencil.palette import darker, lighter, mix


def _face(s: Sketch, y, r, muzzle) -> None:
    """Eyes, nose and muzzle of a round head at height y."""
    s.add("head", ellipse(0, y + 0.32 * r, 0.5 * r, 0.36 * r, n=18), muzzle, outline=False)
    gap = s.u(0.36, 0.44) * r
    for x in (-gap, gap):
        assembly.eye(s, x, y - 0.08 * r, 0.2 * r)
    nose = np.array([(-0.14, 0.14), (0.14, 0.14), (0, 0.3)]) * r + (0, y)
    s.add("nose", nose, darker(s.colors.accent, 0.35), outline=False)
    for side in (-1, 1):
        lip = [(0, y + 0.28 * r), (0.1 * side * r, y + 0.46 * r), (0.3 * side * r, y + 0.42 * r)]
        s.add("nose", ribbon(lip, 0.05 * r), darker(s.colors.base, 0.6), outline=False)


def cat(s: Sketch) -> None:
    """Sitting: round head with two pointed ears and whiskers, a long curved tail."""
    belly = lighter(s.colors.base, 0.55)
    swing = s.u(0.7, 0.95)
    tail = [(0.3, 0.82), (0.72, 0.84), (swing, 0.5), (0.72, s.u(-0.05, 0.2)), (swing, -0.2)]
    s.add("tail", ribbon(smooth_path(tail, 5), 0.2, 0.12), "base")
    body = [
        (-0.28, -0.3),
        (0.28, -0.3),
        (0.5, 0.3),
        (0.54, 0.86),
        (0, 0.96),
        (-0.54, 0.86),
        (-0.5, 0.3),
    ]
    s.add("body", smooth(np.array(body), 4), "base", textured=True)
    s.add("body", ellipse(0, 0.3, 0.24, 0.4, n=18), belly, outline=False)
    for x in (-0.2, 0.2):
        s.add("paw", ellipse(x, 0.9, 0.19, 0.11, n=16), belly)
    r, y = s.u(0.46, 0.52), -0.46
    for side in (-1, 1):
        assembly.ear(s, side * 0.62 * r, y - 0.55 * r, s.u(0.36, 0.46), 0.42, -90 + side * 24)
    s.add("head", ellipse(0, y, r * 1.1, r * 0.92), "base", textured=True)
    _face(s, y, r, belly)
    for side in (-1, 1):
        for tilt in (-0.1, 0.06):
            whisker = [(side * 0.42 * r, y + 0.3 * r), (side * 1.45 * r, y + 0.25 * r + tilt)]
            s.add("whisker", ribbon(whisker, 0.022), "dark", outline=False)


def rabbit(s: Sketch) -> None:
    """Sitting: small head under two very long ears, a round tail, big feet."""
    belly = lighter(s.colors.base, 0.6)
    s.add("tail", ellipse(0.5, 0.72, 0.16, n=16), "light")
    body = [
        (-0.2, -0.1),
        (0.2, -0.1),
        (0.46, 0.4),
        (0.44, 0.86),
        (0, 0.96),
        (-0.44, 0.86),
        (-0.46, 0.4),
    ]
    s.add("body", smooth(np.array(body), 4), "base", textured=True)
    s.add("body", ellipse(0, 0.48, 0.24, 0.34, n=18), belly, outline=False)
    for x in (-0.3, 0.3):
        s.add("paw", ellipse(x, 0.92, 0.25, 0.1, n=16), belly)
    for x in (-0.16, 0.16):
        s.add("paw", ellipse(x, 0.24, 0.1, 0.15, n=14), "base")
    r, y = s.u(0.34, 0.39), -0.2
    droop = s.u(15, 70) if s.p(0.25) else 0.0
    for side in (-1, 1):
        lean = s.u(6, 20) + (droop if side > 0 else 0)
        assembly.ear(
            s, side * 0.4 * r, y - 0.6 * r, s.u(0.72, 0.92), 0.26, -90 + side * lean, pointed=False
        )
    s.add("head", ellipse(0, y, r, r * 0.98), "base", textured=True)
    _face(s, y, r, belly)
    s.add(
        "tooth",
        np.array([(-0.05, 0.44), (0.05, 0.44), (0.05, 0.62), (-0.05, 0.62)]) * r + (0, y),
        "light",
    )


def bird(s: Sketch) -> None:
    """Side view: plump body, beak, folded or raised wing, tail feathers, thin legs."""
    for i in range(3):
        assembly.petal(s, -0.52, 0.16, s.u(0.5, 0.6), 0.2, 155 + 14 * i, "second", part="tail")
    for x in (-0.06, 0.14):
        s.add(
            "leg",
            ribbon([(x, 0.4), (x - 0.02, 0.84), (x + 0.14, 0.86)], 0.05),
            "accent",
            outline=False,
        )
    raised = s.p(0.35)
    if raised:
        assembly.wing(s, -0.06, -0.05, s.u(0.62, 0.8), 0.42, -122, "second", sweep=-0.2)
    body = [(-0.72, 0.16), (-0.4, -0.16), (0.1, -0.34), (0.4, -0.56), (0.72, -0.5), (0.8, -0.22)]
    body += [(0.6, 0.2), (0.2, 0.48), (-0.24, 0.44)]
    beak_size = s.u(0.26, 0.36)
    beak = [(0.74, -0.46), (0.78 + beak_size, -0.3), (0.76, -0.2)]
    s.add("beak", np.array(beak), "accent")
    s.add("body", smooth(np.array(body), 4), "base", textured=True)
    belly = [(0.5, 0.1), (0.2, 0.4), (-0.2, 0.36), (0.1, 0.14)]
    s.add("body", smooth(np.array(belly), 4), lighter(s.colors.base, 0.45), outline=False)
    if raised:
        assembly.wing(s, 0.02, 0.0, s.u(0.7, 0.86), 0.46, -104, "second", sweep=-0.25)
    else:
        shape = [(0.22, -0.18), (0.3, 0.06), (0, 0.26), (-0.72, 0.3), (-0.3, 0.0), (-0.1, -0.2)]
        s.add("wing", smooth(np.array(shape), 4), "second", textured=True)
        for dy in (0.08, 0.16):
            line = ribbon([(-0.42, 0.14 + dy / 2), (0.1, dy)], 0.03)
            s.add("wing", line, darker(s.colors.second, 0.4), outline=False)
    assembly.eye(s, 0.58, -0.36, 0.09)
    if s.p(0.3):
        for angle in (-150, -125, -100):
            assembly.petal(s, 0.5, -0.52, 0.24, 0.1, angle, "second", part="crest")


def butterfly(s: Sketch) -> None:
    """Two pairs of spotted wings on a slim body with feelers."""
    upper, lower, tilt = s.u(0.9, 1.0), s.u(0.6, 0.75), s.u(-8, 8)
    spot, width = s.n(1, 3), s.u(0.72, 0.95)
    for side in (-1, 1):
        for length, broad, angle, color in (
            (lower, 0.56, 42 - tilt, "second"),
            (upper, width, -34 + tilt, "base"),
        ):
            first = len(s.points)
            shape = [
                (0, 0),
                (0.3, -0.3),
                (0.8, -0.52),
                (1.0, -0.3),
                (0.96, 0.2),
                (0.6, 0.42),
                (0.25, 0.22),
            ]
            shape = smooth(np.array(shape) * (length, broad), 4)
            s.add("wing", shape, color, textured=True)
            inner = shape * 0.62 + (0.1 * length, 0)
            tone = mix(getattr(s.colors, color), s.colors.light, 0.55)
            s.add("wing", inner, tone, outline=False)
            for i in range(spot):
                place = (0.78 * length, broad * (-0.22 + 0.2 * i))
                s.add("wing", ellipse(*place, 0.075, n=12), "accent", outline=False)
            s.place(first, 0.03, 0.0, 1.0, angle)
            if side < 0:
                for j in range(first, len(s.points)):
                    s.points[j] = s.points[j] * (-1, 1)
    for side in (-1, 1):
        path = smooth_path([(0, -0.3), (side * 0.1, -0.55), (side * 0.26, -0.72)], 4)
        s.add("feeler", ribbon(path, 0.035), "dark", outline=False)
        s.add("feeler", ellipse(side * 0.27, -0.73, 0.045, n=10), "dark", outline=False)
    s.add("body", ellipse(0, 0.08, 0.085, 0.42, n=20), "dark")
    s.add("head", ellipse(0, -0.34, 0.11, n=16), "dark")


def fish(s: Sketch) -> None:
    """A spindle with a forked tail, fins above and below, a gill and an eye."""
    fat = s.u(0.36, 0.5)
    assembly.fin(s, -0.5, 0, s.u(0.44, 0.54), s.u(0.75, 0.95), 180)
    back = [
        (-0.4, -fat * 0.55),
        (-0.3, -fat - s.u(0.16, 0.3)),
        (0.12, -fat - 0.1),
        (0.36, -fat * 0.75),
    ]
    s.add("fin", smooth(np.array([*back, (0, -fat * 0.5)]), 4), "second", textured=True)
    under = [(-0.3, fat * 0.6), (-0.34, fat + s.u(0.1, 0.22)), (-0.02, fat * 0.8)]
    s.add("fin", np.array(under), "second")
    body = [(-0.66, 0), (-0.3, -fat * 0.72), (0.24, -fat), (0.74, -fat * 0.6), (0.98, 0.02)]
    body += [(0.74, fat * 0.62), (0.24, fat), (-0.3, fat * 0.72)]
    s.add("body", smooth(np.array(body), 5), "base", textured=True)
    if s.p(0.5):
        for x in np.linspace(-0.3, 0.16, s.n(2, 3)):
            h = fat * (0.66 + 0.25 * (x + 0.3))
            band = ribbon(smooth_path([(x, -h), (x + 0.07, 0), (x, h)], 4), 0.1)
            s.add("body", band, mix(s.colors.light, s.colors.base, 0.15), outline=False)
    gill = smooth_path([(0.42, -fat * 0.62), (0.34, 0), (0.42, fat * 0.62)], 4)
    s.add("gill", ribbon(gill, 0.04), darker(s.colors.base), outline=False)
    assembly.fin(s, 0.26, fat * 0.2, 0.34, 0.32, 155)
    assembly.eye(s, 0.64, -fat * 0.28, 0.11)
    mouth = ribbon([(0.95, 0.1), (0.8, fat * 0.36)], 0.04)
    s.add("mouth", mouth, darker(s.colors.base, 0.65), outline=False)


def whale(s: Sketch) -> None:
    """A huge head tapering to raised flukes; pale grooved belly, flipper, spout."""
    lift = s.u(-0.5, -0.3)
    if s.p(0.65):
        for side in (-1, 1):
            jet = [
                (0.42, -0.4),
                (0.42 + 0.05 * side, -0.66),
                (0.42 + 0.24 * side, -0.72),
                (0.42 + 0.3 * side, -0.56),
            ]
            s.add("spout", ribbon(smooth_path(jet, 4), 0.08, 0.05), "light")
    for angle in (-150, -65):
        assembly.petal(s, -0.9, lift + 0.04, 0.42, 0.24, angle, "base", part="fluke")
    body = [(-0.96, lift), (-0.72, -0.06), (-0.2, -0.3), (0.4, -0.46), (0.9, -0.26), (1.02, 0.12)]
    body += [(0.8, 0.42), (0.2, 0.5), (-0.4, 0.38), (-0.84, 0.1)]
    s.add("body", smooth(np.array(body), 5), "base", textured=True)
    belly = [(1.0, 0.16), (0.5, 0.2), (0.0, 0.26), (-0.44, 0.34), (0.2, 0.48), (0.78, 0.4)]
    s.add("belly", smooth(np.array(belly), 4), "light")
    for i in range(s.n(2, 3)):
        groove = [(0.9 - 0.1 * i, 0.25 + 0.06 * i), (0.1, 0.31 + 0.055 * i)]
        s.add("belly", ribbon(groove, 0.022), darker(s.colors.light, 0.35), outline=False)
    assembly.fin(s, 0.3, 0.3, s.u(0.42, 0.52), 0.34, s.u(105, 130))
    assembly.eye(s, 0.66, -0.02, 0.085)
    s.add("head", moved(ellipse(0, 0, 0.07, 0.025, n=10), 0.42, -0.4), "dark", outline=False)
