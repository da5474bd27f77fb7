"""What a bird sits on, and the twig that may hang in front of it."""

import numpy as np

from ..pencil.assembly import leaf
from ..pencil.drawing import Layer, Sketch, render
from ..pencil.geometry import box, ellipse, ribbon, smooth, smooth_path
from ..pencil.palette import Palette, darker, lighter, oklch
from .habitats import spots

PERCHES = {  # for each place the perches, the likeliest first
    "foliage": (("branch", 0.9), ("post", 0.1)),
    "sky": (("branch", 0.5), ("wire", 0.3), ("post", 0.2)),
    "water": (("rock", 0.4), ("branch", 0.35), ("post", 0.25)),
    "meadow": (("ground", 0.4), ("rock", 0.2), ("post", 0.25), ("branch", 0.15)),
    "snow": (("ground", 0.4), ("branch", 0.35), ("post", 0.25)),
    "reeds": (("stem", 0.6), ("branch", 0.4)),
}


def choose(rng: np.random.Generator, place: str, ground: bool) -> str:
    """The name of a perch that suits the place; `ground`: there is ground or water at its foot."""
    names, share = zip(*PERCHES[place], strict=True)
    name = names[int(rng.choice(len(names), p=share))]
    return name if ground or name not in ("ground", "rock") else "post"


def perch(rng: np.random.Generator, kind: str, foot, bird: float, size: int) -> Layer | None:
    """The perch under a bird.

    Args:
        kind: "branch", "stem", "wire", "post", "rock" or "ground" (pebbles and blades).
        foot: (x, y) of the bird's feet, pixels.
        bird: the bird's size in pixels.
        size: the picture's side.
    """
    s = Sketch(rng, _wood(rng))
    x, y = foot
    {"branch": _branch, "stem": _stem, "wire": _wire, "post": _post, "rock": _rock}.get(
        kind, _ground
    )(s, x, y, bird, size)
    return render(s, np.eye(2), np.zeros(2), (size, size), size=1.1 * bird)


def shade(picture: np.ndarray, foot, bird: float) -> None:
    """Darken `picture` (H, W, 3) in place where a bird of that size stands on the ground."""
    y, x = np.ogrid[: picture.shape[0], : picture.shape[1]]
    far = ((x - foot[0]) / (0.35 * bird)) ** 2 + ((y - foot[1]) / (0.06 * bird)) ** 2
    picture *= 1 - 0.45 * np.exp(-far).astype(np.float32)[..., None]


def _wood(rng) -> Palette:
    u = rng.uniform(size=6)
    bark = oklch(0.34 + 0.26 * u[0], 0.02 + 0.04 * u[1], 45 + 45 * u[2])
    hue = 50 + 25 * u[3] if u[4] < 0.2 else 105 + 45 * u[3]  # some leaves are autumn's
    green = oklch(0.45 + 0.25 * u[5], 0.07 + 0.06 * u[0], hue)
    return Palette(bark, green, lighter(bark, 0.3), lighter(bark, 0.55), darker(bark, 0.4))


def _leaves(s: Sketch, path, count, length) -> None:
    for _ in range(count):
        x, y = path[s.n(1, len(path) - 2)]
        long = length * s.u(0.7, 1.3)
        leaf(s, x, y, long, 0.45 * long, s.u(0, 360))
    if s.p(0.25):
        spots(s.rng, s, *path[s.n(2, len(path) - 3)], 0.3 * length)


def _branch(s: Sketch, x, y, bird, size) -> None:
    width = bird * s.u(0.07, 0.15)
    slope = s.u(-0.22, 0.22)
    y = y + width / 2 - 1
    xs = np.array([-0.15 * size, 0.5 * x, x, 0.5 * (x + size), 1.15 * size])
    sway = np.array([s.u(-1, 1), s.u(-0.3, 0.3), 0, s.u(-0.3, 0.3), s.u(-1, 1)]) * 0.16 * bird
    path = smooth_path(np.stack([xs, y + slope * (xs - x) + sway], 1), 6)
    if s.p(0.5):
        path = path[::-1]
    for _ in range(s.n(0, 3)):  # twigs that leave the branch
        k = s.n(2, len(path) - 3)
        start, side = path[k], (1 if s.p(0.5) else -1)
        reach = np.array([1 if s.p(0.5) else -1, side]) * (s.u(0.2, 0.6), s.u(0.2, 0.6))
        end = start + reach * bird
        twig = smooth_path([start, (start + end) / 2 + (0, 0.06 * bird), end], 5)
        s.add("twig", ribbon(twig, 0.35 * width, 0.15 * width), "base")
        _leaves(s, twig, s.n(0, 3), 0.2 * bird)
    s.add("branch", ribbon(path, 1.15 * width, 0.8 * width), "base")
    lit = ribbon(path - np.array([0, 0.22 * width]), 0.22 * width, 0.1 * width)
    s.add("branch", lit, "accent", outline=False)
    s.add("branch", ribbon(path + np.array([0, 0.3 * width]), 0.14 * width), "dark", outline=False)
    _leaves(s, path, s.n(0, 3), 0.22 * bird)


