"""CUB-200-2011: birds of 200 species with a box each and the positions of 15 parts."""

from pathlib import Path

import numpy as np

from .lists import absent, damaged, find_home, read_columns, read_csv, read_lines
from .reader import Listing, SourcePhotos
from .regions import half_open, inside

SIZES = "image width height"  # columns of extra/image_sizes.csv


class CUB(SourcePhotos):
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

    Raises:
        MissingData: no lists. CamError: lists damaged, cut off or of other photos.
    """

    whole_lists = True
    upright = False  # boxes and parts are in the pixels as stored

    def _listing(self, root: Path) -> Listing:
        self.home = home = find_home(root, self.source, self.split)
        files = self._names(home / "images.txt")
        names = [n.split(".", 1)[-1].replace("_", " ") for n in self._names(home / "classes.txt")]
        n = len(files)
        labels = self._numbers(home / "image_class_labels.txt", "image class", n, len(names)) - 1
        is_training = self._numbers(home / "train_test_split.txt", "image is_training", n, 1) == 1
        wanted = {"train": is_training, "test": ~is_training, "all": np.ones(n, bool)}
        chosen = np.flatnonzero(wanted[self.split])
        if len(chosen) == 0:
            path = home / "train_test_split.txt"
            raise damaged(path, None, f"no {self.split} photo", "some of each")
        box = read_columns(home / "bounding_boxes.txt", self.source, "image x y w h", n)[:, 1:]
        box[:, 2:] += box[:, :2]  # the last pixel inside
        boxes, sizes = half_open(box), dict(read_csv(home / "extra/image_sizes.csv", SIZES))
        points = self._parts_of(home / "parts", n)
        known = [(boxes[i], sizes.get(files[i]), points[i]) for i in chosen]
        return Listing(home / "images", [files[i] for i in chosen], names, labels[chosen], known)

    def size(self, i: int) -> tuple[int, int]:
        listed = self._known[i][1]
        return tuple(listed) if listed else super().size(i)

    def boxes(self, i: int) -> np.ndarray:
        box = self._known[i][0][None]
        return inside(box, self.size(i)) if self._sized(i) else box

    def part_points(self, i: int) -> dict[str, tuple[float, float]]:
        """{part: (x, y)} of the visible parts of picture i, in its pixels, counted from 0.

        One point of the 11,788 photos lies beyond its photo; it is left out where sizes are known.

        Raises:
            MissingData: parts/part_locs.txt is not there.
        """
        points = self._known[i][2]
        if points is None:
            raise absent(self.source, f"list {self.home / 'parts' / 'part_locs.txt'}")
        width, height = self.size(i) if self._sized(i) else (np.inf, np.inf)
        return {
            part: (float(x), float(y))
            for part, (x, y, visible) in zip(self.part_names, points, strict=True)
            if visible and 0 <= x < width and 0 <= y < height
        }

    def _sized(self, i: int) -> bool:
        return self._known[i][1] is not None or self.on_disk(i)

    # ------------------------------------------------------------ lists

    def _names(self, path: Path) -> list[str]:
        """Lines "1 name", numbered 1, 2, … -> the names."""
        names = []
        for line, text in read_lines(path, self.source):
            number, _, name = text.partition(" ")
            if number != str(len(names) + 1) or not name.strip():
                raise damaged(path, line, repr(text[:80]), f"'{len(names) + 1} name'")
            names.append(name.strip())
        if not names:
            raise damaged(path, None, "no line", "'1 name' and so on")
        return names

    def _numbers(self, path: Path, columns: str, rows: int, largest: int) -> np.ndarray:
        """The second of two columns as (n,) int64, whole numbers up to `largest`."""
        table = read_columns(path, self.source, columns, rows)
        bad = (table[:, 1] > largest) | (table[:, 1] < 0) | (table[:, 1] % 1 != 0)
        bad |= table[:, 0] != np.arange(1, rows + 1)
        if bad.any():
            row = int(bad.argmax())
            expected = f"image {row + 1} and a whole number up to {largest}"
            raise damaged(path, row + 1, " ".join(f"{v:g}" for v in table[row]), expected)
        return table[:, 1].astype(np.int64)

    def _parts_of(self, folder: Path, n: int) -> np.ndarray | list[None]:
        """(n, parts, 3): x, y, visible of each picture's parts; None of each without the list."""
        self.part_names, path = [], folder / "part_locs.txt"
        if not path.is_file():
            return [None] * n
        self.part_names = self._names(folder / "parts.txt")
        count = len(self.part_names)
        table = read_columns(path, self.source, "image part x y visible", n * count)
        image, part = np.divmod(np.arange(len(table)), count)
        bad = (table[:, 0] != image + 1) | (table[:, 1] != part + 1)
        if bad.any():
            row = int(bad.argmax())
            found = f"image {table[row, 0]:g}, part {table[row, 1]:g}"
            raise damaged(path, row + 1, found, f"image {image[row] + 1}, part {part[row] + 1}")
        return table[:, 2:].reshape(n, count, 3)
