"""A unit's top images, segmented by the unit's own map: what figure 13 shows."""

import numpy as np
import pandas as pd
import torch
from PIL import Image
from torch import Tensor

from ...data.record import Record
from ...errors import CamError
from ...metrics.intervals import pick
from ...pasting import paste_whole
from .halves import Half
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
        peak: the unit's maximum, `top.scores[unit, 0]`; None: this map's own.

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


def named_parts(record: Record, classes: list[str]) -> dict[tuple[str, str], np.ndarray]:
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
    labels = [record.label] * len(record.boxes) if record.box_labels is None else record.box_labels
    owners = record.objects or [classes[label] for label in labels]
    found: dict[tuple[str, str], np.ndarray] = {}
    for j, owner in enumerate(owners):
        own = record.parts[j] if record.parts is not None else {"whole": record.masks[j]}
        for part, mask in own.items():
            found[owner, part] = found.get((owner, part), False) | mask
    return found


def part_overlap(images, top: TopImages, unit: int, threshold: float = THRESHOLDS["[34]"]) -> dict:
    """The object part that a unit's segments overlap most in its top images.

    An image without the part counts 0, so that a part detector must find images with the part.
    The part is chosen on every second top image (1st, 3rd, ...) and reported on the others.

    Args:
        images: the pool that `top` was collected over, with parts or masks.

    Returns:
        owner, part: names; part "whole" where the data set knows objects but not their parts.
        iou: mean IoU on the images that did not choose the part. shuffled: the same with the masks
        exchanged among these, which says how much mere place and size are worth. n: how many.

    Raises:
        CamError: fewer than four top images, or a data set without parts and masks.
    """
    if top.indices.shape[1] < 4:
        raise CamError(
            f"Found {top.indices.shape[1]} top images of a unit; expected at least 4, half of them "
            "to choose the part and half to report it: top_images(..., k=12)."
        )
    masks, parts = [], []
    for index, map in zip(top.indices[unit], top.maps[unit], strict=True):
        record = images[int(index)]
        masks.append(segment(map, record.image.size[::-1], threshold, top.scores[unit, 0]))
        parts.append(named_parts(record, images.classes))
    names = sorted({name for some in parts[::2] for name in some})
    name = max(names, key=lambda name: _overlap(masks[::2], parts[::2], name))
    own, others = masks[1::2], parts[1::2]
    return {
        "owner": name[0],
        "part": name[1],
        "iou": _overlap(own, others, name),
        "shuffled": _overlap(own[1:] + own[:1], others, name),
        "n": len(own),
    }


def part_table(half: Half, rank: int = 1, threshold: float = THRESHOLDS["[34]"]) -> pd.DataFrame:
    """`part_overlap` of the unit of `rank` of each class; columns class (name), unit, and its."""
    return pd.DataFrame([
        {"class": row.name, "unit": row.unit}
        | part_overlap(half.pool, half.top, row.unit, threshold)
        for row in pick(half.frames["units"], rank=rank).itertuples()
    ])  # fmt: skip


def _overlap(masks: list[np.ndarray], parts: list[dict], name: tuple[str, str]) -> float:
    """The mean IoU of masks and the part `name` of as many images; 0 where one lacks it.

    A mask of a picture of another size is fitted, its pixels repeated or left out.
    """
    found = []
    for mask, known in zip(masks, parts, strict=True):
        part = known.get(name, np.zeros((1, 1), bool))
        rows, columns = (np.arange(n) * m // n for n, m in zip(part.shape, mask.shape, strict=True))
        mask = mask[rows][:, columns]
        found.append((mask & part).sum() / max(1, (mask | part).sum()))
    return float(np.mean(found))
