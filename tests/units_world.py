"""A pool of pictures with a known answer: each class has a channel of its own."""

import numpy as np
from PIL import Image

from cam_utils.data.record import Record


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
