"""Data sets of which only some photos are there: lists stay whole, classes are complete or not.

Labels, boxes and sizes need no photo, so the records of a list are all there. What needs pictures
takes the classes of which every listed photo is on the disk: `with_photos`.
"""

from dataclasses import replace

import numpy as np

from ..errors import MissingData
from .record import Record
from .subsets import Subset


class OfClasses(Subset):
    """The pictures of some classes of a data set, which are numbered anew.

    Attributes:
        classes: the names of the kept classes. of: how many classes the data set has.
    """

    def __init__(self, dataset, kept: list[int]):
        self._number = {k: n for n, k in enumerate(kept)}
        labels = [dataset.label(i) for i in range(len(dataset))]
        super().__init__(dataset, [i for i, label in enumerate(labels) if label in self._number])
        self.classes, self.of = [dataset.classes[k] for k in kept], len(dataset.classes)

    def label(self, i: int) -> int:
        """The new number of the class of picture i."""
        return self._number[self.dataset.label(self._at(i))]

    @property
    def incomplete(self) -> frozenset[int]:
        """The kept classes of which a listed picture is not on the disk, by their new numbers."""
        lacking = getattr(self.dataset, "incomplete", ())
        return frozenset(self._number[k] for k in lacking if k in self._number)

    def __getitem__(self, i: int) -> Record:
        record = super().__getitem__(i)
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
        kept -= getattr(images, "incomplete", frozenset())  # of photos that were left out
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
