"""Section 5's tables, figures, verdicts and stored runs."""

import json

import numpy as np
import pandas as pd
import pytest
from units_world import Colours, Pictures

from cam_utils.commands import tables_command
from cam_utils.data import Subset
from cam_utils.errors import MissingData
from cam_utils.metrics import Rate, pick
from cam_utils.networks.preprocessing import imagenet_names
from cam_utils.sections.s5_units import figures, pools, studies, tables, verdicts
from cam_utils.sections.s5_units.ablation import CHANGE, OWN, ablation_table
from cam_utils.sections.s5_units.field import ReceptiveField
from cam_utils.sections.s5_units.halves import look
from cam_utils.sections.s5_units.occlusion import EmpiricalField
from cam_utils.sections.s5_units.unit_parts import part_table
from cam_utils.study import Ask, Opened, stored_table


@pytest.fixture(scope="module")
def half():
    pool, test = Pictures(30, 48, 3), Pictures(24, 48, 3, seed=9)
    return look("toy", Colours().eval(), pool, test, k=8, cache=False)


def number(table, metric, **where):
    return Rate.of(pick(table, metric=metric, **where))


def test_top_table(half):
    table = half.frames["units"]
    assert table.groupby("class").size().tolist() == [3, 3, 3]
    first = table[table["rank"] == 1]
    assert first["unit"].tolist() == [0, 1, 2]
    assert first["purity"].tolist() == [1, 1, 1]
    assert (first["name"] == first["label"]).all()
    assert first["images"].iloc[0].split() == half.top.ids[0, :3].tolist()
    assert (table[table["rank"] == 2]["weight"] == 0.05).all()


def test_purity_spread_and_sharing(half):
    purity = tables.purity_table(half.frames)
    assert number(purity, "purity of a class's unit 1 for the class, %").value == 100
    assert number(purity, "share of the class in the pool, %").value == 33.33
    assert number(purity, "units that never react, %").value == 0
    spread = tables.spread_table(half.frames["score"])
    assert number(spread, tables.HALF).value == 1
    # the class's unit and the five that see everything
    assert number(spread, "units that contribute positively").value == pytest.approx(6, abs=1)
    three = half.frames["sharing"].set_index("classes")
    assert (three["top"] == 3).all()  # ten are more than the network has
    assert three.loc[1, "units"] == 5  # one of its own each, and 3, 4 of everybody
    assert three.loc[3, "units"] == 2


def test_ablation_of_a_half(half):
    table = ablation_table(half.frames["ablation"])
    found = number(table, CHANGE, removed=1, units=OWN)
    assert found.value < -60
    assert found.n == 3
    assert number(table, "accuracy of the class, %", removed=0).value == 100


def test_some_of_the_classes(half):
    some = look("toy", half.network, half.pool, half.test, k=8, classes=[2, 0], cache=False)
    assert some.frames["units"]["class"].unique().tolist() == [2, 0]
    assert set(some.frames["ablation"]["class"]) == {0, 2}
    assert len(some.frames["score"]) == 24


def test_parts_of_a_half(half):
    table = part_table(half)
    assert table["unit"].tolist() == [0, 1, 2]
    assert (table["owner"] == ["class 0", "class 1", "class 2"]).all()
    assert list(table)[:4] == ["class", "unit", "owner", "part"]


def test_verdicts_of_a_half(half):
    more = look("toy", Colours(12).eval(), half.pool, half.test, k=8, cache=False)
    found = {v.claim: v for v in verdicts.of_half(more)}
    assert found["units-are-class-specific"].holds is None  # two of three units are everybody's
    assert found["units-are-class-specific"].on == "toy pictures all"
    assert {v.where for v in found.values()} == {"toy"}
    purity = number(tables.purity_table(more.frames), tables.PURITY).value
    assert verdicts.numbers({"toy": more}, {})["toy_purity"] == purity
    parts = part_table(half)
    assert verdicts.detect_parts(half, parts).holds is True
    planted = parts.assign(iou=parts["shuffled"], shuffled=parts["iou"])
    assert verdicts.detect_parts(half, planted).holds is False


