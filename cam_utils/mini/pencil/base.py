"""What the drawn data sets share: numbered pictures that depend on (set, split, index) alone."""

import hashlib
import multiprocessing
import sys
from concurrent.futures import ProcessPoolExecutor
from typing import ClassVar

import numpy as np
from tqdm.auto import tqdm

from ...data.record import Record
from ...errors import CamError
from ...identity import code_of

_CHUNK = 60

_cache: dict = {}


def generator(name: str, split: str, index: int, purpose: str = "picture") -> np.random.Generator:
    """The generator of one picture, the same on every machine and in every process."""
    digest = hashlib.sha256(f"{name}|{split}|{index}|{purpose}".encode()).digest()
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence(int.from_bytes(digest))))


class MiniSet:
    """A drawn data set: map-style, of `Record`s, nothing on the disk.

    A subclass states `name`, `SPLITS` ({split: number of pictures}) and `CLASSES`, and draws a
    picture in `record`; it may use `generator(self.name, self.split, i)` and nothing else that is
    random. Labels go round: picture i shows class i % number of classes.
    """

    name = "mini/…"
    drawn = True  # opening a picture takes long, and gives the same every time
    SPLITS: ClassVar[dict] = {}
    CLASSES: tuple = ()

    def __init__(self, split: str = "train"):
        if split not in self.SPLITS:
            raise CamError(
                f"{self.name} has no split {split!r}. Its splits are: "
                + ", ".join(f"{k} ({n} pictures)" for k, n in self.SPLITS.items())
                + "."
            )
        self.split = split
        self.classes = list(self.CLASSES)
        self.ids = [f"{split}/{i:06d}" for i in range(self.SPLITS[split])]

    def content(self) -> str:
        """What the pictures depend on: the code that draws them."""
        return code_of(type(self).__module__)

    def record(self, i: int) -> Record:
        """Picture i (0 <= i < len) with its labels."""
        raise NotImplementedError

    def __len__(self) -> int:
        return len(self.ids)

    def __getitem__(self, i: int) -> Record:
        return self.record(self.number(i))

    def number(self, i: int) -> int:
        """i as a picture's number, counted from the end if negative. IndexError beyond the set."""
        n = len(self)
        if not -n <= i < n:
            raise IndexError(f"{self.name} {self.split} has {n} pictures; there is no number {i}.")
        return int(i) % n

    def label(self, i: int) -> int:
        """The class index of picture i; nothing is drawn."""
        return self.number(i) % len(self.CLASSES)

    def boxes(self, i: int) -> np.ndarray:
        """(n, 4) float32 boxes of what picture i is labelled with, largest first."""
        record = self[i]
        return record.boxes_of(record.label)

    def index(self, id: str) -> int:
        """The number of the picture with that id."""
        if id not in self.ids:
            raise CamError(
                f"{self.name} {self.split} has no picture {id!r}; ids are like {self.ids[0]}."
            )
        return self.ids.index(id)

    def __repr__(self) -> str:
        return f"{self.name} {self.split}: {len(self):,} pictures of {len(self.classes)} classes"


def arrays(data: MiniSet, indices=None, workers: int = 2, progress: bool = True):
    """Pictures of a drawn data set as arrays, drawn by `workers` processes and kept in memory.

    Args:
        data: the data set; all its pictures have one size.
        indices: the pictures wanted, in this order; None: all.
        workers: processes; 0 or 1 draws in this one.
        progress: show a bar.

    Returns:
        images (N, H, W, 3) uint8, read-only; labels (N,) int64.
    """
    wanted = tuple(data.number(int(i)) for i in (range(len(data)) if indices is None else indices))
    key = data.name, data.split, wanted
    if key not in _cache:
        jobs = [
            (type(data), data.split, wanted[a : a + _CHUNK]) for a in range(0, len(wanted), _CHUNK)
        ]
        parts = []
        with tqdm(total=len(wanted), desc=f"{data.name} {data.split}", disable=not progress) as bar:
            for part in run(_draw_chunk, jobs, workers):
                parts.append(part)
                bar.update(len(part))
        images = np.concatenate(parts)
        images.flags.writeable = False
        _cache[key] = images
    return _cache[key], np.array([data.label(i) for i in wanted], dtype=np.int64)


def _draw_chunk(job) -> np.ndarray:
    kind, split, indices = job
    data = kind(split)
    return np.stack([np.asarray(data[i].image) for i in indices])


def run(work, jobs: list, workers: int):
    """The results of `work(job)` in order, by `workers` processes; 0 or 1: by this one."""
    if workers < 2 or len(jobs) < 2:
        yield from map(work, jobs)
        return
    with ProcessPoolExecutor(min(workers, len(jobs)), mp_context=worker_context()) as pool:
        yield from pool.map(work, jobs)


def worker_context():
    """How to start workers: forked on Linux (quick, scripts need no main guard), else spawned.

    Forking is safe although the caller may hold PyTorch's threads: a worker uses Pillow and NumPy
    alone.
    """
    return multiprocessing.get_context("fork" if sys.platform == "linux" else "spawn")
