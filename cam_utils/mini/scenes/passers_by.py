"""People who do something, and animals of house and farm."""

import numpy as np

from ..pencil import assembly
from ..pencil.drawing import Sketch
from ..pencil.geometry import arc, box, ellipse, ribbon, rounded, smooth, smooth_path
from ..pencil.palette import darker, lighter, mix, oklch

# activity -> (left hand, right hand, left foot, right foot) of a body whose hip is at (0, 0.15)
_POSES = {
    "waving": ((-0.3, 0.12), (0.42, -0.85), (-0.16, 1), (0.16, 1)),
    "running": ((-0.42, -0.05), (0.44, -0.2), (-0.55, 0.82), (0.42, 1)),
    "sitting": ((-0.05, 0.1), (0.34, 0.12), (0.4, 0.98), (0.56, 0.98)),
    "reading": ((0.22, -0.12), (0.32, -0.16), (-0.14, 1), (0.16, 1)),
    "sweeping": ((0.3, -0.05), (0.4, 0.14), (-0.2, 1), (0.14, 1)),
    "fishing": ((0.28, -0.2), (0.42, -0.22), (-0.14, 1), (0.16, 1)),
    "playing ball": ((-0.42, -0.78), (0.42, -0.78), (-0.22, 1), (0.22, 1)),
}

ACTIVITIES = tuple(_POSES)


def person(s: Sketch, doing: str = "waving") -> None:
    """One figure; what the hands hold and how the limbs lie tells the activity `doing`."""
    left, right, foot, other = (np.array(p) for p in _POSES[doing])
    skin = oklch(0.45 + 0.4 * s.u(0, 1), 0.06, 55)
    hair = oklch(0.25 + 0.45 * s.u(0, 1) ** 2, 0.05, 60)
    trousers, hip, lean = s.colors.dark, np.array((0.0, 0.15)), 0.12 if doing == "running" else 0.0
    neck = np.array((lean, -0.46))
    seated = doing == "sitting"
    for end, side in ((foot, -1), (other, 1)):
        start = hip + np.array((0.09 * side, 0.0))
        knee = np.array((0.44, 0.26)) if seated else (start + end) / 2
        if doing == "running":
            knee = (start + end) / 2 + (0.18, -0.04)
        s.add("leg", ribbon([start, knee, end], 0.19, 0.14), trousers)
        s.add("shoe", ellipse(end[0] + 0.07, end[1] - 0.03, 0.13, 0.06, n=10), (50, 42, 46))
    _arm(s, neck, left, skin)
    shirt = [(neck[0] - 0.2, neck[1]), (neck[0] + 0.2, neck[1]), (0.18, 0.24), (-0.18, 0.24)]
    s.add("shirt", smooth(np.array(shirt), 3), "base", textured=True)
    s.add("head", ellipse(neck[0] + 0.02, -0.72, 0.2, 0.23, n=18), skin)
    top = arc(neck[0] + 0.02, -0.76, 0.22, 0.22, 165, 375, 12)
    s.add("hair", top, hair, outline=False)
    if s.p(0.4):
        s.add("hair", ribbon([(neck[0] - 0.17, -0.8), (neck[0] - 0.2, -0.45)], 0.12), hair)
    for x in (0.0, 0.13):
        s.add("eye", ellipse(neck[0] + x, -0.7, 0.03, n=6), (30, 24, 30), outline=False)
    _tool(s, doing, right)
    _arm(s, neck, right, skin)


def _arm(s: Sketch, neck, hand, skin) -> None:
    shoulder = neck + np.array((0.17 if hand[0] > 0 else -0.17, 0.07))
    elbow = (shoulder + hand) / 2 + (0.05 * np.sign(hand[0]), 0.08)
    s.add("arm", ribbon([shoulder, elbow, hand], 0.15, 0.11), "base")
    s.add("hand", ellipse(*hand, 0.08, n=10), skin)


def _tool(s: Sketch, doing: str, hand) -> None:
    x, y = hand
    if doing == "reading":
        for side in (-1, 1):
            page = [
                (x, y - 0.08),
                (x + side * 0.28, y - 0.18),
                (x + side * 0.28, y + 0.16),
                (x, y + 0.24),
            ]
            s.add("book", np.array(page), (246, 240, 224))
    elif doing == "sweeping":
        s.add("broom", ribbon([(0.22, -0.6), (0.66, 0.85)], 0.07), (150, 110, 66))
        s.add("broom", np.array([(0.56, 0.74), (0.76, 0.7), (0.98, 1), (0.5, 1)]), (226, 186, 96))
    elif doing == "fishing":
        s.add("rod", ribbon([(0.2, -0.1), (1.25, -0.95)], 0.07, 0.04), (110, 76, 44))
        s.add("line", ribbon([(1.25, -0.95), (1.28, 0.85)], 0.025), (240, 240, 245), outline=False)
        s.add("line", ellipse(1.28, 0.85, 0.06, n=8), (220, 50, 50), outline=False)
    elif doing == "playing ball":
        s.add("ball", ellipse(0.0, -1.16, 0.22, n=16), "accent")
        s.add("ball", ribbon(arc(0.0, -1.16, 0.2, 0.07, 0, 180, 8), 0.05), "light", outline=False)


