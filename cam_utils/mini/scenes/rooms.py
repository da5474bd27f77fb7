"""Setting up a room: its surfaces, what hangs on the wall, what stands on the floor and on that."""

from . import surfaces
from .inventory import CARRIERS, ROOMS, STRANGER
from .passers_by import ACTIVITIES
from .settings import carried, count, free_x, stand
from .stage import SIZE, Stage, Thing

_AT_WALL = ("wardrobe", "countertop", "stove", "fridge", "bathtub", "bed", "sink", "toilet", "lamp")

_FURNITURE = (*_AT_WALL, "table", "desk", "chair")

_DOING = tuple(a for a in ACTIVITIES if a not in ("fishing", "running"))

_VIEW = 0.6  # share of windows that one can look out of


def set_room(stage: Stage, scene: str) -> None:
    """Put a room of the type `scene` on an empty stage."""
    chance = ROOMS[scene]
    has = {name for name, p in chance.items() if stage.p(p)}
    if stage.p(STRANGER):
        others = {n for table in ROOMS.values() for n in table}
        others = sorted(n for n in others - set(chance))
        has.add(others[int(len(others) * stage.u(0, 1))])
    zoom = stage.u(0.84, 1.08)
    line = stage.u(66, 84) if "floor" in has else stage.u(114, 124)
    top = stage.u(5, 15) if "ceiling" in has else -1.0
    _surfaces(stage, line, top)
    _walls(stage, has, zoom, min(line, 104), top)
    _floor(stage, has, zoom, line)
    _tops(stage, has, zoom)
    _beings(stage, has, zoom, line)


def _surfaces(stage: Stage, line: float, top: float) -> None:
    left = stage.u(4, 22) if stage.p(0.4) else None
    right = SIZE - stage.u(4, 22) if stage.p(0.4) else None
    rgb = surfaces.wall(stage, line)
    for x, outside in ((left, "left"), (right, "right")):
        if x is not None:  # a side wall is darker
            columns = slice(0, int(x)) if outside == "left" else slice(int(x), SIZE)
            rgb[:, columns] *= 0.88
    stage.surface("wall", rgb, surfaces.everywhere())
    slope = stage.u(0.5, 0.9)
    if line < SIZE:
        corners = _edge(line, SIZE, left, right, slope)
        alpha = surfaces.region([*corners, (SIZE, SIZE), (0, SIZE)])
        stage.surface("floor", surfaces.floor(stage, line - 34), alpha)
    if top > 0:
        corners = _edge(top, 0, left, right, slope)
        stage.surface(
            "ceiling", surfaces.ceiling(stage), surfaces.region([*corners, (SIZE, 0), (0, 0)])
        )


def _edge(y: float, end: float, left, right, slope) -> list:
    """The edge between the back wall and the floor or ceiling, from left to right."""
    way = 1 if end > y else -1
    points = [(0, y)] if left is None else [(0, y + way * slope * left), (left, y)]
    points += (
        [(SIZE, y)] if right is None else [(right, y), (SIZE, y + way * slope * (SIZE - right))]
    )
    return points


def _walls(stage: Stage, has: set, zoom: float, line: float, top: float) -> None:
    """What hangs on the wall and from the ceiling."""
    top = max(top, 0)
    if "chandelier" in has:
        tall = stage.size("chandelier", zoom)[1]
        low = max(top, -4) + tall * stage.u(0.85, 1)
        stage.put("chandelier", stage.u(24, 88), low, zoom, depth=40)
    for name in (
        "blackboard",
        "door",
        "window",
        "curtain",
        "cabinet",
        "mirror",
        "map",
        "towel",
        "shelf",
        "picture",
        "clock",
    ):
        for _ in range(count(stage, name) if name in has else 0):
            wide, tall = stage.size(name, zoom)
            scale = zoom * min(1, (line - top - 6) / tall)
            tall *= scale / zoom
            if name == "door":
                base = line + 0.5
            elif name == "curtain":
                base = line - stage.u(4, 10)
            else:
                room = max(line - top - tall, 2)
                base = top + tall + room * stage.u(0.15, 0.62 if tall > 22 else 0.75)
            x = free_x(stage, wide, base - tall, base, "wall")
            if name == "curtain" and stage.named("window") and stage.p(0.8):
                pane = stage.named("window")[0]
                x = pane.middle + pane.width * (0.5 if stage.p(0.5) else -0.5)
            if name == "window":
                _window(stage, x, base, scale)
            else:
                stage.put(name, x, base, scale, depth=1 + 0.1 * (name == "curtain"), place="wall")


