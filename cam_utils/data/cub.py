"""CUB-200-2011: birds of 200 species with a box each and the positions of 15 parts."""

import csv
from pathlib import Path

import numpy as np

from ..errors import CamError, unknown
from .base import PhotoFiles, half_open, inside
from .files import data_root
from .lists import absent, damaged, find_home, on_disk, read_lines, read_table, stem
from .sources import SOURCES

SOURCE = SOURCES["cub"]


class CUB(PhotoFiles):
    """Section 4.1, Table 4 and figure 7: 5,994 training and 5,794 test photos.

    The text files alone will do for labels, boxes and parts: every listed picture is in the set,
    whether or not its photo is on the disk, and opening one that is not raises `MissingData`. What
    needs pictures takes the classes whose photos are complete (`data.partial.with_photos`).

    `bounding_boxes.txt` gives x, y, width, height, pixels counted from 0 (73 boxes have x = 0).
    x + width is the last pixel inside: it is the photo's width - 1 in 131 of 11,788 rows, a
    peak as when boxes end at the border, its width in 14, and the same holds for y. So the
    half-open maximum is x + width + 1, as the WSOL benchmark reads it too. The 78 rows that leave
    the photo are cut off at its border, where its size is known: from `extra/image_sizes.csv`
    (columns image, width, height) if that is there, else from the header of the photo.

    Attributes:
        classes: "Black footed Albatross", … (`classes.txt` without its numbers).
        part_names: the 15 parts; empty without the folder parts/.
        missing: how many of the listed photos are not on the disk.

    Raises:
        MissingData: no lists. CamError: unknown split; lists damaged, cut off or of other photos.
    """

    name = "cub"
    upright = False  # boxes and parts are in the pixels as stored

    def __init__(self, split: str = "train", root=None):
        if split not in SOURCE.splits:
            raise unknown("split of cub", split, SOURCE.splits)
        home = find_home(data_root(root), SOURCE, "images.txt")
        files = _names(home / "images.txt")
        names = [n.split(".", 1)[-1].replace("_", " ") for n in _names(home / "classes.txt")]
        labels = _column(home / "image_class_labels.txt", "image class", len(files), len(names)) - 1
        train = _column(home / "train_test_split.txt", "image is_training", len(files), 1) == 1
        chosen = np.flatnonzero({"train": train, "test": ~train, "all": train | ~train}[split])
        if len(chosen) == 0:
            raise damaged(home / "train_test_split.txt", None, f"no {split} photo", "some of each")
        found = on_disk(home / "images", [files[i] for i in chosen])
        self._there = [f is not None for f in found]
        self.missing = found.count(None)
        spelled = [f or files[i] for f, i in zip(found, chosen, strict=True)]
        ids = [stem(files[i]) for i in chosen]
        super().__init__(home / "images", split, names, ids, spelled, labels[chosen])

        box = read_table(home / "bounding_boxes.txt", SOURCE, "image x y w h", len(files))[:, 1:]
        box[:, 2:] += box[:, :2]  # the last pixel inside
        self._boxes = half_open(box[chosen])
        sizes = read_sizes(home / "extra" / "image_sizes.csv")
        self._sizes = [sizes.get(files[i]) for i in chosen]
        self.part_names, points = _parts(home / "parts", len(files))
        self._points = None if points is None else points[chosen]

    def size(self, i: int) -> tuple[int, int]:
        return self._sizes[i] or super().size(i)

    def boxes(self, i: int) -> np.ndarray:
        if not self._sized(i):
            return self._boxes[i][None]
        return inside(self._boxes[i], self.size(i))

    def part_points(self, i: int) -> dict[str, tuple[float, float]]:
        """{part: (x, y)} of the visible parts of picture i, in its pixels, counted from 0.

        One point of the 11,788 photos lies beyond its photo; it is left out where sizes are known.

        Raises:
            MissingData: parts/part_locs.txt is not there.
        """
        if self._points is None:
            raise absent(SOURCE, f"list {self.folder.parent / 'parts' / 'part_locs.txt'}")
        width, height = self.size(i) if self._sized(i) else (np.inf, np.inf)
        return {
            part: (float(x), float(y))
            for part, (x, y, visible) in zip(self.part_names, self._points[i], strict=True)
            if visible and 0 <= x < width and 0 <= y < height
        }

    def on_disk(self, i: int) -> bool:
        return self._there[i]

    def _sized(self, i: int) -> bool:
        return self._sizes[i] is not None or self._there[i]

    def __getitem__(self, i: int):
        if not self._there[i]:
            raise absent(SOURCE, f"photo {self.path(i)}; {self._share()}")
        return super().__getitem__(i)

    def _share(self) -> str:
        return f"{len(self) - self.missing:,} of the {len(self):,} listed are there"

    def __repr__(self) -> str:
        kind = f"CUB({self.split}): lists of {len(self):,} photos in {self.folder.parent}"
        return f"{kind}; {self._share()}" if self.missing else super().__repr__()


def _names(path: Path) -> list[str]:
    """Lines "1 name", numbered 1, 2, … -> the names."""
    names = []
    for line, text in read_lines(path, SOURCE):
        number, _, name = text.partition(" ")
        if number != str(len(names) + 1) or not name.strip():
            raise damaged(path, line, repr(text[:80]), f"'{len(names) + 1} name'")
        names.append(name.strip())
    if not names:
        raise damaged(path, None, "no line", "'1 name' and so on")
    return names


def _column(path: Path, columns: str, rows: int, largest: int) -> np.ndarray:
    """The second of two columns as (n,) int64, whole numbers up to `largest`."""
    table = read_table(path, SOURCE, columns, rows)
    bad = (table[:, 1] > largest) | (table[:, 1] < 0) | (table[:, 0] != np.arange(1, rows + 1))
    bad |= table[:, 1] % 1 != 0
    if bad.any():
        row = int(bad.argmax())
        expected = f"image {row + 1} and a whole number up to {largest}"
        raise damaged(path, row + 1, " ".join(f"{v:g}" for v in table[row]), expected)
    return table[:, 1].astype(np.int64)


def _parts(folder: Path, n: int) -> tuple[list[str], np.ndarray | None]:
    """The names of the parts and (n, parts, 3): x, y, visible."""
    if not (folder / "part_locs.txt").is_file():
        return [], None
    names = _names(folder / "parts.txt")
    path = folder / "part_locs.txt"
    table = read_table(path, SOURCE, "image part x y visible", n * len(names))
    image, part = np.divmod(np.arange(len(table)), len(names))
    bad = (table[:, 0] != image + 1) | (table[:, 1] != part + 1)
    if bad.any():
        row = int(bad.argmax())
        expected = f"image {image[row] + 1}, part {part[row] + 1}"
        raise damaged(path, row + 1, f"image {table[row, 0]:g}, part {table[row, 1]:g}", expected)
    return names, table[:, 2:].reshape(n, len(names), 3)


def read_sizes(path: Path) -> dict[str, tuple[int, int]]:
    """{image: (width, height)}; empty without the file."""
    try:
        with open(path, newline="", encoding="utf-8") as file:
            rows = csv.DictReader(file)
            return {r["image"]: (int(r["width"]), int(r["height"])) for r in rows}
    except FileNotFoundError:
        return {}
    except (KeyError, TypeError, ValueError) as error:
        raise CamError(
            f"{path} is damaged ({type(error).__name__}: {error}). Expected the columns image, "
            "width, height with whole numbers; restore or remove it."
        ) from error
