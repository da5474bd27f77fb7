"""Networks by name: ImageNet's from pip, Caffe's, torchvision's, timm's, the drawn world's."""

import os
from pathlib import Path

from torch import nn

from ...errors import unknown
from .caffe import CAFFE_NETWORKS, load_caffe
from .mini_weights import BUILDERS, ELSEWHERE, load_mini
from .places import PLACES, load_places
from .timm_nets import PACKAGED, load_packaged, load_timm
from .torchvision_nets import load_torchvision_network


def names() -> list[str]:
    """All names; what `networks.available_networks` gives."""
    import torchvision

    vision = torchvision.models.list_models(torchvision.models)
    own = [*PACKAGED, *(f"mini/{n}" for n in (*BUILDERS, *ELSEWHERE)), *CAFFE_NETWORKS, *PLACES]
    return own + [f"torchvision/{n}" for n in vision]


def load(name: str, root: str | Path | None = None) -> nn.Module:
    """See `networks.load_network`."""
    root = root or os.environ.get("CAM_DATA")
    root = Path(root) if root else None
    family, _, short = name.partition("/")
    if name in PACKAGED:
        return load_packaged(name)
    if family == "timm":
        return load_timm(name, root)
    if name in CAFFE_NETWORKS:
        return load_caffe(name, root)
    if name in PLACES:
        return load_places(name, root)
    if family == "mini" and short in (*BUILDERS, *ELSEWHERE):
        return load_mini(short)
    if name not in names():
        raise unknown("network", name, names())
    return load_torchvision_network(name, root)
