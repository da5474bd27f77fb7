"""Table 4: the paper's rows, the measured ones, and boxes that never look."""

import json
import shutil
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import torch
import trees
from tiny_birds import Blobs, Colours

from cam_utils.book import published
from cam_utils.commands.scoreboard.cells import cells
from cam_utils.data.truth_reader import read_truth
from cam_utils.metrics.intervals import rate
from cam_utils.sections.s41_birds import figures, studies, tables, verdicts
from cam_utils.sections.s41_birds.experiment import (
    BOX,
    CROP,
    FULL,
    LEAKY,
    PAPER_SETUP,
    Setup,
    fine_grained,
    open_birds,
)
from cam_utils.study import Ask, Opened, read_frames, run, stored_table, write_frames
from cam_utils.views import box_crop

(TABLE4,) = studies.STUDIES


@pytest.fixture(scope="module")
def found():
    setup, how = Setup(folds=3), {"cache": False, "progress": False}
    return fine_grained(Blobs("train", 40), Blobs("test", 32), Colours().eval(), setup, **how)


@pytest.fixture(scope="module")
def study():
    """The study on blobs: two thresholds and two margins on val, two setups on test."""
    network = Colours().eval()
    network.weights_hash = "random"
    parts = {name: Blobs(name, n) for name, n in (("test", 32), ("train", 40), ("val", 24))}
    opened = Opened({"Table 4": network}, parts)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("cam_utils.keep.project_root", lambda: None)
        patch.setattr(studies, "THRESHOLDS", (0.2, 0.5))
        patch.setattr(studies, "MARGINS", (0.0, 0.3))
        return opened, TABLE4.measure(opened, Ask())


def test_rows_of_the_paper_stand_beside_the_measured_ones(found):
    rates = {step: found.accuracy(step) for step in found.steps}
    table = tables.table4_beside_paper(rates).set_index(["method", "annotation"])
    assert len(table) == len(published.table(4)) == 8
    own = table.loc[("GoogLeNet-GAP on crop", "n/a")]
    assert own["paper, CUB"] == "67.8"
    assert own["drawn birds"] == str(rates[CROP])
    assert own["real, CUB"] == tables.ABSENT
    others = table.loc[[("DPD", "BBox+Parts"), (tables.PARTED, "BBox+Parts")]]
    assert (others[["drawn birds", "real, CUB"]] == "-").all(axis=None)
    real = tables.table4_beside_paper(rates, {CROP: rate([True, False])}).set_index("method")
    assert real.loc["GoogLeNet-GAP on crop", "real, CUB"].startswith("50.0 [")
    assert real.loc["GoogLeNet-GAP on BBox", "real, CUB"] == "-"


def test_stored_rows_are_the_scores(found):
    rows = {row["step"]: row for row in tables.step_rows({"paper": found})}
    assert rows[BOX]["paper"] == 70.5
    assert rows[LEAKY]["paper"] is None
    assert rows[FULL]["measured"] == pytest.approx(found.accuracy(FULL).value, abs=1e-3)
    assert rows["CAM box, IoU 0.5"]["measured"] == pytest.approx(found.located().value, abs=1e-3)
    pairs = {(row["first"], row["second"]): row for row in tables.gain_rows({"paper": found})}
    gain = found.difference(FULL, BOX)
    assert pairs[FULL, BOX]["low"] == pytest.approx(gain.low, abs=1e-3)
    assert (CROP, LEAKY) in pairs


def test_the_cam_stands_beside_boxes_that_never_look(found):
    test = Blobs("test", 32)
    truth = read_truth(test, progress=False)
    assert len(tables.null_rates(truth, 0.6)) == 6
    corners, middle = verdicts.above_chance(found, truth, 0.6, test)
    assert corners.measured.startswith(str(found.located()))
    assert corners.measured.endswith("by the random corners")
    assert middle.measured.endswith("by the centre box, 60 % of the sides")
    assert (corners.name, middle.name) == (
        "birds-above-chance-real",
        "birds-above-chance-middle-real",
    )
    missed = found.rows.assign(iou=0.0)
    for iou, holds in ((1.0, True), (0.0, None)):
        planted = type(found)(missed.assign(iou=iou), found.fits)
        assert verdicts.above_chance(planted, truth, 0.1, test)[1].holds is holds


