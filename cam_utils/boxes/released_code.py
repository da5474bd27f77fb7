"""The box rule of the authors' released code (zhoubolei/CAM: dt_box.cpp, ILSVRC_evaluate_bbox.m).

It is not the paper's: grey levels 20, 100 and 110 of 255 (7.8, 39.2 and 43.1 % of the maximum)
instead of 20 %, an erosion, and the largest rectangles of all contours instead of the largest
component.
"""

from collections.abc import Sequence

import cv2
import numpy as np
import torch
from torch import Tensor

from ..errors import CamError
from .components import checked_map, whole_image

THRESHOLDS = (20, 100, 110)

ERODE_ABOVE = 10  # of 255, where 255 is the mask's largest distance from the background

MARGIN = 5  # pixels at the right and lower border into which no box reaches


def released(
    map: Tensor | np.ndarray,
    thresholds: Sequence[int] = THRESHOLDS,
    jpeg: bool = False,
    most: int | None = None,
) -> np.ndarray:
    """All boxes of a map under the released rule, the largest ("loose") first.

    For each grey level t: the mask grey > t, eroded by 4.1 % of its largest distance from the
    background, gives a rectangle for each outer contour and each hole. The rectangles of all
    levels, sorted by area, are thinned: one that shares more than half of a larger one's area is
    dropped. Both habits of the released code are kept: after a drop the next rectangle is not
    looked at, and none reaches into the last five columns and rows. Of rectangles with equal area
    the order is the contours' (the original leaves it open).

    Args:
        map: (H, W) in the frame of the original image. uint8 is taken as grey levels as it is;
            else it is divided by its maximum and rounded to 0..255, negative values to 0.
        thresholds: grey levels, rising, within 1..254. The original wants three, and silently
            uses 30, 90, 150 where they do not rise; here that is an error.
        jpeg: pass the grey levels through a JPEG of quality 75, the file between the two programs
            of the original.
        most: only so many boxes, the first ones; None: all. A gradient's map has thousands.

    Returns:
        (n, 4) float32 xyxy, n >= 1. The original writes x, y, w, h, which its evaluation reads as
        x, y, x + w, y + h; they are those numbers, taken as half-open. Where no pixel exceeds a
        threshold, or a side is of at most five pixels: the whole image.

    Raises:
        CamError: the map is not two-dimensional or not finite; the thresholds do not rise.
    """
    levels = [int(t) for t in thresholds]
    if not levels or levels != sorted(set(levels)) or not 0 < levels[0] <= levels[-1] < 255:
        raise CamError(
            f"Found the thresholds {tuple(thresholds)}, expected rising grey levels within 1..254, "
            f"such as {THRESHOLDS}."
        )
    grey = grey_levels(map)
    if min(grey.shape) <= MARGIN:
        return whole_image(grey)
    if jpeg:
        _, file = cv2.imencode(".jpg", grey, [cv2.IMWRITE_JPEG_QUALITY, 75])
        grey = cv2.imdecode(file, cv2.IMREAD_GRAYSCALE)
    found = [box for level in levels for box in _rectangles(_eroded(grey > level))]
    if not found:
        return whole_image(grey)
    kept = _thinned(np.array(sorted(found, key=_area, reverse=True)), most)
    kept[:, 2:] += kept[:, :2]
    corners = kept.astype(np.float32).reshape(-1, 2, 2)
    # a rectangle in the last five columns has a negative width
    return np.sort(corners, axis=1).reshape(-1, 4)


def five_box_guess(boxes: Sequence[np.ndarray]) -> list[tuple[int, np.ndarray]]:
    """Table 3's five guesses: loose and tight box of the first two classes, loose of the third.

    As the released evaluation does (bboxCombine): class after class its first two boxes, cut to
    five. Where a class has one box only (the original stops with an error) its tight box is left
    out and the next guess moves up, so that the third class's tight box or a later class may
    follow.

    Args:
        boxes: for each class, best first, its boxes (n, 4), the loose one first.

    Returns:
        At most five (class_rank, box (4,) float32); class_rank counts from 0, the best class.
    """
    pairs = [
        (rank, np.asarray(box, np.float32))
        for rank, found in enumerate(boxes)
        for box in np.asarray(found).reshape(-1, 4)[:2]
    ]
    return pairs[:5]


