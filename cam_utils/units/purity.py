"""Is a unit specific to a class? The labels of the images that drive it most."""

import numpy as np
import pandas as pd

from .top import TopImages


def class_purity(top: TopImages, unit: int, label: int, count: int | None = None) -> float:
    """The share of a unit's `count` top images (None: all that were kept) that show a class."""
    return float((top.labels[top.row(unit), :count] == label).mean())


def purities(top: TopImages, count: int | None = None) -> pd.DataFrame:
    """For each unit the class that is most frequent among its top images, and its share.

    Returns:
        Columns unit, label (of several equally frequent the smallest), purity (0..1), classes
        (how many different ones), alive (the unit reacts to its best image).
    """
    rows = []
    for unit, labels, scores in zip(top.units, top.labels, top.scores, strict=True):
        found, counts = np.unique(labels[:count], return_counts=True)
        best = int(counts.argmax())
        rows.append({
            "unit": int(unit),
            "label": int(found[best]),
            "purity": float(counts[best] / counts.sum()),
            "classes": len(found),
            "alive": bool(scores[0] > 0),
        })  # fmt: skip
    return pd.DataFrame(rows)
