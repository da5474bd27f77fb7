"""ADE20K as first published: a mask for each object, of whatever kind."""

from pathlib import Path

import numpy as np

from ..errors import unknown
from .ade20k import FOLDERS, ObjectScenes, annotated, read_png, segments
from .files import data_root
from .lists import absent, damaged, find_home, read_lines, stem
from .sources import SOURCES

SOURCE = SOURCES["ade20k_full"]


class ADE20KFull(ObjectScenes):
    """Photos in `images/training/a/abbey/`, each with `…_seg.png` and `…_atr.txt` (figure 9).

    Objects are those of level 0; parts of objects are left out. Each has a mask: the blue channel
    of `_seg.png` numbers the objects in the order of `_atr.txt`. The name is the first synonym of
    the WordNet name. The scene is the folder, without its letter.

    Raises:
        MissingData: no photos with annotations. CamError: unknown split; a damaged annotation.
    """

    name = "ade20k_full"

    def __init__(self, split: str = "train", root=None):
        if split not in FOLDERS:
            raise unknown("split of ade20k_full", split, FOLDERS)
        home = find_home(data_root(root), SOURCE, "images/training", "images/validation")
        folder = home / "images" / FOLDERS[split]
        files, self.missing = annotated(folder, "**/*.jpg", _segmentation)
        if not files:
            raise absent(SOURCE, f"photo with *_seg.png and *_atr.txt in {folder}")
        # of both splits, so that a scene has one number
        both = [home / "images" / f for f in FOLDERS.values()]
        photos = [p.relative_to(f) for f in both for p in f.rglob("*.[jJ][pP][gG]")]
        classes = sorted({_scene(p.parent) for p in photos})
        labels = np.array([classes.index(_scene(Path(f).parent)) for f in files])
        names = [c.replace("_", " ") for c in classes]
        super().__init__(folder, split, names, [stem(f) for f in files], files, labels)

    def _found(self, i: int):
        path = _segmentation(self.path(i))
        colours = read_png(path, SOURCE)
        if colours.ndim != 3:
            raise damaged(path, None, "a picture without colours", "RGB")
        blue = colours[..., 2]
        used = np.unique(blue[blue > 0])
        number = np.zeros(256, np.uint8)  # blue value -> number of the object, from 1
        number[used] = np.arange(1, len(used) + 1)
        names = _names(path.with_name(f"{self.path(i).stem}_atr.txt"))
        found, boxes, masks = segments(number[blue])
        if lost := set(found) - names.keys():
            raise damaged(path, None, f"object {min(lost)}", "the objects of its _atr.txt")
        return tuple(names[k] for k in found), boxes, masks


def _segmentation(photo: Path) -> Path:
    return photo.with_name(f"{photo.stem}_seg.png")


def _scene(folder: Path) -> str:
    """ "a/apartment_building/outdoor" -> "apartment_building/outdoor"."""
    parts = folder.parts
    return "/".join(parts[1:] if parts and len(parts[0]) == 1 else parts)


def _names(path: Path) -> dict[int, str]:
    """Lines "001 # 0 # 0 # wall # wall # attributes" -> {number: name} of level 0."""
    names = {}
    for line, text in read_lines(path, SOURCE):
        fields = [field.strip() for field in text.split("#")]
        if len(fields) < 5 or not (fields[0].isdigit() and fields[1].isdigit()):
            raise damaged(path, line, repr(text[:80]), "'001 # 0 # 0 # name # raw name # …'")
        if int(fields[1]) == 0:
            names[int(fields[0])] = fields[3].split(",")[0].strip() or fields[4]
    return names
