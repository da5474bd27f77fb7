"""What is behind section 5's tables: fields by occlusion; purity, sharing, removal on photos."""

from pathlib import Path

import numpy as np
import pandas as pd
from scipy.io import loadmat
from tqdm.auto import tqdm

from ...data import open_images
from ...metrics.intervals import pick
from ...networks.gap import GapNetwork
from ...study import Ask, Frames, Opened, Study, Tables, first, open_rows
from . import pools, tables
from .ablation import ablate, ablation_table
from .by_weight import linear_layer
from .field import receptive_field
from .halves import look
from .occlusion import empirical_field
from .top import TopImages, top_images

# networks whose fields are measured by occlusion, and where their images are from
MINI = {
    "mini/alexnetplus-gap": "mini/objects",
    "mini/googlenet-gap": "mini/objects",
    "mini/scenes-alexnetplus-gap": "mini/scenes",
}

# units, top images of each, and the occluders' grid. Copies cost: [34]'s grid of 3 pixels (None,
# scaled with the picture) gives 5,184 of GoogLeNet's input, 10 pixels 484.
UNITS = {"mini": 6, "paper": 5}
IMAGES = 3
GRID = {"mini": None, "paper": 10}

FRACTIONS = (0.1, 0.2, 0.5)  # of the averaged discrepancy map's maximum

# the released weights of GoogLeNet-CAM, as the authors' repository ships them
RELEASED = ("weights/data_net.mat", "../golden/zhou/data_net.mat")


def _open(ask: Ask) -> Opened:
    """Drawn pictures and their networks; or the paper's GoogLeNet and `pools.photo_pair`."""
    if ask.profile == "mini":
        networks, missing = open_rows({name: {"mini": name} for name in MINI}, ask)
        wanted = dict.fromkeys(MINI[name] for name in networks)
        parts = {name: first(open_images(name, "val"), ask.limit) for name in wanted}
        return Opened(networks, parts, missing)
    networks, _ = open_rows({"GoogLeNet": {"paper": "caffe/googlenet"}}, ask)
    open_images("imagenette", "train", ask.root)  # its ten classes are what is reported on
    pool, test, ten = pools.photo_pair(networks["GoogLeNet"].classes, ask.root, ask.limit)
    return Opened(networks, {"pool": pool, "test": test, "ten": ten})


def _measure(opened: Opened, ask: Ask) -> Frames:
    """ "fields"; of photos also those of a `Half`, "ablation" by which classes compete."""
    if ask.profile == "paper":
        return _measure_photos(opened, ask)
    rows = []
    for name, network in opened.networks.items():
        images = opened.parts[MINI[name]]
        top = top_images(network, images, tables.TOP, ask.device)
        rows += _fields(network, images, top, range(len(images.classes)), ask)
    return {"fields": pd.DataFrame(rows)}


def _measure_photos(opened: Opened, ask: Ask) -> Frames:
    ((_, network),) = opened.networks.items()
    pool, test, ten = opened.parts.values()
    half = look("photos", network, pool, test, ask.device, classes=ten)
    seen = half.features.take(np.isin(half.features.labels, ten))
    of_ten = ablate(seen.values, *linear_layer(network), seen.labels, candidates=np.array(ten))
    ways = {"1000 classes": half.frames["ablation"], "ten classes": of_ten}
    shared = {network.name: half.frames["sharing"]}
    if (released := released_weights(ask.root)) is not None:
        shared["released GoogLeNet-CAM"] = tables.sharing_table(released)
    fields = _fields(network, pool, half.top, ten, ask)
    return half.frames | {
        "ablation": pd.concat(rows.assign(among=text) for text, rows in ways.items()),
        "sharing": _stacked(shared, "weights"),
        "fields": pd.DataFrame(fields),
    }


def _stacked(parts: dict[str, pd.DataFrame], column: str) -> pd.DataFrame:
    """The parts below one another, their names in a first column."""
    return pd.concat(parts, names=[column]).reset_index(level=0)


def _fields(network: GapNetwork, images, top: TopImages, labels, ask: Ask) -> list[dict]:
    """Empirical fields beside the theoretical one: of the units of largest weight of classes by
    seed, each unit once."""
    theory, rows = receptive_field(network.to(ask.device)), []
    order = np.random.default_rng(ask.seed).permutation(labels)
    firsts = pick(tables.top_table(network, top.frame(), order), rank=1).drop_duplicates("unit")
    chosen = [*firsts.head(UNITS[ask.profile]).itertuples()]
    for own in tqdm(chosen, desc="fields by occlusion", unit="unit"):
        found = empirical_field(
            network, images, top, own.unit, IMAGES, stride=GRID[ask.profile], field=theory
        )
        row = {
            "network": network.name, "input": network.input_spec.size,
            "unit": own.unit, "chosen": f"first unit of {own.name}",
            "theoretical": theory.size, "stride": theory.stride, "images": found.n,
            "patch": found.patch, "grid": found.stride, "copies": found.copies,
        }  # fmt: skip
        rows.append(row | {f"side_{round(100 * f)}": round(found.side(f), 1) for f in FRACTIONS})
    return rows


def _tables(opened: Opened, frames: Frames) -> tuple[Tables, dict]:
    fields = {"units_fields": frames["fields"].to_dict("records")}
    if "top" not in frames:
        sizes = {name: len(images) for name, images in opened.parts.items()}
        return fields, {"images": ", ".join(sizes), "n": sum(sizes.values())}
    score, every = frames["score"], frames["ablation"]
    _, test, ten = opened.parts.values()
    some = {"ten of Imagenette": score[score["label"].isin(ten)], "all in the test": score}
    found = {
        "top": frames["units"],
        "purity": tables.purity_table(frames),
        "half": _stacked({k: tables.spread_table(own) for k, own in some.items()}, "classes"),
        "sharing": frames["sharing"],
        "ablation": pd.concat(
            ablation_table(own).assign(among=text)
            for text, own in every.groupby("among", sort=False)
        ),
        "ablation_classes": every.round(3),
    }
    rows = {f"units_{name}": table.to_dict("records") for name, table in found.items()}
    of_test = {"images": test.name, "split": test.split, "n": len(test)}
    tested = ("units_half", "units_ablation", "units_ablation_classes")
    return rows | fields, {"top": tables.TOP} | dict.fromkeys(tested, of_test)


def released_weights(root) -> np.ndarray | None:
    """(1000, 1024) class weights of the authors' GoogLeNet-CAM, or None where they are not."""
    for place in RELEASED:
        path = Path(root) / place
        if path.is_file():
            return np.ascontiguousarray(loadmat(path)["weights_LR"].T, np.float32)
    return None


STUDIES = (Study("units", "section 5, figure 13", _open, _measure, _tables),)
