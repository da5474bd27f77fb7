"""Street photos with the places of their words: Street View Text and ICDAR 2015."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from .files import is_picture
from .lists import damaged, find_list, read_lines, read_xml
from .reader import Row, SourcePhotos
from .record import Record
from .regions import hulls, polygon_masks, shows
from .sources import Part

UNREADABLE = "###"


@dataclass(frozen=True)
class Word:
    """A word in a photo: what it says, and its box or quadrilateral as (4, 2) points x, y."""

    text: str
    points: np.ndarray


class TextPhotos(SourcePhotos):
    """Photos of one class, "text", whose boxes are its words (figure 11).

    Words that lie beyond the photo altogether are left out, others are cut off at its border.
    """

    upright = False  # boxes are in the pixels as stored

    def _class_folders(self) -> list[str]:
        return ["text"]

    def _listed_words(self, i: int) -> list[Word]:
        """The words of photo i as its list has them."""
        raise NotImplementedError

    def _words(self, i: int) -> list[Word]:
        size = self.size(i)
        return [word for word in self._listed_words(i) if shows(word.points, size)]

    def words(self, i: int) -> tuple[str, ...]:
        """What each box says; "###" where nobody can read it."""
        return tuple(word.text for word in self._words(i))

    def readable(self, i: int) -> np.ndarray:
        """(m,) bool: the boxes whose word can be read."""
        return np.array([word.text != UNREADABLE for word in self._words(i)], bool)

    def quads(self, i: int) -> np.ndarray:
        """(m, 4, 2) float32 points x, y of each word, round it from its upper left; not cut off."""
        points = [word.points for word in self._words(i)]
        return np.array(points, np.float32).reshape(-1, 4, 2)

    def boxes(self, i: int) -> np.ndarray:
        return hulls(self.quads(i), self.size(i))


class SVT(TextPhotos):
    """Street View Text: `train.xml`, `test.xml` with rectangles x, y, width, height of words.

    Each list names its photos (`img/14_03.jpg`); "all" is train, then test. A rectangle's last
    pixel is x + width - 1.
    """

    def _rows(self, part: Part, folders: list[str]) -> list[Row]:
        lists = [find_list(self.home, self.source, name) for name in part.lists]
        words = {photo: words for path in lists for photo, words in self._read(path)}
        return [Row(photo, "text", some) for photo, some in words.items()]

    def _read(self, path: Path) -> list[tuple[str, list[Word]]]:
        """(photo, its words) of each photo of a list."""
        photos = []
        for node in read_xml(path, self.source).iter("image"):
            name = (node.findtext("imageName") or "").strip()
            words = []
            for box in node.iter("taggedRectangle"):
                try:
                    x, y, w, h = (float(box.get(key)) for key in ("x", "y", "width", "height"))
                except (TypeError, ValueError):
                    w = 0
                if not name or w < 1 or h < 1:
                    found = f"the rectangle {dict(box.attrib)} of photo {name!r}"
                    raise damaged(path, None, found, "x, y, width and height of a word")
                corners = [(x, y), (x + w - 1, y), (x + w - 1, y + h - 1), (x, y + h - 1)]
                words.append(Word((box.findtext("tag") or "").strip(), np.array(corners)))
            photos.append((name, words))
        if not photos:
            raise damaged(path, None, "no <image>", "one for each photo")
        return photos

    def _listed_words(self, i: int) -> list[Word]:
        return self._known[i]


class ICDAR2015(TextPhotos):
    """Incidental scene text: `gt_img_1.txt` beside `img_1.jpg`, a quadrilateral and a word a line.

    Archives of the challenge: `ch4_training_images/` with
    `ch4_training_localization_transcription_gt/`, `ch4_test_images/` with
    `Challenge4_Test_Task1_GT/`. A part of it may lie in plain `images/` and `gt/`; that is "all".
    Records have the masks of the quadrilaterals.

    Raises:
        CamError: (when the photo's words are asked for) a damaged list.
    """

    def _walk(self, part: Part, folders: list[str]) -> list[tuple[str, str]]:
        photos = [p.name for p in (self.home / part.photos).glob("img_*") if is_picture(p.name)]
        return [(name, "text") for name in sorted(photos, key=_number)]

    def _listed_words(self, i: int) -> list[Word]:
        path = self.home / self._known[i]
        words = []
        for line, text in read_lines(path, self.source):
            *numbers, word = text.split(",", 8)  # the word may have commas of its own
            try:
                points = np.array([float(n) for n in numbers]).reshape(4, 2)
            except ValueError:
                raise damaged(path, line, repr(text[:80]), "'x1,y1,…,x4,y4,word'") from None
            words.append(Word(word, points))
        return words

    def __getitem__(self, i: int) -> Record:
        record = super().__getitem__(i)
        return replace(record, masks=polygon_masks(self.quads(i), record.image.size))


def _number(name: str) -> tuple[int, str]:
    digits = Path(name).stem.rpartition("_")[2]
    return (int(digits) if digits.isdigit() else 0), name
