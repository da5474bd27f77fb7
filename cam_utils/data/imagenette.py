"""Imagenette: ten easily told ImageNet classes, small enough for a first real experiment."""

import numpy as np

from .lists import read_csv
from .reader import SourcePhotos
from .regions import half_open

CLASSES = {
    "n01440764": ("tench", 0),
    "n02102040": ("English springer", 217),
    "n02979186": ("cassette player", 482),
    "n03000684": ("chain saw", 491),
    "n03028079": ("church", 497),
    "n03394916": ("French horn", 566),
    "n03417042": ("garbage truck", 569),
    "n03425413": ("gas pump", 571),
    "n03445777": ("golf ball", 574),
    "n03888257": ("parachute", 701),
}

COLUMNS = "file original_width original_height xmin ymin xmax ymax"


class Imagenette(SourcePhotos):
    """Photos in `<root>/imagenette*/{train,val}/<wnid>/`.

    Boxes come from an optional `val_boxes.csv` beside the two folders (with the columns above:
    ILSVRC's boxes, inclusive, in pixels of the original photo). They are made half-open first and
    then scaled, each axis by itself, to the size of the file on the disk, which may be shrunk or
    warped.

    Attributes:
        synsets: the ten wnids. imagenet_indices: their indices among the 1,000 of ILSVRC.
    """

    upright = False  # as for ILSVRC: boxes are in the pixels as stored

    synsets = tuple(CLASSES)
    imagenet_indices = tuple(index for _, index in CLASSES.values())

    def __init__(self, name: str, split: str, root=None):
        super().__init__(name, split, root)
        rows = read_csv(self.home / "val_boxes.csv", COLUMNS) if split == "val" else []
        self._boxes: dict[str, list] = {}
        for file, row in rows:
            self._boxes.setdefault(file, []).append(row)

    def _class_folders(self) -> list[str]:
        return list(CLASSES)

    def _readable(self, folder: str) -> str:
        return CLASSES[folder][0]

    def boxes(self, i: int) -> np.ndarray:
        if self._files[i] not in self._boxes:
            return super().boxes(i)
        width, height = self.size(i)
        rows = np.array(self._boxes[self._files[i]])
        sizes, inclusive = rows[:, :2], rows[:, 2:]
        # in float64, so that a box at the border ends at the border
        scaled = half_open(inclusive) * np.array([width, height] * 2) / np.tile(sizes, 2)
        return scaled.astype(np.float32)

    def notes(self) -> list[str]:
        boxed = sum(len(self._boxes.get(file, ())) for file in self._files)
        boxes = f"{boxed:,} boxes" if boxed else "no boxes"
        return [*super().notes(), *([boxes] if self.split == "val" else [])]
