"""Readers of the text, XML and MATLAB files that come with ILSVRC."""

import csv
import os
import re
from pathlib import Path

import numpy as np

from ..errors import CamError
from .files import is_picture
from .lists import damaged, read_lines, read_mat, read_voc
from .sources import Source

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
    with open(path, newline="", encoding="utf-8") as file:
        rows = csv.reader(file)
        if next(rows, None) != ["ImageId", "PredictionString"]:
            raise damaged(path, 1, "another beginning", "'ImageId,PredictionString'")
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
