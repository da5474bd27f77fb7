"""Where a map looks: the share of its positive evidence inside a mask, and where it peaks.

A map's evidence for its class is its positive part. Its share inside a region means something only
beside the region's share of the area, which a map that looks everywhere alike would reach, and
beside another map on the same picture (`control`).
"""

from dataclasses import dataclass

import numpy as np
from torch import Tensor

from ..boxes.components import checked_map
from ..errors import CamError


@dataclass(frozen=True)
class Looks:
    """Where one map of one picture looks, with respect to a part of an object.

    Attributes:
        part: share of the map's positive energy on the part (0 to 1; NaN without any).
        thing: the same on the whole object.
        part_in_thing: share on the part of the energy that is on the object.
        hit: the map's highest pixel lies on the part (the pointing game).
    """

    part: float
    thing: float
    part_in_thing: float
    hit: bool


def energy_share(map: Tensor | np.ndarray, mask: np.ndarray) -> float:
    """The share of a map's positive values that lies inside a mask.

    Args:
        map: (H, W), raw and signed, in the picture's frame (`cam_utils.views.paste`).
        mask: (H, W) bool.

    Returns:
        0 to 1; NaN for a map without a positive value, which has no evidence to share out.

    Raises:
        CamError: shapes that differ, a map that is not finite, a mask that is not boolean.
    """
    array, mask = _both(map, mask)
    energy = array.clip(min=0).astype(np.float64)
    total = energy.sum()
    return float(energy[mask].sum() / total) if total > 0 else float("nan")


def peak_inside(map: Tensor | np.ndarray, mask: np.ndarray) -> bool:
    """The pointing game: whether the map's highest pixel (the first of equal ones) is in the mask.

    Arguments and errors as for `energy_share`.
    """
    array, mask = _both(map, mask)
    return bool(mask.flat[int(array.argmax())])


def looks(map: Tensor | np.ndarray, part: np.ndarray, thing: np.ndarray) -> Looks:
    """Where a map looks with respect to a part of a thing.

    Args:
        map: (H, W) in the picture's frame.
        part, thing: (H, W) bool; pixels of the part outside of the thing count for neither.
    """
    part = np.asarray(part) & np.asarray(thing)
    on_part, on_thing = energy_share(map, part), energy_share(map, thing)
    within = on_part / on_thing if on_thing > 0 else float("nan")
    return Looks(on_part, on_thing, within, peak_inside(map, part))


def _both(map, mask) -> tuple[np.ndarray, np.ndarray]:
    array, mask = checked_map(map), np.asarray(mask)
    if mask.dtype != bool or mask.shape != array.shape:
        raise CamError(
            f"Found a mask of {mask.dtype} and shape {mask.shape} for a map of {array.shape}; "
            "expected a boolean mask in the map's frame: paste the map into the picture first."
        )
    return array, mask


# ---------------------------------------------------------------- the pointing game, cell by cell


def peak_points(maps: Tensor, sizes: np.ndarray) -> np.ndarray:
    """(N, 2) x, y in pixels of the original images: the centre of each map's highest cell.

    Args:
        maps: (N, h, w) of the view "whole".
        sizes: (N, 2) height and width.
    """
    h, w = maps.shape[1:]
    best = maps.flatten(1).argmax(1).numpy()
    rows, columns = best // w, best % w
    return np.stack([(columns + 0.5) / w * sizes[:, 1], (rows + 0.5) / h * sizes[:, 0]], 1)


def in_boxes(points: np.ndarray, boxes: list[np.ndarray]) -> np.ndarray:
    """(N,) bool: the point (N, 2) lies in one of its image's boxes, (m, 4) xyxy half-open."""
    return np.array([
        bool(((b[:, :2] <= p) & (p < b[:, 2:])).all(1).any())
        for p, b in zip(points, boxes, strict=True)
    ])  # fmt: skip
