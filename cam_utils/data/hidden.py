"""A data set that keeps its truth back."""

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
