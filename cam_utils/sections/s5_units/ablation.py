"""The causal test of class-specific units: remove them, and see which classes suffer.

The paper shows that the units of largest weight look like the class; whether the class needs them
is not tested there. A unit is removed by setting its pooled feature to zero, which for GAP and GMP
is the same as setting its whole map to zero. No forward pass is repeated.
"""

import numpy as np
import pandas as pd

from ...errors import CamError
from ...metrics.intervals import Rate, mean_interval
from .ranking import check_pooled

TOPS = (1, 3, 10)

OWN = "its top units"

RANDOM = "random units"

POSITIVE = "random units of positive weight"

KINDS = (OWN, RANDOM, POSITIVE)


def ablate(
    pooled: np.ndarray,
    weights: np.ndarray,
    bias: np.ndarray,
    labels: np.ndarray,
    tops: tuple[int, ...] = TOPS,
    draws: int = 20,
    seed: int = 0,
    candidates: np.ndarray | None = None,
) -> pd.DataFrame:
    """Remove units for every class that has images; its own accuracy, and that of all others.

    Args:
        pooled: (N, K) pooled features. weights: (C, K). bias: (C,). labels: (N,), -1 is left out.
        tops: how many units are removed.
        draws: of each control, averaged; equal seeds give equal draws.
        candidates: the classes that compete for an image, None: all C. Labels are among them.

    Returns:
        One row for each class, number and kind (`KINDS`): class, images, removed, units (kind),
        before, own (percent of the class's images right before and after), others_before, others
        (the same for all other images).

    Raises:
        CamError: shapes that do not fit, a number of units that the network does not have.
    """
    check_pooled(pooled, weights, labels)
    width = weights.shape[1]
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

    found = []
    for c in np.unique(labels):
        own = labels == c
        order = np.argsort(-weights[c], kind="stable")
        positive = np.flatnonzero(weights[c] > 0)
        rng = np.random.default_rng([seed, int(c)])
        for count in tops:
            drawn = {OWN: [order[:count]]}
            drawn[RANDOM] = [rng.choice(width, count, replace=False) for _ in range(draws)]
            if len(positive) >= count:
                drawn[POSITIVE] = [rng.choice(positive, count, replace=False) for _ in range(draws)]
            for kind, choices in drawn.items():
                results = np.array([
                    (hits[own].mean(), hits[~own].mean() if (~own).any() else np.nan)
                    for hits in map(after, choices)
                ])  # fmt: skip
                after_own, after_others = 100 * results.mean(0)
                found.append({
                    "class": int(c), "images": int(own.sum()), "removed": count, "units": kind,
                    "before": 100 * right[own].mean(), "own": after_own,
                    "others_before": 100 * right[~own].mean() if (~own).any() else np.nan,
                    "others": after_others,
                })  # fmt: skip
    return pd.DataFrame(found)


def ablation_table(rows: pd.DataFrame, seed: int = 0) -> pd.DataFrame:
    """Means over classes, with 95 % bootstrap intervals over classes, of the rows of `ablate`.

    Returns:
        Columns removed, units, metric, measured, low, high, n (classes). Metrics: the accuracy of
        the class and its change, that of the other classes' images, in percent and points; and for
        its top units how much more they cost the class than each control, in points.
    """
    found = []

    def add(removed, kind, metric, values) -> None:
        row: Rate = mean_interval(np.asarray(values, float), seed)
        found.append({"removed": removed, "units": kind, "metric": metric} | row.as_row(3))

    first = rows.drop_duplicates("class")
    add(0, "none", "accuracy of the class, %", first["before"])
    for (removed, kind), own in rows.groupby(["removed", "units"], sort=False):
        add(removed, kind, "accuracy of the class, %", own["own"])
        add(removed, kind, "change of the class, points", own["own"] - own["before"])
        change = own["others"] - own["others_before"]
        if change.notna().all():
            add(removed, kind, "change of the other classes, points", change)
    for removed, some in rows.groupby("removed", sort=False):
        per = {kind: part.set_index("class")["own"] for kind, part in some.groupby("units")}
        for kind in (RANDOM, POSITIVE):
            if kind in per:
                difference = (per[OWN] - per[kind]).dropna()
                add(removed, OWN, f"{OWN} minus {kind}, points", difference)
        own = some[some["units"] == OWN]
        apart = (own["own"] - own["before"]) - (own["others"] - own["others_before"])
        if apart.notna().all():
            add(removed, OWN, "change of the class minus change of the others, points", apart)
    return pd.DataFrame(found)
