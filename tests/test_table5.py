"""Table 5: fits of features on data sets, choices on the training part, the stored rows."""

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from tiny_features import TinyGap, Toy

from cam_utils import CamError
from cam_utils.__main__ import main
from cam_utils.book import published
from cam_utils.data.joined import InMemory
from cam_utils.data.scene15 import CLASSES
from cam_utils.features import SplitRule, extract, joined
from cam_utils.sections.s4_transfer import studies, table5, tables
from cam_utils.sections.s4_transfer.tables import columns_of, side_by_side

GIVEN = (("train", "test"),)
RULE = SplitRule("scene15", 8, random=2, given=GIVEN)
ROWS = ("ave pool, GoogLeNet", "gap, GoogLeNet-GAP")


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """Scene15 with six small photos of each class and part; a class is a colour, roughly."""
    folder = tmp_path_factory.mktemp("data")
    noise = Toy(15 * 12, classes=15)
    for i in range(len(noise)):
        c, k = i % 15, i // 15
        path = folder / "15-Scene" / ("train" if k < 6 else "test") / CLASSES[c] / f"{k}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        light = np.random.default_rng(i).integers(-20, 20, 3)
        colour = np.array([c, 3 * c % 15, 7 * c % 15]) * 8 + light
        pixels = (np.asarray(noise[i].image) // 2 + colour).clip(0, 255)
        Image.fromarray(pixels.astype(np.uint8)).save(path)
    return folder


@pytest.fixture(scope="module")
def fits(root):
    networks = dict(zip(ROWS, (TinyGap(), TinyGap(seed=1)), strict=True))
    table, missing = table5.measure({"Scene15": RULE}, networks, root, cache=False)
    assert not missing
    return table


def test_every_split_and_view_is_fitted(fits):
    assert len(fits) == 2 * 3 * 2  # features, splits, views
    assert set(fits["split"]) == {"given", "random 0", "random 1"}
    given, random = (fits[fits["split"] == s].iloc[0] for s in ("given", "random 0"))
    assert (given["n_train"], len(given["ids"])) == (15 * 6, 15 * 6)
    assert (random["n_train"], len(random["ids"])) == (15 * 8, 15 * 4)
    assert all(name.startswith("test/") for name in given["ids"])
    assert any(name.startswith("train/") for name in random["ids"])


def test_the_view_is_chosen_by_cross_validation(fits):
    for _, rows in fits.groupby(["feature", "split"]):
        assert rows["chosen"].sum() == 1
        assert rows.loc[rows["chosen"], "validated"].item() == rows["validated"].max()


def test_stored_rows(fits):
    rows = pd.DataFrame(tables.accuracies(fits))
    assert len(rows) == 4
    row = rows[(rows["feature"] == ROWS[0]) & (rows["split"] == "random")].iloc[0]
    own = fits[(fits["feature"] == ROWS[0]) & fits["chosen"] & (fits["split"] != "given")]
    each = [100 * h.mean() for h in own["hits"]]
    assert row["measured"] == pytest.approx(np.mean(each), abs=1e-3)
    assert row["spread"] == pytest.approx(np.std(each, ddof=1), abs=1e-3)
    assert row["paper"] == 88.02
    assert row["splits"] == 2
    assert row["low"] < row["measured"] < row["high"]
    assert row["n_train"] == 120
    assert row["measured"] > 100 / 15


def test_differences_are_of_the_same_images(fits):
    found = pd.DataFrame(tables.differences(fits))
    assert list(found["split"]) == ["given", "random"]
    rows = pd.DataFrame(tables.accuracies(fits)).set_index(["feature", "split"])["measured"]
    for row in found.itertuples():
        expected = rows[(row.first, row.split)] - rows[(row.second, row.split)]
        assert row.measured == pytest.approx(expected, abs=2e-3)
        assert row.low <= row.measured <= row.high


def test_test_photos_change_nothing_that_is_chosen(root, fits, tmp_path):
    """Other photos and labels in the test part: the same views, costs and validation."""
    for path in (root / "15-Scene" / "train").rglob("*.png"):
        copy = tmp_path / "15-Scene" / path.relative_to(root / "15-Scene")
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(path.read_bytes())
    for i, path in enumerate(sorted((root / "15-Scene" / "test").rglob("*.png"))):
        copy = tmp_path / "15-Scene" / "test" / CLASSES[(7 * i) % 15] / f"{i}.png"
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(path.read_bytes())
    rule = SplitRule("scene15", given=GIVEN)
    poisoned, _ = table5.measure({"Scene15": rule}, {ROWS[0]: TinyGap()}, tmp_path, cache=False)
    clean = fits[(fits["feature"] == ROWS[0]) & (fits["split"] == "given")]
    for column in ("view", "cost", "validated", "chosen"):
        assert poisoned[column].tolist() == clean[column].tolist()
    hits = [np.mean(t["hits"].iloc[0]) for t in (poisoned, clean)]
    assert hits[0] < hits[1]


def test_what_is_not_there_is_named(tmp_path):
    sets = {"Scene15": RULE}
    table, missing = table5.measure(sets, {ROWS[0]: TinyGap()}, tmp_path, cache=False)
    assert table.empty
    assert "no Scene15 under <folder>" in missing["Scene15"]


def test_features_of_one_kind_are_joined():
    first, second = Toy(4), Toy(5, broken=[1], seed=1)
    a, b = (extract(TinyGap(), t, cache=False, progress=False) for t in (first, second))
    both = joined([a, b])
    assert both.ids == [*first.ids, "1/0", "1/2", "1/3", "1/4"]
    assert both.places.tolist() == [0, 1, 2, 3, 4, 6, 7, 8]
    assert both.unreadable == ["1/1"]
    other = extract(TinyGap(seed=1), first, cache=False, progress=False)
    with pytest.raises(CamError, match="differ in weights"):
        joined([a, other])


def test_pictures_in_memory_are_made_once():
    toy = Toy(3)
    images = InMemory(toy)
    for _ in range(2):
        assert [images[i].label for i in range(3)] == [0, 1, 2]
    assert toy.opened == 3
    assert images.classes == toy.classes
    assert images.name == "toy"


def test_random_control_networks_are_the_same_every_time():
    first, again = (studies.untrained("mini/googlenet") for _ in range(2))
    assert first.weights_hash == again.weights_hash
    assert first.weights_hash != studies.untrained("mini/googlenet", seed=1).weights_hash


def test_the_command_writes_the_drawn_worlds_table(tmp_path, monkeypatch, capsys):
    rows = ("gap, GoogLeNet-GAP", f"gap, GoogLeNet-GAP, {table5.RANDOM}")
    monkeypatch.setattr(table5, "FEATURES", {k: table5.FEATURES[k] for k in rows})
    monkeypatch.setattr(studies, "MINI_SETS", ("mini/objects",))
    monkeypatch.setattr("cam_utils.keep.project_root", lambda: None)
    given = ["--only", "table5", "--limit", "6", "--out", str(tmp_path), "--device", "cpu"]
    assert main(["tables", *given]) == 0
    assert "table5.csv" in capsys.readouterr().out
    found = pd.read_csv(tmp_path / "table5.csv").set_index("feature")
    assert found.loc[rows[0], "measured"] > found.loc[rows[1], "measured"] + 20
    assert found.loc[rows[0], ["n", "n_train"]].tolist() == [144, 144]
    difference = pd.read_csv(tmp_path / "table5_differences.csv").iloc[0]
    assert difference["low"] > 0


def test_the_table_stands_beside_the_papers(monkeypatch, fits):
    stored = pd.DataFrame(tables.accuracies(fits))
    mini = stored[stored["split"] == "given"].assign(data="mini/scenes", paper=np.nan)
    found = {"paper": (stored, {}), "mini": (mini, {})}
    monkeypatch.setattr(published, "measured", lambda name, profile="paper": found.get(profile))
    shown = side_by_side(["Scene15", "SUN Attribute"])
    assert list(shown.columns)[:2] == ["feature", "paper: Scene15"]
    assert shown["paper: SUN Attribute"][0].endswith("?")  # the doubtful cell
    assert shown["paper: Scene15"][1] == "88.02"
    row = shown[shown["feature"] == ROWS[0]].iloc[0]
    assert row["real: Scene15"].startswith(f"{stored['measured'][1]:.2f} [")
    assert "mini: mini/scenes" in shown
    assert columns_of("mini") == ["mini/scenes"]
