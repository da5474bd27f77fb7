"""Table 4: the paper's rows, the measured ones, and boxes that never look."""

import shutil

import numpy as np
import pandas as pd
import pytest
from tiny_birds import Blobs, Colours

from cam_utils.book import published
from cam_utils.commands.scoreboard.cells import cells
from cam_utils.data.truth_reader import read_truth
from cam_utils.metrics.intervals import rate
from cam_utils.sections import s41_birds
from cam_utils.sections.s41_birds import figures, studies, tables
from cam_utils.study import stored_table


@pytest.fixture(scope="module")
def found():
    setup, how = s41_birds.Setup(folds=3), {"cache": False, "progress": False}
    return s41_birds.run(Blobs("train", 40), Blobs("test", 32), Colours().eval(), setup, **how)


def test_rows_of_the_paper_stand_beside_the_measured_ones(found):
    rates = {step: found.accuracy(step) for step in found.predictions}
    table = tables.side_by_side(rates).set_index(["method", "annotation"])
    assert len(table) == len(published.table(4)) == 8
    own = table.loc[("GoogLeNet-GAP on crop", "n/a")]
    assert own["paper, CUB"] == "67.8"
    assert own["drawn birds"] == str(rates[s41_birds.CROP])
    assert own["real, CUB"] == tables.ABSENT
    others = table.loc[[("DPD", "BBox+Parts"), (tables.PARTED, "BBox+Parts")]]
    assert (others[["drawn birds", "real, CUB"]] == "-").all(axis=None)
    real = tables.side_by_side(rates, {s41_birds.CROP: rate([True, False])})
    assert real.set_index("method").loc["GoogLeNet-GAP on crop", "real, CUB"].startswith("50.0 [")


def test_stored_rows_are_the_scores(found):
    rows = {row["step"]: row for row in tables.accuracies(found)}
    assert rows[s41_birds.BOX]["paper"] == 70.5
    assert rows[s41_birds.LEAKY]["paper"] is None
    assert rows[s41_birds.FULL]["measured"] == pytest.approx(
        found.accuracy(s41_birds.FULL).value, abs=1e-3
    )
    pairs = {(row["first"], row["second"]): row for row in tables.differences(found)}
    gain = found.difference(s41_birds.FULL, s41_birds.BOX)
    assert pairs[s41_birds.FULL, s41_birds.BOX]["low"] == pytest.approx(gain.low, abs=1e-3)
    assert (s41_birds.CROP, s41_birds.LEAKY) in pairs


def test_the_cam_stands_beside_every_null_baseline(found):
    truth = read_truth(Blobs("test", 32), progress=False)
    rates = tables.located(found, truth, 0.6)
    assert next(iter(rates)) == "CAM, predicted class"
    assert rates["CAM, predicted class"] == found.located()
    assert len(rates) == 7
    assert all(r.n == 32 for r in rates.values())


def test_null_baselines_on_cubs_own_boxes(shared, tmp_path, capsys):
    """The official boxes and sizes, no photo: 58.1 % for a box in the middle, not 5.5 %."""
    lists = tmp_path / "CUB_200_2011"
    photos = shutil.ignore_patterns("images")
    shutil.copytree(shared / "real" / "CUB_200_2011", lists, ignore=photos)
    files = studies.run("paper", tmp_path, out=tmp_path)
    assert "photos of 0 of 200 classes of cub are complete" in capsys.readouterr().out
    assert [f.name for f in files] == ["cub_null_boxes.csv"]
    stored = stored_table("cub_null_boxes")
    made = pd.read_csv(files[0]).set_index("baseline")
    assert made.equals(stored[0].set_index("baseline"))
    assert made.loc["centre box, 60 % of the sides", "measured"] == pytest.approx(58.1, abs=0.05)
    assert made.loc["whole image", "measured"] == pytest.approx(18.6, abs=0.05)
    assert stored[1]["centre box"]["chosen on"] == "the training images"
    assert (
        not (made["low"] <= tables.STATED["chance"])
        .mul(made["high"] >= tables.STATED["chance"])
        .any()
    )


def test_setups_are_tried_on_the_images_given(monkeypatch):
    monkeypatch.setattr(studies, "THRESHOLDS", (0.2, 0.5))
    monkeypatch.setattr(studies, "MARGINS", (0.0, 0.3))
    train, val, network = Blobs("train", 40), Blobs("val", 24), Colours().eval()
    rows = studies.setups(train, val, network, cache=False, progress=False)
    assert [(r["threshold"], r["margin"]) for r in rows] == [
        (0.2, 0.0), (0.2, 0.3), (0.5, 0.0), (0.5, 0.3),
    ]  # fmt: skip
    assert all(r["n"] == 24 for r in rows)
    again = s41_birds.run(
        train,
        val,
        network,
        s41_birds.Setup(0.5, 0.3),
        (s41_birds.CROP,),
        cache=False,
        progress=False,
    )
    assert rows[3]["measured"] == pytest.approx(again.accuracy(s41_birds.CROP).value, abs=1e-3)
    assert rows[0]["located"] == rows[1]["located"]  # a margin does not move the box


def test_figure7_shows_right_and_wrong_boxes_in_their_share(found):
    chosen = figures.choose_birds(found, species=2, each=4, seed=1)
    assert chosen == figures.choose_birds(found, species=2, each=4, seed=1)
    bad = dict(zip(found.ids, found.overlaps < 0.5, strict=True))
    for label, ids in chosen.items():
        own = found.labels == label
        assert all(found.labels[found.ids.index(id)] == label for id in ids)
        share = np.mean([bad[id] for id in ids])
        assert abs(share - (found.overlaps[own] < 0.5).mean()) <= 0.5 / 4


def test_the_scoreboard_shows_the_stored_accuracies():
    found = {cell.row: cell for cell in cells("mini") if cell.table == 4}
    stored, _ = stored_table("table4", "mini")
    stored = stored[stored["setup"] == "paper"].set_index("step")
    for row, step in tables.ROWS.items():
        assert found[row].measured.value == stored.loc[step, "measured"]
        assert found[row].published == published.value(4, row, "accuracy")
    assert found["DPD"].measured is None
    assert all(c.note for c in cells("paper") if c.table == 4)
