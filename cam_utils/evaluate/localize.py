"""Rows of the evaluation's table: classes, maps, boxes and their overlap, batch by batch."""

from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from threading import Lock

import numpy as np
import pandas as pd
import torch
from torch import Tensor, nn

from .. import boxes
from ..boxes.wsol import wsol_v1
from ..image_maps import image_maps, maps_of_views, to_picture
from ..metrics.localization import IOU
from ..networks.gap import InputSpec
from .curves import CURVES, curves_of
from .items import Item
from .protocols import PAPER, Protocol


@dataclass(frozen=True)
class Guess:
    """A network's best class of one picture, its map (H, W), box (4,), overlap with the truth."""

    label: int
    score: float
    map: Tensor
    box: np.ndarray
    iou: float
    right: bool


def guess(network: nn.Module, record, protocol: Protocol = PAPER) -> Guess:
    """The first guess of `evaluate` for a record, with its map; not right without a truth."""
    found = image_maps(network, record.image, protocol.view, protocol.merge, 1, protocol.method)
    map, label = found.maps[0], int(found.classes[0])
    rule = boxes.released if protocol.rule == "released" else boxes.paper
    box = rule(map)[0] if rule is boxes.released else rule(map, protocol.threshold)[0]
    overlap = float(boxes.iou(box, record.boxes_of(record.label)).max(initial=0.0))
    right = label == record.label and overlap >= IOU
    return Guess(label, float(found.scores[0]), map, box, overlap, right)


SCORES = ["id", "label", "rank", "class", "score"]

LOOSE = ["x0", "y0", "x1", "y1", "iou"]

TIGHT = ["x0b", "y0b", "x1b", "y1b", "iou_b"]

TEXT = ("id", *CURVES)  # columns that are no numbers

GIVEN = 0  # rank of the row of the image's own class

DIGITS = 9  # decimals kept

_PASTED = 2**24  # values of maps at picture size that a thread holds at once (64 MB)

_LARGE = 2**22  # pixels; of the maps of larger pictures only one thread makes some at a time

_ONE_LARGE = Lock()


def columns(protocol: Protocol) -> list[str]:
    """The columns of the table under this protocol."""
    if not protocol.rule:
        return SCORES
    return SCORES + (CURVES if protocol.rule == "sweep" else LOOSE + TIGHT)


def table_of(rows: list[tuple], protocol: Protocol) -> pd.DataFrame:
    """Rows of `localized` or `classified` as a table."""
    table = pd.DataFrame(rows, columns=columns(protocol))
    return rounded(table.astype({"label": int, "rank": int, "class": int}))


def rows_to_arrays(table: pd.DataFrame) -> dict[str, np.ndarray]:
    """The table as arrays of numbers, which can be kept and joined one after the other."""
    return {name: _bytes(table[name]) if name in TEXT else table[name].to_numpy() for name in table}


def arrays_to_rows(arrays: dict[str, np.ndarray], protocol: Protocol) -> pd.DataFrame:
    """What `rows_to_arrays` made arrays of."""
    found = {name: arrays[name] for name in columns(protocol)}
    for name in TEXT:
        if name in found:
            found[name] = found[name].tobytes().decode().split("\n")[:-1]
    return pd.DataFrame(found)


def _bytes(texts: pd.Series) -> np.ndarray:
    return np.frombuffer("".join(f"{text}\n" for text in texts).encode(), np.uint8)


def read_table(file) -> pd.DataFrame:
    """A table of `evaluate` from its CSV, a path or an open file: exactly as it was in memory."""
    table = pd.read_csv(
        file,
        dtype=dict.fromkeys(TEXT, str),
        keep_default_na=False,  # an image may be called "NA"
        na_values={name: [""] for name in (*LOOSE, *TIGHT)},
    )
    return rounded(table)  # the parser may miss the last bit


def rounded(table: pd.DataFrame) -> pd.DataFrame:
    """The table with all fractions at nine decimals: it is the same in memory and from a file."""
    numbers = [c for c in ("score", *LOOSE, *TIGHT) if c in table]
    return table.assign(**{c: table[c].astype(float).round(DIGITS) for c in numbers})


