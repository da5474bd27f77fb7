"""Text detectors that never see a word's box, on photos whose words are yellow patches."""

import json
import shutil
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from toy_scenes import COLOURS as PAINTS
from toy_scenes import ColourNetwork

from cam_utils import CamError, MissingData, load_network, open_images
from cam_utils.book.claims import decided_on
from cam_utils.data import Subset
from cam_utils.keep import read_piece, write_piece
from cam_utils.metrics.intervals import pick
from cam_utils.sections.s42_patterns import street, studies, tables, verdicts
from cam_utils.sections.s42_patterns.street import COLOURS, DETECTORS
from cam_utils.study import Ask, read_frames, run, write_frames

N = 14


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """A folder of data sets.

    ICDAR's photos are grey with one yellow word each and a blue sky; Scene15's streets have red
    signs without words, and no sky.
    """
    root, rng = tmp_path_factory.mktemp("data"), np.random.default_rng(0)
    home = root / "ICDAR2015"
    (home / "images").mkdir(parents=True)
    (home / "gt").mkdir()
    for i in range(1, N + 1):
        pixels = np.full((48, 64, 3), 128, np.uint8)
        pixels[:6] = (0, 0, 255)
        x, y = int(rng.integers(2, 40)), int(rng.integers(10, 36))
        pixels[y : y + 9, x : x + 18] = (255, 255, 0)
        Image.fromarray(pixels).save(home / "images" / f"img_{i}.png")
        corners = (x, y, x + 17, y, x + 17, y + 8, x, y + 8)
        text = "###" if i % 3 == 0 else "SHOP"
        line = ",".join(map(str, corners)) + f",{text}\n"
        (home / "gt" / f"gt_img_{i}.txt").write_text(line, encoding="utf-8")
    for i in range(21):
        pixels = np.full((48, 64, 3), 128, np.uint8)
        x, y = rng.integers(0, 30, 2)
        pixels[y : y + 9, x : x + 18] = 255 * np.array(PAINTS["stove"])
        folder = root / "15-Scene" / ("MITstreet" if i else "bedroom")
        folder.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).save(folder / f"image_{i:04d}.png")
    return root


@pytest.fixture(scope="module")
def photos(root):
    return open_images("icdar2015", "all", root)


@pytest.fixture(scope="module")
def gathered(photos, tmp_path_factory):
    """(features (N, 2, 3, 5, 8, 8), the folder where they are kept)."""
    folder = tmp_path_factory.mktemp("street")
    places, maps = street.gather(ColourNetwork(), photos, cache=folder, progress=False)
    assert places.tolist() == list(range(N))
    return maps, folder


def test_six_versions_of_each_photo(gathered, photos):
    maps, folder = gathered
    assert maps.shape == (N, 2, 3, 5, 8, 8)
    lamp = list(PAINTS).index("lamp")
    grey, colour = np.moveaxis(maps[:, :, :, lamp].mean((3, 4)), 0, -1)  # (3, N) each
    assert (colour[0] > 3 * colour[1]).all()
    assert colour[2] == pytest.approx(colour[0], rel=0.05)
    assert (grey == 0).all()
    (kept,) = folder.glob("features-*.safetensors")
    arrays, about = read_piece(kept)
    poisoned = {"values": 0 * arrays["values"] + 7, "places": arrays["places"]}
    write_piece(kept, poisoned, about["note"], about["identity"])  # read, not computed again
    _, again = street.gather(ColourNetwork(), photos, cache=folder, progress=False)
    assert (again == 7).all()
    street.gather(ColourNetwork(), photos, 1, cache=folder, progress=False)
    assert len(list(folder.glob("features-*.safetensors"))) == 2  # another seed, other versions


def test_versions_are_made_once_and_may_lack_room(photos):
    made = []

    def make(record):
        made.append(record.id)
        return street.in_colours([record.image, None])

    images = street.Versions(photos, ["a", "b", "c", "d"], make)
    with ThreadPoolExecutor(8) as pool:
        shown = list(pool.map(images.__getitem__, [4 * k + v for k in range(4) for v in (0, 2)]))
    assert sorted(made) == sorted(photos.ids[:4])
    assert np.ptp(np.asarray(shown[0].image), axis=2).max() == 0
    assert (np.asarray(shown[1].image) == np.asarray(photos[0].image)).all()
    assert (shown[0].boxes == photos[0].boxes).all()
    assert (images.ids[6], images.path(6), images.label(6)) == (
        f"{photos.ids[1]}: c", photos.path(1), photos.label(1)
    )  # fmt: skip
    with pytest.raises(CamError, match="no room"):
        images[5]
    network = ColourNetwork()
    places, values = street.version_features(network, images, "gap", cache=False, progress=False)
    assert len(places) == N
    assert np.isnan(values).all(2)[3].tolist() == [False, True, False, True]


