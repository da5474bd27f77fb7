"""Table 1: classification errors of the cut networks and of those they were cut from."""

import numpy as np
import pandas as pd
import torch
from torch import nn

from ... import views
from ...book import published as paper
from ...data import subset
from ...errors import CamError, MissingData
from ...metrics.classification import true_ranks
from ...metrics.intervals import Rate, mean_interval, rate
from ...networks import load_network
from ...stream import batches, decoders, nothing_read, stream
from . import mini_results

ROWS = {  # the paper's rows: networks of the profiles "mini" and "paper"; None: no weights exist
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


def open_networks(profile: str, root=None, device="cpu") -> tuple[dict[str, nn.Module], dict]:
    """The rows' networks that are here, and why the others are not.

    Returns:
        {row: network}, {row: reason}.

    Raises:
        MissingData: none is here.
    """
    found, missing = {}, {}
    for row, names in ROWS.items():
        try:
            if names[profile] is None:
                raise MissingData("was never released")
            found[row] = load_network(names[profile], root).to(device)
        except MissingData as error:
            missing[row] = str(error)
    if not found:
        raise MissingData(
            "None of Table 1's networks is here. "
            + "; ".join(f"{row}: {reason}" for row, reason in missing.items())
        )
    return found, missing


def measure(
    networks: dict[str, nn.Module], images, device="cpu", limit: int = 0, seed: int = 0
) -> dict[str, np.ndarray]:
    """{row: (N,) uint8 ranks of the true classes}, 1 is best; every image is opened once.

    Every network sees its own usual test view (resize and centre crop). Unreadable images are
    left out for all.

    Args:
        limit: only so many images, chosen by `seed`; 0: all.

    Raises:
        CamError: a network has another number of classes than the data; nothing could be read.
    """
    for row, network in networks.items():
        if len(network.classes) != len(images.classes):
            raise CamError(
                f"{row} has {len(network.classes)} classes and {images.name} "
                f"{len(images.classes)}; expected the same classes in the same order."
            )
    images = subset(images, limit, seed)
    specs = {network.input_spec for network in networks.values()}

    def load(i: int) -> tuple[int, dict]:
        record = images[i]
        return record.label, {s: views.center_crop(record.image, s).tensor for s in specs}

    found, unreadable = {row: [] for row in networks}, []
    how = {"workers": decoders(images), "desc": f"{len(networks)} networks"}
    for chunk in stream(images, load, batches(len(images), 64), **how):
        unreadable += chunk.unreadable
        if chunk.items:
            labels = torch.tensor([label for label, _ in chunk.items])
            inputs = {spec: [seen[spec] for _, seen in chunk.items] for spec in specs}
            for row, ranks in _ranks(networks, inputs, labels, device).items():
                found[row].append(ranks)
    if not any(found.values()):
        raise nothing_read(images, unreadable)
    return {row: np.concatenate(parts) for row, parts in found.items()}


def _ranks(networks, inputs: dict, labels, device) -> dict[str, np.ndarray]:
    batches = {spec: torch.stack(tensors).to(device) for spec, tensors in inputs.items()}
    with torch.inference_mode():
        logits = {row: n(batches[n.input_spec]).float().cpu() for row, n in networks.items()}
    return {row: true_ranks(values, labels) for row, values in logits.items()}


def errors(ranks: dict[str, np.ndarray], missing: dict[str, str]) -> pd.DataFrame:
    """Table 1: network, then for top-1 and top-5 the paper's error, ours and its interval; n."""
    published = paper.table(1).set_index("network")
    rows = []
    for row in ROWS:
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


def drops(ranks: dict[str, np.ndarray], profile: str) -> pd.DataFrame:
    """What the surgery costs: the paper's differences and ours with intervals, in points."""
    rows = []
    for row, original in CUT_FROM.items():
        cells = {"cut - original": f"{row} - {original}"}
        for k in (1, 5):
            cells[f"paper top-{k}"] = f"{published_drop(row, k):+.1f}"
            cells[f"measured top-{k}"] = _words(drop(ranks, row, k))
        if profile == "mini":
            cells["top-1, original trained on as long"] = _words(drop(ranks, row, 1, longer=True))
        rows.append(cells)
    return pd.DataFrame(rows)


def mostly_small(found: list[Rate | float | None], margin: float = 2.0) -> bool | None:
    """Are more than half of the drops at most `margin` points? None: the intervals cannot tell."""
    found = [d for d in found if d is not None]
    small = sum((d.high if isinstance(d, Rate) else d) <= margin for d in found)
    large = sum((d.low if isinstance(d, Rate) else d) > margin for d in found)
    if not found or (2 * small <= len(found) and 2 * large < len(found)):
        return None
    return 2 * small > len(found)


def largest(found: dict[str, Rate | float | None], name: str) -> bool | None:
    """Is the drop of `name` larger than every other one? None: the intervals overlap."""
    if any(d is None for d in found.values()):
        return None
    low, high = ({k: getattr(d, end, d) for k, d in found.items()} for end in ("low", "high"))
    others = [k for k in found if k != name]
    if all(low[name] > high[k] for k in others):
        return True
    return False if any(high[name] < low[k] for k in others) else None


def repaired(ranks: dict[str, np.ndarray], k: int = 1) -> Rate | None:
    """Points of AlexNet-GAP's top-k error that AlexNet*-GAP wins back, if the surgery cost any.

    None where AlexNet-GAP's drop is not above zero: then there is nothing to repair.
    """
    lost = drop(ranks, "AlexNet-GAP", k)
    if lost is None or lost.low <= 0 or "AlexNet*-GAP" not in ranks:
        return None
    return mean_interval(100.0 * (ranks["AlexNet-GAP"] > k) - 100.0 * (ranks["AlexNet*-GAP"] > k))


def poolings(
    k: int = 1, seeds: list[int] | None = None, ranks=mini_results.ranks
) -> tuple[pd.DataFrame, Rate]:
    """GMP against GAP over seeds in the mini world; default: all that were trained.

    Returns:
        Errors of each seed with intervals, and GMP - GAP in points: seeds are averaged within
        each image, the interval resamples images.
    """
    rows, differences = [], []
    for seed in mini_results.seeds("googlenet-gmp") if seeds is None else seeds:
        gap, gmp = (100.0 * (ranks(f"googlenet-{p}", seed) > k) for p in ("gap", "gmp"))
        differences.append(gmp - gap)
        cells = (rate(gap > 0), rate(gmp > 0), mean_interval(gmp - gap))
        rows.append((seed, *map(_words, cells), len(gap)))
    columns = ["seed", "GAP", "GMP", "GMP - GAP", "n"]
    return pd.DataFrame(rows, columns=columns), mean_interval(np.mean(differences, 0))


def _words(found: Rate | None) -> str:
    return "-" if found is None else f"{found.value:.2f} [{found.low:.2f}, {found.high:.2f}]"
