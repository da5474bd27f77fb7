"""What lies in the folder of data sets, and what to do about what does not."""

from pathlib import Path

from ..errors import CamError, MissingData
from . import available_images, open_images
from .files import data_root
from .ilsvrc import BASES, DOWNLOAD, ILSVRC
from .imagenette import FOLDERS, Imagenette
from .partial import complete_classes, photos_on_disk
from .photos import SHIPPED, Photos
from .scene15 import DOWNLOAD as GET_SCENE15
from .scene15 import PHOTOS, Scene15, missing_classes
from .sources import SOURCES, Source

# The numbers of a complete download. Imagenette comes in editions of different sizes.
COMPLETE = {"ilsvrc val": 50_000, "ilsvrc train": 1_281_167}

ARCHIVES = {
    "ilsvrc val": ("ILSVRC2012_img_val.tar*", "imagenet-object-localization*"),
    "ilsvrc train": ("ILSVRC2012_img_train.tar*", "imagenet-object-localization*"),
    "imagenette val": ("imagenette*",),
    "imagenette train": ("imagenette*",),
    "scene15": ("15-Scene*", "scene_categories*", "15scene*"),
}

GET_IMAGENETTE = (
    "Get imagenette2-320.tgz (github.com/fastai/imagenette) and unpack it in the folder of data "
    "sets"
)


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
    try:
        root = data_root(root)
    except CamError as error:
        return rows + [(name, False, str(error)) for name in (*ARCHIVES, *SOURCES)]
    rows += [_ilsvrc(root, split) for split in ("val", "train")]
    rows += [_imagenette(root, split) for split in ("val", "train")]
    rows += [_scene15(root)]
    rows += [brought_row(root, name, source) for name, source in SOURCES.items()]
    return rows


def _photos() -> tuple[str, bool, str]:
    try:
        photos = Photos()
    except (CamError, ImportError) as error:
        return "photos", False, str(error)
    detail = f"{len(photos)} of {len(SHIPPED)} photos of scikit-image: {', '.join(photos.ids)}"
    if photos.absent:
        detail += f"; reinstall scikit-image for {', '.join(photos.absent)}"
    return "photos", True, detail


def _ilsvrc(root: Path, split: str) -> tuple[str, bool, str]:
    name = f"ilsvrc {split}"
    try:
        images = ILSVRC(split, root)
    except CamError as error:
        return name, False, _why(name, root, error)
    parts = [f"{len(images):,} of {COMPLETE[name]:,} photos"]
    if split == "val":
        from_csv = images.boxes_from.endswith(".csv")  # else each is a file to read
        n = sum(len(images.boxes(i)) for i in range(len(images))) if from_csv else None
        parts.append(f"{n:,} boxes" if n is not None else images.boxes_from or "no boxes")
        parts.append(f"blacklist of {len(images.blacklist):,}" if images.blacklist else "")
    else:
        parts.append(f"boxes from {images.boxes_from}" if images.boxes_from else "no boxes")
    if images.unlabelled:
        parts.append(f"{images.unlabelled:,} photos without a label left out")
    if len(images) < COMPLETE[name]:
        parts.append(packed(ARCHIVES[name], _bases(root)) or PART)
    return name, True, "; ".join(p for p in parts if p)


def _imagenette(root: Path, split: str) -> tuple[str, bool, str]:
    name = f"imagenette {split}"
    try:
        images = Imagenette(split, root)
    except CamError as error:
        return name, False, _why(name, root, error)
    n_classes = len({images.label(i) for i in range(len(images))})
    boxed = sum(len(images.boxes(i)) for i in range(len(images)))
    parts = [f"{len(images):,} photos in {n_classes} of 10 classes"]
    parts.append(f"{boxed:,} boxes" if boxed else "no boxes" if split == "val" else "")
    if n_classes < 10:
        parts.append(packed(ARCHIVES[name], _bases(root)) or "half unpacked? unpack it again")
    return name, True, "; ".join(p for p in parts if p)


def _scene15(root: Path) -> tuple[str, bool, str]:
    name = "scene15"
    try:
        images = Scene15("all", root)
    except CamError as error:
        absent = "no Scene15 photos" in str(error)
        why = packed(ARCHIVES[name], _bases(root)) or (
            f"absent. {GET_SCENE15}" if absent else str(error)
        )
        return name, False, why
    parts = [f"{len(images):,} of {PHOTOS:,} photos"]
    parts.append("divided into train and test" if images.given else "not divided: split at random")
    if missing := missing_classes(images):
        half = packed(ARCHIVES[name], _bases(root)) or "half unpacked? unpack it again"
        parts.append(f"no photos of {', '.join(missing)}; {half}")
    return name, True, "; ".join(parts)


def _why(name: str, root: Path, error: CamError) -> str:
    """Why a data set cannot be used: what is half there, if anything; else what to download."""
    if archive := packed(ARCHIVES[name], _bases(root)):
        return archive
    folders = _bases(root)
    if name == "ilsvrc val" and "no ILSVRC val photos" in str(error):
        if any((f / "LOC_val_solution.csv").is_file() for f in folders):
            return f"LOC_val_solution.csv is there, the photos are not. {DOWNLOAD}."
        return f"absent. {DOWNLOAD}."
    if name == "ilsvrc train" and "no ILSVRC train photos" in str(error):
        return "absent; only needed to fine-tune. Part of the download from Kaggle"
    if name.startswith("imagenette") and "no Imagenette" in str(error):
        half = [f for f in FOLDERS[:-1] if (root / f).is_dir()]
        return (f"{half[0]} has no photos of this split. " if half else "absent. ") + GET_IMAGENETTE
    return str(error)


def _bases(root: Path) -> list[Path]:
    return [root / base for base in BASES]


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
