"""A unit's top images, segmented by the unit's own map: what figure 13 shows."""

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from ..errors import CamError
from ..pasting import paste_whole

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
