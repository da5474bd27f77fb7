"""The three steps of section 4.1: whole image, CAM crop, truth box. Predictions, no scores.

Nothing here reads a label or a box of a test image, but where a function says so in its name.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
import pandas as pd

from ...boxes import iou
from ...data import Subset
from ...errors import CamError, unknown
from ...features import Features, LinearSvm, extract, fit_svm
from ...metrics.intervals import Rate, rate
from ...metrics.localization import IOU, paired_difference
from ...networks.gap import GapNetwork
from .crops import CamBoxes, cam_boxes_of, fold_svms, out_of_fold_boxes, with_margin

FULL, CROP, BOX = "full image", "CAM crop", "truth box"  # the paper's three

PREDICTED = "CAM crop, predicted class in training too"

LEAKY = "CAM crop, true class in test (leaky)"

# whose class's map makes the crop: (in training, in test)
CROPS = {
    CROP: ("true", "predicted"),
    PREDICTED: ("predicted", "predicted"),
    LEAKY: ("true", "true"),
}


@dataclass(frozen=True)
class Setup:
    """What the paper does not state, as values.

    Attributes:
        threshold: of the box rule, fraction of the map's maximum (the paper's 20 %).
        margin: by which a crop is wider than its box on each side, fraction of the box.
        view: of the whole image; "whole" warps it as crops are warped, so that only the
            rectangle differs between the steps.
        folds: of the cross-fitted training boxes of `PREDICTED`.
        seed: of the SVMs and folds.
    """

    threshold: float = 0.2
    margin: float = 0.0
    view: str = "whole"
    folds: int = 5
    seed: int = 0


PAPER_SETUP = Setup()


@dataclass(frozen=True)
class Step:
    """One SVM: trained on one kind of feature, applied to the same kind.

    Attributes:
        svm: the classifier. predictions: (N,) int64 for the test images.
        train, test: the features, of the images that could be read.
    """

    svm: LinearSvm
    predictions: np.ndarray
    train: Features
    test: Features


def full_image(train, test, network: GapNetwork, setup: Setup = PAPER_SETUP, **how) -> Step:
    """Step (i): features of the whole images; unreadable ones are left out (`Features`)."""
    return _step(train, test, network, (None, None), setup, **how)


def on_boxes(
    train, test, network: GapNetwork, train_boxes, test_boxes, setup: Setup = PAPER_SETUP, **how
) -> Step:
    """Steps (ii) and (iii): features computed again on crops, and the SVM trained again.

    Args:
        train_boxes, test_boxes: (N, 4) xyxy in pixels of the original images.
    """
    return _step(train, test, network, (train_boxes, test_boxes), setup, **how)


def training_boxes(
    which: str, first: Step, train, network: GapNetwork, setup: Setup, **how
) -> CamBoxes:
    """Boxes of the training images: of the true class, or cross-fitted of the predicted one.

    Args:
        which: "true" or "predicted". first: the SVM on whole images.
    """
    options = {"view": setup.view} | how
    if which == "true":
        return cam_boxes_of(network, first.svm, train, "true", setup.threshold, **options)
    cost = first.svm.cost
    svms, folds = fold_svms(first.train, train.classes, cost, setup.folds, setup.seed)
    return out_of_fold_boxes(network, svms, folds, train, setup.threshold, **options)


def predicted_boxes(first: Step, test, network: GapNetwork, setup: Setup, **how) -> CamBoxes:
    """Boxes of the test images, of the class that the SVM on whole images predicts."""
    options = {"view": setup.view} | how
    return cam_boxes_of(network, first.svm, test, "predicted", setup.threshold, **options)


def leaky_boxes(first: Step, test, network: GapNetwork, setup: Setup, **how) -> CamBoxes:
    """Boxes of the test images of their TRUE class: what no method may use; for comparison."""
    options = {"view": setup.view} | how
    return cam_boxes_of(network, first.svm, test, "true", setup.threshold, **options)


def keep_readable(images, found: Features):
    """The images that features were computed of, as a data set."""
    if not found.unreadable:
        return images
    place = {id: i for i, id in enumerate(images.ids)}
    return Subset(images, [place[id] for id in found.ids])


def _step(train, test, network, boxes, setup: Setup, **how) -> Step:
    parts = []
    for images, own in zip((train, test), boxes, strict=True):
        if own is None:
            parts.append(extract(network, images, view=setup.view, **how))
            continue
        found = extract(network, images, view="box", boxes=with_margin(own, setup.margin), **how)
        if found.unreadable:
            raise CamError(
                f"{len(found.unreadable)} images of {images.name} cannot be read, the first is "
                f"{found.unreadable[0]}; leave them out."
            )
        parts.append(found)
    svm = fit_svm(parts[0], parts[0].labels, train.classes, seed=setup.seed)
    return Step(svm, np.asarray(svm.predict(parts[1].values), np.int64), *parts)


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
