"""What training reads, arrays or data sets of photos, and in which order.

The order of an epoch is drawn from (seed, epoch) alone, so that it depends neither on the number
of processes nor on whether the run was interrupted.
"""

import os
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import cv2
import numpy as np
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset

from ..data.arrays import ArrayRecords
from ..distributed import World
from ..errors import BrokenImage, CamError, MissingData
from ..hashes import digest
from ..networks.gap import InputSpec
from .augment import augment, crop, drawn_change
from .recipe import Recipe, steps_per_epoch, total_steps

Plan = Iterator[list[tuple[int, int]]]  # for each step the (epoch, index) of its images


class Batch(NamedTuple):
    """One process's part of a step.

    Attributes:
        inputs: (b, 3, S, S) uint8, or cached features (b, K, h, w) float16.
        labels: (b,) int64.
        weights: (b,) float32: ones; one zero where the part has no image, since the processes
            must all take part in every step.
        indices: (b,) int64, places in the data set; -1 for no image.
        skipped: how many images could not be decoded.
    """

    inputs: Tensor
    labels: Tensor
    weights: Tensor
    indices: Tensor
    skipped: int


def plan(images: int, recipe: Recipe, start: int, world: World) -> Plan:
    """This process's images of each step from `start` on."""
    per_epoch, order, ordered = steps_per_epoch(images, recipe), None, -1
    for step in range(start, total_steps(images, recipe)):
        epoch, place = divmod(step, per_epoch)
        if epoch != ordered:
            order = np.random.default_rng([0, recipe.seed, epoch]).permutation(images)
            ordered = epoch
        chosen = order[place * recipe.batch : (place + 1) * recipe.batch].tolist()
        yield [(epoch, index) for index in world.share(chosen)]


class ArrayBatches:
    """Images (N, H, W, 3) uint8 in memory, of the network's input size, and N labels.

    Attributes:
        labels: (N,) int64. identity: what tells this data from other data.
    """

    def __init__(self, images: np.ndarray, labels):
        records = ArrayRecords(images, labels)
        self.images, self.labels = records.images, records.labels
        content = digest(np.ascontiguousarray(images), self.labels)
        self.identity = {"name": records.name, "images": len(images), "content": content}

    def batches(self, steps: Plan, recipe: Recipe, spec: InputSpec, workers) -> Iterator[Batch]:
        for step in steps:
            epochs_and_indices = step or [(0, 0)]
            indices = torch.tensor([i for _, i in epochs_and_indices])
            images = self.images[indices]
            if recipe.mirror or recipe.shift:
                draws = [drawn_change(recipe, e, i)[1:] for e, i in epochs_and_indices]
                mirrored = torch.tensor([d[0] for d in draws])
                images = augment(images, mirrored, torch.tensor([d[1:] for d in draws]))
            labels = torch.from_numpy(self.labels)[indices]
            yield Batch(images, labels, torch.full((len(indices),), bool(step) * 1.0), indices, 0)


class PhotoBatches(Dataset):
    """A data set of `Record`s, decoded and cropped by the workers of a DataLoader.

    Attributes: as of `ArrayBatches`.
    """

    def __init__(self, records):
        self.records = records
        self.labels = np.array([records.label(i) for i in range(len(records))], np.int64)
        self.identity = {
            "name": records.name,
            "split": records.split,
            "images": len(records),
            "content": digest("\n".join(records.ids).encode(), self.labels),
        }

    def batches(self, steps: Plan, recipe: Recipe, spec: InputSpec, workers) -> Iterator[Batch]:
        if workers is None:
            workers = min(8, os.cpu_count() or 1)
        self.recipe, self.spec = recipe, spec
        return iter(
            DataLoader(
                self,
                batch_sampler=steps,
                collate_fn=self.collate,
                num_workers=workers,
                worker_init_fn=_one_thread,
                # a forked worker inherits OpenCV's and torch's locked thread pools and may hang
                multiprocessing_context="spawn" if workers else None,
                pin_memory=torch.cuda.is_initialized(),
                prefetch_factor=4 if workers else None,
                generator=torch.Generator(),  # else it would draw from that of dropout
            )
        )

    def __getitem__(self, item: tuple[int, int]) -> tuple[Tensor, int] | None:
        """(3, S, S) uint8 and the index of an image in an epoch; None if it is broken."""
        epoch, index = item
        try:
            image = self.records[index].image
        except (BrokenImage, MissingData):
            return None
        rng, mirrored, dy, dx = drawn_change(self.recipe, epoch, index)
        pixels = crop(image, self.spec, self.recipe.crop, rng)
        if self.recipe.crop in ("random", "area"):
            return (pixels.flip(2) if mirrored else pixels), index
        moved = augment(pixels[None], torch.tensor([mirrored]), torch.tensor([[dy, dx]]))
        return moved[0], index

    def collate(self, items: list) -> Batch:
        good = [item for item in items if item is not None]
        skipped = len(items) - len(good)
        if not good:
            none = torch.zeros(1, dtype=torch.int64)
            empty = torch.zeros(1, 3, self.spec.size, self.spec.size, dtype=torch.uint8)
            return Batch(empty, none, torch.zeros(1), none - 1, skipped)
        indices = torch.tensor([index for _, index in good])
        inputs = torch.stack([pixels for pixels, _ in good])
        labels = torch.from_numpy(self.labels)[indices]
        return Batch(inputs, labels, torch.ones(len(good)), indices, skipped)


def check_labels(
    labels: np.ndarray, network: nn.Module, names: Sequence[str] | None = None
) -> None:
    """Refuse images that cannot teach, or measure, all classes of a network.

    Raises:
        CamError: no image, images without label, a label out of range, a class without image.
    """
    if not len(labels):
        raise CamError("There is no image: the data set is empty. Check its folder.")
    bias = getattr(network, "class_bias", None)
    classes = len(bias) if bias is not None else len(names or []) or int(labels.max()) + 1
    if names and len(names) != classes:
        raise CamError(
            f"The network has {classes} classes and the data set {len(names)}; expected the same "
            "classes in the same order. Build the network for this data set."
        )
    if labels.min() < 0 or labels.max() >= classes:
        raise CamError(
            f"Found labels from {labels.min()} to {labels.max()}; expected 0 to {classes - 1} (-1 "
            "is an image without label: each needs one)."
        )
    missing = np.flatnonzero(np.bincount(labels, minlength=classes) == 0)
    if len(missing):
        shown = ", ".join(str(names[i] if names else i) for i in missing[:5])
        raise CamError(
            f"{len(missing)} of {classes} classes have no image ({shown}"
            f"{', …' if len(missing) > 5 else ''}); expected at least one of each. A folder may "
            "be missing or empty: unpack the data set again, or build a network without them."
        )


def _one_thread(worker: int) -> None:
    cv2.setNumThreads(1)
