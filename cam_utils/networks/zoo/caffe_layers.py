"""Caffe's layers as torch modules, and the three kinds of network that are built from them.

Every layer with weights is registered under its Caffe name ("inception_3a/1x1"), at whatever
depth: the last part of its path in the module tree is the name in the `.caffemodel` file.
"""

from collections import OrderedDict
from itertools import chain

import torch
from torch import Tensor, nn

from ..gap import CAFFE, Classifier, ClassMapNetwork, TrunkNetwork

Layers = list[tuple[str, nn.Module]]


def conv(
    name: str, inputs: int, outputs: int, kernel: int, stride: int = 1, pad: int = 0, group: int = 1
) -> Layers:
    """A convolution and its ReLU; `group` cuts channels into independent parts, as in AlexNet."""
    layer = nn.Conv2d(inputs, outputs, kernel, stride, pad, groups=group)
    return [(name, layer), (f"{name}/relu", nn.ReLU())]


def max_pool(name: str, kernel: int, stride: int, pad: int = 0) -> Layers:
    """Max pooling; Caffe rounds the output size up, but starts no window outside the image."""
    return [(name, nn.MaxPool2d(kernel, stride, pad, ceil_mode=True))]


class ResponseNorm(nn.Module):
    """x / (1 + 1e-4 / 5 * sum of the squares of the 5 channels around)^(3/4), (B, C, h, w) to same.

    Caffe too divides its alpha by the window. As shifted sums and square roots: torch's own layer
    takes an average pooling in three dimensions and a power, four times as long on a CPU.
    """

    def forward(self, maps: Tensor) -> Tensor:
        squares = maps * maps
        near = squares.clone()
        for shift in (1, 2):
            near[:, shift:] += squares[:, :-shift]
            near[:, :-shift] += squares[:, shift:]
        root = near.mul_(1e-4 / 5).add_(1).sqrt()
        return maps / (root * root.sqrt())


def lrn(name: str) -> Layers:
    """Local response normalisation over 5 channels."""
    return [(name, ResponseNorm())]


def dropout(name: str, ratio: float) -> Layers:
    """Dropout; does nothing in eval mode."""
    return [(name, nn.Dropout(ratio))]


def fully_connected(name: str, inputs: int, outputs: int) -> Layers:
    """A linear layer without rectification."""
    return [(name, nn.Linear(inputs, outputs))]


def added_conv(name: str, inputs: int, outputs: int, group: int, bias: float) -> Layers:
    """A 3x3 convolution that the paper adds before the pooling, with the released start values:
    Gaussian weights of deviation 0.01 and a constant bias."""
    layers = conv(name, inputs, outputs, 3, pad=1, group=group)
    nn.init.normal_(layers[0][1].weight, std=0.01)
    nn.init.constant_(layers[0][1].bias, bias)
    return layers


def in_sequence(*parts: Layers) -> nn.Sequential:
    """The layers of all parts, one after the other, under their names."""
    return nn.Sequential(OrderedDict(chain.from_iterable(parts)))


def last_on_cpu(network: nn.Module) -> nn.Module:
    """The network, its convolutions computing with the channels last where that is faster: a CPU.

    The first one is given its input so, and all that follow keep it.
    """
    first = next(layer for layer in network.modules() if isinstance(layer, nn.Conv2d))
    first.register_forward_pre_hook(_channels_last)
    return network


def _channels_last(_module, inputs: tuple) -> tuple:
    (images,) = inputs
    if images.device.type != "cpu" or images.dim() != 4:
        return inputs
    return (images.contiguous(memory_format=torch.channels_last),)


class CaffeGapNetwork(TrunkNetwork):
    """A trunk, global pooling, dropout and one fully connected layer under its Caffe name."""

    input_spec = CAFFE

    def __init__(
        self, trunk: nn.Sequential, classifier: Layers, drop: float = 0.0, pool: str = "avg"
    ):
        super().__init__(trunk, pool, drop)
        self.head, self.linear = in_sequence(classifier), f"head.{classifier[0][0]}"


class CaffeClassMapNetwork(ClassMapNetwork):
    """A trunk whose last convolution has one (rectified) map per class, then their mean."""

    input_spec = CAFFE


class CaffeClassifier(Classifier, nn.Sequential):
    """A network with fully connected layers and thus no class activation maps: a baseline."""

    input_spec = CAFFE


def classifier(trunk: Layers, channels: int, pool: int, num_classes: int) -> CaffeClassifier:
    """A trunk with AlexNet's and VGG's end: pool5 of `pool` pixels, fc6 to fc8."""
    side = {3: 6, 2: 7}[pool]
    return CaffeClassifier(OrderedDict([
        *trunk,
        *max_pool("pool5", pool, 2),
        ("flatten", nn.Flatten()),
        *fully_connected("fc6", channels * side * side, 4096),
        ("relu6", nn.ReLU()),
        *dropout("drop6", 0.5),
        *fully_connected("fc7", 4096, 4096),
        ("relu7", nn.ReLU()),
        *dropout("drop7", 0.5),
        *fully_connected("fc8", 4096, num_classes),
    ]))  # fmt: skip
