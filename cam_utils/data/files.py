"""Picture files: open any kind as upright 8-bit RGB, list them, find the broken ones."""

import os
import warnings
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image, ImageOps
from tqdm import tqdm

from ..errors import BrokenImage, MissingData

EXTENSIONS = (
    *(".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".gif", ".bmp", ".webp", ".avif"),
    *(".tif", ".tiff", ".ppm", ".pgm", ".pbm", ".pnm"),
)


def open_rgb(path, upright: bool = True) -> Image.Image:
    """Open a picture file, by content whatever its name, as 8-bit RGB.

    - Several frames (GIF, WebP, TIFF): the first one.
    - Transparency: laid over white, as on a page.
    - 16-bit grey: 0..65535 becomes 0..255. Float or 32-bit grey: its own range becomes 0..255;
      NaN and infinities count as the lowest value, a constant picture becomes black.
    - CMYK: Pillow's plain conversion, Adobe's inverted JPEGs included, no colour profile; that is
      what the networks of torchvision were trained and measured with.

    Args:
        path: str or Path.
        upright: apply the EXIF rotation. False gives the pixels as stored, for data sets whose
            boxes are in those pixels.

    Returns:
        A new PIL image, mode RGB, loaded; no file stays open.

    Raises:
        MissingData: there is no such file.
        BrokenImage: it cannot be decoded completely, or is dangerously large.
    """
    path = Path(path)
    if not path.exists():
        raise MissingData(
            f"There is no picture {path}. Check the path; for a data set, unpack it again."
        )
    if path.is_dir():
        raise BrokenImage(path, "it is a folder")
    try:
        if path.stat().st_size == 0:
            raise BrokenImage(path, "the file is empty")
        with Image.open(path) as image:
            image.load()
            return _to_rgb(_upright(image) if upright else image, image.format)
    except BrokenImage:
        raise
    except Image.UnidentifiedImageError:
        raise BrokenImage(path, "its content is of no known picture format") from None
    except Exception as error:  # decoders of damaged files raise almost anything
        raise BrokenImage(path, str(error).strip() or type(error).__name__) from error


def _upright(image: Image.Image) -> Image.Image:
    try:
        return ImageOps.exif_transpose(image)
    except Exception:  # a damaged EXIF block says nothing; the pixels are fine
        return image


def _to_rgb(image: Image.Image, file_format: str | None) -> Image.Image:
    mode = image.mode
    if mode.startswith("I;16") or (mode == "I" and file_format in ("PNG", "PPM")):
        grey = np.asarray(image).astype(np.float64) / 257
        rgb = Image.fromarray(np.rint(grey.clip(0, 255)).astype(np.uint8)).convert("RGB")
    elif mode in ("I", "F"):
        rgb = Image.fromarray(_stretch(np.asarray(image))).convert("RGB")
    elif mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in image.info:
        # La has no way to RGBA but through LA
        rgba = (image.convert("LA") if mode == "La" else image).convert("RGBA")
        white = Image.new("RGBA", rgba.size, "white")
        rgb = Image.alpha_composite(white, rgba).convert("RGB")
    else:
        rgb = image.convert("RGB")  # a copy even if it is RGB already
    rgb.info.clear()  # what the file said of itself (orientation, transparency) no longer holds
    return rgb


def _stretch(values: np.ndarray) -> np.ndarray:
    """(H, W) numbers of any range -> (H, W) uint8 over the full range."""
    values = values.astype(np.float64)
    finite = np.isfinite(values)
    if not finite.any():
        return np.zeros(values.shape, np.uint8)
    low, high = values[finite].min(), values[finite].max()
    values = np.where(finite, values, low)
    return np.rint((values - low) * (255 / ((high - low) or 1))).astype(np.uint8)


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
        found += [
            Path(where, n)
            for n in names
            if not n.startswith(".") and os.path.splitext(n)[1].lower() in EXTENSIONS
        ]
    return sorted(found)


def check_images(what, progress: bool = True) -> pd.DataFrame:
    """Decode every picture and list the broken or missing ones.

    Args:
        what: a data set, a folder, or an iterable of paths.
        progress: show a bar.

    Returns:
        DataFrame with columns id, path, reason; empty if all is well. For plain paths the id is
        the file's name; for pictures that are drawn, not read, the path is empty.
    """
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
