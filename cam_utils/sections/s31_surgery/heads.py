"""New heads on the paper's GoogLeNet for the ten classes of Imagenette, and the uncut network.

GoogLeNet-GAP and GoogLeNet-GMP of section 3.2 at a size that two CPU cores can train: the trunk
(BVLC GoogLeNet up to inception 4e) stays as it is, the added convolution, the pooling and the
classifier are learnt by `train_heads`. Both kinds are `CutNetwork`s, so that one way leads from
photos to errors and to maps.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save_file
from torch.nn import functional as F

from ...data.imagenette import CLASSES, Imagenette
from ...errors import BrokenWeights, CamError, MissingData
from ...hashes import short_hash, weights_digest
from ...keep import replacing, write_json
from ...metrics.classification import topk_misses
from ...networks import load_network
from ...networks.gap import GapNetwork
from ...networks.surgery import gap_surgery
from ...networks.topped import CutNetwork
from ...train import Recipe, fast_bfloat16, fit
from ...train.cached_features import CachedFeatures, scores

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


def try_recipe(
    network: CutNetwork,
    learnt: CachedFeatures,
    judged: CachedFeatures,
    recipe: Recipe,
    kept: Path,
    progress: bool = True,
) -> dict:
    """One run of a grid: the error and the mean loss on features that were not learnt.

    Args:
        network: an untrained head; it is trained in place.
        kept: JSON file with the results of earlier runs; an equal one is not repeated.

    Returns:
        network, lr, passes, error (%), loss, n, training loss, minutes.
    """
    who = _identity(network, learnt, recipe)
    done = json.loads(kept.read_text()) if kept.exists() else []
    for entry in done:
        if entry["who"] == who:
            return entry["found"]
    log = fit(network, learnt, recipe, progress=progress)
    logits, labels = scores(network, judged), torch.from_numpy(judged.labels)
    found = {
        "network": NAMES[network.pool],
        "lr": recipe.lr,
        "passes": recipe.epochs,
        "error": round(100 * float(topk_misses(logits, labels, 1).mean()), 4),
        "loss": round(float(F.cross_entropy(logits, labels)), 5),
        "n": len(labels),
        "training loss": round(float(log["loss"].iloc[-1]), 5),
        "minutes": round(log["seconds"].sum() / 60, 2),
    }
    write_json(kept, [*done, {"who": who, "found": found}])
    return found


def train_head(
    network: CutNetwork,
    features: CachedFeatures,
    recipe: Recipe,
    path: Path,
    progress: bool = True,
) -> CutNetwork:
    """Train an untrained head and write it to `path`.

    A head that lies there is taken instead if it was trained in the same way on the same
    features; another one is replaced.
    """
    who = _identity(network, features, recipe)
    if path.exists() and read_about(path)["who"] == who:
        return restore_head(network, path)
    log = fit(network, features, recipe, progress=progress)
    convolution = network.cam_conv
    about = {
        "who": who,
        "pool": network.pool,
        "trunk": weights_digest(network.trunk),
        "units": convolution.out_channels,
        "groups": convolution.groups,
        "bfloat16": fast_bfloat16(torch.device("cpu")),
        "threads": torch.get_num_threads(),
        "log": log.round(5).to_dict("records"),
    }
    save_head(network, path, about)
    return restore_head(network, path)


def _identity(network: CutNetwork, features: CachedFeatures, recipe: Recipe) -> dict:
    """What a finished training must agree with to be used again, as JSON gives it back."""
    convolution = network.cam_conv
    shape = [convolution.out_channels, convolution.groups]
    who = {"pool": network.pool, "added": shape, "recipe": asdict(recipe)}
    return json.loads(json.dumps(who | {"features": features.identity}))


def summary(network: CutNetwork, path: Path) -> dict:
    """What the record of the study says of one trained head."""
    about = read_about(path)
    log = about["log"]
    return {
        "network": network.name,
        "weights": network.weights_hash,
        "training loss": [row["loss"] for row in log],
        "minutes": round(sum(row["seconds"] for row in log) / 60, 2),
        "bfloat16": about["bfloat16"],
        "threads": about["threads"],
    }
