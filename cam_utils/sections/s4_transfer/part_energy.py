"""How much of a class's map lies on which part of a picture; only drawn pictures know their parts.

The paper shows that maps of actions highlight the tools (figures 1 and 8); here it is measured.
"""

import numpy as np
import pandas as pd
import torch
from torch import Tensor, nn

from ...boxes.components import checked_map
from ...evaluate.maps import records_with_maps
from ...features import extract, kept_svm
from ...metrics.energy import energy_share, peak_inside
from ...metrics.intervals import Rate, mean_interval
from ...networks.gap import GapNetwork, InputSpec
from .transfer import Transfer

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
    labels = np.array([images.label(i) for i in places], np.int64)
    others = (labels + rng.integers(1, len(images.classes), len(labels))) % len(images.classes)
    classes = torch.from_numpy(np.stack([labels, others], axis=1))
    how = {"view": view, "desc": "parts", "progress": progress}
    found = records_with_maps(network, images, places, classes, batch=BATCH, **how)
    for (_, record, maps), other in zip(found, others, strict=True):
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
        labels = torch.tensor([[images.label(int(i))] for i in chosen])
        maps = records_with_maps(network, images, chosen, labels, view="center", batch=BATCH)
        values = [breadth(map) for _, _, (map,) in maps]
        found[name] = _mean(pd.Series(values), seed)
    return found


class ColourGrid(nn.Module):
    """A control without any learning: the mean colours of a grid of cells, layer "means"."""

    def __init__(self, side: int = 4, size: int = 112):
        super().__init__()
        self.name, self.weights_hash = f"mean colours, {side} x {side} cells", "none"
        self.means = nn.Sequential(nn.AdaptiveAvgPool2d(side), nn.Flatten())
        self.input_spec = InputSpec(size=size, resize=size)
        self.register_buffer("nothing", torch.zeros(1))

    def forward(self, images: Tensor) -> Tensor:
        return self.means(images)


def colour_hits(found: Transfer, cache=None, seed: int = 0) -> np.ndarray:
    """(N,) bool: right on the test part by an SVM on mean colours, trained on the same pictures."""
    grid = ColourGrid().eval()
    train, test = (extract(grid, p, "means", cache=cache) for p in (found.learnt_on, found.seen))
    return kept_svm(train, found.classes, seed, cache).predict(test) == test.labels
