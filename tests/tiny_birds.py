"""A small world for the crop experiment: coloured blobs on grey noise, a network that sees them."""

import numpy as np
import torch
from PIL import Image

from cam_utils.data import Record
from cam_utils.networks.gap import GapNetwork, InputSpec

SIDE = 48
COLOURS = np.array([[230, 40, 40], [40, 230, 40], [40, 40, 230], [210, 210, 30]])


class Blobs:
    """Pictures of 48 x 48 with one blob, whose colour is the class; boxes, masks and a part."""

    name = "blobs"

    def __init__(self, split: str, n: int, seed: int = 0):
        self.split, self.classes = split, ["red", "green", "blue", "yellow"]
        self.ids = [f"{split}/{i}" for i in range(n)]
        rng = np.random.default_rng([seed, len(split)])
        side = rng.integers(14, 26, (n, 2))
        corner = (rng.random((n, 2)) * (SIDE - side)).astype(int)
        self._boxes = np.concatenate([corner, corner + side], 1).astype(np.float32)
        self._noise = rng.integers(90, 140, (n, SIDE, SIDE, 3), dtype=np.uint8)
        # labels are not in an order that could be guessed from the index
        self._labels = rng.permutation(np.arange(n) % len(self.classes))

    def __len__(self):
        return len(self.ids)

    def label(self, i):
        return int(self._labels[i])

    def boxes(self, i):
        return self._boxes[i : i + 1]

    def __getitem__(self, i):
        pixels = self._noise[i].copy()
        x0, y0, x1, y1 = self._boxes[i].astype(int)
        mask = np.zeros((SIDE, SIDE), bool)
        mask[y0:y1, x0:x1] = True
        pixels[mask] = pixels[mask] // 3 + COLOURS[self._labels[i]] * 2 // 3
        part = mask.copy()
        part[(y0 + y1) // 2 :] = False
        return Record(
            self.ids[i],
            Image.fromarray(pixels),
            self.label(i),
            self.boxes(i),
            mask[None],
            parts=[{"top": part, "all": mask}],
        )


class Poisoned:
    """A data set whose pictures keep their ids and get another picture's label, boxes and parts."""

    def __init__(self, dataset, seed: int = 0):
        self._dataset, self.ids, self.classes = dataset, dataset.ids, dataset.classes
        self.name, self.split = dataset.name, dataset.split
        self._giver = np.random.default_rng(seed).permutation(len(dataset))

    def __len__(self):
        return len(self.ids)

    def label(self, i):
        return self._dataset.label(self._giver[i])

    def boxes(self, i):
        return self._dataset.boxes(self._giver[i])

    def __getitem__(self, i):
        own, other = self._dataset[i], self._dataset[int(self._giver[i])]
        return Record(own.id, own.image, other.label, other.boxes, other.masks, parts=other.parts)


class Colours(GapNetwork):
    """Random filters on small patches; enough to tell colours and to see where they are."""

    name = "colours"
    input_spec = InputSpec(size=SIDE, resize=SIDE, squash=True, mean=(0.5,) * 3, std=(0.25,) * 3)

    def __init__(self, units: int = 24, classes: int = 4):
        super().__init__()
        generator = torch.Generator().manual_seed(0)
        self.conv = torch.nn.Conv2d(3, units, 4, stride=4, bias=False)
        self.conv.weight.data = torch.randn(units, 3, 4, 4, generator=generator)
        self.class_weights = torch.nn.Parameter(torch.zeros(classes, units))
        self.class_bias = torch.nn.Parameter(torch.zeros(classes))

    def features(self, images):
        return self.conv(images).relu()
