"""Photos with a polygon for each object, as LabelMe and SUN's annotated part have them."""

from pathlib import Path

import numpy as np

from ..errors import unknown
from .ade20k import ObjectScenes
from .base import inside
from .files import data_root, list_images
from .lists import absent, damaged, find_home, read_xml, stem
from .polygons import hull, polygon_masks, shows
from .sources import SOURCES

SOURCE = SOURCES["labelme"]


class LabelMe(ObjectScenes):
    """`Images/<folder>/*.jpg` with `Annotations/<folder>/*.xml` (figure 9), one split "all".

    The scene is the folder; of a path with a folder of one letter, as SUN has it
    (`…/b/bathroom`), what follows the letter. Polygons that are deleted, have fewer than three
    points or lie beyond the photo are left out; names are in lower case. Photos without an
    annotation file are left out and counted in `.missing`.

    Raises:
        MissingData: no photo with an annotation. CamError: unknown split; a damaged annotation
            (when its photo's objects are asked for).
    """

    name = "labelme"

    def __init__(self, split: str = "all", root=None):
        if split not in SOURCE.splits:
            raise unknown("split of labelme", split, SOURCE.splits)
        home = find_home(data_root(root), SOURCE, "Annotations/*")
        folder, self._xml = home / "Images", home / "Annotations"
        if not folder.is_dir():
            raise absent(SOURCE, f"folder {folder}")
        photos = [p.relative_to(folder).as_posix() for p in list_images(folder)]
        files = [f for f in photos if (self._xml / f"{stem(f)}.xml").is_file()]
        if not files:
            raise absent(SOURCE, f"photo with an annotation in {folder} and {self._xml}")
        self.missing = len(photos) - len(files)
        scenes = [_scene(Path(f).parent) for f in files]
        classes = sorted(set(scenes))
        labels = np.array([classes.index(s) for s in scenes])
        names = [c.replace("_", " ") for c in classes]
        super().__init__(folder, split, names, [stem(f) for f in files], files, labels)

    def _polygons(self, i: int) -> tuple[list[str], list[np.ndarray]]:
        """(names, polygons (n, 2)) of photo i that show in it."""
        size = self.size(i)
        path = self._xml / f"{self.ids[i]}.xml"
        names, polygons = [], []
        for node in read_xml(path, SOURCE).iter("object"):
            name = (node.findtext("name") or "").strip().lower()
            if (node.findtext("deleted") or "0").strip() == "1":
                continue
            corners = [(p.findtext("x"), p.findtext("y")) for p in node.iterfind("polygon/pt")]
            try:
                points = np.array([(float(x), float(y)) for x, y in corners]).reshape(-1, 2)
            except (TypeError, ValueError):
                found = f"a polygon of {name!r} with a corner that is no number"
                raise damaged(path, None, found, "<x> and <y> in each <pt>") from None
            if len(points) >= 3 and shows(points, size):
                names.append(name)
                polygons.append(points)
        return names, polygons

    def boxes(self, i: int) -> np.ndarray:
        """(m, 4) float32 xyxy around each polygon, cut off at the photo's border."""
        hulls = np.array([hull(points) for points in self._polygons(i)[1]])
        return inside(hulls.reshape(-1, 4), self.size(i))

    def _found(self, i: int):
        names, polygons = self._polygons(i)
        return tuple(names), self.boxes(i), polygon_masks(polygons, self.size(i))


def _scene(folder: Path) -> str:
    letters = [k for k, part in enumerate(folder.parts[:-1]) if len(part) == 1]
    return "/".join(folder.parts[letters[-1] + 1 :]) if letters else folder.as_posix()
