"""A small network with global pooling and a small data set, for the tests of deep features."""

import numpy as np
import torch
from PIL import Image
from torch import nn

from cam_utils import Record
from cam_utils.errors import BrokenImage
from cam_utils.networks.gap import GapNetwork, InputSpec

SPEC = InputSpec(size=16, resize=20, mean=(0.5,) * 3, std=(0.25,) * 3)


class TinyGap(GapNetwork):
    """Two convolutions, pooling, linear; counts its forward passes."""

    def __init__(self, seed: int = 0, pool: str = "avg"):
        super().__init__()
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            layers = [nn.Conv2d(3, 6, 3, padding=1), nn.ReLU(), nn.Conv2d(6, 8, 3), nn.ReLU()]
            self.trunk, self.fc = nn.Sequential(*layers), nn.Linear(8, 3)
        self.pool, self.input_spec, self.name, self.passes = pool, SPEC, "tiny", 0
        self.classes = ["a", "b", "c"]
        self.eval()

    @property
    def class_weights(self):
        return self.fc.weight

    @property
    def class_bias(self):
        return self.fc.bias

    def features(self, images):
        self.passes += 1
        return self.trunk(images)


class Toy:
    """Noise pictures of 24 x 30 pixels; the label is their colour. Some can be broken."""

    name, split = "toy", "train"

    def __init__(self, n: int = 30, classes: int = 3, broken=(), seed: int = 0):
        self.classes = [f"class {c}" for c in range(classes)]
        self.ids = [f"{seed}/{i}" for i in range(n)]
        self.broken, self.seed, self.opened = set(broken), seed, 0
        self.interrupt_after = None  # so many pictures

    def __len__(self):
        return len(self.ids)

    def label(self, i):
        return i % len(self.classes)

    def __getitem__(self, i):
        self.opened += 1
        if self.interrupt_after is not None and self.opened > self.interrupt_after:
            raise KeyboardInterrupt
        if i in self.broken:
            raise BrokenImage(f"toy/{i}.jpg", "cut short")
        rng = np.random.default_rng([self.seed, i])
        pixels = rng.integers(0, 120, (24, 30, 3))
        pixels[:, :, self.label(i) % 3] += 110
        image = Image.fromarray(pixels.astype(np.uint8))
        return Record(self.ids[i], image, self.label(i), np.zeros((0, 4), np.float32))
