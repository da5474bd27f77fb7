"""What the box rules share."""

import cv2
import numpy as np
import torch
from torch import Tensor

from ..errors import CamError


def checked_map(map: Tensor | np.ndarray) -> np.ndarray:
    """(H, W) float32 of one finite map; else CamError."""
    array = map.detach().cpu().float().numpy() if isinstance(map, torch.Tensor) else map
    array = np.asarray(array, np.float32)
    if array.ndim != 2 or array.size == 0 or not np.isfinite(array).all():
        raise CamError(
            f"Found a map of shape {array.shape} with {int((~np.isfinite(array)).sum())} values "
            "that are not finite; expected one finite map (H, W) in the original image's frame "
            "(cam_utils.views.paste makes it)."
        )
    return array


def whole_image(array: np.ndarray) -> np.ndarray:
    """(1, 4) float32: the box of all of an (H, W) array."""
    height, width = array.shape[:2]
    return np.array([[0, 0, width, height]], np.float32)


def largest_component(mask: np.ndarray) -> np.ndarray:
    """(1, 4) float32: the box of the 8-connected component with the most pixels.

    Of equal ones the first in raster order wins; an empty mask gives the whole image.
    """
    # 16 bits where they can number all components: twice as fast, the same result
    most = (mask.shape[0] + 1) // 2 * ((mask.shape[1] + 1) // 2)
    labels = cv2.CV_16U if most < 2**16 else cv2.CV_32S
    count, _, stats, _ = cv2.connectedComponentsWithStats(
        mask.astype(np.uint8), connectivity=8, ltype=labels
    )
    if count < 2:
        return whole_image(mask)
    x, y, w, h = stats[1 + stats[1:, cv2.CC_STAT_AREA].argmax(), :4]
    return np.array([[x, y, x + w, y + h]], np.float32)
