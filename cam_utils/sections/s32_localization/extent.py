"""Section 2, GAP against GMP: how much of the object a map marks, and how evenly.

The paper argues that the average pool "encourages the network to identify the extent of the object"
and the maximum only "one discriminative part". Both are measured on the true object: its mask, or,
where a data set has none, its boxes.
"""

import numpy as np
import pandas as pd
import torch

from ...boxes.null import gaussian_map
from ...data.record import Record
from ...evaluate.maps import records_with_maps

COVERED = "object covered by as much of the map, %"
EVEN = "object that holds half of its map, %"
METRICS = {"covered": COVERED, "even": EVEN}


def object_region(record: Record) -> np.ndarray:
    """(H, W) bool: the pixels of the label's objects, or of their boxes."""
    mask = record.mask_of(record.label)
    if mask is not None:
        return mask
    region = np.zeros(record.image.size[::-1], bool)
    for x0, y0, x1, y1 in record.boxes_of(record.label).round().astype(int):
        region[y0:y1, x0:x1] = True
    return region


def extent(map: np.ndarray, region: np.ndarray) -> tuple[float, float]:
    """What a map (H, W) marks of a region (H, W) bool that is not empty.

    Returns:
        covered: the share of the region among the map's highest places, as many as the region has;
            thereby large and small maps count alike. A map without order gets the region's share
            of the picture.
        even: the smallest share of the region that holds half of what the map has in it above
            zero; .5 for an even map, little for one that marks a part. NaN: nothing is above zero.
    """
    n = int(region.sum())
    highest = np.argpartition(map.ravel(), -n)[-n:]
    inside = np.sort(np.maximum(map[region], 0).astype(np.float64))[::-1]
    total = inside.sum()
    half = np.searchsorted(inside.cumsum(), total / 2) + 1 if total > 0 else np.nan
    return float(region.ravel()[highest].mean()), float(half / n)


def extents(network, images) -> pd.DataFrame:
    """Columns covered, even: percent; one row for each picture that shows its label; class given.

    A network that is None stands for none: the same Gaussian in the middle of every picture.
    """
    labels = torch.tensor([[images.label(i)] for i in range(len(images))])
    if network is None:
        records = (images[i] for i in range(len(images)))
        pairs = ((record, gaussian_map(*record.image.size)) for record in records)
    else:
        found = records_with_maps(network, images, range(len(images)), labels, desc="extent")
        pairs = ((record, maps[0]) for _, record, maps in found)
    rows = [extent(map, region) for record, map in pairs if (region := object_region(record)).any()]
    return 100 * pd.DataFrame(rows, columns=list(METRICS))
