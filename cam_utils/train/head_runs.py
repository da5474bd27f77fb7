"""Training one head on cached features; what was finished before is not repeated."""

import json
from dataclasses import asdict
from pathlib import Path

import torch
from torch.nn import functional as F

from ..metrics import topk_misses
from ..networks.surgery import CutNetwork
from ..provenance import write_json
from . import Recipe, fast_bfloat16, fit
from .cached_features import CachedFeatures, scores, weights_digest
from .heads import NAMES, read_about, restore_head, save_head


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
