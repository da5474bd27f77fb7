"""What one place of a map can see: the theoretical receptive field, for any network with GAP.

It is not read off a list of layers but measured, exactly: the network runs with every convolution
and linear layer made an average, every maximum an average, every rectifier left out and every
normalisation a scaling. All its terms are then positive and nothing can cancel or be switched off,
so that the pixels on which one place depends are those with a gradient other than zero. A strip as
high as the network's input is made wider until the field does not touch its ends; so padding at
the border of the usual input does not cut the field off.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.overrides import TorchFunctionMode

from ...errors import CamError
from ...image_maps import spec_of
from ...networks.gap import GapNetwork
from ...networks.head import GATES
from ...networks.trace import evaluating, unwrapped
from ...networks.wrap import WrappedNetwork

# times the network's input; a field wider than the last is taken to be the whole picture
WIDTHS = (1, 2, 4, 8, 16)

NORMS = {"batch_norm", "layer_norm", "local_response_norm", "group_norm", "instance_norm"}


@dataclass(frozen=True)
class ReceptiveField:
    """Place i of a map, along one side, sees the pixels [start + i * stride, ... + size).

    Attributes:
        size: pixels of the network's input; None: the whole picture, however large (an attention
            block that pools globally).
        stride: pixels between the fields of neighbours.
        start: where the field of place 0 begins; below 0 where it reaches into the padding.
        cut: the network takes no larger input than its own, and the field fills that: `size` is
            then a lower bound.
    """

    size: int | None
    stride: float
    start: float
    cut: bool = False

    def of(self, place: float) -> tuple[float, float] | None:
        """The first pixel of a place's field and the one after its last; None: not known."""
        if self.size is None or self.cut:
            return None
        start = self.start + place * self.stride
        return start, start + self.size


def receptive_field(network: nn.Module) -> ReceptiveField:
    """The theoretical receptive field of the maps that enter a network's global pooling.

    Works for networks of convolutions, poolings, norms, branches and shortcuts, for channel
    attention (which sees everything). With windowed attention (Swin) every place has a field of
    its own; that of the middle is given, and a stride of 0 says that its neighbour sees the same.
    Of kernels that are not square the longer side counts. What a norm *after* the pooling adds
    (ConvNeXt's head) is left out: it scales the map as a whole.

    Raises:
        CamError: the network has no global pooling, or has a maximum pooling with dilation or
            with indices.
    """
    network = unwrapped(network)
    if not isinstance(network, GapNetwork):
        raise CamError(
            f"{type(network).__name__} has no maps that enter a global pooling; wrap it by "
            "as_gap_network, or give a network of load_network."
        )
    if isinstance(network, WrappedNetwork):
        network = network.as_it_pools()
    sides = [along(network, axis) for axis in _axes(network)]
    return max(sides, key=lambda s: float("inf") if s.size is None else s.size)


def along(network: GapNetwork, axis: int) -> ReceptiveField:
    """The field along the height (axis 2) or the width (axis 3) of the input."""
    side, found = spec_of(network).size, None
    for times in WIDTHS:
        shape = [1, 3, side, side]
        shape[axis] *= times
        try:
            (start, stop), place, stride, places = _support(network, shape, axis)
        except (RuntimeError, ValueError, AssertionError) as error:
            if found is None:
                raise CamError(f"{network.name} could not be run on {shape}: {error}") from error
            return ReceptiveField(*found, cut=True)
        found = stop - start, stride, start - place * stride
        if start > 0 and stop < shape[axis]:
            return ReceptiveField(*found)
    return ReceptiveField(None, shape[axis] / places, 0.0)


def _axes(network: nn.Module) -> tuple[int, ...]:
    square = all(
        len(set(m.kernel_size)) == 1 for m in network.modules() if isinstance(m, nn.Conv2d)
    )
    return (3,) if square else (2, 3)


def _support(network: GapNetwork, shape: list[int], axis: int):
    """((first pixel, one after the last), place) of a place in the middle, stride, places."""
    device = next((p.device for p in network.parameters()), torch.device("cpu"))
    image = torch.ones(shape, dtype=torch.float64, device=device, requires_grad=True)
    with torch.enable_grad(), evaluating(network), Positive():
        maps = network.features(image * 1.0)
        middle = [s // 2 for s in maps.shape[2:]]
        spans = []
        for step in (0, 1 if maps.shape[axis] > middle[axis - 2] + 1 else -1):
            at = list(middle)
            at[axis - 2] += step if maps.shape[axis] > 1 else 0
            value = maps[:, :, at[0], at[1]].sum()
            (slope,) = torch.autograd.grad(value, image, retain_graph=True)
            seen = torch.nonzero((slope != 0).any(1).any(4 - axis)[0])[:, 0]
            spans.append((int(seen[0]), int(seen[-1]) + 1))
    (a, b), (c, d) = spans
    # at the ends a field is cut off on one side; the other side still shows the step
    return (a, b), middle[axis - 2], max(abs(c - a), abs(d - b)), maps.shape[axis]


class Positive(TorchFunctionMode):
    """Every operation averages or passes on: nothing cancels, nothing is switched off."""

    def __torch_function__(self, function, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        name = getattr(function, "__name__", "")
        if name in ("conv2d", "linear"):
            return _average(function, *args, **kwargs)
        if name == "max_pool2d":
            return _mean_pool(*args, **kwargs)
        if name in NORMS:
            x = _input(*args, **kwargs)
            return x / x.detach().abs().amax().clamp(min=1e-30)
        if name in GATES:
            return _input(*args, **kwargs).clone()
        return function(*args, **kwargs)


def _input(input: Tensor, *args, **kwargs) -> Tensor:
    return input


def _average(function, input: Tensor, weight: Tensor, bias=None, *args, **kwargs) -> Tensor:
    weight = torch.full_like(weight, 1 / weight[0].numel(), dtype=input.dtype, requires_grad=False)
    return function(input, weight, None, *args, **kwargs)


def _mean_pool(
    input, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False, return_indices=False
) -> Tensor:
    if return_indices or dilation not in (1, (1, 1)):
        raise CamError(
            "The receptive field of a maximum pooling with dilation or with indices is not known "
            "here; replace it by one without."
        )
    return F.avg_pool2d(input, kernel_size, stride, padding, ceil_mode)
