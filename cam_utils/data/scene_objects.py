"""Photos of scenes with the mask of each object: both editions of ADE20K, LabelMe and SUN."""

from pathlib import Path

import numpy as np
from scipy.ndimage import find_objects

from ..errors import BrokenImage, CamError
from ..pictures import open_header, open_rgb
from .files import is_picture, list_images
from .lists import absent, damaged, read_lines, read_xml, stem
from .reader import Row, SourcePhotos
from .record import Record
from .regions import hulls, polygon_masks, shows
from .sources import Part


class ObjectScenes(SourcePhotos):
    """Photos of scenes (`label`) with the masks, boxes and names (`objects`) of what is in them.

    Raises:
        CamError: (when a photo's objects are asked for) a damaged annotation. BrokenImage: one
            that cannot be decoded.
    """

    upright = False  # masks and boxes are in the pixels as stored
    objects_in_scenes = True

    def _walk(self, part: Part, folders: list[str]) -> list[tuple[str, str]]:
        """Photos lie at any depth; their scene is called as what follows the folder's letter."""
        home = self.home / part.photos
        photos = [p.relative_to(home) for p in list_images(home)]
        return [(p.as_posix(), _scene(p.parent)) for p in photos if self._is_photo(p)]

    def _is_photo(self, path: Path) -> bool:
        return True

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

    def _pixels(self, path: Path) -> np.ndarray:
        """The values of an annotation picture, as stored."""
        try:
            with open_header(path) as image:
                return np.asarray(image)
        except FileNotFoundError:
            raise absent(self.source, f"annotation {path}") from None
        except BrokenImage:
            raise
        except Exception as error:  # decoders of damaged files raise almost anything
            raise BrokenImage(path, str(error).strip() or type(error).__name__) from error


def _scene(folder: Path) -> str:
    """What follows the last folder of one letter: "users/b/bathroom/indoor" -> "bathroom/indoor".

    The whole path where there is none.
    """
    letters = [k for k, part in enumerate(folder.parts[:-1]) if len(part) == 1]
    return "/".join(folder.parts[letters[-1] + 1 :]) if letters else folder.as_posix()


def segments(values: np.ndarray) -> tuple[list[int], np.ndarray, np.ndarray]:
    """(m values except 0, their boxes (m, 4) float32, their masks (m, H, W)) of a label image."""
    slices = find_objects(values)
    kinds = [k for k, where in enumerate(slices, 1) if where]
    found = [slices[k - 1] for k in kinds]
    boxes = [(x.start, y.start, x.stop, y.stop) for y, x in found]
    masks = np.array([values == k for k in kinds], bool).reshape(-1, *values.shape)
    return kinds, np.array(boxes, np.float32).reshape(-1, 4), masks


class ADE20K(ObjectScenes):
    """20,210 training and 2,000 validation photos (figure 9, in place of SUN's annotated part).

    Each kind of object in a photo has one mask, of all its pixels, and the box around it; pixels
    of other kinds (0) have none.

    Attributes:
        classes: names of scenes, of both splits (sceneCategories.txt).
        object_names: the 150 kinds (objectInfo150.txt), each by its first synonym.

    Raises:
        CamError: also for a photo that is not in sceneCategories.txt, and an annotation of other
            values.
    """

    def _class_folders(self) -> list[str]:
        """Scenes, from lines "ADE_train_00000001 airport_terminal"."""
        path, self._scenes = self.home / "sceneCategories.txt", {}
        for line, text in read_lines(path, self.source):
            photo, _, name = text.partition(" ")
            if not name.strip():
                raise damaged(path, line, repr(text[:80]), "'ADE_train_00000001 scene'")
            self._scenes[photo] = name.strip()
        self.object_names = self._objects(self.home / "objectInfo150.txt")
        return sorted(set(self._scenes.values()))

    def _walk(self, part: Part, folders: list[str]) -> list[tuple[str, str]]:
        photos = sorted(p.name for p in (self.home / part.photos).iterdir() if is_picture(p.name))
        return [(photo, self._scenes.get(stem(photo), "")) for photo in photos]

    def _rows(self, part: Part, folders: list[str]) -> list[Row]:
        rows = super()._rows(part, folders)
        if unlisted := [stem(row.file) for row in rows if row.known and not row.folder]:
            path = self.home / "sceneCategories.txt"
            raise damaged(path, None, f"no {unlisted[0]}", "every photo")
        return rows

    def _objects(self, path: Path) -> list[str]:
        """A table "Idx Ratio Train Val Stuff Name", a row for each kind, after its headings."""
        names = []
        for line, text in read_lines(path, self.source)[1:]:
            number, *_, synonyms = text.split("\t") if "\t" in text else text.split(None, 5)
            if number.strip() != str(len(names) + 1) or not synonyms.strip():
                raise damaged(path, line, repr(text[:80]), f"row {len(names) + 1}: 'Idx … Name'")
            names.append(synonyms.strip())
        first = [name.replace(";", ",").split(",")[0].strip() for name in names]
        # by the first synonym, where that is of one kind only
        return [f if first.count(f) == 1 else name for f, name in zip(first, names, strict=True)]

    def _found(self, i: int):
        path = self.home / self._known[i]
        values = self._pixels(path)
        if values.ndim != 2 or values.max() > len(self.object_names):
            found = f"values up to {values.max()} in {values.ndim} dimensions"
            raise damaged(path, None, found, f"one channel of 0 to {len(self.object_names)}")
        kinds, boxes, masks = segments(values)
        return tuple(self.object_names[k - 1] for k in kinds), boxes, masks


