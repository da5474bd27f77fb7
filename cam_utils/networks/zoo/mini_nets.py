"""Architectures for the mini world: the paper's networks for 112x112 pictures, a quarter as wide.

Each keeps the order of the original's layers, its groups and the resolutions of its maps:

    name             maps    parameters  float16    of the original
    alexnet           6x6       805,060  1.61 MB    conv1 5x5 of stride 2 (there 11x11 of stride 4)
    alexnet-gap     13x13       296,900  0.60 MB
    alexnetplus-gap 11x11       291,076  0.58 MB    as released: wider conv5, conv6 and conv7
    vgg               7x7       750,844  1.50 MB    without its fourth pooling
    vgg-gap         14x14       482,044  0.97 MB
    googlenet         7x7       381,380  0.77 MB    without its second pooling
    googlenet-gap   14x14       704,396  1.41 MB
    googlenet-gmp   14x14       704,396  1.41 MB
    nin               6x6       415,204  0.83 MB    conv1 as in alexnet

Together 9.7 MB. To stay below 10 MB two things are narrower than a quarter: the fully connected
layers (4096 units: 256 in alexnet, 128 in vgg; still 82 % and 56 % of the parameters) and VGG's
blocks 4 and 5 (512 channels: 64). Of so few units dropout takes 20 %, not half: with half, VGG's
loss on `train` hardly fell. Batch normalisation replaces local response normalisation, and
is added to VGG and NIN: it lets them learn in minutes.
"""

from collections import OrderedDict
from collections.abc import Callable

import torch
from torch import Tensor, nn

from ..gap import Classifier, ClassMapNetwork, TrunkNetwork
from ..topped import CutNetwork, add_gap_head
from .caffe_nets import INCEPTIONS

SHRINK = 4  # channels are the original's, divided by this


def normed(
    inputs: int, outputs: int, kernel: int, stride: int = 1, groups: int = 1
) -> nn.Sequential:
    """Convolution (same padding), batch normalisation, ReLU."""
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, groups=groups, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU(inplace=True),
    )


