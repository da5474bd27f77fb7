"""The causal test of class-specific units: remove them, and see which classes suffer.

The paper shows that the units of largest weight look like the class; whether the class needs them
is not tested there. A unit is removed by setting its pooled feature to zero, which for GAP and GMP
is the same as setting its whole map to zero. No forward pass is repeated.
"""

import numpy as np
import pandas as pd

from ...errors import CamError
from ...metrics.intervals import mean_interval
from .by_weight import check_pooled, top_units

TOPS = (1, 3, 10)

# which units are removed
OWN, RANDOM = "its top units", "random units"
POSITIVE = "random units of positive weight"

# what comes out
CHANGE, OTHERS = "change of the class, points", "change of the other classes, points"
MINUS = f"{OWN} minus {{}}, points"  # a control's name
APART = "change of the class minus change of the others, points"


def ablate(
    pooled: np.ndarray,
    weights: np.ndarray,
    bias: np.ndarray,
    labels: np.ndarray,
    tops: tuple[int, ...] | None = None,
    draws: int = 20,
    seed: int = 0,
    candidates: np.ndarray | None = None,
) -> pd.DataFrame:
    """Remove units for every class that has images; its own accuracy, and that of all others.

    Args:
        pooled: (N, K) pooled features. weights: (C, K). bias: (C,). labels: (N,), -1 is left out.
        tops: how many units are removed; None: those of `TOPS` that leave the network some.
        draws: of each control, averaged; equal seeds give equal draws.
        candidates: the classes that compete for an image, None: all C. Labels are among them.

    Returns:
        One row for each class, number and kind (OWN, RANDOM, POSITIVE): class, images, removed,
        units (kind), before, own (percent of the class's images right before and after),
        others_before, others (the same for all other images).

    Raises:
        CamError: shapes that do not fit, a number of units that the network does not have.
    """
    check_pooled(pooled, weights, labels)
    width = weights.shape[1]
    tops = tops or tuple(n for n in TOPS if n < width)
    if min(tops) < 1 or max(tops) > width or draws < 1:
        raise CamError(
            f"Found tops={tops} and draws={draws}; expected 1 to {width} units and at least one "
            "draw."
        )
    kept = labels >= 0
    pooled, labels = pooled[kept].astype(np.float64), labels[kept]
    classes = np.arange(len(weights)) if candidates is None else np.asarray(candidates)
    if not np.isin(labels, classes).all():
        raise CamError("Some labels are not among the classes that compete (candidates).")
    rows_of, offsets = weights[classes].astype(np.float64), bias[classes]
    logits = pooled @ rows_of.T + offsets
    right = classes[logits.argmax(1)] == labels

    def after(units: np.ndarray) -> np.ndarray:
        changed = logits - pooled[:, units] @ rows_of[:, units].T
        return classes[changed.argmax(1)] == labels

    best, found = top_units(weights, max(tops)), []
    for c in np.unique(labels):
        own = labels == c
        positive = np.flatnonzero(weights[c] > 0)
        rng = np.random.default_rng([seed, int(c)])
        head = {"class": int(c), "images": int(own.sum())}
        before, others_before = 100 * _shares(right, own)
        for count in tops:
            drawn = {OWN: [best[c, :count]]}
            drawn[RANDOM] = [rng.choice(width, count, replace=False) for _ in range(draws)]
            if len(positive) >= count:
                drawn[POSITIVE] = [rng.choice(positive, count, replace=False) for _ in range(draws)]
            for kind, choices in drawn.items():
                left, others = 100 * np.mean([_shares(after(u), own) for u in choices], axis=0)
                found.append(
                    head
                    | {"removed": count, "units": kind, "before": before, "own": left}
                    | {"others_before": others_before, "others": others}
                )
    return pd.DataFrame(found)


def _shares(hits: np.ndarray, own: np.ndarray) -> np.ndarray:
    """(2,): the share of hits (N,) among a class's own images, and among all others (NaN: none)."""
    return np.array([hits[own].mean(), hits[~own].mean() if (~own).any() else np.nan])


def ablation_table(rows: pd.DataFrame, seed: int = 0) -> pd.DataFrame:
    """Means over classes, with 95 % bootstrap intervals over classes, of the rows of `ablate`.

    Returns:
        Columns removed, units, metric, measured, low, high, n (classes). Metrics: the accuracy of
        the class and its change, that of the other classes' images, in percent and points; and for
        its top units how much more they cost the class than each control, in points.
    """
    found = []

    def add(removed, kind, metric, values) -> None:
        head = {"removed": removed, "units": kind, "metric": metric}
        found.append(head | mean_interval(np.asarray(values, float), seed).as_row(3))

    first = rows.drop_duplicates("class")
    add(0, "none", "accuracy of the class, %", first["before"])
    for (removed, kind), own in rows.groupby(["removed", "units"], sort=False):
        add(removed, kind, "accuracy of the class, %", own["own"])
        add(removed, kind, CHANGE, own["own"] - own["before"])
        change = own["others"] - own["others_before"]
        if change.notna().all():
            add(removed, kind, OTHERS, change)
    for removed, some in rows.groupby("removed", sort=False):
        per = {kind: part.set_index("class")["own"] for kind, part in some.groupby("units")}
        for kind in (RANDOM, POSITIVE):
            if kind in per:
                add(removed, OWN, MINUS.format(kind), (per[OWN] - per[kind]).dropna())
        own = some[some["units"] == OWN]
        apart = (own["own"] - own["before"]) - (own["others"] - own["others_before"])
        if apart.notna().all():
            add(removed, OWN, APART, apart)
    return pd.DataFrame(found)
