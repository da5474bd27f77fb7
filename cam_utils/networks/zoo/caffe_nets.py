"""The paper's networks in Caffe's layers: GoogLeNet, AlexNet, VGG, NIN, SqueezeNet."""

import torch
from torch import Tensor, nn

from .caffe_layers import (
    CaffeClassifier,
    CaffeClassMapNetwork,
    CaffeGapNetwork,
    Layers,
    added_conv,
    classifier,
    conv,
    dropout,
    fully_connected,
    in_sequence,
    lrn,
    max_pool,
)

# Outputs of: 1x1, 3x3 reduction, 3x3, 5x5 reduction, 5x5, projection after the pooling.
INCEPTIONS = {
    "3a": (64, 96, 128, 16, 32, 32),
    "3b": (128, 128, 192, 32, 96, 64),
    "4a": (192, 96, 208, 16, 48, 64),
    "4b": (160, 112, 224, 24, 64, 64),
    "4c": (128, 128, 256, 24, 64, 64),
    "4d": (112, 144, 288, 32, 64, 64),
    "4e": (256, 160, 320, 32, 128, 128),
    "5a": (256, 160, 320, 32, 128, 128),
    "5b": (384, 192, 384, 48, 128, 128),
}


class Inception(nn.Module):
    """Four branches side by side: (B, inputs, h, w) to (B, self.outputs, h, w)."""

    def __init__(self, name: str, inputs: int, widths: tuple[int, ...]):
        super().__init__()
        one, three_reduced, three, five_reduced, five, projected = widths
        self.outputs = one + three + five + projected
        self.branches = nn.ModuleList(
            [
                in_sequence(conv(f"{name}/1x1", inputs, one, 1)),
                in_sequence(
                    conv(f"{name}/3x3_reduce", inputs, three_reduced, 1),
                    conv(f"{name}/3x3", three_reduced, three, 3, pad=1),
                ),
                in_sequence(
                    conv(f"{name}/5x5_reduce", inputs, five_reduced, 1),
                    conv(f"{name}/5x5", five_reduced, five, 5, pad=2),
                ),
                in_sequence(
                    max_pool(f"{name}/pool", 3, 1, pad=1),
                    conv(f"{name}/pool_proj", inputs, projected, 1),
                ),
            ]
        )

    def forward(self, maps: Tensor) -> Tensor:
        """Concatenate the branches along the channels."""
        return torch.cat([branch(maps) for branch in self.branches], 1)


def googlenet(num_classes: int = 1000) -> CaffeGapNetwork:
    """BVLC GoogLeNet without the auxiliary heads: (B, 3, 224, 224) to maps (B, 1024, 7, 7).

    It has a global average pooling already, so section 2 of the paper applies to it unchanged.
    """
    last = fully_connected("loss3/classifier", 1024, num_classes)
    return CaffeGapNetwork(in_sequence(_googlenet_trunk(last="5b")), last, drop=0.4)


def googlenet_cam(num_classes: int = 1000, group: int = 2, pool: str = "avg") -> CaffeGapNetwork:
    """GoogLeNet-CAM: cut after inception 4e, (B, 3, 224, 224) to maps (B, 1024, 14, 14).

    The released network has `group=2`, of which the paper says nothing; `pool="max"` gives the
    GoogLeNet-GMP of section 3.2.
    """
    trunk = in_sequence(
        _googlenet_trunk(last="4e"), added_conv("CAM_conv", 832, 1024, group, bias=1.0)
    )
    return CaffeGapNetwork(trunk, fully_connected("CAM_fc", 1024, num_classes), pool=pool)


def _googlenet_trunk(last: str) -> Layers:
    """The layers of GoogLeNet up to the inception module `last`."""
    layers = [
        *conv("conv1/7x7_s2", 3, 64, 7, stride=2, pad=3),
        *max_pool("pool1/3x3_s2", 3, 2),
        *lrn("pool1/norm1"),
        *conv("conv2/3x3_reduce", 64, 64, 1),
        *conv("conv2/3x3", 64, 192, 3, pad=1),
        *lrn("conv2/norm2"),
        *max_pool("pool2/3x3_s2", 3, 2),
    ]
    channels = 192
    for part, widths in INCEPTIONS.items():
        if part in ("4a", "5a"):
            layers += max_pool(f"pool{int(part[0]) - 1}/3x3_s2", 3, 2)
        module = Inception(f"inception_{part}", channels, widths)
        layers.append((f"inception_{part}", module))
        channels = module.outputs
        if part == last:
            break
    return layers


