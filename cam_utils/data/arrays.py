"""Pictures in memory, seen as a data set."""

import warnings

import numpy as np
import torch
from PIL import Image

from ..errors import CamError
from ..hashes import digest
from .record import Record


class ArrayRecords:
    """Map-style data set of `Record`s without boxes.

    Args:
        images: (N, H, W, 3) uint8 RGB. labels: (N,) integers.

    Attributes:
        images: (N, 3, H, W) uint8, the same memory as was given. labels: (N,) int64.

    Raises:
        CamError: other shapes or types, or not one label for each picture.
    """

    name, split = "arrays", ""

    def __init__(self, images: np.ndarray, labels):
        labels = np.asarray(labels)
        if images.ndim != 4 or images.dtype != np.uint8 or len(images) != len(labels):
            raise CamError(
                f"Found images {images.dtype} {images.shape} and {len(labels)} labels; expected "
                "uint8 (N, H, W, 3) and N labels."
            )
        with warnings.catch_warnings():  # arrays may be read-only, and nothing is written here
            warnings.filterwarnings("ignore", message=".*not writable")
            tensor = torch.from_numpy(images)
        self.images = tensor.permute(0, 3, 1, 2)  # memory stays channels-last
        self.labels = labels.astype(np.int64)
        self.ids = [f"{i:06d}" for i in range(len(images))]

    def __len__(self) -> int:
        return len(self.ids)

    def label(self, i: int) -> int:
        """Class index of picture i."""
        return int(self.labels[i])

    def content(self) -> str:
        """Hash of all pixels."""
        return digest(np.ascontiguousarray(self._pixels()))

    def _pixels(self) -> np.ndarray:
        return self.images.permute(0, 2, 3, 1).numpy()  # (N, H, W, 3)

    def __getitem__(self, i: int) -> Record:
        none = np.zeros((0, 4), np.float32)
        return Record(self.ids[i], Image.fromarray(self._pixels()[i]), self.label(i), none)
