"""The data set mini/objects: 24 classes of drawn objects with true boxes and masks.

A picture depends on (data set, split, index) alone. The boxes of 24 pictures in a row, one of each
class, are drawn together, so that wide boxes can go to wide objects.
"""

import hashlib
import multiprocessing
import sys
from concurrent.futures import ProcessPoolExecutor

import numpy as np
from PIL import Image
from tqdm.auto import tqdm

from ..data.record import Record
from ..errors import CamError
from . import layout
from .catalogue import CLASSES
from .scene import SIZE, draw_scene, natural_aspects

NAME = "mini/objects"
SPLITS = {"train": 300 * len(CLASSES), "val": 50 * len(CLASSES), "test": 100 * len(CLASSES)}
_CHUNK = 60
_cache: dict = {}


def generator(split: str, index: int, purpose: str = "picture") -> np.random.Generator:
    """The generator of one picture, the same on every machine and in every process."""
    digest = hashlib.sha256(f"{NAME}|{split}|{index}|{purpose}".encode()).digest()
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence(int.from_bytes(digest))))


class MiniObjects:
    """Map-style data set of `Record`s; 112 x 112 RGB.

    Every record has the boxes and masks of ALL its objects; `box_labels` gives their classes. Those
    of the label come first, the largest first of all.
    """

    name = NAME

    def __init__(self, split: str = "train"):
        if split not in SPLITS:
            raise CamError(
                f"{NAME} has no split {split!r}. Its splits are: "
                + ", ".join(f"{k} ({n} pictures)" for k, n in SPLITS.items())
                + "."
            )
        self.split = split
        self.classes = list(CLASSES)
        self.ids = [f"{split}/{i:06d}" for i in range(SPLITS[split])]
        self._block = (-1, None)

    def __len__(self) -> int:
        return len(self.ids)

    def _index(self, i: int) -> int:
        n = len(self)
        if not -n <= i < n:
            raise IndexError(f"{NAME} {self.split} has {n} pictures; there is no number {i}.")
        return int(i) % n

    def __repr__(self) -> str:
        return f"{NAME} {self.split}: {len(self):,} pictures of {len(self.classes)} classes"

    def index(self, id: str) -> int:
        """The number of the picture with that id."""
        if id not in self.ids:
            raise CamError(
                f"{NAME} {self.split} has no picture {id!r}; ids are like {self.ids[0]}."
            )
        return self.ids.index(id)

    def label(self, i: int) -> int:
        """The class index of picture i; nothing is drawn."""
        return self._index(i) % len(CLASSES)

    def draw(self, i: int):
        """Picture i as arrays: image (112, 112, 3) uint8, labels (m,), boxes (m, 4), masks."""
        i = self._index(i)
        block = i // len(CLASSES)
        if self._block[0] != block:
            rng = generator(self.split, block, "boxes")
            boxes = layout.largest_boxes(rng, len(CLASSES))
            self._block = block, layout.match_aspects(rng, boxes, natural_aspects())
        label = self.label(i)
        return draw_scene(generator(self.split, i), label, self._block[1][label])

    def __getitem__(self, i: int) -> Record:
        i = self._index(i)
        image, labels, boxes, masks = self.draw(i)
        return Record(
            id=self.ids[i],
            image=Image.fromarray(image),
            label=self.label(i),
            boxes=boxes,
            masks=masks,
            box_labels=labels,
        )

    def boxes(self, i: int) -> np.ndarray:
        """(n, 4) float32 boxes of the objects that picture i is labelled with, largest first."""
        _, labels, boxes, _ = self.draw(i)
        return boxes[labels == self.label(i)]


def _draw_chunk(job) -> np.ndarray:
    split, indices = job
    data = MiniObjects(split)
    return np.stack([data.draw(i)[0] for i in indices])


def arrays(split: str, indices=None, workers: int = 2, progress: bool = True):
    """All pictures of a split as arrays, drawn by `workers` processes and kept in memory.

    Args:
        split: a key of SPLITS.
        indices: the pictures wanted, in this order; None: all.
        workers: processes; 0 or 1 draws in this one.
        progress: show a bar.

    Returns:
        images (N, 112, 112, 3) uint8, read-only; labels (N,) int64.
    """
    data = MiniObjects(split)
    indices = range(len(data)) if indices is None else indices
    wanted = tuple(data._index(int(i)) for i in indices)
    if (split, wanted) not in _cache:
        images = np.empty((len(wanted), SIZE, SIZE, 3), dtype=np.uint8)
        starts = range(0, len(wanted), _CHUNK)
        jobs = [(split, wanted[a : a + _CHUNK]) for a in starts]
        with tqdm(total=len(wanted), desc=f"{NAME} {split}", disable=not progress) as bar:
            for a, part in zip(starts, _run(jobs, workers), strict=True):
                images[a : a + len(part)] = part
                bar.update(len(part))
        images.flags.writeable = False
        _cache[split, wanted] = images
    return _cache[split, wanted], np.array([data.label(i) for i in wanted], dtype=np.int64)


def _run(jobs, workers: int):
    if workers < 2 or len(jobs) < 2:
        yield from map(_draw_chunk, jobs)
        return
    with ProcessPoolExecutor(min(workers, len(jobs)), mp_context=worker_context()) as pool:
        yield from pool.map(_draw_chunk, jobs)


def worker_context():
    """How to start workers: forked on Linux (quick, scripts need no main guard), else spawned.

    Forking is safe although the caller may hold PyTorch's threads: a worker uses Pillow and NumPy
    alone.
    """
    return multiprocessing.get_context("fork" if sys.platform == "linux" else "spawn")
