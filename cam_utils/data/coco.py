"""Photos of COCO with the sentences that people wrote about them."""

import json
from dataclasses import replace
from pathlib import Path

from ..errors import unknown
from .base import PhotoFiles
from .files import data_root
from .lists import absent, damaged, find_home, present, stem
from .record import Record
from .sources import SOURCES, Source

# where the folder val2014/ may lie under the folder of data sets
PHOTOS = ("COCO", "coco", "mscoco", ".", "COCO/images", "coco/images", "VQA/Images/mscoco")


class CocoCaptions(PhotoFiles):
    """Captioned photos (figure 10): about five sentences each, no labels (-1), no boxes.

    Splits "val" and "train" are those of 2014, "val2017" and "train2017" the later ones. A
    record's `caption` has all sentences, one a line. Photos without a sentence are left out.

    Raises:
        MissingData: no captions or no photos. CamError: unknown split; a damaged file.
    """

    name = "coco_captions"
    upright = False  # as in COCO's other annotations

    def __init__(self, split: str = "val", root=None):
        source = SOURCES[self.name]
        if split not in source.splits:
            raise unknown("split of coco_captions", split, source.splits)
        root = data_root(root)
        part = split if split.endswith("2017") else f"{split}2014"
        markers = (f"annotations/captions_{part}.json", f"captions_{part}.json")
        home = find_home(root, source, *markers)
        path = next(home / m for m in markers if (home / m).is_file())
        content = read_json(path, source, "images", "annotations")
        captions: dict[int, list[str]] = {}
        try:
            for row in content["annotations"]:
                captions.setdefault(row["image_id"], []).append(str(row["caption"]).strip())
            images = [r for r in content["images"] if r["id"] in captions]
            files = [r["file_name"] for r in images]
            sizes = [(int(r["width"]), int(r["height"])) for r in images]
        except (KeyError, TypeError, ValueError) as error:
            raise damaged(path, None, f"a row without {error}", "COCO's keys") from error
        folder = photo_folder(root, home, part)
        kept, found = present(folder, files, source)
        self.missing = len(files) - len(kept)
        self._captions = [tuple(captions[images[k]["id"]]) for k in kept]
        self._sizes = [sizes[k] for k in kept]
        super().__init__(folder, split, [], [stem(f) for f in found], found)

    def captions(self, i: int) -> tuple[str, ...]:
        """The sentences about photo i."""
        return self._captions[i]

    def size(self, i: int) -> tuple[int, int]:
        return self._sizes[i]

    def __getitem__(self, i: int) -> Record:
        return replace(super().__getitem__(i), caption="\n".join(self.captions(i)))


def photo_folder(root: Path, home: Path, part: str) -> Path:
    """The folder `val2014` (and so on) of photos, wherever it lies; where it should, if nowhere."""
    places = [home / part, home / "images" / part, *(root / p / part for p in PHOTOS)]
    return next((p for p in places if p.is_dir()), root / "COCO" / part)


def read_json(path: Path, source: Source, *keys: str) -> dict:
    """A JSON file with these lists in it.

    Raises:
        MissingData: no such file. CamError: it is cut off (the line is named), or lacks a list.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise absent(source, f"file {path}") from None
    except json.JSONDecodeError as error:
        raise damaged(path, error.lineno, f"no complete JSON ({error.msg})", "all of it") from None
    except UnicodeDecodeError:
        raise damaged(path, None, "bytes that are not UTF-8", "JSON") from None
    for key in keys:
        if not isinstance(content, dict) or not isinstance(content.get(key), list):
            raise damaged(path, None, f"no list {key!r}", f"the lists {', '.join(keys)}")
    return content
