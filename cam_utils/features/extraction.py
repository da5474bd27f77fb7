"""Deep features of a data set (section 4): one forward pass for each image, kept on the disk."""

import inspect
import re
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import torch
from torch import nn
from tqdm.auto import tqdm

from .. import __file__ as package
from ..errors import CamError
from ..evaluate.protocols import PAPER
from ..evaluate.ready import prepared
from ..evaluate.streaming import ahead
from ..image_maps import spec_of
from ..provenance import source_hash
from ..train.data import digest
from ..train.feature_cache import weights_digest
from .cache import SHARD, Cache, default_folder
from .layers import GAP, check_finite, reader
from .sources import Prepared

_NAME = __package__.split(".")[0]
# the code that the numbers come from, with that of the network: other code, other features
_CODE = (
    *("views.py", "evaluate/streaming.py", "data/files.py", "networks/gap.py", "networks/wrap.py"),
    *("features/extraction.py", "features/layers.py", "features/sources.py"),
)


@dataclass(frozen=True)
class Features:
    """Deep features of the readable images of a data set, in its order.

    Attributes:
        values: (N, K) float32.
        labels: (N,) int64, -1 where the data set has none.
        ids: N strings.
        unreadable: ids of the images that could not be decoded; they have no row.
        identity: what the values depend on: network, weights, layer, images, view, boxes, ...
        places: (N,) int64, the place of each row in the data set.
    """

    values: np.ndarray
    labels: np.ndarray
    ids: list[str]
    unreadable: list[str]
    identity: dict
    places: np.ndarray

    def __len__(self) -> int:
        return len(self.ids)

    def take(self, indices) -> "Features":
        """Some of the rows, given by their numbers (or a bool mask), in that order."""
        rows = np.arange(len(self))[np.asarray(indices)]
        return replace(
            self,
            values=self.values[rows],
            labels=self.labels[rows],
            ids=[self.ids[i] for i in rows],
            identity=self.identity | {"part": digest(np.ascontiguousarray(self.places[rows]))},
            places=self.places[rows],
        )


@torch.inference_mode()
def extract(
    network: nn.Module,
    images,
    layer: str = GAP,
    view: str = "center",
    boxes=None,
    cache: bool | str | Path | None = None,
    device: torch.device | str = "cpu",
    batch: int = 32,
    workers: int | None = None,
    progress: bool = True,
) -> Features:
    """Features (N, K) of all images: what a linear SVM is trained on (section 4, Table 5).

    Pictures are decoded one step ahead of the network and forgotten after it. What was computed is
    kept, and an equal call reads it; one that was interrupted goes on after its last shard.

    Args:
        network: with `input_spec`; any classifier. Plain networks are wrapped for layer "gap".
        images: a data set of `open_images`, or (images (N, H, W, 3) uint8, labels (N,)).
        layer: "gap": what enters the linear layer of a network with global pooling, pooled as the
            network does; also GoogLeNet's "average pool". "fc6", "fc7": after the ReLU. Or any
            layer of `layers.available_layers`.
        view: "center" or "whole", as in `cam_utils.views`.
        boxes: (N, 4) float, a rectangle of each image, xyxy half-open in its own pixels; the
            network sees its crop instead of a view (section 4.1).
        cache: a folder; None: `.build/features` of the checkout, if the package is in one; False:
            nothing is kept. Equal are: network, weights, layer, view, boxes, ids and labels, the
            files' times (or the drawing code), and the code that computes.
        batch: images in one forward pass. workers: threads that decode.

    Raises:
        CamError: unknown layer or view, wrong boxes, no image, none readable, features that are
            not finite, a cache folder that cannot be written.
        NoClassActivationMap: layer "gap" of a network without global pooling.
    """
    if not isinstance(batch, int) or batch < 1:
        raise CamError(f"Found batch={batch!r}; expected a whole number from 1.")
    if layer == GAP:
        network = prepared(network, PAPER)
    read = reader(network.eval(), layer)
    source = Prepared(images, spec_of(network), view, boxes, workers)
    kept = _cache(cache, identity_of(network, layer) | source.identity)
    if found := kept.find():
        return _features(source, kept, *found)
    network.to(device)
    ranges = [range(a, min(a + SHARD, len(source))) for a in range(0, len(source), SHARD)]
    parts = {k: part for k in range(len(ranges)) if (part := kept.find_shard(k))}
    done = sum(len(ranges[k]) for k in parts)
    jobs = [
        (k, range(a, min(a + batch, ranges[k].stop)))
        for k in range(len(ranges))
        if k not in parts
        for a in range(ranges[k].start, ranges[k].stop, batch)
    ]
    name = getattr(network, "name", type(network).__name__)
    rows, places, unreadable = [], [], []
    with tqdm(
        total=len(source), initial=done, unit="img", desc=f"{name} {layer}", disable=not progress
    ) as bar:
        loaded = ahead(lambda job: source.load(job[1]), jobs)
        for (k, indices), (inputs, good, broken) in loaded:
            if inputs is not None:
                values = check_finite(read(inputs.to(device)).float(), layer)
                rows.append(values.cpu().numpy())
            places += good
            unreadable += broken
            bar.update(len(indices))
            if indices.stop == ranges[k].stop:
                part = _part(rows, places), {"unreadable": unreadable}
                kept.keep_shard(k, *part)
                parts[k] = part
                rows, places, unreadable = [], [], []
    return _features(source, kept, *_joined(source, kept, [parts[k] for k in sorted(parts)]))


