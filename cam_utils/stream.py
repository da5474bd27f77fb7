"""The one loop over pictures: decoded ahead, broken ones listed, kept in shards, shared out.

`stream` brings pictures to a network, batch by batch; `in_shards` is what a long pass over a data
set is made of: it goes on where a killed one stopped, and several processes share it.
"""

import os
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, NamedTuple

from tqdm.auto import tqdm

from .distributed import World
from .errors import BrokenImage, CamError
from .keep import Keeper, Piece

AHEAD = 2  # batches that wait decoded; more only costs memory


class Chunk(NamedTuple):
    """A batch of pictures, as loaded.

    Attributes:
        job: the positions that were asked for. places: of the readable ones.
        items: what `load` made of those.
        unreadable: {"id", "path", "reason"} of the others.
    """

    job: Sequence[int]
    places: list[int]
    items: list
    unreadable: list[dict]


def batches(positions: Sequence[int] | int, size: int) -> list[Sequence[int]]:
    """Positions (or the first so many) cut into batches."""
    positions = range(positions) if isinstance(positions, int) else positions
    return [positions[a : a + size] for a in range(0, len(positions), size)]


def stream(
    images,
    load: Callable[[int], Any],
    jobs: Iterable[Sequence[int]],
    *,
    workers: int = 1,
    desc: str = "",
    progress: bool = True,
    total: int | None = None,
    initial: int = 0,
) -> Iterator[Chunk]:
    """Yields the jobs in order, each loaded `AHEAD` jobs before it is asked for.

    Args:
        images: a data set of `Record`s; its ids and paths name what cannot be read.
        load: makes of a position what is needed of the picture; called in decoding threads.
        jobs: batches of positions.
        workers: threads that decode; one, because data sets need not bear several: see
            `decoders`.
        desc: what the progress bar says. total, initial: of the bar; default: of these jobs.
    """
    jobs = list(jobs)
    total = sum(map(len, jobs)) if total is None else total
    bar = tqdm(total=total, initial=initial, unit="img", desc=desc, disable=not progress)
    waiting: deque[tuple[Sequence[int], list[Future]]] = deque()
    with bar, ThreadPoolExecutor(max(1, workers), thread_name_prefix="decode") as pool:
        try:
            for job in [*jobs, *[None] * AHEAD]:
                if job is not None:
                    waiting.append((job, [pool.submit(load, int(i)) for i in job]))
                if waiting and (job is None or len(waiting) > AHEAD):
                    chunk = _loaded(images, *waiting.popleft())
                    yield chunk
                    bar.update(len(chunk.job))
        finally:
            for _, futures in waiting:
                for future in futures:
                    future.cancel()


def decoders(images) -> int:
    """How many threads may decode: several for files on a disk, one for all else."""
    while hasattr(images, "dataset"):
        images = images.dataset
    return min(8, os.cpu_count() or 1) if getattr(images, "many_readers", False) else 1


def _loaded(images, job: Sequence[int], futures: list[Future]) -> Chunk:
    chunk = Chunk(job, [], [], [])
    for i, future in zip(job, futures, strict=True):
        try:
            chunk.items.append(future.result())
            chunk.places.append(int(i))
        except BrokenImage as error:
            chunk.unreadable.append(_unreadable(images, i, error.reason, error.path))
        except (CamError, OSError) as error:  # a vanished file, a damaged annotation
            chunk.unreadable.append(_unreadable(images, i, str(error)))
    return chunk


def _unreadable(images, i: int, reason: str, path: str | None = None) -> dict:
    if path is None:
        path = str(images.path(i)) if hasattr(images, "path") else images.ids[i]
    return {"id": images.ids[i], "path": path, "reason": reason}


def nothing_read(images, unreadable: list[dict]) -> CamError:
    """The error for a data set of which no picture could be read."""
    first = f" The first: {unreadable[0]['path']}: {unreadable[0]['reason']}" if unreadable else ""
    return CamError(f"None of the {len(images)} images of {images.name} could be read.{first}")


def in_shards(
    images,
    load: Callable[[int], Any],
    step: Callable[[Any, Chunk], Any],
    pack: Callable[[Any], dict],
    keeper: Keeper,
    *,
    shard: int,
    batch: int,
    world: World,
    lazy: bool = False,
    **how,
) -> tuple[list[Piece], int]:
    """One pass over a data set, in shards that are kept as they are finished.

    A call of an interrupted identity goes on after its last shard. The processes of a world share
    the shards and meet in files: the first one waits for the others'.

    Args:
        step: (state of the shard, None at its beginning; chunk) to the next state.
        pack: the last state of a shard (None if nothing in it was readable) to its arrays; called
            after the first step of the next shard, which work that goes on behind has thus time
            for.
        keeper: of the whole pass. shard, batch: pictures in each.
        lazy: leave the arrays of finished shards on the disk (`Keeper.rows` reads them): the
            pieces come with notes alone.
        how: further arguments of `stream`.

    Returns:
        The pieces (of a process that is not the first: those that it made), each with
        "unreadable" in its note; how many pictures were in pieces already.
    """
    ranges = batches(len(images), shard)
    mine = world.share(list(range(len(ranges))))

    def held(piece: Piece) -> Piece:
        return ({}, piece[1]) if lazy else piece

    pieces = {k: held(piece) for k in mine if (piece := keeper.get(f"{k:05d}"))}
    done = sum(len(ranges[k]) for k in pieces)
    todo = [(k, job) for k in mine if k not in pieces for job in batches(ranges[k], batch)]
    how = {"total": sum(len(ranges[k]) for k in mine), "initial": done} | how
    how["progress"] = how.get("progress", True) and world.rank == 0
    state, unreadable, complete = None, [], deque()

    def keep() -> None:
        while complete:
            k, last, lost = complete.popleft()
            piece = pack(last), {"unreadable": lost}
            keeper.put(*piece, part=f"{k:05d}")
            pieces[k] = held(piece)

    chunks = stream(images, load, [job for _, job in todo], **how)
    try:
        for (k, job), chunk in zip(todo, chunks, strict=True):
            unreadable += chunk.unreadable
            state = step(state, chunk) if chunk.items else state
            keep()
            if job[-1] == ranges[k][-1]:
                complete.append((k, state, unreadable))
                state, unreadable = None, []
    finally:
        keep()  # also before an error goes on: the shard was complete
    if world.size > 1 and world.rank == 0:
        others = _of_others(keeper, [k for k in range(len(ranges)) if k not in pieces])
        pieces |= {k: held(piece) for k, piece in others.items()}
    return [pieces[k] for k in sorted(pieces)], done


def _of_others(keeper: Keeper, missing: list[int], seconds: float = 0.5) -> dict[int, Piece]:
    """The pieces of the other processes, as soon as they are there."""
    found: dict[int, Piece] = {}
    with tqdm(total=len(missing), desc="waiting for other processes", unit="shard") as bar:
        while len(found) < len(missing):
            for k in missing:
                if k not in found and (piece := keeper.get(f"{k:05d}")):
                    found[k] = piece
                    bar.update()
            if len(found) < len(missing):
                time.sleep(seconds)
    return found
