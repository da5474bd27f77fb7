"""Table 1 in the mini world: errors, drops by surgery, and poolings over seeds."""

import json

import numpy as np
import pandas as pd

from . import paper
from .errors import MissingData
from .metrics import Rate, mean_interval, rate
from .networks.mini import PARENTS, WEIGHTS

ROWS = {  # the paper's rows and our networks
    "VGGnet-GAP": "vgg-gap",
    "GoogLeNet-GAP": "googlenet-gap",
    "AlexNet*-GAP": "alexnetplus-gap",
    "AlexNet-GAP": "alexnet-gap",
    "GoogLeNet": "googlenet",
    "VGGnet": "vgg",
    "AlexNet": "alexnet",
    "NIN": "nin",
    "GoogLeNet-GMP": "googlenet-gmp",
}
COMMAND = "python -m cam_utils train --network mini/all"


def ranks(network: str, seed: int = 0, split: str = "test") -> np.ndarray:
    """(N,) uint8 ranks of the true classes, as measured when the network was trained.

    Raises:
        MissingData: the network was not trained with that seed.
    """
    archive = WEIGHTS / "ranks.npz"
    key = f"{network}-{seed}-{split}"
    known = {}
    if archive.exists():
        with np.load(archive) as kept:
            known = dict(kept)
    if key not in known:
        raise MissingData(f"{archive.name} has no results of {key}; make them: {COMMAND}.")
    return known[key]


def seeds(network: str) -> list[int]:
    """The seeds that a network was trained with."""
    with np.load(WEIGHTS / "ranks.npz") as kept:
        found = [k.rsplit("-", 2) for k in kept]
    return sorted({int(s) for name, s, _ in found if name == network})


def errors() -> pd.DataFrame:
    """Table 1: row, the paper's top-1 and top-5 errors, the mini world's with intervals."""
    published = paper.table(1).set_index("network")
    rows = []
    for row, network in ROWS.items():
        found = ranks(network)
        top1, top5 = rate(found > 1), rate(found > 5)
        rows.append(
            (row, published.loc[row, "top1"], published.loc[row, "top5"], str(top1), str(top5))
        )
    head = ["network", "paper top-1", "paper top-5", "mini top-1", "mini top-5"]
    return pd.DataFrame(rows, columns=head).assign(n=len(found))


def drop(network: str, k: int, seed: int = 0) -> Rate:
    """How many points of top-k error the surgery costs, image by image, with interval."""
    cut, original = ranks(network, seed), ranks(PARENTS[network])
    return mean_interval(100.0 * (cut > k) - 100.0 * (original > k))


def drops() -> pd.DataFrame:
    """What the surgery costs: the paper's differences of Table 1 and the mini world's."""
    published = paper.table(1).set_index("network")
    names = {mini: row for row, mini in ROWS.items()}
    rows = []
    for network, original in PARENTS.items():
        new, old = published.loc[names[network]], published.loc[names[original]]
        rows.append((
            f"{names[network]} - {names[original]}",
            *(f"{new[c] - old[c]:+.1f}" for c in ("top1", "top5")),
            *(str(drop(network, k)) for k in (1, 5)),
        ))  # fmt: skip
    head = ["", "paper top-1", "paper top-5", "mini top-1", "mini top-5"]
    return pd.DataFrame(rows, columns=head)


def poolings(k: int = 1) -> tuple[pd.DataFrame, Rate]:
    """GMP against GAP over all seeds: errors for each seed, and GMP - GAP over images and seeds.

    The interval resamples images; the few seeds are averaged within each image.
    """
    rows, differences = [], []
    for seed in seeds("googlenet-gmp"):
        gap, gmp = (ranks(f"googlenet-{p}", seed) > k for p in ("gap", "gmp"))
        rows.append(
            (seed, str(rate(gap)), str(rate(gmp)), f"{100 * (gmp.mean() - gap.mean()):+.2f}")
        )
        differences.append(100.0 * gmp - 100.0 * gap)
    table = pd.DataFrame(rows, columns=["seed", "GAP", "GMP", "GMP - GAP"])
    return table, mean_interval(np.mean(differences, 0))


def logs() -> dict[str, pd.DataFrame]:
    """The training log of every shipped network: epoch, loss, error (%), seconds."""
    return {
        path.stem: pd.DataFrame(json.loads(path.read_text())["log"])
        for path in sorted(WEIGHTS.glob("*.json"))
    }
