"""The images of a pool that drive a unit most, found in one pass that keeps only the best."""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from ...distributed import World
from ...errors import CamError
from ...features.inputs import Inputs, batch_of
from ...hashes import digest
from ...identity import code_of, of_machine, of_network
from ...image_maps import spec_of
from ...keep import Keeper
from ...networks.gap import GapNetwork
from ...stream import in_shards, nothing_read

SCORES = ("max", "mean")

SHARD = 256  # images; what a killed pass may lose


@dataclass
class TopImages:
    """The k images of a pool that drive each of U units most, the strongest first.

    Attributes:
        units: (U,) int64.
        indices: (U, k) int64 positions in the pool. ids: (U, k) str. labels: (U, k) int64.
        scores: (U, k) float32: the unit's largest activation, or its mean.
        maps: (U, k, h, w) float32 the unit's map of each image.
        n: images that were seen. unreadable: ids of those that could not be.
        identity: network, pool, view and score, as plain values.
    """

    units: np.ndarray
    indices: np.ndarray
    ids: np.ndarray
    labels: np.ndarray
    scores: np.ndarray
    maps: np.ndarray
    n: int = 0
    unreadable: list[str] = field(default_factory=list)
    identity: dict = field(default_factory=dict)

    def peak(self, unit: int) -> float:
        """The unit's largest activation over its top images: 1 on the scale of `segment`."""
        return float(self.maps[self.row(unit)].max())

    def row(self, unit: int) -> int:
        """Where a unit is in these arrays; CamError if it is not."""
        found = np.flatnonzero(self.units == unit)
        if not len(found):
            raise CamError(
                f"Unit {unit} is not among the {len(self.units)} units that top images were "
                "collected for."
            )
        return int(found[0])


@torch.inference_mode()
def top_images(
    network: GapNetwork,
    images,
    units=None,
    k: int = 12,
    device: torch.device | str = "cpu",
    batch: int = 32,
    score: str = "max",
    view: str = "whole",
    cache: bool | str | Path | None = None,
    workers: int | None = None,
    progress: bool = True,
) -> TopImages:
    """The k images of a pool that drive each unit most; any number of images, constant memory.

    Args:
        network: with global pooling; units are the K maps that enter it.
        images: the pool, a data set of `open_images`, or arrays as in `features.extract`.
        units: which; None: all K.
        k: images kept for each unit (the released script keeps 12); all of a smaller pool.
        score: "max", the largest activation over places, as the released script ranks; or "mean".
        view: "whole" (maps then lie on the whole picture) or "center".
        cache: a folder; None: `.build/kept` of the checkout; False: nothing is kept. What was
            found is read again, and a pass that was interrupted goes on.
            Equal are: network, weights, units, view, ids, files' times or drawing code, and code.
        workers: threads that decode.

    Returns:
        TopImages; equal scores in the order of the ids, so that the result depends neither on the
        order of the images nor on the batch.

    Raises:
        CamError: a unit that does not exist, an unknown score or view, nothing readable.
    """
    if not isinstance(network, GapNetwork):
        raise CamError(
            f"{type(network).__name__} has no units that enter a global pooling; wrap it by "
            "as_gap_network."
        )
    if score not in SCORES or view not in ("whole", "center") or k < 1:
        raise CamError(
            f"Found score={score!r}, view={view!r}, k={k}; expected max or mean, whole or center, "
            "and at least one image."
        )
    width = network.class_weights.shape[1]
    units = np.arange(width) if units is None else np.asarray(units, np.int64).reshape(-1)
    if len(units) == 0 or units.min() < 0 or units.max() >= width:
        raise CamError(f"Found units {units[:5].tolist()} …; expected some of 0 to {width - 1}.")
    source = Inputs(images, spec_of(network), view, workers=workers)
    place = np.empty(len(source), np.int64)  # of each id in alphabetical order
    place[np.argsort(np.array(source.ids), kind="stable")] = np.arange(len(source))
    who = of_network(network) | source.identity | of_machine(device)
    who |= {"units": digest(units), "k": k, "score": score, "batch": batch}
    keeper = Keeper.of("top", who | {"code": code_of(__name__)}, cache)
    if not (kept := keeper.get()):
        network = network.to(device).eval()

        def step(best: dict | None, chunk) -> dict:
            maps = network.features(batch_of(chunk.items).to(device))[:, units].float().cpu()
            return _best([best, _candidates(maps, chunk.places, source.labels, score)], place, k)

        pieces, _ = in_shards(
            source.records,
            source.load,
            step,
            lambda best: best or {},
            keeper,
            shard=SHARD,
            batch=batch,
            world=World(0, 1, torch.device(device)),
            workers=source.workers,
            desc="top images",
            progress=progress,
        )
        note = {"unreadable": [one for _, note in pieces for one in note["unreadable"]]}
        kept = _best([best for best, _ in pieces], place, k), note
        if not kept[0]:
            keeper.drop_parts()
            raise nothing_read(source.records, note["unreadable"])
        keeper.put(*kept)
        keeper.drop_parts()
    best, note = kept
    lost = [one["id"] for one in note["unreadable"]]
    names = np.array(source.ids)[best["indices"]]
    return TopImages(
        units, ids=names, n=len(source) - len(lost), unreadable=lost, identity=who, **best
    )


def _candidates(maps: Tensor, places: list[int], labels: np.ndarray, score: str) -> dict:
    """A batch of maps (B, U, h, w) as its units' candidates: arrays (U, B, ...)."""
    ranked = maps.amax((2, 3)) if score == "max" else maps.mean((2, 3))
    count = maps.shape[1]
    return {
        "scores": ranked.numpy().T,
        "indices": np.tile(np.array(places, np.int64), (count, 1)),
        "labels": np.tile(labels[places], (count, 1)),
        "maps": maps.permute(1, 0, 2, 3).numpy(),
    }


def _best(candidates: list[dict | None], place: np.ndarray, k: int) -> dict:
    """The k best of several sets of candidates; equal scores in the order of the ids."""
    candidates = [some for some in candidates if some]
    if not candidates:
        return {}
    both = {n: np.concatenate([some[n] for some in candidates], 1) for n in candidates[0]}
    order = np.lexsort((place[both["indices"]], -both["scores"]), axis=1)[:, :k]
    rows = np.arange(len(order))[:, None]
    return {name: values[rows, order] for name, values in both.items()}
