"""Which units matter to a class, by the softmax weights: section 5 of the paper."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch
from scipy.stats import binom
from torch import Tensor

from ...errors import CamError
from ...networks.gap import GapNetwork
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


def rank_units(network: GapNetwork, label: int) -> tuple[Tensor, Tensor]:
    """The units of the last convolution by their softmax weight w_k^c for a class, largest first.

    "We use the ranking of the softmax weight to find the units that are most discriminative for a
    given class" (section 5, figure 13). The released script sorts them the same way.

    Returns:
        indices (K,) int64 and weights (K,) float32, on the CPU; equal weights in order of index.

    Raises:
        CamError: the network has no such class, or no class weights.
    """
    weights = class_rows(network)
    if not 0 <= int(label) < len(weights):
        raise CamError(
            f"Found class {label}, expected 0 to {len(weights) - 1}, the network's classes."
        )
    row = weights[int(label)]
    order = torch.argsort(row, descending=True, stable=True)
    return order, row[order]


def class_rows(network: GapNetwork) -> Tensor:
    """The class weights (C, K) as float32 on the CPU; CamError where there are none."""
    weights = getattr(network, "class_weights", None)
    if not isinstance(weights, Tensor):
        raise CamError(
            f"{type(network).__name__} has no class weights; expected a network with global "
            "pooling: wrap it by as_gap_network."
        )
    return weights.detach().float().cpu()


def top_units(weights: np.ndarray, count: int) -> np.ndarray:
    """(C, count) int64: the units of largest weight of every class, from class weights (C, K)."""
    if not 1 <= count <= weights.shape[1]:
        raise CamError(f"Found {count} units of {weights.shape[1]}; expected 1 to that many.")
    return np.argsort(-np.asarray(weights), axis=1, kind="stable")[:, :count]


@dataclass(frozen=True)
class HalfOfScore:
    """How a class's positive score is spread over units; arrays (classes,).

    Attributes:
        classes: (n,) int64 the classes that have images.
        units: mean over a class's images of the number of units that carry the share asked for,
            the largest contributions first.
        positive: mean number of units that contribute at all (w_k^c F_k > 0).
        top3: mean share of the positive score that the class's three units of largest weight
            carry, 0..1.
    """

    classes: np.ndarray
    units: np.ndarray
    positive: np.ndarray
    top3: np.ndarray


def half_of_score(
    pooled: np.ndarray, weights: np.ndarray, labels: np.ndarray, share: float = 0.5
) -> HalfOfScore:
    """How many units it takes to carry a share of a class's positive score.

    The score is S_c = sum_k w_k^c F_k (equation 1, without bias); its positive part is the sum of
    the positive terms.

    Args:
        pooled: (N, K) pooled features F_k of images.
        weights: (C, K) class weights.
        labels: (N,) class of each image, -1 where it has none of the network's.

    Raises:
        CamError: the shapes do not fit, or the share is not between 0 and 1.
    """
    if not 0 < share <= 1:
        raise CamError(f"Found share={share}; expected a fraction above 0, at most 1.")
    check_pooled(pooled, weights, labels)
    classes = np.unique(labels[labels >= 0])
    found = []
    for c in classes:
        terms = np.maximum(pooled[labels == c] * weights[c], 0).astype(np.float64)
        total = terms.sum(1)
        some = total > 0
        terms, total = terms[some], total[some, None]
        carried = np.cumsum(-np.sort(-terms, 1), 1)
        needed = (carried < share * total * (1 - 1e-12)).sum(1) + 1
        best = np.argsort(-weights[c], kind="stable")[:3]
        found.append(
            (needed.mean(), (terms > 0).sum(1).mean(), (terms[:, best].sum(1) / total[:, 0]).mean())
            if some.any()
            else (np.nan, 0.0, np.nan)
        )
    units, positive, top3 = np.array(found, float).reshape(-1, 3).T
    return HalfOfScore(classes, units, positive, top3)


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
    weights: np.ndarray, top: int = 3, draws: int = 500, seed: int = 0
) -> pd.DataFrame:
    """How many classes share their top units, against classes that choose units at random.

    Args:
        weights: (C, K) class weights.
        top: the units of largest weight that count as a class's own.
        draws: of the chance interval: every class draws `top` of the K units.

    Returns:
        One row for each number of classes m = 1, 2, … up to the most measured: columns classes
        (m), units (how many units are in the top of at least m classes), expected, low, high
        (chance: mean, and 95 % of seeded draws).
    """
    count, width = weights.shape
    chosen = top_units(weights, top)
    tally = np.bincount(chosen.ravel(), minlength=width)
    rng = np.random.default_rng(seed)
    most = int(tally.max())
    drawn = np.empty((draws, most), int)
    for i in range(draws):
        picks = rng.random((count, width), dtype=np.float32).argpartition(top - 1, 1)[:, :top]
        counts = np.bincount(picks.ravel(), minlength=width)
        drawn[i] = [(counts >= m).sum() for m in range(1, most + 1)]
    rows = []
    for m in range(1, most + 1):
        low, high = np.quantile(drawn[:, m - 1], [0.025, 0.975])
        rows.append({
            "classes": m,
            "units": int((tally >= m).sum()),
            "expected": width * float(binom.sf(m - 1, count, top / width)),
            "low": float(low),
            "high": float(high),
        })  # fmt: skip
    return pd.DataFrame(rows)


def owners(weights: np.ndarray, top: int = 3) -> dict[int, list[int]]:
    """{unit: classes that have it among their `top`}, the most shared units first."""
    chosen = top_units(weights, top)
    found: dict[int, list[int]] = {}
    for label, row in enumerate(chosen):
        for unit in row:
            found.setdefault(int(unit), []).append(label)
    return dict(sorted(found.items(), key=lambda item: (-len(item[1]), item[0])))
