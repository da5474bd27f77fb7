"""A trained linear SVM: decision values of features, and the file that keeps it."""

import json
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

import numpy as np
import pandas as pd
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from ..errors import CamError
from ..provenance import replacing
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