def dog(s: Sketch) -> None:
    """Standing, from the side: long muzzle, hanging ear, lifted tail."""
    s.add(
        "tail",
        ribbon(smooth_path([(-0.8, -0.1), (-1.0, -0.4), (-0.9, -0.7)], 4), 0.16, 0.08),
        "base",
    )
    for x in (-0.62, 0.36):
        s.add("leg", ribbon([(x + 0.14, 0.1), (x + 0.14, 0.86)], 0.18, 0.14), "second")
        s.add("leg", ribbon([(x, 0.1), (x, 0.88)], 0.2, 0.15), "base")
    body = [(-0.85, -0.2), (0.2, -0.26), (0.62, -0.34), (0.6, 0.2), (0.1, 0.32), (-0.78, 0.26)]
    s.add("body", smooth(np.array(body), 4), "base", textured=True)
    s.add("head", ellipse(0.66, -0.52, 0.32, 0.28, n=18), "base")
    s.add("head", rounded(0.74, -0.54, 1.16, -0.28, 0.1), mix(s.colors.base, s.colors.light, 0.4))
    s.add("nose", ellipse(1.14, -0.48, 0.07, n=10), (35, 28, 34), outline=False)
    s.add(
        "ear",
        smooth(np.array([(0.42, -0.72), (0.62, -0.7), (0.56, -0.28), (0.38, -0.34)]), 4),
        "dark",
    )
    assembly.eye(s, 0.78, -0.6, 0.07)


def cow(s: Sketch) -> None:
    """Heavy body with patches, horns, udder, a thin tail."""
    coat, patch = lighter(s.colors.base, 0.55), darker(s.colors.base, 0.55)
    s.add(
        "tail", ribbon(smooth_path([(-0.98, -0.3), (-1.1, 0.1), (-1.05, 0.4)], 4), 0.07, 0.1), patch
    )
    for x in (-0.75, 0.5):
        s.add("leg", box(x + 0.14, 0.1, x + 0.3, 0.82), darker(coat, 0.3))
        s.add("leg", box(x, 0.1, x + 0.17, 0.86), coat)
        s.add("hoof", box(x, 0.78, x + 0.17, 0.88), patch, outline=False)
    s.add("udder", ellipse(-0.35, 0.34, 0.2, 0.14, n=12), (236, 170, 170))
    body = [(-1, -0.4), (-0.4, -0.5), (0.6, -0.46), (0.8, 0.0), (0.6, 0.34), (-0.8, 0.3)]
    s.add("body", smooth(np.array(body), 4), coat)
    for x, y, r in ((-0.6, -0.16, 0.26), (0.05, -0.2, 0.3), (0.5, 0.06, 0.18))[: s.n(2, 3)]:
        blob = smooth(ellipse(x, y, r, 0.75 * r, n=7) + s.rng.uniform(-0.05, 0.05, (7, 2)), 3)
        s.add("body", blob, patch, outline=False)
    for side in (-1, 1):
        horn = [(0.92 + 0.1 * side, -0.72), (0.92 + 0.24 * side, -0.98)]
        s.add("horn", ribbon(horn, 0.1, 0.03), (238, 226, 196))
        assembly.ear(
            s, 0.92 + 0.16 * side, -0.62, 0.28, 0.18, 0 if side > 0 else 180, pointed=False
        )
    s.add(
        "head",
        smooth(np.array([(0.7, -0.74), (1.14, -0.74), (1.1, -0.3), (0.92, -0.1), (0.74, -0.3)]), 4),
        coat,
    )
    s.add("muzzle", ellipse(0.92, -0.2, 0.18, 0.13, n=14), (232, 176, 170))
    for x in (0.82, 1.02):
        assembly.eye(s, x, -0.52, 0.06)


def duck(s: Sketch) -> None:
    """Swimming: a boat-shaped body, a round head with a beak."""
    body = [(-1, -0.25), (-0.5, 0.0), (0.3, -0.1), (0.62, 0.15), (0.4, 0.55), (-0.5, 0.55)]
    s.add("body", smooth(np.array(body), 4), "base", textured=True)
    s.add(
        "wing", smooth(np.array([(-0.6, 0.05), (0.2, 0.05), (0.1, 0.36), (-0.5, 0.3)]), 4), "second"
    )
    s.add("neck", ribbon([(0.4, 0.2), (0.46, -0.4)], 0.26, 0.2), "light")
    s.add("head", ellipse(0.5, -0.5, 0.26, 0.24, n=16), "base")
    s.add("beak", np.array([(0.7, -0.56), (1.05, -0.42), (0.7, -0.34)]), (240, 160, 50))
    assembly.eye(s, 0.58, -0.56, 0.07)
