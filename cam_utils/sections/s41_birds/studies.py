"""The heavy runs behind Table 4: the setup that the paper does not state, chosen on val.

    python -m cam_utils tables --profile mini --only table4
    python -m cam_utils tables --profile paper --only table4 --root $CAM_DATA

Profile mini: every threshold and margin on val, then the paper's setup and the best one on test.
Profile paper: the null baselines on CUB's official boxes, which need no photo, and the experiment
where the photos are there.
"""

import datetime
from dataclasses import replace
from itertools import product
from pathlib import Path

from ...data import Subset, open_images
from ...data.joined import InMemory
from ...data.partial import said, with_photos
from ...data.truth_reader import read_truth
from ...errors import MissingData
from ...metrics import baselines
from ...metrics.intervals import rate
from ...networks import load_network
from ...provenance import about
from ...study import write_rows
from .. import s41_birds
from . import tables

NAMES = {"mini": ("mini/googlenet-gap", "mini/birds"), "paper": ("caffe/googlenet", "cub")}

THRESHOLDS = (0.1, 0.2, 0.3, 0.4)

MARGINS = (0.0, 0.2, 0.5)


def run(profile: str, root, device="cpu", limit: int = 0, out: Path = Path()) -> list[Path]:
    """Run what a profile has and write the tables; returns the files.

    Args:
        limit: at most so many images of each split, for a trial; 0: all.
    """
    network, data = NAMES[profile]
    train, test = (_images(data, split, root, limit) for split in ("train", "test"))
    made = _made(profile, limit)
    if profile == "paper":
        files = [_nulls(train, test, out, made | about(None, test, device))]
        try:
            train, test = with_photos(train, test)
        except MissingData as error:
            print(f"Table 4 itself is not measured: {error}")
            return files
        made |= {"classes": said(test)} if said(test) else {}
        network = load_network(network, root)
        found = {"paper": s41_birds.run(train, test, network, device=device)}
        return files + _write(found, network, test, device, out, made)
    network = load_network(network, root)
    val = _images(data, "val", root, limit)
    tried = setups(train, val, network, device)
    about_val = about(network, val, device) | made | {"n": len(val)}
    files = [write_rows(out / "table4_setups.csv", tried, about_val)]
    best = max(tried, key=lambda row: row["measured"])  # of equals the first
    chosen = replace(s41_birds.PAPER_SETUP, threshold=best["threshold"], margin=best["margin"])
    found = {
        name: s41_birds.run(train, test, network, setup, device=device)
        for name, setup in (("paper", s41_birds.PAPER_SETUP), ("chosen on val", chosen))
    }
    made |= {"chosen": {"threshold": chosen.threshold, "margin": chosen.margin}}
    return files + _write(found, network, test, device, out, made)


def setups(train, val, network, device="cpu", **how) -> list[dict]:
    """Rows threshold, margin, measured (accuracy of the leak-free crop on val), located, empty.

    Args:
        how: further arguments of `finegrained.run`.
    """
    rows = []
    for threshold, margin in product(THRESHOLDS, MARGINS):
        setup = s41_birds.Setup(threshold, margin)
        found = s41_birds.run(
            train, val, network, setup, (s41_birds.FULL, s41_birds.CROP), device=device, **how
        )
        rows.append(
            {"threshold": threshold, "margin": margin}
            | found.accuracy(s41_birds.CROP).as_row(3)
            | {"full image": found.accuracy(s41_birds.FULL).value}
            | {"located": found.located().value, "empty": found.empty["test"]}
        )
    return rows


def _nulls(train, test, out: Path, made: dict) -> Path:
    """The null baselines on boxes alone; the centre box chosen on the training images."""
    truth = read_truth(test, progress=False)
    best = baselines.best_centre_box(read_truth(train, progress=False), truth)
    rates = tables.null_rates(truth, best.fraction)
    # the checklist's round 60 % beside the chosen side
    sixty = baselines.hits(baselines.centre_box(truth, 0.6), truth)
    rates.setdefault("centre box, 60 % of the sides", rate(sixty))
    rows = [{"baseline": name} | found.as_row(3) for name, found in rates.items()]
    chosen = {"fraction": best.fraction, "chosen on": "the training images"}
    about_boxes = made | {"n": len(truth), "centre box": chosen}
    return write_rows(out / "cub_null_boxes.csv", rows, about_boxes)


def _write(found: dict, network, test, device, out: Path, made: dict) -> list[Path]:
    made = about(network, test, device) | made | {"n": len(test)}
    made["costs"] = {name: one.costs for name, one in found.items()}
    made["empty"] = {name: one.empty for name, one in found.items()}
    rows, pairs = [], []
    for name, one in found.items():
        rows += [{"setup": name} | row for row in tables.accuracies(one)]
        rows.append({"setup": name, "step": "CAM box, IoU 0.5"} | one.located().as_row(3))
        pairs += [{"setup": name} | row for row in tables.differences(one)]
    return [
        write_rows(out / "table4.csv", rows, made),
        write_rows(out / "table4_differences.csv", pairs, made),
    ]


def _images(data: str, split: str, root, limit: int):
    images = open_images(data, split, root)
    images = Subset(images, range(limit)) if 0 < limit < len(images) else images
    return InMemory(images) if data.startswith("mini/") else images


def _made(profile: str, limit: int) -> dict:
    options = " --root <folder>" if profile == "paper" else ""
    options += f" --limit {limit}" if limit else ""
    return {
        "command": f"python -m cam_utils tables --profile {profile} --only table4{options}",
        "made": datetime.date.today().isoformat(),
    }
