"""Imagenette: ten easily told ImageNet classes, small enough for a first real experiment."""

import csv
import os

import numpy as np

from ..errors import CamError, MissingData, unknown
from .base import PhotoFiles, half_open
from .files import data_root, list_images

SPLITS = ("val", "train")

FOLDERS = ("imagenette", "imagenette2", "imagenette2-320", "imagenette2-160", ".")

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


class Imagenette(PhotoFiles):
    """Photos in `<root>/imagenette*/{train,val}/<wnid>/`.

    Boxes come from an optional `val_boxes.csv` beside the two folders (columns file,
    original_width, original_height, xmin, ymin, xmax, ymax: ILSVRC's boxes, inclusive, in pixels
    of the original photo). They are made half-open first and then scaled, each axis by itself,
    to the size of the file on the disk, which may be shrunk or warped.

    Attributes:
        synsets: the ten wnids. imagenet_indices: their indices among the 1,000 of ILSVRC.

    Raises:
        MissingData: no photos under the root. CamError: unknown split; a damaged box list.
    """

    name = "imagenette"
    upright = False  # as for ILSVRC: boxes are in the pixels as stored

    synsets = tuple(CLASSES)
    imagenet_indices = tuple(index for _, index in CLASSES.values())

    def __init__(self, split: str = "val", root=None):
        if split not in SPLITS:
            raise unknown("split of imagenette", split, SPLITS)
        root = data_root(root)
        for home in (root / name for name in FOLDERS):
            folder = home / split
            present = [w for w in self.synsets if (folder / w).is_dir()]
            # relative to the split's folder: short, and the key of the box list
            paths = [p for wnid in present for p in list_images(folder / wnid)]
            files = [p.relative_to(folder).as_posix() for p in paths]
            if files:
                break
        else:
            raise MissingData(
                f"There are no Imagenette {split} photos under {root}. Expected "
                f"imagenette/{split}/n01440764/*.JPEG and so on for the ten classes. Get "
                "imagenette2-320.tgz (github.com/fastai/imagenette) and unpack it there."
            )
        labels = [self.synsets.index(f.split("/")[0]) for f in files]
        ids = [os.path.splitext(f)[0] for f in files]
        names = [name for name, _ in CLASSES.values()]
        super().__init__(folder, split, names, ids, files, labels)
        self._boxes = read_boxes(home / "val_boxes.csv") if split == "val" else {}

    def boxes(self, i: int) -> np.ndarray:
        boxes = self._boxes.get(self._files[i])
        if boxes is None:
            return super().boxes(i)
        width, height = self.size(i)
        sizes, inclusive = boxes[:, :2], boxes[:, 2:]
        # in float64, so that a box at the border ends at the border
        scaled = half_open(inclusive) * np.array([width, height] * 2) / np.tile(sizes, 2)
        return scaled.astype(np.float32)


def read_boxes(path) -> dict[str, np.ndarray]:
    """{file: (m, 6) int: original width and height, inclusive box}; empty without the file."""
    if not path.is_file():
        return {}
    columns = ["original_width", "original_height", "xmin", "ymin", "xmax", "ymax"]
    boxes: dict[str, list] = {}
    try:
        with open(path, newline="", encoding="utf-8") as file:
            for row in csv.DictReader(file):
                boxes.setdefault(row["file"], []).append([int(row[c]) for c in columns])
    except (KeyError, TypeError, ValueError) as error:
        raise CamError(
            f"{path} is damaged ({type(error).__name__}: {error}). Expected the columns file, "
            f"{', '.join(columns)} with whole numbers; restore or remove it."
        ) from error
    return {file: np.array(rows) for file, rows in boxes.items()}
