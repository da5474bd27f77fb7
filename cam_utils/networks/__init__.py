"""Networks, all with one interface (`GapNetwork`): features, class weights, pooling.

`load_network` finds them by name; `as_gap_network` wraps any other.
"""

from pathlib import Path

from torch import nn

from .exact import check_identity
from .gap import ClassMapNetwork, GapNetwork, InputSpec
from .wrap import as_gap_network

__all__ = [
    "ClassMapNetwork",
    "GapNetwork",
    "InputSpec",
    "as_gap_network",
    "available_networks",
    "check_identity",
    "load_network",
]


def available_networks() -> list[str]:
    """All names that `load_network` takes; some need a weight file of the user's."""
    from . import zoo

    return zoo.names()


def load_network(name: str, root: str | Path | None = None) -> nn.Module:
    """A trained network in eval mode, on the CPU.

    Args:
        name: "mini/...", "caffe/...", "places/...", "places365/..." or "torchvision/..." (see
            `available_networks`).
        root: folder with a `weights/` folder in it; default: the environment's CAM_DATA.

    Returns:
        A `GapNetwork`; for networks without global pooling (AlexNet, VGG) the plain classifier,
        which `cams` refuses.

    Raises:
        CamError: unknown name. MissingData, BrokenWeights: the weight file.
    """
    from . import zoo

    return zoo.load(name, root)
