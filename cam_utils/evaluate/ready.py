"""What an evaluation works with: the network made ready, its classes those of the data."""

from torch import nn

from ..errors import CamError
from ..image_maps import spec_of
from ..networks.gap import GapNetwork
from ..networks.wrap import as_gap_network
from .protocols import Protocol


def prepared(network: nn.Module, protocol: Protocol) -> nn.Module:
    """The network, wrapped where class activation maps are wanted and it is not yet.

    Raises:
        CamError: it has no `input_spec`. NoClassActivationMap: it has no global pooling.
    """
    spec = spec_of(network)
    if not protocol.rule or protocol.method != "cam" or isinstance(network, GapNetwork):
        return network
    wrapped = as_gap_network(network, spec, getattr(network, "classes", None))
    wrapped.name = getattr(network, "name", type(network).__name__)
    wrapped.weights_hash = getattr(network, "weights_hash", "random")
    return wrapped


def check_classes(network: nn.Module, images) -> None:
    """CamError unless network and data set have equally many classes."""
    bias = getattr(network, "class_bias", None)
    names = getattr(network, "classes", None)
    count = len(names) if names else bias.numel() if bias is not None else None
    if count not in (None, len(images.classes)):
        raise CamError(
            f"The network has {count} classes and {images.name} has {len(images.classes)}; "
            "expected the same classes in the same order."
        )
