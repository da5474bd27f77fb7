"""One linear SVM for each of many attributes that an image may have together (SUN Attribute)."""

import numpy as np
from sklearn.model_selection import KFold

from ..errors import CamError
from .scores import precisions
from .svm import GRID, LinearSvm, checked_grid, checked_values, chosen_cost, solve


def fit_attributes(features, truth, names, seed: int = 0, grid=GRID, folds: int = 5) -> LinearSvm:
    """Train a linear SVM for each attribute against its absence, all with one cost.

    The cost with the best mean average precision over folds wins, of equals the smallest. Its
    decision values rank images for each attribute; `predict` has no meaning here.

    Args:
        features: `Features` or (N, K): the training part alone.
        truth: (N, A) bool, which image has which attribute; each has some with and some without.
        names: A names.

    Returns:
        Weights (A, K); `folds` has the columns cost, fold, average_precision (percent).

    Raises:
        CamError: shapes do not fit, an attribute that all or no images have, a wrong grid.
    """
    values, truth, grid = checked_values(features), np.asarray(truth, bool), checked_grid(grid)
    if truth.shape != (len(values), len(names)):
        raise CamError(
            f"Found truth {truth.shape} for {len(values)} images and {len(names)} attributes; "
            "expected (N, A)."
        )
    rare = np.minimum(truth.sum(0), (~truth).sum(0))
    if rare.min() < folds:
        raise CamError(
            f"Attribute {names[int(rare.argmin())]} has only {int(rare.min())} images with it, or "
            f"without it, and {folds} are needed; leave it out or use fewer folds."
        )

    def precision(rows, held_out, cost: float) -> dict:
        weights, bias, _ = _solve_all(values[rows], truth[rows], cost)
        found = values[held_out] @ weights.T + bias
        return {"average_precision": 100 * _mean_precision(found, truth[held_out])}

    splitter = KFold(folds, shuffle=True, random_state=seed)
    cost, table = chosen_cost(grid, lambda: splitter.split(values), precision)
    weights, bias, converged = _solve_all(values, truth, cost)
    return LinearSvm(weights, bias, [str(n) for n in names], cost, table, converged)


def _solve_all(values, truth, cost: float):
    """The rows of all attributes; one that a part of the images lacks altogether has zeros."""
    weights = np.zeros((truth.shape[1], values.shape[1]), np.float32)
    bias, converged = np.zeros(truth.shape[1], np.float32), True
    for k, column in enumerate(truth.T):
        if column.any() and not column.all():
            (_, weights[k]), (_, bias[k]), fine = solve(values, column.astype(int), cost)
            converged &= fine
    return weights, bias, converged


def _mean_precision(decisions, truth) -> float:
    both = truth.any(0) & ~truth.all(0)
    return float(precisions(decisions[:, both], truth[:, both]).mean())
