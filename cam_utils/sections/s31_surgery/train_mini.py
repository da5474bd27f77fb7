"""The mini networks, trained as the paper trained its own: the originals first, then cut.

python -m cam_utils train --network mini/all            # the whole zoo, and its results.csv
python -m cam_utils train --network mini/googlenet-gap  # one, cut from the shipped original
"""

import copy
import os
import platform
from dataclasses import asdict, replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import torch
from safetensors.torch import save_file
from torch import nn

from ...data import open_images
from ...errors import CamError, MissingData
from ...hashes import short_hash
from ...metrics.classification import true_ranks
from ...metrics.intervals import Rate, rate
from ...mini.pencil.base import arrays
from ...networks.surgery import inherit
from ...networks.zoo.mini_weights import (
    BUILDERS,
    ELSEWHERE,
    PARENTS,
    WEIGHTS,
    build_mini,
    load_mini,
    shipped_mini,
)
from ...provenance import device_name, versions
from ...train import Recipe, fit, logits_of_arrays
from ...writing import replacing, write_json
from .mini_results import COMMAND, keep_results

ORIGINAL = Recipe(epochs=12, lr=3e-3)

CLASSIFIER = Recipe(epochs=12, lr=1e-3)  # with fully connected layers: chosen on val

FINE_TUNED = Recipe(epochs=6, lr=1e-3)

# A cut network has been trained longer than its original, in the paper too. The first three are
# originals trained on, uncut, just as long: what remains of a difference is the surgery's. The
# last is trained from its random start, as long as original and fine-tuning together.
CONTROLS = {  # architecture, where its training starts, recipe
    **{f"{name}-longer": (name, name, FINE_TUNED) for name in ("alexnet", "vgg", "googlenet")},
    "googlenet-gap-scratch": ("googlenet-gap", None, replace(ORIGINAL, epochs=18)),
}

SCENES_START, SCENES = "alexnet", Recipe(epochs=12, lr=2e-3)  # checked on val of mini/scenes

COMPARED = ("googlenet-gap", "googlenet-gmp")  # the poolings, over all SEEDS

SEEDS = (0, 1, 2)  # of the fine-tuning

FOLDER = Path(".build") / "mini"  # weights that do not come with the package, and checkpoints


def train_mini(name: str, out: str | None, seed: int, device: torch.device) -> str:
    """Train one mini network; writes weights (float16), and its log and errors beside them.

    A network that is cut from another starts from that one's shipped weights; the original is
    trained first if it is not there (section 3.1). The errors on `val` and `test` are reported,
    those of the usual file names also in results.csv beside the shipped weights; no choice in the
    recipes was made on `test`. A training that was interrupted goes on where it was.

    Args:
        name: "mini/googlenet-gap", or another of the mini networks; "mini/alexnet-longer" and the
            other controls (not shipped); "mini/all": all of them, anew, and the poolings with
            further seeds.
        out: safetensors file; default: the package's own for seed 0, else .build/mini.

    Returns:
        What was written, with the error on val, in words.

    Raises:
        CamError: unknown name, or `out` with "mini/all".
    """
    short = name.removeprefix("mini/")
    if short == "all":
        if out:
            raise CamError("mini/all writes the package's own weights; leave out --out.")
        originals = [n for n in BUILDERS if n not in PARENTS]
        jobs = [(n, 0) for n in (*originals, *PARENTS, *ELSEWHERE, *CONTROLS)]
        jobs += [(n, s) for s in SEEDS[1:] for n in COMPARED]
    elif short in (*BUILDERS, *ELSEWHERE, *CONTROLS):
        jobs = [(short, seed)]
    else:
        known = ", mini/".join(("all", *BUILDERS, *ELSEWHERE, *CONTROLS))
        raise CamError(f"Cannot train {name!r}; known: mini/{known}.")
    said = [_train_one(n, Path(out) if out else _place(n, s), s, device) for n, s in jobs]
    for finished in FOLDER.glob("*.checkpoint.pt"):
        finished.unlink()
    return "\n".join(said)


class Live(NamedTuple):
    """A short fine-tuning: the network before and after, `fit`'s log, top-1 errors on val."""

    start: nn.Module
    network: nn.Module
    log: pd.DataFrame
    before: Rate
    after: Rate


def fine_tune_live(
    name: str, count: int, epochs: int, seed: int, device: torch.device | str = "cpu"
) -> Live:
    """A short fine-tuning to watch: a shipped original cut, then trained on `count` pictures."""
    network, recipe, _ = _start(name, seed)
    network.classes = _classes(name)
    before, start = _measure(network, "val"), copy.deepcopy(network)
    pictures = arrays(open_images("mini/objects", "train"), range(count), progress=False)
    log = fit(network, pictures, replace(recipe, epochs=epochs), device=device, progress=False)
    after = _measure(network.cpu(), "val")
    return Live(start, network, log, *(rate(ranks > 1) for ranks in (before, after)))


