"""The data set mini/birds: 20 species of one drawn bird, the counterpart of CUB-200-2011.

Section 4.1 of the paper and its Table 4: fine-grained classes that a box helps to tell apart.
"""

from typing import ClassVar

import numpy as np
from PIL import Image

from ...data.record import Record
from ...errors import CamError
from ..objects.composition import tight_box
from ..pencil.base import MiniSet, generator
from .sighting import PARTS, draw_scene
from .species import SPECIES


class MiniBirds(MiniSet):
    """Map-style data set of `Record`s with one bird each; 224 x 224 RGB.

    A record has the bird's box, its mask and the masks of its visible parts. Place, pose, size,
    plumage and light are drawn before the species is looked at, so picture i can be drawn again
    with another species in it (`draw`).
    """

    name = "mini/birds"
    CLASSES = tuple(species.name for species in SPECIES)
    PARTS = PARTS
    SPLITS: ClassVar[dict] = {
        "train": 40 * len(SPECIES),
        "val": 20 * len(SPECIES),
        "test": 60 * len(SPECIES),
    }

    def draw(self, i: int, label: int | None = None):
        """Picture i, or the same picture with a bird of species `label` in it.

        Returns:
            image (224, 224, 3) uint8; mask (224, 224) bool of the visible bird; {part: (224, 224)
            bool} of its visible parts, which do not overlap.
        """
        i = self.number(i)
        label = self.label(i) if label is None else self._checked(label)
        return draw_scene(lambda what: generator(self.name, self.split, i, what), SPECIES[label])

    def record(self, i: int) -> Record:
        image, mask, parts = self.draw(i)
        return Record(
            id=self.ids[i],
            image=Image.fromarray(image),
            label=self.label(i),
            boxes=np.array([tight_box(mask)], dtype=np.float32),
            masks=mask[None],
            parts=[parts],
        )

    def defining(self, label: int) -> tuple[str, ...]:
        """The parts in which a species differs from its nearest relatives."""
        return SPECIES[self._checked(label)].defining

    def part_points(self, i: int) -> dict[str, tuple[float, float]]:
        """{part: (x, y)} in pixels: the visible pixel nearest to the part's centre.

        Hidden parts are absent, as in CUB's part_locs.txt.
        """
        return {part: _centre(mask) for part, mask in self[i].parts[0].items()}

    def _checked(self, label: int) -> int:
        if not 0 <= label < len(SPECIES):
            raise CamError(f"Found species {label}; {self.name} has 0 to {len(SPECIES) - 1}.")
        return int(label)


def _centre(mask: np.ndarray) -> tuple[float, float]:
    y, x = np.nonzero(mask)
    k = np.argmin((x - x.mean()) ** 2 + (y - y.mean()) ** 2)
    return float(x[k]) + 0.5, float(y[k]) + 0.5
