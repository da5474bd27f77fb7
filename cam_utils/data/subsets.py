"""Data sets that show the pictures of another: the base of them all, and subsets."""

from inspect import signature

import numpy as np

from ..errors import CamError
from .record import Record


class Shown:
    """A data set of the pictures of another; what it does not say itself, the other one does.

    Methods of a picture's number, which data sets call `i`, take the number in this one:
    `_at(i)` turns it into the other's. By itself it shows every picture as it is.

    Attributes:
        dataset: the other one.
        handed_on: the names that are asked of it; None: all.
    """

    handed_on: tuple[str, ...] | None = None

    def __init__(self, dataset):
        self.dataset = dataset

    def _at(self, i: int) -> int:
        return i

    def __len__(self) -> int:
        return len(self.dataset)

    def __getitem__(self, i: int) -> Record:
        return self.dataset[self._at(i)]

    def __getattr__(self, name: str):
        if name.startswith("_") or name == "dataset":  # pickle asks before there is a dataset
            raise AttributeError(name)
        if self.handed_on is not None and name not in self.handed_on:
            raise AttributeError(f"{type(self).__name__} has no {name!r}")
        value = getattr(self.dataset, name)  # classes, name, split, …
        if callable(value) and next(iter(signature(value).parameters), "") == "i":
            return lambda i: value(self._at(i))  # path, label, boxes, questions, …
        return value


class Subset(Shown):
    """Some records of a data set, in a given order; all else is the data set's own."""

    def __init__(self, dataset, indices):
        super().__init__(dataset)
        self.indices = [int(i) for i in indices]

    def _at(self, i: int) -> int:
        return self.indices[i]

    def __len__(self) -> int:
        return len(self.indices)

    @property
    def ids(self) -> list[str]:
        ids = self.dataset.ids
        return [ids[i] for i in self.indices]

    def index(self, id: str) -> int:
        """The position of the picture with this id, within the subset."""
        return self.indices.index(self.dataset.index(id))

    def __repr__(self) -> str:
        return f"{len(self):,} of {self.dataset!r}"


def subset(dataset, n: int, seed: int = 0) -> Subset:
    """A view of `n` records drawn without replacement; n = 0, or too many: all of them.

    Equal (n, seed) and equal length give equal records; their order is that of the data set.
    """
    if n < 0:
        raise CamError(f"The number of pictures is {n}; expected 0 (all) or more.")
    size = len(dataset)
    if n == 0 or n >= size:
        return Subset(dataset, range(size))
    chosen = np.random.default_rng(seed).choice(size, n, replace=False)
    return Subset(dataset, np.sort(chosen))
