"""ADE20K as the scene parsing challenge has it: a mask for each of 150 kinds of objects."""

from pathlib import Path

import numpy as np
from PIL import Image
from scipy.ndimage import find_objects

from ..errors import BrokenImage, CamError, unknown
from ..pictures import open_rgb
from .base import PhotoFiles
from .files import data_root
from .lists import absent, damaged, find_home, read_lines, stem
from .record import Record
from .sources import SOURCES, Source

SOURCE = SOURCES["ade20k"]

FOLDERS = {"train": "training", "val": "validation"}


class ObjectScenes(PhotoFiles):
    """Photos of scenes (`label`) with the masks, boxes and names (`objects`) of what is in them."""

    upright = False  # masks and boxes are in the pixels as stored
    objects_in_scenes = True

    def _found(self, i: int) -> tuple[tuple[str, ...], np.ndarray, np.ndarray]:
        """(names, boxes (m, 4), masks (m, H, W)) of photo i; the photo itself is not decoded."""
        raise NotImplementedError

    def boxes(self, i: int) -> np.ndarray:
        """(m, 4) float32 xyxy of the objects of photo i; its annotation is decoded."""
        return self._found(i)[1]

    def __getitem__(self, i: int) -> Record:
        image = open_rgb(self.path(i), self.upright)
        names, boxes, masks = self._found(i)
        if masks.shape[1:] != image.size[::-1]:
            raise CamError(
                f"{self.path(i)} has {image.width}x{image.height} pixels, its annotation "
                f"{masks.shape[2]}x{masks.shape[1]}; expected the same. Unpack both again."
            )
        return Record(self.ids[i], image, self.label(i), boxes, masks, objects=names)


class ADE20K(ObjectScenes):
    """20,210 training and 2,000 validation photos (figure 9, in place of SUN's annotated part).

    Each kind of object in a photo has one mask, of all its pixels, and the box around it; pixels
    of other kinds (0) have none.

    Attributes:
        classes: names of scenes, of both splits (sceneCategories.txt).
        object_names: the 150 kinds (objectInfo150.txt), each by its first synonym.

    Raises:
        MissingData: no photos, no annotations or no lists. CamError: unknown split; a damaged list;
            a photo that is not in sceneCategories.txt; an annotation of other values or size.
    """

    name = "ade20k"

    def __init__(self, split: str = "train", root=None):
        if split not in FOLDERS:
            raise unknown("split of ade20k", split, FOLDERS)
        home = find_home(data_root(root), SOURCE, "sceneCategories.txt", "objectInfo150.txt")
        scene = _scenes(home / "sceneCategories.txt")
        self.object_names = _objects(home / "objectInfo150.txt")
        folder = home / "images" / FOLDERS[split]
        self._annotations = home / "annotations" / FOLDERS[split]
        files, without = annotated(folder, "*.jpg", lambda p: self._annotations / f"{p.stem}.png")
        self.missing = without
        if not files:
            raise absent(SOURCE, f"photo with an annotation in {folder}")
        ids = [stem(f) for f in files]
        if unlisted := [id for id in ids if id not in scene]:
            raise damaged(home / "sceneCategories.txt", None, f"no {unlisted[0]}", "every photo")
        classes = sorted(set(scene.values()))
        labels = np.array([classes.index(scene[id]) for id in ids])
        names = [c.replace("_", " ") for c in classes]
        super().__init__(folder, split, names, ids, files, labels)

    def _found(self, i: int):
        path = self._annotations / f"{self.ids[i]}.png"
        values = read_png(path, SOURCE)
        if values.ndim != 2 or values.max() > len(self.object_names):
            found = f"values up to {values.max()} in {values.ndim} dimensions"
            raise damaged(path, None, found, f"one channel of 0 to {len(self.object_names)}")
        kinds, boxes, masks = segments(values)
        return tuple(self.object_names[k - 1] for k in kinds), boxes, masks


def annotated(folder: Path, pattern: str, annotation) -> tuple[list[str], int]:
    """(photos under a folder that have their annotation, how many have none)."""
    extensions = (pattern, pattern.swapcase())
    photos = sorted({p for e in extensions for p in folder.glob(e) if p.name[0] != "."})
    kept = [p.relative_to(folder).as_posix() for p in photos if annotation(p).is_file()]
    return kept, len(photos) - len(kept)


def segments(values: np.ndarray) -> tuple[list[int], np.ndarray, np.ndarray]:
    """(m values except 0, their boxes (m, 4) float32, their masks (m, H, W)) of a label image."""
    slices = find_objects(values)
    kinds = [k for k, where in enumerate(slices, 1) if where]
    found = [slices[k - 1] for k in kinds]
    boxes = [(x.start, y.start, x.stop, y.stop) for y, x in found]
    masks = np.array([values == k for k in kinds], bool).reshape(-1, *values.shape)
    return kinds, np.array(boxes, np.float32).reshape(-1, 4), masks


def read_png(path: Path, source: Source) -> np.ndarray:
    """The values of an annotation picture, as stored."""
    try:
        with Image.open(path) as image:
            return np.asarray(image)
    except FileNotFoundError:
        raise absent(source, f"annotation {path}") from None
    except Exception as error:  # decoders of damaged files raise almost anything
        raise BrokenImage(path, str(error).strip() or type(error).__name__) from error


def _scenes(path: Path) -> dict[str, str]:
    """Lines "ADE_train_00000001 airport_terminal" -> {photo: scene}."""
    scene = {}
    for line, text in read_lines(path, SOURCE):
        photo, _, name = text.partition(" ")
        if not name.strip():
            raise damaged(path, line, repr(text[:80]), "'ADE_train_00000001 scene'")
        scene[photo] = name.strip()
    return scene


def _objects(path: Path) -> list[str]:
    """A table "Idx Ratio Train Val Stuff Name", a row for each kind, after its headings."""
    names = []
    for line, text in read_lines(path, SOURCE)[1:]:
        number, *_, synonyms = text.split("\t") if "\t" in text else text.split(None, 5)
        if number.strip() != str(len(names) + 1) or not synonyms.strip():
            raise damaged(path, line, repr(text[:80]), f"row {len(names) + 1}: 'Idx … Name'")
        names.append(synonyms.strip())
    first = [name.replace(";", ",").split(",")[0].strip() for name in names]
    # by the first synonym, where that is of one kind only
    return [f if first.count(f) == 1 else name for f, name in zip(first, names, strict=True)]
