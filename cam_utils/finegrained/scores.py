"""What the three steps come to: accuracies, paired differences, overlaps of the boxes."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
import pandas as pd

from ..boxes import iou
from ..data.base import unknown
from ..metrics import Rate, rate
from ..metrics.localization import IOU, paired_difference
from .steps import BOX, CROP, FULL, Setup, Step

STEPS = (FULL, CROP, BOX)  # the paper's order


@dataclass(frozen=True)
class FineGrained:
    """Section 4.1's experiment on N test images, ready to be scored.

    Attributes:
        ids: N strings. labels: (N,) int64. predictions: {step: (N,) int64}.
        boxes: (N, 4) float32, the CAM boxes of the test images (predicted class).
        truth: (N, 4) float32, their truth boxes (of several the largest).
        empty: {part: how many maps had no positive value; their box is the whole image}.
        first: the SVM on whole images. setup: what the paper does not state.
        costs: {step: cost of its SVM, chosen on the training images}.
    """

    ids: list[str]
    labels: np.ndarray
    predictions: dict[str, np.ndarray]
    boxes: np.ndarray
    truth: np.ndarray
    empty: dict[str, int]
    first: Step
    setup: Setup
    costs: dict[str, float] = field(default_factory=dict)

    def right(self, step: str) -> pd.Series:
        """bool by id: the step's prediction is the label."""
        if step not in self.predictions:
            raise unknown("step", step, self.predictions)
        return pd.Series(self.predictions[step] == self.labels, index=pd.Index(self.ids, name="id"))

    def accuracy(self, step: str) -> Rate:
        """Percent of test images classified rightly, Wilson's interval."""
        return rate(self.right(step).to_numpy())

    def difference(self, first: str, second: str, seed: int = 0) -> Rate:
        """Accuracy of `second` minus that of `first`, points, bootstrap over the same images."""
        return paired_difference(~self.right(first), ~self.right(second), seed=seed)

    def ordering(self, steps: Iterable[str] = STEPS) -> bool | None:
        """Is each step better than the one before? False: one is worse; None: cannot be told.

        Decided by the 95 % intervals of the paired differences between neighbours.
        """
        steps = list(steps)
        pairs = [self.difference(a, b) for a, b in pairwise(steps)]
        if any(d.high < 0 for d in pairs):
            return False
        return True if all(d.low > 0 for d in pairs) else None

    @property
    def overlaps(self) -> np.ndarray:
        """(N,) IoU of the CAM box with the truth box."""
        pairs = zip(self.boxes, self.truth, strict=True)
        return np.array([iou(found, true)[0, 0] for found, true in pairs])

    def located(self, least: float = IOU) -> Rate:
        """Percent of test images whose CAM box overlaps the truth box by `least` or more."""
        return rate(self.overlaps >= least)
