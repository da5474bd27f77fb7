"""What hangs on the walls and from the ceiling of a room; a window and what it shows."""

import itertools

import numpy as np

from ..pencil.drawing import Sketch
from ..pencil.geometry import arc, box, ellipse, moved, ribbon, rounded, smooth
from ..pencil.palette import darker, lighter, mix, oklch


def faucet(s: Sketch) -> None:
    """A bent spout with two taps."""
    bend = np.concatenate([[(-0.3, 0.9)], arc(0.05, -0.35, 0.35, 0.4, 180, 360, 9), [(0.4, 0.0)]])
    s.add("spout", ribbon(bend, 0.24), "second")
    for x in (-0.72, 0.1):
        s.add("tap", box(x, 0.45, x + 0.2, 0.9), "second")
        s.add("tap", box(x - 0.12, 0.35, x + 0.32, 0.52), "light")
    s.add("spout", box(-0.8, 0.84, 0.5, 1), "dark")


def towel(s: Sketch) -> None:
    """Folded over a rod."""
    s.add("rod", box(-0.75, -0.86, 0.75, -0.76), (150, 150, 160))
    s.add("towel", box(-0.5, -0.9, 0.5, s.u(0.7, 1)), "base", textured=True)
    s.add("towel", box(-0.5, 0.45, 0.5, 0.55), "light", outline=False)
    s.add("towel", box(-0.44, -0.88, 0.56, 0.3), "second", textured=True)
    s.add("towel", box(-0.44, 0.1, 0.56, 0.2), "light", outline=False)


def mirror(s: Sketch) -> None:
    """A shining pane in a frame, oval, arched or square."""
    wide, kind = s.u(0.6, 0.85), s.n(0, 2)
    if kind == 0:
        outer, inner = ellipse(0, 0, wide, 1), ellipse(0, 0, wide - 0.13, 0.87)
    elif kind == 1:
        outer, inner = (
            rounded(-wide, -1, wide, 1, 0.2),
            rounded(0.13 - wide, -0.87, wide - 0.13, 0.87, 0.1),
        )
    else:
        outer = np.concatenate([arc(0, -0.3, wide, 0.7, 180, 360, 12), [(wide, 1), (-wide, 1)]])
        inner = outer * (1 - 0.13 / wide, 0.88)
    s.add("frame", outer, "second")
    s.add("glass", inner, (196, 214, 222))
    for x in (-0.25, 0.05):
        shine = [(x, -0.5), (x + 0.1, -0.5), (x - 0.15, 0.5), (x - 0.25, 0.5)]
        s.add("glass", np.array(shine), (238, 244, 247), outline=False)


def picture(s: Sketch) -> None:
    """A painting in a frame: hills, a still life or coloured fields."""
    w, h = s.u(0.7, 1.1), s.u(0.65, 0.95)
    s.add("frame", box(-w, -h, w, h), "second")
    s.add("canvas", box(0.12 - w, 0.12 - h, w - 0.12, h - 0.12), "light")
    kind = s.n(0, 2)
    w, h = w - 0.12, h - 0.12
    if kind == 0:
        s.add("canvas", box(-w, -h, w, 0.1), (150, 195, 225), outline=False)
        hill = [(-w, 0.15), (-0.4 * w, -0.35), (0, 0.05), (0.5 * w, -0.2), (w, 0.1)]
        s.add("canvas", np.array([*hill, (w, h), (-w, h)]), (110, 150, 90), outline=False)
    elif kind == 1:
        s.add("canvas", box(-w, 0.25, w, h), "dark", outline=False)
        for x, r in ((-0.25, 0.22), (0.12, 0.3)):
            s.add("canvas", ellipse(x, 0.12, r, n=14), "accent", outline=False)
    else:
        s.add("canvas", box(-w, -h, -0.1, 0.2), "base", outline=False)
        s.add("canvas", box(0.1, -0.1, w, h), "accent", outline=False)


