"""The overlap of a map's boxes with the truth at all thresholds at once.

It gives what the WSOL benchmark (Choe et al., CVPR 2020) computes with one search for contours at
each of 1000 thresholds, bit for bit. Boxes and truth are its own here: inclusive integers, in the
frame of the map.

The first call compiles the kernels (some seconds) and stores the code for later processes.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from ..errors import CamError
from .jit import best_overlaps
from .level_sets import brightest_first, components

# the benchmark's thresholds, as fractions of a map's maximum
TAUS = np.arange(0, 1, 0.001)


@dataclass(frozen=True)
class Sweep:
    """The best IoU with any truth box at each threshold.

    Attributes:
        iou_v1: (..., 256) float64; entry t is for the mask `map > t`, and the box of the contour
            of the largest area (of the polygon through pixel centres).
        iou_v2: (..., 256) float64, the best of the boxes of all contours: components, also inside
            of holes, and holes.
        peak: (...) the maximum of the map, 255 for every map that is scaled and not constant.
    """

    iou_v1: np.ndarray
    iou_v2: np.ndarray
    peak: int | np.ndarray = 255


def sweep(map_uint8: np.ndarray, truth: np.ndarray) -> Sweep:
    """The overlap of a map's boxes with the truth for all 256 masks `map_uint8 > t`.

    As in the benchmark: components are 8-connected; of contours of equal area the one counts whose
    first pixel in raster order comes last; a box reaches one pixel too far to the right and to the
    bottom, but not out of the map; the box of an empty mask is [0, 0, 0, 0], one pixel.

    Args:
        map_uint8: (H, W) uint8; `boxes.wsol.minmax_levels` makes it from a raw map.
        truth: (m, 4) integers, inclusive xyxy in the frame of the map, m > 0;
            `boxes.wsol.truth_boxes` makes them.

    Returns:
        Sweep of two (256,) arrays, and the peak. At most 255 masks differ, beside the empty one
        of entry 255.

    Raises:
        CamError: no uint8 map, or boxes that are none or lie in another frame.
    """
    array = _map(map_uint8)
    iou_v1, iou_v2, _ = _overlaps(array, _truth(truth, *array.shape))
    return Sweep(iou_v1, iou_v2, int(array.max()))


def sweeps(maps_uint8: Iterable[np.ndarray], truths: Iterable[np.ndarray]) -> Sweep:
    """`sweep` of many maps, also of different sizes, each with its own truth.

    Returns:
        Sweep of two (n, 256) arrays and n peaks.
    """
    found = [sweep(map, truth) for map, truth in zip(maps_uint8, truths, strict=True)]
    return Sweep(
        np.array([one.iou_v1 for one in found]).reshape(-1, 256),
        np.array([one.iou_v2 for one in found]).reshape(-1, 256),
        np.array([one.peak for one in found], np.int64),
    )


def largest_boxes(map_uint8: np.ndarray) -> np.ndarray:
    """(256, 4) int64: the box of the largest contour of each mask `map_uint8 > t`.

    Inclusive xyxy as the benchmark's, the boxes that `Sweep.iou_v1` belongs to.
    """
    array = _map(map_uint8)
    return _overlaps(array, np.zeros((1, 4), np.int64))[2]


def iou_at(found: Sweep, taus: np.ndarray = TAUS) -> tuple[np.ndarray, np.ndarray]:
    """From grey levels to thresholds that are fractions of the map's maximum.

    Args:
        found: the sweep of one map, or of n.
        taus: (T,) fractions, from 0 to below 1.

    Returns:
        IoU V1 and V2, each (T,), or (n, T); entry i is for the mask
        `map > int(taus[i] * max(map))`.

    Raises:
        CamError: thresholds that are no fractions.
    """
    taus = np.asarray(taus, np.float64)
    if taus.ndim != 1 or not ((taus >= 0) & (taus < 1)).all():
        raise CamError(
            f"Found thresholds {taus!r}, expected a list of fractions of the map's maximum, from 0 "
            "to below 1."
        )
    levels = (taus * np.asarray(found.peak)[..., None]).astype(np.int64)
    iou_v1, iou_v2 = (np.take_along_axis(v, levels, -1) for v in (found.iou_v1, found.iou_v2))
    return iou_v1, iou_v2


def _overlaps(map: np.ndarray, truth: np.ndarray):
    order = brightest_first(map)
    bright, dark = (components(map, order, which) for which in (True, False))
    return best_overlaps(map, bright, dark, truth)


def _map(map_uint8) -> np.ndarray:
    array = np.asarray(map_uint8)
    if array.dtype != np.uint8 or array.ndim != 2 or array.size == 0:
        raise CamError(
            f"Found a map of {array.dtype} and shape {array.shape}, expected uint8 (H, W); "
            "cam_utils.boxes.wsol.minmax_levels makes it from a raw map."
        )
    if max(array.shape) > 32767:
        raise CamError(f"Found a map of shape {array.shape}, expected at most 32767 pixels a side.")
    return np.ascontiguousarray(array)


def _truth(truth, height: int, width: int) -> np.ndarray:
    boxes = np.asarray(truth)
    if boxes.ndim != 2 or boxes.shape[1] != 4 or len(boxes) == 0 or boxes.dtype.kind not in "iu":
        raise CamError(
            f"Found truth boxes of {boxes.dtype} and shape {boxes.shape}, expected integers "
            "(m, 4), inclusive xyxy, and at least one; cam_utils.boxes.wsol.truth_boxes makes them."
        )
    boxes = np.ascontiguousarray(boxes, np.int64)
    wrong = (boxes[:, :2] < 0) | (boxes[:, 2:] < boxes[:, :2]) | (boxes[:, :2] >= (width, height))
    if wrong.any():
        bad = boxes[wrong.any(1)][0].tolist()
        raise CamError(
            f"Found the truth box {bad} for a map {width} wide and {height} high; expected "
            "inclusive xyxy that begins inside of the map. Scale boxes of another frame to the "
            "map's first (cam_utils.boxes.wsol.truth_boxes)."
        )
    return boxes
