"""A linear SVM on deep features (section 4): one against all, as LIBLINEAR, which the paper uses.

Its cost is chosen by cross-validation on the images that it is trained on, never on others.
"""

import warnings
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import StratifiedKFold
from sklearn.svm import LinearSVC

from ..errors import CamError
from ..identity import code_of
from ..keep import Keeper, Piece, read_piece, write_piece
from .extraction import Features


@dataclass(frozen=True)
class LinearSvm:
    """Linear decision values of classes.

    Attributes:
        weights: (C, K) float32, bias: (C,) float32; for features as they come from `extract`.
        classes: C names.
        cost: the one that was chosen.
        folds: columns cost, fold, accuracy (percent), converged: the cross-validation.
        converged: whether the final solver did.
    """

    weights: np.ndarray
    bias: np.ndarray
    classes: list[str]
    cost: float
    folds: pd.DataFrame
    converged: bool = True

    def decisions(self, values) -> np.ndarray:
        """(N, C) float32 decision values of features (N, K): values @ weights.T + bias."""
        values = checked_values(values)
        if values.shape[1] != self.weights.shape[1]:
            raise CamError(
                f"Found features of shape {values.shape}; this SVM was trained on "
                f"{self.weights.shape[1]} features: extract the same layer of the same network."
            )
        return values @ self.weights.T + self.bias

    def predict(self, values) -> np.ndarray:
        """(N,) int64: the class of the highest decision value."""
        return self.decisions(values).argmax(1)

    def save(self, path: str | Path) -> Path:
        """Write a safetensors file, whole or not at all; equal SVMs give equal bytes."""
        write_piece(Path(path), *self.piece(), {"kind": "LinearSvm"})
        return Path(path)

    @classmethod
    def load(cls, path: str | Path) -> "LinearSvm":
        """What `save` wrote. CamError: the file is absent, damaged or something else."""
        try:
            arrays, about = read_piece(Path(path))
            return cls.of_piece(arrays, about["note"])
        except (CamError, KeyError, TypeError) as error:
            raise CamError(
                f"{path} holds no linear SVM ({error}). Expected a file of LinearSvm.save; train "
                "and save it again."
            ) from error

    def piece(self) -> Piece:
        """What is kept of it: arrays and a note."""
        about = {"classes": self.classes, "cost": self.cost, "converged": self.converged}
        about["folds"] = self.folds.to_csv(index=False)
        return {"weights": self.weights, "bias": self.bias}, about

    @classmethod
    def of_piece(cls, arrays: dict[str, np.ndarray], note: dict) -> "LinearSvm":
        """The SVM that `piece` was taken of."""
        folds = pd.read_csv(StringIO(note["folds"]))
        return cls(arrays["weights"], arrays["bias"], **note | {"folds": folds})


def checked_values(features) -> np.ndarray:
    """(N, K) float32 of `Features` or an array; CamError if they are not finite."""
    values = features.values if isinstance(features, Features) else features
    values = np.asarray(values, np.float32)
    if values.ndim != 2:
        raise CamError(f"Found features of shape {values.shape}; expected (N, K).")
    if bad := int((~np.isfinite(values).all(1)).sum()):
        raise CamError(
            f"{bad} of {len(values)} images have NaN or infinite features; leave them out."
        )
    return values


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

    def accuracy(rows, held_out, cost: float) -> dict:
        weights, bias, converged = solve(values[rows], labels[rows], cost)
        found = (values[held_out] @ weights.T + bias).argmax(1)
        return {
            "accuracy": 100 * float((found == labels[held_out]).mean()),
            "converged": converged,
        }

    splitter = StratifiedKFold(folds, shuffle=True, random_state=seed)
    cost, table = chosen_cost(grid, lambda: splitter.split(values, labels), accuracy)
    weights, bias, converged = solve(values, labels, cost)
    if not converged:
        warnings.warn(
            f"The SVM of cost {cost:g} did not converge in {STEPS[-1]:,} steps; its weights are "
            "near the best ones, not the best.",
            ConvergenceWarning,
            stacklevel=2,
        )
    names = [str(c) for c in classes]
    return LinearSvm(weights, bias, names, cost, table, converged)


def kept_svm(
    features: Features, classes, seed: int = 0, cache: bool | str | Path | None = None
) -> LinearSvm:
    """`fit_svm` on features and their labels; read if an equal one was trained before.

    Args:
        cache: as for `extract`.
    """
    identity = features.identity | {"classes": [str(c) for c in classes], "seed": seed}
    keeper = Keeper.of("svm", identity | {"svm code": code_of(__name__)}, cache)
    if kept := keeper.get():
        return LinearSvm.of_piece(*kept)
    svm = fit_svm(features, features.labels, classes, seed)
    keeper.put(*svm.piece())
    return svm


def chosen_cost(grid: list[float], splits, score) -> tuple[float, pd.DataFrame]:
    """The cost with the best mean score over the folds, of equals the smallest; all scores.

    Args:
        grid: costs, sorted; with one there is nothing to choose and no cross-validation.
        splits: gives (rows to train on, rows held out) for each fold.
        score: (rows, held_out, cost) to {column: value}; the first column decides.
    """
    if len(grid) == 1:
        return grid[0], pd.DataFrame({"cost": [], "fold": []})
    table = pd.DataFrame([
        {"cost": cost, "fold": fold} | score(*rows, cost)
        for fold, rows in enumerate(splits())
        for cost in grid
    ])  # fmt: skip
    means = table.groupby("cost")[table.columns[2]].mean()
    return float(means.index[int(np.argmax(means.to_numpy()))]), table


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
