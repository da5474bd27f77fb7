"""How well scores put some pictures before others: average precision and the area under the ROC.

Both have the values of scikit-learn's functions of these names. They are computed here for all
bootstrap draws at once: a draw is a weight (how often it was drawn) for each picture, so one sort
serves a thousand draws.
"""

import numpy as np

from ..errors import CamError
from .intervals import Rate

ROUNDS = 1000


def average_precision(
    scores: np.ndarray, truth: np.ndarray, other: np.ndarray | None = None, seed: int = 0
) -> Rate:
    """Average precision in percent, with a 95 % bootstrap interval over pictures.

    Args:
        scores: (N,). truth: (N,) bool. other: (N,) a second ranking of the same pictures, whose
            value is subtracted (paired).

    Raises:
        CamError: no picture is positive, or the shapes differ.
    """
    return _measured(_precisions, scores, truth, other, seed)


def roc_area(
    scores: np.ndarray, truth: np.ndarray, other: np.ndarray | None = None, seed: int = 0
) -> Rate:
    """Area under the ROC curve in percent (50: chance); arguments as of `average_precision`."""
    return _measured(_areas, scores, truth, other, seed)


def _measured(measure, scores, truth, other, seed: int) -> Rate:
    rankings = [np.asarray(s, float) for s in (scores, other) if s is not None]
    truth = np.asarray(truth, bool)
    if any(s.shape != truth.shape for s in rankings) or truth.ndim != 1:
        raise CamError(
            f"Found scores {[s.shape for s in rankings]} and truth {truth.shape}; expected (N,)."
        )
    if not truth.any() or truth.all():
        raise CamError(
            f"{int(truth.sum())} of {len(truth)} pictures are positive; a ranking needs both kinds."
        )
    rng, n = np.random.default_rng(seed), len(truth)
    weights = np.concatenate([np.ones((1, n)), rng.multinomial(n, np.full(n, 1 / n), ROUNDS)])
    one, *two = (100 * measure(s, truth, weights) for s in rankings)
    found = one - two[0] if two else one
    low, high = np.nanquantile(found[1:], [0.025, 0.975])
    return Rate(float(found[0]), float(low), float(high), n)


def _sums(scores, truth, weights):
    """Weights of positives and of all with a score of at least each distinct one, best first."""
    order = np.argsort(-scores, kind="stable")
    last = np.flatnonzero(np.append(np.diff(scores[order]) != 0, True))  # equal scores as one
    all_of = np.cumsum(weights[:, order], 1)
    positive = np.cumsum((weights * truth)[:, order], 1)
    return positive[:, last], all_of[:, last]


def _precisions(scores, truth, weights) -> np.ndarray:
    positive, all_of = _sums(scores, truth, weights)
    step = np.diff(positive, axis=1, prepend=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        precision = np.where(all_of > 0, positive / all_of, 0)
        return (step * precision).sum(1) / positive[:, -1]


def _areas(scores, truth, weights) -> np.ndarray:
    positive, all_of = _sums(scores, truth, weights)
    negative = all_of - positive
    step = np.diff(negative, axis=1, prepend=0)
    before = positive - np.diff(positive, axis=1, prepend=0) / 2  # half of equal scores
    with np.errstate(invalid="ignore", divide="ignore"):
        return (step * before).sum(1) / (positive[:, -1] * negative[:, -1])
