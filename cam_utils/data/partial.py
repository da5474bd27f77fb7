"""Data sets of which only some photos are there: lists stay whole, classes are complete or not.

Labels, boxes and sizes need no photo, so the records of a list are all there. What needs pictures
takes the classes of which every listed photo is on the disk: `with_photos`.
"""

from dataclasses import replace

import numpy as np

from ..errors import MissingData
from .record import Record


class OfClasses:
    """The pictures of some classes of a data set, which are numbered anew.

    All else is the data set's own; its methods of a picture's number take that within this set.

    Attributes:
        classes: the names of the kept classes. of: how many classes the data set has.
    """

    def __init__(self, dataset, kept: list[int]):
        from . import Subset

        number = {k: n for n, k in enumerate(kept)}
        labels = [dataset.label(i) for i in range(len(dataset))]
        self.dataset = Subset(dataset, [i for i, label in enumerate(labels) if label in number])
        self.classes, self.of = [dataset.classes[k] for k in kept], len(dataset.classes)
        self._number = number

    def __len__(self) -> int:
        return len(self.dataset)

    def __getattr__(self, name: str):
        if name.startswith("_") or name == "dataset":  # pickle asks before there is a dataset
            raise AttributeError(name)
        return getattr(self.dataset, name)

    def label(self, i: int) -> int:
        """The new number of the class of picture i."""
        return self._number[self.dataset.label(i)]

    def __getitem__(self, i: int) -> Record:
        record = self.dataset[i]
        return replace(record, label=self._number[record.label])

    def __repr__(self) -> str:
        return f"{len(self.classes)} of {self.of} classes of {self.dataset!r}"


def complete_classes(*parts) -> list[int]:
    """The classes that have photos in every part of a data set, and miss none in any of them."""
    kept = set(range(len(parts[0].classes)))
    for images in parts:
        labels = np.array([images.label(i) for i in range(len(images))])
        there = photos_on_disk(images)
        kept &= set(labels[there].tolist()) - set(labels[~there].tolist())
    return sorted(kept)


def photos_on_disk(images) -> np.ndarray:
    """(N,) bool: whose photo is on the disk."""
    if not hasattr(images, "on_disk"):
        return np.ones(len(images), bool)
    return np.array([images.on_disk(i) for i in range(len(images))], bool)


def with_photos(*parts) -> list:
    """The parts of a data set with those classes alone whose photos are complete in all of them.

    Raises:
        MissingData: fewer than two classes are left.
    """
    kept = complete_classes(*parts)
    first = parts[0]
    if len(kept) < 2:
        raise MissingData(
            f"The photos of {len(kept)} of {len(first.classes)} classes of {first.name} are "
            f"complete in {getattr(first, 'folder', 'its folder')}; expected at least two. "
            "`python -m cam_utils doctor` says what is missing and where to get it."
        )
    return [p if len(kept) == len(first.classes) else OfClasses(p, kept) for p in parts]


def said(images) -> str:
    """Which classes a data set was reduced to, in words: "20 of 200 classes"; "" if to none."""
    of = getattr(images, "of", None)
    return f"{len(images.classes)} of {of} classes" if of else ""
