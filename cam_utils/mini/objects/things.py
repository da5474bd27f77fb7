"""Things and plants: handles, domes, petals and leaves."""

import numpy as np

from ..pencil import assembly
from ..pencil.drawing import Sketch
from ..pencil.geometry import arc, ellipse, ribbon, rounded, smooth, smooth_path
from ..pencil.palette import darker, lighter, mix


def cup(s: Sketch) -> None:
    """A bowl with one round handle, often on a saucer."""
    top, low, wide = s.u(-0.62, -0.5), 0.56, s.u(0.62, 0.7)
    foot = wide * s.u(0.5, 0.95)
    if s.p(0.6):
        s.add("saucer", ellipse(-0.08, low + 0.06, 0.96, 0.14, n=24), "light")
    assembly.handle(s, wide * 0.86, -0.06, 0.36, s.u(0.3, 0.38), -105, 100, s.u(0.11, 0.15))
    side = smooth_path([(wide, top), (wide * 0.96, 0.1), (foot * 0.9, low)], 4)
    bowl = np.concatenate([side, (side * (-1, 1))[::-1]])
    s.add("bowl", bowl, "base", textured=True)
    if s.p(0.5):
        s.add(
            "bowl",
            np.array([(-wide, -0.1), (wide, -0.1), (wide * 0.98, 0.06), (-wide * 0.98, 0.06)]),
            "second",
            outline=False,
        )
    s.add("rim", ellipse(0, top, wide * 1.02, 0.13, n=24), "light")
    s.add(
        "drink",
        ellipse(0, top + 0.02, wide * 0.86, 0.085, n=22),
        darker(s.colors.accent, 0.3),
        outline=False,
    )
    if s.p(0.35):
        for x in (-0.2, 0.15):
            steam = [
                (x, top - 0.1),
                (x + 0.1, top - 0.24),
                (x - 0.04, top - 0.38),
                (x + 0.06, top - 0.52),
            ]
            s.add("steam", ribbon(smooth_path(steam, 4), 0.06, 0.03), "light", outline=False)


def teapot(s: Sketch) -> None:
    """A round belly with a spout, a handle opposite, a lid with a knob."""
    rx, ry = s.u(0.54, 0.62), s.u(0.48, 0.56)
    assembly.handle(s, -rx * 0.9, 0.02, s.u(0.36, 0.42), 0.36, 95, 265, s.u(0.11, 0.14))
    spout = [(0.36, 0.36), (0.72, 0.16), (0.84, -0.24), (1.06, -0.42)]
    s.add("spout", ribbon(smooth_path(spout, 5), 0.34, 0.12), "base", textured=True)
    s.add("foot", rounded(-0.34, 0.44, 0.34, 0.64, 0.06), "second")
    s.add("belly", ellipse(0, 0.06, rx, ry), "base", textured=True)
    if s.p(0.5):
        band = [(-rx * 0.97, 0.0), (rx * 0.97, 0.0), (rx * 0.97, 0.16), (-rx * 0.97, 0.16)]
        s.add("belly", np.array(band), "accent", outline=False)
    s.add(
        "belly",
        ribbon(arc(0, 0.06, rx * 0.75, ry * 0.74, 195, 245, 7), 0.03, 0.1),
        lighter(s.colors.base, 0.45),
        outline=False,
    )
    assembly.dome(s, 0, -ry + 0.16, 0.34, s.u(0.2, 0.28), "second", part="lid")
    s.add("lid", ellipse(0, -ry - 0.13, 0.09, n=14), "accent")


def umbrella(s: Sketch) -> None:
    """A wide scalloped dome on a thin shaft that ends in a hook."""
    rise, base = s.u(0.62, 0.78), -0.16
    hook = np.concatenate([[(0, -0.3), (0, 0.72)], arc(-0.15, 0.74, 0.15, 0.2, 0, 190, 9)])
    s.add("handle", ribbon(hook, 0.075), "dark")
    count = s.n(4, 6)
    edges = np.linspace(-1, 1, count + 1)
    tip = (0.0, base - rise)
    for i in range(count):
        a, b = edges[i], edges[i + 1]
        left = np.array(
            [
                (a * t, base - rise * np.sqrt(max(1 - t * t, 0)))
                for t in (0, 0.35, 0.65, 0.85, 0.96, 1)
            ]
        )
        right = np.array(
            [(b * t, base - rise * np.sqrt(max(1 - t * t, 0))) for t in (1, 0.96, 0.85, 0.65, 0.35)]
        )
        scallop = arc((a + b) / 2, base, (b - a) / 2, 0.1, 180, 360, 7)
        panel = np.concatenate([left, scallop[1:-1], right])
        s.add("dome", panel, ("base", "second")[i % 2], textured=i % 2 == 0)
    s.add("finial", ribbon([(0, tip[1] + 0.03), (0, tip[1] - 0.14)], 0.06, 0.03), "dark")


