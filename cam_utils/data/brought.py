"""What is there of a data set that a user brings: complete, a part, half unpacked or absent."""

from pathlib import Path

from ..errors import CamError, MissingData
from . import open_images
from .partial import complete_classes, photos_on_disk
from .source import Source

PACKED = (".tar", ".tgz", ".gz", ".zip", ".rar")
UNFINISHED = (".part", ".partial", ".crdownload", ".aria2", ".download")
PART = "a part, or half unpacked; fine for a smaller run"


def brought_row(root: Path, name: str, source: Source) -> tuple[str, bool, str]:
    """(name, usable, detail) of a data set of `SOURCES`; never raises for missing files."""
    opened, errors = {}, {}
    for split in source.checked:
        try:
            opened[split] = open_images(name, split, root)
        except CamError as error:
            errors[split] = error
    if not opened and "all" in source.splits and "all" not in errors:  # a part, of no split
        try:
            opened["all"] = open_images(name, "all", root)
        except CamError:
            pass
        else:
            errors = {}
    here = [f for f in source.folders if (root / f).is_dir()]
    archive = packed(source.archives, [root, *(root / f for f in here)])
    if not opened:
        error = next(iter(errors.values()))
        away = isinstance(error, MissingData) and not here
        return name, False, archive or (f"absent. {source.get}" if away else str(error))
    parts = [_count(source, split, images) for split, images in opened.items()]
    parts += [f"{split}: {str(error).rstrip('.')}" for split, error in errors.items()]
    if not any(photos_on_disk(images).any() for images in opened.values()):
        return name, False, f"{'; '.join(parts)}; for the photos: {archive or source.get}"
    if errors or not all(_complete(source, split, images) for split, images in opened.items()):
        parts.append(archive or PART)
    return name, True, "; ".join(parts)


def _count(source: Source, split: str, images) -> str:
    """One split in words: "train: 90 of 100 photos, 10 more lack their file or annotation"."""
    there = int(photos_on_disk(images).sum())
    if not there:
        return f"{split}: lists of {len(images):,} photos, not the photos"
    of = _expected(source, split) or there + images.missing
    text = f"{split}: {there:,} of {of:,} photos"
    if images.missing:
        text += f", {images.missing:,} more lack their file or annotation"
    n_classes = len({images.label(i) for i in range(len(images))})
    if images.missing and there < len(images):
        text += f", {len(complete_classes(images))} of {len(images.classes)} classes complete"
    elif source.n_classes and n_classes < source.n_classes:
        text += f", {n_classes} of {source.n_classes} classes"
    return text


def _expected(source: Source, split: str) -> int:
    """How many photos a complete split has; 0: not known."""
    return source.complete.get(split, sum(source.complete.values()) if split == "all" else 0)


def _complete(source: Source, split: str, images) -> bool:
    return not images.missing and photos_on_disk(images).sum() >= _expected(source, split)


def packed(patterns: tuple[str, ...], folders: list[Path]) -> str:
    """A sentence about an archive that is there but not unpacked, or not complete; else ""."""
    for folder in folders:
        for path in sorted(p for pattern in patterns for p in folder.glob(pattern)):
            if path.is_file() and path.suffix in UNFINISHED:
                return f"{path} is an unfinished download: finish it, then unpack it"
            if path.is_file() and path.suffix in PACKED:
                return f"{path} is there but not unpacked, or not completely: unpack it"
    return ""
