"""A linear SVM on deep features (section 4): one against all, as LIBLINEAR, which the paper uses.

Its cost is chosen by cross-validation on the images that it is trained on, never on others.
"""

import warnings

import numpy as np
import pandas as pd
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import StratifiedKFold
from sklearn.svm import LinearSVC

from ..errors import CamError
from .linear_svm import LinearSvm, checked_values

GRID = (0.01, 0.1, 1.0, 10.0, 100.0)  # costs, for centred features of mean squared length 1
STEPS = (1_000, 10_000)  # of the solver; the second where the first did not suffice


def fit_svm(features, labels, classes, seed: int = 0, grid=GRID, folds: int = 5) -> LinearSvm:
    """Train a linear SVM for each class against all others; squared hinge, L2.

    From the features their mean is taken, and what remains is divided by one number, the root of
    its mean squared length: so the grid of costs means the same for every network, and features
    that hardly vary (those of random weights) are not lost. Both go into weights and bias
    afterwards. The cost with the best mean accuracy over stratified folds wins, of equals the
    smallest.

    Args:
        features: `Features` or (N, K): the training part alone.
        labels: (N,) class indices, at least `folds` images of every class.
        classes: the C names.
        seed: of the folds.
        grid: costs to choose from; with one there is nothing to choose and no cross-validation.

    Returns:
        With two classes the rows are (-w, w): each class against the other.

    Raises:
        CamError: features that are not finite, one class, a class with fewer images than folds,
            labels out of range, a grid without positive costs.
    """
    values, labels, grid = checked_values(features), np.asarray(labels), checked_grid(grid)
    _check(values, labels, len(classes), grid, folds)
    table = _cross_validate(values, labels, grid, folds, seed) if len(grid) > 1 else _NO_FOLDS
    cost = grid[0]
    if len(grid) > 1:
        means = table.groupby("cost")["accuracy"].mean()
        cost = float(means.index[int(np.argmax(means.to_numpy()))])  # the first, the smallest
    weights, bias, converged = solve(values, labels, cost)
    if not converged:
        warnings.warn(
            f"The SVM of cost {cost:g} did not converge in {STEPS[-1]:,} steps; its weights are "
            "near the best ones, not the best.",
            ConvergenceWarning,
            stacklevel=2,
        )
    names = [str(c) for c in classes]
    return LinearSvm(weights, bias, names, cost, table.copy(), converged)


_NO_FOLDS = pd.DataFrame({"cost": [], "fold": [], "accuracy": [], "converged": []})


def _cross_validate(values, labels, grid, folds: int, seed: int) -> pd.DataFrame:
    splitter = StratifiedKFold(folds, shuffle=True, random_state=seed)
    rows = []
    for fold, (train, held_out) in enumerate(splitter.split(values, labels)):
        for cost in grid:
            weights, bias, converged = solve(values[train], labels[train], cost)
            found = (values[held_out] @ weights.T + bias).argmax(1)
            accuracy = 100 * float((found == labels[held_out]).mean())
            rows.append((cost, fold, accuracy, converged))
    return pd.DataFrame(rows, columns=["cost", "fold", "accuracy", "converged"])


def solve(values, labels, cost: float) -> tuple[np.ndarray, np.ndarray, bool]:
    """Weights (C, K), bias (C,), both float32 and for the features as given; did it converge."""
    values = np.asarray(values, np.float64)
    mean = values.mean(0)
    values = values - mean
    length = float(np.sqrt((values**2).sum(1).mean())) or 1.0
    for steps in STEPS:
        # the primal problem: no random order, and large costs converge too
        svm = LinearSVC(C=cost, dual=False, max_iter=steps)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always", ConvergenceWarning)
            svm.fit(values / length, labels)
        converged = not any(issubclass(w.category, ConvergenceWarning) for w in caught)
        if converged:
            break
    weights = svm.coef_ / length
    bias = svm.intercept_ - weights @ mean
    if len(svm.classes_) == 2:  # one row then, of the second class
        weights, bias = np.concatenate([-weights, weights]), np.concatenate([-bias, bias])
    return np.ascontiguousarray(weights, np.float32), bias.astype(np.float32), converged


def checked_grid(grid) -> list[float]:
    """The costs, sorted; CamError if one is not positive, or there is none."""
    grid = sorted(float(c) for c in grid)
    if not grid or not grid[0] > 0 or not np.isfinite(grid).all():
        raise CamError(f"Found the costs {grid}; expected positive numbers.")
    return grid


def _check(values, labels, classes: int, grid: list[float], folds: int) -> None:
    if labels.shape != (len(values),) or labels.dtype.kind not in "iu":
        raise CamError(
            f"Found features of shape {values.shape} and labels {labels.dtype} {labels.shape}; "
            "expected (N, K) and N class indices."
        )
    if classes < 2:
        raise CamError(f"Found {classes} class; an SVM tells classes apart: give at least two.")
    if len(labels) and (labels.min() < 0 or labels.max() >= classes):
        raise CamError(
            f"Found labels from {labels.min()} to {labels.max()}; expected 0 to {classes - 1} for "
            f"{classes} classes."
        )
    counts = np.bincount(labels, minlength=classes)
    least = folds if len(grid) > 1 else 1
    if len(grid) > 1 and folds < 2:
        raise CamError(f"Found folds={folds}; expected at least 2 to choose a cost.")
    if counts.min() < least:
        raise CamError(
            f"Class {int(counts.argmin())} has {int(counts.min())} training images and "
            f"{least} are needed; give more, use fewer folds, or one cost in the grid."
        )
