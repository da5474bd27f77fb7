"""All truth boxes of a data set in flat arrays: what is measured against them needs no picture."""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from ..errors import CamError


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
        if not np.isfinite(boxes).all() or not np.isfinite(sizes).all():
            raise CamError("A truth box or the size of an image is not finite; expected pixels.")
        if not (boxes[:, 2:] > boxes[:, :2]).all() or not (sizes > 0).all():
            raise CamError("A truth box or an image is empty; expected xyxy with x1 > x0, y1 > y0.")

    def __len__(self) -> int:
        return len(self.ids)

    def __repr__(self) -> str:
        left = f", {len(self.left_out):,} images left out" if self.left_out else ""
        return f"Truth: {len(self.boxes):,} boxes of {len(self):,} images{left}"

    def frame(self) -> pd.DataFrame:
        """One row for each box: id, width, height, x0, y0, x1, y1."""
        rows = np.concatenate([self.sizes[self.image], self.boxes], axis=1)
        table = pd.DataFrame(rows, columns=["width", "height", "x0", "y0", "x1", "y1"])
        table.insert(0, "id", np.array(self.ids)[self.image])
        return table

    @classmethod
    def of_frame(cls, table: pd.DataFrame) -> "Truth":
        """The truth that `frame` was made of."""
        image, ids = pd.factorize(table["id"])
        sizes = table[~table["id"].duplicated()][["width", "height"]].to_numpy()
        return cls(list(ids), sizes, table[["x0", "y0", "x1", "y1"]].to_numpy(), image)

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