def test_a_class_with_fewer_pictures_than_a_unit_has_top_images_cannot_be_tested(half):
    """Of four pictures of the third class in the pool no eight can show it."""
    pool = Subset(half.pool, [i for i in range(30) if half.pool.label(i) < 2 or i < 12])
    few = look("toy", half.network, pool, half.test, k=8, cache=False)
    purity = tables.purity_table(few.frames)
    assert number(purity, tables.PURITY).n == number(purity, tables.SHARE).n == 2
    assert len(few.frames["units"]) == 9  # the figure shows it all the same

    pool = Subset(half.pool, range(20))
    none = look("toy", Colours(12).eval(), pool, half.test, k=8, cache=False)
    assert number(tables.purity_table(none.frames), tables.PURITY).n == 0
    found, *_ = verdicts.of_half(none)
    assert found.holds is None
    assert found.measured == "no class has enough pictures in the pool"
    assert "toy_purity" not in verdicts.numbers({"toy": none}, {})


def planted(name):
    """The stored rows with purer units, and with the opposite of what their removal did."""
    rows, made = stored_table(name)
    columns = ["measured", "low", "high"]
    if name == "units_purity":
        return rows.assign(**{c: rows[c] + 40 for c in columns}), made
    turned = {"measured": -rows["measured"], "low": -rows["high"], "high": -rows["low"]}
    return rows.assign(**turned), made


def test_verdicts_of_the_stored_rows(monkeypatch):
    found = {v.name: v for v in verdicts.on_photos()}
    assert [v.holds for v in found.values()] == [None, True, True]
    assert found["units-guide-classification-real"].on == "imagenette+ilsvrc val+val"

    monkeypatch.setattr(verdicts, "stored_table", planted)
    assert [v.holds for v in verdicts.on_photos()] == [True, False, False]
    monkeypatch.setattr(verdicts, "stored_table", lambda name: None)
    assert verdicts.on_photos() == []


def texts(fig):
    return [t.get_text() for ax in fig.axes for t in (*ax.texts, ax.title) if t.get_text()]


def test_figure_13_prints_weights_and_purity(half):
    fig = figures.figure13([half, half], count=1)
    assert fig.told["name"] == "fig13_units"
    found = texts(fig)
    assert found.count("toy: colours") == 2
    assert found.count("unit 2: w = 40.00, purity 100%") == 2
    assert sum("least pure" in t for t in found) == 2
    assert sum(bool(ax.images) for ax in fig.axes) == 2 * 2 * 9
    wrong = [t for t in found if t in ("red", "green", "blue")]
    assert wrong  # units of everybody show images of other classes, and say so


def test_pictures_of_fields_and_ablation(half):
    canvas = np.zeros((97, 97))
    canvas[46:51, 46:51] = 1
    found = EmpiricalField(canvas, 2, 4, 1, 1)
    fig = figures.draw_fields(
        {"a": (found, ReceptiveField(15, 1, -7)), "b": (found, ReceptiveField(None, 4, 0))}, [half]
    )
    assert texts(fig) == [
        "a\ntheory 15 px, measured 5 px",
        "b\ntheory the whole picture, measured 5 px",
    ]
    fig = figures.draw_ablation({"toy": ablation_table(half.frames["ablation"])}, [half])
    (axis,) = fig.axes
    assert [t.get_text() for t in axis.get_xticklabels()] == ["1", "3"]


def test_pictures_of_purity_and_sharing(half):
    purity = tables.purity_table(half.frames)
    (axis,) = figures.draw_purity({"toy": purity}, [half]).axes
    dots = next(line for line in axis.lines if line.get_label() == "measured")
    rows = purity.set_index("metric")["measured"]
    assert dots.get_xdata()[[0, 3, 4]].tolist() == [100, rows[tables.PURITY], rows[tables.ANY]]
    assert [line.get_xdata()[0] for line in axis.lines[-2:]] == [rows[tables.SHARE], 50]
    sharing = half.frames["sharing"]
    (axis,) = figures.draw_sharing({"toy": sharing}, [half]).axes
    more = (sharing["units"] - sharing["expected"]).head(3)
    assert axis.lines[0].get_ydata().tolist() == more.tolist()
    assert axis.get_xticklabels()[0].get_text() == "1 or more:\n5 units"


def test_picture_of_stored_fields():
    stored = {kind: stored_table("units_fields", kind) for kind in ("mini", "paper")}
    fig = figures.draw_field_sizes(stored)
    (axis,) = fig.axes
    rows = pd.concat(table for table, _ in stored.values())
    names = rows["network"].unique()
    assert [t.get_text().split(" (")[0] for t in axis.get_yticklabels()] == list(names)
    sides = axis.lines[0].get_xdata()
    np.testing.assert_allclose(sides, 100 * rows["side_10"] / rows["input"])
    assert set(fig.told["network"]) == set(names)


