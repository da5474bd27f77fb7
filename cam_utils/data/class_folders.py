"""Data sets with a folder of photos for each class: Caltech101, Caltech256, Event8."""

import os

import numpy as np

from ..errors import unknown
from .base import PhotoFiles
from .files import EXTENSIONS, data_root
from .lists import absent, find_home, stem
from .sources import SOURCES


class ClassFolders(PhotoFiles):
    """Every photo, in one split "all"; the protocols of Table 5 draw their own splits.

    Classes are the folders that hold a photo, sorted by name as torchvision sorts them; photos
    are those in the folder itself. Background folders are no class and are left out.

    Attributes:
        class_folders: the folder of each class.

    Raises:
        MissingData: no photos under the root. CamError: unknown split.
    """

    photos = ""  # the folder of class folders
    background = frozenset()  # folders of clutter

    def __init__(self, split: str = "all", root=None):
        source = SOURCES[self.name]
        if split not in source.splits:
            raise unknown(f"split of {self.name}", split, source.splits)
        home = find_home(data_root(root), source, self.photos)
        folder = home / self.photos
        files, labels, self.class_folders = [], [], []
        for name in sorted(os.listdir(folder)):
            if name in self.background or name.startswith(".") or not (folder / name).is_dir():
                continue
            photos = sorted(p for p in os.listdir(folder / name) if _is_photo(p))
            if photos:
                files += [f"{name}/{photo}" for photo in photos]
                labels += [len(self.class_folders)] * len(photos)
                self.class_folders.append(name)
        if not files:
            raise absent(source, f"photo in {folder}")
        classes = [self.readable(name) for name in self.class_folders]
        super().__init__(folder, split, classes, map(stem, files), files, np.array(labels))

    @staticmethod
    def readable(folder: str) -> str:
        """The name of a class from that of its folder."""
        return folder.replace("_", " ")


def _is_photo(name: str) -> bool:
    return not name.startswith(".") and os.path.splitext(name)[1].lower() in EXTENSIONS


class Caltech101(ClassFolders):
    """101 kinds of objects (Table 5), 8,677 photos without BACKGROUND_Google."""

    name = "caltech101"
    photos = "101_ObjectCategories"
    background = frozenset(["BACKGROUND_Google"])


class Caltech256(ClassFolders):
    """256 kinds of objects (Table 5, figure 8), 29,780 photos without 257.clutter."""

    name = "caltech256"
    photos = "256_ObjectCategories"
    background = frozenset(["257.clutter"])

    @staticmethod
    def readable(folder: str) -> str:
        return folder.split(".", 1)[-1].removesuffix("-101").replace("-", " ")


class Event8(ClassFolders):
    """Eight kinds of sports events (Table 5, figure 8)."""

    name = "event8"
    photos = "event_img"
