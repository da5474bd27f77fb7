"""Table 5: fits of features on data sets, choices on the training part, the stored rows."""

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from tiny_features import TinyGap, Toy

from cam_utils import CamError, MissingData
from cam_utils.data.joined import InMemory
from cam_utils.data.scene15 import CLASSES
from cam_utils.features import PROTOCOLS, SplitRule, extract, joined
from cam_utils.sections.s4_transfer import figures, studies, tables, verdicts
from cam_utils.sections.s4_transfer.transfer import open_parts
from cam_utils.study import Ask, Opened, read_frames, run, write_frames

(TABLE5,) = studies.STUDIES
GIVEN = (("train", "test"),)
RULE = SplitRule("scene15", 8, random=2, given=GIVEN)
ROWS = ("ave pool, GoogLeNet", "gap, GoogLeNet-GAP")


@pytest.fixture(scope="module", autouse=True)
def nothing_is_kept():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("cam_utils.keep.project_root", lambda: None)
        yield


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


def measured(rule, networks, root):
    """The study's rows of Scene15, divided by a rule."""
    opened = Opened(networks, {"Scene15": open_parts(rule, root)})
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(PROTOCOLS, "Scene15", rule)
        return opened, TABLE5.measure(opened, Ask("paper", root))


@pytest.fixture(scope="module")
def study(root):
    networks = dict(zip(ROWS, (TinyGap(), TinyGap(seed=1)), strict=True))
    for network in networks.values():
        network.weights_hash = "tiny"
    return measured(RULE, networks, root)


@pytest.fixture(scope="module")
def fits(study):
    opened, frames = study
    return tables.fits_of(frames, opened.networks)


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
    rows = pd.DataFrame(tables.accuracy_rows(fits))
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
    found = pd.DataFrame(tables.difference_rows(fits))
    assert list(found["split"]) == ["given", "random"]
    rows = pd.DataFrame(tables.accuracy_rows(fits)).set_index(["feature", "split"])["measured"]
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
    network = TinyGap()
    network.weights_hash = "tiny"
    opened, frames = measured(rule, {ROWS[0]: network}, tmp_path)
    poisoned = tables.fits_of(frames, opened.networks)
    clean = fits[(fits["feature"] == ROWS[0]) & (fits["split"] == "given")]
    for column in ("view", "cost", "validated", "chosen"):
        assert poisoned[column].tolist() == clean[column].tolist()
    hits = [np.mean(t["hits"].iloc[0]) for t in (poisoned, clean)]
    assert hits[0] < hits[1]


def test_what_is_not_there_is_named(tmp_path, root, monkeypatch):
    rows = {row: tables.FEATURES[row] for row in (f"{ROWS[0]}, {tables.RANDOM}", ROWS[0])}
    monkeypatch.setattr(studies, "FEATURES", rows)
    with pytest.raises(MissingData, match=r"None of the data sets .* no Scene15 under <fold"):
        TABLE5.open(Ask("paper", tmp_path))
    opened = TABLE5.open(Ask("paper", root))
    assert list(opened.parts) == ["Scene15"]
    assert list(opened.networks) == [f"{ROWS[0]}, {tables.RANDOM}"]
    assert "no Caltech256 under <folder>" in opened.missing["Caltech256"]
    assert "its weight file" in opened.missing[ROWS[0]]


def test_the_stored_tables_come_from_the_rows_alone(study, tmp_path):
    """Written and read again the rows give the same tables; no picture is opened."""
    opened, frames = study
    again = read_frames(write_frames(tmp_path / "rows.npz", frames))
    closed = Opened(opened.networks, {})
    (found, note), (same, _) = TABLE5.tables(opened, frames), TABLE5.tables(closed, again)
    assert found.keys() == {"table5", "table5_differences", "table5_scene15"}
    for name, rows in found.items():
        pd.testing.assert_frame_equal(pd.DataFrame(rows), pd.DataFrame(same[name]))
    assert (note["images"], note["split"], note["n"]) == ("Scene15", "given, random", 90)
    each = pd.DataFrame(found["table5_scene15"])
    assert len(each) == len(frames) == 2 * 3 * 2


def test_a_part_of_the_study_can_be_measured_again(study, root):
    opened, frames = study
    few = {ROWS[1]: opened.networks[ROWS[1]]}
    _, again = measured(RULE, few, root)
    assert again.keys() == {key for key in frames if key.split("|")[1] == ROWS[1]}
    for key, frame in again.items():
        pd.testing.assert_frame_equal(frame, frames[key])


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
    name = f"{tables.UNTRAINED}mini/googlenet"
    first, again = (studies.feature_network(name) for _ in range(2))
    assert first.weights_hash == again.weights_hash
    assert first.weights_hash != studies.feature_network(name, seed=1).weights_hash


