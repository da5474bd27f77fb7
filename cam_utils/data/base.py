"""What the data sets that are files on a disk have in common."""

from pathlib import Path

import numpy as np

from ..errors import BrokenImage, MissingData, unknown
from ..pictures import open_header, open_rgb
from .record import Record

_ORIENTATION = 0x0112  # the EXIF tag; from 5 on width and height are exchanged


class PhotoFiles:
    """A map-style data set of `Record`s over picture files; nothing is decoded before it is asked.

    Attributes:
        name, split: as given to `open_images`.
        classes: readable class names; `label` indexes them.
        ids: one string for each picture, unique.
        folder: where the files lie.
        missing: how many pictures are listed but not on the disk (most readers leave them out).
        incomplete: the classes of which a listed picture is not on the disk.
    """

    name = "files"
    many_readers = True  # several threads may decode at once
    upright = True  # apply EXIF rotation; off where the boxes are in the pixels as stored
    objects_in_scenes = False  # boxes are objects of several kinds, `label` is the scene
    missing = 0
    incomplete: frozenset[int] = frozenset()

    def __init__(self, folder, split: str, classes, ids, files, labels=None):
        self.folder, self.split = Path(folder), split
        self.classes, self.ids = list(classes), list(ids)
        self._files = list(files)  # relative to the folder: short, and cheap to send to workers
        self._labels = np.full(len(self.ids), -1) if labels is None else np.asarray(labels)

    def __len__(self) -> int:
        return len(self.ids)

    def path(self, i: int) -> Path:
        return self.folder / self._files[i]

    def label(self, i: int) -> int:
        """Class index of picture i, -1 if it has none; no picture is opened."""
        return int(self._labels[i])

    def on_disk(self, i: int) -> bool:
        """Whether the file of picture i is there; readers that leave out what is not say yes."""
        return True

    def boxes(self, i: int) -> np.ndarray:
        """(m, 4) float32 xyxy of picture i, half-open, in its pixels; nothing is decoded."""
        return np.zeros((0, 4), np.float32)

    def size(self, i: int) -> tuple[int, int]:
        """(width, height) of picture i, the frame of its boxes; reads the file's header only.

        Raises:
            MissingData: there is no such file. BrokenImage: its header cannot be read.
        """
        path = self.path(i)
        try:
            with open_header(path) as image:
                turned = self.upright and image.getexif().get(_ORIENTATION, 1) >= 5
                return image.size[::-1] if turned else image.size
        except FileNotFoundError:
            raise MissingData(
                f"There is no picture {path}. Check the path; for a data set, unpack it again."
            ) from None
        except BrokenImage:
            raise
        except (OSError, SyntaxError, ValueError) as error:
            raise BrokenImage(path, str(error) or type(error).__name__) from error

    def index(self, id: str) -> int:
        """The position of the picture with this id."""
        try:
            return self.ids.index(id)
        except ValueError:
            raise unknown("picture", id, self.ids) from None

    def notes(self) -> list[str]:
        """What else is to be known of what was found, in words."""
        return []

    def __getitem__(self, i: int) -> Record:
        image = open_rgb(self.path(i), self.upright)
        return Record(self.ids[i], image, self.label(i), self.boxes(i))

    def __repr__(self) -> str:
        found = f"{self.name} {self.split}: {len(self):,} pictures in {self.folder}"
        return "; ".join([found, *self.notes()])
