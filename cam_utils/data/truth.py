"""All truth boxes of a data set in flat arrays: what is measured against them needs no picture."""

from dataclasses import dataclass, field

import numpy as np
from tqdm.auto import tqdm

from ..errors import BrokenImage, CamError


@dataclass(frozen=True)
class Truth:
    """The truth boxes of n images, m >= n in all; several may belong to one image.

    Attributes:
        ids: n strings, no two equal.
        sizes: (n, 2) float64 width and height in pixels.
        boxes: (m, 4) float64 xyxy in pixels of the original image, half-open; they show the
            image's own label.
        image: (m,) int64, the image (0 to n - 1) of each box; every image has at least one.
        left_out: {id: reason} of the images that could not be used.

    Raises:
        CamError: arrays that do not belong together, an id twice, an image without a box.
    """

    ids: list[str]
    sizes: np.ndarray
    boxes: np.ndarray
    image: np.ndarray
    left_out: dict[str, str] = field(default_factory=dict)

    def __post_init__(self):
        sizes = np.asarray(self.sizes, np.float64).reshape(-1, 2)
        boxes = np.asarray(self.boxes, np.float64).reshape(-1, 4)
        image = np.asarray(self.image, np.int64).reshape(-1)
        for name, value in (("sizes", sizes), ("boxes", boxes), ("image", image)):
            object.__setattr__(self, name, value)
        n = len(self.ids)
        if n == 0 or len(sizes) != n or len(boxes) != len(image):
            raise CamError(
                f"Found {n} ids, {len(sizes)} sizes, {len(boxes)} boxes and {len(image)} image "
                "numbers; expected at least one image, a size for each and its number for each box."
            )
        if len(set(self.ids)) != n:
            raise CamError("An id occurs twice among the truth boxes; give every image one entry.")
        if image.min(initial=0) < 0 or image.max(initial=0) >= n:
            raise CamError(f"A box belongs to image {image.max()}; expected 0 to {n - 1}.")
        bare = np.bincount(image, minlength=n) == 0
        if bare.any():
            raise CamError(
                f"{int(bare.sum())} of {n} images have no truth box, the first is "
                f"{self.ids[int(bare.argmax())]}; leave them out, nothing can be right on them."
            )
        if not (boxes[:, 2:] > boxes[:, :2]).all() or not (sizes > 0).all():
            raise CamError("A truth box or an image is empty; expected xyxy with x1 > x0, y1 > y0.")

    def __len__(self) -> int:
        return len(self.ids)

    def __repr__(self) -> str:
        left = f", {len(self.left_out):,} images left out" if self.left_out else ""
        return f"Truth: {len(self.boxes):,} boxes of {len(self):,} images{left}"

    def take(self, indices) -> "Truth":
        """The truth of some of the images, in the order given."""
        indices = np.asarray(indices, np.int64)
        order = np.argsort(self.image, kind="stable")
        start = np.searchsorted(self.image[order], np.arange(len(self) + 1))
        rows = [order[start[i] : start[i + 1]] for i in indices]
        return Truth(
            [self.ids[i] for i in indices],
            self.sizes[indices],
            self.boxes[np.concatenate(rows)] if rows else self.boxes[:0],
            np.repeat(np.arange(len(rows)), [len(r) for r in rows]),
        )


def read_truth(images, progress: bool = True) -> Truth:
    """The sizes and truth boxes of a data set of `open_images`.

    Where the pixels are used as stored (all data sets of photos with boxes) at most the header of
    a photo is read; else the picture is opened or drawn. Images that cannot be read or have no box
    of their label are named in `.left_out`.

    Raises:
        CamError: no image of the data set has a box.
    """
    ids, sizes, boxes, left_out = [], [], [], {}
    for i in tqdm(range(len(images)), unit="img", disable=not progress, desc="truth boxes"):
        try:
            size, found = _size_and_boxes(images, i)
        except BrokenImage as error:
            left_out[images.ids[i]] = error.reason
            continue
        if len(found) == 0:
            left_out[images.ids[i]] = "no truth box"
            continue
        ids.append(images.ids[i])
        sizes.append(size)
        boxes.append(found)
    if not ids:
        raise CamError(
            f"None of the {len(images):,} images of {images.name} has a truth box; localization "
            "needs a data set with boxes (ilsvrc, imagenette val, cub, mini/objects)."
        )
    image = np.repeat(np.arange(len(ids)), [len(b) for b in boxes])
    return Truth(ids, np.array(sizes), np.concatenate(boxes), image, left_out)


def _size_and_boxes(images, i: int) -> tuple[tuple[int, int], np.ndarray]:
    if getattr(images, "objects_in_scenes", False):  # their boxes do not show the label
        return (0, 0), np.zeros((0, 4), np.float32)
    if getattr(images, "upright", True):
        record = images[i]
        return record.image.size, record.boxes_of(record.label)
    return images.size(i), images.boxes(i)
