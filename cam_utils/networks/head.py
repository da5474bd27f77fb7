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
    """One operation of the head: its name and how it acts on (maps, pooled)."""

    name: str
    act: Callable[[Tensor, Tensor], tuple[Tensor, Tensor]]


def stage(name: str, call: Callable, args: tuple, kwargs: dict) -> Stage | None:
    """The stage for one recorded call `call(x, *args, **kwargs)`, or None if there is none."""
    name = name.lower()
    if name in {"linear"}:
        weight, bias = _bind(args, kwargs, "weight", "bias")
        return Stage("linear layer", lambda m, p: _linear(m, p, weight, bias))
    if name == "layer_norm":
        _, weight, bias, eps = _bind(args, kwargs, "normalized_shape", "weight", "bias", "eps")
        return Stage("LayerNorm", lambda m, p: _layer_norm(m, p, weight, bias, eps or 1e-5))
    if name == "batch_norm":
        mean, var, weight, bias = _bind(
            args, kwargs, "running_mean", "running_var", "weight", "bias"
        )
        eps = kwargs.get("eps", args[6] if len(args) > 6 else 1e-5)
        if mean is None:
            return None
        return Stage("BatchNorm", lambda m, p: _batch_norm(m, p, mean, var, weight, bias, eps))
    if name in GATES:
        return Stage(name, lambda m, p: _gate(m, p, lambda z: call(z.clone(), *args, **kwargs)))
    return None


def _bind(args: tuple, kwargs: dict, *names: str) -> list:
    return [args[i] if i < len(args) else kwargs.get(n) for i, n in enumerate(names)]


def _linear(maps: Tensor, pooled: Tensor, weight: Tensor, bias: Tensor | None):
    return F.conv2d(maps, weight[:, :, None, None], bias), F.linear(pooled, weight, bias)


def _layer_norm(maps, pooled, weight, bias, eps):
    spread = (pooled.var(1, unbiased=False, keepdim=True) + eps).sqrt()
    maps = (maps - maps.mean(1, keepdim=True)) / spread[:, :, None, None]
    pooled = (pooled - pooled.mean(1, keepdim=True)) / spread
    return _affine(maps, pooled, weight, bias)


def _batch_norm(maps, pooled, mean, var, weight, bias, eps):
    scale = (var + eps).rsqrt()
    return _affine(*_affine(maps, pooled, scale, -mean * scale), weight, bias)


def _affine(maps, pooled, scale, shift):
    if scale is not None:
        maps, pooled = maps * scale.flatten()[:, None, None], pooled * scale.flatten()
    if shift is not None:
        maps, pooled = maps + shift.flatten()[:, None, None], pooled + shift.flatten()
    return maps, pooled


def _gate(maps, pooled, function):
    value = function(pooled)
    gate = torch.where(pooled == 0, torch.zeros_like(pooled), value / pooled)
    return maps * gate[:, :, None, None], value
