"""Images of a data set on their way to a network: decoded one step ahead, never all at once."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from PIL import Image

from ..errors import BrokenImage, CamError
from ..networks.spec import InputSpec
from ..views import View, box_crop, view_list

AHEAD = 2  # batches that wait decoded; more only costs memory


@dataclass(frozen=True)
class Item:
    """One readable image.

    Attributes:
        index: its place in the data set. label: its class, or -1.
        views: what the network sees of it.
        image: the picture itself.
        truth: (m, 4) boxes of its label, xyxy half-open, pixels of the image.
    """

    index: int
    id: str
    label: int
    views: list[View]
    image: Image.Image
    truth: np.ndarray

    @property
    def size(self) -> tuple[int, int]:
        """(height, width), pixels."""
        return self.image.size[::-1]


def load(
    images, indices: Iterable[int], spec: InputSpec, view: str, boxes: np.ndarray | None = None
) -> tuple[list[Item], list[dict]]:
    """The readable images among `indices`, and of the others {"id", "path", "reason"}.

    Args:
        boxes: (N, 4) one rectangle of each image of the data set: its crop is seen, not `view`.
    """
    items, unreadable = [], []
    for index in indices:
        try:
            record = images[index]
            if boxes is None:
                views = view_list(record.image, spec, view)
            else:
                views = [box_crop(record.image, boxes[index], spec)]
        except BrokenImage as error:
            unreadable.append(_unreadable(images, index, error.reason, error.path))
        except (CamError, OSError) as error:  # a vanished file, a damaged annotation
            unreadable.append(_unreadable(images, index, str(error)))
        else:
            truth = record.boxes_of(record.label)
            items.append(Item(index, record.id, record.label, views, record.image, truth))
    return items, unreadable


def _unreadable(images, index: int, reason: str, path: str | None = None) -> dict:
    if path is None:
        path = str(images.path(index)) if hasattr(images, "path") else images.ids[index]
    return {"id": images.ids[index], "path": path, "reason": reason}


def ahead(function: Callable, jobs: Iterable, steps: int = AHEAD) -> Iterator:
    """Yields (job, function(job)) in order; one thread works `steps` jobs ahead of the caller.

    One thread, because data sets need not bear several, and because it only has to fill the gaps
    that the network leaves.
    """
    with ThreadPoolExecutor(1, thread_name_prefix="decode") as pool:
        waiting: deque = deque()
        try:
            for job in jobs:
                waiting.append((job, pool.submit(function, job)))
                if len(waiting) > steps:
                    done, future = waiting.popleft()
                    yield done, future.result()
            while waiting:
                done, future = waiting.popleft()
                yield done, future.result()
        finally:
            for _, future in waiting:
                future.cancel()
