"""The one record that every data set yields."""

from dataclasses import dataclass

import numpy as np
from PIL import Image

from ..errors import CamError


@dataclass
class Record:
    """One labelled picture.

    Attributes:
        id: unique within the data set, stable over runs.
        image: PIL image, mode RGB. `photos` are turned upright as EXIF says; sets with boxes keep
            the pixels as stored, since their boxes do.
        label: index into the data set's `.classes`; -1 if the picture has no label.
        boxes: (m, 4) float32 xyxy in pixels of `image`, half-open: [x0, x1) x [y0, y1).
        masks: (m, H, W) bool, one for each box, or None where the data set has no masks.
        caption: a sentence, or None.
        box_labels: (m,) int64 class index of each box; None: every box shows `label`.
        parts: for each box {part name: (H, W) bool mask of its visible pixels}, or None where the
            data set does not know parts.
        objects: name of each box where boxes are objects in a scene and `label` is the scene, else
            None.

    Raises:
        CamError: a box that is reversed or not finite, a label below -1.
    """

    id: str
    image: Image.Image
    label: int
    boxes: np.ndarray
    masks: np.ndarray | None = None
    caption: str | None = None
    box_labels: np.ndarray | None = None
    parts: list[dict[str, np.ndarray]] | None = None
    objects: tuple[str, ...] | None = None

    def __post_init__(self):
        boxes = np.zeros((0, 4)) if self.boxes is None else np.asarray(self.boxes).reshape(-1, 4)
        if not np.isfinite(boxes).all() or (boxes[:, 2:] < boxes[:, :2]).any():
            raise CamError(
                f"{self.id} has a box that is reversed or not finite: {boxes.tolist()[:3]}; "
                "expected x0, y0, x1, y1 in pixels with x0 < x1 and y0 < y1. Mend its annotation."
            )
        if self.label < -1:
            raise CamError(f"{self.id} has the label {self.label}; expected an index, or -1.")

    def boxes_of(self, label: int) -> np.ndarray:
        """The (n, 4) boxes that show class `label`; n may be 0, as it is for a scene."""
        if self.objects is not None:
            return self.boxes[:0]
        if self.box_labels is None:
            return self.boxes if label == self.label else self.boxes[:0]
        return self.boxes[self.box_labels == label]

    def mask_of(self, label: int) -> np.ndarray | None:
        """(H, W) bool: the pixels of the objects of class `label`; None without masks."""
        if self.masks is None:
            return None
        if self.box_labels is None:
            return self.masks.any(0) if label == self.label else self.masks[:0].any(0)
        return self.masks[self.box_labels == label].any(0)


KINDS = ("colour", "count", "object", "place", "activity", "yes/no")  # of mini/scenes


@dataclass(frozen=True)
class Question:
    """One question.

    Attributes:
        id: unique within the data set.
        image: number of the picture in the data set.
        text: the question.
        answer: one or a few words, lower case; "" where it is not known.
        kind: what sort of question it is; one of KINDS in mini/scenes.
        evidence: name of the object whose mask holds the answer, or None where no single object
            does, or it is not known.
    """

    id: str
    image: int
    text: str
    answer: str
    kind: str
    evidence: str | None = None
