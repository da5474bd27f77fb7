"""Table 1: classification errors of the cut networks and of those they were cut from."""

import numpy as np
import pandas as pd
import torch
from torch import nn

from ...book import published as paper
from ...data.joined import InMemory
from ...evaluate import CLASSIFY, evaluate
from ...metrics.intervals import Rate, mean_interval, rate
from ...networks.surgery import CUT_NETWORKS, gap_surgery
from ...train.cost import estimate
from ...train.recipe import RELEASED
from . import mini_results
from .heads import HEADS
from .studies import UNCUT, head_rows
from .train_paper import ILSVRC_TRAIN

# The paper's rows, and which network stands for each in the profiles "mini" and "paper"; None: no
# weights exist.
NETWORKS: dict[str, dict[str, str | None]] = {
    "VGGnet-GAP": {"mini": "mini/vgg-gap", "paper": "caffe/vgg16-cam"},
    "GoogLeNet-GAP": {"mini": "mini/googlenet-gap", "paper": "caffe/googlenet-cam"},
    "AlexNet*-GAP": {"mini": "mini/alexnetplus-gap", "paper": "caffe/alexnetplus-cam"},
    "AlexNet-GAP": {"mini": "mini/alexnet-gap", "paper": None},
    "GoogLeNet": {"mini": "mini/googlenet", "paper": "caffe/googlenet"},
    "VGGnet": {"mini": "mini/vgg", "paper": "caffe/vgg16"},
    "AlexNet": {"mini": "mini/alexnet", "paper": "caffe/alexnet"},
    "NIN": {"mini": "mini/nin", "paper": "caffe/nin"},
    "GoogLeNet-GMP": {"mini": "mini/googlenet-gmp", "paper": None},
}

CUT_FROM = {
    "VGGnet-GAP": "VGGnet",
    "GoogLeNet-GAP": "GoogLeNet",
    "AlexNet*-GAP": "AlexNet",
    "AlexNet-GAP": "AlexNet",
    "GoogLeNet-GMP": "GoogLeNet",
}

LONGER = {"AlexNet": "alexnet-longer", "VGGnet": "vgg-longer", "GoogLeNet": "googlenet-longer"}


WORSE = 6  # rank of a class that is not among the five best


def ranks_of(networks: dict[str, nn.Module], images, device="cpu") -> dict[str, np.ndarray]:
    """{row: (N,) ranks of the true classes of the readable images}, 1 is best, 6 all from there.

    Every network sees its own usual test view (resize and centre crop). What was found is kept.

    Raises:
        CamError: a network has another number of classes than the data; nothing could be read.
    """
    images = images if hasattr(images, "path") else InMemory(images)  # drawn once for all
    found = {}
    for row, network in networks.items():
        table = evaluate(network, images, CLASSIFY, device=device, batch=64, cache=None)
        hits = table[table["class"] == table["label"]].set_index("id")["rank"]
        found[row] = hits.reindex(table["id"].unique(), fill_value=WORSE).to_numpy()
    return found


def errors_table(ranks: dict[str, np.ndarray], missing: dict[str, str]) -> pd.DataFrame:
    """Table 1: network, then for top-1 and top-5 the paper's error, ours and its interval; n."""
    published = paper.table(1).set_index("network")
    rows = []
    for row in NETWORKS:
        cells = {"network": row}
        for k in (1, 5):
            cells[f"paper top-{k}"] = f"{published.loc[row, f'top{k}']:.1f}"
            found = rate(ranks[row] > k) if row in ranks else None
            cells[f"measured top-{k}"] = f"{found.value:.1f}" if found else "-"
            cells[f"interval {k}"] = f"{found.low:.1f} to {found.high:.1f}" if found else "-"
        rows.append(cells | {"n": len(ranks[row]) if row in ranks else "-"})
    if missing:
        print("\n".join(f"not measured: {row}: {reason}" for row, reason in missing.items()))
    return pd.DataFrame(rows)


def drop(ranks: dict[str, np.ndarray], row: str, k: int, longer: bool = False) -> Rate | None:
    """Points of top-k error that the surgery costs, image by image; None if not measured.

    Args:
        longer: against the original trained on for as long as the cut network was fine-tuned
            (profile mini, whole test split), instead of the original as it was cut.
    """
    if row not in ranks or CUT_FROM[row] not in ranks:
        return None
    before = ranks[CUT_FROM[row]]
    if longer:
        before = mini_results.ranks(LONGER[CUT_FROM[row]])
        if len(before) != len(ranks[row]):
            return None
    return mean_interval(100.0 * (ranks[row] > k) - 100.0 * (before > k))


def published_drop(row: str, k: int) -> float:
    """The paper's own difference, from its Table 1."""
    table = paper.table(1).set_index("network")[f"top{k}"]
    return round(float(table[row] - table[CUT_FROM[row]]), 1)


def drops_table(ranks: dict[str, np.ndarray], profile: str) -> pd.DataFrame:
    """What the surgery costs: the paper's differences and ours with intervals, in points."""
    rows = []
    for row, original in CUT_FROM.items():
        cells = {"cut - original": f"{row} - {original}"}
        for k in (1, 5):
            cells[f"paper top-{k}"] = f"{published_drop(row, k):+.1f}"
            cells[f"measured top-{k}"] = _cell(drop(ranks, row, k))
        if profile == "mini":
            cells["top-1, original trained on as long"] = _cell(drop(ranks, row, 1, longer=True))
        rows.append(cells)
    return pd.DataFrame(rows)


def _cell(found: Rate | None) -> str:
    return "-" if found is None else f"{found:.2f}"


def repaired(ranks: dict[str, np.ndarray], k: int = 1) -> Rate | None:
    """Points of AlexNet-GAP's top-k error that AlexNet*-GAP wins back, if the surgery cost any.

    None where AlexNet-GAP's drop is not above zero: then there is nothing to repair.
    """
    lost = drop(ranks, "AlexNet-GAP", k)
    if lost is None or lost.low <= 0 or "AlexNet*-GAP" not in ranks:
        return None
    return mean_interval(100.0 * (ranks["AlexNet-GAP"] > k) - 100.0 * (ranks["AlexNet*-GAP"] > k))


def drawn_heads(seeds: list[int] | None = None, ranks=mini_results.ranks) -> pd.DataFrame:
    """GAP, GMP and the uncut GoogLeNet over seeds in the mini world, as rows of `head_rows`.

    Args:
        seeds: default: all that were trained. ranks: (network, seed) to (N,) ranks.
    """
    seeds = mini_results.seeds(HEADS["max"]) if seeds is None else seeds
    misses = {UNCUT: ranks(UNCUT, 0) > 1}
    misses |= {f"{pool}|{s}": ranks(name, s) > 1 for pool, name in HEADS.items() for s in seeds}
    return pd.DataFrame(head_rows(pd.DataFrame(misses)))


def cost_table() -> pd.DataFrame:
    """What the released recipe costs on ILSVRC for each cut network, counted.

    GFLOP for one image, PFLOP for all that the recipe shows, and hours at 10 TFLOP/s.
    """
    rows = []
    for name in CUT_NETWORKS:
        with torch.device("meta"):
            cost = estimate(gap_surgery(name), ILSVRC_TRAIN[1], RELEASED)
        cells = cost.forward / 1e9, cost.backward / 1e9, cost.total / 1e15, cost.total / 3.6e16
        rows.append((name, *cells))
    return pd.DataFrame(
        rows, columns=["network", "GFLOP forward", "backward", "PFLOP in all", "hours"]
    )
