"""VGG-16 and the released VGG16-CAM."""

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
    max_pool,
)


def vgg16(num_classes: int = 1000) -> CaffeClassifier:
    """VGG-16 (configuration D): (B, 3, 224, 224) to logits (B, C)."""
    head = [
        *max_pool("pool5", 2, 2),
        ("flatten", nn.Flatten()),
        *fully_connected("fc6", 512 * 7 * 7, 4096),
        ("relu6", nn.ReLU()),
        *dropout("drop6", 0.5),
        *fully_connected("fc7", 4096, 4096),
        ("relu7", nn.ReLU()),
        *dropout("drop7", 0.5),
        *fully_connected("fc8", 4096, num_classes),
    ]
    return CaffeClassifier(_trunk() + head)


def vgg16_cam(num_classes: int = 1000, group: int = 2) -> CaffeGapNetwork:
    """VGG16-CAM: cut after conv5_3, (B, 3, 224, 224) to maps (B, 1024, 14, 14).

    As released: the added convolution in two groups and dropout after the pooling, neither of
    which the paper mentions (section 3.1).
    """
    trunk = in_sequence(_trunk(), added_conv("CAM_conv", 512, 1024, group, bias=0.0))
    return CaffeGapNetwork(trunk, fully_connected("CAM_fc", 1024, num_classes), drop=0.5)


def _trunk() -> Layers:
    """conv1_1 to conv5_3 with its ReLU, (B, 3, 224, 224) to (B, 512, 14, 14)."""
    layers, channels = [], 3
    for block, (width, depth) in enumerate([(64, 2), (128, 2), (256, 3), (512, 3), (512, 3)], 1):
        if block > 1:
            layers += max_pool(f"pool{block - 1}", 2, 2)
        for i in range(1, depth + 1):
            layers += conv(f"conv{block}_{i}", channels, width, 3, pad=1)
            channels = width
    return layers
