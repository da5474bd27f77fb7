"""What the mini networks scored when they were trained: kept image by image, for every seed.

`results.csv` is to be read; `ranks.npz` holds, for each network, seed and split, the rank of every
image's true class, so that two networks can be compared on the same images.
"""

import json
from pathlib import Path

import numpy as np
import pandas as pd

from ...errors import MissingData
from ...metrics.intervals import rate
from ...networks.zoo.mini_weights import WEIGHTS
from ...writing import replacing

COMMAND = "python -m cam_utils train --network mini/all"


def ranks(network: str, seed: int = 0, split: str = "test", folder: Path = WEIGHTS) -> np.ndarray:
    """(N,) uint8 ranks of the true classes (1 is best) of a network trained with that seed.

    Raises:
        MissingData: it was not trained.
    """
    known = _archive(folder)
    key = _key(network, seed, split)
    if key not in known:
        raise MissingData(f"ranks.npz has no results of {key}; make them: {COMMAND}")
    return known[key]


def seeds(network: str, folder: Path = WEIGHTS) -> list[int]:
    """The seeds that a network was trained with."""
    found = [key.rsplit("-", 2) for key in _archive(folder)]
    return sorted({int(seed) for name, seed, _ in found if name == network})


def results(folder: Path = WEIGHTS) -> pd.DataFrame:
    """results.csv: network, seed, split, metric (top1, top5), measured and interval (%), n, ..."""
    return pd.read_csv(folder / "results.csv")


def logs(folder: Path = WEIGHTS, images: str = "mini/objects") -> dict[str, dict]:
    """The training record of every shipped network: recipe, log, minutes, machine, errors, ...

    Args:
        images: the data set that the networks were trained on.
    """
    files = sorted(folder.glob("*.json"))
    records = {p.stem: json.loads(p.read_text(encoding="utf-8")) for p in files}
    return {name: r for name, r in records.items() if r["images"].startswith(images + " ")}


def keep_results(
    network: str, seed: int, found: dict[str, np.ndarray], made: dict, folder: Path
) -> None:
    """Put ranks {split: (N,) uint8} into both files, in place of what was there of this training.

    Args:
        made: further columns of results.csv: weights, minutes, ...
    """
    rows = [
        {"network": network, "seed": seed, "split": split, "metric": f"top{k}"}
        | rate(values > k).as_row(3)
        | made
        for split, values in found.items()
        for k in (1, 5)
    ]
    table, archive = folder / "results.csv", folder / "ranks.npz"
    new = pd.DataFrame(rows)
    if table.exists():
        old = pd.read_csv(table)
        new = pd.concat([old[(old["network"] != network) | (old["seed"] != seed)], new])
    with replacing(table) as part:
        new.sort_values(["network", "seed", "split", "metric"]).to_csv(part, index=False)
    known = _archive(folder) | {_key(network, seed, s): v for s, v in found.items()}
    with replacing(archive) as part, part.open("wb") as file:
        np.savez_compressed(file, **dict(sorted(known.items())))


def _key(network: str, seed: int, split: str) -> str:
    return f"{network}-{seed}-{split}"


def _archive(folder: Path) -> dict[str, np.ndarray]:
    path = folder / "ranks.npz"
    if not path.exists():
        return {}
    with np.load(path, allow_pickle=False) as kept:
        return dict(kept)
