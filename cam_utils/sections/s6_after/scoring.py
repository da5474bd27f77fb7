"""Maps against true boxes and masks, picture by picture, at all thresholds at once."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import torch
from torch import Tensor, nn

from ...boxes.wsol import minmax_levels, score_map, truth_boxes, warp
from ...data.record import Record
from ...stream import batches, stream
from ...study import Frames
from ...sweep import iou_at, sweep
from ...views import whole

TAUS = np.round(np.arange(0, 1, 0.02), 2)  # thresholds, fractions of a map's range

STEPS = 250  # overlaps are kept in so many steps


def scored(map: np.ndarray, record: Record, side: int) -> pd.DataFrame:
    """One map (h, w) of the whole picture against its truth; one row for each of `TAUS`.

    Columns v1 (overlap of the largest contour's box), v2 (the best contour's), in 1/STEPS; object
    and background: pixels of the mask and outside whose score is from this threshold to the next.
    """
    small = warp(map, side)
    boxes = record.boxes_of(record.label)
    found = sweep(minmax_levels(small), truth_boxes(boxes, record.image.size[::-1], side))
    v1, v2 = ((STEPS * v).round().astype(np.uint8) for v in iou_at(found, TAUS))
    table = {"v1": v1, "v2": v2}
    mask = record.mask_of(record.label)
    if mask is not None:
        scores = score_map(warp(map, mask.shape[0]))
        edges = np.append(TAUS, 1.01)
        for name, part in (("object", mask), ("background", ~mask)):
            table[name] = np.histogram(scores[part], edges)[0].astype(np.uint16)
    return pd.DataFrame(table)


def entries_scored(
    network: nn.Module, images, entries: dict[str, Callable], device="cpu", batch: int = 16
) -> Frames:
    """{entry: rows of `scored` of all pictures, with their `image` number}; class given."""
    rows: dict[str, list] = {name: [] for name in entries}
    side = network.input_spec.size
    jobs = batches(list(range(len(images))), batch)
    for chunk in stream(images, images.__getitem__, jobs, desc="maps", progress=True):
        inputs, classes = as_batch(network, chunk.items, device)
        for name, make in entries.items():
            maps = make(network, inputs, classes).detach()[:, 0].float().cpu().numpy()
            for place, record, map in zip(chunk.places, chunk.items, maps, strict=True):
                rows[name].append(scored(map, record, side).assign(image=place))
    return {name: pd.concat(some, ignore_index=True) for name, some in rows.items()}


def as_batch(network: nn.Module, records: list[Record], device="cpu") -> tuple[Tensor, Tensor]:
    """Whole pictures (B, 3, H, W) and their labels (B, 1)."""
    inputs = torch.stack([whole(r.image, network.input_spec).tensor for r in records]).to(device)
    return inputs, torch.tensor([[r.label] for r in records], device=device)


def overlaps(frame: pd.DataFrame, column: str) -> np.ndarray:
    """(n, T) overlaps of rows of `entries_scored`: "v1", "v2" in [0, 1]."""
    return frame[column].to_numpy(np.float64).reshape(-1, len(TAUS)) / STEPS


def pixels(frame: pd.DataFrame) -> np.ndarray:
    """(n, 2, T + 1) counts of object and background pixels in each bin of the scores.

    The last bin is empty: `pixel_precision` begins above the highest score.
    """
    names = ("object", "background")
    counts = np.stack([frame[k].to_numpy(np.float64).reshape(-1, len(TAUS)) for k in names], 1)
    return np.pad(counts, ((0, 0), (0, 0), (0, 1)))


def mask_overlaps(frame: pd.DataFrame) -> np.ndarray:
    """(n, T) overlap of the pixels above each threshold with the object's."""
    above = pixels(frame)[..., -2::-1].cumsum(-1)[..., ::-1]
    inside, outside = above[:, 0], above[:, 1]
    return inside / (outside + inside[:, :1])
