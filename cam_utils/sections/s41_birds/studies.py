"""What is behind Table 4: the steps of section 4.1, and the setup that the paper does not state.

Profile mini: every threshold and margin on val, then the paper's setup and the best one on test.
Profile paper: the null baselines on CUB's official boxes, which need no photo, and the experiment
where the photos are there.
"""

from itertools import product

from ...boxes.truth import Truth
from ...data import open_images
from ...data.joined import InMemory
from ...data.partial import said, with_photos
from ...data.truth_reader import read_truth
from ...errors import MissingData
from ...metrics import baselines
from ...metrics.intervals import rate
from ...study import Ask, Frames, Opened, Study, Tables, first, open_rows, reason
from ..s32_localization.tables import as_steps, of_steps
from . import tables
from .experiment import (
    CROP,
    FULL,
    LEAKY,
    PAPER_SETUP,
    STEPS,
    FineGrained,
    Setup,
    fine_grained,
)

DATA = {"mini": "mini/birds", "paper": "cub"}

# the first is Table 4's; the other gives generic features, as ImageNet's GoogLeNet was the paper's
GENERIC = {"EfficientNet-Lite0": "imagenet/efficientnet-lite0"}
NETWORKS = {
    "Table 4": {"mini": "mini/googlenet-gap", "paper": "caffe/googlenet"},
    **{row: {"mini": name, "paper": name} for row, name in GENERIC.items()},
}

THRESHOLDS = (0.1, 0.2, 0.3, 0.4)

MARGINS = (0.0, 0.2, 0.5)

LISTED = "listed "  # before a part's name: with the pictures whose photos are not here


def _open(ask: Ask) -> Opened:
    splits = ("test", "train", "val") if ask.profile == "mini" else ("test", "train")
    parts = {s: first(open_images(DATA[ask.profile], s, ask.root), ask.limit) for s in splits}
    if ask.profile == "mini":  # drawn once for all that look at them
        kept = {split: InMemory(images) for split, images in parts.items()}
        return Opened(*_networks(ask, kept))
    listed = {LISTED + split: images for split, images in parts.items()}
    try:
        train, test = with_photos(parts["train"], parts["test"])
        return Opened(*_networks(ask, {"test": test, "train": train} | listed))
    except MissingData as error:
        print(f"Table 4 itself is not measured: {error}")
        return Opened({}, listed, {"table4": reason(error, ask.root)})


def _networks(ask: Ask, parts: dict) -> tuple:
    networks, missing = open_rows(NETWORKS, ask)
    return networks, parts, missing


def _measure(opened: Opened, ask: Ask) -> Frames:
    """ "rows|<part>|<threshold>|<margin>", "fits|..." of each experiment, and "truth|<part>".

    The part of a network that is not Table 4's is named "test, <network>".
    """
    parts = opened.parts
    frames: Frames = {
        f"truth|{name}": read_truth(images, progress=False).frame()
        for name, images in parts.items()
        if name.startswith(LISTED)
    }
    table4 = opened.networks.get("Table 4")
    if table4 and "val" in parts:
        for threshold, margin in product(THRESHOLDS, MARGINS):
            setup = Setup(threshold, margin)
            frames |= _experiment("val", table4, parts, "val", ask, setup, steps=(CROP,))
    if table4 and "test" in parts:
        for setup in dict.fromkeys((PAPER_SETUP, best_setup(frames))):
            frames |= _experiment("test", table4, parts, "test", ask, setup)
    for row, network in opened.networks.items():
        if row in GENERIC and "test" in parts:
            steps = (*STEPS, LEAKY)
            key = f"test, {row}"
            frames |= _experiment(key, network, parts, "test", ask, PAPER_SETUP, steps=steps)
    return frames


def _experiment(
    name: str, network, parts: dict, part: str, ask: Ask, setup: Setup, **steps
) -> Frames:
    found = fine_grained(parts["train"], parts[part], network, setup, device=ask.device, **steps)
    key = f"{name}|{setup.threshold:g}|{setup.margin:g}"
    rows = found.rows.assign(iou=as_steps(found.rows["iou"]))
    return {f"rows|{key}": rows, f"fits|{key}": found.fits}


def _unpacked(frames: Frames, part: str) -> dict[Setup, FineGrained]:
    found = {}
    for key, frame in frames.items():
        if key.startswith(f"rows|{part}|"):
            setup = Setup(*(float(v) for v in key.split("|")[2:]))
            rows = frame.assign(iou=of_steps(frame["iou"]))
            found[setup] = FineGrained(rows, frames[key.replace("rows", "fits", 1)])
    return found


def best_setup(frames: Frames) -> Setup:
    """The setup with the best accuracy on val, of equals the first; without val the paper's."""
    tried = _unpacked(frames, "val")
    accuracy = {setup: found.accuracy(CROP).value for setup, found in tried.items()}
    return max(accuracy, key=accuracy.get, default=PAPER_SETUP)


def _tables(opened: Opened, frames: Frames) -> tuple[Tables, dict]:
    made: Tables = {}
    note: dict = {}
    if (listed := f"truth|{LISTED}test") in frames:
        train, test = (Truth.of_frame(frames[k]) for k in (f"truth|{LISTED}train", listed))
        made["cub_null_boxes"], centre = _null_rows(train, test)
        note["cub_null_boxes"] = {"images": DATA["paper"], "split": "test", "n": len(test)}
        note["cub_null_boxes"] |= {"network": None, "weights": None, "centre box": centre}
    if tried := _unpacked(frames, "val"):
        made["table4_setups"] = [_setup_row(*one) for one in tried.items()]
        note["table4_setups"] = {"split": "val", "n": made["table4_setups"][0]["n"]}
    found, told = {}, {}
    if tested := _unpacked(frames, "test"):
        found["paper"] = tested[PAPER_SETUP]
        if tried:
            best = best_setup(frames)
            found["chosen on val"] = tested[best]
            told = {"chosen": {"threshold": best.threshold, "margin": best.margin}}
    for row in GENERIC:
        if generic := _unpacked(frames, f"test, {row}"):
            found[row] = generic[PAPER_SETUP]
    if found:
        told |= {"classes": said(opened.images)} if said(opened.images) else {}
        told["costs"] = {
            k: one.fits.set_index("step")["cost"].to_dict() for k, one in found.items()
        }
        told["empty"] = {k: one.empty for k, one in found.items()}
        made["table4"], note["table4"] = tables.step_rows(found), told
        made["table4_differences"], note["table4_differences"] = tables.gain_rows(found), told
    return made, note


def _setup_row(setup: Setup, found: FineGrained) -> dict:
    return (
        {"threshold": setup.threshold, "margin": setup.margin}
        | found.accuracy(CROP).as_row(3)
        | {"full image": found.accuracy(FULL).value}
        | {"located": found.located().value, "empty": found.empty["test"]}
    )


def _null_rows(train: Truth, test: Truth) -> tuple[list[dict], dict]:
    """The null baselines on boxes alone; the centre box chosen on the training images."""
    best = baselines.best_centre_box(train, test)
    rates = tables.null_rates(test, best.fraction)
    # the checklist's round 60 % beside the chosen side
    sixty = baselines.hits(baselines.centre_box(test, 0.6), test)
    rates.setdefault("centre box, 60 % of the sides", rate(sixty))
    rows = [{"baseline": name} | found.as_row(3) for name, found in rates.items()]
    return rows, {"fraction": best.fraction, "chosen on": "the training images"}


STUDIES = (Study("table4", "Table 4", _open, _measure, _tables),)