def test_one_unit_s_pictures(half):
    places = [4, 1]
    maps = np.stack([np.eye(4) * 3, np.eye(4)])
    half.network.weights_hash = "random"
    fig = figures.draw_unit(half.network, half.pool, places, maps, 2, "red")
    assert texts(fig)[:2] == ["p0004: 3.0", "p0001: 1.0"]
    layers = [ax.images[1].get_array() for ax in fig.axes[:2]]
    assert layers[0][2, 2, 3] > layers[1][2, 2, 3] > 0  # one scale: the weaker one is paler


(STUDY,) = studies.STUDIES


def small(monkeypatch):
    monkeypatch.setattr(studies, "UNITS", {"mini": 1, "paper": 2})
    monkeypatch.setattr(studies, "GRID", {"mini": 24, "paper": 2})
    monkeypatch.setattr(studies, "IMAGES", 1)


def test_the_mini_study_is_written_with_its_origin(tmp_path, monkeypatch):
    small(monkeypatch)
    monkeypatch.setattr(studies, "MINI", {"mini/alexnetplus-gap": "mini/objects"})
    path, _ = tables_command.run_studies(["units"], Ask("mini", limit=24), tmp_path)
    table = pd.read_csv(path)
    row = table.iloc[0]
    assert (len(table), row["theoretical"], row["stride"]) == (1, 129, 8)
    assert 0 < row["side_50"] <= row["side_10"] <= 129 + row["patch"]
    made = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
    assert made["command"] == "python -m cam_utils tables --profile mini --only units --limit 24"
    assert "mini/alexnetplus-gap" in made["weights"]
    assert (made["images"], made["n"]) == ("mini/objects", 24)


def test_the_tables_of_photos_have_the_stored_columns(tmp_path, monkeypatch):
    small(monkeypatch)
    network, pool, test = Colours().eval(), Pictures(30, 48, 3), Pictures(24, 48, 3, seed=9)
    monkeypatch.setattr(studies, "look", lambda *a, **k: look(*a, **k, k=8, cache=False))
    opened = Opened({"toy": network}, {"pool": pool, "test": test, "ten": [2, 0]})
    frames = STUDY.measure(opened, Ask("paper", tmp_path))
    found, note = STUDY.tables(opened, frames)
    assert note["top"] == 12
    assert note["units_ablation"] == {"images": "toy pictures", "split": "all", "n": 24}
    assert "units_purity" not in note
    for name, rows in found.items():
        assert list(pd.DataFrame(rows)) == list(stored_table(name)[0])
    assert {row["class"] for row in found["units_ablation_classes"]} == {0, 2}
    fields = pd.DataFrame(found["units_fields"])
    assert sorted(fields["chosen"]) == ["first unit of blue", "first unit of red"]
    assert sorted(fields["unit"]) == [0, 2]
    half = pd.DataFrame(found["units_half"])
    sizes = pick(half, metric=tables.HALF).set_index("classes")["n"]
    assert sizes.to_dict() == {"ten of Imagenette": 2, "all in the test": 3}
    assert [row["weights"] for row in found["units_sharing"]] == ["colours"] * 3


def test_no_photo_is_in_pool_and_test(shared):
    opened = STUDY.open(Ask("paper", shared / "real"))
    pool, test, ten = opened.parts.values()
    assert (len(pool), len(test)) == (2349, 550)  # one ILSVRC photo is Imagenette's too
    names = [{id.rsplit("/", 1)[-1] for id in part.ids} for part in (pool, test)]
    assert not names[0] & names[1]
    for part, least in ((pool, 200), (test, 50)):
        labels = np.array([part.label(i) for i in range(len(part))])
        assert all((labels == c).sum() >= least for c in ten)
    assert pool[0].label == ten[0]
    assert len(STUDY.open(Ask("paper", shared / "real", limit=40)).images) == 40
    weights = studies.released_weights(shared / "real")
    assert weights.shape == (1000, 1024)
    assert studies.released_weights(shared) is None


def test_without_imagenette_no_class_has_photos_enough(shared, tmp_path, capsys):
    for name in ("ILSVRC", "weights"):
        (tmp_path / name).symlink_to(shared / "real" / name)
    pool, test, ten = pools.photo_pair(imagenet_names(), tmp_path)
    assert (len(pool), len(test), ten) == (350, 50, None)
    assert not set(pool.ids) & set(test.ids)
    assert "imagenette" in capsys.readouterr().out
    with pytest.raises(MissingData, match="imagenette"):
        STUDY.open(Ask("paper", tmp_path))
