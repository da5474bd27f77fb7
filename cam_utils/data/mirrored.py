"""Every picture twice, as it is and mirrored: the augmentation that cached features allow."""

from dataclasses import replace

import numpy as np
from PIL import ImageOps

from .record import Record


class WithMirrored:
    """A data set of N records made 2 N: record N + i is record i, its left and right exchanged.

    Ids of mirrored records end in "/mirrored"; boxes, masks and parts are mirrored too.
    """

    def __init__(self, dataset):
        self.dataset = dataset
        self.name, self.split = f"{dataset.name}+mirrored", dataset.split
        self.classes = list(dataset.classes)
        self.ids = [*dataset.ids, *(f"{id}/mirrored" for id in dataset.ids)]

    def __len__(self) -> int:
        return len(self.ids)

    def label(self, i: int) -> int:
        """Class index of picture i; no picture is opened."""
        return self.dataset.label(i % len(self.dataset))

    def __getitem__(self, i: int) -> Record:
        record = self.dataset[i % len(self.dataset)]
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