def _window(stage: Stage, x: float, base: float, scale: float) -> None:
    """A frame; behind it a view, or a blind or the night."""
    behind = "view" if stage.p(_VIEW) else "blind"
    shown = stage.put(behind, x, base - 2 * scale, scale, depth=0.4)
    frame = stage.put("window", x, base, scale, depth=0.5, place="wall")
    if shown is not None:
        shown.shadow, shown.on = False, frame


def _floor(stage: Stage, has: set, zoom: float, line: float) -> None:
    """Furniture, at the wall or in the room; the rug below everything."""
    low = SIZE + 10 if line > SIZE else SIZE - 2
    near = min(line, low - 4)
    if "rug" in has and line < SIZE:
        stage.put(
            "rug",
            stage.u(30, 82),
            near + stage.u(0.5, 0.9) * (low - near),
            zoom,
            depth=2,
            place="floor",
        ).shadow = False
    for name in _FURNITURE:
        for _ in range(count(stage, name) if name in has else 0):
            back = name in _AT_WALL or (name == "table" and stage.p(0.3))
            share = stage.u(0.05, 0.35) if back else stage.u(0.35, 0.95)
            base = near + share * (low - near)
            scale = zoom * (0.9 + 0.2 * share)
            stand(stage, name, base, scale, "floor")
    for mirror in stage.named("mirror"):
        basins = stage.named("sink")
        if basins and stage.p(0.75):  # the basin goes below its mirror
            _move(basins[0], mirror.middle - basins[0].middle)


def _move(thing: Thing, dx: float) -> None:
    """Shift a thing to the side by whole pixels, if it stays in the picture."""
    dx = round(dx)
    x, wide = thing.layer.x + dx, thing.layer.alpha.shape[1]
    if 0 <= x <= SIZE - wide:
        thing.layer.x = x
        x0, y0, x1, y1 = thing.box
        thing.box = (x0 + dx, y0, x1 + dx, y1)


def _tops(stage: Stage, has: set, zoom: float) -> None:
    """What stands on furniture."""
    for name in sorted(set(CARRIERS) & has - {"cat"}):
        for _ in range(count(stage, name)):
            thing = carried(stage, name, zoom)
            if name == "vase" and thing is not None and "flowers" in has:
                stem = thing.box[1] + stage.u(1.5, 3.5) * zoom
                stage.put(
                    "flowers",
                    thing.middle,
                    stem,
                    zoom,
                    thing.depth - 0.05,
                    "flowers in vase",
                    on=thing,
                )


def _beings(stage: Stage, has: set, zoom: float, line: float) -> None:
    """People, cats and dogs."""
    low = SIZE + 8 if line > SIZE else SIZE - 3
    near = min(line, low - 6)
    for name in ("person", "dog", "cat"):
        for _ in range(count(stage, name) if name in has else 0):
            if name == "cat" and stage.p(0.65) and carried(stage, name, zoom) is not None:
                continue
            doing = _DOING[int(len(_DOING) * stage.u(0, 1))] if name == "person" else None
            base = near + stage.u(0.3, 1.0) * (low - near)
            if doing == "sitting":
                seats = [
                    t for t in stage.named("chair") if not any(o.on is t for o in stage.things)
                ]
                if seats:
                    seat = seats[0]
                    stage.put(
                        name,
                        seat.middle,
                        seat.box[3] + 1,
                        zoom,
                        seat.depth + 0.4,
                        doing=doing,
                        on=seat,
                    )
                    continue
                doing = "waving"
            stand(stage, name, base, zoom * 1.05, "floor", doing)
