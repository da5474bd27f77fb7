"""One picture: background, the labelled objects, smaller ones of other classes, their masks."""

from functools import lru_cache

import numpy as np

from ..pencil import layout
from ..pencil.drawing import Layer, compose, fit, render, shaded
from ..pencil.scenery import background, clutter
from .catalogue import CLASSES, sketch_object

SIZE = 112  # pixels

_OTHERS_SHARE = 0.4  # of the pictures are tried for objects of other classes

_SEEN_FIRST, _SEEN = 0.8, 0.35  # least visible share of the largest object, of any other


@lru_cache(maxsize=1)
def natural_aspects() -> np.ndarray:
    """(classes,) float64 typical width / height of each class's objects, upright."""
    found = []
    for i, name in enumerate(CLASSES):
        sides = [
            np.ptp(
                np.concatenate(sketch_object(name, np.random.default_rng([i, k])).points), axis=0
            )
            for k in range(5)
        ]
        found.append(np.mean([w / h for w, h in sides]))
    return np.array(found)


def _object(rng, label: int, box: np.ndarray, light) -> Layer | None:
    sketch = sketch_object(CLASSES[label], rng)
    points = np.concatenate(sketch.points)
    angle = float(np.clip(rng.normal(0, 8), -20, 20))
    flip = rng.random() < 0.5
    rim = 0.006 * max(box[2] - box[0], box[3] - box[1])  # half the outline is outside the polygon
    inner = (box + np.array([rim, rim, -rim, -rim])) * SIZE
    matrix, offset = fit(points, inner, angle, flip)
    layer = render(sketch, matrix, offset, (SIZE, SIZE))
    return None if layer is None else shaded(layer, light)


def _visible(layers: list) -> list:
    """The (SIZE, SIZE) bool masks of what is seen of each layer, given back to front."""
    covered = np.zeros((SIZE, SIZE), dtype=bool)
    masks = []
    for layer in reversed(layers):
        mask = np.zeros((SIZE, SIZE), dtype=bool)
        h, w = layer.alpha.shape
        mask[layer.y : layer.y + h, layer.x : layer.x + w] = layer.alpha >= 0.5
        masks.append(mask & ~covered)
        covered |= mask
    return masks[::-1]


def part_masks(layer: Layer, visible: np.ndarray) -> dict[str, np.ndarray]:
    """{part: bool mask of the picture's size} of what is seen of each part of a placed layer.

    Args:
        visible: bool, the picture's size: the pixels at which the layer is seen.

    Returns:
        Only parts of which something is seen, in the order of the sketch; no pixel is in two.
        A pixel at the rim may belong to the object and to none of its parts.
    """
    numbers = np.zeros(visible.shape, np.uint8)
    h, w = layer.alpha.shape
    numbers[layer.y : layer.y + h, layer.x : layer.x + w] = layer.ids
    numbers *= visible
    seen = np.unique(numbers)
    return {name: numbers == k for k, name in enumerate(layer.parts, start=1) if k in seen}


def _plan(rng, label: int, box: np.ndarray) -> list:
    """[(label, whole box, in front of the first?)], the labelled class's largest object first."""
    aspects = natural_aspects()
    w, h = box[2] - box[0], box[3] - box[1]
    plan, taken = [(label, layout.overflow(rng, box, aspects[label]), False)], [box]
    wanted = [label] * (layout.instance_count(rng, w * h) - 1)
    if rng.random() < _OTHERS_SHARE:
        wanted += [int(v) for v in rng.integers(0, len(CLASSES), rng.integers(1, 3)) if v != label]
    for other in wanted:
        same = other == label
        # an object of the label may be nearly as large; others stay well below the label's
        side = np.sqrt(w * h) * (rng.uniform(0.45, 0.85) if same else rng.uniform(0.35, 0.62))
        side = side * (aspects[other] ** 0.5 if aspects[other] > 1 else aspects[other] ** -0.5)
        side = min(side, 0.8 if same else 0.55)
        where, overlap = layout.free_box(rng, side, aspects[other], taken)
        if overlap > 0.35:  # there is little room: be smaller
            side *= 0.6
            where, overlap = layout.free_box(rng, side, aspects[other], taken)
        if side * SIZE < 9:
            continue
        taken.append(where)
        plan.append((other, where, overlap > 0.3 or rng.random() < 0.4))
    return plan


def draw_scene(rng: np.random.Generator, label: int, box: np.ndarray):
    """Draw a picture whose label's largest object fills `box` (xyxy fractions).

    Returns:
        image (SIZE, SIZE, 3) uint8; labels (m,) int64; boxes (m, 4) float32 half-open pixels of
        the visible masks; masks (m, SIZE, SIZE) bool; for each object `part_masks`. The labelled
        class comes first, its largest object first of all.
    """
    turn = rng.uniform(0, 2 * np.pi)
    light = (0.75 * np.cos(turn), -0.65 + 0.25 * np.sin(turn))  # from above
    picture = background(rng, SIZE, light)
    clutter(rng, picture)
    plan = _plan(rng, label, box)
    drawn = [
        (i, front, _object(rng, who, where, light)) for i, (who, where, front) in enumerate(plan)
    ]
    drawn = [item for item in drawn if item[2] is not None and (item[2].alpha >= 0.5).sum() >= 12]
    order = [item for item in drawn if item[0] and not item[1]]
    order += [item for item in drawn if item[0] == 0] + [item for item in drawn if item[1]]
    while True:
        masks = _visible([layer for _, _, layer in order])
        share = [
            m.sum() / max((o[2].alpha >= 0.5).sum(), 1) for m, o in zip(masks, order, strict=True)
        ]
        hidden = [j for j, o in enumerate(order) if share[j] < (_SEEN if o[0] else _SEEN_FIRST)]
        if not hidden:
            break
        # what hides the first object is taken away; any other hidden object is itself
        first_hidden = any(order[j][0] == 0 for j in hidden)
        del order[len(order) - 1 if first_hidden else hidden[0]]
    shadow = tuple(round(-3 * v) for v in light)
    for _, _, layer in order:
        compose(picture, layer, shadow)
    labels = np.array([plan[i][0] for i, _, _ in order], dtype=np.int64)
    masks = np.array(masks)
    boxes = np.array([tight_box(mask) for mask in masks], dtype=np.float32)
    area = np.prod(boxes[:, 2:] - boxes[:, :2], axis=1)
    rank = np.lexsort((-area, labels != label))
    image = np.clip(picture, 0, 255).astype(np.uint8)
    parts = [part_masks(order[j][2], masks[j]) for j in rank]
    return image, labels[rank], boxes[rank], masks[rank], parts


def tight_box(mask: np.ndarray) -> tuple:
    """(x0, y0, x1, y1) of a mask's true pixels, half-open."""
    columns, rows = np.flatnonzero(mask.any(0)), np.flatnonzero(mask.any(1))
    return columns[0], rows[0], columns[-1] + 1, rows[-1] + 1
