"""The images of a pool that drive a unit most, found in one pass that keeps only the best."""

import json
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from tqdm.auto import tqdm

from ..errors import CamError
from ..evaluate.streaming import ahead
from ..features.cache import default_folder
from ..features.extraction import identity_of
from ..features.layers import GAP
from ..features.sources import Prepared
from ..image_maps import spec_of
from ..networks.gap import GapNetwork
from ..provenance import replacing, source_hash

SCORES = ("max", "mean")
_EVERY = 20  # batches between two notes of how far a pass is


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
        cache: a folder; None: `.build/features` of the checkout; False: nothing is kept. What was
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
    source = Prepared(images, spec_of(network), view, workers=workers)
    place = np.empty(len(source), np.int64)  # of each id in alphabetical order
    place[np.argsort(np.array(source.ids), kind="stable")] = np.arange(len(source))
    who = identity_of(network, GAP) | source.identity
    who |= {"units": source_hash(json.dumps(units.tolist())), "k": k, "score": score}
    kept = _Kept(cache, who)
    best, done, seen, unreadable = kept.read()
    network = network.to(device).eval()
    jobs = [range(a, min(a + batch, len(source))) for a in range(done, len(source), batch)]
    bar = tqdm(total=len(source), initial=done, unit="img", desc="top images", disable=not progress)
    with bar:
        for count, (job, (inputs, good, broken)) in enumerate(ahead(source.load, jobs), 1):
            unreadable += [b["id"] for b in broken]
            if good:
                maps = network.features(inputs.to(device))[:, units].float().cpu()
                labels = source.labels[good]
                best = _better(best, _ranked(maps, score), good, labels, maps, place, k)
                seen += len(good)
            bar.update(len(job))
            if count % _EVERY == 0 or job.stop == len(source):
                kept.write(best, job.stop, seen, unreadable)
    if not best:
        raise CamError(f"None of the {len(source)} images of {source.records.name} could be read.")
    names = np.array(source.ids)[best["indices"]]
    return TopImages(units, ids=names, n=seen, unreadable=unreadable, identity=who, **best)


def _ranked(maps: Tensor, score: str) -> np.ndarray:
    """(B, U) scores of maps (B, U, h, w)."""
    return (maps.amax((2, 3)) if score == "max" else maps.mean((2, 3))).numpy()


def _better(best: dict, scores, indices, labels, maps, place, k: int) -> dict:
    """The k best of what was best so far and a batch: scores (B, U), maps (B, U, h, w)."""
    indices = np.asarray(indices, np.int64)
    count = scores.shape[1]
    new = {
        "scores": scores.T,
        "indices": np.tile(indices, (count, 1)),
        "labels": np.tile(labels, (count, 1)),
    }
    fresh = maps.permute(1, 0, 2, 3).numpy()
    old = best["scores"].shape[1] if best else 0
    both = {n: np.concatenate([best[n], v], 1) for n, v in new.items()} if best else new
    order = np.lexsort((place[both["indices"]], -both["scores"]), axis=1)[:, :k]
    merged = {n: np.take_along_axis(v, order, 1) for n, v in both.items()}
    kept = np.empty((count, order.shape[1], *fresh.shape[2:]), np.float32)
    rows, columns = np.nonzero(order < old)
    if len(rows):
        kept[rows, columns] = best["maps"][rows, order[rows, columns]]
    rows, columns = np.nonzero(order >= old)
    kept[rows, columns] = fresh[rows, order[rows, columns] - old]
    return merged | {"maps": kept}


class _Kept:
    """The file of a pass: what is best so far, and how far it is."""

    def __init__(self, folder: bool | str | Path | None, who: dict):
        self.who = json.dumps(who, sort_keys=True)
        folder = default_folder() if folder in (None, True) else folder
        self.path = Path(folder) / f"top-{source_hash(self.who)}.npz" if folder else None

    def read(self) -> tuple[dict, int, int, list[str]]:
        """best, images done, images seen, unreadable ids."""
        if self.path is None or not self.path.exists():
            return {}, 0, 0, []
        with np.load(self.path) as file:
            note = json.loads(str(file["note"]))
            best = {n: file[n] for n in ("scores", "indices", "labels", "maps") if n in file}
        return best, note["done"], note["seen"], note["unreadable"]

    def write(self, best: dict, done: int, seen: int, unreadable: list[str]) -> None:
        if self.path is None:
            return
        note = {"done": done, "seen": seen, "unreadable": unreadable, "identity": self.who}
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(self.path) as part, open(part, "wb") as file:
            np.savez(file, note=json.dumps(note), **best)
