"""Which images train and which test: the split protocols of Table 5 (CHECKLIST of section 4).

The paper gives no split sizes ("the same setup as in [35]"); these are the usual ones of each data
set, so every table says which it used.
"""

from dataclasses import dataclass

import numpy as np

from ..data.base import unknown
from ..errors import CamError


@dataclass(frozen=True)
class SplitRule:
    """How a data set is divided.

    Attributes:
        data: its name for `open_images`.
        train, test: images per class; test None: all the rest. train None: only as given.
        given: the data set's own split is used where it has one.
        score: "accuracy", "mean class accuracy" or "average precision".
        random: how many random splits are usual.
    """

    data: str
    train: int | None
    test: int | None = None
    given: bool = False
    score: str = "accuracy"
    random: int = 1


# by the names of Table 5's columns, and CUB of Table 4
PROTOCOLS: dict[str, SplitRule] = {
    "SUN397": SplitRule("sun397", 50, 50, given=True, random=10),
    "MIT Indoor67": SplitRule("indoor67", 80, 20, given=True),
    "Scene15": SplitRule("scene15", 100, random=5),
    "SUN Attribute": SplitRule("sun_attribute", None, given=True, score="average precision"),
    "Caltech101": SplitRule("caltech101", 30, random=5),
    "Caltech256": SplitRule("caltech256", 30, random=5),
    "Action40": SplitRule("action40", 100, given=True),
    "Event8": SplitRule("event8", 70, 60, random=5),
    "CUB-200-2011": SplitRule("cub", None, given=True),
}


def protocol(name: str) -> SplitRule:
    """One of PROTOCOLS; CamError if there is none of that name."""
    if name not in PROTOCOLS:
        raise unknown("split protocol", name, PROTOCOLS)
    return PROTOCOLS[name]


def split_indices(
    labels, train_per_class: int, test_per_class: int | None = None, seed: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    """A random split with equally many training images of each class.

    Args:
        labels: (N,) class indices.
        test_per_class: None: all the rest of each class.
        seed: equal labels and seed give the equal split.

    Returns:
        train, test: int64 indices into labels, sorted, disjoint.

    Raises:
        CamError: labels below 0, a number below 1, a class with too few images.
    """
    labels = np.asarray(labels)
    least = 1 if test_per_class is None else test_per_class
    if labels.ndim != 1 or not len(labels) or labels.min() < 0:
        raise CamError("A split needs a class index from 0 for each image; found none or -1.")
    if train_per_class < 1 or least < 1:
        raise CamError(
            f"Found {train_per_class} images to train and {least} to test of each class; expected "
            "at least 1."
        )
    classes, counts = np.unique(labels, return_counts=True)
    short = classes[counts < train_per_class + least]
    if len(short):
        raise CamError(
            f"{len(short)} of {len(classes)} classes have fewer than {train_per_class} + {least} "
            f"images, the first class {short[0]} with {counts[classes == short[0]][0]}; ask for "
            "fewer, or complete the data set."
        )
    rng = np.random.default_rng(seed)
    train, test = [], []
    for one in classes:
        mixed = rng.permutation(np.flatnonzero(labels == one))
        stop = None if test_per_class is None else train_per_class + test_per_class
        train.append(mixed[:train_per_class])
        test.append(mixed[train_per_class:stop])
    return np.sort(np.concatenate(train)), np.sort(np.concatenate(test))
