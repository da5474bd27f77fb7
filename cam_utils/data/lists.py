"""The lists of a data set and the files that they name; errors name the file and the line."""

import csv
import json
import os
from collections.abc import Iterable
from pathlib import Path
from xml.etree import ElementTree

import numpy as np

from ..errors import CamError, MissingData
from .sources import Source


class Absent(MissingData):
    """Nothing of a data set is there; where a part is, the error is `MissingData`."""


def find_home(root: Path, source: Source, split: str) -> Path:
    """The folder of a data set: the first place where one of its marks exists.

    Looked at: each of `source.folders` under the root, the same nested in itself (an archive
    unpacked into a folder of its name), and the root itself.

    Raises:
        MissingData: nowhere; the message says what to get and where to put it.
    """
    marks = source.marks(split)
    for folder in (*source.folders, *(f"{f}/{f}" for f in source.folders), "."):
        home = root / folder
        if home.is_dir() and any(next(home.glob(m), None) for m in marks):
            return home
    if half := [f for f in source.folders if (root / f).is_dir()]:
        what = f"under {root} ({half[0]} is there, but has no {' or '.join(marks[:2])})"
        raise absent(source, what)
    raise absent(source, f"under {root}", Absent)


def find_list(home: Path, source: Source, name: str) -> Path:
    """Where a list lies in the folder of a data set; where it should, if nowhere."""
    places = [home / f"{folder}{name}" for folder in source.lists_in]
    return next((p for p in places if p.is_file()), places[0])


def absent(source: Source, what: str, kind: type[MissingData] = MissingData) -> MissingData:
    """The error for a data set, or a part of it, that is not there."""
    return kind(f"There is no {source.title} {what}. Expected {source.layout}. {source.get}.")


def damaged(path: Path, line: int | None, found: str, expected: str) -> CamError:
    """The error for a list that cannot be read; `line` counts from 1."""
    where = f"{path}, line {line}," if line else f"{path}"
    return CamError(f"{where} has {found}; expected {expected}. Unpack or download it again.")


