"""Section 5's tables, figures and stored runs."""

import json

import numpy as np
import pandas as pd
import pytest
from units_world import Colours, Pictures

from cam_utils import load_network
from cam_utils.commands import tables_command
from cam_utils.sections.s5_units import ReceptiveField, figures, studies
from cam_utils.sections.s5_units import tables as rows
from cam_utils.sections.s5_units.ablation import OWN
from cam_utils.sections.s5_units.occlusion import EmpiricalField
from cam_utils.sections.s5_units.tables import difference, look, part_table, pick
from cam_utils.study import Ask


@pytest.fixture(scope="module")
def world():
    pool, test = Pictures(30, 48, 3), Pictures(24, 48, 3, seed=9)
    return look("toy", Colours().eval(), pool, test, k=8, cache=False)


def test_top_table(world):
    table = world.table
    assert table.groupby("class").size().tolist() == [3, 3, 3]
    first = table[table["rank"] == 1]
    assert first["unit"].tolist() == [0, 1, 2]
    assert first["purity"].tolist() == [1, 1, 1]
    assert (first["name"] == first["label"]).all()
    assert first["images"].iloc[0].split() == world.top.ids[0, :3].tolist()
    assert (table[table["rank"] == 2]["weight"] == 0.05).all()


def test_purity_half_and_sharing(world):
    purity = world.purity()
    assert pick(purity, "purity of a class's unit 1 for the class, %").value == 100
    assert pick(purity, "share of the class in the pool, %").value == pytest.approx(33.33, abs=0.01)
    assert pick(purity, "units that never react, %").value == 0
    half = world.half()
    assert pick(half, "units that carry half of the positive score").value == 1
    # the class's unit and the five that see everything
    assert pick(half, "units that contribute positively").value == pytest.approx(6, abs=1)
    sharing = world.sharing()
    three = sharing[sharing["top"] == 3].set_index("classes")
    assert three.loc[1, "units"] == 5  # one of its own each, and 3, 4 of everybody
    assert three.loc[3, "units"] == 2


def test_ablation_of_a_world(world):
    table = world.ablation()
    found = pick(table, "change of the class, points", removed=1, units=OWN)
    assert found.value < -60
    assert found.n == 3
    assert pick(table, "accuracy of the class, %", removed=0).value == 100
    with pytest.raises(ValueError, match="unpack"):
        pick(table, "change of the class, points", units=OWN)


def test_parts_of_a_world(world):
    table = part_table(world)
    assert table["unit"].tolist() == [0, 1, 2]
    assert (table["owner"] == ["class 0", "class 1", "class 2"]).all()
    found = difference(table["iou"], table["shuffled"])
    assert found.low > 0
    assert found.value == pytest.approx((table["iou"] - table["shuffled"]).mean())


def test_the_rows_of_figure_13_end_with_the_least_pure_class():
    purity = pd.Series({2: 0.5, 5: 0.1, 7: 0.9, 8: 0.3})
    assert figures.choose_rows(purity, 2, 0)[-1] == 5
    assert figures.choose_rows(purity, 9, 0) == [2, 7, 8, 5]
    assert figures.choose_rows(purity, 2, 1) == figures.choose_rows(purity, 2, 1)


def texts(fig):
    return [t.get_text() for ax in fig.axes for t in (*ax.texts, ax.title) if t.get_text()]


def test_figure_13_prints_weights_and_purity(world):
    half = figures.Half("toys", world.network, world.pool, world.top, [1, 2])
    fig = figures.figure13([half, half])
    found = texts(fig)
    assert found.count("toys") == 2
    assert found.count("unit 1: w = 40.00, purity 100%") == 2
    assert any("least pure" in t for t in found)
    assert sum(bool(ax.images) for ax in fig.axes) == 2 * 2 * 9
    wrong = [t for t in found if t in ("red", "green", "blue")]
    assert wrong  # units of everybody show images of other classes, and say so


def test_pictures_of_fields_and_ablation(world):
    canvas = np.zeros((97, 97))
    canvas[46:51, 46:51] = 1
    found = EmpiricalField(canvas, 2, 4, 1, 1)
    fig = figures.draw_fields(
        {"a": (found, ReceptiveField(15, 1, -7)), "b": (found, ReceptiveField(None, 4, 0))}
    )
    assert texts(fig) == [
        "a\ntheory 15 px, measured 5 px",
        "b\ntheory the whole picture, measured 5 px",
    ]
    fig = figures.draw_ablation({"toy": world.ablation()})
    (axis,) = fig.axes
    assert [t.get_text() for t in axis.get_xticklabels()] == ["1", "3"]


def test_seeded_units():
    network = Colours()
    found = rows.seeded_units(network, range(3), 2)
    assert len(found) == 2
    assert set(found) <= {0, 1, 2}
    assert all(f"first unit of {network.classes[u]}" == text for u, text in found.items())
    network.class_weights[:, 4] = 99  # everybody's first
    assert list(rows.seeded_units(network, range(3), 2)) == [4]


def test_the_mini_study_is_written_with_its_origin(tmp_path, monkeypatch):
    monkeypatch.setattr(studies, "MINI", {"mini/alexnetplus-gap": "mini/objects"})
    for name, value in (("MINI_UNITS", 1), ("MINI_IMAGES", 1), ("MINI_GRID", 24)):
        monkeypatch.setattr(studies, name, value)
    (path,) = tables_command.run_studies(["units"], Ask("mini", limit=24), tmp_path)
    table = pd.read_csv(path)
    row = table.iloc[0]
    assert (len(table), row["theoretical"], row["stride"]) == (1, 129, 8)
    assert 0 < row["side_50"] <= row["side_10"] <= 129 + row["patch"]
    made = json.loads(path.with_suffix(".json").read_text())
    assert made["command"] == "python -m cam_utils tables --profile mini --only units --limit 24"
    assert "mini/alexnetplus-gap" in made["weights"]


def test_the_real_pool_counts_every_photo_once(shared):
    network = load_network("caffe/googlenet", shared / "real")
    pool, ten = rows.real_pool(network, shared / "real")
    assert len(pool) == 899
    assert len(pool.repeated) == 1
    labels = np.array([pool.label(i) for i in range(len(pool))])
    assert all((labels == c).sum() >= 50 for c in ten)
    assert pool[0].label == ten[0]
    weights = rows.released_weights(shared / "real")
    assert weights.shape == (1000, 1024)
    assert rows.released_weights(shared) is None