def test_the_study_chooses_on_val_and_reports_on_test(study):
    opened, frames = study
    made, note = TABLE4.tables(opened, frames)
    tried = pd.DataFrame(made["table4_setups"])
    assert [tuple(row) for row in tried[["threshold", "margin"]].to_numpy()] == [
        (0.2, 0.0), (0.2, 0.3), (0.5, 0.0), (0.5, 0.3),
    ]  # fmt: skip
    assert (tried["n"] == 24).all()
    assert tried["located"][0] == tried["located"][1]  # a margin does not move the box
    how = {"cache": False, "progress": False}
    parts = opened.parts["train"], opened.parts["val"], opened.networks["Table 4"]
    again = fine_grained(*parts, Setup(0.5, 0.3), (CROP,), **how)
    assert tried["measured"][3] == pytest.approx(again.accuracy(CROP).value, abs=1e-3)
    best = tried.loc[tried["measured"].idxmax()]
    assert note["table4"]["chosen"] == {"threshold": best["threshold"], "margin": best["margin"]}
    rows = pd.DataFrame(made["table4"])
    assert rows["setup"].unique().tolist() == ["paper", "chosen on val"]
    assert (rows["n"] == 32).all()
    assert note["table4_setups"] == {"split": "val", "n": 24}
    assert note["table4_differences"]["empty"]["paper"].keys() == {
        "test",
        "train, true",
        "train, predicted",
    }


def test_the_stored_tables_come_from_the_rows_alone(study, tmp_path):
    """Written and read again the rows give the same tables; no box changes sides."""
    opened, frames = study
    again = read_frames(write_frames(tmp_path / "rows.npz", frames))
    (made, note), (same, same_note) = TABLE4.tables(opened, frames), TABLE4.tables(opened, again)
    assert note == same_note
    for name, rows in made.items():
        pd.testing.assert_frame_equal(pd.DataFrame(rows), pd.DataFrame(same[name]))
    paper = fine_grained(
        opened.parts["train"], opened.parts["test"], opened.networks["Table 4"], PAPER_SETUP,
        cache=False, progress=False,
    )  # fmt: skip
    located = next(r for r in made["table4"] if r["step"] == "CAM box, IoU 0.5")
    assert located["measured"] == pytest.approx(paper.located().value, abs=1e-3)


def test_a_part_of_the_study_can_be_measured_again(study, monkeypatch):
    opened, frames = study
    monkeypatch.setattr("cam_utils.keep.project_root", lambda: None)
    few = {name: opened.parts[name] for name in ("test", "train")}  # no val: the paper's setup
    again = TABLE4.measure(Opened(opened.networks, few), Ask())
    assert again.keys() == {"rows|test|0.2|0", "fits|test|0.2|0"}
    for key, frame in again.items():
        pd.testing.assert_frame_equal(frame, frames[key])


def test_classes_whose_photos_are_complete_are_measured(tmp_path, monkeypatch, capsys):
    trees.cub(tmp_path)
    opened = TABLE4.open(Ask("paper", tmp_path))
    assert list(opened.parts) == ["test", "train", "listed test", "listed train"]
    assert list(opened.networks) == ["EfficientNet-Lite0"]  # its weights install with pip
    assert "its weight file" in opened.missing["Table 4"]
    monkeypatch.setattr(studies, "NETWORKS", {"Table 4": studies.NETWORKS["Table 4"]})
    opened = TABLE4.open(Ask("paper", tmp_path))
    assert list(opened.parts) == ["listed test", "listed train"]  # no weights: boxes alone
    assert "its weight file" in opened.missing["table4"]
    assert capsys.readouterr().out.count("Table 4 itself is not measured") == 1
    assert opened.images.classes == ["Black footed Albatross", "Least Auklet"]