def read_lines(path: Path, source: Source) -> list[tuple[int, str]]:
    """(line number from 1, text) of the lines of a UTF-8 file that are not blank.

    A byte order mark and any kind of line end are taken off.

    Raises:
        MissingData: no such file. CamError: not UTF-8, or zero bytes in it.
    """
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise absent(source, f"list {path}") from None
    try:
        lines = content.decode("utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise damaged(path, line, "bytes that are not UTF-8", "text") from None
    if b"\0" in content:  # no name of a file has it; a hole that a crash or a bad copy left
        raise damaged(path, content[: content.index(b"\0")].count(b"\n") + 1, "zero bytes", "text")
    return [(k, line.strip()) for k, line in enumerate(lines, 1) if line.strip()]


def read_columns(path: Path, source: Source, columns: str, rows: int | None = None) -> np.ndarray:
    """A file of numbers, a row a line -> (n, m) float64.

    Args:
        columns: names of the m columns in words: "image x y".
        rows: how many there must be.
    """
    width = len(columns.split())
    lines = read_lines(path, source)
    try:
        table = np.loadtxt([text for _, text in lines], ndmin=2)
    except ValueError:
        table = None
    if table is None or table.shape[1:] != (width,) or not np.isfinite(table).all():
        line, text = next(((k, t) for k, t in lines if not _is_row(t, width)), (None, "no row"))
        raise damaged(path, line, repr(text[:80]), f"the numbers '{columns}' in each line")
    if rows is not None and len(table) != rows:
        raise damaged(path, None, f"{len(table):,} lines", f"{rows:,} as in the other lists")
    return table


def _is_row(text: str, width: int) -> bool:
    try:
        numbers = [float(word) for word in text.split()]
    except ValueError:
        return False
    return len(numbers) == width and bool(np.isfinite(numbers).all())


def read_csv(path: Path, columns: str) -> list[tuple[str, list[int]]]:
    """(text of the first column, whole numbers of the others) of each row; [] without the file."""
    first, *others = columns.split()
    try:
        with open(path, newline="", encoding="utf-8") as file:
            return [(row[first], [int(row[c]) for c in others]) for row in csv.DictReader(file)]
    except FileNotFoundError:
        return []
    except (KeyError, TypeError, ValueError, csv.Error) as error:
        raise CamError(
            f"{path} is damaged ({type(error).__name__}: {error}). Expected the columns {columns} "
            "with whole numbers after the first; restore or remove it."
        ) from error


def read_xml(path: Path, source: Source) -> ElementTree.Element:
    """The root of an XML file.

    Raises:
        MissingData: no such file. CamError: it is cut off or no XML; the line is named.
    """
    try:
        return ElementTree.parse(path).getroot()
    except FileNotFoundError:
        raise absent(source, f"file {path}") from None
    except ElementTree.ParseError as error:
        raise damaged(path, error.position[0], f"no complete XML ({error})", "all tags") from None


def read_voc(path: Path, source: Source) -> tuple[list[str], np.ndarray]:
    """(names, boxes (m, 4) as they are written) of the objects of an annotation of PASCAL's kind.

    Raises:
        MissingData: no such file. CamError: it is cut off, or a box is not four numbers.
    """
    names, boxes = [], []
    for node in read_xml(path, source).iter("object"):
        corners = [node.findtext(f"bndbox/{c}", "") for c in ("xmin", "ymin", "xmax", "ymax")]
        try:
            boxes.append([float(c) for c in corners])
        except ValueError:
            raise damaged(path, None, f"the box {corners}", "four numbers") from None
        names.append(node.findtext("name", ""))
    return names, np.array(boxes).reshape(-1, 4)


def read_json(path: Path, source: Source, *keys: str) -> dict:
    """A JSON file with these lists in it.

    Raises:
        MissingData: no such file. CamError: it is cut off (the line is named), or lacks a list.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise absent(source, f"file {path}") from None
    except json.JSONDecodeError as error:
        raise damaged(path, error.lineno, f"no complete JSON ({error.msg})", "all of it") from None
    except UnicodeDecodeError:
        raise damaged(path, None, "bytes that are not UTF-8", "JSON") from None
    for key in keys:
        if not isinstance(content, dict) or not isinstance(content.get(key), list):
            raise damaged(path, None, f"no list {key!r}", f"the lists {', '.join(keys)}")
    return content


def read_mat(path: Path, source: Source, name: str, **options) -> np.ndarray:
    """A variable of a MATLAB file; options of scipy's `loadmat`.

    Raises:
        MissingData: no such file. CamError: it cannot be read, or has no such variable.
    """
    from scipy.io import loadmat

    if not path.is_file():
        raise absent(source, f"file {path}")
    try:
        return loadmat(path, **options)[name]
    except Exception as error:  # scipy raises almost anything on a damaged file
        found = f"no readable {name!r} ({type(error).__name__}: {error})"
        raise damaged(path, None, found, f"the variable {name!r} of a .mat file") from error


def on_disk(folder: Path, files: list[str]) -> list[str | None]:
    """The listed files (relative to the folder) as they are spelled on the disk; None: not there.

    Upper and lower case of the extension are the same; each folder is listed once.
    """
    spelled: dict[str, dict[str, str]] = {}
    found = []
    for file in files:
        where, name = os.path.split(file)
        if where not in spelled:
            try:
                names = os.listdir(folder / where)
            except (FileNotFoundError, NotADirectoryError):
                names = []
            spelled[where] = {_key(n): n for n in names}
        real = spelled[where].get(_key(name))
        found.append(None if real is None else f"{where}/{real}" if where else real)
    return found


def refuse_outside(folder: Path, names: Iterable[str]) -> None:
    """CamError for a name in a list that leads out of the folder of the photos."""
    for name in names:
        steps = name.replace("\\", "/").split("/")
        if ".." in steps or not steps[0] or ":" in steps[0] or "\0" in name:
            raise CamError(
                f"A list names {name[:80]!r}, which leads out of {folder}; expected photos under "
                "it. Unpack or download the list again."
            )


def _key(name: str) -> str:
    stem, extension = os.path.splitext(name)
    return stem + extension.lower()


def stem(file: str) -> str:
    """The file without its extension, with "/" on every system: what ids are made of."""
    return Path(file).with_suffix("").as_posix()
