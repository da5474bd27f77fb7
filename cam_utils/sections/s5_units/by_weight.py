"""Which units matter to a class, by the softmax weights: section 5 of the paper."""

import numpy as np
import pandas as pd
from torch import Tensor

from ...errors import CamError
from ...networks.gap import GapNetwork


def linear_layer(network: GapNetwork) -> tuple[np.ndarray, np.ndarray]:
    """Class weights (C, K) and biases (C,), float32; CamError where there are none."""
    weights = getattr(network, "class_weights", None)
    if not isinstance(weights, Tensor):
        raise CamError(
            f"{type(network).__name__} has no class weights; expected a network with global "
            "pooling: wrap it by as_gap_network."
        )
    return tuple(t.detach().float().cpu().numpy() for t in (weights, network.class_bias))


def top_units(weights: np.ndarray, count: int) -> np.ndarray:
    """(C, count) int64: every class's units of largest weight w_k^c, the largest first.

    "We use the ranking of the softmax weight to find the units that are most discriminative for a
    given class" (section 5, figure 13). The released script sorts them the same way.

    Args:
        weights: (C, K) class weights; equal ones in order of index.

    Raises:
        CamError: more units than there are, or none.
    """
    if not 1 <= count <= weights.shape[1]:
        raise CamError(f"Found {count} units of {weights.shape[1]}; expected 1 to that many.")
    return np.argsort(-weights, axis=1, kind="stable")[:, :count]


def half_of_score(pooled: np.ndarray, weights: np.ndarray, labels: np.ndarray) -> pd.DataFrame:
    """How many units it takes to carry half of the positive score of an image's class.

    The score is S_c = sum_k w_k^c F_k (equation 1, without bias); its positive part is the sum of
    the positive terms.

    Args:
        pooled: (N, K) pooled features F_k of images.
        weights: (C, K) class weights.
        labels: (N,) class of each image, -1 where it has none of the network's.

    Returns:
        One row for each image: label; units (how many carry half, the largest terms first);
        positive (how many terms are positive at all); top3 (share of the positive score, 0..1, of
        the class's three units of largest weight). NaN where there is no label, and but for
        `positive` where no term is positive.

    Raises:
        CamError: the shapes do not fit.
    """
    check_pooled(pooled, weights, labels)
    found = np.full((len(labels), 3), np.nan)
    best = top_units(weights, min(3, weights.shape[1]))
    for c in np.unique(labels[labels >= 0]):
        own = labels == c
        terms = np.maximum(pooled[own] * weights[c], 0).astype(np.float64)
        total = terms.sum(1)
        carried = np.cumsum(-np.sort(-terms, 1), 1)
        needed = (carried < 0.5 * total[:, None] * (1 - 1e-12)).sum(1) + 1
        total[total == 0] = np.nan
        found[own] = np.stack([
            np.where(total > 0, needed, np.nan),
            (terms > 0).sum(1),
            terms[:, best[c]].sum(1) / total,
        ], 1)  # fmt: skip
    columns = dict(zip(("units", "positive", "top3"), found.T, strict=True))
    return pd.DataFrame({"label": labels} | columns)


def check_pooled(pooled: np.ndarray, weights: np.ndarray, labels: np.ndarray) -> None:
    """CamError unless (N, K), (C, K) and (N,) fit together and the labels are classes or -1."""
    fits = pooled.ndim == 2 and weights.ndim == 2 and pooled.shape[1] == weights.shape[1]
    if not fits or labels.shape != (len(pooled),):
        raise CamError(
            f"Found pooled features {pooled.shape}, class weights {weights.shape} and labels "
            f"{labels.shape}; expected (N, K), (C, K) and (N,)."
        )
    if len(labels) and (labels.min() < -1 or labels.max() >= len(weights)):
        raise CamError(
            f"Found labels from {labels.min()} to {labels.max()}; expected classes 0 to "
            f"{len(weights) - 1}, or -1."
        )


def shared_units(
    weights: np.ndarray, top: int = 3, draws: int = 200, seed: int = 0
) -> pd.DataFrame:
    """How many classes share their top units, against units that stand for no class in particular.

    A unit of large weights is among the first of many classes whatever it stands for. So in the
    comparison every unit keeps its own weights, and they are dealt anew to the classes.

    Args:
        weights: (C, K) class weights.
        top: the units of largest weight that count as a class's own.
        draws: how often the weights are dealt anew.

    Returns:
        One row for each number of classes m = 1, 2, … up to the most measured: columns classes
        (m), units (how many units are in the top of at least m classes), expected, low, high
        (mean, and 95 % of seeded draws).
    """
    width = weights.shape[1]
    rng = np.random.default_rng(seed)
    tally = np.bincount(top_units(weights, top).ravel(), minlength=width)
    classes = np.arange(1, tally.max() + 1)
    drawn = np.empty((draws, len(classes)), int)
    for i in range(draws):
        picks = top_units(rng.permuted(weights, axis=0), top)
        drawn[i] = _at_least(np.bincount(picks.ravel(), minlength=width), classes)
    low, high = np.quantile(drawn, [0.025, 0.975], axis=0)
    return pd.DataFrame({
        "classes": classes,
        "units": _at_least(tally, classes),
        "expected": drawn.mean(0),
        "low": low,
        "high": high,
    })  # fmt: skip


def _at_least(tally: np.ndarray, classes: np.ndarray) -> np.ndarray:
    """For each m of `classes` the number of units (K,) that at least m classes have."""
    return (tally[:, None] >= classes).sum(0)
