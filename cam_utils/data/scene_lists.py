"""Scenes whose splits are lists of photos: SUN397 and MIT Indoor67."""

from pathlib import Path

import numpy as np

from ..errors import CamError, unknown
from .base import PhotoFiles
from .files import data_root, list_images
from .lists import absent, damaged, find_home, present, read_lines, stem
from .sources import SOURCES


class SUN397(PhotoFiles):
    """397 kinds of scenes (Table 5, figure 8), photos in `a/abbey/`, `a/chalet/outdoor/` and so on.

    Splits: "train-01", "test-01" … "test-10" are the ten official partitions (50 + 50 photos of
    each class); "train" and "test" are the first; "all" is every photo. The lists lie beside
    `ClassName.txt` or in `Partitions/`.

    Attributes:
        class_paths: "abbey", "apartment_building/outdoor", … in the order of ClassName.txt.

    Raises:
        MissingData: no class list, no partition or no photo. CamError: unknown split; a list that
        names a class that ClassName.txt does not have.
    """

    name = "sun397"

    def __init__(self, split: str = "train", root=None):
        source = SOURCES[self.name]
        if split not in source.splits:
            raise unknown(f"split of {self.name}", split, source.splits)
        home = find_home(data_root(root), source, "ClassName.txt", "Partitions/ClassName.txt")
        path = _beside(home, "ClassName.txt")
        folders = [text.strip("/") for _, text in read_lines(path, source)]
        self.class_paths = [folder.split("/", 1)[-1] for folder in folders]
        files, labels = (
            _listed(_partition(home, split), folders, source)
            if split != "all"
            else (_walk(home, folders, source))
        )
        kept, found = present(home, files, source)
        self.missing = len(files) - len(kept)
        ids = [stem(file) for file in found]
        super().__init__(home, split, _spaced(self.class_paths), ids, found, labels[kept])


class Indoor67(PhotoFiles):
    """67 kinds of rooms (Table 5): 80 training and 20 test photos of each; "all" is every photo.

    Raises:
        MissingData: no list or no photo. CamError: unknown split; a damaged list.
    """

    name = "indoor67"

    def __init__(self, split: str = "train", root=None):
        source = SOURCES[self.name]
        if split not in source.splits:
            raise unknown(f"split of {self.name}", split, source.splits)
        home = find_home(data_root(root), source, "TrainImages.txt", "TestImages.txt", "Images")
        folder = home / "Images"
        if not folder.is_dir():
            raise absent(source, f"folder {folder}")
        lists = {part: home / f"{part.title()}Images.txt" for part in ("train", "test")}
        folders = {p.name for p in folder.iterdir() if p.is_dir() and p.name[0] != "."}
        for path in lists.values():  # a class may not be unpacked; it keeps its number
            lines = read_lines(path, source) if path.is_file() else []
            folders |= {text.split("/")[0] for _, text in lines}
        folders = sorted(folders)
        if split == "all":
            files, labels = _walk(folder, folders, source)
        else:
            files, labels = _listed(lists[split], folders, source)
        kept, found = present(folder, files, source)
        self.missing = len(files) - len(kept)
        ids = [stem(file) for file in found]
        super().__init__(folder, split, _spaced(folders), ids, found, labels[kept])


def _beside(home: Path, name: str) -> Path:
    path = home / name
    return path if path.is_file() else home / "Partitions" / name


def _partition(home: Path, split: str) -> Path:
    part, _, number = split.partition("-")
    return _beside(home, f"{part.title()}ing_{number or '01'}.txt")


def _listed(path: Path, folders: list[str], source) -> tuple[list[str], np.ndarray]:
    """The photos of a list "<class folder>/<photo>" and the number of each one's class."""
    number = {folder: k for k, folder in enumerate(folders)}
    files, labels = [], []
    for line, text in read_lines(path, source):
        file = text.replace("\\", "/").strip("/")
        label = number.get(file.rpartition("/")[0])
        if label is None:
            raise damaged(path, line, repr(text[:80]), "the path of a photo in a class folder")
        files.append(file)
        labels.append(label)
    if not files:
        raise damaged(path, None, "no line", "a photo in each")
    if len(set(files)) < len(files):
        raise CamError(f"{path} lists a photo twice; download it again.")
    return files, np.array(labels)


def _walk(home: Path, folders: list[str], source) -> tuple[list[str], np.ndarray]:
    """Every photo of the class folders and the number of its class."""
    files, labels = [], []
    for k, folder in enumerate(folders):
        if (home / folder).is_dir():
            names = [p.relative_to(home).as_posix() for p in list_images(home / folder)]
            # "a/abbey" may hold the folder of another class
            names = [n for n in names if n.rpartition("/")[0] == folder]
            files += names
            labels += [k] * len(names)
    if not files:
        raise absent(source, f"photo in {home}")
    return files, np.array(labels)


def _spaced(names: list[str]) -> list[str]:
    return [name.replace("_", " ") for name in names]
