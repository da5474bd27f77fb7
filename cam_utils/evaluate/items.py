"""A picture of a data set as a network and an evaluation need it."""

import os
from contextlib import nullcontext
from dataclasses import dataclass
from threading import BoundedSemaphore

import numpy as np
from PIL import Image

from ..networks.gap import InputSpec
from ..views import View, box_crop, view_list

_LARGE_FILE = 2**20  # bytes; a JPEG of some five megapixels

_FEW_LARGE = BoundedSemaphore(2)  # each of 24 megapixels takes 200 MB while it is decoded


@dataclass(frozen=True)
class Item:
    """One readable picture.

    Attributes:
        index: its place in the data set. label: its class, or -1.
        views: what the network sees of it.
        size: the picture's (height, width), pixels.
        truth: (m, 4) boxes of its label, xyxy half-open, pixels of the picture.
        image: the picture itself, if it was asked for. A photo of 24 megapixels takes 72 MB, its
            view half a megabyte, and several batches wait.
    """

    index: int
    id: str
    label: int
    views: list[View]
    size: tuple[int, int]
    truth: np.ndarray
    image: Image.Image | None = None


def opened(
    images,
    i: int,
    spec: InputSpec,
    view: str = "whole",
    boxes: np.ndarray | None = None,
    keep: bool = False,
) -> Item:
    """Picture i of a data set with what the network sees of it.

    Args:
        view: as in `cam_utils.views.view_list`.
        boxes: (N, 4) one rectangle of each picture of the data set: its crop is seen, not `view`.
        keep: the decoded picture too, not only what the network sees of it.

    Raises:
        BrokenImage, CamError, OSError: it cannot be read.
    """
    with _FEW_LARGE if _is_large(images, i) else nullcontext():
        record = images[i]
        picture = record.image
        if boxes is None:
            views = view_list(picture, spec, view)
        else:
            views = [box_crop(picture, boxes[i], spec)]
    truth, size = record.boxes_of(record.label), picture.size[::-1]
    return Item(i, record.id, record.label, views, size, truth, picture if keep else None)


def _is_large(images, i: int) -> bool:
    try:
        return os.stat(images.path(i)).st_size > _LARGE_FILE
    except (AttributeError, OSError, ValueError):
        return False  # drawn; or reading it will say what is wrong
