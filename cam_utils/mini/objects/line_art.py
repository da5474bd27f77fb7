"""The data set mini/sketches: the 24 classes of mini/objects as line drawings on paper.

The same objects without colour, texture and scenery: how far do features go beyond the pictures
that they were learnt on?
"""

from typing import ClassVar

import numpy as np
from PIL import Image, ImageDraw

from ...data.record import Record
from ..pencil.base import MiniSet, generator
from ..pencil.drawing import fit
from ..pencil.palette import mix, oklch
from ..pencil.scenery import noise
from .catalogue import CLASSES, sketch_object
from .composition import tight_box

SIZE = 112  # pixels

_FINE = 4  # drawn that much larger


class MiniSketches(MiniSet):
    """Map-style data set of `Record`s; 112 x 112 RGB, one object each, its box and mask."""

    name = "mini/sketches"
    CLASSES = CLASSES
    SPLITS: ClassVar[dict] = {
        "train": 30 * len(CLASSES),
        "val": 15 * len(CLASSES),
        "test": 40 * len(CLASSES),
    }

    def record(self, i: int) -> Record:
        rng = generator(self.name, self.split, i)
        image, mask = draw_lines(rng, self.classes[self.label(i)])
        box = np.array([tight_box(mask)], dtype=np.float32)
        return Record(self.ids[i], Image.fromarray(image), self.label(i), box, mask[None])


def draw_lines(rng: np.random.Generator, name: str):
    """One object as outlines: image (SIZE, SIZE, 3) uint8 and its (SIZE, SIZE) bool mask."""
    sketch = sketch_object(name, rng)
    side = SIZE * rng.uniform(0.45, 0.95, 2).max()
    points = np.concatenate(sketch.points)
    low, high = points.min(0), points.max(0)
    size = (high - low) / max(high - low) * side
    corner = rng.uniform(0, 1, 2) * (SIZE - size)
    matrix, offset = fit(
        points,
        (*corner, *(corner + size)),
        float(np.clip(rng.normal(0, 6), -15, 15)),
        rng.random() < 0.5,
        1.0,
    )
    points = (points @ matrix.T + offset) * _FINE
    wobble = rng.normal(0, 0.35 * _FINE, points.shape) * rng.uniform(0, 1)
    path = (points + wobble).ravel().tolist()
    lines, inside = (Image.new("L", (SIZE * _FINE,) * 2) for _ in range(2))
    pen, marker = ImageDraw.Draw(lines), ImageDraw.Draw(inside)
    width = round(rng.uniform(1.0, 2.2) * _FINE)
    for shape in sketch.shapes:
        flat = path[2 * shape.start : 2 * shape.stop]
        pen.polygon(flat, fill=0)  # hides what lies behind
        pen.line(flat + flat[:4], fill=255, width=width, joint="curve")
        marker.polygon(flat, fill=255)
        marker.line(flat + flat[:4], fill=255, width=width)
    ink = np.asarray(lines.reduce(_FINE), np.float32)[..., None] / 255
    paper, pencil = (
        oklch(rng.uniform(0.82, 0.98), 0.03, rng.uniform(0, 360)),
        oklch(rng.uniform(0.15, 0.45), 0.05, rng.uniform(0, 360)),
    )
    cloud = 1 + 0.02 * noise(rng, SIZE, 1.5)[0][..., None]
    ground = np.float32(paper) * cloud
    picture = ground + (np.float32(mix(pencil, paper, rng.uniform(0, 0.25))) - ground) * ink
    mask = np.asarray(inside.reduce(_FINE)) >= 128
    return np.clip(picture, 0, 255).astype(np.uint8), mask