def clock(s: Sketch) -> None:
    """A round face with two hands."""
    s.add("case", ellipse(0, 0, 1), "base")
    s.add("face", ellipse(0, 0, 0.8), (248, 246, 238))
    for angle in range(0, 360, 30):
        x, y = 0.66 * np.cos(np.radians(angle)), 0.66 * np.sin(np.radians(angle))
        s.add("face", ellipse(x, y, 0.06, n=6), (50, 45, 55), outline=False)
    for length in (0.45, 0.62):
        hand = moved(box(0, -0.06, length, 0.06), angle=s.u(0, 360))
        s.add("hand", hand, (40, 35, 45), outline=False)


def blackboard(s: Sketch) -> None:
    """A wide dark board with chalk marks and a ledge."""
    tone = oklch(s.u(0.26, 0.4), s.u(0.0, 0.05), 160)
    s.add("frame", box(-1.5, -0.85, 1.5, 0.8), "second")
    s.add("board", box(-1.4, -0.75, 1.4, 0.7), tone)
    chalk = mix(tone, (245, 245, 240), 0.75)
    for y in np.linspace(-0.5, 0.4, s.n(2, 4)):
        x0 = s.u(-1.2, -0.6)
        line = [(x, y + s.u(-0.07, 0.07)) for x in np.linspace(x0, s.u(0.1, 1.2), 9)]
        s.add("chalk", ribbon(line, 0.07), chalk, outline=False)
    if s.p(0.4):
        s.add("chalk", ribbon(arc(0.9, -0.2, 0.3, 0.3), 0.07), chalk, outline=False)
    s.add("ledge", box(-1.3, 0.76, 1.3, 0.9), "light")


def map(s: Sketch) -> None:
    """A wall map with rods above and below."""
    sea = oklch(0.75, 0.06, s.u(200, 250))
    s.add("map", box(-1, -0.75, 1, 0.75), sea)
    for x, y, r in ((-0.5, -0.2, 0.36), (0.45, -0.1, 0.44), (-0.3, 0.4, 0.22), (0.6, 0.45, 0.2)):
        blob = smooth(ellipse(0, 0, 1, n=7) * np.array([[s.u(0.6, 1.2)] for _ in range(7)]), 3)
        s.add("map", blob * (r, 0.8 * r) + (x, y), oklch(0.7, 0.1, s.u(50, 140)), outline=False)
    for y in (-0.82, 0.75):
        s.add("rod", box(-1.08, y, 1.08, y + 0.09), "dark")


def shelf(s: Sketch) -> None:
    """A board on the wall with books, a jar and a gap."""
    x = -0.95
    while x < 0.8:
        wide, tall = s.u(0.1, 0.2), s.u(0.4, 0.68)
        if s.p(0.8):
            color = ("base", "accent", "light", "dark")[s.n(0, 3)]
            s.add("book", box(x, 0.3 - tall, x + wide, 0.3), color)
        x += wide + 0.02
    s.add("board", box(-1.1, 0.3, 1.1, 0.45), "second")
    for x in (-0.8, 0.7):
        s.add("bracket", np.array([(x, 0.45), (x + 0.12, 0.45), (x, 0.7)]), "dark")


def cabinet(s: Sketch) -> None:
    """A row of cupboards that hang on the wall."""
    count, wide = s.n(2, 3), s.u(1.1, 1.5)
    s.add("body", box(-wide, -0.6, wide, 0.6), "base", textured=True)
    edges = np.linspace(-wide, wide, count + 1)
    for a, b in itertools.pairwise(edges):
        s.add("door", box(a + 0.08, -0.5, b - 0.08, 0.5), mix(s.colors.base, s.colors.second, 0.5))
        s.add("door", ellipse(b - 0.2, 0.3, 0.06, n=8), "dark", outline=False)


def chandelier(s: Sketch) -> None:
    """A chain, bent arms, candles with flames."""
    s.add("chain", box(-0.035, -1, 0.035, 0.1), "dark", outline=False)
    for x in (-0.85, 0.85, -0.45, 0.45):
        s.add("arm", ribbon(arc(x / 2, 0.1, abs(x) / 2, 0.4, 0, 180, 8), 0.1), "base")
        s.add("candle", box(x - 0.06, -0.2, x + 0.06, 0.12), (246, 240, 222))
        s.add("candle", ellipse(x, -0.32, 0.08, 0.15, n=10), (255, 205, 80), outline=False)
    s.add("body", smooth(np.array([(0, 0.0), (0.17, 0.3), (0, 0.7), (-0.17, 0.3)]), 4), "base")
    s.add("body", ellipse(0, 0.72, 0.09, n=10), "accent")


