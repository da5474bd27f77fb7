"""Scene15: fifteen classes of indoor and outdoor scenes, mostly grey photos (Table 5)."""

from pathlib import Path

import numpy as np

from ..errors import MissingData, unknown
from .base import PhotoFiles
from .files import data_root, list_images

SPLITS = ("train", "test", "all")

FOLDERS = ("15-Scene", "15-Scene Image Dataset", "scene_categories", "Scene15", "scene15")

CLASSES = (
    *("bedroom", "coast", "forest", "highway", "industrial", "insidecity", "kitchen"),
    *("livingroom", "mountain", "office", "opencountry", "store", "street", "suburb"),
    "tallbuilding",
)

PHOTOS = 4_485  # of the complete data set

DOWNLOAD = (
    "Get scene_categories.zip (the page of the data set, S. Lazebnik's group) and unpack it as "
    "15-Scene/<class>/*.jpg in the folder of data sets"
)

_WHOSE = ("mit", "cal", "par")  # before some class names in the first distribution


class Scene15(PhotoFiles):
    """Photos in `<root>/15-Scene/<class>/`, or in `train/<class>/` and `test/<class>/` below it.

    The first is the original layout and has no given split: open "all" and divide it, with
    `cam_utils.features.split_indices(labels, 100, seed=…)`, as is usual. Its class folders may
    have their first names ("MITcoast", "CALsuburb"). "all" works in both layouts.

    Attributes:
        given: whether the files are divided into train and test.

    Raises:
        MissingData: no photos; no given split. CamError: unknown split.
    """

    name = "scene15"

    def __init__(self, split: str = "all", root=None):
        if split not in SPLITS:
            raise unknown("split of scene15", split, SPLITS)
        home, parts = find(data_root(root))
        self.given = parts != [""]
        if not self.given and split != "all":
            raise MissingData(
                f"{home} has no folders train and test, so Scene15 has no {split} split there. "
                'Open the split "all" and divide it at random, 100 photos per class to train on, '
                "as is usual: cam_utils.features.split_indices."
            )
        parts = [p for p in parts if split in ("all", p)] if self.given else parts
        files = [f for part in parts for f in _files(home, part)]
        paths = [path.relative_to(home).as_posix() for path, _ in files]
        ids = [path.rsplit(".", 1)[0] for path in paths]
        super().__init__(home, split, CLASSES, ids, paths, [label for _, label in files])


def find(root: Path) -> tuple[Path, list[str]]:
    """The folder of Scene15 and its parts: ["train", "test"], one of them, or [""]."""
    for home in (root / name for name in FOLDERS):
        parts = [p for p in ("train", "test") if _files(home, p)] or [""]
        if parts != [""] or _files(home, ""):
            return home, parts
    raise MissingData(
        f"There are no Scene15 photos under {root}. Expected 15-Scene/bedroom/*.jpg and so on for "
        f"fifteen classes, or the same below 15-Scene/train and 15-Scene/test. {DOWNLOAD}."
    )


def class_of(folder: str) -> int | None:
    """The class index of a folder's name, or None: "MITcoast" and "coast" are one."""
    name = folder.lower().replace("_", "").replace(" ", "")
    if name not in CLASSES and name[:3] in _WHOSE:
        name = name[3:]
    return CLASSES.index(name) if name in CLASSES else None


def missing_classes(images: Scene15) -> list[str]:
    """Classes without a photo: a download that is half unpacked."""
    counts = np.bincount(images._labels, minlength=len(CLASSES))
    return [name for name, n in zip(CLASSES, counts, strict=True) if n == 0]


def _files(home: Path, part: str) -> list[tuple[Path, int]]:
    """(photo, class index), by class and name."""
    folder = home / part
    if not folder.is_dir():
        return []
    known = [(class_of(f.name), f) for f in sorted(folder.iterdir()) if f.is_dir()]
    known = sorted((label, f) for label, f in known if label is not None)
    return [(path, label) for label, f in known for path in list_images(f)]
