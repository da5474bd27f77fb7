"""The reader of the data sets of `SOURCES`: it finds the photos that a description says."""

import os
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ..errors import CamError
from .base import PhotoFiles
from .files import data_root, is_picture
from .lists import absent, damaged, find_home, find_list, on_disk, read_lines, refuse_outside, stem
from .record import Record
from .sources import SOURCES, Part, Source


@dataclass
class Listing:
    """What the files of a data set say of a split, before it is known which photos are there.

    Attributes:
        folder: where the photos lie. files: of each photo, relative to that.
        classes: readable names. labels: (N,) class numbers; None: photos have no class.
        known: what the reader keeps of each photo. ids: default: the files without extension.
        spelled: the files as they are on the disk, None for one of no use; default: is looked up.
    """

    folder: Path
    files: list[str]
    classes: list[str] = field(default_factory=list)
    labels: np.ndarray | None = None
    known: list | None = None
    ids: list[str] | None = None
    spelled: list[str | None] | None = None


class Row(NamedTuple):
    """A photo of a list or a folder.

    Attributes:
        file: under its part's folder. folder: its class's.
        known: the path of its annotation; None where it needs one that is not there.
    """

    file: str
    folder: str
    known: Any


class SourcePhotos(PhotoFiles):
    """Photos of a data set of `SOURCES`, each of the class that its folder or its list says.

    Its lines in the table describe where lists, photos and annotations lie. What they cannot say
    a reader of its own says in one of the steps: `_class_folders`, `_listed` (a list), `_walk`
    (photos without a list), or in all of them, `_listing`.

    Attributes:
        home: the folder of the data set.
        class_folders: the folder of each class.
        missing: how many photos are listed but not on the disk, or have no annotation.

    Raises:
        MissingData: no list or no photo of this split. CamError: a damaged list.
    """

    whole_lists = False  # photos that are not on the disk stay in the data set
    divided = True  # into the splits that the table has

    def __init__(self, name: str, split: str, root=None):
        self.name, self.split = name, split
        listing = self._listing(data_root(root))
        folder, files = listing.folder, listing.files
        refuse_outside(folder, (*files, *(listing.ids or ())))
        known = listing.known or [None] * len(files)
        spelled = listing.spelled or on_disk(folder, files)
        there = np.array([file is not None for file in spelled], bool)
        if not there.any() and not self.whole_lists:
            raise absent(self.source, f"photo of the {len(files):,} listed in {folder}")
        labels = np.full(len(files), -1) if listing.labels is None else listing.labels
        self.missing = int((~there).sum())
        self.incomplete = frozenset(labels[~there & (labels >= 0)].tolist())
        kept = np.arange(len(files)) if self.whole_lists else np.flatnonzero(there)
        files = [spelled[k] or files[k] for k in kept]
        ids = [listing.ids[k] for k in kept] if listing.ids else map(stem, files)
        super().__init__(folder, split, listing.classes, ids, files, labels[kept])
        self._there, self._known = there[kept], [known[k] for k in kept]

    @property
    def source(self) -> Source:
        """What the table says of this data set."""
        return SOURCES[self.name]

    def on_disk(self, i: int) -> bool:
        return bool(self._there[i])

    def __getitem__(self, i: int) -> Record:
        if not self._there[i]:
            raise absent(self.source, f"photo {self.path(i)}; {self._share()}")
        return super().__getitem__(i)

    def _share(self) -> str:
        return f"{self._there.sum():,} of the {len(self):,} listed are there"

    def notes(self) -> list[str]:
        return [] if self.divided else ["not divided into splits: divide it at random"]

    def __repr__(self) -> str:
        if not self.missing:
            return super().__repr__()
        lack = f"{self.missing:,} listed photos are not on the disk, or lack their annotation"
        return f"{super().__repr__()}; {self._share() if self.whole_lists else lack}"

    # ------------------------------------------------------------ what the description says

    def _listing(self, root: Path) -> Listing:
        source = self.source
        self.home = find_home(root, source, self.split)
        parts = self._parts()
        folders = self._class_folders()
        # without a list of classes, those of all splits count, so that a class has one number
        every = parts if folders else dict.fromkeys([*parts, *self._parts_there()])
        found = {part: self._rows(part, folders) for part in every}
        useful = {r.folder for some in found.values() for r in some if r.known is not None}
        self.class_folders = folders or sorted(useful)
        number = {folder: k for k, folder in enumerate(self.class_folders)}
        whole = len(parts) > 1 or source.ids_with_part
        where = self.home if whole else self.home / parts[0].photos
        rows = [row for part in parts for row in found[part]]
        if all(row.known is None for row in rows):
            kind = "photo with its annotation" if parts[0].annotation else "photo"
            raise absent(source, f"{self._of_split(kind)} in {where}")
        begin = {part: f"{part.photos}/" if whole and part.photos else "" for part in parts}
        files = [begin[part] + row.file for part in parts for row in found[part]]
        spelled = on_disk(where, files) if parts[0].lists else files
        return Listing(
            where,
            files,
            [self._readable(folder) for folder in self.class_folders],
            np.array([number.get(row.folder, -1) for row in rows]),
            [row.known for row in rows],
            spelled=[None if r.known is None else f for f, r in zip(spelled, rows, strict=True)],
        )

    def _parts(self) -> list[Part]:
        """The parts of this split that are there.

        Raises:
            MissingData: none, or the photos are not divided into splits.
        """
        source = self.source
        there = [p for p in source.parts[self.split] if (self.home / p.photos).is_dir()]
        self.divided = not source.undivided or bool(there or self._parts_there())
        if not self.divided and self.split == "all":
            return [source.undivided]
        if not there:
            how = "open 'all' and divide it at random, say with cam_utils.features.split_indices"
            how = "" if self.divided else f" (not divided into splits there: {how})"
            raise absent(source, f"{self._of_split('photo')} in {self.home}{how}")
        return there

    def _of_split(self, what: str) -> str:
        return what if self.split == "all" else f"{self.split} {what}"

    def _parts_there(self) -> list[Part]:
        """The parts of any split that are there."""
        parts = [part for some in self.source.parts.values() for part in some]
        lists = [[find_list(self.home, self.source, name) for name in p.lists] for p in parts]
        return [
            part
            for part, paths in zip(parts, lists, strict=True)
            if (self.home / part.photos).is_dir() and all(path.is_file() for path in paths)
        ]

    def _class_folders(self) -> list[str]:
        """The folders of the classes as a list has them; [] if they are to be found."""
        classes = self.source.classes
        if "*" not in classes:
            lists = [find_list(self.home, self.source, classes)] if classes else []
            return [text.strip("/") for path in lists for _, text in read_lines(path, self.source)]
        end = classes.removeprefix("*")
        found = [p.name for f in self.source.lists_in for p in self.home.glob(f + classes)]
        return sorted(name.removesuffix(end) for name in found)

    def _class_of(self, photo: str) -> str | None:
        """The class folder of a photo, by its path under the folder of its part."""
        found = re.fullmatch(self.source.class_of, photo)
        return found and found[1]

    def _readable(self, folder: str) -> str:
        """A class's name in words."""
        found = re.fullmatch(self.source.named, folder)
        name = found[1] if found else folder
        return re.sub(f"[_{self.source.spaces}]", " ", name)

    def _rows(self, part: Part, folders: list[str]) -> list[Row]:
        """The photos of a part."""
        found = self._listed(part, folders) if part.lists else self._walk(part, folders)
        return [Row(file, folder, self._annotation(part, file)) for file, folder in found]

    def _annotation(self, part: Part, file: str) -> str | None:
        path = part.annotation.format(stem(file))
        there = not path or not self.source.needs_annotation or (self.home / path).is_file()
        return path if there else None

    def _listed(self, part: Part, folders: list[str]) -> list[tuple[str, str]]:
        """(file, class folder) of every line of the lists of a part."""
        found = []
        for folder in folders if any("{}" in name for name in part.lists) else [""]:
            for name in part.lists:
                path = find_list(self.home, self.source, name.format(folder))
                found += self._of_list(path, [folder] if folder else folders)
        return found

    def _of_list(self, path: Path, folders: list[str]) -> list[tuple[str, str]]:
        found = []
        for line, text in read_lines(path, self.source):
            file = text.replace("\\", "/").strip("/")
            folder = self._class_of(file)
            if not folder or (folders and folder not in folders):
                raise damaged(path, line, repr(text[:80]), "the path of a photo of a class")
            found.append((file, folder))
        if not found:
            raise damaged(path, None, "no line", "a photo in each")
        if len(dict(found)) < len(found):
            raise CamError(f"{path} lists a photo twice; download it again.")
        return found

    def _walk(self, part: Part, folders: list[str]) -> list[tuple[str, str]]:
        """(file, class folder) of every picture that lies in a folder of a class."""
        home = self.home / part.photos
        listed = folders and self.source.classes  # may lie one in another: "a/abbey"
        names = folders if listed else sorted(os.listdir(home))
        pairs = [(self._class_of(f"{name}/"), name) for name in names if (home / name).is_dir()]
        pairs = [(c, n) for c, n in pairs if c and n[0] != "." and n not in self.source.background]
        if folders and not listed:
            pairs = sorted((c, n) for c, n in pairs if c in folders)
        return [
            (f"{name}/{file}", folder)
            for folder, name in pairs
            for file in sorted(os.listdir(home / name))
            if is_picture(file)
        ]
