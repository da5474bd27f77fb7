"""Which numbers of a network are its deep features: a layer by name to (B, K) vectors.

"gap" is what enters the linear layer of a network with global pooling: the rows "ave pool,
GoogLeNet" and "gap, GoogLeNet-GAP" of Table 5. "fc6" and "fc7" are the fully connected layers of
AlexNet and VGG, after their ReLU as in DeCAF: its row "fc7, AlexNet".
"""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from ..errors import CamError, unknown
from ..networks.cut.chain import bare, chain, torchvision_kind
from ..networks.gap import GapNetwork

GAP = "gap"

MAPS = "maps"  # what is pooled to "gap"

RECTIFIED = ("fc6", "fc7")  # a ReLU follows them, whether or not it is a module

_TORCHVISION = {
    "AlexNet": ("classifier.1", "classifier.4"),
    "VGG": ("classifier.0", "classifier.3"),
}


def available_layers(network: nn.Module) -> dict[str, str]:
    """{name: path in the module tree} of what `reader` takes; "gap" has no path.

    The paper's names come first, then every submodule under its own.
    """
    known = {GAP: "", MAPS: ""} if isinstance(network, GapNetwork) else {}
    model = bare(network)
    if paths := _TORCHVISION.get(torchvision_kind(model)):
        known |= dict(zip(RECTIFIED, paths, strict=True))
    paths = [path for path, _ in model.named_modules() if path]
    known |= {name: name for name in RECTIFIED if name in paths}
    known |= {layer.name: layer.path for layer in chain(network) if layer.path in paths}
    return known | {path: path for path in paths}


def reader(network: nn.Module, layer: str = GAP) -> Callable[[Tensor], Tensor]:
    """A function of images (B, 3, H, W) to features (B, K), in one forward pass.

    Args:
        layer: "gap": pooled maps of a `GapNetwork`, mean or maximum as the network pools; "maps":
            the maps themselves. "fc6", "fc7": rectified. Any other layer of `available_layers`:
            its output as it is, maps averaged over their places.

    Raises:
        CamError: no such layer; when called, a layer whose output is neither (B, K) nor maps.
    """
    known = available_layers(network)
    if layer not in known:
        raise unknown(f"layer of {getattr(network, 'name', type(network).__name__)}", layer, known)
    if layer == MAPS:
        return network.features
    if layer == GAP:
        return lambda images: network.pooled(network.features(images))
    module = bare(network).get_submodule(known[layer])

    def read(images: Tensor) -> Tensor:
        found = []
        # reduced at once: the layer that follows may work in place
        handle = module.register_forward_hook(lambda *call: found.append(_vectors(call[2], layer)))
        try:
            network(images)
        finally:
            handle.remove()
        if not found:
            raise CamError(f"The layer {layer} does not run in a forward pass; choose another.")
        return found[-1]

    return read


def _vectors(output, layer: str) -> Tensor:
    if isinstance(output, Tensor) and output.dim() == 4:
        return output.mean((2, 3))
    if isinstance(output, Tensor) and output.dim() == 2:
        return output.relu() if layer in RECTIFIED else output.clone()
    shape = tuple(output.shape) if isinstance(output, Tensor) else type(output).__name__
    raise CamError(
        f"The layer {layer} gives {shape}; features come from a layer that gives (B, K) or maps "
        "(B, K, h, w)."
    )


def check_finite(values: Tensor, layer: str) -> Tensor:
    """The values, if all are finite; else CamError."""
    if not torch.isfinite(values).all():
        raise CamError(
            f"The layer {layer} gave NaN or infinite features; check the network's weights and "
            "that its input is prepared as its input_spec says."
        )
    return values
