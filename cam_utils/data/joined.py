"""Several data sets as one pool of pictures, under one list of classes."""

from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import ImageOps

from ..errors import CamError, unknown
from .record import Record
from .subsets import Shown


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
        self.classes = list(classes)
        self.name = "+".join(data.name for data in datasets)
        self.split = "+".join(data.split for data in datasets)
        self.datasets, self.ids, self.repeated = list(datasets), [], []
        self._where: list[tuple] = []  # (data set, its number of the picture, its labels' new ones)
        seen: set[str] = set()
        for data, own in zip(datasets, labels, strict=True):
            names = [id.rsplit("/", 1)[-1] for id in data.ids]
            for i, (id, name) in enumerate(zip(data.ids, names, strict=True)):
                if name in seen:
                    self.repeated.append(f"{data.name}/{id}")
                    continue
                self.ids.append(f"{data.name}/{id}")
                self._where.append((data, i, own))
            seen.update(names)
        if all(hasattr(data, "path") for data in datasets):
            self.path = self._path

    def _path(self, i: int) -> Path:
        data, place, _ = self._where[i]
        return data.path(place)

    def __len__(self) -> int:
        return len(self.ids)

    def label(self, i: int) -> int:
        """Class index of picture i among `classes`, -1 if it has none; no picture is opened."""
        data, place, own = self._where[i]
        return _translated(data.label(place), own)

    def __getitem__(self, i: int) -> Record:
        data, place, own = self._where[i]
        record = data[place]
        labels = record.box_labels
        if labels is not None:
            labels = np.array([_translated(label, own) for label in labels])
        label = _translated(record.label, own)
        return replace(record, id=self.ids[i], label=label, box_labels=labels)

    def index(self, id: str) -> int:
        """The position of the picture with this id."""
        try:
            return self.ids.index(id)
        except ValueError:
            raise unknown("picture", id, self.ids) from None

    def __repr__(self) -> str:
        return " and ".join(repr(data) for data in self.datasets)


def _translated(label: int, own: list[int] | None) -> int:
    return int(label if own is None or label < 0 else own[label])


class InMemory(Shown):
    """A data set whose pictures are made once. For sets that several networks look at.

    Records lose their masks and parts, which would take more room than the pictures.
    """

    def __init__(self, dataset):
        super().__init__(dataset)
        self._kept: dict[int, Record] = {}

    def __getitem__(self, i: int) -> Record:
        if i not in self._kept:
            self._kept[i] = replace(self.dataset[i], masks=None, parts=None)
        return self._kept[i]

    def __repr__(self) -> str:
        return f"{self.dataset!r}, in memory"


class WithMirrored(Shown):
    """A data set of N records made 2 N: record N + i is record i, its left and right exchanged.

    Ids of mirrored records end in "/mirrored"; boxes, masks and parts are mirrored too. What else
    the data set says of places in a picture is not handed on.
    """

    handed_on = ("label", "path", "on_disk", "size", "many_readers")

    def __init__(self, dataset):
        super().__init__(dataset)
        self.name, self.split = f"{dataset.name}+mirrored", dataset.split
        self.classes = list(dataset.classes)
        self.ids = [*dataset.ids, *(f"{id}/mirrored" for id in dataset.ids)]

    def _at(self, i: int) -> int:
        return i % len(self.dataset)

    def __len__(self) -> int:
        return len(self.ids)

    def __getitem__(self, i: int) -> Record:
        record = super().__getitem__(i)
        return mirrored(record, self.ids[i]) if i >= len(self.dataset) else record

    def __repr__(self) -> str:
        return f"{self.dataset!r}, and mirrored"


def mirrored(record: Record, id: str) -> Record:
    """The record with left and right exchanged, under another id."""
    boxes = np.array(record.boxes, np.float32)
    boxes[:, [0, 2]] = record.image.width - boxes[:, [2, 0]]
    masks = None if record.masks is None else record.masks[:, :, ::-1].copy()
    parts = record.parts
    if parts is not None:
        parts = [{name: part[:, ::-1].copy() for name, part in some.items()} for some in parts]
    image = ImageOps.mirror(record.image)
    return replace(record, id=id, image=image, boxes=boxes, masks=masks, parts=parts)


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