def test_null_baselines_on_cubs_own_boxes(shared, tmp_path, capsys):
    """The official boxes and sizes, no photo: 58.1 % for a box in the middle, not 5.5 %."""
    lists = tmp_path / "CUB_200_2011"
    photos = shutil.ignore_patterns("images")
    shutil.copytree(shared / "real" / "CUB_200_2011", lists, ignore=photos)
    files = run(TABLE4, Ask("paper", tmp_path), tmp_path)
    assert "photos of 0 of 200 classes of cub are complete" in capsys.readouterr().out
    assert [f.name for f in files] == ["cub_null_boxes.csv"]
    about = json.loads(files[0].with_suffix(".json").read_text(encoding="utf-8"))
    assert "are complete in <folder>" in about["missing"]["table4"]
    assert (about["images"], about["split"], about["n"]) == ("cub", "test", 5794)
    assert about["network"] is about["weights"] is None
    stored = stored_table("cub_null_boxes")
    made = pd.read_csv(files[0]).set_index("baseline")
    assert made.equals(stored[0].set_index("baseline"))
    assert made.loc["centre box, 60 % of the sides", "measured"] == pytest.approx(58.1, abs=0.05)
    assert made.loc["whole image", "measured"] == pytest.approx(18.6, abs=0.05)
    assert about["centre box"] == stored[1]["centre box"]
    above, chance = verdicts.stated_chance((made.reset_index(), about))
    assert (above.holds, chance.holds) == (False, False)
    assert (above.name, chance.on) == ("birds-above-chance-real", "cub test")
    planted = made.reset_index().assign(low=5.0, high=6.0, measured=5.5)
    assert [v.holds for v in verdicts.stated_chance((planted, about))] == [True, True]


def test_figure7_shows_right_and_wrong_boxes_in_their_share(found):
    chosen = figures.choose_birds(found, species=2, each=4, seed=1)
    assert chosen == figures.choose_birds(found, species=2, each=4, seed=1)
    labels = found.rows.set_index("id")["label"]
    for label, ids in chosen.items():
        assert (labels[ids] == label).all()
        share = np.mean([not found.hits[id] for id in ids])
        assert abs(share - (~found.hits[labels == label]).mean()) <= 0.5 / 4


def test_table_4_is_drawn_as_measured(found):
    rates = {step: found.accuracy(step) for step in (FULL, CROP)}
    fig = figures.draw_steps({FULL: 63.0}, {"blobs": rates}, "table4_test", n=32)
    ax = fig.axes[0]
    assert [t.get_text() for t in ax.get_yticklabels()] == [FULL, CROP]
    drawn = {line.get_label(): line.get_xdata() for line in ax.lines}
    assert drawn["paper, CUB"][0] == 63.0
    assert np.isnan(drawn["paper, CUB"][1])
    (measured,) = [c for c in ax.containers if c.get_label() == "blobs"]
    expected = [rates[FULL].value, rates[CROP].value]
    np.testing.assert_allclose(measured.lines[0].get_xdata(), expected)
    assert fig.told["name"] == "table4_test"


def test_located_is_drawn_with_the_papers_lines(found):
    boards = {"a": {tables.CAM: found.located(), "whole image": rate([True, False])}}
    fig = figures.draw_located(boards, {"a": {"the paper's CAM": 41.0}}, None, Blobs("test", 32))
    lines = [line for line in fig.axes[0].lines if line.get_label() == "the paper's CAM: 41 %"]
    assert lines[0].get_xdata()[0] == 41.0
    assert [t.get_text() for t in fig.legends[0].get_texts()] == ["the paper's CAM: 41 %"]


