"""One pass of a network over many images, keeping what section 2 needs."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from ... import views
from ...book.params import Params
from ...cam import cams
from ...data import open_images
from ...data.record import Record
from ...networks import load_network
from ...networks.gap import GapNetwork
from ...stream import batches, decoders, nothing_read, stream

# a profile's own network, data and split
NAMES = {
    "mini": ("mini/googlenet-gap", "mini/objects", "test"),
    "paper": ("caffe/googlenet", "ilsvrc", "val"),
}


def network_and_images(params: Params) -> tuple:
    """The network and the data of notebook 01's parameters; "photos" are the free ones.

    Raises:
        MissingData: one of them is not here.
    """
    network, images, split = NAMES[params.profile]
    net = load_network(params.network or network, params.data_root).to(params.device)
    if params.images == "photos":
        return net, open_images("photos", "all")
    return net, open_images(params.images or images, split, params.data_root)


@dataclass(frozen=True)
class Survey:
    """Scores and maps of N images, all in the view "whole".

    Attributes:
        indices: (N,) positions in the data set. ids: N strings.
        labels: (N,) true classes, -1 where there is none.
        logits: (N, C).
        classes: (N, 5) the best classes.
        maps: (N, 5, h, w) their raw maps.
        label_maps: (N, h, w) maps of the true class (of the best class where there is none).
        other_maps: (N, h, w) maps of the class of another object in the image, as `label_maps`.
        sizes: (N, 2) height and width of the images.
        boxes: for each image the (m, 4) true boxes of its label.
        others: the same of the other object's class, (0, 4) where no other object is known.
        skipped: what could not be read.
    """

    indices: np.ndarray
    ids: list[str]
    labels: Tensor
    logits: Tensor
    classes: Tensor
    maps: Tensor
    label_maps: Tensor
    other_maps: Tensor
    sizes: np.ndarray
    boxes: list[np.ndarray]
    others: list[np.ndarray]
    skipped: list[str]

    def __len__(self) -> int:
        return len(self.indices)


def survey(
    network: GapNetwork, images, device="cpu", limit: int = 0, seed: int = 0, batch: int = 32
) -> Survey:
    """Run the network over a data set, or over `limit` images of it chosen by `seed`.

    Raises:
        CamError: none of them can be read.
    """
    chosen = np.arange(len(images))
    if 0 < limit < len(images):
        chosen = np.sort(np.random.default_rng(seed).choice(len(images), limit, replace=False))
    network = network.to(device)

    def load(i: int):
        record = images[i]
        return record, views.whole(record.image, network.input_spec).tensor

    parts, places, records, unreadable = [], [], [], []
    jobs = batches(chosen.tolist(), batch)
    for chunk in stream(images, load, jobs, workers=decoders(images), desc="survey"):
        unreadable += chunk.unreadable
        if chunk.items:
            own, inputs = zip(*chunk.items, strict=True)
            wanted = torch.tensor([(record.label, _other(record)) for record in own])
            found = cams(network, torch.stack(inputs).to(device), _best_and(wanted))
            tensors = wanted[:, 0], found.logits, found.classes[:, :-2], found.maps
            parts.append([tensor.cpu() for tensor in tensors])
            for record, (label, other) in zip(own, wanted.tolist(), strict=True):
                others = record.boxes_of(other) if other >= 0 else record.boxes[:0]
                records.append((record.image.size[::-1], record.boxes_of(label), others))
            places += chunk.places
    if not records:
        raise nothing_read(images, unreadable)
    labels, logits, classes, maps = (torch.cat(some) for some in zip(*parts, strict=True))
    sizes, boxes, others = zip(*records, strict=True)
    return Survey(
        np.array(places),
        [images.ids[i] for i in places],
        *(labels, logits, classes, maps[:, :-2], maps[:, -2], maps[:, -1]),
        *(np.array(sizes), list(boxes), list(others)),
        [f"{one['path']}: {one['reason']}" for one in unreadable],
    )


def _other(record: Record) -> int:
    """The class of the first object that is not the label's; -1 where none is known."""
    classes = np.array([] if record.box_labels is None else record.box_labels)
    return int(next(iter(classes[classes != record.label]), -1))


def _best_and(wanted: Tensor):
    """For `cams`: the five best classes and the wanted ones (B, n), in the place of -1 the best."""

    def asked(logits: Tensor) -> Tensor:
        best = logits.topk(min(5, logits.shape[1]), dim=1).indices
        own = wanted.to(best.device)
        return torch.cat([best, torch.where(own >= 0, own, best[:, :1])], 1)

    return asked


def correlation(a: Tensor, b: Tensor) -> Tensor:
    """Pearson's correlation of maps, place by place: (..., h, w) twice to (...)."""
    a, b = (m.flatten(-2).double() for m in (a, b))
    a, b = (m - m.mean(-1, keepdim=True) for m in (a, b))
    return (a * b).sum(-1) / (a.norm(dim=-1) * b.norm(dim=-1)).clamp(min=1e-12)
