"""The layers of a network as the one chain that they are, under the names that the paper uses."""

from typing import NamedTuple

from torch import Tensor, nn

from ..trace import unwrapped
from ..wrap import WrappedNetwork


class Layer(NamedTuple):
    """One link of the chain: a convolution, a pooling, an inception module, ..."""

    name: str  # the paper's ("conv5_3", "inception_4e") where it is known, else the network's own
    path: str  # in the module tree of the network, as `get_submodule` takes it
    module: nn.Module


class ImageNetToInception(nn.Module):
    """What torchvision's GoogLeNet and Inception do first: from ImageNet's scaling to [-1, 1]."""

    def forward(self, images: Tensor) -> Tensor:
        """Images (B, 3, H, W), normalised by ImageNet's mean and deviation, to the same shape."""
        mean = images.new_tensor([0.485, 0.456, 0.406])[:, None, None]
        std = images.new_tensor([0.229, 0.224, 0.225])[:, None, None]
        return (images * std + mean - 0.5) / 0.5


def bare(network: nn.Module) -> nn.Module:
    """The network itself, without what wraps it for training or for class activation maps."""
    network = unwrapped(network)
    return network.model if isinstance(network, WrappedNetwork) else network


def chain(network: nn.Module) -> list[Layer]:
    """The layers of a network, first to last.

    Of networks with a `trunk` or `features` in sequence, those; else the children in the order in
    which they were made. That is a guess for networks of others: `surgery.cut` checks it.
    """
    network = bare(network)
    bodies = [n for n in ("trunk", "features") if isinstance(getattr(network, n, 0), nn.Sequential)]
    body = getattr(network, bodies[0]) if bodies else network
    prefix = f"{bodies[0]}." if bodies else ""
    children = list(body.named_children())
    names = getattr(body, "layer_names", None) or _paper_names(network, children)
    layers = [Layer(n, prefix + k, m) for n, (k, m) in zip(names, children, strict=True)]
    if getattr(network, "transform_input", False):  # done in forward, without a module
        layers.insert(0, Layer("transform_input", "transform_input", ImageNetToInception()))
    return layers


def torchvision_kind(network: nn.Module) -> str:
    """The class name of one of torchvision's networks ("VGG"), or of what is derived from it."""
    kinds = (k for k in type(network).__mro__ if k.__module__.startswith("torchvision.models"))
    return next((k.__name__ for k in kinds), "")


def _paper_names(network: nn.Module, children: list[tuple[str, nn.Module]]) -> list[str]:
    kind = torchvision_kind(network)
    if kind in ("VGG", "AlexNet"):
        return _numbered([m for _, m in children], by_block=kind == "VGG")
    if kind == "GoogLeNet":
        return [k.replace("inception", "inception_") for k, _ in children]
    return [k for k, _ in children]


def _numbered(modules: list[nn.Module], by_block: bool) -> list[str]:
    """conv1, conv1/relu, pool1, conv2, ... as in AlexNet; conv1_1, ..., pool1 by block as in VGG.

    AlexNet's poolings have the number of the convolution before them: 1, 2 and 5.
    """
    names, block, count, last = [], 1, 0, ""
    for module in modules:
        if isinstance(module, nn.Conv2d):
            count += 1
            last = f"conv{block}_{count}" if by_block else f"conv{count}"
            names.append(last)
        elif isinstance(module, nn.MaxPool2d):
            names.append(f"pool{block if by_block else count}")
            if by_block:
                block, count = block + 1, 0
        else:
            names.append(f"{last}/{type(module).__name__.lower()}")
    return names