def test_a_short_run_writes_the_drawn_worlds_table(tmp_path, monkeypatch):
    rows = ("gap, GoogLeNet-GAP", f"gap, GoogLeNet-GAP, {tables.RANDOM}")
    monkeypatch.setattr(studies, "FEATURES", {k: tables.FEATURES[k] for k in rows})
    monkeypatch.setattr(studies, "MINI_SETS", ("mini/objects",))
    files = run(TABLE5, Ask("mini", limit=6), tmp_path)
    assert [f.name for f in files] == ["table5.csv", "table5_differences.csv", "table5.npz"]
    found = pd.read_csv(files[0]).set_index("feature")
    assert found.loc[rows[0], "measured"] > found.loc[rows[1], "measured"] + 20
    assert found.loc[rows[0], ["n", "n_train"]].tolist() == [144, 144]
    assert pd.read_csv(files[1]).iloc[0]["low"] > 0


def test_the_table_stands_beside_the_papers(monkeypatch, fits):
    stored = pd.DataFrame(tables.accuracy_rows(fits))
    mini = stored[stored["split"] == "given"].assign(data="mini/scenes", paper=np.nan)
    found = {"paper": (stored, {}), "mini": (mini, {})}
    monkeypatch.setattr(tables, "stored_table", lambda name, profile="paper": found.get(profile))
    shown = tables.table5_beside_paper(["Scene15", "SUN Attribute"])
    assert list(shown.columns)[:2] == ["feature", "paper: Scene15"]
    assert shown["paper: SUN Attribute"][0].endswith("?")  # the doubtful cell
    assert shown["paper: Scene15"][1] == "88.02"
    row = shown[shown["feature"] == ROWS[0]].iloc[0]
    assert row["real: Scene15"].startswith(f"{stored['measured'][1]:.2f} [")  # random splits
    assert row["real: SUN Attribute"] == shown["real: Scene15"][0] == "-"  # no fc7 was measured
    assert "mini: mini/scenes" in shown
    assert tables.columns_of("mini") == ["mini/scenes"]


def test_features_are_drawn_beside_the_papers_numbers(fits):
    rows = pd.DataFrame(tables.accuracy_rows(fits))
    fig = figures.draw_table5({"paper": (rows, {"weights": {"a": "1"}})})
    names = [t.get_text() for t in fig.axes[0].get_yticklabels()]
    assert names[:2] == ["Scene15, the paper", "Scene15, photos"]
    drawn = [line.get_xdata() for line in fig.axes[0].lines if len(line.get_xdata())]
    assert any(84.23 in x for x in drawn)
    assert any(rows["measured"].iloc[0] in x or rows["measured"].iloc[1] in x for x in drawn)
    assert fig.told["network"] == {"paper: a": "1"}


def pairs_of(gap_pool, gap_fc7, pool_fc7, half=0.5):
    """Stored differences of three transfer sets, and of the networks' own classes."""
    values = {(verdicts.GAP, verdicts.POOL): gap_pool, (verdicts.GAP, verdicts.FC7): gap_fc7,
              (verdicts.POOL, verdicts.FC7): pool_fc7}  # fmt: skip
    sets = {"mini/objects": 50, "mini/scenes": 0, "mini/actions": 1, "mini/birds": -1}
    rows = [
        {"data": data, "split": "given", "first": a, "second": b, "measured": v + more}
        | {"low": v + more - half, "high": v + more + half, "n": 100}
        for data, more in sets.items()
        for (a, b), v in values.items()
    ]
    return pd.DataFrame(rows), {"split": "given", "images": ", ".join(sets)}


def test_verdicts_of_features_have_three_answers():
    alike, better = verdicts.features(pairs_of(0.5, 3, 4))
    assert (alike.holds, better.holds) == (True, True)
    assert alike.measured == "0.5 [0.2, 0.8]"  # without the networks' own classes
    read = tables.differences_table(pairs_of(0.5, 3, 4)[0])
    assert read.iloc[0].tolist() == [verdicts.GAP, verdicts.POOL, "-0.4", "+0.5 [+0.2, +0.8]"]
    assert read.columns[-1] == "drawn, 3 data sets"
    assert alike.on == "mini/scenes, mini/actions, mini/birds, given splits"
    assert (alike.paper, better.paper) == ("-0.42", ["+7.78", "+8.20"])
    assert [v.holds for v in verdicts.features(pairs_of(9, 3, -4))] == [False, False]
    assert [v.holds for v in verdicts.features(pairs_of(2, 3, 0, half=2))] == [None, None]


def test_verdicts_of_maps_and_photos(fits):
    toy = Toy()
    assert verdicts.svm_maps(1e-6, toy)[0].holds is True
    assert verdicts.svm_maps(1e-3, toy)[0].holds is False  # a planted error
    assert verdicts.svm_maps(1e-3, toy)[0].measured == "1.0e-03"
    table = pd.DataFrame(tables.accuracy_rows(fits))
    found = verdicts.scene15((table, {}))
    assert (found.holds, found.kind, found.paper) == (False, "real", 88.02)
    good = table.assign(high=89.0)
    assert verdicts.scene15((good, {})).holds is True
