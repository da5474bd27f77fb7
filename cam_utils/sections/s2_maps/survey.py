"""One pass of a network over many images, keeping what section 2 needs."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from ... import views
from ...cam import cams, class_activation_maps
from ...errors import CamError
from ...metrics.intervals import Rate, rate
from ...networks.gap import GapNetwork
from ...networks.wrap import check_identity_once
from ...stream import batches, decoders, stream


@dataclass(frozen=True)
class Survey:
    """Scores and maps of N images, all in the view "whole".

    Attributes:
        indices: (N,) positions in the data set.
        labels: (N,) true classes, -1 where there is none.
        logits: (N, C).
        classes: (N, 5) the best classes.
        maps: (N, 5, h, w) their raw maps.
        label_maps: (N, h, w) maps of the true class (of the best class where there is none).
        sizes: (N, 2) height and width of the images.
        boxes: for each image the (m, 4) true boxes of its label.
        skipped: what could not be read.
    """

    indices: np.ndarray
    labels: Tensor
    logits: Tensor
    classes: Tensor
    maps: Tensor
    label_maps: Tensor
    sizes: np.ndarray
    boxes: list[np.ndarray]
    skipped: list[str]

    def __len__(self) -> int:
        return len(self.indices)


def survey(
    network: GapNetwork, images, device="cpu", limit: int = 0, seed: int = 0, batch: int = 32
) -> Survey:
    """Run the network over a data set, or over `limit` images of it chosen by `seed`."""
    count = len(images)
    chosen = np.arange(count)
    if 0 < limit < count:
        chosen = np.sort(np.random.default_rng(seed).choice(count, limit, replace=False))
    network = network.to(device)

    def load(i: int):
        record = images[i]
        return record, views.whole(record.image, network.input_spec).tensor

    parts, places, records, skipped = [], [], [], []
    jobs = batches(chosen.tolist(), batch)
    for chunk in stream(images, load, jobs, workers=decoders(images), desc="survey"):
        skipped += [f"{one['path']}: {one['reason']}" for one in chunk.unreadable]
        if chunk.items:
            own, inputs = zip(*chunk.items, strict=True)
            parts.append(_forward(network, torch.stack(inputs).to(device), own))
            records += [(r.image.size, r.boxes_of(r.label)) for r in own]
            places += chunk.places
    if not records:
        raise CamError(f"None of the {count} images of {images.name} could be read.")
    joined = [torch.cat(tensors) for tensors in zip(*parts, strict=True)]
    return Survey(
        np.array(places),
        *joined,
        sizes=np.array([size[::-1] for size, _ in records]),
        boxes=[b for _, b in records],
        skipped=skipped,
    )


def _forward(network, inputs, records):
    """One forward pass; maps of the five best classes and of the true one from its features."""
    labels = torch.tensor([r.label for r in records])
    with torch.inference_mode():
        logits, features = network.logits_and_features(inputs)
        check_identity_once(network, logits, features)
        best = logits.topk(min(5, logits.shape[1]), dim=1).indices
        wanted = torch.where(labels >= 0, labels, best[:, 0].cpu()).to(best.device)
        rows = network.class_weights[torch.cat([best, wanted[:, None]], 1)]
        maps = class_activation_maps(features, rows)
    logits, best, maps = (t.cpu().clone() for t in (logits, best, maps))
    return labels, logits, best, maps[:, :-1], maps[:, -1]


def peaks(maps: Tensor, sizes: np.ndarray) -> np.ndarray:
    """(N, 2) x, y in pixels of the original images: the centre of each map's highest cell.

    Args:
        maps: (N, h, w) of the view "whole".
        sizes: (N, 2) height and width.
    """
    h, w = maps.shape[1:]
    best = maps.flatten(1).argmax(1).numpy()
    rows, columns = best // w, best % w
    return np.stack([(columns + 0.5) / w * sizes[:, 1], (rows + 0.5) / h * sizes[:, 0]], 1)


def inside(points: np.ndarray, boxes: list[np.ndarray]) -> np.ndarray:
    """(N,) bool: the point lies in one of the image's boxes (the pointing game)."""
    return np.array([
        bool(((b[:, :2] <= p) & (p < b[:, 2:])).all(1).any()) if len(b) else False
        for p, b in zip(points, boxes, strict=True)
    ])  # fmt: skip


def correlation(a: Tensor, b: Tensor) -> Tensor:
    """Pearson's correlation of maps, place by place: (..., h, w) twice to (...)."""
    a, b = (m.flatten(-2).double() for m in (a, b))
    a, b = (m - m.mean(-1, keepdim=True) for m in (a, b))
    return (a * b).sum(-1) / (a.norm(dim=-1) * b.norm(dim=-1)).clamp(min=1e-12)


def second_object(
    network: GapNetwork, images, seen: Survey, device="cpu", limit: int = 240
) -> tuple[Rate, Rate] | None:
    """Do maps find an object that is not the label? None where no data says where others are.

    For images that also hold an object of another class: how often the map of *its* class peaks
    on it, and how often the map of the label does.
    """
    found = []
    for index in seen.indices:
        record = images[int(index)]
        if record.box_labels is None or len(found) == limit:
            break
        extra = record.box_labels[record.box_labels != record.label]
        if len(extra):
            found.append((record, int(extra[0])))
    if not found:
        return None
    tensors = torch.stack([views.whole(r.image, network.input_spec).tensor for r, _ in found])
    classes = torch.tensor([[other, r.label] for r, other in found])
    maps = [
        cams(network, t.to(device), c).maps.cpu()
        for t, c in zip(tensors.split(32), classes.split(32), strict=True)
    ]
    maps = torch.cat(maps)
    sizes = np.array([r.image.size[::-1] for r, _ in found])
    truth = [r.boxes_of(other) for r, other in found]
    own, label = (rate(inside(peaks(maps[:, k], sizes), truth)) for k in (0, 1))
    return own, label