def load_seed(name: str, seed: int) -> nn.Module:
    """The network `name` (without "mini/") trained with that seed; seed 0 is the shipped one.

    Raises:
        MissingData: it has not been trained here.
    """
    if seed == 0:
        return load_mini(name)
    path = FOLDER / f"{name}-seed{seed}.safetensors"
    if not path.exists():
        raise MissingData(
            f"{path} is not here; train it: python -m cam_utils train --network mini/{name} "
            f"--seed {seed}, or all of them: {COMMAND}."
        )
    return load_mini(name, path)


def _place(name: str, seed: int) -> Path:
    """Seed 0 of a mini network ships with the package."""
    if seed == 0 and name in (*BUILDERS, *ELSEWHERE):
        return WEIGHTS / f"{name}.safetensors"
    return FOLDER / f"{name}-seed{seed}.safetensors"


def _plan(name: str) -> tuple[str, str | None, Recipe]:
    """Architecture, the network whose weights it starts from (None: random), recipe."""
    if name in CONTROLS:
        return CONTROLS[name]
    if name in ELSEWHERE:
        return name, SCENES_START, SCENES
    if name in PARENTS:
        return name, PARENTS[name], FINE_TUNED
    return name, None, CLASSIFIER if name in ("alexnet", "vgg") else ORIGINAL


def _start(name: str, seed: int) -> tuple[nn.Module, Recipe, list[str]]:
    """The network as its training finds it, the recipe, and the names of inherited layers."""
    architecture, parent, recipe = _plan(name)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = build_mini(architecture, len(_classes(name)))
    kept = inherit(network, load_mini(parent)) if parent else []
    return network, replace(recipe, seed=seed), kept


def _train_one(name: str, path: Path, seed: int, device: torch.device) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    _, parent, _ = _plan(name)
    if parent and parent not in shipped_mini():
        _train_one(parent, _place(parent, 0), 0, device)
    network, recipe, kept = _start(name, seed)
    data = arrays(open_images(_data_of(name), "train"))
    start = short_hash(WEIGHTS / f"{parent}.safetensors") if parent else "random"
    checkpoint = FOLDER / f"{name}-seed{seed}-{start[:8]}.checkpoint.pt"
    log = fit(network, data, recipe, device=device, checkpoint=checkpoint, every=200, resume=True)
    network.cpu()
    save_half(network, path)
    found = {split: _measure(network, split, name) for split in ("val", "test")}
    errors = {
        split: {f"top{k}": str(rate(values > k)) for k in (1, 5)} for split, values in found.items()
    }
    made = {
        "weights": short_hash(path),
        "minutes": round(log["seconds"].sum() / 60, 2),
        "machine": f"{platform.system()}, {os.cpu_count()} cores",
    }
    if path == _place(name, seed):
        keep_results(name, seed, found, made, WEIGHTS)
    record = {
        "network": f"mini/{name}",
        "parameters": sum(p.numel() for p in network.parameters()),
        "cut from": {parent: start} if parent else None,
        "layers kept": len(kept),
        "recipe": asdict(recipe),
        "classes": _classes(name),
        "images": f"{_data_of(name)} train, {len(data[0])} images",
        "log": log.round(5).to_dict("records"),
        "device": device_name(device),
        "versions": versions(),
        "errors": errors,
    }
    write_json(path.with_suffix(".json"), record | made)
    size = path.stat().st_size / 1e6
    return f"wrote {path} ({size:.2f} MB); top-1 error on val {errors['val']['top1']} %"


def save_half(network: nn.Module, path: Path) -> None:
    """Weights as float16 safetensors; the network is left with what the file holds."""
    state = {k: v.cpu().contiguous() for k, v in network.state_dict().items()}
    half = {k: v.half() if v.is_floating_point() else v for k, v in state.items()}
    with replacing(path) as part:
        save_file(half, part)
    network.load_state_dict({k: v.float() if v.is_floating_point() else v for k, v in half.items()})


def _measure(network: nn.Module, split: str, name: str = "") -> np.ndarray:
    images, labels = arrays(open_images(_data_of(name), split), progress=False)
    return true_ranks(logits_of_arrays(network, images), torch.from_numpy(labels.copy()))


def _classes(name: str) -> list[str]:
    return list(open_images(_data_of(name), "train").classes)


def _data_of(name: str) -> str:
    return ELSEWHERE[name][1] if name in ELSEWHERE else "mini/objects"
