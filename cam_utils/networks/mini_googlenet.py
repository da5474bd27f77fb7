"""GoogLeNet at a quarter of its width, for pictures of 112x112."""

import torch
from torch import Tensor, nn

from .caffe_googlenet import INCEPTIONS

SHRINK = 4  # channels are the original's, divided by this


def conv(inputs: int, outputs: int, kernel: int, stride: int = 1, groups: int = 1) -> nn.Sequential:
    """Convolution (same padding), batch normalisation, ReLU."""
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, groups=groups, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU(inplace=True),
    )


class Inception(nn.Module):
    """Four branches, concatenated; the third is a 5x5 as in the paper's GoogLeNet."""

    def __init__(self, inputs: int, block: str):
        super().__init__()
        one, reduce3, three, reduce5, five, project = (c // SHRINK for c in INCEPTIONS[block])
        self.branches = nn.ModuleList([
            conv(inputs, one, 1),
            nn.Sequential(conv(inputs, reduce3, 1), conv(reduce3, three, 3)),
            nn.Sequential(conv(inputs, reduce5, 1), conv(reduce5, five, 5)),
            nn.Sequential(nn.MaxPool2d(3, 1, 1), conv(inputs, project, 1)),
        ])  # fmt: skip
        self.channels = one + three + five + project

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([branch(x) for branch in self.branches], 1)


def googlenet_trunk(last: str = "5b") -> tuple[nn.Sequential, int]:
    """GoogLeNet up to inception `last`, and its output channels. 4e: 14x14 maps, 5b: 7x7.

    The original's second pooling is left out, so that 112 pixels give the resolutions
    (28, 14, 7) that 224 pixels give there.
    """
    c1, c2 = 64 // SHRINK, 192 // SHRINK
    layers = [conv(3, c1, 7, 2), nn.MaxPool2d(3, 2, 1), conv(c1, c1, 1), conv(c1, c2, 3)]
    names = ["conv1", "pool1", "conv2_reduce", "conv2"]
    channels = c2
    for block in INCEPTIONS:
        if block in ("4a", "5a"):
            layers.append(nn.MaxPool2d(3, 2, 1))
            names.append(f"pool{int(block[0]) - 1}")
        layers.append(Inception(channels, block))
        names.append(f"inception_{block}")
        channels = layers[-1].channels
        if block == last:
            break
    trunk = nn.Sequential(*layers)  # numbered, not named: weight files rely on it
    trunk.layer_names = names
    return trunk, channels
