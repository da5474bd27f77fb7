"""Caffe's layers as torch modules, and the three kinds of network that are built from them.

Every layer with weights is registered under its Caffe name ("inception_3a/1x1"), at whatever
depth: the last part of its path in the module tree is the name in the `.caffemodel` file.
"""

from collections import OrderedDict
from itertools import chain

from torch import Tensor, nn

from ..gap import CAFFE, ClassMapNetwork, GapNetwork, InputSpec

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


def average_pool(name: str, kernel: int, stride: int, pad: int = 0) -> Layers:
    """Average pooling, rounded up; divides by the window's part inside the *padded* image."""
    layer = nn.AvgPool2d(kernel, stride, pad, ceil_mode=True, count_include_pad=True)
    return [(name, layer)]


def lrn(name: str) -> Layers:
    """Local response normalisation over 5 channels; Caffe too divides alpha by the window."""
    return [(name, nn.LocalResponseNorm(5, alpha=1e-4, beta=0.75, k=1.0))]


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


class CaffeGapNetwork(GapNetwork):
    """Trunk, global pooling, dropout, one fully connected layer (paper, section 3.1)."""

    input_spec = CAFFE

    def __init__(
        self, trunk: nn.Sequential, classifier: Layers, drop: float = 0.0, pool: str = "avg"
    ):
        super().__init__()
        self.pool = pool
        self.trunk = trunk
        self.head = in_sequence(dropout("drop", drop), classifier)

    @property
    def class_weights(self) -> Tensor:
        """Weights of the classifier, (C, K)."""
        return self.head[-1].weight

    @property
    def class_bias(self) -> Tensor:
        """Bias of the classifier, (C,)."""
        return self.head[-1].bias

    def features(self, images: Tensor) -> Tensor:
        """Images (B, 3, H, W) to the rectified maps that enter the pooling, (B, K, h, w)."""
        return self.trunk(images)

    def classify(self, features: Tensor) -> Tensor:
        """Feature maps (B, K, h, w) to logits (B, C); in training with dropout after pooling."""
        pooled = features.amax((2, 3)) if self.pool == "max" else features.mean((2, 3))
        return self.head(pooled)


class CaffeClassMapNetwork(ClassMapNetwork):
    """A trunk whose last convolution has one (rectified) map per class, then their mean."""

    input_spec = CAFFE

    def __init__(self, trunk: nn.Sequential, num_classes: int):
        super().__init__(num_classes)
        self.trunk = trunk

    def features(self, images: Tensor) -> Tensor:
        """Images (B, 3, H, W) to the class maps, (B, C, h, w)."""
        return self.trunk(images)


class CaffeClassifier(nn.Sequential):
    """A network with fully connected layers and thus no class activation maps: a baseline.

    Forward takes images (B, 3, H, W) to logits (B, C); attributes as in `GapNetwork`.
    """

    input_spec: InputSpec = CAFFE
    classes: list[str] | None = None
    name: str = "unnamed"
    weights_hash: str = "random"

    def __init__(self, layers: Layers):
        super().__init__(OrderedDict(layers))
