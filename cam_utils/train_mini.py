"""The mini networks, trained as the paper trained its own: the original first, then cut."""

import os
import platform
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from safetensors.torch import save_file

from .errors import CamError
from .metrics import rate, topk_misses
from .mini.objects import CLASSES, arrays
from .networks import build_mini
from .networks.gap import GapNetwork
from .networks.mini import WEIGHTS
from .networks.weights import short_hash
from .provenance import device_name, versions, write_json
from .train import Recipe, fit, predict

ORIGINAL = Recipe(epochs=14, lr=3e-3)
FINE_TUNED = Recipe(epochs=8, lr=1e-3)
PARENTS = {"mini/googlenet-gap": "googlenet"}  # what each network is cut from


def train_mini(name: str, out: str | None, seed: int, device: torch.device) -> str:
    """Train one mini network and write its weights (float16) and its training log beside them.

    The network that it is cut from is trained first (section 3.1: originals are cut and
    fine-tuned). `val` is only reported; no choice in the recipe was made on `test`.

    Returns:
        What was written, with the errors on val, in words.
    """
    if name not in PARENTS:
        raise CamError(f"Cannot train {name!r}; known: {', '.join(PARENTS)}.")
    short = name.removeprefix("mini/")
    path = Path(out) if out else WEIGHTS / f"{short}.safetensors"
    path.parent.mkdir(parents=True, exist_ok=True)
    images, labels = arrays("train")
    torch.manual_seed(seed)
    parent = build_mini(PARENTS[name], len(CLASSES))
    first = fit(parent, (images, labels), _seeded(ORIGINAL, seed), device=device)
    torch.manual_seed(seed + 1)
    network = build_mini(short, len(CLASSES))
    keep_trunk(parent, network)
    second = fit(network, (images, labels), _seeded(FINE_TUNED, seed + 1), device=device)
    network.cpu()
    save_half(network, path)
    errors = {split: classification(network, split) for split in ("val",)}
    log = pd.concat([first.assign(stage=PARENTS[name]), second.assign(stage=short)])
    write_json(
        path.with_suffix(".json"),
        {
            "network": name,
            "weights": short_hash(path),
            "parameters": sum(p.numel() for p in network.parameters()),
            "stages": {
                PARENTS[name]: asdict(_seeded(ORIGINAL, seed)),
                short: asdict(_seeded(FINE_TUNED, seed + 1)),
            },
            "images": f"mini/objects train, {len(images)} images",
            "log": log.round(4).to_dict("records"),
            "minutes": round(log["seconds"].sum() / 60, 2),
            "device": device_name(device),
            "machine": f"{platform.system()}, {os.cpu_count()} cores",
            "versions": versions(),
            "errors": errors,
        },
    )
    return f"wrote {path} ({path.stat().st_size / 1e6:.2f} MB); classification error: {errors}"


def keep_trunk(parent: GapNetwork, network: GapNetwork) -> None:
    """Copy the layers that the cut network shares with the one it was cut from."""
    shared = network.trunk.state_dict()
    network.trunk.load_state_dict({k: parent.trunk.state_dict()[k] for k in shared})


def save_half(network: GapNetwork, path: Path) -> None:
    """Weights as float16 safetensors; the network is left with what the file holds."""
    state = {k: v.cpu().contiguous() for k, v in network.state_dict().items()}
    half = {k: v.half() if v.is_floating_point() else v for k, v in state.items()}
    part = path.with_suffix(".part")
    save_file(half, part)
    part.replace(path)
    network.load_state_dict({k: v.float() if v.is_floating_point() else v for k, v in half.items()})


def classification(network: GapNetwork, split: str) -> dict[str, str]:
    """Top-1 and top-5 error on a split of mini/objects, with their intervals, in words."""
    images, labels = arrays(split)
    logits = predict(network, images)
    labels = torch.as_tensor(np.asarray(labels))
    return {f"top{k}": str(rate(topk_misses(logits, labels, k))) for k in (1, 5)}


def _seeded(recipe: Recipe, seed: int) -> Recipe:
    return Recipe(**(asdict(recipe) | {"seed": seed}))
