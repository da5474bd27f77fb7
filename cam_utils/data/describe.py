"""What lies in the folder of data sets, and what to do about what does not."""

from pathlib import Path

from ..errors import CamError
from . import available_images
from .brought import PART, brought_row, packed
from .files import data_root
from .ilsvrc import BASES, DOWNLOAD, ILSVRC
from .imagenette import FOLDERS, Imagenette
from .photos import SHIPPED, Photos
from .scene15 import DOWNLOAD as GET_SCENE15
from .scene15 import PHOTOS, Scene15, missing_classes
from .sources import SOURCES

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
