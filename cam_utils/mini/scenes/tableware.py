"""What lies and stands on tables, beds and floors: small things of rooms."""

import numpy as np

from ..objects.things import flower
from ..pencil import assembly
from ..pencil.drawing import Sketch
from ..pencil.geometry import arc, box, ellipse, ribbon, rounded, smooth, smooth_path


def plate(s: Sketch) -> None:
    """From the side above, empty or with food."""
    s.add("rim", ellipse(0, 0, 1, 0.36, n=26), "light")
    s.add("plate", ellipse(0, -0.02, 0.68, 0.22, n=20), "base", outline=False)
    if s.p(0.6):
        for x in (-0.2, 0.22):
            s.add("food", ellipse(x, -0.12, 0.26, 0.18, n=12), s.colors.accent)


def vase(s: Sketch) -> None:
    """A belly with a neck."""
    belly, neck = s.u(0.42, 0.58), s.u(0.16, 0.28)
    side = [(neck * 1.2, -0.9), (neck, -0.6), (belly, 0.1), (belly * 0.8, 0.65), (0.28, 0.95)]
    side = smooth_path(side, 4)
    s.add("vase", np.concatenate([side, (side * (-1, 1))[::-1]]), "base", textured=True)
    s.add("vase", ellipse(0, -0.9, neck * 1.2, 0.08, n=16), "dark")


def flowers(s: Sketch) -> None:
    """A bunch: three to five heads on stems that meet at the foot."""
    heads = [
        (x, -0.55 - 0.3 * (1 - abs(x)) + s.u(-0.1, 0.1)) for x in np.linspace(-0.6, 0.6, s.n(3, 5))
    ]
    for x, y in heads:
        s.add("stem", ribbon([(x, y), (0.15 * x, 1)], 0.09), "base", outline=False)
    assembly.leaf(s, 0, 0.5, 0.6, 0.3, -40, "base")
    assembly.leaf(s, 0, 0.6, 0.6, 0.3, -145, "base")
    for x, y in heads:
        for angle in range(0, 360, 72):
            assembly.petal(s, x, y, 0.34, 0.3, angle + 20, "accent")
        s.add("disc", ellipse(x, y, 0.12, n=10), (250, 214, 90), outline=False)


def flower_bed(s: Sketch) -> None:
    """Flowers that grow: as in mini/objects, two or three side by side."""
    for x in (-0.7, 0.7, 0.0)[: s.n(2, 3)]:
        first = len(s.points)
        flower(s)
        s.place(first, x, s.u(-0.05, 0.05), s.u(0.8, 1.0))


def book(s: Sketch) -> None:
    """Lying: one to three books on top of each other."""
    for i in range(s.n(1, 3)):
        x, y = s.u(-0.12, 0.12), -0.32 * i
        color = ("base", "second", "accent")[i]
        s.add("pages", box(x - 0.88, y - 0.22, x + 0.9, y - 0.06), (245, 240, 226))
        s.add("cover", box(x - 0.95, y - 0.32, x + 0.9, y - 0.2), color)
        s.add("cover", box(x - 0.95, y - 0.08, x + 0.9, y), color)
        s.add("cover", rounded(x - 1, y - 0.32, x - 0.85, y, 0.06), color, outline=False)


def cake(s: Sketch) -> None:
    """A round cake with icing and candles on a stand."""
    s.add("stand", ellipse(0, 0.62, 0.95, 0.16), "light")
    s.add("cake", rounded(-0.7, -0.1, 0.7, 0.62, 0.1), "base", textured=True)
    icing = [(-0.72, -0.18), (0.72, -0.18), (0.72, 0.1), (0.45, 0.28), (0.2, 0.08), (-0.1, 0.3)]
    s.add("icing", smooth(np.array([*icing, (-0.45, 0.1), (-0.72, 0.2)]), 3), "light")
    for x in np.linspace(-0.4, 0.4, s.n(2, 4)):
        s.add("candle", box(x - 0.04, -0.55, x + 0.04, -0.15), "accent", outline=False)
        s.add("candle", ellipse(x, -0.64, 0.06, 0.1, n=8), (255, 190, 60), outline=False)


def pot(s: Sketch) -> None:
    """A cooking pot with two ears and a lid."""
    for side in (-1, 1):
        s.add(
            "handle",
            ribbon(arc(side * 0.72, 0, 0.22, 0.14, 90, 270 if side < 0 else -90, 8), 0.1),
            "dark",
        )
    s.add("pot", rounded(-0.72, -0.3, 0.72, 0.62, 0.14), "base")
    s.add("lid", arc(0, -0.28, 0.76, 0.34, 180, 360, 12), "second")
    s.add("lid", ellipse(0, -0.66, 0.12, 0.1, n=10), "dark")


def globe(s: Sketch) -> None:
    """A globe in a bent holder on a foot."""
    s.add("foot", ellipse(0, 0.92, 0.5, 0.1), "dark")
    s.add("foot", box(-0.05, 0.5, 0.05, 0.9), "dark")
    s.add("holder", ribbon(arc(0, -0.1, 0.72, 0.72, -70, 100, 14), 0.1), "second")
    s.add("globe", ellipse(0, -0.1, 0.6), (70, 130, 190))
    for x, y, r in ((-0.2, -0.3, 0.25), (0.2, 0.0, 0.2), (-0.1, 0.25, 0.16)):
        land = ellipse(x, y, r, 0.7 * r, s.u(0, 90), n=10)
        s.add("globe", land, (110, 160, 80), outline=False)


def rug(s: Sketch) -> None:
    """Lying on the floor, with a border and fringes."""
    s.add("rug", np.array([(-1.5, -0.25), (1.5, -0.25), (1.85, 0.3), (-1.85, 0.3)]), "base")
    inner = np.array([(-1.3, -0.15), (1.3, -0.15), (1.5, 0.2), (-1.5, 0.2)])
    s.add("rug", inner, "second", textured=True)
    s.add("rug", ellipse(0, 0.02, 0.5, 0.13), "accent", outline=False)


def pillow(s: Sketch) -> None:
    """A soft cushion."""
    shape = [(-0.9, -0.5), (0, -0.42), (0.9, -0.5), (0.82, 0), (0.9, 0.5), (0, 0.44), (-0.9, 0.5)]
    s.add("pillow", smooth(np.array([*shape, (-0.82, 0)]), 4), "light", textured=True)