def maps_under(network: nn.Module, items: list[Item], protocol: Protocol) -> Iterator[tuple]:
    """One forward pass: (item, scores (n,), classes (n,), maps (V, n, h, w)) of each image.

    Of its best classes and, if it is not among these, the class that it is labelled with,
    whatever the network thinks of it. Nothing is at picture size yet.
    """
    labels = torch.tensor([item.label for item in items])

    def wanted(probabilities: Tensor) -> Tensor:
        """(N, top + 1): the best classes and the label; (N, top) if the label is among them."""
        best = _best(probabilities, protocol.top).indices
        own = labels.to(best.device)[:, None]
        if ((best == own).any(1) | (own[:, 0] < 0)).all():
            return best
        return torch.cat([best, own.where(own >= 0, best[:, :1])], 1)

    found = maps_of_views(network, [item.views for item in items], wanted, protocol.method)
    return zip(items, *found, strict=True)


def classified(network: nn.Module, items: list[Item], top: int, device) -> list[tuple]:
    """The rows of some images without boxes, which go through the network as one batch."""
    inputs = torch.stack([view.tensor for item in items for view in item.views])
    with torch.inference_mode():
        scores = network(inputs.to(device)).float().softmax(1).cpu()
    best = _best(scores.unflatten(0, (len(items), -1)).mean(1), top)
    return [
        _scored(item, rank, int(c), score)
        for item, values, classes in zip(items, best.values, best.indices, strict=True)
        for rank, (score, c) in enumerate(zip(values, classes, strict=True), start=1)
    ]


def _best(scores: Tensor, top: int):
    return scores.topk(min(top, scores.shape[1]), dim=1)


def _scored(item: Item, rank: int, label: int, score) -> tuple:
    return (item.id, item.label, rank, label, float(score))


def localized(
    item: Item, scores: Tensor, classes: Tensor, maps: Tensor, spec: InputSpec, protocol: Protocol
) -> list[tuple]:
    """The rows of one image from what `maps_under` found for it; one of rank 0 if it has a label.

    Several threads may call it at once.
    """
    classes = classes.tolist()
    count = min(protocol.top, len(classes))
    own = classes.index(item.label) if item.label in classes else None
    if protocol.rule == "sweep":  # class given: the curves of the own class alone
        found = [("", "")] * count
        given = curves_of(maps[0, own], item, spec.size) if own is not None else None
    else:
        needed = list(range(count)) + ([own] if own is not None and own >= count else [])
        found = _boxed(item, maps[:, needed], spec, protocol)
        given = found[min(own, count)] if own is not None else None
    rows = [_scored(item, k + 1, classes[k], scores[k]) + found[k] for k in range(count)]
    if own is not None:
        rows.insert(0, _scored(item, GIVEN, item.label, scores[own]) + given)
    return rows


def _boxed(item, maps, spec, protocol) -> list[tuple]:
    """For each class the values of the columns LOOSE and TIGHT."""
    pixels = max(1, item.size[0] * item.size[1])
    found, step = [], max(1, _PASTED // pixels)
    with _ONE_LARGE if pixels > _LARGE else nullcontext():
        for start in range(0, maps.shape[1], step):
            some = maps[:, start : start + step]
            for map in to_picture(
                some, item.views, item.size, protocol.merge, spec, protocol.outside
            ):
                found.append(_two_boxes(boxes_of(map, item, protocol), item.truth))
            del map  # before the next ones are made
    return found


def boxes_of(map: Tensor, item: Item, protocol: Protocol) -> np.ndarray:
    """(n, 4) boxes of a map (H, W) in the picture's frame under the protocol's rule."""
    if protocol.rule == "paper":
        return boxes.paper(map, protocol.threshold)
    if protocol.rule == "released":
        return boxes.released(map, most=2)
    if protocol.rule == "wsol_v1":
        return wsol_v1(map, protocol.threshold)
    return boxes.graph_cut(item.image, map)


def _two_boxes(found: np.ndarray, truth: np.ndarray) -> tuple:
    """The first two boxes with their best overlap with a truth box; NaN for what is not there."""
    values = np.full(10, np.nan)
    for k, box in enumerate(found[:2]):
        values[5 * k : 5 * k + 4] = box
        if len(truth):
            values[5 * k + 4] = boxes.iou(box, truth).max()
    return tuple(values.tolist())
