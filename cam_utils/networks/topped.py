"""The paper's new layers on a trunk (section 3.1): convolution, global pooling, linear layer."""

from torch import Tensor, nn

from ..errors import CamError
from .gap import TrunkNetwork


class CutNetwork(TrunkNetwork):
    """A trunk topped with conv 3x3 (stride 1, pad 1), ReLU, global pooling and a linear layer.

    Args:
        trunk: (B, 3, H, W) to (B, in_channels, h, w); what remains of the original network.
        in_channels: channels of the trunk's output.
        num_classes: C.
        units: channels K of the added convolution; 1024 in the paper. None: no convolution, the
            pooling follows the trunk.
        groups: 1 as the paper describes; 2 as in the released definitions.
        pool: "avg" (GAP) or "max" (GMP).
    """

    linear = "cam_fc"

    def __init__(
        self,
        trunk: nn.Module,
        in_channels: int,
        num_classes: int,
        units: int | None = 1024,
        groups: int = 1,
        pool: str = "avg",
    ):
        super().__init__(trunk, pool)
        if units is None:
            self.cam_conv = nn.Identity()
        else:
            self.cam_conv = nn.Conv2d(in_channels, units, 3, padding=1, groups=groups)
        self.cam_fc = nn.Linear(units or in_channels, num_classes)
        if units is not None:
            nn.init.kaiming_normal_(self.cam_conv.weight, nonlinearity="relu")
            nn.init.zeros_(self.cam_conv.bias)

    def features(self, images: Tensor) -> Tensor:
        return self.cam_conv(self.trunk(images)).relu()


def add_gap_head(
    trunk: nn.Module,
    channels: int,
    num_classes: int,
    units: int | None = 1024,
    groups: int = 1,
    pool: str = "avg",
) -> CutNetwork:
    """The paper's new layers on a trunk: arguments as of `CutNetwork`, but checked.

    Raises:
        CamError: a number that is not positive, groups that do not divide channels and units, or
            an unknown pooling.
    """
    if pool not in ("avg", "max"):
        raise CamError(f"Found pool={pool!r}, expected 'avg' (GAP) or 'max' (GMP).")
    counts = {"channels": channels, "num_classes": num_classes, "units": units, "groups": groups}
    wrong = [f"{k}={v!r}" for k, v in counts.items() if v is not None and v < 1]
    if wrong:
        raise CamError(f"Found {', '.join(wrong)}, expected at least 1.")
    if groups != 1 and (units is None or channels % groups or units % groups):
        raise CamError(
            f"Found groups={groups} for a convolution of {channels} to {units} channels; the "
            "groups must divide both. The paper's is 1, the released definitions' 2."
        )
    return CutNetwork(trunk, channels, num_classes, units, groups, pool)
