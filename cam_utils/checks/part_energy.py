"""How much of a class's map lies on which part of a picture; only drawn pictures know their parts.

The paper shows that maps of actions highlight the tools (figures 1 and 8); here it is measured.
"""

import numpy as np
import pandas as pd
import torch
from torch import Tensor
from tqdm.auto import tqdm

from ..boxes.parts import checked_map
from ..image_maps import maps_of_images
from ..metrics import Rate, mean_interval
from ..networks.gap import GapNetwork
from .energy import energy_share, peak_inside

BATCH = 16


def regions(record, groups: dict[str, tuple[str, ...]]) -> dict[str, np.ndarray]:
    """{group: (H, W) bool}: the union of its parts in a record's first object.

    Records without parts have one group, "true boxes"; without boxes, none.
    """
    shape = record.image.size[::-1]
    if record.parts is None:
        mask = np.zeros(shape, bool)
        for x0, y0, x1, y1 in np.rint(record.boxes).astype(int):
            mask[max(y0, 0) : y1, max(x0, 0) : x1] = True
        return {"true boxes": mask} if mask.any() else {}
    parts = record.parts[0]
    empty = np.zeros(shape, bool)
    return {
        name: np.any([empty, *(parts[m] for m in members if m in parts)], axis=0)
        for name, members in groups.items()
    }


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
        network: of `svm_network`. images: records; places: which of them.
        groups: {name: parts}, see `regions`; a group that a picture lacks has area 0.

    Returns:
        For each picture and group a row: id, label, control (the other class), group, area (share
        of the picture), energy, control_energy (shares of the positive part of each map, NaN where
        it has none), peak, control_peak (bool: the highest pixel lies there). Empty where the
        data set knows neither parts nor boxes.
    """
    rng, rows, places = np.random.default_rng(seed), [], [int(i) for i in places]
    steps = range(0, len(places), BATCH)
    for start in tqdm(steps, desc="parts", unit="batch", disable=not progress):
        records = [images[i] for i in places[start : start + BATCH]]
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
            for name, mask in regions(record, groups).items():
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
    if rows.empty:
        return rows
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


def breadth(map: Tensor | np.ndarray, share: float = 0.5) -> float:
    """The smallest share of the picture (0 to 1) that holds `share` of a map's positive values.

    Half for a map that is everywhere alike; NaN for a map without a positive value.
    """
    energy = np.sort(checked_map(map).clip(min=0).ravel().astype(np.float64))[::-1].cumsum()
    if energy[-1] <= 0:
        return float("nan")
    return float((np.searchsorted(energy, share * energy[-1]) + 1) / energy.size)


def _mean(values: pd.Series, seed: int) -> Rate:
    return mean_interval(100 * values.dropna().to_numpy(float), seed)


def breadth_table(
    sets: dict[str, tuple[GapNetwork, object, np.ndarray]], count: int, seed: int = 0
) -> dict[str, Rate]:
    """Mean `breadth` in percent of the true classes' maps, {name: Rate}.

    Args:
        sets: {name: (network, images, places in them to choose from)}; `count` are taken by seed.
    """
    rng, found = np.random.default_rng(seed), {}
    for name, (network, images, places) in sets.items():
        chosen = rng.choice(places, min(count, len(places)), replace=False)
        values = []
        for start in range(0, len(chosen), BATCH):
            records = [images[int(i)] for i in chosen[start : start + BATCH]]
            classes = torch.tensor([[r.label] for r in records])
            maps = maps_of_images(network, [r.image for r in records], classes=classes)
            values += [breadth(m.maps[0]) for m in maps]
        found[name] = _mean(pd.Series(values), seed)
    return found
