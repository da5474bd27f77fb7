"""BVLC GoogLeNet and the released GoogLeNet-CAM."""

import torch
from torch import Tensor, nn

from .caffe_layers import (
    CaffeGapNetwork,
    Layers,
    added_conv,
    conv,
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
    classifier = fully_connected("loss3/classifier", 1024, num_classes)
    return CaffeGapNetwork(in_sequence(_trunk(last="5b")), classifier, drop=0.4)


def googlenet_cam(num_classes: int = 1000, group: int = 2, pool: str = "avg") -> CaffeGapNetwork:
    """GoogLeNet-CAM: cut after inception 4e, (B, 3, 224, 224) to maps (B, 1024, 14, 14).

    The released network has `group=2`, of which the paper says nothing; `pool="max"` gives the
    GoogLeNet-GMP of section 3.2.
    """
    trunk = in_sequence(_trunk(last="4e"), added_conv("CAM_conv", 832, 1024, group, bias=1.0))
    return CaffeGapNetwork(trunk, fully_connected("CAM_fc", 1024, num_classes), pool=pool)


def _trunk(last: str) -> Layers:
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
