"""Text detectors that never see a word's box, on photos whose words are yellow patches."""

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from toy_scenes import COLOURS, ColourNetwork

from cam_utils import CamError, load_network, open_images
from cam_utils.data import Subset
from cam_utils.features import extract
from cam_utils.keep import read_piece, write_piece
from cam_utils.sections.s42_patterns import detectors, street_photos
from cam_utils.sections.s42_patterns import detectors as street_run
from cam_utils.sections.s42_patterns.street_photos import AS_IT_IS, ELSEWHERE, ERASED

N = 14


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    """Photos in ICDAR's layout: grey, one yellow word each, a blue sky that no negative has."""
    root = tmp_path_factory.mktemp("data")
    home, rng = root / "ICDAR2015", np.random.default_rng(0)
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
        (home / "gt" / f"gt_img_{i}.txt").write_text(line)
    return open_images("icdar2015", "all", root)


@pytest.fixture(scope="module")
def plain():
    """(N, H, W, 3) pictures without words and without sky."""
    rng = np.random.default_rng(1)
    images = np.full((20, 48, 64, 3), 128, np.uint8)
    for image in images:
        x, y = rng.integers(0, 30, 2)
        image[y : y + 9, x : x + 18] = 255 * np.array(COLOURS["stove"])
    return images, np.zeros(20, np.int64)


@pytest.fixture(scope="module")
def gathered(photos, tmp_path_factory):
    folder = tmp_path_factory.mktemp("street")
    return street_photos.gather(ColourNetwork(), photos, folder, progress=False), folder


def test_six_versions_of_each_photo(gathered, photos):
    found, folder = gathered
    assert found.ids == photos.ids
    assert found.maps.shape == (N, 2, 3, 5, 8, 8)
    lamp = list(COLOURS).index("lamp")
    yellow = [found.pooled("colour", v)[:, lamp] for v in (AS_IT_IS, ERASED, ELSEWHERE)]
    assert (yellow[0] > 3 * yellow[1]).all()
    assert yellow[2] == pytest.approx(yellow[0], rel=0.05)
    assert (found.pooled("grey", AS_IT_IS)[:, lamp] == 0).all()
    (kept,) = folder.glob("features-*.safetensors")
    arrays, about = read_piece(kept)
    poisoned = {"values": 0 * arrays["values"] + 7, "places": arrays["places"]}
    write_piece(kept, poisoned, about["note"], about["identity"])  # read, not computed again
    again = street_photos.gather(ColourNetwork(), photos, folder, progress=False)
    assert (again.maps == 7).all()


def test_each_half_is_scored_by_the_other(gathered, plain):
    found, _ = gathered
    negatives = extract(ColourNetwork(), plain, view="whole", cache=False, progress=False).values
    held = detectors.held_out(found, negatives, detectors.TEXT, "colour")
    assert sorted(np.bincount(held.half)) == [N // 2, N // 2]
    # poison a half: its own photos are scored as before, since they were never trained on
    poisoned = found.maps.copy()
    poisoned[held.half == 0] *= 50
    other = street_photos.Street(found.places, found.ids, [], poisoned)
    again = detectors.held_out(other, negatives, detectors.TEXT, "colour")
    first = held.half == 0
    assert again.scores[~first] != pytest.approx(held.scores[~first])
    rest = held.maps[first] * 50
    assert again.maps[first] == pytest.approx(rest, rel=1e-4, abs=1e-3)
    with pytest.raises(CamError, match="Unknown detector"):
        detectors.held_out(found, negatives, "words", "colour")


def test_the_table_tells_text_from_style(gathered, plain, photos):
    found, _ = gathered
    negatives = extract(ColourNetwork(), plain, view="whole", cache=False, progress=False).values
    table, costs = detectors.study(
        found, photos, dict.fromkeys(street_photos.COLOURS, negatives), progress=False
    )
    assert set(costs) == {f"{c}, {d}" for c in street_photos.COLOURS for d in detectors.DETECTORS}
    both = table[(table["scored"] == "both") & (table["colour"] == "colour")]
    energy = both[both["metric"] == "energy inside, %, map"].set_index("detector")["measured"]
    assert energy["same photos"] > 60 > energy["style alone"]
    text = both[both["detector"] == "text"].set_index("metric")["measured"]
    assert text["area under the ROC curve, %, against pictures without text"] == 100
    assert text["energy inside, %, text - style alone"] > 0
    assert text["fall of the score, in its standard deviations: difference"] > 0
    assert {"first", "second", "both"} == set(table["scored"])


def test_grey_is_another_data_set(photos):
    grey = street_photos.Grey(photos)
    assert grey.name == "icdar2015 grey"
    assert grey.path(0) == photos.path(0)
    assert np.ptp(np.asarray(grey[0].image), axis=2).max() == 0
    assert (grey[0].boxes == photos[0].boxes).all()
    assert grey.label(0) == photos.label(0)


def test_real_photos(shared, tmp_path):
    network = load_network("caffe/googlenet", shared / "real")
    photos = Subset(open_images("icdar2015", "all", shared / "real"), [0, 3])
    found = street_photos.gather(network, photos, tmp_path, progress=False)
    assert found.maps.shape[2:4] == (3, 1024)
    assert np.isfinite(found.maps).all()
    changed = found.pooled("grey", AS_IT_IS) - found.pooled("grey", ERASED)
    assert np.abs(changed).max(1).min() > 0
    outdoor = street_run.outdoor_scenes(shared / "real")
    names = {outdoor.classes[outdoor.label(i)] for i in range(len(outdoor))}
    assert names == set(street_run.OUTDOOR)
    assert len(outdoor) == 600


def test_the_stored_table_was_measured_on_all_photos(repo):
    path = repo / "figures" / "paper" / "text_icdar2015.csv"
    table = pd.read_csv(path)
    assert set(table["detector"]) == set(detectors.DETECTORS)
    assert set(table["colour"]) == set(street_photos.COLOURS)
    inside = table[(table["low"] > table["measured"]) | (table["measured"] > table["high"])]
    assert inside.empty
