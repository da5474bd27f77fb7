"""A training of a fraction of a second, for the tests; also run as a script in other processes."""

import os
import signal
import sys

import numpy as np
import torch
from PIL import Image
from torch import nn

from cam_utils import Record
from cam_utils.errors import BrokenImage
from cam_utils.networks.gap import GapNetwork, InputSpec
from cam_utils.train import Recipe, fit

SPEC = InputSpec(size=16, resize=18, squash=True, mean=(0.5, 0.5, 0.5), std=(0.25, 0.25, 0.25))
CLASSES = 4
SGD = Recipe(epochs=3, batch=8, lr=0.05, optimizer="sgd", shift=2, bias_lr=2.0, seed=5)  # 5 steps


class Tiny(GapNetwork):
    """Two convolutions, dropout, a linear layer; no batch normalisation."""

    def __init__(self, drop: float = 0.0):
        super().__init__()
        self.input_spec = SPEC
        self.convs = nn.Sequential(
            *(nn.Conv2d(3, 8, 3, 2, 1), nn.ReLU(), nn.Conv2d(8, 12, 3, 1, 1), nn.ReLU())
        )
        self.dropout, self.fc = nn.Dropout(drop), nn.Linear(12, CLASSES)

    class_weights = property(lambda self: self.fc.weight)
    class_bias = property(lambda self: self.fc.bias)

    def features(self, images):
        return self.convs(images)

    def classify(self, features):
        return self.fc(self.dropout(features.mean((2, 3))))


def tiny(drop: float = 0.0, seed: int = 0) -> Tiny:
    torch.manual_seed(seed)
    return Tiny(drop)


def data(n: int = 37) -> tuple[np.ndarray, np.ndarray]:
    """Noise with one bright colour, or none, that says the class."""
    rng = np.random.default_rng(0)
    images = rng.integers(0, 128, (n, 16, 16, 3), dtype=np.uint8)
    labels = np.arange(n) % CLASSES
    for image, label in zip(images, labels, strict=True):
        image[:, :, label : label + 1] += 60  # the fourth class has none
    return images, labels


class Pictures:
    """The same as records; those of `broken` cannot be decoded. `opened` lists what was asked."""

    name, split = "tiny", "train"

    def __init__(self, broken=(), n: int = 37):
        self.images, self.labels = data(n)
        self.broken, self.opened = set(broken), []
        self.classes = ["a", "b", "c", "d"]
        self.ids = [f"{i:03d}" for i in range(n)]

    def __len__(self):
        return len(self.ids)

    def label(self, i):
        return int(self.labels[i])

    def __getitem__(self, i):
        self.opened.append(i)
        if i in self.broken:
            raise BrokenImage(f"{i}.jpg", "cut off")
        none = np.zeros((0, 4), np.float32)
        return Record(self.ids[i], Image.fromarray(self.images[i]), self.label(i), none)

    def content(self):
        """What the pictures depend on; so none is opened to tell the set from others."""
        return str(len(self.ids))


def weights(network) -> torch.Tensor:
    return torch.cat([v.detach().flatten() for v in network.state_dict().values()])


if __name__ == "__main__":  # python tiny_training.py <what> <file>
    torch.set_num_threads(1)
    what, file = sys.argv[1:]
    if what == "kill":

        def kill(step, loss):
            if step == 7:
                os.kill(os.getpid(), signal.SIGKILL)

        fit(tiny(0.3), data(), SGD, checkpoint=file, every=3, progress=False, on_step=kill)
    else:
        network = tiny()
        fit(network, data(), SGD, progress=False, precision="float32")
        if int(os.environ.get("RANK", 0)) == 0:
            torch.save(weights(network), file)
