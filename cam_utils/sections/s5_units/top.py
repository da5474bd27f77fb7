"""The images of a pool that drive each unit most, found in one pass that keeps only the best."""

from dataclasses import dataclass
from functools import reduce
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from ...distributed import World
from ...errors import CamError
from ...features.inputs import Inputs, batch_of
from ...identity import code_of, of_machine, of_network
from ...image_maps import spec_of
from ...keep import Keeper
from ...networks.gap import GapNetwork
from ...stream import in_shards, nothing_read

SHARD = 256  # images, at least; what a killed pass may lose
SHARDS = 16  # at most: each holds the best of all units, so that memory does not grow with the pool


@dataclass(frozen=True)
class TopImages:
    """The k images of a pool that drive each of the K units most, the strongest first.

    Attributes:
        indices: (K, k) int64 positions in the pool. ids: (K, k) str. labels: (K, k) int64.
        scores: (K, k) float32: the unit's largest activation; the first is its peak.
        maps: (K, k, h, w) float32 the unit's map of each image, in the view "whole".
        unreadable: ids of the images that could not be read.
    """

    indices: np.ndarray
    ids: np.ndarray
    labels: np.ndarray
    scores: np.ndarray
    maps: np.ndarray
    unreadable: list[str]

    def frame(self) -> pd.DataFrame:
        """K * k rows: unit, rank (1 is the strongest), id, label, score."""
        unit, rank = np.indices(self.ids.shape)
        columns = {"unit": unit, "rank": rank + 1, "id": self.ids}
        columns |= {"label": self.labels, "score": self.scores}
        return pd.DataFrame({name: values.ravel() for name, values in columns.items()})


@torch.inference_mode()
def top_images(
    network: GapNetwork,
    images,
    k: int = 12,
    device: torch.device | str = "cpu",
    batch: int = 32,
    cache: bool | str | Path | None = None,
    progress: bool = True,
) -> TopImages:
    """The k images of a pool that drive each unit most; any number of images, flat memory.

    Units are ranked by their largest activation over places, as the released script does; the view
    is "whole", so that maps lie on the whole picture.

    Args:
        network: with global pooling; units are the K maps that enter it.
        images: the pool, a data set of `open_images`, or arrays as in `features.extract`.
        k: images kept for each unit (the released script keeps 12); all of a smaller pool.
        cache: a folder; None: `.build/kept` of the checkout; False: nothing is kept. What was
            found is read again, and a pass that was interrupted goes on.
            Equal are: network, weights, ids, files' times or drawing code, and code.

    Returns:
        TopImages; equal scores in the order of the ids, so that the result depends neither on the
        order of the images nor on the batch.

    Raises:
        CamError: a network without units, no image asked for, nothing readable.
    """
    if not isinstance(network, GapNetwork):
        raise CamError(
            f"{type(network).__name__} has no units that enter a global pooling; wrap it by "
            "as_gap_network."
        )
    if k < 1:
        raise CamError(f"Found k={k}; expected at least one image of each unit.")
    source = Inputs(images, spec_of(network), "whole")
    place = np.empty(len(source), np.int64)  # of each id in alphabetical order
    place[np.argsort(np.array(source.ids), kind="stable")] = np.arange(len(source))

    def best_of(one: dict | None, other: dict) -> dict:
        """The k best of two sets of candidates (K, n, ...); equal scores in the order of ids."""
        both = {n: np.concatenate([one[n], v], 1) for n, v in other.items()} if one else other
        order = np.lexsort((place[both["indices"]], -both["scores"]), axis=1)[:, :k]
        return {
            name: values[np.arange(len(order))[:, None], order] for name, values in both.items()
        }

    def step(best: dict | None, chunk) -> dict:
        maps = network.features(batch_of(chunk.items).to(device)).float().cpu()
        maps = maps.transpose(0, 1).numpy()  # (K, B, h, w)
        places = np.tile(np.array(chunk.places, np.int64), (len(maps), 1))
        return best_of(best, {"scores": maps.max((2, 3)), "indices": places, "maps": maps})

    who = of_network(network) | source.identity | of_machine(device)
    who |= {"k": k, "batch": batch, "code": code_of(__name__)}
    keeper = Keeper.of("top", who, cache)
    if not (kept := keeper.get()):
        network = network.to(device).eval()
        pieces, _ = in_shards(
            source.records,
            source.load,
            step,
            lambda best: best or {},
            keeper,
            shard=max(SHARD, -(-len(source) // SHARDS)),
            batch=batch,
            world=World(0, 1, torch.device(device)),
            workers=source.workers,
            desc="top images",
            progress=progress,
        )
        note = {"unreadable": [one for _, note in pieces for one in note["unreadable"]]}
        good = [best for best, _ in pieces if best]
        if not good:
            keeper.drop_parts()
            raise nothing_read(source.records, note["unreadable"])
        kept = reduce(best_of, good), note
        keeper.put(*kept)
        keeper.drop_parts()
    best, note = kept
    named = {"ids": np.array(source.ids), "labels": source.labels}
    named = {name: values[best["indices"]] for name, values in named.items()}
    return TopImages(**best, **named, unreadable=[one["id"] for one in note["unreadable"]])
