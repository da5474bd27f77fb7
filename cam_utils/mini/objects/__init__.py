"""The data set mini/objects: 24 classes of drawn objects with true boxes and masks.

The boxes of 24 pictures in a row, one of each class, are drawn together, so that wide boxes can go
to wide objects.
"""

from typing import ClassVar

from PIL import Image

from ...data.record import Record
from ..pencil import layout
from ..pencil.base import MiniSet, generator
from .catalogue import CLASSES
from .composition import draw_scene, natural_aspects


class MiniObjects(MiniSet):
    """Map-style data set of `Record`s; 112 x 112 RGB.

    Every record has the boxes, masks and visible parts of ALL its objects; `box_labels` gives their
    classes. Those of the label come first, the largest first of all.
    """

    name = "mini/objects"
    CLASSES = CLASSES
    SPLITS: ClassVar[dict] = {
        "train": 300 * len(CLASSES),
        "val": 50 * len(CLASSES),
        "test": 100 * len(CLASSES),
    }

    def __init__(self, split: str = "train"):
        super().__init__(split)
        self._block = (-1, None)

    def draw(self, i: int):
        """Picture i: image (112, 112, 3) uint8, labels (m,), boxes (m, 4), masks, parts.

        `scene.draw_scene` says what each is.
        """
        i = self.number(i)
        block = i // len(CLASSES)
        if self._block[0] != block:
            rng = generator(self.name, self.split, block, "boxes")
            boxes = layout.largest_boxes(rng, len(CLASSES))
            self._block = block, layout.match_aspects(rng, boxes, natural_aspects())
        label = self.label(i)
        return draw_scene(generator(self.name, self.split, i), label, self._block[1][label])

    def record(self, i: int) -> Record:
        image, labels, boxes, masks, parts = self.draw(i)
        return Record(
            id=self.ids[i],
            image=Image.fromarray(image),
            label=self.label(i),
            boxes=boxes,
            masks=masks,
            box_labels=labels,
            parts=parts,
        )
