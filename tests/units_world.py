"""A pool of pictures and a network with a known answer: each class has a unit of its own."""

import numpy as np
import torch
from PIL import Image
from torch import nn

from cam_utils.data.record import Record
from cam_utils.networks.gap import GapNetwork, InputSpec

SPEC = InputSpec(size=48, resize=48, squash=True, mean=(0.3, 0.3, 0.3), std=(1, 1, 1))


class Colours(GapNetwork):
    """Unit c < 3 sees colour c and is all that class c has; the other units see everything."""

    def __init__(self, units: int = 8):
        super().__init__()
        self.conv = nn.Conv2d(3, units, 3, 2, 1)
        nn.init.zeros_(self.conv.weight)
        nn.init.constant_(self.conv.bias, -2.0)
        for c in range(3):
            for other in range(3):
                self.conv.weight.data[c, other] = 1.0 if other == c else -0.5
        self.conv.weight.data[3:, 0] = 0.02 * torch.arange(1, units - 2)[:, None, None]
        self.conv.bias.data[3:] = 0.3
        weights = torch.zeros(3, units)
        weights[:, :3] = torch.eye(3) * 40
        weights[:, 3:] = 0.05
        self.register_buffer("class_weights", weights)
        self.register_buffer("class_bias", torch.tensor([0.0, 0.001, 0.002]))
        self.input_spec, self.classes, self.name = SPEC, ["red", "green", "blue"], "colours"

    def features(self, images):
        return self.conv(images).relu()


class Pictures:
    """n pictures of side x side with a bright square; class c lights colour c % 3 at place c."""

    name, split = "toy pictures", "all"

    def __init__(self, n, side, classes=2, seed=0):
        self.classes = [f"class {c}" for c in range(classes)]
        self.side, self.seed = side, seed
        self.ids = [f"p{i:04d}" for i in range(n)]

    def __len__(self):
        return len(self.ids)

    def label(self, i):
        return i % len(self.classes)

    def __getitem__(self, i):
        rng = np.random.default_rng([self.seed, i])
        pixels = rng.integers(0, 60, (self.side, self.side, 3))
        y, x = rng.integers(8, self.side - 14, 2)
        box = np.array([[x, y, x + 6, y + 6]], np.float32)
        pixels[y : y + 6, x : x + 6, self.label(i) % 3] = 180 + rng.integers(0, 70)
        mask = np.zeros((1, self.side, self.side), bool)
        mask[0, y : y + 6, x : x + 6] = True
        left = mask[0].copy()
        left[:, x + 3 :] = False
        return Record(
            self.ids[i],
            Image.fromarray(pixels.astype(np.uint8)),
            self.label(i),
            box,
            masks=mask,
            parts=[{"left": left, "right": mask[0] & ~left}],
        )
