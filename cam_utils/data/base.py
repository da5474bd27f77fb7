"""What the data sets that are files on a disk have in common."""

from difflib import get_close_matches
from pathlib import Path

import numpy as np

from ..errors import CamError
from .files import open_rgb
from .record import Record


def half_open(inclusive) -> np.ndarray:
    """Boxes whose maxima are the last pixel inside -> (m, 4) float32 xyxy, half-open."""
    boxes = np.array(inclusive, np.float32).reshape(-1, 4)
    boxes[:, 2:] += 1
    return boxes


def unknown(kind: str, given, known) -> CamError:
    """The error for a name that is not among `known`, with the closest one as a hint."""
    known = [str(k) for k in known]
    by_lower = {k.lower(): k for k in known}
    close = get_close_matches(str(given).lower(), by_lower, n=1)
    hint = f" Did you mean {by_lower[close[0]]!r}?" if close else ""
    shown = ", ".join(known[:20]) + (f", … ({len(known):,} in all)" if len(known) > 20 else "")
    return CamError(f"There is no {kind} {given!r}.{hint} Known: {shown}.")


class PhotoFiles:
    """A map-style data set of `Record`s over picture files; nothing is decoded before it is asked.

    Attributes:
        name, split: as given to `open_images`.
        classes: readable class names; `label` indexes them.
        ids: one string for each picture, unique.
        folder: where the files lie.
    """

    name = "files"
    upright = True  # apply EXIF rotation; off where the boxes are in the pixels as stored

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

    def boxes(self, i: int) -> np.ndarray:
        """(m, 4) float32 xyxy of picture i, half-open, in its pixels; nothing is decoded."""
        return np.zeros((0, 4), np.float32)

    def index(self, id: str) -> int:
        """The position of the picture with this id."""
        try:
            return self.ids.index(id)
        except ValueError:
            raise unknown("picture", id, self.ids) from None

    def __getitem__(self, i: int) -> Record:
        image = open_rgb(self.path(i), self.upright)
        return Record(self.ids[i], image, self.label(i), self.boxes(i))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.split}): {len(self):,} pictures in {self.folder}"