def test_gains_where_the_box_is_right_and_where_it_is_wrong(found):
    table = tables.gains_table(found)
    right = int(found.hits.sum())
    assert list(table.columns[1:]) == [
        "all, n = 32", f"box right, n = {right}", f"box wrong, n = {32 - right}"
    ]  # fmt: skip
    assert table.iloc[0, 1] == f"{found.difference(FULL, CROP):+.1f}"
    own = found.right(BOX)[found.hits].mean() - found.right(CROP)[found.hits].mean()
    assert table.iloc[1, 2].startswith(f"{100 * own:+.1f} [")


def test_stored_steps_are_the_stored_rows(found):
    rows = pd.DataFrame(tables.step_rows({"paper": found}))
    steps = tables.stored_steps(rows, "paper")
    assert list(steps)[:3] == [FULL, CROP, BOX]
    assert list(steps)[-1] == LEAKY
    assert steps[CROP].value == pytest.approx(found.accuracy(CROP).value, abs=1e-3)
    assert tables.printed_steps() == {FULL: 63.0, CROP: 67.8, BOX: 70.5}


def test_one_crop_is_drawn_as_the_network_gets_it():
    record = Blobs("test", 4)[0]
    network, box = Colours().eval(), np.array([3, 4, 20, 30])
    crop = box_crop(record.image, box, network.input_spec)
    map = torch.rand(record.image.size[::-1])
    fig = figures.draw_crop(record, "a_bird", map, box, crop, network, Blobs("test", 4))
    side = network.input_spec.size
    assert fig.axes[2].images[0].get_array().shape == (side, side, 3)
    assert fig.axes[1].get_title() == "the map for\na bird"


def test_the_birds_of_the_notebook():
    p = SimpleNamespace(profile="mini", data_root=None, network="mini/alexnet-gap", limit=3)
    p.device = "cpu"
    network, train, test, pictures = open_birds(p)
    assert (network.name, len(train), len(test), len(pictures)) == ("mini/alexnet-gap", 3, 3, 1200)
    assert test[0].parts is None  # kept without what nothing may see
    assert pictures[0].parts


def test_the_scoreboard_shows_the_stored_accuracies():
    found = {cell.row: cell for cell in cells("mini") if cell.table == 4}
    stored, _ = stored_table("table4", "mini")
    stored = stored[stored["setup"] == "paper"].set_index("step")
    for row, step in tables.ROWS.items():
        assert found[row].measured.value == stored.loc[step, "measured"]
        assert found[row].published == published.value(4, row, "accuracy")
    assert found["DPD"].measured is None
    of_classes = [cell for cell in cells("paper") if cell.table == 4 and cell.measured]
    assert len(of_classes) == len(tables.ROWS)
    assert all("20 of 200 classes" in cell.note for cell in of_classes)


def test_photos_give_a_verdict_for_each_network():
    """Gains with their networks; a loss refutes only where boxes are right as often as printed."""

    def stored(**gains):
        rows = [
            {
                "setup": s,
                "step": "CAM box, IoU 0.5",
                "measured": box,
                "low": box - 4,
                "high": box + 4,
            }
            for s, (_, box) in gains.items()
        ]
        pairs = [
            {"setup": s, "first": FULL, "second": CROP, "measured": g, "low": g - 2, "high": g + 2}
            for s, (g, _) in gains.items()
        ]
        made = {"images": "cub", "split": "test", "weights": dict.fromkeys(gains, "0" * 16)}
        made["classes"] = "20 of 200 classes"
        return tuple((pd.DataFrame(t).assign(n=585), made) for t in (rows, pairs))

    found = verdicts.crops_help_on_photos(*stored(a=(3.4, 41.0), b=(-3.0, 17.6), c=(-3.0, 45.0)))
    assert [v.holds for v in found] == [True, None, False]
    assert found[1].where == "b, 20 of 200 classes of CUB's photos"
    assert len({v.variant for v in found}) == 3
    assert verdicts.crops_help_on_photos(None, None) == []
