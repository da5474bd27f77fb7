"""ILSVRC2012 classification and localization, as Kaggle or image-net.org deliver it."""

import csv
import os
import re
from pathlib import Path

import numpy as np

from ..errors import CamError, MissingData
from ..networks.preprocessing import imagenet_names
from .files import is_picture
from .lists import Absent, absent, damaged, read_lines, read_mat, read_voc
from .reader import Listing, SourcePhotos
from .regions import half_open
from .sources import Source

WNID = re.compile(r"n\d{8}")

VAL_ID = "ILSVRC2012_val_{:08d}"

DEVKIT = ("", "ILSVRC2012_devkit_t12/data/", "devkit/data/", "data/", "ILSVRC2012_devkit_t12/")

PHOTOS = ("Data/CLS-LOC/{}", "ILSVRC/Data/CLS-LOC/{}", "ILSVRC2012_img_{}", "{}")

BOXES = {
    "val": ("ILSVRC2012_bbox_val_v3/val", "ILSVRC2012_bbox_val_v3", "bbox_val/val", "bbox_val"),
    "train": ("ILSVRC2012_bbox_train_v2", "bbox_train_v2", "bbox_train"),
}


class ILSVRC(SourcePhotos):
    """The validation or training photos with labels and boxes.

    Class index = rank of the wnid among the sorted 1,000 (the order of Caffe and torchvision).
    Boxes: the CSV and XML files count pixels from 0 and name the last pixel inside (the largest
    xmax is width - 1); 1 is added to the maxima and nothing else. Photos are opened as stored,
    without EXIF rotation, because that is the frame of the boxes and of the published networks.

    Attributes:
        synsets: 1,000 wnids. class_words: all synonyms of each. classes: the first of each.
        blacklist: ids that the devkit leaves out of localization; empty without its file.
        unlabelled: how many photos are on the disk but not listed (they are left out too).
        boxes_from: where the boxes come from, or "".

    Opening reads lists, not photos. Only when the labels of `val` are known from nowhere but the
    XML files are these all read at once (some seconds for 50,000).

    Raises:
        MissingData: also where no list has the labels or the classes.
    """

    upright = False

    def _listing(self, root: Path) -> Listing:
        base, folder, photos = self._find_photos(root)
        # The lists may lie beside the photos' folder or one above it.
        self._places = list(dict.fromkeys([base, base / "ILSVRC", base.parent, root]))
        path = self._find(f"LOC_{self.split}_solution.csv", folders=("", "LOC_*/"))
        solution = read_solution(path) if path else {}
        self._xml = None if path else self._find_xml()
        meta = self._find("meta.mat")
        meta = read_meta(meta, self.source) if meta else None
        if self.split == "train":
            wnids, listed = {id: file.split("/")[0] for id, file in photos}, solution
        elif path:
            wnids = {id: parse_solution(row, path)[0] for id, row in solution.items()}
            listed = solution
        else:
            wnids = listed = self._wnids_without_csv(dict(photos), meta)
        self.synsets, self.class_words = self._class_list(meta, set(wnids.values()) - {None})
        rank = {wnid: k for k, wnid in enumerate(self.synsets)}
        kept = [(id, file) for id, file in photos if wnids.get(id) in rank]
        if not kept:
            what = f"label for any of the {len(photos):,} photos in {folder}: the lists found "
            raise absent(self.source, f"{what}under {root} belong to others, or are cut off")
        ids, files = map(list, zip(*kept, strict=True))
        there = {id for id, _ in photos}
        gone = [id for id in listed if id not in there]
        class_of = wnids | {id: id.split("_")[0] for id in gone if id not in wnids}
        self.boxes_from = path.name if path else (self._xml.name + "/*.xml" if self._xml else "")
        self.unlabelled = len(photos) - len(kept)
        blacklist = self._find("*validation_blacklist*.txt") if self.split == "val" else None
        self.blacklist = read_blacklist(blacklist, self.source) if blacklist else set()
        return Listing(
            folder,
            [*files, *gone],
            [words.split(",")[0].strip() for words in self.class_words],
            np.array([rank.get(class_of[id], -1) for id in (*ids, *gone)]),
            known=[solution.get(id, "") for id in (*ids, *gone)] if path else None,
            ids=[*ids, *gone],
            spelled=[*files, *(None for _ in gone)],
        )

    def boxes(self, i: int) -> np.ndarray:
        if self._known[i] is not None:
            return half_open(parse_solution(self._known[i])[1])
        if self._xml is None:
            return super().boxes(i)
        folder = f"{self.synsets[self.label(i)]}/" if self.split == "train" else ""
        return half_open(read_annotation(self._xml / f"{folder}{self.ids[i]}.xml", self.source)[1])

    def notes(self) -> list[str]:
        found = f"boxes from {self.boxes_from}" if self.boxes_from else "no boxes"
        if self.boxes_from.endswith(".csv"):  # else each is a file to read
            found = f"{sum(len(row.split()) // 5 for row in self._known):,} {found}"
        blacklist = f"blacklist of {len(self.blacklist):,}" if self.blacklist else ""
        without = f"{self.unlabelled:,} photos without a label are left out"
        return [note for note in (found, blacklist, without if self.unlabelled else "") if note]

    # ------------------------------------------------------------ what lies where

    def _find_photos(self, root: Path) -> tuple[Path, Path, list[tuple[str, str]]]:
        """(base folder of the layout, folder of the photos, its photos as (id, file))."""
        bases = [root, *(root / folder for folder in self.source.folders)]
        half = [f"LOC_{self.split}_solution.csv"]
        half = [name for name in half if any((base / name).is_file() for base in bases)]
        for base in bases:
            for pattern in PHOTOS:
                folder = base / pattern.format(self.split)
                if folder.is_dir():
                    if photos := list_photos(folder, self.split):
                        return base, folder, photos
                    half.append(str(folder))
        there = f" ({half[0]} is there, the photos are not)" if half else ""
        what = f"{self.split} photo under {root}{there}"
        raise absent(self.source, what, MissingData if half else Absent)

    def _all(self, *names: str, folders=DEVKIT):
        """Every file or folder of these names (patterns) in the places where lists may lie."""
        for place in self._places:
            for name in names:
                for folder in folders:
                    yield from sorted(place.glob(folder + name))

    def _find(self, *names: str, folders=DEVKIT) -> Path | None:
        return next(self._all(*names, folders=folders), None)

    def _find_xml(self) -> Path | None:
        pattern = "ILSVRC2012_val_*.xml" if self.split == "val" else "n*/*.xml"
        names = (*BOXES[self.split], f"Annotations/CLS-LOC/{self.split}", self.split)
        folders = self._all(*names, folders=("", "ILSVRC/"))
        return next((f for f in folders if next(f.glob(pattern), None)), None)

    def _wnids_without_csv(self, photos: dict, meta) -> dict[str, str | None]:
        """{id: wnid} of the validation photos: devkit numbers, class folders, or XML."""
        truth = self._find("*validation_ground_truth.txt")
        if truth and meta:
            numbers = read_ground_truth(truth, self.source)
            return {id: meta[n][0] for id, n in numbers.items()}
        if all("/" in file for file in photos.values()):
            return {id: file.split("/")[0] for id, file in photos.items()}
        if self._xml:
            paths = self._xml.glob("ILSVRC2012_val_*.xml")
            return {p.stem: read_annotation(p, self.source)[0] for p in paths}
        found = "no list has them"
        if truth:
            found = f"found {truth.name}, whose class numbers mean nothing without meta.mat"
        raise MissingData(
            f"The labels of the validation photos under {self._places[0]} are not known: {found}. "
            "Expected LOC_val_solution.csv (Kaggle), or both the devkit's meta.mat and "
            "ILSVRC2012_validation_ground_truth.txt (ILSVRC2012_devkit_t12/data), or the XML "
            "boxes, which name the class. "
            f"{self.source.get}."
        )

    def _class_list(self, meta, used: set[str]) -> tuple[list[str], list[str]]:
        """The sorted wnids and their words, from the best source there is."""
        if path := self._find("LOC_synset_mapping.txt", "synset_words.txt"):
            return read_synsets(path, self.source)
        if meta:
            return sorted_thousand(meta.values(), self._places[0])
        if len(used) == 1000:  # the order is known; torchvision knows the names in this order
            return sorted(used), imagenet_names()
        raise MissingData(
            f"The list of the 1,000 classes is not under {self._places[0]}, and the photos show "
            f"only {len(used):,} of them, so their numbers are unknown. Expected "
            "LOC_synset_mapping.txt (Kaggle), synset_words.txt (Caffe) or meta.mat "
            "(ILSVRC2012_devkit_t12/data); put one of them there."
        )


