"""What features are computed of: data sets of `Record`s, or arrays, as network inputs."""

import numpy as np
import torch
from torch import Tensor

from ..data.arrays import ArrayRecords
from ..errors import CamError
from ..evaluate.items import opened
from ..hashes import digest
from ..identity import of_images
from ..networks.gap import InputSpec
from ..stream import decoders
from ..views import normalise

VIEWS = ("center", "whole")  # one view of each image; "box" is the crop of a given rectangle


class Inputs:
    """The images of one call; `load(i)` gives the network input of image i.

    Args:
        images: a data set of `open_images`, or (images (N, H, W, 3) uint8, labels (N,)).
        view: "center", "whole" or "box". boxes: (N, 4) for "box".
        workers: threads that decode; None: `stream.decoders`.

    Attributes:
        ids: N strings. labels: (N,) int64. identity: what tells these inputs from others.

    Raises:
        CamError: no image, an unknown view, boxes of the wrong shape or without area.
    """

    def __init__(self, images, spec: InputSpec, view: str, boxes=None, workers: int | None = None):
        self.records = ArrayRecords(*images) if isinstance(images, tuple) else images
        self.spec = spec
        self.ids, self.view = list(self.records.ids), _checked_view(view, boxes)
        if not self.ids:
            raise CamError("There is no image to compute features of: the data set is empty.")
        self.boxes = None if boxes is None else _checked_boxes(boxes, len(self.ids))
        labels = [self.records.label(i) for i in range(len(self.ids))]
        self.labels = np.array(labels, np.int64)
        # arrays of the network's own size need no decoding and no resizing
        direct = isinstance(self.records, ArrayRecords) and self.boxes is None
        direct = direct and self.records.images.shape[2:] == (spec.size, spec.size)
        direct = direct and (view == "whole" or spec.resize == spec.size)
        self._direct = self.records.images if direct else None
        self.workers = decoders(self.records) if workers is None else workers
        self.identity = of_images(self.records) | {
            "view": self.view,
            "boxes": None if self.boxes is None else digest(self.boxes),
        }

    def __len__(self) -> int:
        return len(self.ids)

    def load(self, i: int) -> Tensor:
        """(3, S, S) float32."""
        if self._direct is not None:
            return normalise(self._direct[i].float(), self.spec)
        return opened(self.records, i, self.spec, self.view, self.boxes).views[0].tensor


def batch_of(inputs: list[Tensor]) -> Tensor:
    """(B, 3, S, S) in the layout in which convolutions are two to three times faster on a CPU."""
    return torch.stack(inputs).contiguous(memory_format=torch.channels_last)


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
