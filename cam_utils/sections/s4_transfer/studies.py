"""Run Table 5 and store it: figures/<profile>/table5.csv, its fits and its differences.

python -m cam_utils tables --only table5
python -m cam_utils tables --only table5 --profile paper --root $CAM_DATA
"""

import datetime
from pathlib import Path

import torch

from ...book import published
from ...data import available_images
from ...errors import CamError, MissingData
from ...features.splits import PROTOCOLS, SplitRule
from ...hashes import weights_digest
from ...networks import load_network
from ...networks.zoo.caffe import build_caffe
from ...networks.zoo.mini_weights import build_mini
from ...provenance import about
from ...study import write_rows
from . import table5, tables

# networks of mini/objects have learnt its classes: a check, not a transfer
MINI_SETS = (
    "mini/objects",
    "mini/scenes",
    "mini/actions",
    "mini/sketches",
    "mini/textures",
    "mini/birds",
)

PER_CLASS = 100  # drawn pictures of each class and part, at most

MINI_CLASSES = 24  # of an untrained mini network; its features do not depend on it


def sets_of(profile: str) -> dict[str, SplitRule]:
    """{column: how it is divided} of the data sets that this package can open."""
    known = available_images()
    if profile == "mini":
        given = (("train", "test"),)
        return {name: SplitRule(name, given=given) for name in MINI_SETS if name in known}
    columns = [c for c in published.table(5).columns[1:] if PROTOCOLS[c].data in known]
    return {column: PROTOCOLS[column] for column in columns}


def networks_of(profile: str, root) -> tuple[dict[str, object], dict[str, str]]:
    """{row: network}, and {row: why} of those that have no weights here."""
    found, missing = {}, {}
    for row, (_, names) in table5.FEATURES.items():
        try:
            if names[profile] is not None:
                random = row.endswith(table5.RANDOM)
                found[row] = (untrained if random else load_network)(names[profile], root)
        except MissingData as error:
            missing[row] = str(error).replace(str(root), "<folder>")
    return found, missing


def untrained(name: str, root=None, seed: int = 0):
    """The network of that name with the random weights of a seed, in eval mode."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        if name.startswith("mini/"):
            network = build_mini(name.removeprefix("mini/"), MINI_CLASSES)
        else:
            network = build_caffe(name)
    network.weights_hash = f"random {weights_digest(network)}"
    return network.eval()


def run(profile: str, root, device="cpu", limit: int = 0, out: Path = Path()) -> list[Path]:
    """Measure what is here and write the tables; returns the files.

    Args:
        limit: images of each class and part at most, for a trial; 0: all (drawn sets: PER_CLASS).
    """
    sets, (networks, missing) = sets_of(profile), networks_of(profile, root)
    per_class = min(limit or PER_CLASS, PER_CLASS) if profile == "mini" else limit
    # pictures of the drawn world fill the network's input: both views are one
    views = ("whole",) if profile == "mini" else table5.VIEWS
    fits, absent = table5.measure(
        sets, networks, root, views, device, per_class, keep=profile == "mini"
    )
    if not len(fits):
        raise CamError(
            f"None of the data sets of Table 5 is here ({', '.join(sets)}): "
            f"{next(iter(absent.values()), '')}"
        )
    options = " --root <folder>" if profile == "paper" else ""
    options += f" --limit {limit}" if limit else ""
    first = next(iter(networks.values()))
    made = about(first, None, device) | {
        "network": ", ".join(dict.fromkeys(n.name for n in networks.values())),
        "weights": {row: n.weights_hash for row, n in networks.items()},
        "images": ", ".join(dict.fromkeys(fits["data"])),
        "split": ", ".join(dict.fromkeys(fits["split"].str.split().str[0])),
        "n": int(fits["ids"].map(len).max()),
        "seed": 0,
        "images per class at most": per_class or None,
        "missing": missing | absent,
        "command": f"python -m cam_utils tables --profile {profile} --only table5{options}",
        "made": datetime.date.today().isoformat(),
    }
    rows = {
        "table5": tables.accuracies(fits),
        "table5_differences": tables.differences(fits),
    }
    if profile == "paper":  # every split and view, for the sets that were divided at random
        for data in fits.loc[fits["split"].str.startswith("random"), "data"].unique():
            rows[f"table5_{PROTOCOLS[data].data}"] = tables.each_fit(fits[fits["data"] == data])
    return [write_rows(out / f"{name}.csv", found, made) for name, found in rows.items()]
