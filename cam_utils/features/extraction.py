"""Deep features of a data set (section 4): one forward pass for each image, kept on the disk."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from ..distributed import World
from ..errors import CamError
from ..evaluate.protocols import PAPER
from ..evaluate.ready import prepared
from ..hashes import digest
from ..identity import code_of, of_machine, of_network
from ..image_maps import spec_of
from ..keep import Keeper, Piece
from ..stream import Chunk, in_shards, nothing_read
from .inputs import Inputs, batch_of
from .layers import GAP, MAPS, check_finite, reader

SHARD = 1000  # images; what a killed process may lose


@dataclass(frozen=True)
class Features:
    """Deep features of the readable images of a data set, in its order.

    Attributes:
        values: (N, K) float32; (N, K, h, w) of the layer "maps".
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
            network does; also GoogLeNet's "average pool". "maps": the same, not pooled, so that
            values are (N, K, h, w). "fc6", "fc7": after the ReLU. Or any layer of
            `layers.available_layers`.
        view: "center" or "whole", as in `cam_utils.views`.
        boxes: (N, 4) float, a rectangle of each image, xyxy half-open in its own pixels; the
            network sees its crop instead of a view (section 4.1).
        cache: a folder; None: `.build/kept` of the checkout, if the package is in one; False:
            nothing is kept. Equal are: network, weights, layer, view, boxes, ids and labels, the
            files' times (or the drawing code), the code that computes, torch, device and batch.
        batch: images in one forward pass. workers: threads that decode.

    Raises:
        CamError: unknown layer or view, wrong boxes, no image, none readable, features that are
            not finite, a cache folder that cannot be written.
        NoClassActivationMap: layer "gap" of a network without global pooling.
    """
    if not isinstance(batch, int) or batch < 1:
        raise CamError(f"Found batch={batch!r}; expected a whole number from 1.")
    if layer in (GAP, MAPS):
        network = prepared(network, PAPER)
    read = reader(network.eval(), layer)
    source = Inputs(images, spec_of(network), view, boxes, workers)
    identity = of_network(network) | source.identity | of_machine(device)
    identity |= {"layer": layer, "batch": batch, "code": code_of(__name__)}
    keeper = Keeper.of("features", identity, cache)
    if kept := keeper.get():
        return _features(source, identity, *kept)
    network.to(device)
    pieces, unreadable = shards_of(
        lambda inputs: check_finite(read(inputs).float(), layer),
        source,
        keeper,
        shard=SHARD // 10 if layer == MAPS else SHARD,
        batch=batch,
        device=device,
        desc=f"{getattr(network, 'name', type(network).__name__)} {layer}",
        progress=progress,
    )
    good = [arrays for arrays, _ in pieces if len(arrays["places"])]
    whole = {name: np.concatenate([arrays[name] for arrays in good]) for name in good[0]}
    note = {"unreadable": unreadable}
    keeper.put(whole, note)
    keeper.drop_parts()
    return _features(source, identity, whole, note)


def shards_of(
    read: Callable[[Tensor], Tensor],
    source: Inputs,
    keeper: Keeper,
    *,
    device: torch.device | str,
    **how,
) -> tuple[list[Piece], list[dict]]:
    """One pass over inputs, in shards that are kept: "values" and "places" of readable images.

    Args:
        read: (B, 3, S, S) on the device to (B, ...), what is kept.
        how: further arguments of `stream.in_shards`.

    Returns:
        The pieces; what could not be read, as of `stream.Chunk`.

    Raises:
        CamError: nothing could be read.
    """

    def step(rows: list | None, chunk: Chunk) -> list:
        values = read(batch_of(chunk.items).to(device))
        return [*(rows or []), (values.cpu().numpy(), chunk.places)]

    how |= {"world": World(0, 1, torch.device(device)), "workers": source.workers}
    pieces, _ = in_shards(source.records, source.load, step, _packed, keeper, **how)
    unreadable = [one for _, note in pieces for one in note["unreadable"]]
    if len(unreadable) == len(source):
        keeper.drop_parts()
        raise nothing_read(source.records, unreadable)
    return pieces, unreadable


def _packed(rows: list | None) -> dict[str, np.ndarray]:
    values = np.concatenate([v for v, _ in rows]) if rows else np.zeros((0, 0), np.float32)
    places = [place for _, some in rows or [] for place in some]
    return {"values": values, "places": np.array(places, np.int64)}


def _features(source: Inputs, identity: dict, whole: dict, note: dict) -> Features:
    places = whole["places"]
    return Features(
        values=whole["values"],
        labels=source.labels[places],
        ids=[source.ids[i] for i in places],
        unreadable=[one["id"] for one in note["unreadable"]],
        identity=identity,
        places=places,
    )


def joined(parts: Sequence[Features]) -> Features:
    """The rows of all parts; `places` count on through them.

    Raises:
        CamError: the parts are of other networks, layers or views, or there is none.
    """
    if not parts:
        raise CamError("There are no features to join; expected at least one part.")
    if len(parts) == 1:
        return parts[0]
    own = ("network", "weights", "modules", "input", "layer", "view", "code")
    odd = sorted(k for p in parts for k in own if p.identity[k] != parts[0].identity[k])
    if odd:
        raise CamError(
            f"The features differ in {', '.join(dict.fromkeys(odd))}; join only features of one "
            "layer of one network, of one view."
        )
    starts = np.cumsum([0, *(p.identity["n"] for p in parts[:-1])])
    of_parts = [p.identity.get(k) for p in parts for k in ("images", "split", "ids", "part")]
    return Features(
        values=np.concatenate([p.values for p in parts]),
        labels=np.concatenate([p.labels for p in parts]),
        ids=[one for p in parts for one in p.ids],
        unreadable=[one for p in parts for one in p.unreadable],
        identity=parts[0].identity
        | {
            "n": int(starts[-1]) + parts[-1].identity["n"],
            "joined": digest(str(of_parts).encode()),
        },
        places=np.concatenate([p.places + s for p, s in zip(parts, starts, strict=True)]),
    )
