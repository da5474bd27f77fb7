"""Words in many fonts, put into a quadrilateral of a picture.

The letters come from the font files of Pillow and Matplotlib (DejaVu, STIX): another release of
these may draw single pixels otherwise. Everything else of the drawn world depends on no file.
"""

from functools import lru_cache
from pathlib import Path

import matplotlib
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from ..pencil.drawing import Layer

_LIST = """
ART BAGS BAKERY BANK BAR BEER BIKES BOOKS BREAD BUS CAFE CANDY CINEMA CLINIC COFFEE COPY
DELI DENTAL DINER EXIT FASHION FISH FLOWERS FRUIT GALLERY GARAGE GRILL GYM HAIR HATS HOTEL
INN JEANS LAMPS LAW LIBRARY MARKET MEAT METRO MUSIC NAILS OPEN OPTIC PAINT PARK PASTA PETS
PHARMACY PHOTO PIANO PIZZA POST PRINT PUB RADIO SALE SALON SCHOOL SHOES SHOP SPA SPORT
STOP STYLE SUSHI TAXI TEA TOOLS TOYS VET WINE YOGA ZOO
"""

WORDS = tuple(_LIST.split())

_FILES = (
    "DejaVuSans", "DejaVuSans-Bold", "DejaVuSans-Bold", "DejaVuSans-Oblique",
    "DejaVuSans-BoldOblique", "DejaVuSerif", "DejaVuSerif-Bold", "DejaVuSerif-BoldItalic",
    "DejaVuSansMono-Bold", "STIXGeneralBol", None, None,
)  # fmt: skip

_BIG = 48  # font size of the master that is shrunk into the picture

_FINE = 4  # subpixels

LEAST_CAPITALS, LEAST_SMALL = 6.5, 8.5  # least height of a word's ink in pixels


@lru_cache
def _font(number: int):
    name = _FILES[number]
    if name is None:  # the font that comes with Pillow
        return ImageFont.load_default(size=_BIG)
    folder = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
    return ImageFont.truetype(str(folder / f"{name}.ttf"), _BIG)


@lru_cache(maxsize=2048)
def ink(word: str, font: int) -> Image.Image:
    """The word's ink, cropped: an L image."""
    drawer = _font(font)
    x0, y0, x1, y1 = drawer.getbbox(word)
    image = Image.new("L", (int(x1 - x0) + 4, int(y1 - y0) + 4))
    ImageDraw.Draw(image).text((2 - x0, 2 - y0), word, font=drawer, fill=255)
    return image.crop(image.getbbox())


def choose_word(rng: np.random.Generator, width: float, height: float):
    """A word that can be read on a board of that size in pixels.

    Returns:
        (ink image, (w, h) on the board in pixels, text), or None if the board is too small.
    """
    for _ in range(24):
        word, font = WORDS[int(len(WORDS) * rng.random())], int(len(_FILES) * rng.random())
        case = rng.random()
        word = word if case < 0.6 else word.capitalize() if case < 0.85 else word.lower()
        image = ink(word, font)
        aspect = image.width / image.height * (0.82 + 0.36 * rng.random())
        h = min(height * (0.68 + 0.24 * rng.random()), width * 0.9 / aspect)
        if h >= (LEAST_CAPITALS if word.isupper() else LEAST_SMALL):
            return image, (h * aspect, h), word
    return None


def _perspective(source, target) -> list[float]:
    """The eight numbers of Pillow's PERSPECTIVE that send `target` (4, 2) to `source` (4, 2)."""
    rows, values = [], []
    for (u, v), (x, y) in zip(source, target, strict=True):
        rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
        values += [u, v]
    return np.linalg.solve(np.array(rows, float), np.array(values, float)).tolist()


def word_layer(image: Image.Image, quad: np.ndarray, size, color, frame: int) -> Layer:
    """A word in the middle of a board.

    Args:
        image: its ink. quad: (4, 2) corners of the board in pixels, clockwise from top left.
        size: (w, h) of the ink on the board, pixels. color: RGB. frame: side of the picture.
    """
    wide = (np.linalg.norm(quad[1] - quad[0]) + np.linalg.norm(quad[2] - quad[3])) / 2
    tall = (np.linalg.norm(quad[3] - quad[0]) + np.linalg.norm(quad[2] - quad[1])) / 2
    sx, sy = min(size[0] / wide, 0.96) / 2, min(size[1] / tall, 0.94) / 2
    corners = []
    for u, v in (
        (0.5 - sx, 0.5 - sy),
        (0.5 + sx, 0.5 - sy),
        (0.5 + sx, 0.5 + sy),
        (0.5 - sx, 0.5 + sy),
    ):
        top, low = quad[0] + u * (quad[1] - quad[0]), quad[3] + u * (quad[2] - quad[3])
        corners.append(top + v * (low - top))
    corners = np.array(corners)
    low = np.maximum(np.floor(corners.min(0)).astype(int) - 1, 0)
    high = np.minimum(np.ceil(corners.max(0)).astype(int) + 1, frame)
    target = (corners - low) * _FINE
    source = [(0, 0), (image.width, 0), (image.width, image.height), (0, image.height)]
    drawn = image.transform(
        tuple((high - low) * _FINE),
        Image.Transform.PERSPECTIVE,
        _perspective(source, target),
        Image.Resampling.BICUBIC,
    )
    alpha = np.asarray(drawn.reduce(_FINE), dtype=np.float32) / 255
    rgb = np.broadcast_to(np.array(color, dtype=np.float32), (*alpha.shape, 3))
    return Layer(int(low[0]), int(low[1]), rgb, alpha, None, ["word"])
