"""The box rules of the WSOL benchmark (Choe et al., CVPR 2020), made with OpenCV's contours.

The benchmark warps maps and truth to 224x224, scales a map by its minimum and maximum, rounds down
to 8 bits and looks for the contours of the mask above a fraction of the maximum. Its boxes are
inclusive integers; the box of a contour that ends at column x1 ends at x1 + 1 (the exclusive edge
used as an inclusive one), but not out of the map. Half-open, as all boxes of this package, they
are one longer still: [x0, min(x1 + 1, W - 1) + 1). So `boxes.iou` of half-open boxes equals the
benchmark's overlap of inclusive ones exactly.
"""

import cv2
import numpy as np
import torch
from torch import Tensor

from ..errors import CamError
from .components import checked_map

SIDE = 224  # of the square frame of the benchmark, pixels


def wsol_v1(map: Tensor | np.ndarray, threshold: float = 0.2) -> np.ndarray:
    """The box of the contour of the largest area (MaxBoxAcc).

    The area is that of the polygon through pixel centres: a line has none, and holes count as
    filled. Of equal ones the contour counts that comes first in OpenCV's list: the component whose
    first pixel in raster order comes last.

    Args:
        map: (H, W) raw map in the frame of the boxes.
        threshold: fraction of the maximum after min-max scaling, at least 0 and below 1.

    Returns:
        (1, 4) float32 xyxy, half-open. A constant map has an empty mask, for which the benchmark
        takes its first pixel: [0, 0, 1, 1].

    Raises:
        CamError: the map is not two-dimensional or not finite, or the threshold is no fraction.
    """
    shape, contours = _contours(map, threshold)
    return _boxes([max(contours, key=cv2.contourArea)] if contours else [], shape)


def wsol_v2(map: Tensor | np.ndarray, threshold: float = 0.2) -> np.ndarray:
    """The boxes of all contours (MaxBoxAccV2): components, also inside of holes, and holes.

    Arguments and errors as for `wsol_v1`.

    Returns:
        (n, 4) float32 xyxy, half-open, in OpenCV's order; n > 0, see `wsol_v1` for an empty mask.
    """
    shape, contours = _contours(map, threshold)
    return _boxes(contours, shape)


def score_map(map: Tensor | np.ndarray) -> np.ndarray:
    """(H, W) raw map to float32 scores in [0, 1]: minimum to 0, maximum to 1, a constant to 0.

    Raises:
        CamError: the map is not two-dimensional or not finite.
    """
    array = checked_map(map)
    array = array - array.min()
    peak = array.max()
    return array / peak if peak > 0 else array


def minmax_levels(map: Tensor | np.ndarray) -> np.ndarray:
    """(H, W) raw map to uint8, `score_map` times 255, rounded down; `sweep.sweep` takes it."""
    return (score_map(map) * 255).astype(np.uint8)


def warp(map: Tensor | np.ndarray, side: int = SIDE) -> np.ndarray:
    """(h, w) raw map of the whole image to the benchmark's square frame, (side, side) float32.

    OpenCV's bicubic kernel (a = -0.75, half-pixel centres), before any scaling of values.
    """
    array = map.detach().cpu().numpy() if isinstance(map, torch.Tensor) else map
    return cv2.resize(np.asarray(array, np.float32), (side, side), interpolation=cv2.INTER_CUBIC)


def truth_boxes(boxes: np.ndarray, size: tuple[int, int], side: int = SIDE) -> np.ndarray:
    """Truth boxes of an image in the benchmark's square frame.

    Args:
        boxes: (m, 4) xyxy half-open, pixels of the original image.
        size: (height, width) of the original image.

    Returns:
        (m, 4) int64, inclusive: the inclusive corners times side / size, rounded down. The
        benchmark itself takes CUB's x + w and y + h as inclusive; to follow it there, add 1 to
        the maxima of `boxes`.
    """
    height, width = size
    corners = np.asarray(boxes, np.float64).reshape(-1, 4) - (0, 0, 1, 1)
    return (corners * side / (width, height, width, height)).astype(np.int64)


def _contours(map, threshold: float) -> tuple[tuple[int, int], list[np.ndarray]]:
    if not 0 <= threshold < 1:
        raise CamError(
            f"Found threshold={threshold!r}, expected a fraction of the maximum, from 0 to below 1."
        )
    levels = minmax_levels(map)
    mask = (levels > int(float(threshold) * levels.max())).astype(np.uint8)
    contours, _ = cv2.findContours(mask, cv2.RETR_TREE, cv2.CHAIN_APPROX_SIMPLE)
    return mask.shape, contours


def _boxes(contours: list[np.ndarray], shape: tuple[int, int]) -> np.ndarray:
    if not contours:
        return np.array([[0, 0, 1, 1]], np.float32)
    x, y, w, h = np.array([cv2.boundingRect(contour) for contour in contours], np.float32).T
    height, width = shape
    return np.stack([x, y, np.minimum(x + w + 1, width), np.minimum(y + h + 1, height)], axis=1)
