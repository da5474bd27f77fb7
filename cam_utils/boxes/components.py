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
    # one value that is not finite makes the least or the greatest such
    ends = (array.min(), array.max()) if array.size else (np.nan,)
    if array.ndim != 2 or not np.isfinite(ends).all():
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
    bits = mask.view(np.uint8) if mask.dtype == bool else (mask != 0).astype(np.uint8)
    # RETR_CCOMP finds what lies in holes too, which RETR_EXTERNAL leaves out
    contours, nested = cv2.findContours(bits, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_SIMPLE)
    if not contours:
        return whole_image(mask)
    parents = nested[0, :, 3]
    largest = np.flatnonzero(parents < 0)
    if len(largest) > 1:
        pixels = _pixels(contours, parents)
        largest = np.flatnonzero(pixels == pixels.max())
    x, y, w, h = (
        cv2.boundingRect(contours[largest[0]]) if len(largest) == 1 else _first_of_most(bits)
    )
    return np.array([[x, y, x + w, y + h]], np.float32)


def _pixels(contours: list[np.ndarray], parents: np.ndarray) -> np.ndarray:
    """(n,) pixels of the component around which each outer contour goes; 0 for the holes.

    Pick's theorem: a closed walk of L steps over pixel centres that encloses the area A has
    A + L / 2 + 1 centres in and on it and A - L / 2 + 1 inside, also where it goes the same way
    twice. The second is what a hole takes from its component.
    """
    lengths = np.array([len(contour) for contour in contours])
    starts = lengths.cumsum() - lengths
    here = np.concatenate(contours)[:, 0].astype(np.int64)
    there = np.roll(here, -1, axis=0)
    there[starts + lengths - 1] = here[starts]
    steps = np.add.reduceat(abs(there - here).max(1), starts)  # level, upright or diagonal
    twice = abs(np.add.reduceat(here[:, 0] * there[:, 1] - there[:, 0] * here[:, 1], starts))
    outside = parents < 0
    found = np.where(outside, (twice + steps) // 2 + 1, 0)
    np.subtract.at(found, parents[~outside], ((twice - steps) // 2 + 1)[~outside])
    return found


def _first_of_most(bits: np.ndarray) -> np.ndarray:
    """x, y, width, height: of several components with the most pixels the one labelled first."""
    _, _, stats, _ = cv2.connectedComponentsWithStats(bits, connectivity=8)
    return stats[1 + stats[1:, cv2.CC_STAT_AREA].argmax(), :4]
