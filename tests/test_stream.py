"""The one loop over pictures: in order, ahead, broken ones listed; in shards that go on."""

import threading

import numpy as np
import pytest
import torch

from cam_utils.distributed import World
from cam_utils.errors import BrokenImage
from cam_utils.keep import Keeper
from cam_utils.stream import batches, decoders, in_shards, stream

ALONE = World(0, 1, torch.device("cpu"))


class Numbers:
    """A data set whose picture i is the number i; some cannot be read."""

    name, split = "numbers", "all"

    def __init__(self, n, broken=()):
        self.ids, self.broken, self.asked = [f"n{i}" for i in range(n)], set(broken), []

    def __len__(self):
        return len(self.ids)

    def load(self, i):
        self.asked.append(i)
        if i in self.broken:
            raise BrokenImage(f"/somewhere/{i}.jpg", "it is torn")
        return 10 * i


def total(state, chunk):
    return (state or 0) + sum(chunk.items)


def run(images, keeper=None, world=ALONE, shard=4, batch=3):
    keeper = keeper or Keeper(None, {})
    pack = lambda state: {"sum": np.array([state or 0])}  # noqa: E731
    how = {"shard": shard, "batch": batch, "world": world, "progress": False}
    return in_shards(images, images.load, total, pack, keeper, **how)


def test_a_shard_is_packed_after_the_next_one_has_begun_and_kept_though_that_fails(tmp_path):
    images, told = Numbers(12), []

    def step(state, chunk):
        told.append(("step", chunk.places[0]))
        if chunk.places[0] == 10:
            raise ValueError("the network fails")
        return total(state, chunk)

    def pack(state):
        told.append(("pack", state))
        return {"sum": np.array([state])}

    keeper = Keeper(tmp_path / "sums", {})
    how = {"shard": 4, "batch": 2, "world": ALONE, "progress": False}
    with pytest.raises(ValueError, match="the network fails"):
        in_shards(images, images.load, step, pack, keeper, **how)
    assert told == [
        ("step", 0), ("step", 2), ("step", 4), ("pack", 60),
        ("step", 6), ("step", 8), ("pack", 220), ("step", 10),
    ]  # fmt: skip
    assert keeper.parts() == ["00000", "00001"]
    told.clear()
    images.ids = images.ids[:8]
    pieces, done = in_shards(images, images.load, step, pack, keeper, **how)
    assert (done, [int(arrays["sum"][0]) for arrays, _ in pieces]) == (8, [60, 220])
    assert told == []


@pytest.mark.parametrize("workers", [1, 4])
def test_chunks_come_in_order_with_their_broken_ones(workers):
    images = Numbers(10, broken=[0, 5])
    chunks = list(stream(images, images.load, batches(10, 4), workers=workers, progress=False))
    assert [list(c.job) for c in chunks] == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]]
    assert [i for c in chunks for i in c.places] == [1, 2, 3, 4, 6, 7, 8, 9]
    assert [v for c in chunks for v in c.items] == [10, 20, 30, 40, 60, 70, 80, 90]
    lost = [one for c in chunks for one in c.unreadable]
    assert lost[1] == {"id": "n5", "path": "/somewhere/5.jpg", "reason": "it is torn"}
    assert len(lost) == 2


def test_decoding_runs_ahead_but_not_away():
    images = Numbers(40)
    chunks = stream(images, images.load, batches(40, 2), progress=False)
    next(chunks)
    threading.Event().wait(0.05)  # whatever the decoder has been given to do
    assert len(images.asked) <= 2 * 3 + 2
    chunks.close()
    assert len(images.asked) < 40


def test_other_errors_are_not_swallowed():
    def load(i):
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        list(stream(Numbers(3), load, batches(3, 1), progress=False))


def test_positions_in_batches():
    assert batches([5, 3, 1], 2) == [[5, 3], [1]]
    assert [list(b) for b in batches(3, 2)] == [[0, 1], [2]]
    assert batches(0, 2) == []


def test_one_decoder_unless_the_data_set_bears_several():
    images = Numbers(3)
    assert decoders(images) == 1
    images.many_readers = True
    assert decoders(images) >= 1


def test_shards_are_kept_and_only_missing_ones_made_again(tmp_path):
    keeper = Keeper(tmp_path / "sums", {"of": "numbers"})
    pieces, done = run(Numbers(10, broken=[3]), keeper)
    assert [p["sum"].item() for p, _ in pieces] == [30, 220, 170]
    assert [len(note["unreadable"]) for _, note in pieces] == [1, 0, 0]
    assert done == 0
    (tmp_path / "sums.parts" / "00001.safetensors").unlink()
    images = Numbers(10, broken=[3])
    again, done = run(images, keeper)
    assert (images.asked, done) == ([4, 5, 6, 7], 6)
    assert [p["sum"].item() for p, _ in again] == [30, 220, 170]


def test_a_shard_without_a_readable_picture_is_packed_empty():
    pieces, _ = run(Numbers(5, broken=[0, 1, 2, 3]))
    assert [p["sum"].item() for p, _ in pieces] == [0, 40]
    assert len(pieces[0][1]["unreadable"]) == 4


def test_two_processes_share_the_shards(tmp_path):
    keeper = Keeper(tmp_path / "sums", {"of": "numbers"})
    second = Numbers(10)
    theirs, _ = run(second, keeper, World(1, 2, torch.device("cpu")))
    assert second.asked == [4, 5, 6, 7]
    assert [p["sum"].item() for p, _ in theirs] == [220]
    first = Numbers(10)
    pieces, _ = run(first, keeper, World(0, 2, torch.device("cpu")))
    assert first.asked == [0, 1, 2, 3, 8, 9]
    assert [p["sum"].item() for p, _ in pieces] == [60, 220, 170]