# ---------------------------------------------------------------- files


def list_photos(folder: Path, split: str) -> list[tuple[str, str]]:
    """(id, file relative to `folder`) of every photo, sorted by id.

    Photos lie in the folder itself or in one subfolder for each class, named by its wnid.
    """
    prefix = "ILSVRC2012_val_" if split == "val" else "n"
    found = []
    with os.scandir(folder) as entries:
        entries = list(entries)
    for entry in entries:
        if WNID.fullmatch(entry.name) and entry.is_dir():
            names = ((f"{entry.name}/{n}", n) for n in os.listdir(entry.path))
        else:
            names = [(entry.name, entry.name)] if split == "val" else []
        for file, name in names:
            if name.startswith(prefix) and is_picture(name):
                found.append((os.path.splitext(name)[0], file))
    return sorted(found)


def read_synsets(path: Path, source: Source) -> tuple[list[str], list[str]]:
    """Lines `n01440764 tench, Tinca tinca` -> the sorted wnids and their words."""
    pairs = []
    for line, text in read_lines(path, source):
        wnid, _, words = text.partition(" ")
        if not WNID.fullmatch(wnid) or not words:
            raise damaged(path, line, repr(text[:80]), "'n01440764 tench, …'")
        pairs.append((wnid, words))
    return sorted_thousand(pairs, path)


