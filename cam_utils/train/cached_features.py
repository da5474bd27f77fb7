"""Features of a frozen trunk as they lie on the disk, and the layers that are trained on them."""

import copy
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from ..errors import CamError
from ..hashes import digest, weights_digest
from ..networks.topped import CutNetwork
from .batches import Batch, Plan
from .recipe import Recipe


class CachedFeatures:
    """Trunk outputs (N, K, h, w) float16, memory-mapped from a file of `cache_features`.

    Attributes:
        places: (N,) places in the data set of the images that could be decoded.
        labels: (N,) int64, theirs.
        unreadable: places in the data set of those that could not.
        identity: trunk, data and view.
    """

    def __init__(self, file: str | Path):
        self.file = Path(file)
        try:
            note = json.loads(self.file.with_suffix(".json").read_text())
            self.maps = np.load(self.file, mmap_mode="r")
            self.identity, self.unreadable = note["identity"], note["unreadable"]
            labels = np.array(note["labels"], np.int64)
        except (OSError, ValueError, KeyError) as error:
            raise CamError(
                f"{file} is not a complete feature file ({error}). Remove it and its .json, and "
                "run cache_features again."
            ) from error
        self.places = np.setdiff1d(np.arange(len(labels)), self.unreadable)
        self.labels = labels[self.places]

    def take(self, places: np.ndarray) -> "CachedFeatures":
        """The features of some of the images, given by their places in the data set."""
        chosen = np.isin(self.places, places)
        part = copy.copy(self)
        part.places, part.labels = self.places[chosen], self.labels[chosen]
        part.identity = self.identity | {"part": digest(part.places)}
        return part

    def model(self, network: nn.Module) -> nn.Module:
        """The layers of the network after its trunk.

        Raises:
            CamError: the network has no such layers, or another trunk.
        """
        check_cut(network)
        found = weights_digest(network.trunk)
        if found != self.identity["trunk"]:
            raise CamError(
                f"{self.file} was made with the trunk {self.identity['trunk']}, the network's is "
                f"{found}; run cache_features with this network."
            )
        return Head(network)

    def prepare(self, inputs: Tensor, spec) -> Tensor:
        return inputs.float().contiguous(memory_format=torch.channels_last)

    def batches(self, steps: Plan, recipe: Recipe, spec, workers) -> Iterator[Batch]:
        for step in steps:
            indices = np.array([index for _, index in step] or [0])
            maps = torch.from_numpy(self.maps[self.places[indices]])
            weights = torch.full((len(indices),), bool(step) * 1.0)
            labels = torch.from_numpy(self.labels[indices])
            yield Batch(maps, labels, weights, torch.from_numpy(indices), 0)


class Head(nn.Module):
    """Convolution, pooling and linear layer of a `CutNetwork`: trunk outputs to logits (B, C)."""

    def __init__(self, network: CutNetwork):
        super().__init__()
        self.cam_conv, self.cam_fc = network.cam_conv, network.cam_fc
        self._network = (network,)  # in a tuple, so that the trunk is no part of this module

    def forward(self, maps: Tensor) -> Tensor:
        return self._network[0].classify(self.cam_conv(maps).relu())


@torch.inference_mode()
def scores(network: CutNetwork, features: CachedFeatures, batch: int = 50) -> Tensor:
    """Logits (N, C) of the cached images, in float32: the network without its trunk.

    Raises:
        CamError: the network has no trunk, or another one than the features.
    """
    head, parts = features.model(network).eval(), []
    for start in range(0, len(features.places), batch):
        maps = torch.from_numpy(features.maps[features.places[start : start + batch]])
        parts.append(head(features.prepare(maps, network.input_spec)))
    return torch.cat(parts)


def check_cut(network: nn.Module) -> None:
    """Refuse, with `CamError`, a network that is not a trunk with new layers after it."""
    if not isinstance(network, CutNetwork):
        raise CamError(
            f"{type(network).__name__} has no trunk with new layers after it; cached features need "
            "a network of cam_utils.networks.surgery (CutNetwork)."
        )
