"""A Caffe network without its faster layout and norm, to compare with and to time against."""

import copy

from torch import nn

from cam_utils.networks.zoo.caffe_layers import ResponseNorm


def plain_copy(network: nn.Module) -> nn.Module:
    """A copy with torch's own normalisation, its input in whatever layout it comes."""
    network = copy.deepcopy(network)
    for module in list(network.modules()):
        module._forward_pre_hooks.clear()
        for name, layer in module.named_children():
            if isinstance(layer, ResponseNorm):
                setattr(module, name, nn.LocalResponseNorm(5, alpha=1e-4, beta=0.75, k=1.0))
    return network
