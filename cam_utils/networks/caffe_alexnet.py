"""AlexNet, CaffeNet and the released AlexNet+-CAM."""

from torch import nn

from .caffe_layers import (
    CaffeClassifier,
    CaffeGapNetwork,
    Layers,
    added_conv,
    conv,
    dropout,
    fully_connected,
    in_sequence,
    lrn,
    max_pool,
)


def alexnet(num_classes: int = 1000) -> CaffeClassifier:
    """BVLC AlexNet: (B, 3, 227, 227) to logits (B, C); normalises before it pools."""
    return CaffeClassifier(_trunk(norm_first=True, conv5=256) + _head(num_classes))


def caffenet(num_classes: int = 1000) -> CaffeClassifier:
    """BVLC reference CaffeNet: AlexNet, but pools before it normalises."""
    return CaffeClassifier(_trunk(norm_first=False, conv5=256) + _head(num_classes))


def alexnetplus_cam(num_classes: int = 1000, drop: float = 0.5) -> CaffeGapNetwork:
    """AlexNet+-CAM as released: (B, 3, 227, 227) to maps (B, 512, 11, 11).

    Probably the paper's AlexNet*-GAP ("two convolutional layers just before GAP", section 3.1):
    a CaffeNet with 384 instead of 256 outputs of conv5 and a last pooling of stride 1.
    """
    trunk = in_sequence(
        _trunk(norm_first=False, conv5=384),
        max_pool("pool5", 3, 1),
        added_conv("conv6", 384, 512, group=2, bias=1.0),
        added_conv("conv7", 512, 512, group=2, bias=1.0),
    )
    return CaffeGapNetwork(trunk, fully_connected("fc9", 512, num_classes), drop=drop)


def _trunk(norm_first: bool, conv5: int) -> Layers:
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


def _head(num_classes: int) -> Layers:
    """pool5 and the three fully connected layers."""
    return [
        *max_pool("pool5", 3, 2),
        ("flatten", nn.Flatten()),
        *fully_connected("fc6", 256 * 6 * 6, 4096),
        ("relu6", nn.ReLU()),
        *dropout("drop6", 0.5),
        *fully_connected("fc7", 4096, 4096),
        ("relu7", nn.ReLU()),
        *dropout("drop7", 0.5),
        *fully_connected("fc8", 4096, num_classes),
    ]
