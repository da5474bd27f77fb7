"""Which images train and which test: the split protocols of Table 5 (section 4).

The paper gives no split sizes ("the same setup as in [35]"); these are the usual ones of each data
set, so every table says which it used.
"""

from dataclasses import dataclass

import numpy as np

from ..errors import CamError, unknown


@dataclass(frozen=True)
class SplitRule:
    """How a data set is divided.

    Attributes:
        data: its name for `open_images`.
        train, test: images per class of a random split; test None: all the rest.
        random: how many random splits.
        given: the data set's own splits, (train, test) as `open_images` names them.
        score: "accuracy" or "average precision".
    """

    data: str
    train: int | None = None
    test: int | None = None
    random: int = 0
    given: tuple[tuple[str, str], ...] = ()
    score: str = "accuracy"


_OFFICIAL = (("train", "test"),)

# by the names of Table 5's columns, and CUB of Table 4
PROTOCOLS: dict[str, SplitRule] = {
    "SUN397": SplitRule(
        "sun397", 50, 50, given=tuple((f"train-{k:02d}", f"test-{k:02d}") for k in range(1, 11))
    ),
    "MIT Indoor67": SplitRule("indoor67", 80, 20, given=_OFFICIAL),
    # the data set itself has no split; a copy of it that is divided is used as it is, too
    "Scene15": SplitRule("scene15", 100, random=5, given=_OFFICIAL),
    "SUN Attribute": SplitRule("sun_attribute", random=1, score="average precision"),  # halves
    "Caltech101": SplitRule("caltech101", 30, random=5),
    "Caltech256": SplitRule("caltech256", 30, random=5),
    "Action40": SplitRule("action40", 100, given=_OFFICIAL),
    "Event8": SplitRule("event8", 70, 60, random=5),
    "CUB-200-2011": SplitRule("cub", given=_OFFICIAL),
}


def protocol(name: str) -> SplitRule:
    """One of PROTOCOLS; CamError if there is none of that name."""
    if name not in PROTOCOLS:
        raise unknown("split protocol", name, PROTOCOLS)
    return PROTOCOLS[name]


def halves(n: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """n images divided at random into two halves, whatever their labels: sorted indices."""
    mixed = np.random.default_rng(seed).permutation(n)
    return np.sort(mixed[: n // 2]), np.sort(mixed[n // 2 :])


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
