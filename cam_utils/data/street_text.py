"""Street photos with the places of their words: Street View Text and ICDAR 2015."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from ..errors import unknown
from .base import PhotoFiles, inside
from .files import data_root
from .lists import absent, damaged, find_home, present, read_lines, read_xml, stem
from .polygons import hull, polygon_masks, shows
from .record import Record
from .sources import SOURCES

UNREADABLE = "###"

# ICDAR: (photos, word lists) of each split as the archives are called; then the plain layout
FOLDERS = {
    "train": ("ch4_training_images", "ch4_training_localization_transcription_gt"),
    "test": ("ch4_test_images", "Challenge4_Test_Task1_GT"),
}

PLAIN = ("images", "gt")


@dataclass(frozen=True)
class Word:
    """A word in a photo: what it says, and its box or quadrilateral as (4, 2) points x, y."""

    text: str
    points: np.ndarray


class TextPhotos(PhotoFiles):
    """Photos of one class, "text", whose boxes are its words (figure 11).

    Words that lie beyond the photo altogether are left out, others are cut off at its border.
    """

    upright = False  # boxes are in the pixels as stored

    def __init__(self, folder, split: str, ids, files):
        super().__init__(folder, split, ["text"], ids, files, np.zeros(len(files), int))

    def _listed(self, i: int) -> list[Word]:
        """The words of photo i as its list has them."""
        raise NotImplementedError

    def _words(self, i: int) -> list[Word]:
        size = self.size(i)
        return [word for word in self._listed(i) if shows(word.points, size)]

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
        hulls = [hull(points) for points in self.quads(i)]
        return inside(np.array(hulls).reshape(-1, 4), self.size(i))


class SVT(TextPhotos):
    """Street View Text: `train.xml`, `test.xml` with rectangles x, y, width, height of words.

    Each list names its photos (`img/14_03.jpg`); "all" is train, then test. A rectangle's last
    pixel is x + width - 1.

    Raises:
        MissingData: no list or no photos. CamError: unknown split; a damaged list.
    """

    name = "svt"

    def __init__(self, split: str = "train", root=None):
        source = SOURCES[self.name]
        if split not in source.splits:
            raise unknown("split of svt", split, source.splits)
        home = find_home(data_root(root), source, "train.xml", "test.xml")
        listed: dict[str, list[Word]] = {}
        for part in ("train", "test") if split == "all" else (split,):
            listed |= _svt_words(home / f"{part}.xml", source)
        kept, found = present(home, list(listed), source)
        self.missing = len(listed) - len(kept)
        words = list(listed.values())
        self._all = [words[k] for k in kept]
        super().__init__(home, split, [stem(f) for f in found], found)

    def _listed(self, i: int) -> list[Word]:
        return self._all[i]


def _svt_words(path: Path, source) -> dict[str, list[Word]]:
    """{photo: its words}."""
    photos = {}
    for node in read_xml(path, source).iter("image"):
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
        photos[name] = words
    if not photos:
        raise damaged(path, None, "no <image>", "one for each photo")
    return photos


class ICDAR2015(TextPhotos):
    """Incidental scene text: `gt_img_1.txt` beside `img_1.jpg`, a quadrilateral and a word a line.

    Archives of the challenge: `ch4_training_images/` with
    `ch4_training_localization_transcription_gt/`, `ch4_test_images/` with
    `Challenge4_Test_Task1_GT/`. A part of it may lie in plain `images/` and `gt/`; that is "all".
    Records have the masks of the quadrilaterals.

    Raises:
        MissingData: no photos, or none with a list. CamError: unknown split; a damaged list (when
            the photo's words are asked for).
    """

    name = "icdar2015"

    def __init__(self, split: str = "train", root=None):
        source = SOURCES[self.name]
        if split not in source.splits:
            raise unknown("split of icdar2015", split, source.splits)
        markers = [f"{photos}/*.*" for photos, _ in (*FOLDERS.values(), PLAIN)]
        home = find_home(data_root(root), source, *(m.replace("*.*", "img_*.*") for m in markers))
        pairs = list(FOLDERS.values()) if split == "all" else [FOLDERS[split]]
        pairs = [p for p in pairs if (home / p[0]).is_dir()]
        if not pairs and split == "all":
            pairs = [PLAIN]
        if not pairs:
            raise absent(source, f"{split} photo in {home} (without split, open it as 'all')")
        files, self._lists = [], []
        for photos, lists in pairs:
            for path in sorted((home / photos).glob("img_*.*"), key=_number):
                truth = home / lists / f"gt_{path.stem}.txt"
                if truth.is_file():
                    files.append(f"{photos}/{path.name}")
                    self._lists.append(f"{lists}/{truth.name}")
                else:
                    self.missing += 1  # a photo without its list is of no use
        if not files:
            raise absent(source, f"list of words gt_img_*.txt in {home / pairs[0][1]}")
        ids = [stem(f) if split == "all" and len(pairs) > 1 else Path(f).stem for f in files]
        super().__init__(home, split, ids, files)

    def _listed(self, i: int) -> list[Word]:
        path = self.folder / self._lists[i]
        words = []
        for line, text in read_lines(path, SOURCES[self.name]):
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


def _number(path: Path) -> tuple[int, str]:
    digits = path.stem.rpartition("_")[2]
    return (int(digits) if digits.isdigit() else 0), path.name
