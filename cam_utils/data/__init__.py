"""Data sets. All are map-style and yield `Record`s; open one with `open_images(name, split)`."""

from importlib import import_module

from ..errors import unknown
from ..pictures import open_rgb
from .files import check_images, list_images
from .record import Record
from .sources import SOURCES
from .subsets import Subset, subset

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

# beside SOURCES: name -> (module, class, splits, one line about it); imported when it is opened
_OTHERS: dict[str, tuple[str, str, tuple[str, ...], str]] = {}


def register(name: str, module: str, kind: str, splits: tuple[str, ...], line: str) -> None:
    """Make a data set known to `open_images`; its module is imported when it is opened.

    Args:
        module: absolute name. kind: its class, called with the split.
    """
    _OTHERS[name] = module, kind, splits, line


def available_images() -> dict[str, str]:
    """{name: one-line description} of the data sets that `open_images` knows."""
    brought = {name: f"{source.line} (from $CAM_DATA)" for name, source in SOURCES.items()}
    return brought | {name: line for name, (*_, line) in _OTHERS.items()}


def open_images(name: str, split: str = "val", root=None):
    """Open a data set; cheap, nothing is decoded.

    Args:
        name: one of `available_images()`.
        split: "val", "train" or (mini) "test".
        root: folder that holds the data sets, default the environment's CAM_DATA; for "photos"
            the folder of pictures itself, default the free photos; unused by mini.

    Returns:
        A data set of `Record`s with `.name`, `.split`, `.classes`, `.ids`.

    Raises:
        CamError: unknown name or split. MissingData: the files are not there.
    """
    if name not in SOURCES and name not in _OTHERS:
        raise unknown("data set", name, available_images())
    splits = SOURCES[name].splits if name in SOURCES else _OTHERS[name][2]
    if split not in splits:
        raise unknown(f"split of {name}", split, splits)
    if name in SOURCES:
        module, _, kind = SOURCES[name].reader.rpartition(".")
        return getattr(import_module(f".{module}", __package__), kind)(name, split, root)
    module, kind, *_ = _OTHERS[name]
    return getattr(import_module(module), kind)(root if name == "photos" else split)


register(
    "photos",
    f"{__name__}.photos",
    "Photos",
    ("all", "val"),
    "pictures of a folder, or the free photos that come along",
)
