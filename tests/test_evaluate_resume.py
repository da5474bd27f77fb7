"""Evaluations that are killed, shared or repeated give one table: whole, no row twice or lost."""

import json
import os
import subprocess
import sys

import pandas as pd
import pytest
import torch

from cam_utils import CamError, load_network, open_images
from cam_utils import evaluate as evaluate_module
from cam_utils.data import Subset
from cam_utils.evaluate import PAPER, WSOL, evaluate, read_table
from cam_utils.keep import Keeper


@pytest.mark.skipif(not hasattr(os, "fork"), reason="starts its processes by fork")
def test_killed_three_times_then_shared_by_two_processes(tmp_path, repo):
    script = [sys.executable, repo / "tests" / "kill_evaluate.py", "--folder", tmp_path]
    done = subprocess.run(
        [*script, "--kills", "3", "--pause", "0.01"], capture_output=True, text=True, cwd=repo
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("status -9") == 3
    names = ("plain.csv", "killed.csv", "shared.csv")
    tables = [(tmp_path / name).read_bytes() for name in names]
    assert tables[0] == tables[1] == tables[2]
    rows = pd.read_csv(tmp_path / "killed.csv")
    assert rows["rank"].tolist() == list(range(6)) * 160
    assert rows["id"].nunique() == 160
    files = {name for one in names for name in (one, f"{one}.json")}
    assert {p.name for p in tmp_path.iterdir()} == files  # no shards, no half files


@pytest.fixture
def images():
    return Subset(open_images("mini/objects", "val"), range(0, 200, 25))


@pytest.fixture(scope="module")
def network():
    return load_network("mini/googlenet-gap")


class Stopped(Subset):
    """Breaks off at one picture, as Ctrl-C does."""

    at = 6

    def __getitem__(self, i):
        if i == self.at:
            raise KeyboardInterrupt
        return super().__getitem__(i)


def interrupted(network, images, out):
    some = Stopped(images, range(8))
    with pytest.raises(KeyboardInterrupt):
        evaluate(network, some, PAPER, out, progress=False, batch=2, shard=2)


def test_finished_shards_are_not_made_again(network, images, tmp_path):
    out = tmp_path / "rows.csv"
    interrupted(network, images, out)
    kept = {p.name: p.read_bytes() for p in (tmp_path / "rows.csv.parts").iterdir()}
    assert set(kept) == {f"0000{k}.safetensors" for k in range(3)}
    assert not out.exists()
    asked = []

    class Watched(Subset):
        def __getitem__(self, i):
            asked.append(i)
            return super().__getitem__(i)

    some = Watched(images, range(8))
    table = evaluate(network, some, PAPER, out, progress=False, batch=2, shard=2)
    assert asked == [6, 7]
    assert table.attrs["resumed"] == 6
    whole = evaluate(network, images, PAPER, progress=False, batch=2)
    pd.testing.assert_frame_equal(table, whole, check_exact=True)
    pd.testing.assert_frame_equal(read_table(out), whole, check_exact=True)
    # complete: the same call reads it, and what is removed is made again
    again = evaluate(network, some, PAPER, out, progress=False, batch=2, shard=2)
    assert asked == [6, 7]
    assert again.attrs["resumed"] == 8
    pd.testing.assert_frame_equal(again, whole, check_exact=True)
    out.unlink()
    evaluate(network, some, PAPER, out, progress=False, batch=2, shard=2)
    assert len(asked) == 10


@pytest.mark.parametrize("change", ["protocol", "network", "images", "shard", "batch"])
def test_shards_of_another_run_are_refused(network, images, tmp_path, change):
    out = tmp_path / "rows.csv"
    interrupted(network, images, out)
    given = {"network": network, "images": images, "protocol": PAPER, "shard": 2}
    if change == "network":
        given["network"] = load_network("mini/googlenet-gap")
        with torch.no_grad():
            next(given["network"].parameters())[0, 0, 0, 0] += 1e-6
    given |= {"protocol": WSOL} if change == "protocol" else {}
    given |= {"shard": 3} if change == "shard" else {}
    given |= {"images": Subset(images, range(1, 8))} if change == "images" else {}
    named = {"network": "weights", "images": "ids"}.get(change, change)
    given |= {"batch": 4 if change == "batch" else 2}
    with pytest.raises(CamError, match=rf"another run: .*{named} is .* here and .* there"):
        evaluate(out=out, progress=False, **given)
    assert len(list((tmp_path / "rows.csv.parts").iterdir())) == 3


def test_a_finished_table_of_another_run_is_replaced(network, images, tmp_path):
    out = tmp_path / "rows.csv"
    evaluate(network, Subset(images, [0, 1]), PAPER, out, progress=False)
    table = evaluate(network, Subset(images, [2]), PAPER, out, progress=False)
    assert table["id"].unique().tolist() == [images.ids[2]]
    assert len(pd.read_csv(out)) == 6


@pytest.mark.parametrize("moment", ["writing", "no note", "cut off", "tidying"])
def test_the_end_may_be_cut_off_at_any_moment(network, images, tmp_path, moment):
    plain, out, note = (tmp_path / name for name in ("plain.csv", "rows.csv", "rows.csv.json"))
    evaluate(network, images, PAPER, plain, progress=False, batch=2, shard=2)
    expected, plain_note = (
        plain.read_bytes(),
        (tmp_path / "plain.csv.json").read_text(encoding="utf-8"),
    )
    interrupted(network, images, out)
    if moment == "writing":
        (tmp_path / "rows.csv.4711.part").write_text("id,lab", encoding="utf-8")
    elif moment == "no note":
        out.write_bytes(expected)
    else:
        # a table that was cut off afterwards; a folder of shards, some removed already
        out.write_bytes(expected[:-9] if moment == "cut off" else expected)
        note.write_text(plain_note, encoding="utf-8")
        (tmp_path / "rows.csv.parts").rename(tmp_path / "rows.csv.done")
    table = evaluate(network, images, PAPER, out, progress=False, batch=2, shard=2)
    assert out.read_bytes() == expected
    assert table.attrs["resumed"] == {"cut off": 0, "tidying": 8}.get(moment, 6)
    left = {"plain.csv", "plain.csv.json", "rows.csv", "rows.csv.json"}
    assert {p.name for p in tmp_path.iterdir()} == left


@pytest.mark.parametrize("damage", ["text", "cut off", "flipped bit"])
def test_a_damaged_shard_is_made_again(network, images, tmp_path, damage):
    out = tmp_path / "rows.csv"
    interrupted(network, images, out)
    path = tmp_path / "rows.csv.parts" / "00001.safetensors"
    content = bytearray(path.read_bytes())
    content[-20] ^= 1  # among the scores: the file is complete and of the right form
    spoiled = {"text": b"no rows", "cut off": content[:-9], "flipped bit": content}[damage]
    path.write_bytes(spoiled)
    table = evaluate(network, images, PAPER, out, progress=False, batch=2, shard=2)
    assert table.attrs["resumed"] == 4
    whole = evaluate(network, images, PAPER, progress=False, batch=2)
    pd.testing.assert_frame_equal(table, whole, check_exact=True)


def test_the_note_says_what_made_the_table(network, images, tmp_path):
    out = tmp_path / "rows.csv"
    evaluate(network, images, PAPER, out, progress=False)
    note = json.loads((tmp_path / "rows.csv.json").read_text(encoding="utf-8"))
    assert note["protocol"]["rule"] == "paper"
    assert note["protocol"]["threshold"] == 0.2
    assert note["weights"] == network.weights_hash
    assert (note["n"], note["rows"], note["unreadable"]) == (8, 48, [])
    assert evaluate_module._finished(out, Keeper(out, {"another": "run"})) is None
