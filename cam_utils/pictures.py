"""Pictures: a file of any kind as upright 8-bit RGB, and the free photos that come along."""

import os
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from .errors import BrokenImage, CamError, MissingData

# as Pillow names them, those of plug-ins included
FORMATS = ("JPEG", "PNG", "GIF", "BMP", "DIB", "WEBP", "TIFF", "PPM", "JPEG2000", "AVIF", "HEIF")

_SMALLER = "save it with fewer pixels, or cut out the part that matters"


@dataclass(frozen=True)
class FreePhoto:
    """A photo that comes along with a library and may be shown: where it lies, whom it is by."""

    package: str
    file: str
    credit: str

    @property
    def path(self) -> Path:
        """Where it lies in the installed package; it may be absent."""
        return Path(find_spec(self.package.partition(".")[0]).origin).parent.joinpath(
            *self.package.split(".")[1:], self.file
        )


_SKIMAGE, _SKLEARN = "skimage.data", "sklearn.datasets.images"

SHIPPED = {
    "cat": FreePhoto(_SKIMAGE, "chelsea.png", "Stefan van der Walt, CC0"),
    "coffee": FreePhoto(_SKIMAGE, "coffee.png", "Rachel Michetti, Pikolo Espresso Bar, CC0"),
    "rocket": FreePhoto(_SKIMAGE, "rocket.jpg", "SpaceX, public domain"),
    "astronaut": FreePhoto(_SKIMAGE, "astronaut.png", "NASA, public domain"),
    "motorcycle": FreePhoto(_SKIMAGE, "motorcycle_left.png", "Middlebury stereo set, 2014"),
    "china": FreePhoto(_SKLEARN, "china.jpg", "danielbuechele (Flickr), CC BY 2.0"),
    "flower": FreePhoto(_SKLEARN, "flower.jpg", "vultilion (Flickr), CC BY 2.0"),
    "camera": FreePhoto(_SKIMAGE, "camera.png", "Lav Varshney, CC0"),
}


