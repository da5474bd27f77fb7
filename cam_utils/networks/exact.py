"""Whether maps explain scores: the identity of section 2, checked when it could have changed."""

import torch
from torch import Tensor

from ..errors import NoClassActivationMap
from .gap import GapNetwork


def check_identity(network: GapNetwork, logits: Tensor, features: Tensor) -> float:
    """The relative error of `pool(features) @ class_weights.T + class_bias == logits`.

    Raises NoClassActivationMap with both numbers when it exceeds the arithmetic's precision.
    """
    again = network.classify(features).float()
    logits = logits.detach().float()
    scale = logits.abs().amax().clamp(min=1e-6)
    error = ((again - logits).abs().amax() / scale).item()
    # bfloat16 and float16 (autocast) round every logit; float32 differs only by summation order
    low = {torch.float16: 1e-2, torch.bfloat16: 5e-2}
    tolerance = low.get(features.dtype, 1e-4)
    if not error <= tolerance:
        worst = int((again - logits).abs().flatten().argmax())
        raise NoClassActivationMap(
            f"{network.name}: the mean of a class map plus its bias is "
            f"{again.flatten()[worst].item():.6g} but the network's logit is "
            f"{logits.flatten()[worst].item():.6g} (relative error {error:.2g}, at most "
            f"{tolerance:g} expected). Its maps would not explain its scores; look for an "
            "operation on the logits or features that the probe did not show (a temperature, "
            "several heads, a pooling with weights, NaN in the input)."
        )
    return error


def check_identity_once(network: GapNetwork, logits: Tensor, features: Tensor) -> None:
    """`check_identity` on the first batch of each map size and precision.

    Later ones are free, until a parameter or buffer is replaced, moved or written to.
    """
    key = network.state()
    known, seen = network.__dict__.get("_identity_checked", (None, set()))
    seen = seen if known == key else set()
    kind = (tuple(features.shape[1:]), features.dtype, features.device)
    if kind not in seen:
        check_identity(network, logits, features)
        network.__dict__["_identity_checked"] = (key, seen | {kind})
