"""Maps scored by true regions, beside two maps that never look: uniform, and a central Gaussian.

The energy share and the pointing game (`checks.energy`); the paper shows pictures only
(section 4.2), so what counts as "localized" is defined here.
"""

import math
from collections.abc import Iterable

import numpy as np
import pandas as pd

from ..boxes.null import gaussian_map
from ..checks.energy import energy_share, peak_inside
from ..metrics import Rate, mean_interval, rate

MEASURES = {"energy": "energy inside, %", "pointing": "pointing game, %"}
BASELINES = {"centre": "centre", "uniform": "uniform"}


def place(map, mask: np.ndarray) -> dict[str, float]:
    """One map (H, W) and one region (H, W) bool, with the baselines of the same picture.

    Returns:
        energy, energy_centre, energy_uniform (shares of the positive energy inside; uniform is the
        region's share of the picture), pointing, pointing_centre (the picture's middle pixel),
        pointing_uniform (the chance of a random pixel: the region's share again). A map without a
        positive value points nowhere: its energy is the uniform one's.
    """
    mask = np.asarray(mask, bool)
    height, width = mask.shape
    share = float(mask.mean())
    energy = energy_share(map, mask)
    return {
        "energy": share if math.isnan(energy) else energy,
        "energy_centre": energy_share(gaussian_map(width, height), mask),
        "energy_uniform": share,
        "pointing": float(peak_inside(map, mask)),
        "pointing_centre": float(mask[height // 2, width // 2]),
        "pointing_uniform": share,
    }


def placement(pairs: Iterable[tuple]) -> pd.DataFrame:
    """`place` of many (map, mask) pairs, one row each."""
    return pd.DataFrame([place(map, mask) for map, mask in pairs])


def placement_rates(table: pd.DataFrame, name: str = "map", seed: int = 0) -> dict[str, Rate]:
    """Means in percent with 95 % intervals over pictures, and the paired gains over the baselines.

    Args:
        table: rows of `place`.
        name: what the maps are called in the keys.

    Returns:
        {"energy inside, %, <name>": Rate, ..., "..., <name> - centre": Rate in points, ...}.
    """
    found = {}
    for column, text in MEASURES.items():
        own = table[column].to_numpy()
        hits = column == "pointing"
        found[f"{text}, {name}"] = rate(own > 0.5) if hits else _percent(own, seed)
        for key, base in BASELINES.items():
            null = table[f"{column}_{key}"].to_numpy()
            sure = hits and key == "centre"
            found[f"{text}, {base}"] = rate(null > 0.5) if sure else _percent(null, seed)
        for key, base in BASELINES.items():
            gain = own - table[f"{column}_{key}"].to_numpy()
            found[f"{text}, {name} - {base}"] = _percent(gain, seed)
    return found


def gain(one: pd.DataFrame, other: pd.DataFrame, column: str = "energy", seed: int = 0) -> Rate:
    """The paired difference of two maps of the same pictures, in points with its interval."""
    return _percent(one[column].to_numpy() - other[column].to_numpy(), seed)


def _percent(values: np.ndarray, seed: int) -> Rate:
    return mean_interval(100 * np.asarray(values, float), seed)