def read_meta(path: Path, source: Source) -> dict[int, tuple[str, str]]:
    """The devkit's meta.mat -> {ILSVRC2012_ID: (wnid, words)} of the 1000 leaf classes.

    The ids 1..1000 are in an order of their own, neither that of the wnids nor alphabetic.
    """
    synsets = read_mat(path, source, "synsets", squeeze_me=True)
    try:
        columns = (synsets[k] for k in ("ILSVRC2012_ID", "WNID", "words", "num_children"))
        rows = zip(*columns, strict=True)
        meta = {int(i): (str(wnid), str(words)) for i, wnid, words, n in rows if int(n) == 0}
    except (IndexError, KeyError, TypeError, ValueError) as error:
        found = f"another table ({type(error).__name__}: {error})"
        raise damaged(path, None, found, "the devkit's table of synsets") from error
    sorted_thousand(meta.values(), path)
    return meta


def sorted_thousand(pairs, path: Path) -> tuple[list[str], list[str]]:
    """Pairs (wnid, words) -> the sorted wnids and their words.

    Raises:
        CamError: these are not a thousand.
    """
    words = dict(sorted(pairs))
    if len(words) != 1000:
        raise damaged(path, None, f"{len(words):,} classes", "the 1,000 of ILSVRC2012")
    return list(words), list(words.values())


def read_solution(path: Path) -> dict[str, str]:
    """LOC_*_solution.csv -> {id: "wnid xmin ymin xmax ymax wnid xmin …"}."""
    with open(path, newline="", encoding="utf-8-sig") as file:
        rows = csv.reader(file)
        try:
            if next(rows, None) != ["ImageId", "PredictionString"]:
                raise damaged(path, 1, "another beginning", "'ImageId,PredictionString'")
            return {row[0]: row[1].strip() for row in rows if len(row) == 2}
        except (UnicodeDecodeError, csv.Error) as error:
            raise damaged(path, rows.line_num + 1, f"no text ({error})", "UTF-8") from None


def parse_solution(row: str, where="the solution file") -> tuple[str | None, np.ndarray]:
    """One row's text -> (wnid, boxes (m, 4) int, inclusive); (None, no boxes) for "" """
    parts = row.split()
    try:
        boxes = np.array([parts[k + 1 : k + 5] for k in range(0, len(parts), 5)], int)
        return (parts[0] if parts else None), boxes.reshape(-1, 4)
    except ValueError:
        raise CamError(
            f"{where} has a row that is not 'wnid xmin ymin xmax ymax …': {row[:80]!r}. "
            "Download it again."
        ) from None


def read_annotation(path: Path, source: Source) -> tuple[str | None, np.ndarray]:
    """An annotation file -> (wnid, boxes (m, 4), inclusive); (None, no boxes) if absent."""
    names, boxes = read_voc(path, source) if path.is_file() else ([], np.zeros((0, 4)))
    return (names[0] if names else None), boxes


def read_ground_truth(path: Path, source: Source) -> dict[str, int]:
    """ILSVRC2012_validation_ground_truth.txt -> {id: ILSVRC2012_ID}; line k is photo k."""
    numbers = {}
    for line, text in read_lines(path, source):
        if not text.isdigit() or not 1 <= int(text) <= 1000:
            raise damaged(path, line, repr(text[:80]), "a class number, 1 to 1000")
        numbers[VAL_ID.format(len(numbers) + 1)] = int(text)
    return numbers


def read_blacklist(path: Path, source: Source) -> set[str]:
    """Numbers of validation photos, or their names, one a line -> set of ids."""
    names = [text for _, text in read_lines(path, source)]
    return {VAL_ID.format(int(s)) if s.isdigit() else Path(s).stem for s in names}
