"""Features of a frozen trunk, computed once and kept on the disk, to train the layers after it.

One view of each image is kept, so there is no augmentation but mirrored copies of the data set
(`data.joined.WithMirrored`): a quick way to a good start for the new layers of section 3.1, not
the paper's own training.
"""

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from ..errors import CamError
from ..features.extraction import shards_of
from ..features.inputs import Inputs
from ..hashes import digest, weights_digest
from ..identity import code_of, of_machine, of_network
from ..keep import Keeper
from ..networks.topped import CutNetwork
from .augment import network_input
from .batches import Batch, Plan
from .recipe import Recipe

_SHARD = 100  # images in a file; what a killed process may lose


@dataclass(frozen=True)
class CachedFeatures:
    """Trunk outputs (K, h, w) float16 of the readable images of a data set, left on the disk.

    Attributes:
        places: (N,) places in the data set of the images that could be decoded.
        labels: (N,) int64, theirs.
        unreadable: ids of those that could not.
        identity: what the features depend on: trunk, images, view, ...
        shards: the kept files, to be sliced. where: (N, 2) file of each image, and row in it.
    """

    places: np.ndarray
    labels: np.ndarray
    unreadable: list[str]
    identity: dict
    shards: list
    where: np.ndarray

    def maps(self, rows: Iterable[int]) -> Tensor:
        """(b, K, h, w) float16: some of the N, read from the disk."""
        found = [self.shards[shard][row : row + 1] for shard, row in self.where[rows].tolist()]
        return torch.from_numpy(np.concatenate(found))

    def take(self, places: np.ndarray) -> "CachedFeatures":
        """The features of some of the images, given by their places in the data set."""
        chosen = np.isin(self.places, places)
        return replace(
            self,
            places=self.places[chosen],
            labels=self.labels[chosen],
            identity=self.identity | {"part": digest(self.places[chosen])},
            where=self.where[chosen],
        )

    def model(self, network: nn.Module) -> nn.Module:
        """The layers of the network after its trunk.

        Raises:
            CamError: the network has no such layers, or another trunk.
        """
        check_cut(network)
        found = weights_digest(network.trunk)
        if found != self.identity["weights"]:
            raise CamError(
                f"The features were made with the trunk {self.identity['weights']}, the network's "
                f"is {found}; run cache_features with this network."
            )
        return Head(network)

    def batches(self, steps: Plan, recipe: Recipe, spec, workers) -> Iterator[Batch]:
        for step in steps:
            rows = np.array([index for _, index in step] or [0])
            weights = torch.full((len(rows),), bool(step) * 1.0)
            labels = torch.from_numpy(self.labels[rows])
            yield Batch(self.maps(rows), labels, weights, torch.from_numpy(rows), 0)


class Head(nn.Module):
    """Convolution, pooling and linear layer of a `CutNetwork`: trunk outputs to logits (B, C)."""

    def __init__(self, network: CutNetwork):
        super().__init__()
        self.cam_conv, self.cam_fc = network.cam_conv, network.cam_fc
        self._network = (network,)  # in a tuple, so that the trunk is no part of this module

    def forward(self, maps: Tensor) -> Tensor:
        return self._network[0].classify(self.cam_conv(maps).relu())


@torch.inference_mode()
def cache_features(
    network: CutNetwork,
    images,
    folder: str | Path,
    view: str = "center",
    device: torch.device | str = "cpu",
    batch: int = 32,
    progress: bool = True,
) -> CachedFeatures:
    """Trunk outputs of all images; a call that was interrupted goes on where it stopped.

    The pixels that the trunk sees are those of `cam_utils.train.fit` with the recipe's crop of
    that name. One process computes them, before `torchrun`; all may then train on the files.

    Args:
        images: (images, labels) or a data set, as in `cam_utils.train.fit`.
        folder: where the files lie, in a folder of their own, for `keep.Keeper`.
        view: "center" or "whole", as in `Recipe.crop`; arrays have the network's size.

    Raises:
        CamError: the network has no trunk, the folder cannot be written, all images are broken,
            or a feature exceeds the range of float16.
    """
    check_cut(network)
    view = "whole" if isinstance(images, tuple) else view
    source = Inputs(images, network.input_spec, view)
    identity = of_network(network.trunk) | source.identity | of_machine(device)
    identity |= {"input": asdict(network.input_spec), "batch": batch, "code": code_of(__name__)}
    keeper = Keeper.of("trunk features", identity, folder)
    network.to(device).eval()
    _check_chain(network, device)
    _, lost = shards_of(
        lambda inputs: _half(network.trunk(inputs)),
        source,
        keeper,
        device=device,
        shard=_SHARD,
        batch=batch,
        lazy=True,
        desc="features of the trunk",
        progress=progress,
    )
    unreadable = [one["id"] for one in lost]
    places = np.flatnonzero(~np.isin(source.ids, unreadable))
    shard = places // _SHARD
    return CachedFeatures(
        places=places,
        labels=source.labels[places],
        unreadable=unreadable,
        identity=identity,
        shards=[keeper.rows("values", part) for part in keeper.parts()],
        where=np.stack([shard, np.arange(len(places)) - np.searchsorted(shard, shard)], 1),
    )


@torch.inference_mode()
def scores(network: CutNetwork, features: CachedFeatures, batch: int = 50) -> Tensor:
    """Logits (N, C) of the cached images, in float32: the network without its trunk.

    Raises:
        CamError: the network has no trunk, or another one than the features.
    """
    head, parts = features.model(network).eval(), []
    device = network.class_weights.device
    for start in range(0, len(features.places), batch):
        maps = features.maps(range(start, min(start + batch, len(features.places))))
        parts.append(head(network_input(maps.to(device), network.input_spec)).cpu())
    return torch.cat(parts)


def check_cut(network: nn.Module) -> None:
    """Refuse, with `CamError`, a network that is not a trunk with new layers after it."""
    if not isinstance(network, CutNetwork):
        raise CamError(
            f"{type(network).__name__} has no trunk with new layers after it; cached features need "
            "a network of cam_utils.networks.surgery (CutNetwork)."
        )


def _check_chain(network: CutNetwork, device) -> None:
    side = network.input_spec.size
    noise = torch.rand(1, 3, side, side, generator=torch.Generator().manual_seed(0)).to(device)
    if not torch.allclose(Head(network)(network.trunk(noise)), network(noise), 1e-3, 1e-5):
        raise CamError(
            "The network is not its trunk, a convolution, a pooling and a linear layer, one after "
            "the other, so its new layers cannot be trained on features of the trunk."
        )


def _half(maps: Tensor) -> Tensor:
    half = maps.half()
    if not torch.isfinite(half).all():
        raise CamError(
            f"The trunk's features reach {maps.abs().max().item():g}, beyond float16 (65504); "
            "scale the trunk's output, or train through the trunk."
        )
    return half
