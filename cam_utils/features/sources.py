"""What features are computed of: data sets of `Record`s, or arrays, prepared batch by batch."""

import inspect
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from .. import mini
from ..data.base import PhotoFiles
from ..data.record import Record
from ..errors import CamError
from ..evaluate.streaming import load
from ..networks.spec import InputSpec
from ..provenance import source_hash
from ..train.data import Arrays, digest
from ..views import normalise

VIEWS = ("center", "whole")  # one view of each image; "box" is the crop of a given rectangle


class Prepared:
    """The images of one call: `load` gives network inputs.

    Args:
        images: a data set of `open_images`, or (images (N, H, W, 3) uint8, labels (N,)).
        view: "center", "whole" or "box". boxes: (N, 4) for "box".
        workers: threads that decode; None: several for photo files, one for all else, since a
            data set need not bear more.

    Attributes:
        ids: N strings. labels: (N,) int64. identity: what tells these inputs from others.

    Raises:
        CamError: no image, an unknown view, boxes of the wrong shape or without area.
    """

    def __init__(self, images, spec: InputSpec, view: str, boxes=None, workers: int | None = None):
        arrays = Arrays(*images) if isinstance(images, tuple) else None
        self.records = _ArrayRecords(*images) if arrays else images
        self.spec = spec
        self.ids, self.view = list(self.records.ids), _checked_view(view, boxes)
        if not self.ids:
            raise CamError("There is no image to compute features of: the data set is empty.")
        self.boxes = None if boxes is None else _checked_boxes(boxes, len(self.ids))
        labels = [self.records.label(i) for i in range(len(self.ids))]
        self.labels = np.array(labels, np.int64)
        # arrays of the network's own size need no decoding and no resizing
        size = (spec.size, spec.size)
        direct = arrays and self.boxes is None and arrays.images.shape[2:] == size
        self._direct = (
            arrays.images if direct and (view == "whole" or spec.resize == size[0]) else None
        )
        if workers is None:
            workers = min(8, os.cpu_count() or 1) if _photos(self.records) else 1
        self._workers = workers
        self.identity = {
            "images": self.records.name,
            "split": self.records.split,
            "n": len(self.ids),
            "ids": digest("\n".join(self.ids).encode(), self.labels),
            "content": arrays.identity["content"] if arrays else content(self.records),
            "view": self.view,
            "boxes": None if self.boxes is None else digest(self.boxes),
        }

    def __len__(self) -> int:
        return len(self.ids)

    def load(self, indices: Sequence[int]) -> tuple[Tensor | None, list[int], list[dict]]:
        """Inputs (b, 3, S, S) of the readable images, their places, and of the others why."""
        if self._direct is not None:
            images = self._direct[torch.as_tensor(list(indices))]
            return _quick(normalise(images.float(), self.spec)), list(indices), []
        items, broken = self._items(list(indices))
        if not items:
            return None, [], broken
        inputs = torch.stack([item.views[0].tensor for item in items])
        return _quick(inputs), [item.index for item in items], broken

    def _items(self, indices: list[int]):
        def some(part):
            return load(self.records, part, self.spec, self.view, self.boxes)

        if self._workers < 2 or len(indices) < 2:
            return some(indices)
        with ThreadPoolExecutor(min(self._workers, len(indices))) as pool:
            parts = list(pool.map(some, ([i] for i in indices)))
        return [i for items, _ in parts for i in items], [b for _, bad in parts for b in bad]


def _quick(inputs: Tensor) -> Tensor:
    # the layout in which convolutions are two to three times faster on a CPU
    return inputs.contiguous(memory_format=torch.channels_last)


def content(images) -> str:
    """What the pictures of a data set depend on beside their ids, as a hash.

    Files: size and time of each. Drawn sets: the code that draws. Others: three of the pictures,
    so change the ids when you change the pictures of a set of your own.
    """
    origin = images
    while not hasattr(origin, "path") and hasattr(origin, "dataset"):
        origin = origin.dataset
    if hasattr(origin, "path") and hasattr(images, "path"):
        return source_hash("\n".join(_stamp(images.path(i)) for i in range(len(images))))
    home = Path(mini.__file__).parent
    if home in Path(inspect.getfile(type(origin))).parents:
        return source_hash("\0".join(p.read_text() for p in sorted(home.glob("*.py"))))
    some = sorted({0, len(images) // 2, len(images) - 1})
    return digest(*(_pixels(images, i) for i in some))


def _pixels(images, i: int) -> np.ndarray | bytes:
    try:
        return np.ascontiguousarray(images[i].image)
    except (CamError, OSError) as error:
        return str(error).encode()


def _stamp(path) -> str:
    try:
        found = os.stat(path)
    except OSError:
        return "absent"
    return f"{found.st_size} {found.st_mtime_ns}"


def _photos(images) -> bool:
    while hasattr(images, "dataset"):
        images = images.dataset
    return isinstance(images, PhotoFiles)


def _checked_view(view: str, boxes) -> str:
    if view == "box" and boxes is None:
        raise CamError('view="box" needs boxes: (N, 4) xyxy, one rectangle of each image.')
    if view not in (*VIEWS, "box"):
        raise CamError(
            f"Unknown view {view!r} for features; expected {', '.join(VIEWS)}, or boxes to crop to."
        )
    return view if boxes is None else "box"


def _checked_boxes(boxes, n: int) -> np.ndarray:
    boxes = np.ascontiguousarray(boxes, np.float32)
    good = boxes.shape == (n, 4) and np.isfinite(boxes).all()
    if not good or not (boxes[:, :2] < boxes[:, 2:]).all():
        raise CamError(
            f"Found boxes of shape {boxes.shape} for {n} images; expected ({n}, 4) finite xyxy "
            "with x0 < x1 and y0 < y1, in pixels of each original image."
        )
    return boxes


class _ArrayRecords:
    """Arrays seen as a data set."""

    name, split = "arrays", ""

    def __init__(self, images: np.ndarray, labels):
        self._images, self._labels = images, labels
        self.ids = [f"{i:06d}" for i in range(len(images))]

    def __len__(self) -> int:
        return len(self.ids)

    def label(self, i: int) -> int:
        return int(self._labels[i])

    def __getitem__(self, i: int) -> Record:
        none = np.zeros((0, 4), np.float32)
        return Record(self.ids[i], Image.fromarray(self._images[i]), self.label(i), none)
