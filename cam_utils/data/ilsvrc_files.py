"""Readers of the text, XML and MATLAB files that come with ILSVRC."""

import csv
import os
import re
from pathlib import Path
from xml.etree import ElementTree

import numpy as np

from ..errors import CamError

WNID = re.compile(r"n\d{8}")

VAL_ID = "ILSVRC2012_val_{:08d}"


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
            stem, extension = os.path.splitext(name)
            if stem.startswith(prefix) and extension.lower() in (".jpeg", ".jpg", ".png"):
                found.append((stem, file))
    return sorted(found)


def read_synsets(path: Path) -> tuple[list[str], list[str]]:
    """Lines `n01440764 tench, Tinca tinca` -> the sorted wnids and their words."""
    lines = path.read_text(encoding="utf-8").splitlines()
    pairs = sorted(tuple(line.strip().split(" ", 1)) for line in lines if line.strip())
    if any(len(p) != 2 or not WNID.fullmatch(p[0]) for p in pairs):
        raise CamError(f"{path} is not a list of lines 'n01440764 tench, …'; download it again.")
    _check_thousand([p[0] for p in pairs], path)
    return [p[0] for p in pairs], [p[1] for p in pairs]


def read_meta(path: Path) -> dict[int, tuple[str, str]]:
    """The devkit's meta.mat -> {ILSVRC2012_ID: (wnid, words)} of the 1000 leaf classes.

    The ids 1..1000 are in an order of their own, neither that of the wnids nor alphabetic.
    """
    from scipy.io import loadmat

    try:
        synsets = loadmat(path, squeeze_me=True)["synsets"]
        rows = zip(
            *(synsets[k] for k in ("ILSVRC2012_ID", "WNID", "words", "num_children")), strict=True
        )
        meta = {int(i): (str(wnid), str(words)) for i, wnid, words, n in rows if int(n) == 0}
    except Exception as error:
        raise CamError(
            f"{path} is not the devkit's table of synsets ({type(error).__name__}: {error}). "
            "Unpack ILSVRC2012_devkit_t12.tar.gz again."
        ) from error
    _check_thousand([wnid for wnid, _ in meta.values()], path)
    return meta


def _check_thousand(wnids, path) -> None:
    if len(set(wnids)) != 1000:
        raise CamError(
            f"{path} lists {len(set(wnids)):,} classes; expected the 1,000 of ILSVRC2012. "
            "Download or unpack it again."
        )


def read_solution(path: Path) -> dict[str, str]:
    """LOC_*_solution.csv -> {id: "wnid xmin ymin xmax ymax wnid xmin …"}."""
    with open(path, newline="", encoding="utf-8") as file:
        rows = csv.reader(file)
        if next(rows, None) != ["ImageId", "PredictionString"]:
            raise CamError(
                f"{path} does not begin with 'ImageId,PredictionString'; download it again."
            )
        return {row[0]: row[1].strip() for row in rows if len(row) == 2}


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


def read_xml(path: Path) -> tuple[str | None, np.ndarray]:
    """An annotation file -> (wnid, boxes (m, 4) int, inclusive); (None, no boxes) if absent."""
    try:
        objects = ElementTree.parse(path).getroot().findall("object")
        corners = ("xmin", "ymin", "xmax", "ymax")
        boxes = [[int(o.find("bndbox").findtext(c)) for c in corners] for o in objects]
        wnid = objects[0].findtext("name") if objects else None
    except FileNotFoundError:
        wnid, boxes = None, []
    except (ElementTree.ParseError, AttributeError, TypeError, ValueError) as error:
        raise CamError(
            f"{path} is not a complete annotation file ({error}); unpack the boxes again."
        ) from error
    return wnid, np.array(boxes, int).reshape(-1, 4)


def read_ground_truth(path: Path) -> dict[str, int]:
    """ILSVRC2012_validation_ground_truth.txt -> {id: ILSVRC2012_ID}; line k is photo k."""
    try:
        numbers = [int(line) for line in path.read_text().split()]
    except ValueError as error:
        raise CamError(f"{path} is not one class number a line ({error}).") from error
    return {VAL_ID.format(k): number for k, number in enumerate(numbers, 1)}


def read_blacklist(path: Path) -> set[str]:
    """Numbers of validation photos, or their names, one a line -> set of ids."""
    lines = path.read_text().split()
    return {VAL_ID.format(int(s)) if s.isdigit() else Path(s).stem for s in lines}
