"""Scenes of coloured rectangles and a network that sees colours, so that answers are known."""

import numpy as np
import torch
from PIL import Image
from torch.nn import functional as F

from cam_utils.data.record import Record
from cam_utils.networks import GapNetwork, InputSpec

COLOURS = {
    "wall": (0.5, 0.5, 0.5),
    "stove": (1, 0, 0),
    "tub": (0, 0, 1),
    "lamp": (1, 1, 0),
    "plant": (0, 1, 0),
}
NAMES = list(COLOURS)
SIDE = 32


class ColourNetwork(GapNetwork):
    """Unit k fires where a picture has the colour of NAMES[k]; 8 x 8 cells, two classes."""

    def __init__(self):
        super().__init__()
        self.input_spec = InputSpec(
            size=SIDE, resize=SIDE, squash=True, mean=(0.0,) * 3, std=(1.0,) * 3
        )
        self.name, self.classes = "toy/colours", ["a", "b"]
        self.register_buffer("colours", torch.tensor(list(COLOURS.values()), dtype=torch.float32))
        self.register_buffer("class_weights", torch.eye(len(NAMES))[:2])
        self.register_buffer("class_bias", torch.zeros(2))
        self.eval()

    def features(self, images):
        distance = (images[:, None] - self.colours[None, :, :, None, None]).abs().sum(2)
        return F.avg_pool2d((1 - distance).relu(), SIDE // 8)


class ToyScenes:
    """Kitchens have a stove, bathrooms a tub; walls are everywhere, lamps in half of all."""

    name, split, classes = "toy/scenes", "train", ("bathroom", "kitchen")

    def __init__(self, n=40, seed=0):
        self.rng = np.random.default_rng(seed)
        self.records = [self._draw(i) for i in range(n)]
        self.ids = [record.id for record in self.records]

    def _draw(self, i):
        rng, label = self.rng, i % 2
        names = ["wall", ("tub", "stove")[label]]
        names += ["lamp"] * (rng.random() < 0.5) + ["plant"] * (rng.random() < 0.3)
        pixels = np.zeros((SIDE, SIDE, 3))
        owner = np.full((SIDE, SIDE), -1)
        pixels[8:], owner[8:] = COLOURS["wall"], 0
        corners = rng.permutation([(0, 0), (0, 16), (16, 0), (16, 16)])
        for k, name in enumerate(names[1:], 1):
            y, x = corners[k - 1] + rng.integers(0, 5, 2)
            pixels[y : y + 10, x : x + 10], owner[y : y + 10, x : x + 10] = COLOURS[name], k
        masks = np.stack([owner == k for k in range(len(names))])
        image = Image.fromarray((255 * pixels).astype(np.uint8))
        boxes = np.zeros((len(names), 4), np.float32)
        for k, mask in enumerate(masks):
            ys, xs = np.nonzero(mask)
            boxes[k] = xs.min(), ys.min(), xs.max() + 1, ys.max() + 1
        text = " and ".join(f"a {name}" for name in names[1:])
        return Record(
            f"toy/{i}", image, label, boxes, masks, f"A room with {text}.", objects=tuple(names)
        )

    def label(self, i):
        return self.records[i].label

    def __len__(self):
        return len(self.records)

    def __getitem__(self, i):
        return self.records[i]
