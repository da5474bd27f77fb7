"""Tables 2 and 3 as stored: runs, differences on the same images, verdicts, pictures."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from cam_utils import CamError, MissingData, load_network, open_images
from cam_utils.book import published as paper
from cam_utils.data import Subset
from cam_utils.evaluate import PAPER, RELEASED, evaluate, evaluate_all
from cam_utils.metrics import Rate, pick
from cam_utils.metrics.localization import misses
from cam_utils.sections.s31_surgery.train_mini import load_seed
from cam_utils.sections.s32_localization import figures, studies, tables, variants
from cam_utils.study import Ask, read_frames, run, write_rows

TABLE2 = {s.name: s for s in studies.STUDIES}["table2"]


@pytest.fixture(scope="module")
def few():
    return Subset(open_images("mini/objects", "val"), range(12))


@pytest.fixture(scope="module")
def network():
    return load_network("mini/googlenet-gap")


def test_protocols_together_give_what_each_gives_alone(network, few):
    """One forward pass for several rules; a threshold and a merge of ten crops among them."""
    protocols = {
        "a": PAPER,
        "b": replace(PAPER, threshold=0.4),
        "c": replace(PAPER, rule="released", threshold=None),
        "d": RELEASED,
        "e": replace(PAPER, view="ten"),
        "f": tables.BACKPROP_RULES["backprop, released rectangles"],
    }
    together = evaluate_all(network, few, protocols, batch=8)
    assert list(together) == list(protocols)
    for text, protocol in protocols.items():
        alone = evaluate(network, few, protocol, progress=False, batch=8)
        pd.testing.assert_frame_equal(together[text], alone, atol=1e-6)


def test_protocols_without_boxes_are_refused(network, few):
    with pytest.raises(CamError, match="makes no boxes"):
        evaluate_all(network, few, {"x": replace(PAPER, rule="", threshold=None)})


def test_every_step_changes_the_words_of_the_paper():
    first, *others = variants.STEPS.values()
    assert first == PAPER
    assert RELEASED in others
    assert len({repr(p) for p in variants.STEPS.values()}) == len(variants.STEPS)


def test_the_ablation_counts_from_its_first_step(network, few):
    steps = {"base": PAPER, "high": replace(PAPER, threshold=0.7)}
    found_tables = evaluate_all(network, few, steps)
    found = variants.ablation(found_tables, "base").set_index(["step", "metric"])
    assert (found.loc["base", ["difference", "difference_low", "difference_high"]] == 0).all(
        axis=None
    )
    for what, metric in tables.METRICS.items():
        wrong = [100 * misses(t, what).mean() for t in found_tables.values()]
        row = found.loc[("high", metric)]
        assert row["measured"] == pytest.approx(wrong[1], abs=1e-3)
        assert row["difference"] == pytest.approx(wrong[1] - wrong[0], abs=1e-3)
    shown = tables.steps_table(found.reset_index().assign(row="x"))
    assert shown["top-1, change"][0] == "+0.0 [0.0, 0.0]"


def test_table3_chooses_on_val_and_reports_on_test():
    first, last = variants.BASE, list(variants.STEPS)[-1]
    low = "threshold 10 %"
    test = {first: _table({1, 2}), low: _table({1, 2, 3}), last: _table({4})}
    val = {first: _table({1, 2}), low: _table({1}), last: _table({1, 2, 3})}
    test[first]["iou_b"] = val[first]["iou_b"] = np.nan
    rows = pd.DataFrame(variants.table3(test, val)).set_index(["guesses", "step"])
    one, five = "one box on each of five classes", "five boxes on three classes"
    assert rows.loc[(one, first), "measured"] == 25
    assert rows.loc[(one, low), "measured"] == 37.5  # better on val, worse on test: reported
    assert rows.loc[(one, low), "chosen on"] == "other images"
    assert rows.loc[(five, last), "chosen on"] == "not chosen: as published"
    assert len(variants.table3(test, None)) == 2


def _table(wrong_boxes, wrong_classes=(), n=8):
    """Rows of `evaluate` for n images; with the second guess right where the first is not."""
    rows = []
    for i in range(n):
        for rank in range(6):
            hit = rank == 0 or ((rank == 1) == (i not in wrong_classes) and rank in (1, 2))
            label = 0 if hit else rank
            overlap = 0.1 if i in wrong_boxes else 0.8
            box = (0.0, 0.0, 9.0, 9.0)
            rows.append((f"{i}", 0, rank, label, 0.5, *box, overlap, *box, overlap))
    columns = ["id", "label", "rank", "class", "score", "x0", "y0", "x1", "y1", "iou"]
    return pd.DataFrame(rows, columns=[*columns, "x0b", "y0b", "x1b", "y1b", "iou_b"])


def test_rows_hold_every_error_beside_the_papers():
    rows = pd.DataFrame(
        tables.table_rows("GoogLeNet", "PAPER", "mini/googlenet", _table({1, 2}, {1, 5}))
    ).set_index("metric")
    assert rows.loc["top-1 localization error, %", "measured"] == 37.5  # images 1, 2, 5
    assert rows.loc["top-5 localization error, %", "measured"] == 25
    assert rows.loc["class-given localization error, %", "measured"] == 25
    assert rows.loc["top-1 classification error, %", "measured"] == 25
    assert rows.loc["top-1 localization error, %", "paper"] == 60.09
    assert pd.isna(rows.loc["class-given localization error, %", "paper"])
    assert rows.loc["box right given the top-1 class, %", "n"] == 6
    assert "top-5 localization error, five boxes on three classes, %" in rows.index


def test_differences_are_paired_and_name_both():
    found_tables = {"A": _table({1, 2}), "B": _table({2})}
    (row,) = tables.error_differences(found_tables, [("A", "B"), ("A", "missing")], ("gt_known",))
    assert (row["first"], row["second"], row["measured"], row["n"]) == ("A", "B", 12.5, 8)
    assert row["low"] <= 12.5 <= row["high"]


def test_one_row_or_an_error():
    rows = pd.DataFrame(tables.table_rows("NIN", "PAPER", "mini/nin", _table({1})))
    found = pick(rows, row="NIN", metric=tables.METRICS["top1"])
    assert str(Rate.of(found)).startswith("12.5")
    with pytest.raises(CamError, match="Found 0 rows"):
        Rate.of(pick(rows, row="VGG"))
    assert tables.wide(rows).loc[0, "paper top-1"] == "65.5"


def test_a_short_run_writes_tables_with_provenance(tmp_path, monkeypatch):
    monkeypatch.setattr(studies, "TRIED", 6)
    rows = {r: tables.ROWS[r] for r in ("GoogLeNet-GAP", "GoogLeNet", "Backprop on AlexNet")}
    monkeypatch.setattr(tables, "ROWS", rows)
    ask = Ask("mini", limit=6)
    made = run(TABLE2, ask, tmp_path)
    table = pd.read_csv(made[0])
    assert set(table["protocol"]) >= {"PAPER", "RELEASED", "baseline"}
    assert (table["n"] <= 6).all()
    pairs = pd.read_csv(made[1])
    assert {("GoogLeNet-GAP", "centre box"), ("GoogLeNet-GAP", "GoogLeNet")} <= set(
        zip(pairs["first"], pairs["second"], strict=True)
    )
    # the rows picture by picture that were written are enough to make the tables again
    frames = read_frames(made[2])
    again, _ = TABLE2.tables(TABLE2.open(ask), frames)
    path = write_rows(tmp_path / "again.csv", again["table2"], {})
    assert path.read_bytes() == made[0].read_bytes()


def test_seeds_that_are_not_here_are_named(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(MissingData, match="--network mini/googlenet-gmp --seed 2"):
        load_seed("googlenet-gmp", 2)
    assert (
        load_seed("googlenet-gmp", 0).weights_hash
        == load_network("mini/googlenet-gmp").weights_hash
    )


def test_images_are_chosen_in_the_measured_proportion():
    wrong = pd.Series([i % 4 == 0 for i in range(100)], index=[f"{i:03d}" for i in range(100)])
    ids = figures.choose_in_proportion(wrong, 8, 1)
    assert len(set(ids)) == 8
    assert [bool(wrong[i]) for i in ids] == [False] * 6 + [True] * 2
    assert ids == figures.choose_in_proportion(wrong, 8, 1)


def test_a_guess_is_the_first_row_of_the_evaluation(network, few):
    for protocol in (PAPER, replace(PAPER, rule="released", threshold=None)):
        table = evaluate(network, few, protocol, progress=False)
        row = table[(table["id"] == few.ids[3]) & (table["rank"] == 1)].iloc[0]
        found = figures.guess(network, few[3], protocol)
        assert found.label == row["class"]
        assert found.iou == pytest.approx(row["iou"], abs=1e-6)
        np.testing.assert_allclose(found.box, row[["x0", "y0", "x1", "y1"]].astype(float))
        assert found.right == (row["class"] == row["label"] and row["iou"] >= 0.5)


def test_the_papers_own_table_is_complete():
    published = set(paper.table(2)["method"])
    assert published == {r for r in tables.ROWS if not r.startswith(("SqueezeNet", "EfficientNet"))}
