"""Finding a place: beside the others, on the ground, on top of something."""

import numpy as np

from .inventory import CARRIERS
from .kinds import KINDS
from .stage import SIZE, Stage, Thing

_COUNTS = {1: (1.0,), 2: (0.55, 0.45), 3: (0.4, 0.33, 0.27), 4: (0.28, 0.26, 0.25, 0.21)}

_TRIES = 9


def count(stage: Stage, name: str) -> int:
    """How many of a kind: one, or up to its `most`, nearly equally often."""
    edges = np.cumsum(_COUNTS[KINDS[name].most])
    return 1 + int(np.searchsorted(edges[:-1], stage.u(0, 1)))


def _crowded(stage: Stage, box, group) -> float:
    """The worst share of a thing that the box hides, or of the box that a thing hides."""
    worst = 0.0
    for thing in stage.things:
        if thing.is_surface or (group == "wall") != (thing.place == "wall"):
            continue
        w = min(box[2], thing.box[2]) - max(box[0], thing.box[0])
        h = min(box[3], thing.box[3]) - max(box[1], thing.box[1])
        if w > 0 and h > 0:
            areas = [(b[2] - b[0]) * (b[3] - b[1]) for b in (box, thing.box)]
            worst = max(worst, w * h / max(min(areas), 1))
    return worst


def free_x(stage: Stage, wide: float, y0: float, y1: float, group: str) -> float:
    """The x of a middle, of some at random, where a thing from y0 to y1 is least in the way."""
    room = max(SIZE - 0.7 * wide, 2)
    xs = SIZE / 2 + (stage.rng.random(_TRIES) - 0.5) * room
    boxes = [(x - wide / 2, y0, x + wide / 2, y1) for x in xs]
    return float(xs[int(np.argmin([_crowded(stage, box, group) for box in boxes]))])


def stand(stage: Stage, name, base, scale, place, doing=None, group="floor") -> Thing | None:
    """Put a thing on the level `base` where it is least in the way of others."""
    wide, tall = stage.size(name, scale)
    x = free_x(stage, wide, base - tall, base, group)
    return stage.put(name, x, base, scale, doing=doing, place=place)


def carried(stage: Stage, name: str, scale: float) -> Thing | None:
    """Put a thing on top of one that may carry it; None if there is none with room."""
    wide, _tall = stage.size(name, scale)
    carriers = stage.named(*CARRIERS[name])
    seats = [t for t in carriers if t.name == "chair" and not any(o.on is t for o in stage.things)]
    if name == "cat" and seats and stage.p(0.6):  # what cats like best
        carriers = seats
    free = []
    for thing in carriers:
        top = KINDS[thing.name].top
        base = thing.box[1] + (0.5 if top is None else top) * (thing.box[3] - thing.box[1])
        reach = max((thing.width - wide) / 2 * 0.92, 0)
        if name == "pillow" and thing.name == "bed":
            xs = thing.middle + reach * np.array([-0.85, -0.5, 0.5, 0.85])
        else:
            xs = thing.middle + reach * (2 * stage.rng.random(5) - 1)
        for x in xs:
            if wide / 2 - 4 < x < SIZE + 4 - wide / 2 and base < SIZE:
                used = [t for t in stage.things if t.on is thing]
                gaps = [abs(t.middle - x) / max((t.width + wide) / 2, 1) for t in used]
                free.append((min(gaps, default=2.0) + 0.3 * stage.u(0, 1), float(x), base, thing))
    if not free:
        return None
    gap, x, base, thing = max(free, key=lambda item: item[0])
    if gap < 0.75:
        return None
    base += stage.u(-0.5, 2) * scale
    depth = thing.depth + 0.1 + 0.001 * base + (0.05 if name == "cat" else 0)
    return stage.put(name, x, base, scale, depth, on=thing)


def ground_spot(stage: Stage, ground, names, allowed, wide, tall_at) -> tuple | None:
    """(x, base) of a random pixel on one of the `allowed` surfaces, the least crowded of some.

    Args:
        ground, names: from `Stage.ground`. tall_at: height of the thing as a function of base.
    """
    usable = np.isin(ground, [i for i, n in enumerate(names) if n in allowed])
    usable[:, :6] = usable[:, -6:] = False
    rows, columns = np.nonzero(usable)
    if len(rows) < 20:
        return None
    best = None
    for k in (len(rows) * stage.rng.random(_TRIES)).astype(int):
        x, base = float(columns[k]), float(rows[k])
        w = wide * tall_at(base)
        box = (x - w / 2, base - tall_at(base), x + w / 2, base)
        cost = _crowded(stage, box, "floor") + 0.4 * max(0, w / 2 - x, x + w / 2 - SIZE) / max(w, 1)
        if best is None or cost < best[0]:
            best = cost, x, base
    return best[1:]
