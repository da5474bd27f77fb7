"""The mini networks, trained as the paper trained its own: the originals first, then cut.

python -m cam_utils train --network mini/googlenet
python -m cam_utils train --network mini/googlenet-gap  # cut from the shipped original
"""

import os
import platform
from dataclasses import asdict, replace
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import nn

from .errors import CamError
from .metrics import rate, topk_misses
from .mini.objects import CLASSES, arrays
from .networks.mini import BUILDERS, PARENTS, WEIGHTS, build_mini, load_mini, shipped_mini
from .networks.surgery import inherit
from .networks.weights import short_hash
from .provenance import device_name, replacing, versions, write_json
from .train import Recipe, fit, predict

ORIGINAL = Recipe(epochs=12, lr=3e-3)
FINE_TUNED = Recipe(epochs=6, lr=1e-3)


def train_mini(name: str, out: str | None, seed: int, device: torch.device) -> str:
    """Train one mini network; writes weights (float16), and its log and errors beside them.

    A network that is cut from another starts from that one's shipped weights; the original is
    trained first if it is not there (section 3.1). The errors on `val` and `test` are reported;
    no choice in the recipes was made on `test`.

    Args:
        name: "mini/googlenet-gap", or another of the mini networks.
        out: safetensors file; default: the package's own for seed 0, else .build/mini.

    Returns:
        What was written, with the error on val, in words.

    Raises:
        CamError: unknown name.
    """
    short = name.removeprefix("mini/")
    if short not in BUILDERS:
        raise CamError(f"Cannot train {name!r}; known: mini/{', mini/'.join(BUILDERS)}.")
    return _train_one(short, Path(out) if out else _place(short, seed), seed, device)


def _place(name: str, seed: int) -> Path:
    """Seed 0 ships with the package."""
    if seed == 0:
        return WEIGHTS / f"{name}.safetensors"
    return Path(".build") / "mini" / f"{name}-seed{seed}.safetensors"


def _train_one(name: str, path: Path, seed: int, device: torch.device) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    parent = PARENTS.get(name)
    if parent and parent not in shipped_mini():
        _train_one(parent, _place(parent, 0), 0, device)
    data = arrays("train")
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = build_mini(name, len(CLASSES))
    recipe = replace(FINE_TUNED if parent else ORIGINAL, seed=seed)
    kept = inherit(network, load_mini(parent)) if parent else []
    log = fit(network, data, recipe, device=device)
    network.cpu()
    save_half(network, path)
    found = {split: errors(network, split) for split in ("val", "test")}
    record = {
        "network": f"mini/{name}",
        "weights": short_hash(path),
        "parameters": sum(p.numel() for p in network.parameters()),
        "cut from": {parent: short_hash(WEIGHTS / f"{parent}.safetensors")} if parent else None,
        "layers kept": len(kept),
        "recipe": asdict(recipe),
        "images": f"mini/objects train, {len(data[0])} images",
        "log": log.round(5).to_dict("records"),
        "minutes": round(log["seconds"].sum() / 60, 2),
        "device": device_name(device),
        "machine": f"{platform.system()}, {os.cpu_count()} cores",
        "versions": versions(),
        "errors": found,
    }
    write_json(path.with_suffix(".json"), record)
    size = path.stat().st_size / 1e6
    return f"wrote {path} ({size:.2f} MB); top-1 error on val {found['val']['top1']} %"


def save_half(network: nn.Module, path: Path) -> None:
    """Weights as float16 safetensors; the network is left with what the file holds."""
    state = {k: v.cpu().contiguous() for k, v in network.state_dict().items()}
    half = {k: v.half() if v.is_floating_point() else v for k, v in state.items()}
    with replacing(path) as part:
        save_file(half, part)
        part.chmod(0o644)
    network.load_state_dict({k: v.float() if v.is_floating_point() else v for k, v in half.items()})


def errors(network: nn.Module, split: str) -> dict[str, str]:
    """Top-1 and top-5 classification errors in percent, with intervals, in words."""
    images, labels = arrays(split)
    logits, labels = predict(network, images), torch.from_numpy(labels.copy())
    return {f"top{k}": str(rate(topk_misses(logits, labels, k))) for k in (1, 5)}
