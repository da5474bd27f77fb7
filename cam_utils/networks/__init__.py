"""Named networks, all with one interface (`GapNetwork`): features, class weights, pooling."""

import difflib
import os
from pathlib import Path

from torch import nn

from ..errors import CamError
from .gap import ClassMapNetwork, GapNetwork, InputSpec
from .wrap import as_gap_network, check_identity
from .zoo.caffe import CAFFE_NETWORKS, load_caffe
from .zoo.mini_weights import BUILDERS, ELSEWHERE, build_mini, load_mini, shipped_mini
from .zoo.places365 import PLACES, load_places, load_torchvision_file
from .zoo.torchvision_nets import load_torchvision

__all__ = [
    "ClassMapNetwork",
    "GapNetwork",
    "InputSpec",
    "as_gap_network",
    "available_networks",
    "build_mini",
    "check_identity",
    "load_network",
    "load_torchvision_file",
    "shipped_mini",
]


def available_networks() -> list[str]:
    """All names that `load_network` takes; some need a weight file of the user's."""
    import torchvision

    vision = torchvision.models.list_models(torchvision.models)
    names = [f"mini/{n}" for n in (*BUILDERS, *ELSEWHERE)] + [*CAFFE_NETWORKS, *PLACES]
    return names + [f"torchvision/{n}" for n in vision]


def load_network(name: str, root: str | Path | None = None) -> nn.Module:
    """A trained network in eval mode, on the CPU.

    Args:
        name: "mini/...", "caffe/...", "places365/..." or "torchvision/..." (see
            `available_networks`).
        root: folder with a `weights/` folder in it; default: the environment's CAM_DATA.

    Returns:
        A `GapNetwork`; for networks without global pooling (AlexNet, VGG) the plain classifier,
        which `cams` refuses.

    Raises:
        CamError: unknown name. MissingData, BrokenWeights: the weight file.
    """
    known = available_networks()
    if name not in known:
        near = difflib.get_close_matches(name, known, n=3, cutoff=0.5)
        hint = f"did you mean {' or '.join(near)}? " if near else ""
        raise CamError(
            f"Unknown network {name!r}: {hint}Known are mini/…, caffe/…, places365/… and "
            "torchvision/… names; `python -m cam_utils doctor --networks` lists them all."
        )
    root = root or os.environ.get("CAM_DATA")
    root = Path(root) if root else None
    family, short = name.split("/", 1)
    if family == "mini":
        return load_mini(short)
    if family == "caffe":
        return load_caffe(name, root)
    if family == "places365":
        return load_places(name, root)
    model, meta, weights_hash = load_torchvision(short, root)
    preset = meta["transforms"]
    spec = InputSpec(
        size=preset.crop_size[0],
        resize=preset.resize_size[0],
        kernel=preset.interpolation.value,
        mean=tuple(preset.mean),
        std=tuple(preset.std),
    )
    classes = list(meta["categories"])
    try:
        network = as_gap_network(model, spec, classes)
    except CamError:
        network = model  # a plain classifier: usable for scores and gradients, not for CAM
        network.input_spec, network.classes = spec, classes
    network.name, network.weights_hash = name, weights_hash
    return network
