"""New heads on the paper's GoogLeNet for the ten classes of Imagenette, and the uncut network.

GoogLeNet-GAP and GoogLeNet-GMP of section 3.2 at a size that two CPU cores can train: the trunk
(BVLC GoogLeNet up to inception 4e) stays as it is, the added convolution, the pooling and the
classifier are learnt by the study "heads". Both kinds are `CutNetwork`s, so that one way leads from
photos to errors and to maps.
"""

from dataclasses import asdict
from pathlib import Path

import torch

from ...data.imagenette import CLASSES, Imagenette
from ...errors import BrokenWeights, CamError, MissingData
from ...hashes import short_hash, weights_digest
from ...identity import code_of, differences
from ...keep import BrokenPiece, Keeper, read_piece
from ...networks import load_network
from ...networks.gap import GapNetwork
from ...networks.surgery import gap_surgery
from ...networks.topped import CutNetwork
from ...train import Recipe, fast_bfloat16, fit
from ...train.cached_features import CachedFeatures

PARENT, CUT, LAST = "caffe/googlenet", "inception_4e", "inception_5b"

HEADS = {"avg": "googlenet-gap", "max": "googlenet-gmp"}  # by pooling, as in the paper's tables

CLASS_NAMES = [name for name, _ in CLASSES.values()]

HEADS_FOLDER = ".build/heads"

HOW_TO_TRAIN = "python -m cam_utils tables --profile paper --only heads --root <folder>"


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
    network.name = f"heads/{HEADS[pool]}-seed{seed}"
    return network


def load_uncut(root: str | Path | None = None) -> CutNetwork:
    """The baseline: BVLC GoogLeNet, uncut, with the scores of the ten classes only; maps of 7x7.

    Nothing is learnt anew: the ten classes' rows of the linear layer stay.

    Raises:
        MissingData, BrokenWeights: bvlc_googlenet.caffemodel in `<root>/weights`.
    """
    parent, rows = load_network(PARENT, root), list(Imagenette.imagenet_indices)
    network = gap_surgery(parent, len(rows), units=None, after=LAST)
    with torch.no_grad():
        network.class_weights.copy_(parent.class_weights[rows])
        network.class_bias.copy_(parent.class_bias[rows])
    network.requires_grad_(False)
    network.classes, network.weights_hash = list(CLASS_NAMES), parent.weights_hash
    network.name = f"{parent.name}, ten classes"
    return network


def load_head(
    pool: str, seed: int = 0, root: str | Path | None = None, folder: str | Path = HEADS_FOLDER
) -> CutNetwork:
    """A head that the study "heads" trained, on its trunk, in eval mode on the CPU.

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
        raise MissingData(f"There is no trained head {path}. Train it with: {HOW_TO_TRAIN}")
    try:
        layers, about = read_piece(path)
    except BrokenPiece as error:
        raise BrokenWeights(f"{error} Train it again with: {HOW_TO_TRAIN}") from error
    made = about["identity"]
    network = new_head(load_network(PARENT, root), pool, seed, *made["added"])
    here = {"pool": pool, "trunk": weights_digest(network.trunk)}
    there = {"pool": made["pool"], "trunk": made["features"]["weights"]}
    if other := differences(here, there):
        raise BrokenWeights(
            f"{path} is another head: {'; '.join(other)}. Remove it and train it again with: "
            f"{HOW_TO_TRAIN}"
        )
    return _with_layers(network, layers, path)


def head_file(pool: str, seed: int, folder: str | Path) -> Path:
    """Where a trained head lies; `CamError` if there is no such pooling."""
    if pool not in HEADS:
        raise CamError(f"Found pool={pool!r}, expected 'avg' (GAP) or 'max' (GMP).")
    return Path(folder) / f"{HEADS[pool]}-seed{seed}.safetensors"


def _with_layers(network: CutNetwork, layers: dict, path: Path) -> CutNetwork:
    state = {name: torch.from_numpy(values) for name, values in layers.items()}
    network.load_state_dict(state, strict=False)  # the trunk is not among them
    network.weights_hash = short_hash(path)
    return network.eval()


def train_head(
    network: CutNetwork,
    features: CachedFeatures,
    recipe: Recipe,
    path: Path,
    device: torch.device | str = "cpu",
) -> dict:
    """Train an untrained head in place and keep its layers (float32) in `path`.

    A head that lies there is taken instead if it was trained in the same way on the same
    features; another one is replaced.

    Returns:
        network, weights (hash), training loss (of each epoch), minutes, bfloat16, threads.
    """
    who = {
        "pool": network.pool,
        "added": [network.cam_conv.out_channels, network.cam_conv.groups],
        "recipe": asdict(recipe),
        "features": features.identity,
        "code": code_of(__name__),
    }
    keeper = Keeper(path.with_suffix(""), who)
    if not keeper.has():
        log = fit(network, features, recipe, device=device)
        made = {
            "network": network.name,
            "training loss": log["loss"].round(5).tolist(),
            "minutes": round(log["seconds"].sum() / 60, 2),
            "bfloat16": fast_bfloat16(torch.device(device)),
            "threads": torch.get_num_threads(),
        }
        state = {k: v for k, v in network.state_dict().items() if not k.startswith("trunk.")}
        keeper.put({k: v.cpu().numpy() for k, v in state.items()}, made)
    layers, made = keeper.get()
    return made | {"weights": _with_layers(network.to(device), layers, path).weights_hash}