class MiniInception(nn.Module):
    """Four branches, concatenated; the third is a 5x5 as in the paper's GoogLeNet."""

    def __init__(self, inputs: int, block: str):
        super().__init__()
        one, reduce3, three, reduce5, five, project = (c // SHRINK for c in INCEPTIONS[block])
        self.branches = nn.ModuleList([
            normed(inputs, one, 1),
            nn.Sequential(normed(inputs, reduce3, 1), normed(reduce3, three, 3)),
            nn.Sequential(normed(inputs, reduce5, 1), normed(reduce5, five, 5)),
            nn.Sequential(nn.MaxPool2d(3, 1, 1), normed(inputs, project, 1)),
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
    layers = [
        normed(3, c1, 7, 2),
        nn.MaxPool2d(3, 2, 1),
        normed(c1, c1, 1),
        normed(c1, c2, 3),
    ]
    names = ["conv1", "pool1", "conv2_reduce", "conv2"]
    channels = c2
    for block in INCEPTIONS:
        if block in ("4a", "5a"):
            layers.append(nn.MaxPool2d(3, 2, 1))
            names.append(f"pool{int(block[0]) - 1}")
        layers.append(MiniInception(channels, block))
        names.append(f"inception_{block}")
        channels = layers[-1].channels
        if block == last:
            break
    trunk = nn.Sequential(*layers)  # numbered, not named: weight files rely on it
    trunk.layer_names = names
    return trunk, channels


UNITS = 1024 // SHRINK  # of the added convolution

VGG = [(16, 2), (32, 2), (64, 3), (64, 3), (64, 3)]  # channels and convolutions of each block


class MiniGapNetwork(TrunkNetwork):
    """GoogLeNet as it is, and AlexNet*-GAP."""

    def __init__(self, trunk: nn.Module, channels: int, num_classes: int, drop: float):
        super().__init__(trunk, drop=drop)
        self.fc = nn.Linear(channels, num_classes)


def alexnet_trunk(conv5: int = 256 // SHRINK, last: str = "conv5") -> tuple[nn.Sequential, int]:
    """CaffeNet up to `last` ("conv5": 13x13 maps; "conv7": the released AlexNet+, 11x11).

    conv1's stride is 2 where the original's is 4, for pictures half as wide: all later
    resolutions (27, 13, 6) are the original's.
    """
    layers = {
        "conv1": normed(3, 24, 5, stride=2), "pool1": nn.MaxPool2d(3, 2),
        "conv2": normed(24, 64, 5, groups=2), "pool2": nn.MaxPool2d(3, 2),
        "conv3": normed(64, 96, 3),
        "conv4": normed(96, 96, 3, groups=2),
        "conv5": normed(96, conv5, 3, groups=2),
    }  # fmt: skip
    if last == "conv7":
        layers["pool5"] = nn.MaxPool2d(3, 1)
        layers["conv6"] = normed(conv5, 128, 3, groups=2)
        layers["conv7"] = normed(128, 128, 3, groups=2)
    return nn.Sequential(OrderedDict(layers)), 128 if last == "conv7" else conv5


def vgg_trunk() -> tuple[nn.Sequential, int]:
    """VGG-16 up to conv5_3: 14x14 maps.

    The original's fourth pooling is left out, so that conv5 has its resolution; the first four
    blocks have half of theirs, as the picture.
    """
    layers, channels = OrderedDict(), 3
    for block, (width, depth) in enumerate(VGG, 1):
        for i in range(1, depth + 1):
            layers[f"conv{block}_{i}"] = normed(channels, width, 3)
            channels = width
        if block < 4:
            layers[f"pool{block}"] = nn.MaxPool2d(2, 2)
    return nn.Sequential(layers), channels


class MiniClassifier(Classifier):
    """AlexNet or VGG as it is: a trunk, pool5 and three fully connected layers; no CAM."""

    def __init__(self, trunk: nn.Module, pool5: nn.Module, inputs: int, units: int, classes: int):
        super().__init__()
        self.trunk, self.pool5 = trunk, pool5
        self.fc6, self.fc7 = nn.Linear(inputs, units), nn.Linear(units, units)
        self.fc8 = nn.Linear(units, classes)
        self.dropout = nn.Dropout(0.2)

    def forward(self, images: Tensor) -> Tensor:
        vectors = self.pool5(self.trunk(images)).flatten(1)
        for layer in (self.fc6, self.fc7):
            vectors = self.dropout(layer(vectors).relu())
        return self.fc8(vectors)


def _nin(num_classes: int) -> ClassMapNetwork:
    """Network in network: rectified class maps (B, C, 6, 6) and their mean."""
    last = nn.Sequential(nn.Conv2d(256, num_classes, 1), nn.ReLU())
    layers = {
        "conv1": normed(3, 24, 5, stride=2), "cccp1": normed(24, 24, 1), "cccp2": normed(24, 24, 1),
        "pool0": nn.MaxPool2d(3, 2),
        "conv2": normed(24, 64, 5), "cccp3": normed(64, 64, 1), "cccp4": normed(64, 64, 1),
        "pool2": nn.MaxPool2d(3, 2),
        "conv3": normed(64, 96, 3), "cccp5": normed(96, 96, 1), "cccp6": normed(96, 96, 1),
        "pool3": nn.MaxPool2d(3, 2), "drop": nn.Dropout(0.5),
        "conv4": normed(96, 256, 3), "cccp7": normed(256, 256, 1), "cccp8": last,
    }  # fmt: skip
    return ClassMapNetwork(num_classes, nn.Sequential(OrderedDict(layers)))


def _alexnet(num_classes: int) -> MiniClassifier:
    trunk, channels = alexnet_trunk()
    return MiniClassifier(trunk, nn.MaxPool2d(3, 2), channels * 6 * 6, 256, num_classes)


def _vgg(num_classes: int) -> MiniClassifier:
    trunk, channels = vgg_trunk()
    return MiniClassifier(trunk, nn.MaxPool2d(2, 2), channels * 7 * 7, 128, num_classes)


def _googlenet(num_classes: int) -> MiniGapNetwork:
    return MiniGapNetwork(*googlenet_trunk("5b"), num_classes, drop=0.2)


def _alexnetplus_gap(num_classes: int) -> MiniGapNetwork:
    trunk = alexnet_trunk(conv5=384 // SHRINK, last="conv7")
    return MiniGapNetwork(*trunk, num_classes, drop=0.5)


def _googlenet_gap(num_classes: int, pool: str = "avg") -> CutNetwork:
    return add_gap_head(*googlenet_trunk("4e"), num_classes, UNITS, pool=pool)


BUILDERS: dict[str, Callable[[int], nn.Module]] = {
    "alexnet": _alexnet,
    "alexnet-gap": lambda n: add_gap_head(*alexnet_trunk(), n, UNITS),
    "alexnetplus-gap": _alexnetplus_gap,
    "vgg": _vgg,
    "vgg-gap": lambda n: add_gap_head(*vgg_trunk(), n, UNITS),
    "googlenet": _googlenet,
    "googlenet-gap": _googlenet_gap,
    "googlenet-gmp": lambda n: _googlenet_gap(n, "max"),
    "nin": _nin,
}

# What each is cut from. The others are trained from their random start.
PARENTS = {
    "alexnet-gap": "alexnet",
    "alexnetplus-gap": "alexnet",  # shares conv1 to conv4: `surgery.inherit`
    "vgg-gap": "vgg",
    "googlenet-gap": "googlenet",
    "googlenet-gmp": "googlenet",
}