def curtain(s: Sketch) -> None:
    """Hanging folds under a rod."""
    s.add("curtain", box(-0.42, -0.96, 0.42, 1), "base", textured=True)
    for x in np.linspace(-0.42, 0.42, s.n(4, 6))[1:-1]:
        s.add(
            "curtain", box(x - 0.03, -0.9, x + 0.03, 1), darker(s.colors.base, 0.25), outline=False
        )
    s.add("rod", rounded(-0.52, -1.03, 0.52, -0.93, 0.04), "dark")


def window(s: Sketch) -> None:
    """A frame with two panes that one can look through; the glass is drawn apart."""
    for x in (-0.75, 0.66):
        s.add("frame", box(x, -1, x + 0.1, 1), "light")
    s.add("frame", box(-0.04, -1, 0.04, 1), "light")
    for y in (-1, 0.9):
        s.add("frame", box(-0.76, y, 0.77, y + 0.1), "light")
    if s.p(0.5):
        s.add("frame", box(-0.7, -0.2, 0.7, -0.13), "light")
    s.add("sill", box(-0.88, 0.98, 0.88, 1.08), "light")


def blind(s: Sketch) -> None:
    """What closes a window: slats, or the dark of the night."""
    tone = (34, 38, 58) if s.p(0.3) else lighter(s.colors.base, 0.6)
    s.add("blind", box(-0.7, -0.95, 0.7, 0.95), tone, outline=False)
    if tone != (34, 38, 58):
        for y in np.linspace(-0.85, 0.85, s.n(6, 9)):
            s.add("blind", box(-0.7, y, 0.7, y + 0.05), darker(tone, 0.25), outline=False)


def view(s: Sketch) -> None:
    """What one sees outside: a sky, ground, hills or the sea, a tree or a house."""
    u = [s.u(0, 1) for _ in range(4)]
    sky = oklch(0.72 + 0.2 * u[0], 0.03 + 0.07 * u[1], 235 if u[2] < 0.75 else 60)
    line = s.u(-0.1, 0.4)
    s.add("sky", box(-0.7, -0.95, 0.7, 0.95), sky, outline=False)
    if s.p(0.5):
        cloud = ellipse(s.u(-0.4, 0.4), -0.6, 0.32, 0.13)
        s.add("sky", cloud, lighter(sky, 0.7), outline=False)
    if s.p(0.6):
        hill = [(-0.7, line), (-0.35, line - s.u(0.1, 0.4)), (0.1, line - 0.05)]
        hill += [(0.4, line - s.u(0.1, 0.3)), (0.7, line), (0.7, 0.95), (-0.7, 0.95)]
        s.add("hill", np.array(hill), oklch(0.55, 0.06, 150 + 60 * u[3]), outline=False)
    ground = oklch(0.6, 0.09, 135) if s.p(0.65) else oklch(0.58, 0.08, 240)
    s.add("ground", box(-0.7, line, 0.7, 0.95), ground, outline=False)
    x = s.u(-0.4, 0.4)
    if s.p(0.5):
        s.add("tree", box(x - 0.04, line, x + 0.04, line + 0.35), (95, 70, 50), outline=False)
        s.add("tree", ellipse(x, line - 0.1, 0.26, 0.33), oklch(0.48, 0.1, 140), outline=False)
    elif s.p(0.6):
        s.add(
            "house", box(x - 0.2, line - 0.1, x + 0.2, line + 0.25), (226, 214, 190), outline=False
        )
        roof = [(x - 0.26, line - 0.1), (x, line - 0.38), (x + 0.26, line - 0.1)]
        s.add("house", np.array(roof), (170, 76, 60), outline=False)