class ADE20KFull(ObjectScenes):
    """Photos in `images/training/a/abbey/`, each with `…_seg.png` and `…_atr.txt` (figure 9).

    Objects are those of level 0; parts of objects are left out. Each has a mask: the blue channel
    of `_seg.png` numbers the objects in the order of `_atr.txt`. The name is the first synonym of
    the WordNet name. The scene is the folder, without its letter.
    """

    def _class_folders(self) -> list[str]:
        """Scenes of both splits, with or without annotation, so that each has one number."""
        walked = [self._walk(part, []) for part in self._parts_there()]
        return sorted({scene for photos in walked for _, scene in photos})

    def _is_photo(self, path: Path) -> bool:
        return path.suffix.lower() == ".jpg"

    def _found(self, i: int):
        path = self.home / self._known[i]
        colours = self._pixels(path)
        if colours.ndim != 3:
            raise damaged(path, None, "a picture without colours", "RGB")
        blue = colours[..., 2]
        used = np.unique(blue[blue > 0])
        number = np.zeros(256, np.uint8)  # blue value -> number of the object, from 1
        number[used] = np.arange(1, len(used) + 1)
        names = self._names(path.with_name(f"{self.path(i).stem}_atr.txt"))
        found, boxes, masks = segments(number[blue])
        if lost := set(found) - names.keys():
            raise damaged(path, None, f"object {min(lost)}", "the objects of its _atr.txt")
        return tuple(names[k] for k in found), boxes, masks

    def _names(self, path: Path) -> dict[int, str]:
        """Lines "001 # 0 # 0 # wall # wall # attributes" -> {number: name} of level 0."""
        names = {}
        for line, text in read_lines(path, self.source):
            fields = [field.strip() for field in text.split("#")]
            if len(fields) < 5 or not (fields[0].isdigit() and fields[1].isdigit()):
                raise damaged(path, line, repr(text[:80]), "'001 # 0 # 0 # name # raw name # …'")
            if int(fields[1]) == 0:
                names[int(fields[0])] = fields[3].split(",")[0].strip() or fields[4]
        return names


class LabelMe(ObjectScenes):
    """`Images/<folder>/*.jpg` with `Annotations/<folder>/*.xml` (figure 9), one split "all".

    The scene is the folder; of a path with a folder of one letter, as SUN has it
    (`…/b/bathroom`), what follows the letter. Polygons that are deleted, have fewer than three
    points or lie beyond the photo are left out; names are in lower case.
    """

    def _polygons(self, i: int) -> tuple[list[str], list[np.ndarray]]:
        """(names, polygons (n, 2)) of photo i that show in it."""
        size, path = self.size(i), self.home / self._known[i]
        names, polygons = [], []
        for node in read_xml(path, self.source).iter("object"):
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
        return hulls(self._polygons(i)[1], self.size(i))

    def _found(self, i: int):
        size = self.size(i)
        names, polygons = self._polygons(i)
        return tuple(names), hulls(polygons, size), polygon_masks(polygons, size)