def _stem(s: Sketch, x, y, bird, size) -> None:
    lean = s.u(0.25, 0.8) * (1 if s.p(0.5) else -1)
    width = bird * s.u(0.05, 0.09)
    ys = np.array([size + 8, (size + y) / 2, y, 0.35 * y, -8])
    bent = x + lean * (y - ys) + 0.0012 * np.sign(lean) * (y - ys) ** 2
    path = np.stack([bent, ys + width / 3], 1)
    tone = oklch(s.u(0.5, 0.7), s.u(0.05, 0.1), s.u(75, 125))
    s.add("stem", ribbon(smooth_path(path, 6), width, 0.5 * width), tone)
    for _ in range(s.n(1, 3)):
        leaf(s, *path[s.n(1, 2)], s.u(0.4, 0.9) * bird, 0.09 * bird, s.u(-150, -30))


def _wire(s: Sketch, x, y, bird, size) -> None:
    slope, width = s.u(-0.12, 0.12), max(2.0, 0.025 * bird)
    for k in range(s.n(1, 3)):
        drop = k * s.u(0.4, 0.9) * bird
        line = [(at, y + 1 + drop + slope * (at - x)) for at in (-5, size + 5)]
        s.add("wire", ribbon(line, width), oklch(0.3, 0.01, 250), outline=False)


def _post(s: Sketch, x, y, bird, size) -> None:
    half = bird * s.u(0.16, 0.3)
    x = x + s.u(-0.3, 0.3) * half
    top = y + 2
    s.add("post", box(x - half, top, x + half, size + 9), "base")
    s.add("post", ellipse(x, top, half, 0.2 * half), "light")
    for _ in range(s.n(1, 3)):
        at = x + half * s.u(-0.7, 0.7)
        crack = ribbon([(at, top + 0.5 * half), (at + 1, size + 5)], 0.05 * half)
        s.add("post", crack, "dark", outline=False)
    if s.p(0.5):  # rails of a fence
        for drop in (0.5, 1.3):
            rail = [(-9, top + drop * bird * 0.6), (size + 9, top + drop * bird * 0.6 + s.u(-4, 4))]
            s.add("rail", ribbon(rail, 0.5 * half), "accent")


def _rock(s: Sketch, x, y, bird, size) -> None:
    half = bird * s.u(0.5, 1.1)
    tone = oklch(s.u(0.42, 0.66), 0.015, s.u(50, 260))
    low = min(y + bird * s.u(0.3, 0.7), size + 20)
    x = x + s.u(-0.3, 0.3) * half
    xs = x + half * np.array([-1, -0.8, -0.35, 0.4, 0.85, 1])
    ys = [low, y + 0.12 * bird, y + 1, y + 2, y + 0.16 * bird, low]
    s.add("rock", smooth(np.stack([xs, ys], 1), 4), tone)
    xs = x + half * np.array([-0.7, -0.3, 0.3, -0.2])
    lit = np.stack([xs, [y + 0.16 * bird, y + 4, y + 5, y + 0.16 * bird]], 1)
    s.add("rock", smooth(lit, 4), lighter(tone, 0.25), outline=False)


def _ground(s: Sketch, x, y, bird, size) -> None:
    for _ in range(s.n(3, 9)):  # pebbles and blades around the feet
        at = np.array([x + s.u(-0.9, 0.9) * bird, y + s.u(-0.02, 0.25) * bird])
        if s.p(0.5):
            s.add("stone", ellipse(*at, s.u(0.02, 0.06) * bird, s.u(0.015, 0.035) * bird), "light")
        else:
            blade = [at, at + np.array([s.u(-0.06, 0.06), -s.u(0.08, 0.22)]) * bird]
            s.add("blade", ribbon(blade, 0.025 * bird, 1.0), "second", outline=False)


def front_twig(rng: np.random.Generator, bird_box, size: int) -> Layer | None:
    """A leafy twig that comes in from the picture's edge and ends over the bird's box (pixels)."""
    s = Sketch(rng, _wood(rng))
    side = bird_box[2:] - bird_box[:2]
    bird = max(side)
    end = bird_box[:2] + side * (s.u(0.05, 0.95), s.u(0.1, 0.95))
    along, low, high = s.u(0, size), -6, size + 6
    edges = [(low, along), (high, along), (along, high), (along, low)]
    start = np.array(min(edges, key=lambda e: np.hypot(*(end - e))))
    path = smooth_path([start, (start + end) / 2 + (0, s.u(-0.1, 0.1) * bird), end], 6)
    s.add("twig", ribbon(path, 0.05 * bird, 0.02 * bird), "base")
    _leaves(s, path, s.n(2, 5), 0.2 * bird)
    return render(s, np.eye(2), np.zeros(2), (size, size), size=bird)
