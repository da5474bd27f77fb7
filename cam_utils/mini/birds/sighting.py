"""One picture of mini/birds: a place, a perch, a bird in a pose, at times a twig in front."""

from collections.abc import Callable

import numpy as np

from ..pencil import layout
from ..pencil.drawing import Layer, compose, fit, render, shaded
from . import habitats
from . import perch as birds_perch
from .bird import FOOT, PARTS, Pose, sketch_bird
from .species import Species

SIZE = 224  # pixels; networks of 112 pixels see half, as of CUB's photos

_FLIGHT = 0.08  # share of flying birds

_TWIG = 0.25  # share of pictures that are tried for a twig in front

_SEEN = 0.8  # least visible share of the bird

_STRETCH = 1.2  # most by which the bird's shape follows its box


def draw_scene(random: Callable[[str], np.random.Generator], species: Species):
    """Draw one picture; `random(purpose)` gives the generators.

    Returns:
        image (SIZE, SIZE, 3) uint8; mask (SIZE, SIZE) bool; {part: (SIZE, SIZE) bool}, both of
        what is visible.
    """
    rng = random("scene")
    box = layout.largest_boxes(rng, 1, layout.CUB)[0]
    pose = _pose(rng, box)
    flip, angle = rng.random() < 0.5, float(np.clip(rng.normal(0, 4), -9, 9))
    light = (rng.uniform(-0.7, 0.7), -0.75)
    picture, place, ground = habitats.background(rng, SIZE)

    sketch = sketch_bird(species.marks, pose, random("bird"))
    points = np.concatenate(sketch.points)
    box = _suited(box, points) * SIZE
    rim = 0.006 * max(box[2] - box[0], box[3] - box[1])  # half the outline is outside the polygon
    matrix, offset = fit(points, box + np.array([rim, rim, -rim, -rim]), angle, flip, _STRETCH)
    bird = shaded(render(sketch, matrix, offset, (SIZE, SIZE)), light)

    rng = random("perch")
    length = float(np.sqrt(abs(np.linalg.det(matrix)))) * 1.3
    if pose.flight is None:
        foot = matrix @ (0.04, FOOT) + offset
        kind = birds_perch.choose(rng, place, foot[1] > ground + 0.1 * length)
        perch = birds_perch.perch(rng, kind, foot, length, SIZE)
        if kind == "ground":
            birds_perch.shade(picture, foot, length)
        if perch is not None:
            compose(picture, shaded(perch, light))
    shadow = (round(-0.03 * length * light[0]), round(0.03 * length))
    compose(picture, bird, shadow if pose.flight is None else None)

    visible = _pasted(bird.alpha >= 0.5, bird)
    if rng.random() < _TWIG:
        twig = birds_perch.front_twig(rng, box, SIZE)
        if twig is not None:
            left = visible & ~_pasted(twig.alpha >= 0.5, twig)
            if left.sum() >= _SEEN * visible.sum():
                compose(picture, shaded(twig, light), shadow)
                visible = left
    parts = {}
    for name in PARTS:
        if name in bird.parts:
            mask = _pasted(bird.ids == bird.parts.index(name) + 1, bird) & visible
            if mask.any():
                parts[name] = mask
    return _developed(rng, picture), visible, parts


def _pose(rng: np.random.Generator, box: np.ndarray) -> Pose:
    """A pose whose outline has about the shape of the box: upright birds in narrow boxes."""
    aspect = np.log((box[2] - box[0]) / (box[3] - box[1]))
    nod, droop = float(rng.normal(0, 9)), float(rng.uniform(-8, 14))
    turned = rng.random() < 0.12
    if rng.random() < _FLIGHT and aspect > -0.45:
        return Pose(float(rng.uniform(-5, 30)), nod, False, float(rng.uniform(-8, 50)), droop)
    tilt = np.interp(aspect, [-0.65, -0.25, 0.0, 0.3, 0.5], [68, 45, 30, 12, 0])
    return Pose(float(tilt + rng.normal(0, 5)), nod, turned, None, droop)


def _suited(box: np.ndarray, points: np.ndarray) -> np.ndarray:
    """The box, or one of its centre and area, whose shape does not distort the points much."""
    w, h = np.ptp(points, axis=0)
    side = box[2:] - box[:2]
    off = np.log(side[0] / side[1]) - np.log(w / h)
    excess = off - np.clip(off, -np.log(_STRETCH), np.log(_STRETCH))
    side = np.minimum(side * np.exp((-excess / 2, excess / 2)), 1)
    centre = np.clip((box[:2] + box[2:]) / 2, side / 2, 1 - side / 2)
    return np.concatenate([centre - side / 2, centre + side / 2])


def _pasted(mask: np.ndarray, layer: Layer) -> np.ndarray:
    """A layer's (h, w) mask in the picture's frame."""
    h, w = mask.shape
    out = np.zeros((SIZE, SIZE), dtype=bool)
    out[layer.y : layer.y + h, layer.x : layer.x + w] = mask
    return out


def _developed(rng: np.random.Generator, picture: np.ndarray) -> np.ndarray:
    """The picture in its light: warmer or cooler, brighter or darker, with a little grain."""
    warm = rng.normal(0, 0.05)
    gain = np.exp(rng.normal(0, 0.1)) * np.array([1 + warm, 1, 1 - warm], dtype=np.float32)
    grain = rng.standard_normal((SIZE, SIZE, 1), dtype=np.float32) * rng.uniform(1, 5)
    return np.clip(picture * gain + grain, 0, 255).astype(np.uint8)
