"""From a map to a box. Boxes are float32 xyxy in pixels of the map, half-open."""

import cv2
import numpy as np
from torch import Tensor

from ..errors import CamError
from .components import checked_map, largest_component, whole_image
from .graphcut import graph_cut
from .released_code import five_box_guess, released
from .wsol import wsol_v1, wsol_v2

__all__ = [
    "component_at",
    "five_box_guess",
    "graph_cut",
    "iou",
    "paper",
    "released",
    "wsol_v1",
    "wsol_v2",
]


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
        CamError: the map is not two-dimensional or not finite, or the threshold is no fraction.
    """
    if not 0 <= threshold <= 1:
        raise CamError(
            f"Found a threshold of {threshold}, expected a fraction of the map's maximum, 0 to 1; "
            "20 per cent is 0.2."
        )
    array = checked_map(map)
    peak = array.max()
    if peak <= 0:
        return whole_image(array)
    return largest_component(array > threshold * peak)


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
