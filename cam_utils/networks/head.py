"""What stands between the global pooling and the logits, carried over to the feature maps.

A class activation map needs the logit to be a fixed linear function of the pooled features. Where
something else comes first, it can often be moved in front of the pooling without changing any
logit, because its parameters depend on the pooled features alone:

* LayerNorm (ConvNeXt): (F - mean F) / std F; the maps get the same std, their own channel mean.
* a hidden linear layer: a 1x1 convolution of the maps.
* a non-linearity with f(0) = 0 (MobileNetV3's hard-swish): f(z) = z * (f(z) / z); the gate
  f(z) / z of the pooled z multiplies the maps, so each place keeps its share of z.

After each stage the mean of the maps is still the pooled vector, so `mean(M_c) + b_c` is the
logit exactly. Maps (B, K, h, w) and pooled vectors (B, K) travel together.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

SHAPE_ONLY = {
    "flatten", "view", "reshape", "squeeze", "permute", "contiguous", "unflatten", "dropout",
    "alpha_dropout", "feature_dropout", "dropout1d", "dropout2d", "identity", "clone", "float",
    "to", "transpose", "movedim", "detach", "half", "bfloat16", "type_as", "_to_copy",
}  # fmt: skip

GATES = {
    "relu", "relu_", "hardswish", "hardtanh", "silu", "gelu", "tanh", "leaky_relu", "elu", "mish",
    "selu", "celu", "prelu", "relu6", "softsign", "hardtanh_", "leaky_relu_", "softshrink",
}  # fmt: skip


LINEAR = "linear layer"


@dataclass(frozen=True)
class Stage:
    """One operation of the head: its name, and how it acts on (maps, pooled).

    The tensors that it needs are kept as `operands`, not in a closure, so that a copy of the
    network has copies of them.
    """

    name: str
    function: Callable[..., tuple[Tensor, Tensor]]
    operands: tuple

    def act(self, maps: Tensor, pooled: Tensor) -> tuple[Tensor, Tensor]:
        """Maps (B, K, h, w) and their means (B, K) to those after the operation."""
        return self.function(maps, pooled, *self.operands)


def stage(name: str, call: Callable, args: tuple, kwargs: dict) -> Stage | None:
    """The stage for one recorded call `call(x, *args, **kwargs)`, or None if there is none."""
    name = name.lower()
    if name == "linear":
        return Stage(LINEAR, _linear, _bind(args, kwargs, "weight", "bias"))
    if name == "layer_norm":
        _, *operands = _bind(args, kwargs, "normalized_shape", "weight", "bias", "eps")
        return Stage("LayerNorm", _layer_norm, tuple(operands))
    if name == "batch_norm":
        names = ("running_mean", "running_var", "weight", "bias", "training", "momentum", "eps")
        mean, var, weight, bias, _, _, eps = _bind(args, kwargs, *names)
        if mean is None:
            return None
        return Stage("BatchNorm", _batch_norm, (mean, var, weight, bias, eps))
    if name in GATES:
        return Stage(name, _gate, (call, args, kwargs))
    return None


def affine_stage(call: Callable[[Tensor], Tensor], pooled: Tensor) -> Stage | None:
    """The stage for anything that computes `pooled @ A.T + b`, however it is written, or None.

    A and b are what the call makes of the unit vectors and of zero. It is affine if they give its
    values again on the probe and on vectors that it has not seen.

    Args:
        call: (n, K) to (n, M), for any n.
        pooled: (B, K), of the probe.
    """
    units = pooled.shape[1]
    generator = torch.Generator().manual_seed(0)
    unseen = torch.randn(3, units, generator=generator).to(pooled) * pooled.abs().amax()
    tests = torch.cat([pooled, unseen, -10 * pooled])
    try:
        bias = call(pooled.new_zeros(1, units))  # (1, M)
        weight = (call(torch.eye(units).to(pooled)) - bias).T  # (M, K)
        found, expected = call(tests).float(), F.linear(tests, weight, bias[0]).float()
    except (RuntimeError, ValueError, TypeError, IndexError, AssertionError):
        return None
    low = pooled.dtype in (torch.float16, torch.bfloat16)
    error = (found - expected).abs().amax() / found.abs().amax().clamp(min=1e-6)
    if not error <= (5e-2 if low else 1e-4):
        return None
    return Stage(LINEAR, _linear, (weight.contiguous(), bias[0]))


def composed(stages: list[Stage]) -> tuple[Tensor, Tensor | None]:
    """(weight (M, K), bias (M,) or None) of linear layers that follow each other."""
    weight, bias = stages[0].operands
    for one in stages[1:]:
        further, shift = one.operands
        bias = shift if bias is None else F.linear(bias, further, shift)
        weight = further @ weight
    return weight, bias


def _bind(args: tuple, kwargs: dict, *names: str) -> tuple:
    return tuple(args[i] if i < len(args) else kwargs.get(n) for i, n in enumerate(names))


def _linear(maps: Tensor, pooled: Tensor, weight: Tensor, bias: Tensor | None):
    moved = F.linear(maps.movedim(1, -1), weight, bias).movedim(-1, 1)
    return moved, F.linear(pooled, weight, bias)


def _over(values: Tensor, maps: Tensor) -> Tensor:
    """(B, K) or (K,) with one axis more for each axis of the places of maps (B, K, ...)."""
    return values.reshape(*values.shape, *[1] * (maps.dim() - 2))


def _layer_norm(maps, pooled, weight, bias, eps):
    spread = (pooled.var(1, unbiased=False, keepdim=True) + (eps or 1e-5)).sqrt()
    maps = (maps - maps.mean(1, keepdim=True)) / _over(spread, maps)
    pooled = (pooled - pooled.mean(1, keepdim=True)) / spread
    return _affine(maps, pooled, weight, bias)


def _batch_norm(maps, pooled, mean, var, weight, bias, eps):
    scale = (var + (eps or 1e-5)).rsqrt()
    return _affine(*_affine(maps, pooled, scale, -mean * scale), weight, bias)


def _affine(maps, pooled, scale, shift):
    if scale is not None:
        maps, pooled = maps * _over(scale.flatten(), maps), pooled * scale.flatten()
    if shift is not None:
        maps, pooled = maps + _over(shift.flatten(), maps), pooled + shift.flatten()
    return maps, pooled


def _gate(maps, pooled, call, args, kwargs):
    value = call(pooled.clone(), *args, **kwargs)  # the call may work in place
    gate = torch.where(pooled == 0, torch.zeros_like(pooled), value / pooled)
    return maps * _over(gate, maps), value