def mushroom(s: Sketch) -> None:
    """A fat spotted cap on a pale stem with a skirt."""
    wide, rise, base = s.u(0.8, 1.0), s.u(0.7, 0.9), 0.02
    stem = [
        (-0.22, -0.1),
        (0.22, -0.1),
        (0.24, 0.5),
        (s.u(0.3, 0.42), 0.9),
        (0, 0.96),
        (-0.34, 0.9),
        (-0.24, 0.5),
    ]
    s.add("stem", smooth(np.array(stem), 4), "light")
    if s.p(0.6):
        skirt = np.array(
            [(-0.24, 0.2), (0.24, 0.2), (0.36, 0.42), (0.12, 0.36), (-0.12, 0.42), (-0.36, 0.36)]
        )
        s.add("stem", skirt, mix(s.colors.light, s.colors.second, 0.3))
    s.add(
        "gills", ellipse(0, base, wide * 0.97, 0.17, n=24), mix(s.colors.light, s.colors.dark, 0.4)
    )
    assembly.dome(s, 0, base + 0.04, wide, rise, "base", part="cap")
    color = "light" if s.p(0.7) else "accent"
    spots = [
        (-0.5, -0.28, 0.13),
        (-0.08, -0.58, 0.15),
        (0.42, -0.36, 0.14),
        (0.06, -0.18, 0.1),
        (-0.72, -0.1, 0.08),
        (0.74, -0.12, 0.08),
    ]
    for x, y, r in spots[: s.n(3, 6)]:
        s.add("cap", ellipse(x * wide, y * rise / 0.8, r, r * 0.85, n=14), color, outline=False)


def flower(s: Sketch) -> None:
    """A ring of petals around a disc, on a stem with leaves."""
    head = (0.0, -0.42)
    bend = s.u(-0.14, 0.14)
    s.add(
        "stem", ribbon(smooth_path([head, (bend, 0.2), (s.u(-0.06, 0.06), 1.0)], 6), 0.08), "second"
    )
    for side in (1, -1)[: s.n(1, 2)]:
        assembly.leaf(s, bend * 0.7, s.u(0.5, 0.66), s.u(0.46, 0.6), 0.34, -90 + side * s.u(40, 62))
    count, length = s.n(5, 9), s.u(0.5, 0.58)
    start, width = s.u(0, 90), s.u(1.25, 1.6) * 2.6 / count
    for i in range(count):
        assembly.petal(s, *head, length, min(width, 0.5), start + 360 * i / count, "base")
    r = s.u(0.17, 0.23)
    s.add("disc", ellipse(*head, r, n=20), "accent")
    for angle in range(0, 360, 60):
        dot = head + 0.55 * r * np.array([np.cos(np.radians(angle)), np.sin(np.radians(angle))])
        s.add("disc", ellipse(*dot, 0.03, n=8), darker(s.colors.accent, 0.45), outline=False)


def palm(s: Sketch) -> None:
    """A leaning ringed trunk under a crown of drooping fronds."""
    lean, crown = s.u(-0.28, 0.28), -0.46
    trunk = smooth_path([(lean, 1.0), (lean * 0.55, 0.3), (0, crown)], 8)
    s.add("trunk", ribbon(trunk, s.u(0.24, 0.3), 0.13), "second", textured=True)
    for i in range(2, 15, 3):
        x, y = trunk[i]
        ring = [(x - 0.09, y - 0.02), (x, y + 0.03), (x + 0.09, y - 0.02)]
        s.add("trunk", ribbon(ring, 0.03), darker(s.colors.second, 0.45), outline=False)
    order = np.linspace(-190, 10, s.n(6, 7))
    for i, angle in enumerate(sorted(order, key=lambda a: -abs(a + 90))):
        _frond(s, crown, angle + s.u(-6, 6), s.u(0.8, 0.98), i % 2)
    for x in (-0.1, 0.1, 0.0)[: s.n(2, 3)]:
        s.add("nut", ellipse(x, crown + 0.09, 0.085, n=14), "accent")


def _frond(s: Sketch, crown, angle, length, dark) -> None:
    """A palm's leaf from (0, crown): rising, then drooping, with a notched lower edge."""
    c, v = np.cos(np.radians(angle)), np.sin(np.radians(angle))
    t = np.linspace(0, 1, 13)
    spine = np.stack([c * t, 0.72 * v * t + (0.06 + 0.6 * abs(c)) * t**2], axis=1)
    spine = spine * length + (0, crown)
    step = np.diff(spine, axis=0, append=2 * spine[-1:] - spine[-2:-1])
    normal = np.stack([-step[:, 1], step[:, 0]], axis=1) * (1 if c > 0 else -1)
    normal /= np.sqrt((normal**2).sum(1, keepdims=True))
    half = 0.16 * np.sin(np.pi * np.linspace(0.08, 1, len(spine)))[:, None] ** 0.6
    notch = np.where(np.arange(len(spine)) % 3 == 2, 0.5, 1.0)[:, None]
    edge = np.concatenate([spine - normal * half * 0.6, (spine + normal * half * notch)[::-1]])
    color = darker(s.colors.base, 0.2) if dark else s.colors.base
    s.add("leaf", edge, color)
    s.add("leaf", ribbon(spine, 0.035, 0.015), darker(s.colors.base, 0.45), outline=False)
