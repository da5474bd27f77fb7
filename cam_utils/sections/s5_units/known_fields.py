"""Receptive fields for notebook 07: of networks whose field is known, and of its halves."""

import torch
from torch import nn

from ...errors import CamError
from ...networks.gap import InputSpec
from ...networks.topped import CutNetwork
from ...study import first
from .field import ReceptiveField, receptive_field
from .halves import Half
from .occlusion import EmpiricalField, empirical_field
from .top import top_images

SIDE = 48  # pixels of the input


class OneConvolution(CutNetwork):
    """One unit: a convolution of size x size with equal positive weights, then a ReLU.

    Its theoretical field is `size`. With `nonzero` only that many rows and columns in the middle
    of the kernel have weights: then nothing else can change the unit, and the empirical field is
    smaller than the theoretical one.

    Raises:
        CamError: sizes that are even, or `nonzero` larger than `size`.
    """

    def __init__(self, size: int, nonzero: int | None = None):
        nonzero = size if nonzero is None else nonzero
        if not 1 <= nonzero <= size <= SIDE or not size % 2 or not nonzero % 2:
            raise CamError(f"Found size={size}, nonzero={nonzero}; expected odd, 1 to {SIDE}.")
        super().__init__(nn.Conv2d(3, 1, size, padding=size // 2), 1, 1, units=None)
        rim = (size - nonzero) // 2
        with torch.no_grad():
            self.trunk.weight.zero_()
            self.trunk.weight[..., rim : size - rim, rim : size - rim] = 0.01
            for constant in (self.trunk.bias, self.cam_fc.weight, self.cam_fc.bias):
                constant.fill_(1.0)
        # inputs of 0..1: the unit is never switched off
        self.input_spec = InputSpec(SIDE, SIDE, squash=True, mean=(0, 0, 0), std=(1, 1, 1))
        self.name = f"one convolution {size}x{size}, {nonzero}x{nonzero} of it not zero"
        self.eval()


def known_fields_of(pool) -> dict[str, tuple[EmpiricalField, ReceptiveField]]:
    """Measured and theoretical fields of two such networks, on the first pictures of a pool."""
    found = {}
    for title, network in (
        ("15x15", OneConvolution(15)),
        ("15x15, only 5x5 not zero", OneConvolution(15, 5)),
    ):
        top = top_images(network, first(pool, 64), k=2, progress=False)
        theory = receptive_field(network)
        found[title] = empirical_field(network, pool, top, 0, 2, 1, 1, field=theory), theory
    return found


def fields_of_halves(
    halves: dict[str, Half], seed: int = 0
) -> dict[str, tuple[EmpiricalField, ReceptiveField]]:
    """The same of the first class's first unit of each half, on its best picture."""
    found = {}
    for title, half in halves.items():
        unit, theory = int(half.frames["units"]["unit"].iloc[0]), receptive_field(half.network)
        field = empirical_field(
            half.network, half.pool, half.top, unit, 1, stride=4, field=theory, seed=seed
        )
        found[f"{title}: unit {unit}"] = field, theory
    return found
