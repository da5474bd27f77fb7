"""Streets with boards: house fronts with shops, vans, posts and walls that carry signs."""

import itertools

import numpy as np

from ..pencil.assembly import wheel
from ..pencil.drawing import Sketch, render
from ..pencil.geometry import box, ellipse, moved
from ..pencil.palette import darker, lighter, mix
from ..scenes import surfaces
from ..scenes.settings import ground_spot
from ..scenes.stage import SIZE, Stage, Thing
from .boards import Board, make_board

_FRONT = (
    "tree",
    "street lamp",
    "person",
    "car",
    "bicycle",
    "sign",
    "bench",
    "bush",
    "dog",
    "traffic light",
)


def set_street(stage: Stage) -> list[Board]:
    """Put a street on an empty stage; its boards, back to front, are returned and not yet put."""
    ground = stage.u(74, 88)
    stage.surface("sky", surfaces.sky(stage, ground - 20), surfaces.everywhere())
    low = surfaces.region([(0, ground), (SIZE, ground), (SIZE, SIZE), (0, SIZE)])
    surfaces.lay(stage, "pavement", ground - 26, low)
    if stage.p(0.8):
        y, tilt = ground + (SIZE - ground) * stage.u(0.3, 0.55), stage.u(-2, 2)
        lane = surfaces.region([(0, y - tilt), (SIZE, y + tilt), (SIZE, SIZE), (0, SIZE)])
        middle = (y + SIZE + 6) / 2
        surfaces.lay(
            stage, "road", ground - 30, lane, (0, middle, SIZE, middle) if stage.p(0.5) else None
        )
    boards = _houses(stage, ground)
    if stage.p(0.45):
        boards.append(_van(stage))
    if stage.p(0.3) or not boards:
        boards.append(add_post(stage))
    for name in _FRONT:
        if stage.p(0.3):
            _front(stage, name, boards)
    return [board for board in boards if board.plate is not None]  # those in the picture


def _add(stage: Stage, sketch: Sketch, depth: float, name: str, size=70) -> None:
    layer = render(sketch, np.eye(2), np.zeros(2), (SIZE, SIZE), size)
    if layer is not None:
        points = np.concatenate(sketch.points)
        frame = (*points.min(0), *points.max(0))
        stage.things.append(Thing(name, layer, frame, depth, place="wall", shadow=depth > 2))


def _houses(stage: Stage, ground: float) -> list[Board]:
    """One to three fronts side by side; sometimes a gap shows the sky."""
    boards, edges = [], [stage.u(-12, 0)]
    while edges[-1] < SIZE - 12:
        edges.append(edges[-1] + stage.u(38, 74))
    for x0, x1 in itertools.pairwise(edges):
        if stage.p(0.1) and len(edges) > 2:
            continue
        boards += _house(stage, x0, x1, stage.u(-6, 26), ground)
    return boards


