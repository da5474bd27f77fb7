"""The list of classes, and one object of a class as a sprite."""

import numpy as np
from PIL import Image

from ...errors import CamError
from ..pencil.drawing import Sketch, fit, render, shaded
from . import animals, buildings, things, vehicles

DRAWERS = {
    drawer.__name__: drawer
    for drawer in (
        vehicles.aeroplane,
        vehicles.bicycle,
        animals.bird,
        vehicles.bus,
        animals.butterfly,
        vehicles.car,
        animals.cat,
        buildings.church,
        things.cup,
        animals.fish,
        things.flower,
        buildings.house,
        buildings.lighthouse,
        buildings.mosque,
        things.mushroom,
        things.palm,
        animals.rabbit,
        vehicles.sailboat,
        things.teapot,
        vehicles.truck,
        things.umbrella,
        animals.whale,
        vehicles.wheelbarrow,
        buildings.windmill,
    )
}

CLASSES = tuple(DRAWERS)


def sketch_object(class_name: str, rng: np.random.Generator) -> Sketch:
    """A new object of a class, in its own frame. CamError for a class that does not exist."""
    if class_name not in DRAWERS:
        raise CamError(
            f"The mini world has no class {class_name!r}. Its classes are: {', '.join(CLASSES)}."
        )
    sketch = Sketch(rng)
    DRAWERS[class_name](sketch)
    return sketch


def draw_object(class_name: str, rng: np.random.Generator, size: int, with_parts: bool = False):
    """One object on a transparent square.

    Args:
        class_name: one of CLASSES.
        rng: decides shape, colours, texture and pose.
        size: side of the sprite in pixels; the object's larger side fills it.
        with_parts: also return {part name: (size, size) bool mask of its visible pixels}.

    Returns:
        A PIL image, mode RGBA, size x size; with `with_parts` a pair of it and the masks.
    """
    sketch = sketch_object(class_name, rng)
    points = np.concatenate(sketch.points)
    angle, flip = rng.uniform(-20, 20), rng.random() < 0.5
    matrix, _ = fit(points, (0, 0, 1, 1), angle, flip, most_stretch=1.0)
    turned = points @ (matrix / np.linalg.norm(matrix, axis=1, keepdims=True)).T
    low, high = turned.min(0), turned.max(0)
    margin = max(1.0, 0.01 * size)
    box_size = (high - low) / (high - low).max() * (size - 2 * margin)
    corner = (size - box_size) / 2
    matrix, offset = fit(points, (*corner, *(corner + box_size)), angle, flip)
    layer = shaded(render(sketch, matrix, offset, (size, size), size), (-0.6, -0.8))
    rgba = np.zeros((size, size, 4), dtype=np.uint8)
    h, w = layer.alpha.shape
    window = np.s_[layer.y : layer.y + h, layer.x : layer.x + w]
    rgba[window][..., :3] = layer.rgb
    rgba[window][..., 3] = layer.alpha * 255
    sprite = Image.fromarray(rgba)
    if not with_parts:
        return sprite
    masks = {}
    for number, part in enumerate(layer.parts, start=1):
        masks[part] = np.zeros((size, size), dtype=bool)
        masks[part][window] = layer.ids == number
    return sprite, masks
