"""A network over a data set: one row for each image and rank, resumable."""

import json
from collections.abc import Iterable
from concurrent.futures import Future
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from torch import nn

from ..distributed import World, place
from ..errors import CamError
from ..hashes import short_hash
from ..identity import code_of, key_of, of_images, of_machine, of_network, plain
from ..keep import Keeper, Piece
from ..provenance import about
from ..stream import decoders, in_shards, nothing_read
from ..writing import check_writable, replacing, write_json
from .behind import BoxThreads
from .items import opened
from .localize import arrays_to_rows, classified, read_table, rows_to_arrays, table_of
from .protocols import CLASSIFY, PAPER, PROTOCOLS, RELEASED, RULES, WSOL, Protocol
from .ready import check_classes, prepared
from .summary import errors

__all__ = [
    "CLASSIFY",
    "PAPER",
    "PROTOCOLS",
    "RELEASED",
    "RULES",
    "WSOL",
    "Protocol",
    "errors",
    "evaluate",
    "evaluate_all",
    "provenance",
    "read_table",
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
    cache: bool | str | Path | None = False,
    workers: int | None = None,
) -> pd.DataFrame:
    """Scores, and under a rule boxes and their overlap, of the best classes of every image.

    Pictures are decoded ahead of the network, and only what it sees of them is kept, so that
    memory grows neither with their number nor much with their size. Boxes are made behind it, in
    threads. With `out` the work is kept in shards as it goes on: the same call goes on where a
    killed one stopped, and returns a complete table of the same run at once. Started by torchrun,
    with `out`, the processes share the shards; no process group is needed, only a common disk. The
    first one waits for the others' shards: if one died, start all again.

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
        cache: without `out`: where the table is kept for an equal call, as for
            `features.extract`; False: nowhere.
        workers: threads that make boxes while the network sees the next batch; None: one for each
            core, at most 16. The rows are the same for any number.

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
    out = check_writable(out) if out else None
    network = prepared(network, protocol)
    world = place(device) if out else World(0, 1, torch.device(device))
    identity = _identity(network, images, [protocol], world.device, batch, shard)
    keeper = Keeper(out, identity) if out else Keeper.of("rows", identity, cache)
    if out:
        keeper.refuse_others()
        if (complete := _finished(out, keeper)) is not None:
            keeper.drop_parts()
            return complete
    how = {"world": world, "progress": progress, "batch": batch, "shard": shard, "workers": workers}
    (table,) = _tables(network, images, [protocol], keeper, **how)
    if out and not table.attrs["part"]:
        record = provenance(network, images, protocol, world.device)
        _finish(out, keeper, table, record | {"unreadable": table.attrs["unreadable"]})
    return table


def evaluate_all(
    network: nn.Module,
    images,
    protocols: dict[str, Protocol],
    device="cpu",
    batch: int = 16,
    cache: bool | str | Path | None = False,
) -> dict[str, pd.DataFrame]:
    """`evaluate` under several protocols; those with one view and method share a forward pass.

    Args:
        protocols: {text: Protocol}, each with a rule that makes boxes.
        cache: as of `evaluate`.

    Returns:
        {text: rows as of `evaluate`}, in the order given.

    Raises:
        CamError: a protocol without boxes; classes that do not fit; nothing readable.
    """
    groups: dict[tuple, list[str]] = {}
    for text, protocol in protocols.items():
        if protocol.rule in ("", "sweep"):
            raise CamError(
                f"{text!r} makes no boxes (rule {protocol.rule!r}); expected one that does."
            )
        prepared(network, protocol)
        groups.setdefault((protocol.view, protocol.method, protocol.top), []).append(text)
    world, found = World(0, 1, torch.device(device)), {}
    for texts in groups.values():
        same = [protocols[text] for text in texts]
        identity = _identity(network, images, same, device, batch, SHARD)
        keeper = Keeper.of("rows", identity, cache)
        tables = _tables(
            network, images, same, keeper, world=world, progress=True, batch=batch, shard=SHARD
        )
        found |= dict(zip(texts, tables, strict=True))
    return {text: found[text] for text in protocols}


def provenance(network, images, protocol: Protocol, device) -> dict:
    """What has to be known to read the table."""
    return about(network, images, device) | {"n": len(images), "protocol": protocol.record()}


def _identity(network, images, protocols: list[Protocol], device, batch, shard) -> dict:
    for name, value in (("batch", batch), ("shard", shard)):
        if not isinstance(value, int) or value < 1:
            raise CamError(f"Found {name}={value!r}; expected a whole number from 1.")
    check_classes(network, images)
    return (
        of_network(network)
        | of_images(images)
        | of_machine(device)
        | {"protocol": [p.record() for p in protocols]}
        | {"batch": batch, "shard": shard, "code": code_of(__name__)}
    )


def _tables(
    network,
    images,
    protocols: list[Protocol],
    keeper: Keeper,
    *,
    world,
    progress,
    batch,
    shard,
    workers=None,
) -> list[pd.DataFrame]:
    """The tables of protocols that share view, method and top, each with its attributes."""
    if whole := keeper.get():
        return _unpacked([whole], protocols, resumed=len(images))
    first = protocols[0]
    network = network.to(world.device).eval()

    load = partial(
        opened,
        images,
        spec=network.input_spec,
        view=first.view,
        keep=any(p.rule == "graph_cut" for p in protocols),
    )
    with BoxThreads(workers) as threads:

        def step(rows: list[list] | None, chunk) -> list[list]:
            if first.rule:
                new = threads.rows(network, chunk.items, protocols)
            else:
                new = [[classified(network, chunk.items, first.top, world.device)]]
            return [old + more for old, more in zip(rows or [[]] * len(new), new, strict=True)]

        pieces, resumed = in_shards(
            images,
            load,
            step,
            lambda rows: _packed(rows or [[] for _ in protocols], protocols),
            keeper,
            shard=shard,
            batch=max(1, batch // (10 if first.view == "ten" else 1)),
            world=world,
            workers=decoders(images),
            desc=str(getattr(network, "name", type(network).__name__)),
            progress=progress,
        )
    tables = _unpacked(pieces, protocols, resumed=resumed, part=world.rank > 0)
    if world.rank == 0:
        if not all(map(len, tables)):
            keeper.drop_parts()
            raise nothing_read(images, tables[0].attrs["unreadable"])
        if keeper.place and keeper.place.suffix != ".csv":
            keeper.put(*_joined(pieces))
            keeper.drop_parts()
    return tables


def _packed(rows: list[list], protocols: list[Protocol]) -> dict[str, np.ndarray]:
    """For each protocol rows that are there, or futures of such, as arrays."""
    rows = [
        [row for some in own for row in (some.result() if isinstance(some, Future) else some)]
        for own in rows
    ]
    tables = [rows_to_arrays(table_of(own, p)) for own, p in zip(rows, protocols, strict=True)]
    return {f"{k}/{name}": v for k, some in enumerate(tables) for name, v in some.items()}


def _joined(pieces: list[Piece]) -> Piece:
    arrays = {name: np.concatenate([a[name] for a, _ in pieces]) for name in pieces[0][0]}
    return arrays, {"unreadable": [one for _, note in pieces for one in note["unreadable"]]}


def _unpacked(
    pieces: list[Piece], protocols: Iterable[Protocol], resumed: int, part: bool = False
) -> list[pd.DataFrame]:
    if not pieces:
        return [_noted(table_of([], p), [], resumed, part) for p in protocols]
    arrays, note = _joined(pieces)
    tables = []
    for k, protocol in enumerate(protocols):
        own = {name[len(f"{k}/") :]: v for name, v in arrays.items() if name.startswith(f"{k}/")}
        tables.append(_noted(arrays_to_rows(own, protocol), note["unreadable"], resumed, part))
    return tables


def _noted(table, unreadable, resumed: int, part: bool) -> pd.DataFrame:
    table.attrs |= {"unreadable": unreadable, "resumed": resumed, "part": part}
    return table


def _finished(out: Path, keeper: Keeper) -> pd.DataFrame | None:
    """The table of this very run if it was written already."""
    try:
        note = json.loads(_note_of(out).read_text(encoding="utf-8"))
        if note["run"] != key_of(keeper.identity) or note["table"] != short_hash(out):
            return None
        return _noted(read_table(out), note["unreadable"], note["n"], False)
    except (OSError, ValueError, KeyError):
        return None


def _finish(out: Path, keeper: Keeper, table: pd.DataFrame, record: dict) -> None:
    """Write the table, `<out>.json` beside it, and remove the shards."""
    for stray in out.parent.glob(f"{out.name}.*.part"):  # of processes that died
        stray.unlink(missing_ok=True)
    with replacing(out) as part:
        table.to_csv(part, index=False)
    note = {"run": key_of(keeper.identity), "rows": len(table), "table": short_hash(out)}
    write_json(_note_of(out), plain(record | note))
    keeper.drop_parts()


def _note_of(out: Path) -> Path:
    """Where the provenance of a table lies."""
    return out.with_name(out.name + ".json")
