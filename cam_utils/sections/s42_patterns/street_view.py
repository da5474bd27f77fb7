"""Street View Text, made fit for a fair test: no viewer's controls, one size, colour, compression.

The photos are screenshots: a compass and a slider in the upper left corner, a button in the upper
right one, an inset map in the lower right one, a watermark at the lower edge. A classifier could
tell them from any other photos by these alone.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from io import BytesIO

import numpy as np
from PIL import Image

from ...data.record import Record
from ...data.subsets import Shown
from ...errors import CamError
from ...hashes import source_hash
from ...identity import code_of, content

FREE = (0.21, 0.04, 0.79, 0.96)  # of width and height: what no control, map or watermark covers
SIDE, QUALITY = 256, 38  # most photos of Scene15 are as large; JPEG quality of the worse source
SCALES = (0.25, 0.35, 0.5)  # sides of tiles, of the window's
FILLED = 0.9  # of a tile's side, that a word in it may have at most
TRIES = 1000  # places that are tried for a tile without words


class Changed(Shown):
    """A data set whose pictures are changed; their boxes, named words, go along.

    Args:
        change: of a record the changed one. about: all that it depends on beside this code.
    """

    handed_on = ("name", "split", "classes", "path", "label", "ids")

    def __init__(self, dataset, change: Callable[[Record], Record], about: object = ""):
        super().__init__(dataset)
        self._change, self._about = change, str(about)

    def __getitem__(self, i: int) -> Record:
        return self._change(self.dataset[i])

    def boxes(self, i: int) -> np.ndarray:
        """(m, 4) boxes of the words that picture i still shows."""
        return self[i].boxes

    def content(self) -> str:
        """Hash of what the pictures depend on."""
        return source_hash(content(self.dataset) + self._about + code_of(__name__))


def without_controls(photos) -> Changed:
    """The largest central square of each screenshot that has nothing of the viewer's in it."""

    def window(record: Record) -> Record:
        width, height = record.image.size
        x0, y0, x1, y1 = np.array(FREE) * (width, height, width, height)
        side = int(min(x1 - x0, y1 - y0))
        x, y = round((x0 + x1 - side) / 2), round((y0 + y1 - side) / 2)
        return square_of(record, x, y, side)

    return Changed(photos, window, FREE)


def evened(pictures) -> Changed:
    """Pictures of one size, grey, and equally compressed: SIDE x SIDE, JPEG of QUALITY."""

    def even(record: Record) -> Record:
        scale = np.array([SIDE / n for n in record.image.size] * 2, np.float32)
        image = record.image.convert("L").resize((SIDE, SIDE), Image.Resampling.BICUBIC)
        image.save(file := BytesIO(), "JPEG", quality=QUALITY)
        image = Image.open(file).convert("RGB")
        return replace(record, image=image, boxes=record.boxes * scale, masks=None)

    return Changed(pictures, even, (SIDE, QUALITY))


def square_of(record: Record, x: int, y: int, side: int) -> Record:
    """A square of a picture, with the words of which it shows half or more, cut off at its rim."""
    x0, y0, x1, y1 = record.boxes.T
    moved = np.stack([x0 - x, y0 - y, x1 - x, y1 - y], 1)
    shown = moved.clip(0, side)
    seen = (shown[:, 2:] - shown[:, :2]).prod(1) >= 0.5 * (moved[:, 2:] - moved[:, :2]).prod(1)
    image = record.image.crop((x, y, x + side, y + side))
    return replace(record, image=image, boxes=shown[seen].astype(np.float32), masks=None)


@dataclass(frozen=True)
class Tile:
    """A square of picture `photo`; pairs have one number, one tile with a word and one without."""

    photo: int
    pair: int
    scale: float
    x: int
    y: int
    side: int


class WordTiles:
    """Tiles around words, and as large ones without any of the same photos.

    Of each photo and scale one pair, where there is room: a word, drawn by seed, lies anywhere
    in the first (not in its middle, where a centre's null map would find it); the second touches no
    word that the data set lists. (It lists few of all words, so some "wordless" tiles have text.)

    Args:
        photos: records with boxes of words. with_word: which tile of each pair.
        seed: of words and places; both kinds must have the same.
    """

    classes = ("text",)

    def __init__(self, photos, with_word: bool, scales=SCALES, seed: int = 0):
        self.photos, self.split = photos, photos.split
        kind = "around words" if with_word else "without words"
        self.name = f"{photos.name}, tiles {kind}"
        self.tiles = [
            pair[0 if with_word else 1] for i in range(len(photos))
            for pair in pairs_of(photos[i], i, scales, seed)
        ]  # fmt: skip
        if not self.tiles:
            raise CamError(f"No photo of {photos.name} has room for a tile beside its words.")
        self.ids = [f"{photos.ids[t.photo]}@{t.x},{t.y}+{t.side}" for t in self.tiles]
        self._content = source_hash(content(photos) + str(self.tiles) + code_of(__name__))

    def __len__(self) -> int:
        return len(self.tiles)

    def __getitem__(self, i: int) -> Record:
        tile = self.tiles[i]
        found = square_of(self.photos[tile.photo], tile.x, tile.y, tile.side)
        return replace(found, id=self.ids[i])

    def label(self, i: int) -> int:
        """0: there is one class."""
        return 0

    def path(self, i: int):
        """The photo's file."""
        return self.photos.path(self.tiles[i].photo)

    def content(self) -> str:
        """Hash of what the tiles depend on."""
        return self._content


def pairs_of(record: Record, photo: int, scales=SCALES, seed: int = 0) -> list[tuple[Tile, Tile]]:
    """(around a word, without words) of each scale for which the picture has room."""
    size, boxes, found = min(record.image.size), record.boxes, []
    for n, scale in enumerate(scales):
        rng, side = np.random.default_rng([seed, photo, n]), round(scale * size)
        fitting = np.flatnonzero((boxes[:, 2:] - boxes[:, :2]).max(1) <= FILLED * side)
        empty = rng.integers(0, size - side + 1, (TRIES, 2))
        meets = (empty[:, None] < boxes[:, 2:]) & (empty[:, None] + side > boxes[:, :2])
        empty = empty[~meets.all(2).any(1)]
        if not len(fitting) or not len(empty):
            continue
        box = boxes[rng.choice(fitting)]
        low = np.ceil(np.maximum(box[2:] - side, 0)).astype(int)
        high = np.floor(np.minimum(box[:2], size - side)).astype(int)
        corner = [int(rng.integers(a, max(a, b) + 1)) for a, b in zip(low, high, strict=True)]
        pair = 100 * photo + n
        places = corner, empty[0].tolist()
        found.append(tuple(Tile(photo, pair, scale, *place, side) for place in places))
    return found
