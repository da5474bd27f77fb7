"""Data sets. All are map-style and yield `Record`s; open one with `open_images(name, split)`."""

from importlib import import_module
from inspect import signature

import numpy as np

from ..errors import CamError, unknown
from ..pictures import open_rgb
from .files import check_images, list_images
from .record import Record
from .sources import SOURCES

__all__ = [
    "Record",
    "Subset",
    "available_images",
    "check_images",
    "list_images",
    "open_images",
    "open_rgb",
    "register",
    "subset",
]

# name -> (module, class, splits, one line about it); the module is imported when it is opened
_IMAGES = {
    "ilsvrc": (
        ".ilsvrc",
        "ILSVRC",
        ("val", "train"),
        "ILSVRC2012: 1,000 classes with boxes (from $CAM_DATA)",
    ),
    "imagenette": (
        ".imagenette",
        "Imagenette",
        ("val", "train"),
        "ten easy ImageNet classes (from $CAM_DATA)",
    ),
    "scene15": (
        ".scene15",
        "Scene15",
        ("train", "test", "all"),
        "fifteen classes of scenes (from $CAM_DATA)",
    ),
    "photos": (
        ".photos",
        "Photos",
        ("all", "val"),
        "pictures of a folder, or five photos that scikit-image ships",
    ),
    **{name: (*s.opener, s.splits, s.line) for name, s in SOURCES.items()},
}


def register(name: str, module: str, kind: str, splits: tuple[str, ...], line: str) -> None:
    """Make a data set known to `open_images`; its module is imported when it is opened.

    Args:
        module: absolute name. kind: its class, called with the split.
    """
    _IMAGES[name] = module, kind, splits, line


def available_images() -> dict[str, str]:
    """{name: one-line description} of the data sets that `open_images` knows."""
    return {name: line for name, (*_, line) in _IMAGES.items()}


def open_images(name: str, split: str = "val", root=None):
    """Open a data set; cheap, nothing is decoded.

    Args:
        name: one of `available_images()`.
        split: "val", "train" or (mini) "test".
        root: folder that holds the data sets, default the environment's CAM_DATA; for "photos"
            the folder of pictures itself, default the photos of scikit-image; unused by mini.

    Returns:
        A data set of `Record`s with `.name`, `.split`, `.classes`, `.ids`.

    Raises:
        CamError: unknown name or split. MissingData: the files are not there.
    """
    if name not in _IMAGES:
        raise unknown("data set", name, _IMAGES)
    module, kind, splits, _ = _IMAGES[name]
    if split not in splits:
        raise unknown(f"split of {name}", split, splits)
    opener = getattr(import_module(module, __package__), kind)
    if not module.startswith("."):  # registered: needs no folder
        return opener(split)
    return opener(root) if name == "photos" else opener(split, root)


class Subset:
    """Some records of a data set, in a given order; all else is the data set's own.

    Its methods of a picture's number, which they call `i`, take the number within the subset.
    """

    def __init__(self, dataset, indices):
        self.dataset, self.indices = dataset, [int(i) for i in indices]

    def __len__(self) -> int:
        return len(self.indices)

    def __getitem__(self, i: int) -> Record:
        return self.dataset[self.indices[i]]

    @property
    def ids(self) -> list[str]:
        ids = self.dataset.ids
        return [ids[i] for i in self.indices]

    def __getattr__(self, name: str):
        if name.startswith("_") or name == "dataset":  # pickle asks before there is a dataset
            raise AttributeError(name)
        value = getattr(self.dataset, name)  # classes, name, split, …
        if callable(value) and next(iter(signature(value).parameters), "") == "i":
            return lambda i: value(self.indices[i])  # path, label, boxes, questions, …
        if name == "index":
            return lambda id: self.indices.index(value(id))
        return value

    def __repr__(self) -> str:
        return f"{len(self):,} of {self.dataset!r}"


def subset(dataset, n: int, seed: int = 0) -> Subset:
    """A view of `n` records drawn without replacement; n = 0, or too many: all of them.

    Equal (n, seed) and equal length give equal records; their order is that of the data set.
    """
    if n < 0:
        raise CamError(f"The number of pictures is {n}; expected 0 (all) or more.")
    size = len(dataset)
    if n == 0 or n >= size:
        return Subset(dataset, range(size))
    chosen = np.random.default_rng(seed).choice(size, n, replace=False)
    return Subset(dataset, np.sort(chosen))
