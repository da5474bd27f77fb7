"""A network over a data set: one row for each image and rank, resumable."""

from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import torch
from torch import nn
from tqdm.auto import tqdm

from ..distributed import World, place
from ..errors import CamError
from .localize import rows_of, table_of
from .protocols import CLASSIFY, PAPER, PROTOCOLS, RELEASED, RULES, WSOL, Protocol
from .ready import check_classes, identity, prepared
from .shards import Shards, read_table
from .streaming import ahead, load
from .summary import check_writable, classification_errors, provenance, write_summary

__all__ = [
    "CLASSIFY",
    "PAPER",
    "PROTOCOLS",
    "RELEASED",
    "RULES",
    "WSOL",
    "Protocol",
    "check_writable",
    "classification_errors",
    "evaluate",
    "provenance",
    "read_table",
    "write_summary",
]

SHARD = 64  # images; what a killed process may lose


def evaluate(
    network: nn.Module,
    images,
    protocol: Protocol = CLASSIFY,
    out: str | Path | None = None,
    device: torch.device | str = "cpu",
    progress: bool = True,
    batch: int = 16,
    shard: int = SHARD,
) -> pd.DataFrame:
    """Scores, and under a rule boxes and their overlap, of the best classes of every image.

    Pictures are decoded one step ahead of the network and forgotten after it, so that memory does
    not grow with their number. With `out` the work is kept in shards as it goes on: the same call
    goes on where a killed one stopped, and returns a complete table of the same run at once.
    Started by torchrun, with `out`, the processes share the shards; no process group is needed,
    only a common disk. The first one waits for the others' shards: if one died, start all again.

    Args:
        network: with `input_spec`; any classifier. Maps need a network with global pooling, or
            the method "backprop".
        images: a data set of `open_images`.
        protocol: `PAPER`, `RELEASED`, `WSOL`, or your own; the default has no boxes.
        out: where to write the table (CSV, whole or not at all), with `<out>.json` beside it:
            provenance and the list of unreadable images. While it is made: `<out>.parts`.
        device: where the network computes; of several processes "cuda" means the own one.
        progress: show a bar with images per second.
        batch: network inputs in one forward pass; the views of one image stay together.
        shard: images in one shard.

    Returns:
        Columns id, label, rank (1 is best), class, score (softmax probability, mean over views).
        With a rule also x0, y0, x1, y1 (the first, "loose" box; float xyxy, half-open, pixels of
        the original image), iou (its best IoU with a truth box of the image's own label), and
        x0b ... y1b, iou_b of the second, "tight" box; NaN where there is none, or no truth. A row
        of rank 0 is for the class that the image is labelled with (class given, "GT-known").
        Under the rule "sweep" instead curve_v1 and curve_v2 in the rows of rank 0
        (`curves.sweeps_of` reads them). Numbers have nine decimals.

        `.attrs["unreadable"]`: [{"id", "path", "reason"}]. `.attrs["resumed"]`: how many images
        were there from an earlier call. Of several processes the first returns the table, each
        other one the rows that it has made itself, with `.attrs["part"]` True.

    Raises:
        CamError: the network's and the data set's classes differ in number; nothing was readable;
            `out` cannot be written or holds another run's shards; no such device.
        NoClassActivationMap: the protocol wants class activation maps and the network has none.
    """
    for name, value in (("batch", batch), ("shard", shard)):
        if not isinstance(value, int) or value < 1:
            raise CamError(f"Found {name}={value!r}; expected a whole number from 1.")
    out = check_writable(out) if out else None
    check_classes(network, images)
    world = place(device) if out else World(0, 1, torch.device(device))
    network = prepared(network, protocol).to(world.device).eval()
    ranges = [range(a, min(a + shard, len(images))) for a in range(0, len(images), shard)]
    shards = None
    if out:
        shards = Shards(out, identity(network, images, protocol, shard), len(ranges))
        if complete := shards.finished():
            return _noted(*complete, resumed=len(images))
    mine = world.share(list(enumerate(ranges)))
    todo = [(k, indices) for k, indices in mine if not (shards and shards.has(k))]
    total, left = (sum(len(indices) for _, indices in some) for some in (mine, todo))
    bar = tqdm(
        total=total,
        initial=total - left,
        unit="img",
        desc=str(getattr(network, "name", type(network).__name__)),
        disable=not progress or world.rank > 0,
    )
    made = []
    with bar:
        for k, *result in _tables(network, images, protocol, todo, world.device, batch, bar):
            if shards:
                shards.write(k, *result)
            if not shards or world.rank > 0:
                made.append(result)
        if shards and world.rank == 0:
            shards.wait(lambda missing: bar.set_postfix_str(f"{missing} shards of others missing"))
            made = [shards.read(k) for k in range(len(ranges))]
    table, unreadable = _joined(made, protocol)
    if world.rank > 0:
        return _noted(table, unreadable, total - left, part=True)
    if not len(table):
        if shards:
            shards.drop()
        why = (
            f" The first: {unreadable[0]['path']}: {unreadable[0]['reason']}" if unreadable else ""
        )
        raise CamError(f"None of the {len(images)} images of {images.name} could be read.{why}")
    if shards:
        record = provenance(network, images, protocol, world.device)
        shards.finish(table, record | {"unreadable": unreadable})
    return _noted(table, unreadable, total - left)


def _tables(network, images, protocol, shards, device, batch: int, bar) -> Iterator[tuple]:
    """(number, table, unreadable) of each shard (number, indices), as soon as it is complete."""
    size = max(1, batch // (10 if protocol.view == "ten" else 1))
    jobs = (
        (k, indices, indices[a : a + size])
        for k, indices in shards
        for a in range(0, len(indices), size)
    )
    rows, unreadable = [], []
    loaded = ahead(lambda job: load(images, job[2], network.input_spec, protocol.view), jobs)
    for (k, indices, some), (items, broken) in loaded:
        rows += rows_of(network, items, protocol, device)
        unreadable += broken
        bar.update(len(some))
        if some[-1] == indices[-1]:
            yield k, table_of(rows, protocol), unreadable
            rows, unreadable = [], []


def _joined(made: list[tuple], protocol: Protocol) -> tuple[pd.DataFrame, list[dict]]:
    tables = [table for table, _ in made if len(table)] or [table_of([], protocol)]
    return pd.concat(tables, ignore_index=True), [one for _, some in made for one in some]


def _noted(table, unreadable, resumed: int, part: bool = False) -> pd.DataFrame:
    table.attrs |= {"unreadable": unreadable, "resumed": resumed, "part": part}
    return table
