"""From a map to a box. Boxes are float32 xyxy in pixels of the map, half-open."""

import cv2
import numpy as np
import torch
from torch import Tensor

from .errors import CamError


def paper(map: Tensor | np.ndarray, threshold: float = 0.2) -> np.ndarray:
    """The box rule of section 3.2: the largest connected component above 20 % of the maximum.

    Components are 8-connected and compared by their number of pixels; of equal ones the first in
    raster order wins.

    Args:
        map: (H, W) raw map in the frame of the original image; negative values stay below.
        threshold: fraction of the map's maximum.

    Returns:
        (1, 4) float32. A map without a positive value gives the whole image.

    Raises:
        CamError: the map is not two-dimensional or not finite.
    """
    array = _array(map)
    height, width = array.shape
    peak = array.max()
    if peak <= 0:
        return np.array([[0, 0, width, height]], np.float32)
    mask = (array > threshold * peak).astype(np.uint8)
    count, _, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    if count < 2:
        return np.array([[0, 0, width, height]], np.float32)
    x, y, w, h = stats[1 + stats[1:, cv2.CC_STAT_AREA].argmax(), :4]
    return np.array([[x, y, x + w, y + h]], np.float32)


def component_at(mask: Tensor | np.ndarray, pixel: int) -> np.ndarray:
    """(H, W) bool: the 8-connected component of a mask that holds the pixel at a raster index."""
    _, labels = cv2.connectedComponents(np.asarray(mask).astype(np.uint8), connectivity=8)
    return labels == labels.flat[pixel]


def iou(boxes: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Intersection over union of every pair: (n, 4) and (m, 4) xyxy half-open to (n, m).

    With inclusive integer boxes made half-open (maxima + 1) this is the devkit's "+1" overlap.
    """
    a, b = (np.asarray(v, np.float64).reshape(-1, 4) for v in (boxes, others))
    low = np.maximum(a[:, None, :2], b[None, :, :2])
    high = np.minimum(a[:, None, 2:], b[None, :, 2:])
    inter = (high - low).clip(min=0).prod(2)
    area_a, area_b = ((v[:, 2:] - v[:, :2]).prod(1) for v in (a, b))
    union = area_a[:, None] + area_b[None] - inter
    return np.divide(inter, union, out=np.zeros_like(inter), where=union > 0)


def _array(map) -> np.ndarray:
    array = map.detach().cpu().float().numpy() if isinstance(map, torch.Tensor) else map
    array = np.asarray(array, np.float32)
    if array.ndim != 2 or not np.isfinite(array).all():
        raise CamError(
            f"Found a map of shape {array.shape} with {int((~np.isfinite(array)).sum())} values "
            "that are not finite; expected one finite map (H, W) in the original image's frame "
            "(cam_utils.views.paste makes it)."
        )
    return array
