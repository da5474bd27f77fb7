"""The data set mini/actions: people at ten actions, in the manner of Stanford 40 Actions.

One body for all; its pose and its tools make the action. Clothes, build, side, size, background and
the tools that lie about are drawn without regard to the action.
"""

from typing import ClassVar

import numpy as np
from PIL import Image

from ...data.record import Record
from ..objects.composition import tight_box
from ..pencil.base import MiniSet, generator
from ..pencil.drawing import Layer, Sketch, compose, render, shaded
from ..pencil.geometry import rotation
from ..pencil.scenery import background, clutter
from . import leisure, targets, tools, work
from .person import look

ACTIONS = {
    action.__name__.replace("_", " "): action
    for action in (
        work.brushing_teeth, work.cleaning_the_floor, work.cooking, work.cutting_trees,
        leisure.fishing, work.fixing_a_car, leisure.holding_an_umbrella,
        leisure.playing_the_guitar, leisure.reading, leisure.riding_a_bike,
    )
}  # fmt: skip

SIZE = 160  # pixels

PERSON = ("head", "torso", "arm", "leg")

_LYING = (tools.toothbrush, tools.axe, tools.saw, tools.mop, tools.broom, targets.bucket, tools.pan,
          tools.pot, tools.wrench, tools.guitar, tools.book)  # fmt: skip

_STANDING = (targets.trunk, targets.stove, targets.broken_car, targets.bicycle, targets.umbrella)


class MiniActions(MiniSet):
    """Map-style data set of `Record`s; 160 x 160 RGB, one person each.

    `boxes` (1, 4) and `masks` (1, 160, 160) are the person's visible pixels without the tool, as
    the boxes of Stanford 40 Actions bound the person. `parts` has one dictionary: "head", "torso",
    "arm", "leg"; "tool" (in the hand, or ridden); "target" (what it is used on); "stray" (tools of
    other actions that lie about). Masks are visible pixels; a part that is not there is left out.
    """

    name = "mini/actions"
    CLASSES = tuple(ACTIONS)
    SPLITS: ClassVar[dict] = {
        "train": 60 * len(CLASSES),
        "val": 30 * len(CLASSES),
        "test": 80 * len(CLASSES),
    }

    def record(self, i: int) -> Record:
        rng = generator(self.name, self.split, i)
        image, parts = draw_action(rng, self.classes[self.label(i)])
        person = np.any([parts[name] for name in PERSON if name in parts], axis=0)
        box = np.array([tight_box(person)], dtype=np.float32)
        return Record(
            id=self.ids[i],
            image=Image.fromarray(image),
            label=self.label(i),
            boxes=box,
            masks=person[None],
            parts=[parts],
        )


def sketch_action(name: str, rng: np.random.Generator) -> Sketch:
    """A person at that action with tools, in its own frame, facing right."""
    sketch = Sketch(rng)
    ACTIONS[name](sketch, look(sketch))
    return sketch


def draw_action(rng: np.random.Generator, name: str):
    """One picture.

    Args:
        rng: decides all that is random.
        name: one of the classes.

    Returns:
        image (SIZE, SIZE, 3) uint8 and {part: (SIZE, SIZE) bool mask of its visible pixels}.
    """
    turn = rng.uniform(0, 2 * np.pi)
    light = (0.75 * np.cos(turn), -0.65 + 0.25 * np.sin(turn))  # from above
    picture = background(rng, SIZE, light)
    clutter(rng, picture)
    sketch = sketch_action(name, rng)
    ground, layer = _placed(sketch, rng)
    layer = shaded(layer, light)
    shadow = tuple(round(-3 * v) for v in light)
    strays = [shaded(s, light) for s in _strays(rng, ground)]
    for stray in strays:
        compose(picture, stray, shadow)
    compose(picture, layer, shadow)
    solid = _full(layer, layer.alpha >= 0.5)
    parts = {
        part: mask
        for k, part in enumerate(layer.parts, start=1)
        if (mask := _full(layer, layer.ids == k) & solid).any()
    }
    stray = np.zeros((SIZE, SIZE), dtype=bool)
    for other in strays:
        stray |= _full(other, other.alpha >= 0.5) & ~solid
    if stray.any():
        parts["stray"] = stray
    return np.clip(picture, 0, 255).astype(np.uint8), parts


def _placed(sketch: Sketch, rng: np.random.Generator) -> tuple[float, Layer]:
    """The sketch somewhere in the picture: (y of its ground in pixels, its layer)."""
    side = (1.0 if rng.random() < 0.5 else -1.0, 1.0)
    frame = rotation(float(np.clip(rng.normal(0, 3), -7, 7))) * side
    turned = np.concatenate(sketch.points) @ frame.T
    low, high = turned.min(0), turned.max(0)
    scale = SIZE * rng.uniform(0.74, 1.02) / max(high - low)
    room = SIZE - (high - low) * scale
    corner = room * rng.uniform((0.05, 0.3), (0.95, 0.95))
    layer = render(sketch, scale * frame, corner - low * scale, (SIZE, SIZE))
    return float(corner[1] + (high[1] - low[1]) * scale), layer


def _strays(rng: np.random.Generator, ground: float) -> list[Layer]:
    """Up to two tools of any action that lie or stand about, behind the person."""
    layers = []
    for _ in range(int(rng.choice(3, p=(0.4, 0.4, 0.2)))):
        sketch = Sketch(rng)
        standing = rng.random() < 0.3
        drawers = _STANDING if standing else _LYING
        drawers[rng.integers(len(drawers))](sketch)
        for shape in sketch.shapes:
            shape.part = "stray"
        points = np.concatenate(sketch.points)
        angle = 0.0 if standing else rng.uniform(-180, 180)
        turned = points @ rotation(angle).T
        low, high = turned.min(0), turned.max(0)
        scale = SIZE * (rng.uniform(0.35, 0.6) if standing else rng.uniform(0.16, 0.36))
        scale /= max(high - low)
        side = (high - low) * scale
        x = rng.uniform(-0.15 * side[0], SIZE - 0.85 * side[0])
        y = rng.uniform(0.35 * SIZE, SIZE) - side[1]
        layer = render(sketch, scale * rotation(angle), (x, y) - low * scale, (SIZE, SIZE))
        if layer is not None:
            layers.append(layer)
    return layers


def _full(layer: Layer, mask: np.ndarray) -> np.ndarray:
    """A layer's mask in the picture's frame."""
    full = np.zeros((SIZE, SIZE), dtype=bool)
    h, w = mask.shape
    full[layer.y : layer.y + h, layer.x : layer.x + w] = mask
    return full
