"""Picture files: open any kind as upright 8-bit RGB, list them, find the broken ones."""

import os
import warnings
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from tqdm import tqdm

from ..errors import BrokenImage, MissingData
from ..pictures import open_rgb

if TYPE_CHECKING:  # most of what `import cam_utils` would take beyond torch
    import pandas as pd

EXTENSIONS = (
    *(".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".gif", ".bmp", ".webp", ".avif"),
    *(".tif", ".tiff", ".ppm", ".pgm", ".pbm", ".pnm"),
)


def is_picture(name: str) -> bool:
    """Whether a file is called as pictures are: by its extension, and not hidden."""
    return not name.startswith(".") and os.path.splitext(name)[1].lower() in EXTENSIONS


def list_images(folder) -> list[Path]:
    """All pictures under `folder`, sorted by path; subfolders and links to folders included.

    Chosen by file extension, upper or lower case. Left out: hidden files and folders (also the
    `._name` twins that macOS writes) and `__MACOSX`. A single file gives a list of one.

    Raises:
        MissingData: the folder does not exist.
    """
    folder = Path(folder).expanduser()
    if folder.is_file():
        return [folder]
    if not folder.is_dir():
        raise MissingData(f"There is no folder {folder}. Check the path, or create it.")
    found, seen = [], set()
    for where, folders, names in os.walk(folder, followlinks=True):
        real = os.path.realpath(where)
        if real in seen:  # a link that leads back
            folders.clear()
            continue
        seen.add(real)
        folders[:] = sorted(f for f in folders if not f.startswith(".") and f != "__MACOSX")
        found += [Path(where, name) for name in names if is_picture(name)]
    return sorted(found)


def check_images(what, progress: bool = True) -> "pd.DataFrame":
    """Decode every picture and list the broken or missing ones.

    Args:
        what: a data set, a folder, or an iterable of paths.
        progress: show a bar.

    Returns:
        DataFrame with columns id, path, reason; empty if all is well. For plain paths the id is
        the file's name; for pictures that are drawn, not read, the path is empty.
    """
    import pandas as pd

    if isinstance(what, str | os.PathLike):
        what = list_images(what)
    if hasattr(what, "ids"):
        ids = list(what.ids)
        paths = [what.path(i) for i in range(len(ids))] if hasattr(what, "path") else None
    else:
        paths = [Path(p) for p in what]
        ids = [p.name for p in paths]

    def reason(i: int) -> str | None:
        try:
            _ = what[i] if paths is None else open_rgb(paths[i])
        except BrokenImage as error:
            return error.reason
        except MissingData:
            return "the file is missing"
        return None

    with warnings.catch_warnings(), ThreadPoolExecutor(os.cpu_count()) as pool:
        warnings.simplefilter("ignore")  # odd metadata is no reason to reject a picture
        bar = tqdm(
            pool.map(reason, range(len(ids))),
            total=len(ids),
            desc="checking pictures",
            disable=not progress,
        )
        reasons = list(bar)
    rows = [(ids[i], "" if paths is None else str(paths[i]), r) for i, r in enumerate(reasons) if r]
    return pd.DataFrame(rows, columns=["id", "path", "reason"])


def data_root(root=None) -> Path:
    """The folder that holds the data sets: `root` if given, else the environment's CAM_DATA.

    Raises:
        MissingData: neither is given, or the folder does not exist.
    """
    given = str(root) if root is not None else ""
    source = "the given data root" if given else "the environment variable CAM_DATA"
    given = given or os.environ.get("CAM_DATA", "")
    if not given:
        raise MissingData(
            "No folder of data sets is set. Name it with the parameter data_root, or set the "
            "environment variable CAM_DATA, for example: export CAM_DATA=~/data. Inside it each "
            "data set has its own folder, such as ILSVRC or imagenette."
        )
    folder = Path(given).expanduser()
    if not folder.is_dir():
        what = "is not a folder" if folder.exists() else "does not exist"
        raise MissingData(
            f"{source[0].upper()}{source[1:]} is {folder}, which {what}. Expected the folder "
            "that holds the data sets, such as ILSVRC or imagenette; correct the path."
        )
    return folder
