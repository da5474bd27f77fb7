"""NIN and SqueezeNet: their last convolution draws one map per class."""

import torch
from torch import Tensor, nn

from .caffe_layers import CaffeClassMapNetwork, Layers, conv, dropout, in_sequence, max_pool


def nin(num_classes: int = 1000) -> CaffeClassMapNetwork:
    """Network in network for ImageNet: (B, 3, 224, 224) to class maps (B, C, 6, 6).

    The class maps are rectified before they are averaged. "cccp" (cascaded cross channel
    pooling) is a 1x1 convolution.
    """
    trunk = in_sequence(
        conv("conv1", 3, 96, 11, stride=4),
        conv("cccp1", 96, 96, 1),
        conv("cccp2", 96, 96, 1),
        max_pool("pool0", 3, 2),
        conv("conv2", 96, 256, 5, pad=2),
        conv("cccp3", 256, 256, 1),
        conv("cccp4", 256, 256, 1),
        max_pool("pool2", 3, 2),
        conv("conv3", 256, 384, 3, pad=1),
        conv("cccp5", 384, 384, 1),
        conv("cccp6", 384, 384, 1),
        max_pool("pool3", 3, 2),
        dropout("drop", 0.5),
        conv("conv4-1024", 384, 1024, 3, pad=1),
        conv("cccp7-1024", 1024, 1024, 1),
        conv("cccp8-1024", 1024, num_classes, 1),
    )
    return CaffeClassMapNetwork(trunk, num_classes)


class Fire(nn.Module):
    """SqueezeNet's block: few 1x1 channels, then 1x1 and 3x3 side by side, `2 * width` maps."""

    def __init__(self, name: str, inputs: int, squeezed: int, width: int):
        super().__init__()
        self.squeeze = in_sequence(conv(f"{name}/squeeze1x1", inputs, squeezed, 1))
        self.narrow = in_sequence(conv(f"{name}/expand1x1", squeezed, width, 1))
        self.wide = in_sequence(conv(f"{name}/expand3x3", squeezed, width, 3, pad=1))

    def forward(self, maps: Tensor) -> Tensor:
        """Maps (B, inputs, h, w) to (B, 2 * width, h, w)."""
        squeezed = self.squeeze(maps)
        return torch.cat([self.narrow(squeezed), self.wide(squeezed)], 1)


def squeezenet(num_classes: int = 1000) -> CaffeClassMapNetwork:
    """SqueezeNet 1.1: (B, 3, 227, 227) to rectified class maps (B, C, 14, 14)."""
    trunk = in_sequence(
        conv("conv1", 3, 64, 3, stride=2),
        max_pool("pool1", 3, 2),
        _fire("fire2", 64, 16, 64),
        _fire("fire3", 128, 16, 64),
        max_pool("pool3", 3, 2),
        _fire("fire4", 128, 32, 128),
        _fire("fire5", 256, 32, 128),
        max_pool("pool5", 3, 2),
        _fire("fire6", 256, 48, 192),
        _fire("fire7", 384, 48, 192),
        _fire("fire8", 384, 64, 256),
        _fire("fire9", 512, 64, 256),
        dropout("drop9", 0.5),
        conv("conv10", 512, num_classes, 1),
    )
    return CaffeClassMapNetwork(trunk, num_classes)


def _fire(name: str, inputs: int, squeezed: int, width: int) -> Layers:
    return [(name, Fire(name, inputs, squeezed, width))]