def grey_levels(map: Tensor | np.ndarray) -> np.ndarray:
    """(H, W) uint8: a float map divided by its maximum, 0..255, halves up; uint8 as it is."""
    if isinstance(map, torch.Tensor):
        map = map.detach().cpu().numpy() if map.dtype == torch.uint8 else map
    array = checked_map(map)
    if getattr(map, "dtype", None) == np.uint8:
        return np.ascontiguousarray(map)
    peak = array.max()
    if peak <= 0:
        return np.zeros(array.shape, np.uint8)
    scaled = array / peak
    scaled.clip(min=0, out=scaled)
    scaled *= 255
    scaled += 0.5  # rounded down by the conversion: nothing is negative
    return scaled.astype(np.uint8)


def _eroded(mask: np.ndarray) -> np.ndarray:
    """(H, W) bool: the pixels further than 10.5/255 of the largest distance from the background."""
    if mask.all() or not mask.any():
        return mask  # no distances to compare; the image's border is not background
    bits = mask.view(np.uint8)
    x, y, w, h = cv2.boundingRect(bits)
    # the background nearest to a pixel lies in the mask's rectangle or next to it
    part = np.s_[max(y - 1, 0) : y + h + 1, max(x - 1, 0) : x + w + 1]
    near = np.ascontiguousarray(bits[part])
    distance = cv2.distanceTransform(near, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    peak = round(float(distance.max()) ** 2)
    # distances are roots of whole numbers: the least square that survives, in double precision as
    # the original computes, then one comparison half-way below it
    least = int(peak * (ERODE_ABOVE / 255) ** 2)
    while int(least**0.5 * (255 / peak**0.5) + 0.5) <= ERODE_ABOVE:
        least += 1
    kept = np.zeros_like(mask)
    kept[part] = distance > (least - 0.5) ** 0.5
    return kept


def _rectangles(mask: np.ndarray) -> list[tuple[int, int, int, int]]:
    """x, y, w, h around every outer contour and every hole, kept out of the margin."""
    height, width = mask.shape
    contours = cv2.findContours(mask.view(np.uint8), cv2.RETR_CCOMP, cv2.CHAIN_APPROX_SIMPLE)[0]
    found = []
    for contour in contours:
        x, y, w, h = cv2.boundingRect(contour)
        # the limit of a width uses x before its own limit, and may be negative
        w, h = min(w, width - x - MARGIN), min(h, height - y - MARGIN)
        found.append((min(x, width - MARGIN), min(y, height - MARGIN), w, h))
    return found


def _area(box) -> int:
    return box[2] * box[3]


def _thinned(boxes: np.ndarray, most: int | None) -> np.ndarray:
    """(n, 4) x, y, w, h by falling area -> those that are kept; at most `most`."""
    areas = boxes[:, 2] * boxes[:, 3]
    i = 0
    while i < len(boxes) and (most is None or i < most):
        # a rectangle of at most half the area cannot share more than half of it
        end = int(np.searchsorted(-areas, -int(0.5 * areas[i]))) if areas[i] > 0 else len(boxes)
        near = slice(i + 1, max(end, i + 1))
        shared = _overlaps(boxes[i], boxes[near])
        limit = (0.5 * np.maximum(areas[i], areas[near])).astype(int)
        drop, last = [], None
        for j in np.flatnonzero(shared > limit).tolist():
            if j - 1 != last:  # the one after a drop has moved up and is not looked at
                drop.append(i + 1 + j)
                last = j
        if drop:
            boxes, areas = np.delete(boxes, drop, 0), np.delete(areas, drop)
        i += 1
    return boxes[:most]


def _overlaps(box: np.ndarray, others: np.ndarray) -> np.ndarray:
    sides = [
        np.minimum(box[k] + box[k + 2], others[:, k] + others[:, k + 2])
        - np.maximum(box[k], others[:, k])
        for k in (0, 1)
    ]
    return sides[0].clip(min=0) * sides[1].clip(min=0)
