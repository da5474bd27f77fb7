"""Data sets that keep something back, or keep something ready: wrappers around any other."""

from dataclasses import replace

import numpy as np

from .record import Record


class HiddenTruth:
    """The pictures of a data set and nothing else: what a method may see of test images.

    Every record has the label -1, no boxes, no masks and no parts, and nothing else of the data
    set can be reached through it but its class names, ids and files. What is computed from it
    cannot depend on a test label or a test box.
    """

    def __init__(self, dataset):
        self.__dataset = dataset
        self.name, self.split = f"{dataset.name}, truth hidden", dataset.split
        self.classes, self.ids = list(dataset.classes), list(dataset.ids)
        if hasattr(dataset, "path"):  # caches ask for the files' times, errors for their names
            self.path = dataset.path

    def __len__(self) -> int:
        return len(self.ids)

    def __getitem__(self, i: int) -> Record:
        record = self.__dataset[i]
        return Record(record.id, record.image, -1, np.zeros((0, 4), np.float32))

    def label(self, i: int) -> int:
        """-1 for every picture."""
        return -1

    def boxes(self, i: int) -> np.ndarray:
        """(0, 4) for every picture."""
        return np.zeros((0, 4), np.float32)

    def __repr__(self) -> str:
        return f"{len(self):,} pictures without labels and boxes"


class Remembered:
    """A data set whose pictures are drawn or decoded once; up to a limit they stay in memory.

    For pictures that several passes need. Masks and parts are left out, which are several times
    as large; all else is the data set's own. Records are handed out again as they are: do not
    change them.

    Args:
        megabytes: of pixels kept; later pictures are made anew each time.
    """

    def __init__(self, dataset, megabytes: float = 512):
        self.dataset, self._left, self._kept = dataset, megabytes * 1e6, {}

    def __len__(self) -> int:
        return len(self.dataset)

    def __getitem__(self, i: int) -> Record:
        i = range(len(self))[i]  # one entry for -1 and the last
        if i in self._kept:
            return self._kept[i]
        record = replace(self.dataset[i], masks=None, parts=None)
        size = 3 * record.image.width * record.image.height
        if size <= self._left:
            self._left -= size
            self._kept[i] = record
        return record

    def __getattr__(self, name: str):
        if name.startswith("_") or name == "dataset":  # pickle asks before there is a dataset
            raise AttributeError(name)
        return getattr(self.dataset, name)

    def __repr__(self) -> str:
        return f"{self.dataset!r}, kept in memory"
