"""The stored tables of profile mini are what this code measures.

A table that takes too long for every run keeps its rows picture by picture. From them the tables
are made again, to the last digit; and of a seeded sample of the pictures the rows are measured
again, so that a change of code that moves a number is noticed here.
"""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from cam_utils.commands.tables_command import STUDIES
from cam_utils.data import Subset
from cam_utils.sections.s32_localization import studies as localization
from cam_utils.study import Ask, Opened, read_frames

PICTURES = 16  # of each part, in the sample
STEP = 1 / 65_534  # overlaps are stored in steps of this size


@pytest.fixture(scope="module")
def folder(pytestconfig):
    return pytestconfig.rootpath / "figures" / "mini"


def stored(folder) -> list[str]:
    return sorted(path.stem for path in (folder / "rows").glob("*.npz"))


def command(folder, name) -> str:
    """What measures the tables again."""
    return json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))["command"]


def opened_as_stored(folder, name) -> tuple[Opened, Ask]:
    words = command(folder, name).split()
    limit = int(words[words.index("--limit") + 1]) if "--limit" in words else 0
    ask = Ask("mini", limit=limit)
    return STUDIES[name].open(ask), ask


def test_long_studies_keep_their_rows(folder):
    assert {"table2", "ablation"} <= set(stored(folder))
    sizes = [path.stat().st_size for path in (folder / "rows").glob("*.npz")]
    assert sum(sizes) < 4_000_000


@pytest.mark.parametrize("name", ["ablation", "table2"])
def test_stored_tables_are_made_of_the_stored_rows(folder, name, tmp_path):
    opened, _ = opened_as_stored(folder, name)
    tables, _ = STUDIES[name].tables(opened, read_frames(folder / "rows" / f"{name}.npz"))
    assert tables
    for table, rows in tables.items():
        pd.DataFrame(rows).to_csv(tmp_path / "again.csv", index=False)
        again = (tmp_path / "again.csv").read_bytes()
        assert again == (folder / f"{table}.csv").read_bytes(), (
            f"{table}.csv is not what its rows come to; run: {command(folder, name)}"
        )


@pytest.mark.parametrize("name", ["ablation", "table2"])
def test_a_sample_is_measured_again_row_by_row(folder, name, monkeypatch):
    opened, ask = opened_as_stored(folder, name)
    kept = read_frames(folder / "rows" / f"{name}.npz")
    rule = localization.backprop_rule(kept)  # chosen on more pictures than the sample has
    monkeypatch.setattr(localization, "backprop_rule", lambda frames: rule)
    parts = {
        part: Subset(images, sample(len(images), ask.limit))
        for part, images in opened.parts.items()
    }
    frames = STUDIES[name].measure(replace(opened, parts=parts), ask)
    again = {k: frame for k, frame in frames.items() if not k.startswith("truth|") and k in kept}
    assert {key for key in kept if not key.startswith(("truth|", "val|"))} <= again.keys()
    told = f"of {PICTURES} pictures differ from the stored ones; run: {command(folder, name)}"
    for key, frame in again.items():
        one = {"validate": "one_to_one", "suffixes": ("", "_kept")}
        both = frame.merge(kept[key], on=["id", "rank"], **one)
        assert len(both) == len(frame), f"rows of {key} are not among the stored ones"
        # last digits differ between machines; of few rows an order or a box hangs on them
        assert moved(both, "class", 0) <= 0.03, f"classes of {key} {told}"
        for overlap in ("iou", "iou_b"):
            assert moved(both, overlap, 2 * STEP) <= 0.03, f"{overlap} of {key} {told}"


def sample(count: int, limit: int) -> list[int]:
    """Among the pictures that were measured; early ones, which every part of a study has seen."""
    seen = min(limit or count, localization.TRIED)
    return np.sort(np.random.default_rng(0).permutation(seen)[:PICTURES]).tolist()


def moved(both: pd.DataFrame, column: str, least: float) -> float:
    """The share of rows whose value differs by more than `least`."""
    now, before = (both[c].to_numpy(float) for c in (column, f"{column}_kept"))
    scale = STEP if column.startswith("iou") else 1
    return float((np.abs(now - before) * scale > least).mean())
