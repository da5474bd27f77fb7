"""A linear SVM on deep features (section 4): one against all, as LIBLINEAR, which the paper uses.

Its cost is chosen by cross-validation on the images that it is trained on, never on others.
"""

import json
import warnings
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

import numpy as np
import pandas as pd
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import StratifiedKFold
from sklearn.svm import LinearSVC

from ..errors import CamError
from ..provenance import replacing
from .extraction import Features

GRID = (0.01, 0.1, 1.0, 10.0, 100.0)  # costs, for features of mean square length 1
STEPS = (1_000, 10_000)  # of the solver; the second where the first did not suffice


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
        values = _values(values)
        if values.ndim != 2 or values.shape[1] != self.weights.shape[1]:
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
        path = Path(path)
        about = {"classes": self.classes, "cost": self.cost, "converged": self.converged}
        about["folds"] = self.folds.to_csv(index=False)
        path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(path) as part:
            tensors = {"weights": self.weights, "bias": self.bias}
            save_file(tensors, part, {"svm": json.dumps(about, sort_keys=True)})
        return path

    @classmethod
    def load(cls, path: str | Path) -> "LinearSvm":
        """What `save` wrote. CamError: the file is absent, damaged or something else."""
        try:
            with safe_open(path, "np") as file:
                about = json.loads(file.metadata()["svm"])
                weights, bias = file.get_tensor("weights"), file.get_tensor("bias")
        except (OSError, SafetensorError, KeyError, TypeError, ValueError) as error:
            raise CamError(
                f"{path} holds no linear SVM ({error}). Expected a file of LinearSvm.save; train "
                "and save it again."
            ) from error
        folds = pd.read_csv(StringIO(about.pop("folds")))
        return cls(weights, bias, folds=folds, **about)


def fit_svm(features, labels, classes, seed: int = 0, grid=GRID, folds: int = 5) -> LinearSvm:
    """Train a linear SVM for each class against all others; squared hinge, L2.

    The features are divided by one number, the root of their mean squared length, so that the grid
    of costs means the same for every network; it goes into the weights afterwards. The cost with
    the best mean accuracy over stratified folds wins, of equals the smallest.

    Args:
        features: `Features` or (N, K): the training part alone.
        labels: (N,) class indices, at least `folds` images of every class.
        classes: the C names.
        seed: of the folds and of the solver.
        grid: costs to choose from; with one there is nothing to choose and no cross-validation.

    Returns:
        With two classes the rows are (-w, w): each class against the other.

    Raises:
        CamError: features that are not finite, one class, a class with fewer images than folds,
            labels out of range, a grid without positive costs.
    """
    values, labels, grid = _values(features), np.asarray(labels), sorted(float(c) for c in grid)
    _check(values, labels, len(classes), grid, folds)
    table = _cross_validate(values, labels, grid, folds, seed) if len(grid) > 1 else _NO_FOLDS
    cost = grid[0]
    if len(grid) > 1:
        means = table.groupby("cost")["accuracy"].mean()
        cost = float(means.index[int(np.argmax(means.to_numpy()))])  # the first, the smallest
    weights, bias, converged = _solve(values, labels, cost, seed)
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
            weights, bias, converged = _solve(values[train], labels[train], cost, seed)
            found = (values[held_out] @ weights.T + bias).argmax(1)
            accuracy = 100 * float((found == labels[held_out]).mean())
            rows.append((cost, fold, accuracy, converged))
    return pd.DataFrame(rows, columns=["cost", "fold", "accuracy", "converged"])


def _solve(values, labels, cost: float, seed: int) -> tuple[np.ndarray, np.ndarray, bool]:
    """Weights (C, K), bias (C,), both float32 and for unscaled features; did it converge."""
    length = float(np.sqrt((values.astype(np.float64) ** 2).sum(1).mean())) or 1.0
    for steps in STEPS:
        svm = LinearSVC(C=cost, dual="auto", max_iter=steps, random_state=seed)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always", ConvergenceWarning)
            svm.fit(values / length, labels)
        converged = not any(issubclass(w.category, ConvergenceWarning) for w in caught)
        if converged:
            break
    weights, bias = svm.coef_ / length, svm.intercept_
    if len(svm.classes_) == 2:  # one row then, of the second class
        weights, bias = np.concatenate([-weights, weights]), np.concatenate([-bias, bias])
    return np.ascontiguousarray(weights, np.float32), bias.astype(np.float32), converged


def _values(features) -> np.ndarray:
    return features.values if isinstance(features, Features) else np.asarray(features, np.float32)


def _check(values, labels, classes: int, grid: list[float], folds: int) -> None:
    if values.ndim != 2 or labels.shape != (len(values),) or labels.dtype.kind not in "iu":
        raise CamError(
            f"Found features of shape {values.shape} and labels {labels.dtype} {labels.shape}; "
            "expected (N, K) and N class indices."
        )
    if not np.isfinite(values).all():
        bad = int((~np.isfinite(values).all(1)).sum())
        raise CamError(
            f"{bad} of {len(values)} images have NaN or infinite features; leave them out."
        )
    if not grid or grid[0] <= 0 or not np.isfinite(grid).all():
        raise CamError(f"Found the costs {grid}; expected positive numbers.")
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
