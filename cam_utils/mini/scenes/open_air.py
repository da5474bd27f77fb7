"""Setting up a scene under the sky: grounds, far buildings, what stands, drives and floats."""

from ..pencil.geometry import ellipse
from . import surfaces
from .inventory import GROUND, OUTDOORS, SKY, STRANGER
from .kinds import KINDS
from .passers_by import ACTIVITIES
from .settings import carried, count, free_x, ground_spot
from .stage import SIZE, Stage

LAND = ("grass", "pavement", "sand", "field")

_ALLOWED = {  # where a kind belongs, in order of preference
    "ground": (LAND, (*LAND, "road")),
    "floor": (LAND, (*LAND, "road")),
    "road": (("road",), ("pavement", "sand", "grass")),
    "water": (("water",), LAND),
}

_ASHORE = 0.12  # share of boats on land though there is water

_FLYING = 0.35  # share of an airport's aeroplanes that fly


def set_outdoors(stage: Stage, scene: str) -> None:
    """Put an outdoor scene of the type `scene` on an empty stage."""
    chance = OUTDOORS[scene]
    has = [name for name, p in chance.items() if stage.p(p)]
    if stage.p(STRANGER):
        others = {n for table in OUTDOORS.values() for n in table}
        others = sorted(n for n in others - set(chance))
        has.append(others[int(len(others) * stage.u(0, 1))])
    horizon = stage.u(38, 60) if stage.p(SKY[scene]) else stage.u(-22, -6)
    stage.surface("sky", surfaces.sky(stage, horizon), surfaces.everywhere())
    for shape, kinds, p in GROUND[scene]:
        if stage.p(p):
            _lay(stage, shape, _pick(stage, kinds), max(horizon, -22))
    far = [n for n in has if KINDS[n].where == "far"]
    for name in far:
        for _ in range(count(stage, name)):
            _far(stage, name, horizon)
    for name in has:
        if name not in far:
            for _ in range(count(stage, name)):
                _near(stage, name, horizon, scene)


def _pick(stage: Stage, shares: dict) -> str:
    u, total = stage.u(0, sum(shares.values())), 0.0
    for name, share in shares.items():
        total += share
        if u < total:
            return name
    return name


def _lay(stage: Stage, shape: str, name: str, horizon: float) -> None:
    """One ground in one of the shapes: all, far or near band, road, path, pond."""
    top, line = max(horizon, 0), None
    deep = SIZE - top
    if shape == "base":
        points = [(0, top), (SIZE, top), (SIZE, SIZE), (0, SIZE)]
    elif shape == "far":
        y, tilt = top + deep * stage.u(0.1, 0.3), stage.u(-4, 4)
        points = [(0, top), (SIZE, top), (SIZE, y + tilt), (0, y - tilt)]
    elif shape == "near":
        y, tilt = top + deep * stage.u(0.5, 0.76), stage.u(-7, 7)
        points = [(0, y - tilt), (SIZE, y + tilt), (SIZE, SIZE), (0, SIZE)]
    elif shape == "road" and stage.p(0.6):  # across
        y, half, tilt = top + deep * stage.u(0.35, 0.62), deep * stage.u(0.16, 0.26), stage.u(-5, 5)
        points = [(0, y - half - tilt), (SIZE, y - half + tilt), (SIZE, y + half * 1.2 + tilt)]
        points += [(0, y + half * 1.2 - tilt)]
        line = (0, y - tilt, SIZE, y + tilt) if stage.p(0.8) else None
    elif shape in ("road", "path"):  # away from the viewer
        x, foot = stage.u(20, 92), stage.u(5, 107)
        wide = stage.u(36, 66) if shape == "road" else stage.u(14, 26)
        points = [(x - 2, top), (x + 2, top), (foot + wide, SIZE), (foot - wide, SIZE)]
        line = (x, top + 3, foot, SIZE) if shape == "road" and stage.p(0.8) else None
    else:
        x, y = stage.u(20, 92), top + deep * stage.u(0.35, 0.75)
        points = ellipse(x, y, stage.u(24, 42), deep * stage.u(0.16, 0.26))
    surfaces.lay(stage, name, horizon, surfaces.region(points), line)


def _far(stage: Stage, name: str, horizon: float) -> None:
    """Something tall at the horizon; where there is no horizon it stands a little nearer."""
    base = horizon + stage.u(1, 7) if horizon > 0 else stage.u(18, 44)
    wide, tall = stage.size(name, 1.0)
    scale = stage.u(0.75, 1.0)
    if base > 30 and stage.p(0.8):  # most are seen up to their top
        scale = min(scale, (base - stage.u(0, 6)) / tall)
    x = free_x(stage, wide * scale, base - tall * scale, base, "floor")
    stage.put(name, x, base, scale, place="far")


def _near(stage: Stage, name: str, horizon: float, scene: str) -> None:
    kind = KINDS[name]
    flies = name == "aeroplane" and (scene != "airport" or stage.p(_FLYING))
    if kind.where == "sky" or flies:
        if horizon < 16:
            return
        wide, tall = stage.size(name, 0.8 if not flies else 0.5)
        base = tall + (horizon - tall) * stage.u(0.05, 0.9) if horizon > tall else horizon
        x = free_x(stage, wide, base - tall, base, "floor")
        stage.put(name, x, base, 0.8 if not flies else 0.5, depth=1, place="sky").shadow = False
        return
    if name == "cat" and stage.p(0.5) and carried(stage, name, stage.u(0.7, 0.9)):
        return
    doing = ACTIVITIES[int(len(ACTIVITIES) * stage.u(0, 1))] if name == "person" else None
    if doing == "sitting":
        seats = [t for t in stage.named("bench") if not any(o.on is t for o in stage.things)]
        if seats:
            seat = seats[0]
            x = seat.middle + stage.u(-0.25, 0.25) * seat.width
            scale = 1.3 * (seat.box[3] - seat.box[1]) / KINDS["bench"].height * 0.62
            stage.put(name, x, seat.box[3], scale, seat.depth + 0.4, doing=doing, on=seat)
            return
        doing = "running"
    ground, names = stage.ground()
    first, second = _ALLOWED[kind.where]
    if name == "boat" and stage.p(_ASHORE):
        first = second
    size = stage.u(0.85, 1.12) * (0.8 if kind.where == "floor" else 1)

    def scale(base):
        return size * (0.58 + 0.44 * (base - max(horizon, 0)) / (SIZE - max(horizon, 0)))

    wide, tall = stage.size(name)
    for allowed in (first, second):
        spot = ground_spot(stage, ground, names, allowed, wide / tall, lambda y: tall * scale(y))
        if spot is not None:
            x, base = spot
            place = names[ground[int(base), int(x)]]
            stage.put(name, x, base, scale(base), doing=doing, place=place)
            return
