"""How good features are: accuracy, average precision and differences, with intervals."""

from collections.abc import Sequence

import numpy as np
from sklearn.metrics import average_precision_score

from ..errors import CamError
from ..metrics.intervals import Rate, mean_interval, rate


def accuracy(predicted, labels) -> Rate:
    """Share of right classes in percent, with Wilson's 95 % interval (Table 5)."""
    return rate(_hits(predicted, labels))


def accuracy_difference(first, second, labels, seed: int = 0) -> Rate:
    """Accuracy of the first minus that of the second on the same images, in points.

    Args:
        first, second: (N,) predicted classes. Interval: bootstrap over the images.
    """
    a, b = (_hits(p, labels).astype(float) for p in (first, second))
    return mean_interval(100 * (a - b), seed)


def over_splits(tests: Sequence[np.ndarray], hits: Sequence[np.ndarray], n: int) -> Rate:
    """Mean over random splits of the accuracy on their test parts, in percent.

    An image is tested in several splits, so the splits are not independent: the interval is a
    bootstrap over images. It leaves out what the choice of training images changes; the spread of
    the splits' accuracies shows that.

    Args:
        tests: for each split the images tested, indices below n. hits: which were right (bool, or
            differences of two such).
        n: images in all; the Rate's n counts those that were tested.
    """
    times, right = np.zeros(n), np.zeros(n)
    for test, hit in zip(tests, hits, strict=True):
        np.add.at(times, test, 1.0 / len(test))
        np.add.at(right, test, np.asarray(hit, float) / len(test))
    tested = times > 0
    times, right = times[tested] / len(tests), right[tested] / len(tests)
    value = right.sum()
    return mean_interval(100 * (value + len(times) * (right - value * times)))


def mean_average_precision(decisions, truth) -> Rate:
    """Mean average precision over attributes in percent (SUN Attribute); interval over attributes.

    Arguments and errors as of `precisions`.
    """
    return mean_interval(100 * precisions(decisions, truth))


def precisions(decisions, truth) -> np.ndarray:
    """(A,) average precision of each attribute, 0 to 1.

    Args:
        decisions: (N, A) one column for each attribute. truth: (N, A) bool.

    Raises:
        CamError: shapes differ, or an attribute has no positive or no negative image.
    """
    decisions, truth = np.asarray(decisions), np.asarray(truth, bool)
    if decisions.shape != truth.shape or decisions.ndim != 2:
        raise CamError(
            f"Found decisions {decisions.shape} and truth {truth.shape}; expected (N, A) both."
        )
    one_sided = np.flatnonzero(truth.all(0) | ~truth.any(0))
    if len(one_sided):
        raise CamError(
            f"{len(one_sided)} attributes, the first number {one_sided[0]}, have no positive or no "
            "negative image to test on; leave them out or use more images."
        )
    each = [average_precision_score(t, d) for t, d in zip(truth.T, decisions.T, strict=True)]
    return np.array(each)


def _hits(predicted, labels) -> np.ndarray:
    predicted, labels = np.asarray(predicted), np.asarray(labels)
    if predicted.shape != labels.shape or labels.ndim != 1 or not len(labels):
        raise CamError(
            f"Found {predicted.shape} predictions and {labels.shape} labels; expected one class "
            "index of each for every image."
        )
    return predicted == labels
