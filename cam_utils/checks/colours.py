"""A control for deep features: what mean colours alone tell about the classes of a data set."""

import numpy as np
import torch
from torch import Tensor, nn

from ..features import extract
from ..networks.spec import InputSpec
from ..transfer import Transfer, kept_svm


class ColourGrid(nn.Module):
    """A control without any learning: the mean colours of a grid of cells, layer "means"."""

    def __init__(self, side: int = 4, size: int = 112):
        super().__init__()
        self.name, self.weights_hash = f"mean colours, {side} x {side} cells", "none"
        self.means = nn.Sequential(nn.AdaptiveAvgPool2d(side), nn.Flatten())
        self.input_spec = InputSpec(size=size, resize=size)
        self.register_buffer("nothing", torch.zeros(1))

    def forward(self, images: Tensor) -> Tensor:
        return self.means(images)


def colour_hits(found: Transfer, cache=None, seed: int = 0) -> np.ndarray:
    """(N,) bool: right on the test part by an SVM on mean colours, trained on the same pictures."""
    grid = ColourGrid().eval()
    train, test = (extract(grid, p, "means", cache=cache) for p in (found.learnt_on, found.seen))
    return kept_svm(train, found.classes, seed, cache).predict(test) == test.labels
