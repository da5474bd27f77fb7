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
        return Stage("linear layer", _linear, _bind(args, kwargs, "weight", "bias"))
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


def _bind(args: tuple, kwargs: dict, *names: str) -> tuple:
    return tuple(args[i] if i < len(args) else kwargs.get(n) for i, n in enumerate(names))


def _linear(maps: Tensor, pooled: Tensor, weight: Tensor, bias: Tensor | None):
    return F.conv2d(maps, weight[:, :, None, None], bias), F.linear(pooled, weight, bias)


def _layer_norm(maps, pooled, weight, bias, eps):
    spread = (pooled.var(1, unbiased=False, keepdim=True) + (eps or 1e-5)).sqrt()
    maps = (maps - maps.mean(1, keepdim=True)) / spread[:, :, None, None]
    pooled = (pooled - pooled.mean(1, keepdim=True)) / spread
    return _affine(maps, pooled, weight, bias)


def _batch_norm(maps, pooled, mean, var, weight, bias, eps):
    scale = (var + (eps or 1e-5)).rsqrt()
    return _affine(*_affine(maps, pooled, scale, -mean * scale), weight, bias)


def _affine(maps, pooled, scale, shift):
    if scale is not None:
        maps, pooled = maps * scale.flatten()[:, None, None], pooled * scale.flatten()
    if shift is not None:
        maps, pooled = maps + shift.flatten()[:, None, None], pooled + shift.flatten()
    return maps, pooled


def _gate(maps, pooled, call, args, kwargs):
    value = call(pooled.clone(), *args, **kwargs)  # the call may work in place
    gate = torch.where(pooled == 0, torch.zeros_like(pooled), value / pooled)
    return maps * gate[:, :, None, None], value
