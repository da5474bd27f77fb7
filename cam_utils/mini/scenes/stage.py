"""The stage on which a scene is set up: things at their places, then the picture and its masks."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from ..objects.composition import tight_box
from ..pencil.drawing import Layer, Sketch, compose, fit, render, shaded
from ..pencil.palette import palette
from .colours import NAMES, named_palette, plant_palette, ware_palette
from .kinds import KINDS, PERSONS

SIZE = 112  # pixels

LEAST = 12  # visible pixels; what shows less is taken off the stage

_SEEN = 0.3  # visible share of a thing, else it is taken off


@lru_cache(maxsize=256)
def natural_size(name: str) -> tuple[float, float]:
    """Median (width, height) of a kind in the frame of its drawer."""
    sizes = []
    for k in range(9):
        s = Sketch(np.random.default_rng([17, k]))
        KINDS[name].draw(s)
        sizes.append(np.ptp(np.concatenate(s.points), axis=0))
    return tuple(float(v) for v in np.median(sizes, axis=0))


@dataclass(eq=False)
class Thing:
    """One thing on the stage.

    Attributes:
        name: of its kind; of a surface: "wall", "grass", ...
        layer: as it is drawn. box: xyxy of the whole thing in pixels, hidden parts too.
        depth: what has a greater one is nearer and hides what is behind it.
        colour: the named colour it was given, or None.
        doing: a person's activity, or None.
        on: the thing that carries or holds it, or None.
        place: the surface that it stands on, floats on or hangs on, or None.
        mask: (SIZE, SIZE) bool visible pixels, once the stage is finished.
    """

    name: str
    layer: Layer
    box: tuple
    depth: float
    colour: str | None = None
    doing: str | None = None
    on: "Thing | None" = None
    place: str | None = None
    mask: np.ndarray | None = None
    shadow: bool = True

    @property
    def is_surface(self) -> bool:
        return self.depth < -50

    @property
    def width(self) -> float:
        return self.box[2] - self.box[0]

    @property
    def middle(self) -> float:
        return (self.box[0] + self.box[2]) / 2


class Stage:
    """An empty stage with a light and a generator; `put` sets things up, `finish` draws."""

    def __init__(self, rng: np.random.Generator):
        turn = rng.uniform(0, 2 * np.pi)
        self.rng = rng
        self.light = (0.6 * np.cos(turn), -0.6 + 0.2 * np.sin(turn))
        self.things: list[Thing] = []

    def p(self, chance: float) -> bool:
        """True with that chance."""
        return self.rng.random() < chance

    def u(self, low: float, high: float) -> float:
        """A uniform number."""
        return low + (high - low) * self.rng.random()

    def surface(self, name: str, rgb: np.ndarray, alpha: np.ndarray) -> None:
        """Put a surface (wall, grass, ...) on top of the surfaces so far."""
        layer = Layer(0, 0, rgb, alpha, None, [name])
        order = -100 + len(self.things)
        self.things.append(Thing(name, layer, (0, 0, SIZE, SIZE), order, shadow=False))

    def ground(self) -> tuple[np.ndarray, list]:
        """(SIZE, SIZE) index of the topmost surface at each pixel, and the surfaces' names."""
        index = np.zeros((SIZE, SIZE), dtype=np.int16)
        names = [t.name for t in self.things if t.is_surface]
        for i, thing in enumerate(t for t in self.things if t.is_surface):
            index[thing.layer.alpha >= 0.5] = i
        return index, names

    def size(self, name: str, scale: float = 1.0) -> tuple[float, float]:
        """Typical (width, height) in pixels of a kind at that scale."""
        w, h = natural_size(name)
        return KINDS[name].height * scale * w / h, KINDS[name].height * scale

    def put(self, name, x, base, scale=1.0, depth=None, kind=None, doing=None, on=None, place=None):
        """Draw a thing whose lowest point is at `base` and whose middle is at `x`, in pixels.

        Args:
            name: how it is called. kind: of KINDS, if another word than the name.
            scale: times the kind's height. depth: default `base`.
            doing, on, place: as of Thing.

        Returns:
            The Thing, or None if nothing of it lies in the picture.
        """
        kind = kind or name
        spec, rng, colour = KINDS[kind], self.rng, None
        if spec.palette == "named":
            colour = NAMES[int(len(NAMES) * rng.random())]
            colors = named_palette(rng, colour)
        else:
            makers = {"plant": plant_palette, "ware": ware_palette, "any": palette}
            colors = makers[spec.palette](rng)
        sketch = Sketch(rng, colors)
        (PERSONS[doing] if doing else spec.draw)(sketch)
        points = np.concatenate(sketch.points)
        unit = spec.height * scale / natural_size(kind)[1]
        w, h = np.ptp(points, axis=0) * unit
        box = (x - w / 2, base - h, x + w / 2, base)
        turn = 0.0 if spec.where in ("wall", "ceiling", "far") else float(rng.normal(0, 1.2))
        flip = bool(rng.random() < 0.5) and kind not in ("faucet",)
        matrix, offset = fit(points, box, turn, flip, 1.0)
        layer = render(sketch, matrix, offset, (SIZE, SIZE))
        if layer is None:
            return None
        depth = base if depth is None else depth
        layer = shaded(layer, self.light)
        thing = Thing(name, layer, box, depth, colour, doing, on, place)
        self.things.append(thing)
        return thing

    def named(self, *names: str) -> list[Thing]:
        """The things so far with one of these names."""
        return [t for t in self.things if t.name in names]

    def finish(self, drop=True) -> tuple[np.ndarray, list[Thing]]:
        """Take hidden things off the stage (unless `drop` is False) and draw the rest.

        Returns:
            image (SIZE, SIZE, 3) uint8; the things that are seen, back to front, with their masks.
        """
        order = sorted(self.things, key=lambda t: t.depth)
        _see(order)
        while drop:
            hidden = [t for t in order if _is_hidden(t) or (t.on and t.on not in order)]
            if not hidden:
                break
            # the nearest one first: taking it away may show another
            order.remove(hidden[-1])
            _see(order)
        picture = np.zeros((SIZE, SIZE, 3), dtype=np.float32)
        shadow = tuple(round(-2 * v) for v in self.light)
        for thing in order:
            compose(picture, thing.layer, shadow if thing.shadow else None)
        seen = [t for t in order if t.mask.sum() >= LEAST]
        return np.clip(picture, 0, 255).astype(np.uint8), seen

    def boxes(self, things) -> np.ndarray:
        """(m, 4) float32 tight boxes of the visible masks."""
        return np.array([tight_box(t.mask) for t in things], dtype=np.float32).reshape(-1, 4)


def solid(layer: Layer, least=0.5) -> np.ndarray:
    """(SIZE, SIZE) bool: where a layer covers at least that share of the pixel."""
    mask = np.zeros((SIZE, SIZE), dtype=bool)
    h, w = layer.alpha.shape
    mask[layer.y : layer.y + h, layer.x : layer.x + w] = layer.alpha >= least
    return mask


def _see(order: list[Thing]) -> None:
    """Give each thing the mask of what is seen of it."""
    covered = np.zeros((SIZE, SIZE), dtype=bool)
    for thing in reversed(order):
        mask = solid(thing.layer)
        thing.mask = mask & ~covered
        covered |= mask


def _is_hidden(thing: Thing) -> bool:
    if thing.is_surface:  # drawn even if a few pixels are left of it
        return False
    seen = int(thing.mask.sum())
    return seen < LEAST or seen < _SEEN * (thing.layer.alpha >= 0.5).sum()
