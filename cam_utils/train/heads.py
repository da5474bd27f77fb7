"""New heads on the paper's GoogLeNet for the ten classes of Imagenette, and the uncut network.

GoogLeNet-GAP and GoogLeNet-GMP of section 3.2 at a size that two CPU cores can train: the trunk
(BVLC GoogLeNet up to inception 4e) stays as it is, the added convolution, the pooling and the
classifier are learnt by `train_heads`. Both kinds are `CutNetwork`s, so that one way leads from
photos to errors and to maps.
"""

import json
from collections.abc import Sequence
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save_file

from ..data.imagenette import CLASSES, Imagenette
from ..errors import BrokenWeights, CamError, MissingData
from ..networks import load_network
from ..networks.gap import GapNetwork
from ..networks.surgery import CutNetwork, gap_surgery
from ..networks.weights import short_hash
from ..provenance import replacing
from .cached_features import weights_digest

PARENT, CUT, LAST = "caffe/googlenet", "inception_4e", "inception_5b"
NAMES = {"avg": "googlenet-gap", "max": "googlenet-gmp"}  # by pooling, as in the paper's tables
CLASS_NAMES = [name for name, _ in CLASSES.values()]
FOLDER = ".build/heads"


def new_head(
    parent: GapNetwork, pool: str, seed: int, units: int = 1024, groups: int = 1
) -> CutNetwork:
    """The parent cut after inception 4e with untrained new layers for the ten classes.

    Equal seeds give both poolings the same start. The trunk's parameters are frozen.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = gap_surgery(parent, len(CLASS_NAMES), units, groups, pool, CUT)
    network.trunk.requires_grad_(False)
    network.classes = list(CLASS_NAMES)
    network.name = f"heads/{NAMES[pool]}-seed{seed}"
    return network


def restricted(parent: GapNetwork, indices: Sequence[int], classes: Sequence[str]) -> CutNetwork:
    """The uncut parent with the scores of some of its classes only: their rows, nothing learnt."""
    network = gap_surgery(parent, len(indices), units=None, after=LAST)
    with torch.no_grad():
        network.class_weights.copy_(parent.class_weights[list(indices)])
        network.class_bias.copy_(parent.class_bias[list(indices)])
    network.requires_grad_(False)
    network.classes, network.weights_hash = list(classes), parent.weights_hash
    network.name = f"{parent.name}, ten classes"
    return network


def load_uncut(root: str | Path | None = None) -> CutNetwork:
    """The baseline: BVLC GoogLeNet, uncut, restricted to the ten classes; maps of 7x7.

    Raises:
        MissingData, BrokenWeights: bvlc_googlenet.caffemodel in `<root>/weights`.
    """
    return restricted(load_network(PARENT, root), Imagenette.imagenet_indices, CLASS_NAMES)


def load_head(
    pool: str, seed: int = 0, root: str | Path | None = None, folder: str | Path = FOLDER
) -> CutNetwork:
    """A head that `train_heads` trained, on its trunk, in eval mode on the CPU.

    Args:
        pool: "avg" (GAP) or "max" (GMP).
        root: folder with weights/bvlc_googlenet.caffemodel; default: the environment's CAM_DATA.
        folder: where the trained heads lie.

    Returns:
        Photos (B, 3, 224, 224) to logits (B, 10); maps of 14x14; `.classes` are Imagenette's.

    Raises:
        CamError: unknown pooling. MissingData: no such head, or no GoogLeNet. BrokenWeights: the
            head's file is damaged, of another pooling, or was trained on another trunk.
    """
    path = head_file(pool, seed, folder)
    if not path.is_file():
        raise MissingData(
            f"There is no trained head {path}. Train it with: python -m cam_utils heads --root "
            f"{root or '...'}"
        )
    about = read_about(path)
    network = new_head(load_network(PARENT, root), pool, seed, about["units"], about["groups"])
    found = {"pool": pool, "trunk": weights_digest(network.trunk)}
    for key, value in found.items():
        if about[key] != value:
            raise BrokenWeights(
                f"{path} was trained with {key} {about[key]}, expected {value}; remove it and "
                "train it again with: python -m cam_utils heads."
            )
    return restore_head(network, path)


def head_file(pool: str, seed: int, folder: str | Path) -> Path:
    """Where a trained head lies; `CamError` if there is no such pooling."""
    if pool not in NAMES:
        raise CamError(f"Found pool={pool!r}, expected 'avg' (GAP) or 'max' (GMP).")
    return Path(folder) / f"{NAMES[pool]}-seed{seed}.safetensors"


def save_head(network: CutNetwork, path: Path, about: dict) -> None:
    """The new layers (float32), with `about` in the file's header; whole or not at all."""
    state = {k: v for k, v in network.state_dict().items() if not k.startswith("trunk.")}
    with replacing(path) as part:
        save_file(
            {k: v.detach().cpu().contiguous() for k, v in state.items()},
            part,
            {"about": json.dumps(about)},
        )
        part.chmod(0o644)  # safetensors lets only the owner read


def restore_head(network: CutNetwork, path: Path) -> CutNetwork:
    """Put the layers that `save_head` wrote into a network with the same trunk."""
    try:
        missing = network.load_state_dict(load_file(path), strict=False).missing_keys
        if any(not name.startswith("trunk.") for name in missing):
            raise KeyError(", ".join(missing[-3:]))
    except (OSError, SafetensorError, RuntimeError, KeyError) as error:
        raise _broken(path, error) from error
    network.weights_hash = short_hash(path)
    return network.eval()


def read_about(path: Path) -> dict:
    """What `save_head` was told about a head: trunk, data, recipe, log."""
    try:
        with safe_open(path, "pt") as file:
            about = json.loads(file.metadata()["about"])
        absent = {"who", "pool", "trunk", "units", "groups", "log"} - about.keys()
        if absent:
            raise KeyError(", ".join(sorted(absent)))
        return about
    except (OSError, SafetensorError, KeyError, TypeError, ValueError) as error:
        raise _broken(path, error) from error


def _broken(path: Path, error: Exception) -> BrokenWeights:
    return BrokenWeights(
        f"{path} is not a head that `python -m cam_utils heads` wrote ({error}); remove it and "
        "train it again."
    )