def _house(stage: Stage, x0, x1, top, ground) -> list[Board]:
    s = Sketch(stage.rng)
    wide, boards = x1 - x0, []
    s.add("wall", box(x0, top, x1, ground), "base", textured=True)
    s.add("cornice", box(x0 - 1, top - 3, x1 + 1, top), "second")
    shop = ground - stage.u(22, 28)  # the upper edge of the ground floor
    has_board = stage.p(0.92)
    tall = stage.u(11.5, 16) if has_board else 0
    floors = max(int((shop - tall - top - 3) // 15), 0)
    columns = max(int(wide // s.u(15, 24)), 1)
    painted = stage.p(0.45) and floors > 0
    for row in range(floors):
        for i in range(columns):
            x, y = x0 + (i + 0.5) * wide / columns, top + 5 + row * 15
            if not (painted and row == floors - 1):
                _pane(s, x - 4, y, x + 4, y + 10)
    door = x0 + wide * (0.16 if s.p(0.5) else 0.84)
    s.add("door", box(door - 4.5, shop + 4, door + 4.5, ground), "dark")
    s.add("door", box(door - 3, shop + 6, door + 3, shop + 13), "light", outline=False)
    left, right = (door + 7, x1 - 4) if door < (x0 + x1) / 2 else (x0 + 4, door - 7)
    if right - left > 8:
        _pane(s, left, shop + 3, right, ground - 6, mullions=s.n(0, 2))
        for _ in range(s.n(0, 3)):  # goods
            x = s.u(left + 2, right - 2)
            s.add(
                "goods",
                ellipse(x, ground - 9, s.u(1.2, 2.4), s.u(2, 3.4), n=10),
                "accent",
                outline=False,
            )
    if s.p(0.4):
        awning = [(left - 1, shop), (right + 1, shop), (right + 3, shop + 6), (left - 3, shop + 6)]
        s.add("awning", np.array(awning), "accent", textured=True)
    _add(stage, s, 1, "house")
    if has_board:
        a, b = (x0 + 2, x1 - 2) if s.p(0.5) else (left - 2, right + 2)
        tilt = stage.u(-1.5, 1.5)
        quad = [
            (a, shop - tall + tilt),
            (b, shop - tall - tilt),
            (b, shop - 1 - 0.3 * tilt),
            (a, shop - 1 + 0.3 * tilt),
        ]
        boards.append(make_board(stage.rng, quad, 3))
    if painted:
        y = top + 4 + (floors - 1) * 15
        quad = [(x0 + 4, y), (x1 - 4, y), (x1 - 4, y + 12), (x0 + 4, y + 12)]
        boards.append(make_board(stage.rng, quad, 3, framed=stage.p(0.5)))
    return boards


def _pane(s: Sketch, x0, y0, x1, y1, mullions=1) -> None:
    """A window with a frame and a reflection."""
    glass = mix(s.colors.light, (120, 150, 175), 0.55)
    s.add("window", box(x0, y0, x1, y1), glass)
    s.add(
        "window",
        np.array([(x0 + 1, y1 - 1), (x0 + 1, (y0 + y1) / 2), (x0 + 4, y1 - 1)]),
        lighter(glass, 0.4),
        outline=False,
    )
    for x in np.linspace(x0, x1, mullions + 2)[1:-1]:
        s.add("window", box(x - 0.5, y0, x + 0.5, y1), darker(glass, 0.5), outline=False)


def _van(stage: Stage) -> Board:
    """A delivery van whose side is a board."""
    s = Sketch(stage.rng)
    wide, tall = stage.u(52, 66), stage.u(27, 33)
    x, base, flip = stage.u(30, 82), stage.u(100, 108), stage.p(0.5)
    k = -1 if flip else 1

    def at(points):
        return np.array([(x + k * wide * (u - 0.5), base - tall * (1 - v)) for u, v in points])

    s.add("body", at([(0, 0), (0.74, 0), (0.74, 0.86), (0, 0.86)]), "base")
    s.add("cab", at([(0.74, 0.18), (0.88, 0.2), (1, 0.52), (1, 0.86), (0.74, 0.86)]), "base")
    s.add("window", at([(0.77, 0.25), (0.87, 0.26), (0.95, 0.5), (0.77, 0.5)]), "light")
    s.add("body", at([(0, 0.8), (1.01, 0.8), (1.01, 0.88), (0, 0.88)]), "dark", outline=False)
    for u in (0.17, 0.83):
        wheel(s, *at([(u, 0.86)])[0], tall * 0.15)
    _add(stage, s, base - 20, "van")
    turn = stage.u(-1.5, 1.5)
    quad = at([(0.03, 0.1), (0.71, 0.1), (0.71, 0.66), (0.03, 0.66)])
    quad = quad[[1, 0, 3, 2]] if flip else quad
    quad = moved(quad - quad.mean(0), *quad.mean(0), angle=turn)
    return make_board(stage.rng, quad, base - 19, framed=stage.p(0.4))


def add_post(stage: Stage) -> Board:
    """A board on one or two poles."""
    s = Sketch(stage.rng)
    wide, tall = stage.u(30, 46), stage.u(13, 19)
    x, base, y = stage.u(24, 88), stage.u(92, 108), stage.u(30, 52)
    for dx in ((0,), (-0.35, 0.35))[s.n(0, 1)]:
        s.add("pole", box(x + dx * wide - 1, y, x + dx * wide + 1, base), "dark")
    _add(stage, s, base, "post")
    tilt, slant = stage.u(-2.5, 2.5), stage.u(-2, 2)
    quad = [
        (x - wide / 2, y - tilt),
        (x + wide / 2, y + tilt),
        (x + wide / 2 + slant, y + tall + 0.4 * tilt),
    ]
    return make_board(stage.rng, [*quad, (x - wide / 2 + slant, y + tall - 0.4 * tilt)], base + 0.1)


def _front(stage: Stage, name: str, boards: list[Board]) -> None:
    """Something in front of the houses that hides no board."""
    ground, names = stage.ground()
    scale = stage.u(0.6, 0.95)
    wide, tall = stage.size(name, scale)
    allowed = ("road",) if name == "car" else ("pavement",)
    spot = ground_spot(stage, ground, names, allowed, wide / tall, lambda y: tall)
    if spot is None:
        return
    x, base = spot
    frame = (x - wide / 2 - 1, base - tall - 1, x + wide / 2 + 1, base)
    for board in boards:
        low, high = board.quad.min(0), board.quad.max(0)
        w = min(frame[2], high[0]) - max(frame[0], low[0])
        h = min(frame[3], high[1]) - max(frame[1], low[1])
        if w > 0 and h > 0 and base > board.depth:
            return
    stage.put(name, x, base, scale, doing="waving" if name == "person" else None)
