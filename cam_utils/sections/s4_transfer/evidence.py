"""Where the evidence of a map lies: how much of it on which part of a picture, and how broad it is.

The paper shows that maps of new classes highlight what tells them apart (figures 1, 7 and 8). Drawn
pictures know their parts, so that it can be measured: against the part's share of the area, and
against the map of another class on the same picture.
"""

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from ...boxes.components import checked_map
from ...evaluate.maps import records_with_maps
from ...metrics.energy import energy_share, peak_inside
from ...metrics.intervals import Rate, mean_interval
from ...networks.gap import GapNetwork

BATCH = 16

Regions = dict[str, np.ndarray]  # (H, W) bool by name

TELLING = "tool and its target"  # what tells one action from another

GROUPS: dict[str, tuple[str, ...]] = {  # parts of the drawn actions
    "tool": ("tool",),
    TELLING: ("tool", "target"),
    "arms and hands": ("arm",),
    "head": ("head",),
    "whole person": ("head", "torso", "arm", "leg"),
    "other tools that lie about": ("stray",),
}


def shares(
    network: GapNetwork,
    images,
    places: Sequence[int],
    others: Sequence[int],
    regions: Callable[..., Regions],
    view: str = "whole",
    progress: bool = True,
) -> pd.DataFrame:
    """Shares of the positive part of maps on regions of pictures.

    Each picture is asked for the map of its true class and, as a control, for that of another one:
    the same picture, the same network, other weights.

    Args:
        network: of `svm_network`. images: records; places: (N,) which of them.
        others: (N,) the other class of each.
        regions: makes of a record its regions; one that a picture lacks is empty.

    Returns:
        For each picture and region a row: id, label, control (the other class), group (the
        region), area (share of the picture), energy, control_energy (shares of the positive part
        of each map, NaN where it has none), peak, control_peak (bool: the highest pixel lies
        there). Empty where no picture has a region.
    """
    rows, places = [], [int(i) for i in places]
    labels = [images.label(i) for i in places]
    classes = torch.from_numpy(np.stack([labels, others], axis=1).astype(np.int64))
    how = {"view": view, "desc": "parts", "progress": progress}
    found = records_with_maps(network, images, places, classes, batch=BATCH, **how)
    for (_, record, maps), other in zip(found, others, strict=True):
        for name, mask in regions(record).items():
            row = {"id": record.id, "label": record.label, "control": int(other)}
            row |= {"group": name, "area": float(mask.mean())}
            for prefix, map in zip(("", "control_"), maps, strict=True):
                row[f"{prefix}energy"] = energy_share(map, mask)
                row[f"{prefix}peak"] = peak_inside(map, mask)
            rows.append(row)
    return pd.DataFrame(rows)


def shares_of_parts(
    network: GapNetwork, images, places, groups: dict[str, tuple[str, ...]], seed: int = 0, **how
) -> pd.DataFrame:
    """`shares` of the maps of the true class and of any other one, drawn by seed.

    Args:
        groups: {name: parts} of every picture, see `regions_of`. how: as of `shares`.
    """
    labels = np.array([images.label(int(i)) for i in places], np.int64)
    away = np.random.default_rng(seed).integers(1, len(images.classes), len(labels))
    others = (labels + away) % len(images.classes)
    return shares(network, images, places, others, lambda r: regions_of(r, groups), **how)


def regions_of(record, groups: dict[str, tuple[str, ...]]) -> Regions:
    """{group: (H, W) bool}: the union of its parts in a record's first object.

    Records without parts have one group, "true boxes"; without boxes, none.
    """
    mask = np.zeros(record.image.size[::-1], bool)
    if record.parts is None:
        for x0, y0, x1, y1 in np.rint(record.boxes).astype(int):
            mask[max(y0, 0) : y1, max(x0, 0) : x1] = True
        return {"true boxes": mask} if mask.any() else {}
    parts = record.parts[0]
    return {
        name: np.any([mask, *(parts[m] for m in members if m in parts)], axis=0)
        for name, members in groups.items()
    }


def energy_table(rows: pd.DataFrame, seed: int = 0) -> pd.DataFrame:
    """Means over pictures, percent, with bootstrap intervals, for each group of `shares`.

    Pictures without a group's part do not count for it. Columns group, n; "area", "energy",
    "energy, other class's map", "peak", "peak, other class's map" (Rate); "energy - area" and
    "energy - other class's" (Rate, points, paired).
    """
    out = []
    for name, own in rows[rows["area"] > 0].groupby("group", sort=False) if len(rows) else ():
        told = {
            "area": own["area"],
            "energy": own["energy"],
            "energy, other class's map": own["control_energy"],
            "peak": own["peak"],
            "peak, other class's map": own["control_peak"],
            "energy - area": own["energy"] - own["area"],
            "energy - other class's": own["energy"] - own["control_energy"],
        }
        out.append({"group": name, "n": len(own)} | means(told, seed))
    return pd.DataFrame(out)


def by_class(rows: pd.DataFrame, group: str, classes: list[str]) -> pd.DataFrame:
    """Means of a group of `shares`, percent, class by class; to read."""
    own = rows[rows["group"] == group].groupby("label")[["area", "energy", "control_energy"]]
    table = (100 * own.mean()).round(0).astype(int)
    table.columns = ["area", "energy", "energy, other class's map"]
    return table.rename(index=dict(enumerate(classes))).rename_axis("class").reset_index()


def means(told: dict[str, pd.Series], seed: int = 0) -> dict[str, Rate]:
    """{name: mean in percent of shares from 0 to 1, NaN left out, with a bootstrap interval}."""
    return {k: mean_interval(100 * v.dropna().to_numpy(float), seed) for k, v in told.items()}


def breadth(map: Tensor | np.ndarray, share: float = 0.5) -> float:
    """The smallest share of the picture (0 to 1) that holds `share` of a map's positive values.

    Half for a map that is everywhere alike; NaN for a map without a positive value.
    """
    energy = np.sort(checked_map(map).clip(min=0).ravel().astype(np.float64))[::-1].cumsum()
    if energy[-1] <= 0:
        return float("nan")
    return float((np.searchsorted(energy, share * energy[-1]) + 1) / energy.size)


def breadths(
    sets: dict[str, tuple[GapNetwork, object, np.ndarray]], count: int, seed: int = 0
) -> dict[str, Rate]:
    """Mean `breadth` in percent of the true classes' maps, {name: Rate}.

    Args:
        sets: {name: (network, images, places in them to choose from)}; `count` are taken by seed.
    """
    rng, found = np.random.default_rng(seed), {}
    for name, (network, images, places) in sets.items():
        chosen = rng.choice(places, min(count, len(places)), replace=False)
        labels = torch.tensor([[images.label(int(i))] for i in chosen])
        maps = records_with_maps(network, images, chosen, labels, view="center", batch=BATCH)
        found[name] = pd.Series([breadth(map) for _, _, (map,) in maps])
    return means(found, seed)
