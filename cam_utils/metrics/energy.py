"""Where a map looks: the share of its positive evidence inside a mask, and where it peaks.

A map's evidence for its class is its positive part. Its share inside a region means something only
beside the region's share of the area, which a map that looks everywhere alike would reach, and
beside another map on the same picture. `placement` has two maps that never look beside
it: one everywhere alike, one that is a Gaussian in the middle.
"""

import math

import numpy as np
import pandas as pd
from torch import Tensor

from ..boxes.components import checked_map
from ..boxes.null import gaussian_map
from ..errors import CamError
from .intervals import Rate, mean_interval, rate

MEASURES = {"energy": "energy inside, %", "pointing": "pointing game, %"}
NULL_MAPS = ("centre", "uniform")


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


def placement(map: Tensor | np.ndarray, mask: np.ndarray) -> dict[str, float]:
    """One map and one region, with the null maps of the same picture.

    Arguments and errors as for `energy_share`.

    Returns:
        energy, energy_centre, energy_uniform (shares of the positive energy inside; uniform is the
        region's share of the picture), pointing, pointing_centre (the picture's middle pixel),
        pointing_uniform (the chance of a random pixel: the region's share again). A map without a
        positive value points nowhere: its energy is the uniform one's.
    """
    share, energy = float(mask.mean()), energy_share(map, mask)
    height, width = mask.shape
    return {
        "energy": share if math.isnan(energy) else energy,
        "energy_centre": energy_share(gaussian_map(width, height), mask),
        "energy_uniform": share,
        "pointing": float(peak_inside(map, mask)),
        "pointing_centre": float(mask[height // 2, width // 2]),
        "pointing_uniform": share,
    }


def placement_rates(table: pd.DataFrame, seed: int = 0) -> dict[str, Rate]:
    """Means in percent with 95 % intervals over pictures, and the paired gains over the null maps.

    Args:
        table: rows of `placement`.

    Returns:
        {"energy inside, %, map": Rate, ..., "..., map - centre": Rate in points, ...}.
    """
    found = {}
    for column, text in MEASURES.items():
        hits = ("map", "centre") if column == "pointing" else ()
        own = {"map": table[column]} | {null: table[f"{column}_{null}"] for null in NULL_MAPS}
        for name, values in own.items():
            values = values.to_numpy(float)
            share = rate(values > 0.5) if name in hits else mean_interval(100 * values, seed)
            found[f"{text}, {name}"] = share
        for null in NULL_MAPS:
            gain = (own["map"] - own[null]).to_numpy(float)
            found[f"{text}, map - {null}"] = mean_interval(100 * gain, seed)
    return found


def energy_gain(one: pd.DataFrame, other: pd.DataFrame, seed: int = 0) -> Rate:
    """How much more energy inside one map has than another of the same picture, points, paired.

    Args:
        one, other: rows of `placement` of the same pictures.
    """
    return mean_interval(100 * (one["energy"].to_numpy() - other["energy"].to_numpy()), seed)


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
