"""A unit's top images, segmented by the unit's own map: what figure 13 shows."""

from dataclasses import dataclass

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from ...data.record import Record
from ...errors import CamError
from ...pasting import paste_whole
from .top import TopImages

THRESHOLDS = {"[34]": 0.5, "the released script": 0.2}  # fraction of the unit's maximum


def segment(
    map: np.ndarray | Tensor,
    size: tuple[int, int],
    threshold: float = THRESHOLDS["[34]"],
    peak: float | None = None,
) -> np.ndarray:
    """Where a unit's map exceeds a fraction of the unit's maximum.

    Args:
        map: (h, w) of the view "whole".
        size: (height, width) of the picture.
        threshold: [34] takes half of the maximum, the author's later script a fifth.
        peak: the unit's maximum over its top images (`TopImages.peak`); None: this map's own.

    Returns:
        (height, width) bool; empty where the unit is silent.

    Raises:
        CamError: not a map, or a threshold outside of 0..1.
    """
    map = torch.as_tensor(map).float()
    if map.dim() != 2 or not 0 <= threshold < 1:
        raise CamError(
            f"Found a map of shape {tuple(map.shape)} and threshold {threshold}; expected (h, w) "
            "and a fraction from 0 to below 1."
        )
    peak = float(map.max()) if peak is None else peak
    if peak <= 0:
        return np.zeros(size, bool)
    return (paste_whole(map[None], size)[0] > threshold * peak).numpy()


def masked(image: Image.Image, mask: np.ndarray, rest: float = 0.22) -> Image.Image:
    """The picture with everything outside of a mask (H, W) grey and dark, `rest` of its light."""
    if mask.shape != image.size[::-1]:
        raise CamError(
            f"Found a mask {mask.shape} for a picture of {image.size[::-1]} (height, width); "
            "make it with segment(map, image.size[::-1])."
        )
    grey = np.asarray(image.convert("L"), np.float32) * rest
    coarse = (grey // 8 * 8).astype(np.uint8)  # few levels: smaller files
    pixels = np.where(mask[..., None], np.asarray(image.convert("RGB")), coarse[..., None])
    return Image.fromarray(pixels)


@dataclass(frozen=True)
class PartOverlap:
    """The part that a unit's segments overlap most.

    Attributes:
        owner, part: names; part "whole" where the data set knows objects but not their parts.
        chosen: mean IoU on the top images (1st, 3rd, ...) on which the part was chosen.
        iou: mean IoU on the others (2nd, 4th, ...): what to report.
        shuffled: the same with the masks exchanged among these images, which says how much mere
            place and size are worth.
        n: images behind `iou`.
    """

    owner: str
    part: str
    chosen: float
    iou: float
    shuffled: float
    n: int


def regions(record: Record, classes: list[str]) -> dict[tuple[str, str], np.ndarray]:
    """{(owner, part): (H, W) bool} of a record; equal parts of several objects are joined.

    The owner is the object's class, or its name where the data set names objects in a scene.

    Raises:
        CamError: the record has neither parts nor masks.
    """
    if record.masks is None and record.parts is None:
        raise CamError(
            f"The record {record.id} has neither masks nor parts; overlap with parts needs a data "
            "set that knows them, such as mini/objects."
        )
    names = getattr(record, "objects", None)
    found: dict[tuple[str, str], np.ndarray] = {}
    for j in range(len(record.boxes)):
        if names is not None:
            owner = names[j]
        else:
            owner = classes[record.label if record.box_labels is None else record.box_labels[j]]
        own = record.parts[j] if record.parts is not None else {"whole": record.masks[j]}
        for part, mask in own.items():
            key = (owner, part)
            found[key] = found[key] | mask if key in found else mask
    return found


def part_overlap(
    images, top: TopImages, unit: int, threshold: float = THRESHOLDS["[34]"]
) -> PartOverlap:
    """The object part that a unit's segments overlap most in its top images.

    An image without the part counts 0, so that a part detector must find images with the part.
    The part is chosen on every second top image and reported on the others.

    Args:
        images: the pool that `top` was collected over, with parts or masks.

    Raises:
        CamError: fewer than four top images, or a data set without parts and masks.
    """
    row = top.row(unit)
    if top.indices.shape[1] < 4:
        raise CamError(
            f"Found {top.indices.shape[1]} top images of a unit; expected at least 4, half of them "
            "to choose the part and half to report it: top_images(..., k=12)."
        )
    masks, parts = [], []
    for index, map in zip(top.indices[row], top.maps[row], strict=True):
        record = images[int(index)]
        masks.append(segment(map, record.image.size[::-1], threshold, top.peak(unit)))
        parts.append(regions(record, images.classes))
    first, second = range(0, len(masks), 2), range(1, len(masks), 2)
    names = sorted({name for i in first for name in parts[i]})
    means = [np.mean([_iou(masks[i], parts[i].get(name)) for i in first]) for name in names]
    best = int(np.argmax(means))
    name, others = names[best], list(second)
    shifted = others[1:] + others[:1]
    iou = np.mean([_iou(masks[i], parts[i].get(name)) for i in others])
    by_chance = [_iou(_fitted(masks[j], masks[i].shape), parts[i].get(name))
                 for i, j in zip(others, shifted, strict=True)]  # fmt: skip
    return PartOverlap(
        *name, float(means[best]), float(iou), float(np.mean(by_chance)), len(others)
    )


def _iou(mask: np.ndarray, part: np.ndarray | None) -> float:
    if part is None:
        return 0.0
    union = (mask | part).sum()
    return float((mask & part).sum() / union) if union else 0.0


def _fitted(mask: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """A mask of another picture, its pixels repeated or left out to fit this one."""
    if mask.shape == shape:
        return mask
    rows, columns = ((np.arange(n) * m) // n for n, m in zip(shape, mask.shape, strict=True))
    return mask[rows][:, columns]
