"""Boxes that no network made, one for each image of a data set at once."""

import math

import numpy as np

from ..errors import CamError
from .truth import Truth

SIGMA = 0.25


def whole_box(truth: Truth) -> np.ndarray:
    """(n, 4) float64: the whole of each image."""
    return centre_box(truth, 1.0)


def centre_box(truth: Truth, fraction: float) -> np.ndarray:
    """(n, 4) float64: the middle `fraction` (0 to 1) of each image's width and height."""
    if not 0 < fraction <= 1:
        raise CamError(f"The centre box has the fraction {fraction}; expected more than 0 up to 1.")
    margin = truth.sizes * (1 - fraction) / 2
    return np.concatenate([margin, truth.sizes - margin], 1)


def gaussian_map(width: int, height: int, sigma: float = SIGMA) -> np.ndarray:
    """(H, W) float32: a Gaussian in the middle of the image as a map, 1 at its peak.

    Args:
        sigma: standard deviation as a fraction of the width and of the height. As a fraction, so
            that warping to a square leaves it round.
    """
    if sigma <= 0:
        raise CamError(f"The Gaussian has sigma {sigma}; expected more than 0.")
    x, y = (((np.arange(n) + 0.5) / n - 0.5) / sigma for n in (width, height))
    map = np.exp(-0.5 * (x[None, :] ** 2 + y[:, None] ** 2))
    return (map / map.max()).astype(np.float32)


def gaussian_fraction(threshold: float, sigma: float = SIGMA) -> float:
    """The fraction of width and height that `gaussian_map` has above a fraction of its maximum.

    A level set of the Gaussian is an ellipse with the image's aspect, so whatever the threshold,
    its box is a centre box; over all thresholds the Gaussian is no more than the best centre box.
    """
    if not 0 < threshold < 1:
        raise CamError(f"The threshold is {threshold}; expected a fraction between 0 and 1.")
    return min(1.0, 2 * sigma * math.sqrt(-2 * math.log(threshold)))


def gaussian_box(truth: Truth, threshold: float = 0.2, sigma: float = SIGMA) -> np.ndarray:
    """(n, 4) float64: the box of `gaussian_map` by the paper's rule, up to one pixel."""
    return centre_box(truth, gaussian_fraction(threshold, sigma))


def another_box(truth: Truth, seed: int = 0) -> np.ndarray:
    """(n, 4) float64: a truth box of another image, scaled with the image's width and height.

    The images give their boxes round one random circle, so none keeps its own and each gives once;
    of several boxes each is as likely as the others.

    Raises:
        CamError: fewer than two images.
    """
    if len(truth) < 2:
        raise CamError("Another image's truth box needs two images or more; there is one.")
    rng = np.random.default_rng(seed)
    circle = rng.permutation(len(truth))
    giver = np.empty(len(truth), np.int64)
    giver[circle] = np.roll(circle, 1)
    order = np.argsort(truth.image, kind="stable")
    count = np.bincount(truth.image, minlength=len(truth))
    start = np.cumsum(count) - count
    row = order[(start + rng.integers(0, count))[giver]]
    return truth.boxes[row] * np.tile(truth.sizes / truth.sizes[giver], 2)


def random_place(truth: Truth, seed: int = 0) -> np.ndarray:
    """(n, 4) float64: a box of the size of another image's truth box at a random place inside."""
    boxes = another_box(truth, seed)
    size = boxes[:, 2:] - boxes[:, :2]
    # a stream of its own: the places do not hang on how the sizes were drawn
    rng = np.random.default_rng([seed, 1])
    low = rng.random(size.shape) * (truth.sizes - size).clip(min=0)
    return np.concatenate([low, low + size], 1)


def random_corners(truth: Truth, seed: int = 0) -> np.ndarray:
    """(n, 4) float64: the box between two pixels drawn at random, both inside it."""
    rng = np.random.default_rng(seed)
    pixels = np.floor(rng.random((2, len(truth), 2)) * truth.sizes)
    return np.concatenate([pixels.min(0), pixels.max(0) + 1], 1)