def open_rgb(path, upright: bool = True, side: int = 0) -> Image.Image:
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
        side: a longer side of at least so many pixels will do: a large JPEG is then decoded at a
            half, a quarter or an eighth of its size, in a fraction of time and memory; 0: whole.

    Returns:
        A new PIL image, mode RGB, loaded; no file stays open. `info["full size"]`: (width, height)
        of the whole picture, upright.

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
        with open_header(path) as image:
            full = image.size
            if side and max(full) > side:
                image.draft(None, tuple(max(1, side * n // max(full)) for n in full))
            image.load()
            stored = image.size
            if upright:
                _turn_upright(image)
            rgb = _to_rgb(image, image.format)
            sideways = stored[0] != stored[1] and image.size == stored[::-1]
            rgb.info["full size"] = full[::-1] if sideways else full
            return rgb
    except BrokenImage:
        raise
    except MemoryError:
        raise BrokenImage(path, f"the memory does not hold it; {_SMALLER}") from None
    except Exception as error:  # decoders of damaged files raise almost anything
        raise BrokenImage(path, str(error).strip() or type(error).__name__) from error


@contextmanager
def open_header(path: Path) -> Iterator[Image.Image]:
    """A picture file of one of the formats that are meant, its header read, nothing decoded.

    Pillow knows some forty formats, chosen by content: PostScript, which it hands to Ghostscript,
    is one of them.

    Raises:
        BrokenImage: of another format, or with too many pixels.
    """
    Image.init()  # what a plug-in adds (HEIC) is known after that
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # still decoded
        try:
            image = Image.open(path, formats=[name for name in FORMATS if name in Image.OPEN])
        except Image.UnidentifiedImageError:
            raise BrokenImage(path, _why_unknown(path)) from None
        except Image.DecompressionBombError as error:
            count = re.search(r"\d{4,}", str(error))
            found = f"{int(count[0]) / 1e6:,.0f} megapixels" if count else "too many pixels"
            most = 2 * Image.MAX_IMAGE_PIXELS / 1e6
            raise BrokenImage(
                path, f"it has {found}, more than the {most:.0f} that are safe; {_SMALLER}"
            ) from None
    with image:
        yield image


def _why_unknown(path: Path) -> str:
    """In words, why it is of no format that is meant."""
    with path.open("rb") as file:
        head = file.read(64)
    for plugin, brands in (
        ("pillow-heif", (b"heic", b"heix", b"hevc", b"mif1", b"msf1")),
        ("pillow-avif-plugin", (b"avif", b"avis")),
    ):
        if head[4:8] == b"ftyp" and any(brand in head for brand in brands):
            kind = "an AVIF" if "avif" in plugin else "a HEIC"
            return f"it is {kind} picture, which Pillow opens with the package {plugin}"
    if head.startswith((b"%!PS", b"\xc5\xd0\xd3\xc6", b"%PDF")):
        return "it is a PostScript or PDF document; draw it to a PNG file first"
    if head.lstrip()[:1] == b"<":
        return "it is a web page or another text, perhaps the error page of a failed download"
    return "its content is of no known picture format"


def as_picture(image) -> Image.Image:
    """Any kind of picture as a PIL image, 8-bit RGB.

    Args:
        image: a path, or the name of a free photo (`SHIPPED`); a PIL image; a NumPy array (H, W),
            (H, W, 1), (H, W, 3) or (H, W, 4); a tensor (1, H, W), (3, H, W) or (4, H, W), or with
            a leading 1. Arrays and tensors hold 0..255 as uint8, or 0..1 as floats.

    Raises:
        MissingData, BrokenImage: of a path, as `open_rgb`. CamError: another type, shape or range.
    """
    if isinstance(image, Image.Image):
        return image if image.mode == "RGB" else _to_rgb(image, image.format)
    if isinstance(image, str | Path):
        return open_rgb(photo_path(str(image)))
    if hasattr(image, "detach"):  # a tensor: channels first
        image = image.detach().cpu()
        image = image[0] if image.dim() == 4 and len(image) == 1 else image
        image = (image.movedim(0, -1) if image.dim() == 3 else image).numpy()
    if not isinstance(image, np.ndarray):
        raise CamError(
            f"Found a picture as {type(image).__name__}; expected a path, a PIL image, a NumPy "
            "array (H, W, 3) or a tensor (3, H, W)."
        )
    if image.ndim not in (2, 3) or (image.ndim == 3 and image.shape[2] not in (1, 3, 4)):
        raise CamError(
            f"Found a picture of shape {image.shape}; expected one, NumPy (H, W, 3) or a tensor "
            "(3, H, W), grey, RGB or RGBA."
        )
    if image.dtype != np.uint8:
        low, high = (float(f(image)) for f in (np.min, np.max))
        if image.dtype.kind != "f" or not (low >= 0 and high <= 1):
            raise CamError(
                f"Found a picture of {image.dtype} from {low:g} to {high:g}; expected uint8 from 0 "
                "to 255 or floats from 0 to 1. A tensor that is prepared for a network already "
                "goes to cams(network, tensor[None])."
            )
        image = np.rint(image * 255).astype(np.uint8)
    array = image[:, :, 0] if image.ndim == 3 and image.shape[2] == 1 else image
    return _to_rgb(Image.fromarray(array), None)


def _turn_upright(image: Image.Image) -> None:
    try:
        ImageOps.exif_transpose(image, in_place=True)  # else it copies what is upright too
    except Exception:  # a damaged EXIF block says nothing; the pixels are fine
        return


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


def photo_path(text: str) -> Path:
    """The file of a path, or of one of the free photos that come along ("cat", "coffee", ...).

    Raises:
        MissingData: there is neither.
    """
    if "://" in text:
        raise MissingData(
            f"{text} is an address in the web; download the picture first and give its file."
        )
    path = Path(text)
    there = os.path.exists(text)  # Path.exists raises for a name that is too long
    if there or text not in SHIPPED:
        if not there:
            shown = text if len(text) < 200 else f"{text[:60]}… ({len(text):,} characters)"
            raise MissingData(
                f"There is no file {shown}; expected the path of a picture, or one of "
                f"{', '.join(SHIPPED)}, which come along."
            )
        return path
    if not SHIPPED[text].path.is_file():
        raise MissingData(how_to_get([text]))
    return SHIPPED[text].path


def shipped_photos() -> dict[str, Path]:
    """The free photos that are on the disk, by id."""
    return {id: photo.path for id, photo in SHIPPED.items() if photo.path.is_file()}


def how_to_get(ids: list[str]) -> str:
    """What to do where a library lacks some of its photos."""
    return (
        f"There is no file for the photo {', '.join(ids)}. Expected "
        f"{', '.join(str(SHIPPED[id].path) for id in ids)}, which the library's wheel contains; "
        "reinstall with: pip install --force-reinstall scikit-image scikit-learn. Or use pictures "
        "of your own."
    )
