"""Pictures: a file of any kind as upright 8-bit RGB, and the free photos that come along."""

from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from .errors import BrokenImage, MissingData

# id -> file in scikit-image's wheel (CC0 or public domain; motorcycle: Middlebury stereo, 2014)
SHIPPED = {
    "cat": "chelsea.png",
    "coffee": "coffee.png",
    "rocket": "rocket.jpg",
    "astronaut": "astronaut.png",
    "motorcycle": "motorcycle_left.png",
}


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


def find_photo(text: str) -> Image.Image:
    """A file, or one of the photos that come along ("cat", "coffee", ...)."""
    if Path(text).exists():
        return open_rgb(text)
    home, files = shipped_photos()
    if text in files:
        return open_rgb(home / files[text])
    if text in SHIPPED:
        raise MissingData(how_to_get([text], home))
    raise MissingData(
        f"There is no file {text}; expected the path of a picture, or one of {', '.join(files)}, "
        "which come along."
    )


def shipped_photos() -> tuple[Path, dict[str, str]]:
    """scikit-image's folder of pictures and the files that are in it, by id."""
    import skimage.data

    home = Path(skimage.data.__file__).parent
    return home, {id: file for id, file in SHIPPED.items() if (home / file).is_file()}


def how_to_get(ids: list[str], home: Path) -> str:
    """What to do where scikit-image lacks some of its photos."""
    return (
        f"scikit-image has no file for the photo {', '.join(ids)} in {home}. Expected "
        f"{', '.join(SHIPPED[id] for id in ids)}, which its wheel contains since version 0.22; "
        "reinstall with: pip install --force-reinstall scikit-image. Or use pictures of your own."
    )
