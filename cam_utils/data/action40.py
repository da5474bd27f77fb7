"""Stanford 40 Actions: what people do, with the box of who does it."""

import numpy as np

from ..errors import unknown
from .base import PhotoFiles, inside
from .files import data_root
from .lists import absent, damaged, find_home, present, read_lines, read_xml, stem
from .sources import SOURCES

SOURCE = SOURCES["action40"]

LISTS = "ImageSplits/*_train.txt"


class Action40(PhotoFiles):
    """40 actions, 100 training photos of each, 5,532 test photos (Table 5, figures 1 and 8).

    Boxes show the person who does it, from `XMLAnnotations/<photo>.xml`, written as in PASCAL VOC:
    pixels counted from 1, the maxima inside. So 1 is taken off the minima. Where that folder is
    absent there are no boxes; with it, a photo whose file is absent has none.

    Raises:
        MissingData: no lists or no photos. CamError: unknown split; a damaged list or annotation.
    """

    name = "action40"
    upright = False  # boxes are in the pixels as stored

    def __init__(self, split: str = "train", root=None):
        if split not in SOURCE.splits:
            raise unknown("split of action40", split, SOURCE.splits)
        home = find_home(data_root(root), SOURCE, LISTS)
        actions = sorted(p.name.removesuffix("_train.txt") for p in home.glob(LISTS))
        _check_names(home / "ImageSplits" / "actions.txt", actions)
        files, labels = [], []
        for k, action in enumerate(actions):
            for part in ("train", "test") if split == "all" else (split,):
                path = home / "ImageSplits" / f"{action}_{part}.txt"
                for line, name in read_lines(path, SOURCE):
                    if not name.startswith(f"{action}_"):
                        raise damaged(path, line, repr(name[:80]), f"'{action}_001.jpg' and so on")
                    files.append(name)
                    labels.append(k)
        kept, found = present(home / "JPEGImages", files, SOURCE)
        self.missing = len(files) - len(kept)
        classes = [action.replace("_", " ") for action in actions]
        folder, ids = home / "JPEGImages", [stem(f) for f in found]
        super().__init__(folder, split, classes, ids, found, np.array(labels)[kept])
        self._xml = home / "XMLAnnotations"
        self._has_boxes = self._xml.is_dir()

    def boxes(self, i: int) -> np.ndarray:
        path = self._xml / f"{self.ids[i]}.xml"
        if not self._has_boxes or not path.is_file():
            return super().boxes(i)
        return inside(_person_boxes(path), self.size(i))


def _check_names(path, actions: list[str]) -> None:
    """Compare the lists with actions.txt (a line of headings, then "applauding 284")."""
    if not path.is_file():
        return
    named = [(line, text.split()[0]) for line, text in read_lines(path, SOURCE)]
    named = [(line, name) for line, name in named if name != "action_name"]
    for line, name in named:
        if name not in actions:
            raise absent(SOURCE, f"list {path.parent / name}_train.txt, named in {path}:{line}")


def _person_boxes(path) -> np.ndarray:
    """The boxes of a file as (m, 4), half-open, counted from 0."""
    boxes = []
    for node in read_xml(path, SOURCE).iter("bndbox"):
        corners = [node.findtext(c, "") for c in ("xmin", "ymin", "xmax", "ymax")]
        try:
            x0, y0, x1, y1 = (float(c) for c in corners)
        except ValueError:
            x0, y0, x1, y1 = 1, 1, 0, 0
        if x1 < x0 or y1 < y0:
            raise damaged(path, None, f"the box {corners}", "numbers with xmax >= xmin")
        boxes.append([x0 - 1, y0 - 1, x1, y1])
    return np.array(boxes, np.float32).reshape(-1, 4)
