"""Sign boards and what is on them when it is not a word: stripes, shapes, a pictogram, nothing."""

from dataclasses import dataclass

import numpy as np

from ..objects.catalogue import DRAWERS
from ..pencil.drawing import Layer, Sketch, fit, render, shaded
from ..pencil.geometry import arc, ellipse, ribbon
from ..pencil.palette import Palette, darker, mix, oklch, palette

SIZE = 112

_PICTOGRAMS = ("cup", "fish", "flower", "teapot", "umbrella", "bicycle", "car", "bird", "mushroom")

_NOTHING, _ROW, _STRIPES = 0.3, 0.48, 0.76  # cumulated shares; the rest: pictograms


@dataclass(eq=False)
class Board:
    """A board: its corners (4, 2) in pixels clockwise from top left, colours, depth and layers."""

    quad: np.ndarray
    color: tuple
    ink: tuple
    depth: float
    plate: Layer = None
    content: Layer | None = None

    @property
    def size(self) -> tuple[float, float]:
        """(width, height) in pixels."""
        q = self.quad
        wide = min(np.linalg.norm(q[1] - q[0]), np.linalg.norm(q[2] - q[3]))
        return float(wide), float(min(np.linalg.norm(q[3] - q[0]), np.linalg.norm(q[2] - q[1])))


def _render(sketch: Sketch, size=70) -> Layer | None:
    return render(sketch, np.eye(2), np.zeros(2), (SIZE, SIZE), size)


def make_board(rng: np.random.Generator, quad, depth: float, framed=True) -> Board:
    """A board in two colours that stand apart, with content that is no word."""
    quad = np.asarray(quad, dtype=float)
    hue, dark = 360 * rng.random(), rng.random() < 0.5
    light = oklch(0.86 + 0.1 * rng.random(), 0.02 + 0.08 * rng.random(), hue)
    turn = (0, 180, 120, 40)[int(4 * rng.random())]
    deep = oklch(0.26 + 0.16 * rng.random(), 0.03 + 0.11 * rng.random(), hue + turn)
    color, ink = (deep, light) if dark else (light, deep)
    board = Board(quad, color, ink, depth)
    sketch = Sketch(rng, Palette(color, ink, ink, light, deep))
    sketch.texture = "gradient" if rng.random() < 0.3 else "plain"
    sketch.add("board", quad, color, textured=True, outline=framed)
    if framed and rng.random() < 0.4:  # a line inside the rim
        inner = quad.mean(0) + (quad - quad.mean(0)) * (0.95, 0.86)
        sketch.add("board", ribbon([*inner, inner[0]], 0.7), mix(color, ink, 0.5), outline=False)
    board.plate = _render(sketch)
    board.content = _content(rng, board)
    return board


def _at(quad, u, v) -> np.ndarray:
    """The point of a board at the shares u, v of its width and height."""
    top, low = quad[0] + u * (quad[1] - quad[0]), quad[3] + u * (quad[2] - quad[3])
    return top + v * (low - top)


def _content(rng, board: Board) -> Layer | None:
    u = rng.random()
    sketch = Sketch(rng, Palette(board.ink, board.ink, board.ink, board.ink, board.ink))
    wide, tall = board.size
    if u < _NOTHING:
        return None
    if u < _ROW:
        _row(sketch, board, wide, tall)
    elif u < _STRIPES:
        _stripes(sketch, board)
    else:
        return _pictogram(rng, board, tall)
    return _render(sketch)


def _row(s: Sketch, board: Board, wide, tall) -> None:
    """Shapes in a row, of the height and spacing of letters."""
    side = min(tall * s.u(0.5, 0.75), wide * 0.9)
    most = max(int(wide * 0.9 / (side * 1.2)), 1)
    number, kind = s.n(1, min(most, 6)), s.n(0, 5)
    for i in range(number):
        share = 0.5 + (i - (number - 1) / 2) * 1.25 * side / wide
        x, y = _at(board.quad, share, 0.5)
        r = side / 2
        shapes = (
            ellipse(x, y, r),
            ellipse(x, y, r, n=4),
            np.array([(x, y - r), (x + r, y + r), (x - r, y + r)]),
            ribbon(arc(x, y, 0.75 * r, n=16), 0.4 * r),
            ribbon([(x - r, y + r), (x, y - r), (x + r, y + r)], 0.45 * r),
            np.array(
                [
                    (x - r, y - 0.25 * r),
                    (x + r, y - 0.25 * r),
                    (x + r, y + 0.25 * r),
                    (x - r, y + 0.25 * r),
                ]
            ),
        )
        shape = shapes[(kind + (i if s.p(0.35) else 0)) % len(shapes)]
        s.add("mark", shape, board.ink, outline=False)


def _stripes(s: Sketch, board: Board) -> None:
    """Bars along or across the board, or a zigzag."""
    kind, q = s.n(0, 2), board.quad
    if kind == 0:
        for v in ((0.3, 0.7), (0.25, 0.5, 0.75))[s.n(0, 1)]:
            s.add(
                "mark",
                ribbon([_at(q, 0.06, v), _at(q, 0.94, v)], s.u(1.2, 2.2)),
                board.ink,
                outline=False,
            )
    elif kind == 1:
        number, lean = s.n(4, 9), s.u(-0.05, 0.05)
        for u in np.linspace(0.1, 0.9, number):
            line = [_at(q, u - lean, 0.14), _at(q, u + lean, 0.86)]
            s.add("mark", ribbon(line, s.u(1.2, 2.4)), board.ink, outline=False)
    else:
        number = 2 * s.n(3, 5) + 1
        path = [
            _at(q, u, 0.3 + 0.4 * (i % 2)) for i, u in enumerate(np.linspace(0.08, 0.92, number))
        ]
        s.add("mark", ribbon(path, s.u(1.2, 2)), board.ink, outline=False)


def _pictogram(rng, board: Board, tall) -> Layer | None:
    """One or two small objects, in one colour or as they are."""
    name = _PICTOGRAMS[int(len(_PICTOGRAMS) * rng.random())]
    flat = Palette(
        board.ink, board.ink, mix(board.ink, board.color, 0.5), darker(board.ink, 0.1), board.ink
    )
    side = tall * (0.78 + 0.12 * rng.random())
    x, y = _at(board.quad, 0.5 + 0.5 * (rng.random() - 0.5), 0.5)
    sketch = Sketch(rng, flat if rng.random() < 0.6 else palette(rng))
    DRAWERS[name](sketch)
    box = (x - 0.65 * side, y - side / 2, x + 0.65 * side, y + side / 2)
    matrix, offset = fit(np.concatenate(sketch.points), box, 0, rng.random() < 0.5, 1.1)
    layer = render(sketch, matrix, offset, (SIZE, SIZE))
    return None if layer is None else shaded(layer, (0, 0))
