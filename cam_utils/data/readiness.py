"""What lies in the folder of data sets, and what to do about what does not."""

from pathlib import Path

import numpy as np

from ..errors import CamError
from . import available_images, open_images
from .files import data_root
from .lists import Absent
from .partial import complete_classes, photos_on_disk
from .photos import SHIPPED, Photos
from .sources import SOURCES, Source

PACKED = (".tar", ".tgz", ".gz", ".zip", ".rar")

UNFINISHED = (".part", ".partial", ".crdownload", ".aria2", ".download")

PART = "a part, or half unpacked; fine for a smaller run"


def doctor_rows(root=None) -> list[tuple[str, bool, str]]:
    """(data set, usable, detail) for every data set; never raises for missing files.

    A detail says whether it is complete, a part or half unpacked, or absent, with what to download
    and where to put it. ILSVRC and Imagenette have a row for each split.

    Args:
        root: folder of data sets; None: the environment's CAM_DATA. The rows of data sets that
            need no folder are right without one.
    """
    drawn = [name for name in available_images() if name.startswith("mini/")]
    rows = [*((name, True, "drawn on the fly, nothing to download") for name in drawn), _photos()]
    brought = {}
    for name, source in SOURCES.items():
        splits = tuple(source.counts)
        brought |= {f"{name} {s}": (name, (s,)) for s in splits if source.rows_by_split}
        brought |= {} if source.rows_by_split else {name: (name, splits)}
    try:
        root = data_root(root)
    except CamError as error:
        return rows + [(title, False, str(error)) for title in brought]
    return rows + [(title, *_row(root, *what)) for title, what in brought.items()]


def _photos() -> tuple[str, bool, str]:
    try:
        photos = Photos()
    except (CamError, ImportError) as error:
        return "photos", False, str(error)
    detail = f"{len(photos)} of {len(SHIPPED)} free photos: {', '.join(photos.ids)}"
    if photos.absent:
        detail += f"; reinstall scikit-image for {', '.join(photos.absent)}"
    return "photos", True, detail


def _row(root: Path, name: str, splits: tuple[str, ...]) -> tuple[bool, str]:
    """(usable, detail) of some splits of a data set."""
    source = SOURCES[name]
    opened, errors = _opened(root, name, splits)
    if not opened and "all" in source.splits and "all" not in splits:
        opened, _ = _opened(root, name, ("all",))  # a part, of no split
        errors = {} if opened else errors
    here = [root / folder for folder in source.folders if (root / folder).is_dir()]
    patterns = [pattern.format(split=splits[0]) for pattern in source.archives]
    archive = packed(patterns, [root, *here])
    if not opened:
        error = errors[splits[0]]
        why = f"absent. {source.get}" if isinstance(error, Absent) else str(error)
        return False, archive or why
    parts = {split: _count(source, split, images) for split, images in opened.items()}
    parts |= {split: str(error).rstrip(".") for split, error in errors.items()}
    parts = [t if source.rows_by_split else f"{split}: {t}" for split, t in parts.items()]
    there = {split: int(photos_on_disk(images).sum()) for split, images in opened.items()}
    if not any(there.values()):
        return False, f"{'; '.join(parts)}; for the photos: {archive or source.get}"
    whole = all(n >= source.complete(split, n) for split, n in there.items())
    if errors or not whole or any(images.missing for images in opened.values()):
        parts.append(archive or PART)
    return True, "; ".join(parts)


def _opened(root: Path, name: str, splits: tuple[str, ...]) -> tuple[dict, dict[str, CamError]]:
    """({split: its photos}, {split: why it cannot be opened})."""
    opened, errors = {}, {}
    for split in splits:
        try:
            opened[split] = open_images(name, split, root)
        except CamError as error:
            errors[split] = error
    return opened, errors


def _count(source: Source, split: str, images) -> str:
    """One split in words: "90 of 100 photos, 10 more lack their file or annotation"."""
    there = photos_on_disk(images)
    n = int(there.sum())
    if not n:
        return f"lists of {len(images):,} photos, not the photos"
    text = f"{n:,} of {source.complete(split, n) or n + images.missing:,} photos"
    labels = np.array([images.label(i) for i in range(len(images))])
    shown = set(labels[there & (labels >= 0)].tolist())
    if images.missing:
        text += f", {images.missing:,} more lack their file or annotation"
    if images.incomplete and source.n_classes:
        text += f", {len(complete_classes(images))} of {source.n_classes:,} classes complete"
    elif len(shown) < source.n_classes:
        text += f", {len(shown)} of {source.n_classes:,} classes"
        absent = [name for k, name in enumerate(images.classes) if k not in shown]
        text += f", none of {', '.join(absent[:3])}" if absent and source.n_classes < 100 else ""
    return "; ".join([text, *images.notes()])


def packed(patterns: list[str], folders: list[Path]) -> str:
    """A sentence about an archive that is there but not unpacked, or not complete; else ""."""
    for folder in folders:
        for path in sorted(p for pattern in patterns for p in folder.glob(pattern)):
            if path.is_file() and path.suffix in UNFINISHED:
                return f"{path} is an unfinished download: finish it, then unpack it"
            if path.is_file() and path.suffix in PACKED:
                return f"{path} is there but not unpacked, or not completely: unpack it"
    return ""