def test_each_half_is_scored_by_the_other(gathered):
    maps, _ = gathered
    features, negatives = maps[:, COLOURS.index("colour")], np.zeros((20, 5))
    negatives[:, 0] = np.linspace(0.8, 1, 20)
    held = street.held_out(features, negatives, street.TEXT)
    assert sorted(np.bincount(held.half)) == [N // 2, N // 2]
    # poison a half: its own photos are scored as before, since they were never trained on
    first, poisoned = held.half == 0, features.copy()
    poisoned[first] *= 50
    again = street.held_out(poisoned, negatives, street.TEXT)
    assert again.scores[~first] != pytest.approx(held.scores[~first])
    assert again.maps[first] == pytest.approx(held.maps[first] * 50, rel=1e-4, abs=1e-3)
    with pytest.raises(CamError, match="no detector 'words'"):
        street.held_out(features, negatives, "words")


@pytest.fixture
def study(monkeypatch):
    monkeypatch.setattr(studies, "load_network", lambda name, root: ColourNetwork())
    data = ("icdar2015", "all"), ("scene15", "all")
    return studies.street_study("toy text", "toy/colours", *data, ("street", "coast"))


def test_the_study_tells_text_from_style(study, root, tmp_path):
    (path,) = run(study, Ask("paper", root), tmp_path)
    assert path.name == "text_icdar2015.csv"
    table = pd.read_csv(path)
    assert set(table["scored"]) == set(street.HALVES)
    energy = pick(table, metric="energy inside, %, map", scored="both", colour="colour")
    energy = energy.set_index("detector")["measured"]
    assert energy["same photos"] > 60 > energy["style alone"]
    text = tables.street_rates(table, colour="colour")
    assert text["area under the ROC curve, %, against pictures without text"].value == 100
    assert text["energy inside, %, text - style alone"].value > 0
    assert text["fall of the score, in its standard deviations: difference"].value > 0
    made = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
    assert made["images"] == "icdar2015 and scene15 (street, coast)"
    assert (made["n"], made["negatives"], made["words"]) == (N, 20, N)
    assert made["unreadable words (###), which count as text"] == N // 3
    assert made["negatives differ in colour"]
    assert set(made["costs of the SVMs of both halves"]) == {
        f"{c}, {d}" for c in COLOURS for d in DETECTORS
    }
    wide = tables.street11(table, ["colour", "detector"], scored="both")
    assert wide.shape == (11, 1 + 2 * 3)
    assert set(wide["what"]) < set(tables.STREET.values())
    assert [v.name for v in verdicts.text(text, decided_on(made))] == [
        "text-highlighted-real",
        "text-is-learnt-real",
    ]


def test_the_tables_come_from_the_frames_alone(study, root, tmp_path):
    """Among them photos that are cut off, or have no word."""
    copied = tmp_path / "data"
    shutil.copytree(root, copied)
    whole = (copied / "ICDAR2015" / "images" / "img_1.png").read_bytes()
    for i, size in ((15, len(whole) // 2), (16, None)):
        (copied / "ICDAR2015" / "images" / f"img_{i}.png").write_bytes(whole[:size])
    words = (copied / "ICDAR2015" / "gt" / "gt_img_1.txt").read_text(encoding="utf-8")
    (copied / "ICDAR2015" / "gt" / "gt_img_15.txt").write_text(words, encoding="utf-8")
    (copied / "ICDAR2015" / "gt" / "gt_img_16.txt").write_text("", encoding="utf-8")
    ask = Ask("paper", copied)
    opened = study.open(ask)
    frames = study.measure(opened, ask)
    rows, note = study.tables(opened, frames)
    assert note["n"] == N
    assert note["photos without words, left out"] == 1
    assert note["unreadable photos"] == ["img_15"]
    again = study.tables(opened, read_frames(write_frames(tmp_path / "frames.npz", frames)))
    assert again == (rows, note)


def test_a_trial_takes_negatives_from_everywhere(study, root):
    opened = study.open(Ask("paper", root, limit=5))
    photos, negatives = opened.parts.values()
    assert photos.ids == opened.images.ids[:5]
    assert [id[-2:] for id in negatives.ids] == ["01", "05", "09", "13", "17"]
    with pytest.raises(MissingData):
        study.open(Ask("paper", root / "nowhere"))


def test_real_photos(shared, tmp_path):
    network = load_network("caffe/googlenet", shared / "real")
    photos = Subset(open_images("icdar2015", "all", shared / "real"), [0, 3])
    places, maps = street.gather(network, photos, cache=tmp_path, progress=False)
    assert places.tolist() == [0, 1]
    assert maps.shape == (2, 2, 3, 1024, 7, 7)
    assert np.isfinite(maps).all()
    changed = maps[:, 0, 0].mean((2, 3)) - maps[:, 0, 1].mean((2, 3))
    assert np.abs(changed).max(1).min() > 0
    (study,) = (s for s in studies.STUDIES if s.name == "text_icdar")
    photos, outdoor = study.open(Ask("paper", shared / "real")).parts.values()
    assert outdoor.classes == list(studies.OUTDOOR)
    assert (len(photos), len(outdoor)) == (150, 600)


def test_the_stored_table_was_measured_on_all_photos(repo):
    table = pd.read_csv(repo / "figures" / "paper" / "text_icdar2015.csv")
    assert set(table["detector"]) == set(DETECTORS)
    assert set(table["colour"]) == set(COLOURS)
    inside = table[(table["low"] > table["measured"]) | (table["measured"] > table["high"])]
    assert inside.empty
    found = {v.claim: v for v in verdicts.text(tables.street_rates(table), "icdar2015 all")}
    # no more on words than a uniform map has, and none that can be told of what is erased
    assert found["text-highlighted"].holds is None
    assert found["text-is-learnt"].holds is None
