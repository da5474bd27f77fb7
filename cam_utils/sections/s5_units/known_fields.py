"""Networks whose receptive field is known, to test what measures it."""

import torch
from torch import Tensor, nn

from ...errors import CamError
from ...networks.gap import GapNetwork, InputSpec

SIDE = 48  # pixels of the input


class OneConvolution(GapNetwork):
    """One unit: a convolution of size x size with equal positive weights, then a ReLU.

    Its theoretical field is `size`. With `nonzero` only that many rows and columns in the middle
    of the kernel have weights: then nothing else can change the unit, and the empirical field is
    smaller than the theoretical one.

    Raises:
        CamError: sizes that are even, or `nonzero` larger than `size`.
    """

    def __init__(self, size: int, nonzero: int | None = None):
        super().__init__()
        nonzero = size if nonzero is None else nonzero
        if not 1 <= nonzero <= size <= SIDE or not size % 2 or not nonzero % 2:
            raise CamError(f"Found size={size}, nonzero={nonzero}; expected odd, 1 to {SIDE}.")
        self.conv = nn.Conv2d(3, 1, size, padding=size // 2)
        rim = (size - nonzero) // 2
        with torch.no_grad():
            self.conv.weight.zero_()
            self.conv.weight[..., rim : size - rim, rim : size - rim] = 0.01
            self.conv.bias.fill_(1.0)
        self.register_buffer("class_weights", torch.ones(1, 1))
        self.register_buffer("class_bias", torch.zeros(1))
        # inputs of 0..1: the unit is never switched off
        self.input_spec = InputSpec(SIDE, SIDE, squash=True, mean=(0, 0, 0), std=(1, 1, 1))
        self.name = f"one convolution {size}x{size}, {nonzero}x{nonzero} of it not zero"
        self.eval()

    def features(self, images: Tensor) -> Tensor:
        """Images (B, 3, H, W) to (B, 1, H, W)."""
        return self.conv(images).relu()
