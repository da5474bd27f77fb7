"""Square tiles of pictures, at several scales: more pictures where there are few."""

import numpy as np

from ..errors import CamError
from ..hashes import digest
from ..identity import content
from .record import Record
from .subsets import Shown


class Tiles(Shown):
    """Every picture of a data set cut into overlapping squares; tiles have no label and no boxes.

    Args:
        sides: of the tiles, as fractions of each picture's shorter side.
        step: from one tile to the next, at most this fraction of a tile's side; the first and the
            last one touch the picture's border.

    Ids are "cat@64,0+180": the picture, the left and upper corner, the side, in pixels.
    """

    handed_on = ("name", "split", "classes")

    def __init__(self, dataset, sides=(1.0, 0.6, 0.4), step: float = 0.5):
        if not all(0 < side <= 1 for side in sides) or not 0 < step <= 1:
            raise CamError(f"Found sides={sides}, step={step}; expected fractions, 0 to 1.")
        super().__init__(dataset)
        self.squares = [
            (i, *square)
            for i in range(len(dataset))
            for square in _squares(dataset[i].image.size, sides, step)
        ]

    def _at(self, i: int) -> int:
        return self.squares[i][0]

    def __len__(self) -> int:
        return len(self.squares)

    @property
    def ids(self) -> list[str]:
        names = self.dataset.ids
        return [f"{names[i]}@{x},{y}+{side}" for i, x, y, side in self.squares]

    def label(self, i: int) -> int:
        return -1

    def content(self) -> str:
        """What the tiles depend on beside their ids."""
        return digest(content(self.dataset).encode(), str(self.squares).encode())

    def __getitem__(self, i: int) -> Record:
        at, x, y, side = self.squares[i]
        image = self.dataset[at].image.crop((x, y, x + side, y + side))
        return Record(self.ids[i], image, -1, np.zeros((0, 4), np.float32))

    def __repr__(self) -> str:
        return f"{len(self):,} tiles of {self.dataset!r}"


def _squares(size: tuple[int, int], sides, step: float):
    """(x, y, side) of all tiles of a picture of `size` (width, height), pixels."""
    for fraction in sides:
        side = max(1, round(fraction * min(size)))
        xs, ys = (
            np.linspace(0, length - side, 1 + int(np.ceil((length - side) / (step * side))))
            for length in size
        )
        yield from ((round(float(x)), round(float(y)), side) for y in ys for x in xs)
