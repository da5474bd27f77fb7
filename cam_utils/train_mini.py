"""The mini networks, trained as the paper trained its own: the originals first, then cut.

python -m cam_utils train --network mini/all            # the whole zoo, and its results.csv
python -m cam_utils train --network mini/googlenet-gap  # one; it is cut from the shipped original
"""

import os
import platform
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from safetensors.torch import save_file
from torch import nn

from .errors import CamError
from .metrics import rate, true_ranks
from .mini.objects import CLASSES, arrays
from .networks.mini import BUILDERS, PARENTS, WEIGHTS, build_mini, load_mini, shipped_mini
from .networks.surgery import inherit
from .networks.weights import short_hash
from .provenance import device_name, versions, write_json
from .train import Recipe, fit, predict

ORIGINAL = Recipe(epochs=12, lr=3e-3)
FINE_TUNED = Recipe(epochs=6, lr=1e-3)
SEEDS = (0, 1, 2)  # of the fine-tuning, for the comparison of poolings
COMPARED = ("googlenet-gap", "googlenet-gmp")
ORDER = (
    *("googlenet", "googlenet-gap", "googlenet-gmp", "alexnet", "alexnet-gap", "alexnetplus-gap"),
    *("vgg", "vgg-gap", "nin"),
)


def train_mini(name: str, out: str | None, seed: int, device: torch.device) -> str:
    """Train one mini network, or "mini/all", and write weights (float16), log and results.

    A network that is cut from another starts from that one's shipped weights; the original is
    trained first if it is not there (section 3.1). The errors on `val` and `test` are reported in
    results.csv; no choice in the recipes was made on `test`.

    Returns:
        What was written, with the errors on val, in words.

    Raises:
        CamError: unknown name, or --out with "mini/all".
    """
    short = name.removeprefix("mini/")
    if short == "all":
        if out:
            raise CamError("mini/all writes beside the package's own weights; leave out --out.")
        jobs = [(n, s) for n in ORDER for s in SEEDS[:1]]
        jobs += [(n, s) for s in SEEDS[1:] for n in COMPARED]
        return "\n".join(_train_one(n, _place(n, s), s, device) for n, s in jobs)
    if short not in BUILDERS:
        raise CamError(f"Cannot train {name!r}; known: mini/all, mini/{', mini/'.join(BUILDERS)}.")
    return _train_one(short, Path(out) if out else _place(short, seed), seed, device)


def fine_tune_live(
    name: str = "googlenet-gap", count: int = 1920, epochs: int = 2, seed: int = 0, device="cpu"
) -> tuple[nn.Module, pd.DataFrame, float]:
    """A short fine-tuning to watch: cut the shipped original, train on `count` images.

    Returns:
        The network, its log, and its top-1 error on val, %.
    """
    network = build_mini(name, len(CLASSES))
    inherit(network, load_mini(PARENTS[name]))
    recipe = replace(FINE_TUNED, epochs=epochs, seed=seed)
    log = fit(network, arrays("train", list(range(count)), progress=False), recipe, device=device)
    images, labels = arrays("val", progress=False)
    ranks = true_ranks(predict(network, images, device), torch.from_numpy(labels.copy()))
    return network, log, float(100 * (ranks > 1).mean())


def _place(name: str, seed: int) -> Path:
    """Seed 0 ships with the package; the weights of other seeds only serve their results."""
    if seed == 0:
        return WEIGHTS / f"{name}.safetensors"
    return Path(".build") / "zoo" / f"{name}-seed{seed}.safetensors"


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
    ours = path == _place(name, seed)  # a trial's results are kept beside its weights
    found = measure(network, name, seed, WEIGHTS if ours else path.parent)
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
    return f"wrote {path} ({size:.2f} MB); top-1 error on val {found[0]['error']} %"


def save_half(network: nn.Module, path: Path) -> None:
    """Weights as float16 safetensors; the network is left with what the file holds."""
    state = {k: v.cpu().contiguous() for k, v in network.state_dict().items()}
    half = {k: v.half() if v.is_floating_point() else v for k, v in state.items()}
    part = path.with_suffix(".part")
    save_file(half, part)
    part.chmod(0o644)
    part.replace(path)
    network.load_state_dict({k: v.float() if v.is_floating_point() else v for k, v in half.items()})


def errors(name: str, seed: int, split: str, ranks: np.ndarray) -> list[dict]:
    """Top-1 and top-5 classification errors in percent, with intervals, from (N,) ranks."""
    rows = []
    for k in (1, 5):
        found = rate(ranks > k)
        row = {"network": name, "seed": seed, "split": split, "metric": f"top{k}"}
        row |= {"error": round(found.value, 3), "low": round(found.low, 3)}
        rows.append(row | {"high": round(found.high, 3), "n": found.n})
    return rows


def measure(network: nn.Module, name: str, seed: int, folder: Path = WEIGHTS) -> list[dict]:
    """Run on val and test; keeps errors (results.csv) and every image's rank (ranks.npz).

    ranks.npz holds, for each network, seed and split, the (N,) uint8 rank of the true class (1 is
    best), so that two networks can be compared image by image.
    """
    ranks, rows = {}, []
    for split in ("val", "test"):
        images, labels = arrays(split)
        found = true_ranks(predict(network, images), torch.from_numpy(labels.copy()))
        ranks[f"{name}-{seed}-{split}"] = found
        rows += errors(name, seed, split, found)
    _keep(pd.DataFrame(rows), ranks, folder)
    return rows


def _keep(rows: pd.DataFrame, ranks: dict[str, np.ndarray], folder: Path) -> None:
    """Put rows and ranks into the results, in place of older ones of the same network and seed."""
    table, archive = folder / "results.csv", folder / "ranks.npz"
    if table.exists():
        old = pd.read_csv(table)
        same = (old["network"] == rows["network"][0]) & (old["seed"] == rows["seed"][0])
        rows = pd.concat([old[~same], rows])
    if archive.exists():
        with np.load(archive) as kept:
            ranks = dict(kept) | ranks
    part = table.with_suffix(".part")
    rows.sort_values(["network", "seed", "split", "metric"]).to_csv(part, index=False)
    part.replace(table)
    part = archive.with_suffix(".part.npz")
    np.savez_compressed(part, **ranks)
    part.replace(archive)