def identity_of(network: nn.Module, layer: str) -> dict:
    """What features of any picture depend on, as plain values."""
    shape = re.sub(r"0x[0-9a-f]+", "", repr(network))  # addresses differ from run to run
    return {
        "network": getattr(network, "name", type(network).__name__),
        "weights": weights_digest(network),
        "modules": source_hash(shape + getattr(network, "pool", "")),
        "input": asdict(spec_of(network)),
        "layer": layer,
        "code": _code_hash(network),
    }


def _code_hash(network: nn.Module) -> str:
    home = Path(package).parent
    kinds = {type(module) for module in network.modules()}
    own = {inspect.getfile(kind) for kind in kinds if kind.__module__.split(".")[0] == _NAME}
    files = sorted({*(home / name for name in _CODE), *map(Path, own)})
    return source_hash("\0".join(p.read_text() for p in files))


def _cache(cache, identity: dict) -> Cache:
    if cache is None or cache is True:
        return Cache(default_folder(), identity, must=cache is True)
    return Cache(Path(cache) if cache else None, identity)


def _part(rows: list[np.ndarray], places: list[int]) -> dict[str, np.ndarray]:
    values = np.concatenate(rows) if rows else np.zeros((0, 0), np.float32)
    return {"values": values, "places": np.array(places, np.int64)}


def _joined(source: Prepared, kept: Cache, parts: list[tuple]) -> tuple[dict, dict]:
    """All shards as one, kept as the complete file."""
    unreadable = [one for _, note in parts for one in note["unreadable"]]
    parts = [part for part, _ in parts if len(part["places"])]
    if not parts:
        kept.drop()
        raise CamError(
            f"None of the {len(source)} images could be read. The first: {unreadable[0]['path']}: "
            f"{unreadable[0]['reason']}"
        )
    whole = {key: np.concatenate([part[key] for part in parts]) for key in ("values", "places")}
    note = {"unreadable": unreadable}
    kept.keep(whole, note)
    return whole, note


def _features(source: Prepared, kept: Cache, whole: dict, note: dict) -> Features:
    places = whole["places"]
    return Features(
        values=whole["values"],
        labels=source.labels[places],
        ids=[source.ids[i] for i in places],
        unreadable=[one["id"] for one in note["unreadable"]],
        identity=kept.identity,
        places=places,
    )
