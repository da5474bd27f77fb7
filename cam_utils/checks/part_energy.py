"""How much of a class's map lies on which part of a picture; only drawn pictures know their parts.

The paper shows that maps of actions highlight the tools (figures 1 and 8); here it is measured.
"""

import numpy as np
import pandas as pd
import torch
from tqdm.auto import tqdm

from ..errors import CamError
from ..image_maps import maps_of_images
from ..metrics import Rate, mean_interval
from ..networks.gap import GapNetwork
from .energy import energy_share, peak_inside

BATCH = 16


def part_energy(
    network: GapNetwork,
    images,
    places,
    groups: dict[str, tuple[str, ...]],
    seed: int = 0,
    view: str = "whole",
    progress: bool = True,
) -> pd.DataFrame:
    """Shares of the positive part of maps on groups of parts.

    Each picture is asked for the map of its true class and, as a control, for that of another class
    drawn by seed: the same picture, the same network, other weights.

    Args:
        network: of `svm_network`. images: records with parts; places: which of them.
        groups: {name: parts of the record's first box}; a group that a picture lacks has area 0.

    Returns:
        For each picture and group a row: id, label, control (the other class), group, area (share
        of the picture), energy, control_energy (shares of the positive part of each map, NaN where
        it has none), peak, control_peak (bool: the highest pixel lies there).

    Raises:
        CamError: records without parts.
    """
    rng, rows, places = np.random.default_rng(seed), [], [int(i) for i in places]
    steps = range(0, len(places), BATCH)
    for start in tqdm(steps, desc="parts", unit="batch", disable=not progress):
        records = [images[i] for i in places[start : start + BATCH]]
        if any(r.parts is None for r in records):
            raise CamError(f"{images.name} does not know parts; mini/actions and mini/birds do.")
        labels = np.array([r.label for r in records])
        others = (labels + rng.integers(1, len(images.classes), len(labels))) % len(images.classes)
        classes = np.stack([labels, others], axis=1)
        found = maps_of_images(
            network,
            [r.image for r in records],
            view,
            classes=torch.from_numpy(classes.astype(np.int64)),
        )
        for record, other, maps in zip(records, others, (f.maps for f in found), strict=True):
            size, parts = record.image.size[::-1], record.parts[0]
            for name, members in groups.items():
                masks = [parts[m] for m in members if m in parts]
                mask = np.any(masks, axis=0) if masks else np.zeros(size, bool)
                row = {"id": record.id, "label": record.label, "control": int(other)}
                row |= {"group": name, "area": float(mask.mean())}
                for prefix, map in zip(("", "control_"), maps, strict=True):
                    row[f"{prefix}energy"] = energy_share(map, mask)
                    row[f"{prefix}peak"] = peak_inside(map, mask)
                rows.append(row)
    return pd.DataFrame(rows)


def energy_table(rows: pd.DataFrame, seed: int = 0) -> pd.DataFrame:
    """Means over pictures, percent, with bootstrap intervals, for each group.

    Pictures without a group's part do not count for it. Columns group, n; "area", "energy",
    "energy, other class's map", "peak", "peak, other class's map" (Rate); "energy - area" and
    "energy - other class's" (Rate, points, paired).
    """
    out = []
    for name, own in rows[rows["area"] > 0].groupby("group", sort=False):
        told = {
            "area": own["area"],
            "energy": own["energy"],
            "energy, other class's map": own["control_energy"],
            "peak": own["peak"],
            "peak, other class's map": own["control_peak"],
            "energy - area": own["energy"] - own["area"],
            "energy - other class's": own["energy"] - own["control_energy"],
        }
        rates = {k: _mean(v, seed) for k, v in told.items()}
        out.append({"group": name, "n": len(own)} | rates)
    return pd.DataFrame(out)


def _mean(values: pd.Series, seed: int) -> Rate:
    return mean_interval(100 * values.dropna().to_numpy(float), seed)
