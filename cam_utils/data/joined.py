"""Several data sets as one pool of pictures, under one list of classes."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from ..errors import CamError
from .record import Record


class Joined:
    """Map-style data set of the `Record`s of several, one after the other.

    Ids are "<data set>/<id>". A picture that two sets have (equal last part of the id, which for
    photos is the file's name) counts once, with the first.

    Args:
        datasets: data sets of `open_images`.
        labels: for each of them a list that turns its labels into those of `classes`, or None
            where they are these already.
        classes: the class names of the whole.

    Attributes:
        path: where picture i lies, if all the data sets are files.
        repeated: ids that were left out because an earlier set has the picture.

    Raises:
        CamError: as many lists of labels as data sets are needed, and one label for each class.
    """

    def __init__(self, datasets: list, labels: list, classes: list[str]):
        if len(datasets) != len(labels) or not datasets:
            raise CamError(
                f"Found {len(datasets)} data sets and {len(labels)} lists of labels; expected one "
                "list (or None) for each."
            )
        for data, own in zip(datasets, labels, strict=True):
            count = len(classes) if own is None else len(own)
            if count != len(data.classes):
                raise CamError(
                    f"{data.name} has {len(data.classes)} classes, but {count} labels were given "
                    "for them; expected one for each."
                )
        self.datasets, self.classes = list(datasets), list(classes)
        self.name = "+".join(data.name for data in datasets)
        self.split = "+".join(data.split for data in datasets)
        self._labels, self._where = list(labels), []
        self.ids: list[str] = []
        self.repeated: list[str] = []
        seen: set[str] = set()
        for number, data in enumerate(datasets):
            names = [id.rsplit("/", 1)[-1] for id in data.ids]
            for i, (id, name) in enumerate(zip(data.ids, names, strict=True)):
                if name in seen:
                    self.repeated.append(f"{data.name}/{id}")
                    continue
                self.ids.append(f"{data.name}/{id}")
                self._where.append((number, i))
            seen.update(names)
        if all(hasattr(data, "path") for data in datasets):
            self.path = self._path

    def _path(self, i: int) -> Path:
        number, place = self._where[i]
        return self.datasets[number].path(place)

    def __len__(self) -> int:
        return len(self.ids)

    def label(self, i: int) -> int:
        """Class index of picture i among `classes`, -1 if it has none; no picture is opened."""
        number, place = self._where[i]
        return self._translated(number, self.datasets[number].label(place))

    def _translated(self, number: int, label: int) -> int:
        own = self._labels[number]
        return int(label) if own is None or label < 0 else int(own[label])

    def __getitem__(self, i: int) -> Record:
        number, place = self._where[i]
        record = self.datasets[number][place]
        labels = record.box_labels
        if labels is not None:
            labels = np.array([self._translated(number, int(v)) for v in labels])
        label = self._translated(number, record.label)
        return replace(record, id=self.ids[i], label=label, box_labels=labels)

    def index(self, id: str) -> int:
        """The position of the picture with this id."""
        if id not in self.ids:
            raise CamError(f"{self.name} has no picture {id!r}; ids are like {self.ids[0]}.")
        return self.ids.index(id)

    def __repr__(self) -> str:
        return " and ".join(repr(data) for data in self.datasets)