def alexnet(num_classes: int = 1000) -> CaffeClassifier:
    """BVLC AlexNet: (B, 3, 227, 227) to logits (B, C); normalises before it pools."""
    return classifier(_alexnet_trunk(norm_first=True, conv5=256), 256, 3, num_classes)


def caffenet(num_classes: int = 1000) -> CaffeClassifier:
    """BVLC reference CaffeNet: AlexNet, but pools before it normalises."""
    return classifier(_alexnet_trunk(norm_first=False, conv5=256), 256, 3, num_classes)


def alexnetplus_cam(num_classes: int = 1000, drop: float = 0.5) -> CaffeGapNetwork:
    """AlexNet+-CAM as released: (B, 3, 227, 227) to maps (B, 512, 11, 11).

    Probably the paper's AlexNet*-GAP ("two convolutional layers just before GAP", section 3.1):
    a CaffeNet with 384 instead of 256 outputs of conv5 and a last pooling of stride 1.
    """
    trunk = in_sequence(
        _alexnet_trunk(norm_first=False, conv5=384),
        max_pool("pool5", 3, 1),
        added_conv("conv6", 384, 512, group=2, bias=1.0),
        added_conv("conv7", 512, 512, group=2, bias=1.0),
    )
    return CaffeGapNetwork(trunk, fully_connected("fc9", 512, num_classes), drop=drop)


def _alexnet_trunk(norm_first: bool, conv5: int) -> Layers:
    """conv1 to conv5 with `conv5` outputs, (B, 3, 227, 227) to (B, conv5, 13, 13)."""

    def shrink(i: int) -> Layers:
        pool, norm = max_pool(f"pool{i}", 3, 2), lrn(f"norm{i}")
        return norm + pool if norm_first else pool + norm

    return [
        *conv("conv1", 3, 96, 11, stride=4),
        *shrink(1),
        *conv("conv2", 96, 256, 5, pad=2, group=2),
        *shrink(2),
        *conv("conv3", 256, 384, 3, pad=1),
        *conv("conv4", 384, 384, 3, pad=1, group=2),
        *conv("conv5", 384, conv5, 3, pad=1, group=2),
    ]


def vgg16(num_classes: int = 1000) -> CaffeClassifier:
    """VGG-16 (configuration D): (B, 3, 224, 224) to logits (B, C)."""
    return classifier(_vgg_trunk(), 512, 2, num_classes)


def vgg16_cam(num_classes: int = 1000, group: int = 2) -> CaffeGapNetwork:
    """VGG16-CAM: cut after conv5_3, (B, 3, 224, 224) to maps (B, 1024, 14, 14).

    As released: the added convolution in two groups and dropout after the pooling, neither of
    which the paper mentions (section 3.1).
    """
    trunk = in_sequence(_vgg_trunk(), added_conv("CAM_conv", 512, 1024, group, bias=0.0))
    return CaffeGapNetwork(trunk, fully_connected("CAM_fc", 1024, num_classes), drop=0.5)


def _vgg_trunk() -> Layers:
    """conv1_1 to conv5_3 with its ReLU, (B, 3, 224, 224) to (B, 512, 14, 14)."""
    layers, channels = [], 3
    for block, (width, depth) in enumerate([(64, 2), (128, 2), (256, 3), (512, 3), (512, 3)], 1):
        if block > 1:
            layers += max_pool(f"pool{block - 1}", 2, 2)
        for i in range(1, depth + 1):
            layers += conv(f"conv{block}_{i}", channels, width, 3, pad=1)
            channels = width
    return layers


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
    return CaffeClassMapNetwork(num_classes, trunk)


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
    return CaffeClassMapNetwork(num_classes, trunk)


def _fire(name: str, inputs: int, squeezed: int, width: int) -> Layers:
    return [(name, Fire(name, inputs, squeezed, width))]
