"""What is behind notebook 08: successors, finer maps, attention, scores of maps."""

import numpy as np

from ...data import Subset, open_images, subset
from ...networks import load_network
from ...study import Ask, Frames, Opened, Study, Tables
from . import entries, tables
from .methods import costs
from .quality import quality_table
from .scoring import as_batch, entries_scored

NETWORKS = {
    "successors": {"mini": "mini/googlenet-gap", "paper": "imagenet/efficientnet-lite0"},
    "finer": {"mini": "mini/googlenet", "paper": "imagenet/efficientnet-lite0"},
    "attention": {"paper": "timm/vit_tiny_patch16_224"},
    "scores": {"mini": "mini/googlenet-gap"},
}
STRIDE_LESS = "imagenet/efficientnet-lite0-14x14"
LOWER = {"mini": "trunk.11", "paper": "model.blocks.4"}  # the last layer with 14x14 maps

PICTURES = {"val": 100, "test": 200}  # of the drawn world, by seed
SLOW = {"val": 16, "test": 32}  # of these, for methods of many passes
SCORED = 40  # pictures of test whose maps the scores judge


def _opening(study: str):
    def open_parts(ask: Ask) -> Opened:
        network = load_network(NETWORKS[study][ask.profile], ask.root)
        return Opened({"network": network}, _parts(ask))

    return open_parts


def _parts(ask: Ask) -> dict:
    """ "test" is reported on; thresholds are chosen on "val": of photos, on the other half."""
    if ask.profile == "mini":
        sizes = {part: min(ask.limit or n, n) for part, n in PICTURES.items()}
        found = {p: subset(open_images("mini/objects", p), n, ask.seed) for p, n in sizes.items()}
    else:
        photos = open_images("ilsvrc", "val", ask.root)
        order = np.random.default_rng(ask.seed).permutation(len(photos))
        order = order[: ask.limit] if ask.limit else order
        halves = order[0::2], order[1::2]
        found = {p: Subset(photos, h) for p, h in zip(("val", "test"), halves, strict=True)}
    return {part: found[part] for part in ("test", "val")}


def _scored(network, opened: Opened, some: dict, ask: Ask, most: dict | None = None) -> Frames:
    found = {}
    for part, images in opened.parts.items():
        if most:
            images = Subset(images, range(min(most[part], len(images))))
        own = entries_scored(network, images, some, ask.device)
        found |= {f"{part}|{name}": frame for name, frame in own.items()}
    return found


def _network(opened: Opened, ask: Ask):
    return opened.networks["network"].to(ask.device)


# ---------------------------------------------------------------- successors


def _measure_successors(opened: Opened, ask: Ask) -> Frames:
    network = _network(opened, ask)
    quick = entries.later_methods(slow=False) | entries.nulls(network)
    quick[entries.RANDOM] = entries.with_random_weights(network)
    found = _scored(network, opened, quick, ask)
    if ask.profile == "mini":  # 256 and more passes for each photo by a network of photos
        every = entries.later_methods()
        slow = {name: make for name, make in every.items() if name not in quick}
        found |= _scored(network, opened, slow, ask, SLOW)
    return found


def _tables_successors(opened: Opened, frames: Frames) -> tuple[Tables, dict]:
    return {"after_methods": tables.entry_rows(frames, ("CAM", entries.GAUSSIAN))}, {}


# ---------------------------------------------------------------- finer maps


def _measure_finer(opened: Opened, ask: Ask) -> Frames:
    network = _network(opened, ask)
    some = entries.finer(LOWER[ask.profile])
    if ask.profile == "paper":
        finer = load_network(STRIDE_LESS, ask.root).to(ask.device)
        some["a stride less"] = lambda _network, x, classes: entries.cam(finer, x, classes)
    return _scored(network, opened, some | entries.nulls(), ask)


def _tables_finer(opened: Opened, frames: Frames) -> tuple[Tables, dict]:
    return {"after_finer": tables.entry_rows(frames, (entries.AS_IT_IS,))}, {}


# ---------------------------------------------------------------- attention


def _measure_attention(opened: Opened, ask: Ask) -> Frames:
    network = _network(opened, ask)
    example, _ = as_batch(network, [opened.images[0]], ask.device)
    return _scored(network, opened, entries.of_transformer(network, example) | entries.nulls(), ask)


def _tables_attention(opened: Opened, frames: Frames) -> tuple[Tables, dict]:
    return {
        "after_attention": tables.entry_rows(frames, (entries.PATCH_HEAD, entries.GAUSSIAN))
    }, {}


# ---------------------------------------------------------------- scores of maps


def _measure_scores(opened: Opened, ask: Ask) -> Frames:
    network = _network(opened, ask)
    some = entries.later_methods(slow=False) | entries.nulls(network)
    some[entries.RANDOM] = entries.with_random_weights(network)
    images = Subset(opened.images, range(min(SCORED, len(opened.images))))
    return {"scores": quality_table(network, images, some, ask.device)}


def _tables_scores(opened: Opened, frames: Frames) -> tuple[Tables, dict]:
    frame = frames["scores"]
    found = {"after_scores": tables.quality_rows(frame), "after_ranks": tables.rank_rows(frame)}
    return found, {"n": int(frame["image"].nunique())}


def transformer(profile: str, root=None):
    """The transformer that `attention` is about; None in a profile that has none."""
    name = NETWORKS["attention"].get(profile)
    return load_network(name, root) if name else None


def measured_costs(network, images, device="cpu", count: int = 2) -> dict[str, float]:
    """Each method's time in forward passes, on the first pictures."""
    inputs, classes = as_batch(network, [images[k] for k in range(count)], device)
    return costs(network, inputs, classes)


STUDIES = (
    Study(
        "successors", "after CAM: the successors at equal tuning", _opening("successors"),
        _measure_successors, _tables_successors,
    ),
    Study(
        "finer", "after CAM: finer maps", _opening("finer"), _measure_finer, _tables_finer
    ),
    Study(
        "attention", "after CAM: a transformer's attention", _opening("attention"),
        _measure_attention, _tables_attention, ("paper",),
    ),
    Study(
        "scores", "after CAM: scores of maps without truth", _opening("scores"),
        _measure_scores, _tables_scores, ("mini",),
    ),
)  # fmt: skip
