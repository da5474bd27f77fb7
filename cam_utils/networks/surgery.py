"""The paper's surgery (section 3.1): cut a network, add a convolution, pool globally, classify."""

from torch import Tensor, nn

from .gap import GapNetwork


class CutNetwork(GapNetwork):
    """A trunk topped with conv 3x3 (stride 1, pad 1), ReLU, global pooling and a linear layer.

    Args:
        trunk: (B, 3, H, W) to (B, in_channels, h, w); what remains of the original network.
        in_channels: channels of the trunk's output.
        num_classes: C.
        units: channels K of the added convolution; 1024 in the paper.
        groups: 1 as the paper describes; 2 as in the released definitions.
        pool: "avg" (GAP) or "max" (GMP).
    """

    def __init__(
        self,
        trunk: nn.Module,
        in_channels: int,
        num_classes: int,
        units: int = 1024,
        groups: int = 1,
        pool: str = "avg",
    ):
        super().__init__()
        self.trunk, self.pool = trunk, pool
        self.cam_conv = nn.Conv2d(in_channels, units, 3, padding=1, groups=groups)
        self.cam_fc = nn.Linear(units, num_classes)
        nn.init.kaiming_normal_(self.cam_conv.weight, nonlinearity="relu")
        nn.init.zeros_(self.cam_conv.bias)

    @property
    def class_weights(self) -> Tensor:
        return self.cam_fc.weight

    @property
    def class_bias(self) -> Tensor:
        return self.cam_fc.bias

    def features(self, images: Tensor) -> Tensor:
        return self.cam_conv(self.trunk(images)).relu()
