"""Street View Text made fit for a fair test, on made screenshots whose words are known."""

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from toy_scenes import ColourNetwork

from cam_utils.data.record import Record
from cam_utils.evaluate.maps import one_class, records_with_maps
from cam_utils.features import extract, fit_svm, svm_network
from cam_utils.keep import read_piece, write_piece
from cam_utils.metrics.intervals import pick
from cam_utils.sections.s42_patterns import street_view_study as study
from cam_utils.sections.s42_patterns import verdicts
from cam_utils.sections.s42_patterns.street_view import (
    SIDE,
    WordTiles,
    evened,
    pairs_of,
    square_of,
    without_controls,
)
from cam_utils.study import Ask, Opened, stored_table


class Screenshots:
    """Noisy streets with one white word each, and a red control in the upper left corner."""

    name, split, classes = "toy/screens", "all", ["text"]

    def __init__(self, n=12, word=True):
        self.ids, rng, self.records = [f"s{i}" for i in range(n)], np.random.default_rng(3), []
        for id in self.ids:
            pixels = rng.integers(60, 120, (200, 320, 3)).astype(np.uint8)
            pixels[:30, :30] = (255, 0, 0)
            x, y = (int(v) for v in rng.integers((80, 30), (180, 140)))
            boxes = [(x, y, x + 40, y + 12)] if word else []
            if word:
                pixels[y : y + 12, x : x + 40] = 255
            boxes = np.array(boxes, np.float32).reshape(-1, 4)
            self.records.append(Record(id, Image.fromarray(pixels), 0, boxes))

    def __len__(self):
        return len(self.ids)

    def __getitem__(self, i):
        return self.records[i]

    def label(self, i):
        return 0

    def content(self):
        return f"{len(self)}, {len(self.records[0].boxes)}"


def test_the_window_has_no_control_and_its_words():
    photos = Screenshots()
    window = without_controls(photos)[0]
    assert window.image.size == (184, 184)  # 0.92 of the height, 0.58 of the width is more
    pixels = np.asarray(window.image).astype(int)
    assert not ((pixels[..., 0] > 200) & (pixels[..., 1] < 50)).any()
    (x0, y0, x1, y1), word = window.boxes[0].astype(int), pixels.min(2) > 200
    assert word[y0:y1, x0:x1].all()
    assert word.sum() == (y1 - y0) * (x1 - x0)


def test_a_word_of_which_less_than_half_is_seen_is_left_out():
    image = Image.new("RGB", (100, 100))
    boxes = np.array([[40, 10, 60, 20], [45, 30, 65, 40], [10, 50, 20, 55]], np.float32)
    found = square_of(Record("a", image, 0, boxes), 0, 0, 50)
    assert found.boxes.tolist() == [[40, 10, 50, 20]]
    assert found.image.size == (50, 50)


def test_evened_pictures_are_alike():
    record = evened(without_controls(Screenshots()))[0]
    assert record.image.size == (SIDE, SIDE)
    assert np.ptp(np.asarray(record.image), axis=2).max() == 0
    x0, y0, x1, y1 = record.boxes[0].round().astype(int)
    grey = np.asarray(record.image)[..., 0]
    assert grey[y0 + 2 : y1 - 2, x0 + 2 : x1 - 2].min() > 180
    assert grey[grey < 200].size > 0.9 * grey.size


def test_tiles_around_words_and_without_any():
    photos = without_controls(Screenshots())
    around, without = (WordTiles(photos, kind) for kind in (True, False))
    assert len(around) == len(without) > 20
    for a, b in zip(around.tiles, without.tiles, strict=True):
        assert (a.photo, a.pair, a.side) == (b.photo, b.pair, b.side)
    white = [(np.asarray(s[i].image).min(2) > 200).sum() for s in (around, without)
             for i in range(len(s))]  # fmt: skip
    assert min(white[: len(around)]) == max(white[: len(around)]) == 40 * 12
    assert max(white[len(around) :]) == 0
    middles = [r.boxes[0].reshape(2, 2).mean(0) / r.image.size[0] for r in around]
    assert np.std(middles, axis=0).min() > 0.05  # not always in the middle
    assert pairs_of(photos[0], 0, seed=1) != pairs_of(photos[0], 0, seed=0)


@pytest.fixture(scope="module")
def measured(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        # the network's inputs are its own 32 x 32; what is kept goes nowhere
        patch.setattr("cam_utils.keep.project_root", lambda: tmp_path_factory.mktemp("kept"))
        network, photos = ColourNetwork(), without_controls(Screenshots(14))
        parts = {"photos": photos, "negatives": evened(without_controls(Screenshots(14, False)))}
        opened = Opened({"toy": network}, parts)
        frames = study._measure(opened, Ask("paper"))
        return study._tables(opened, frames)


def test_the_study_finds_words_that_are_there(measured):
    rows, note = pd.DataFrame(measured[0]["text_svt"]), measured[1]
    assert note["n"] == 14
    assert note["pairs of tiles"] > 20
    lead = pick(rows, metric="energy inside, %, map - uniform", scored=["photos", "tiles"])
    lead = lead.set_index(["scored", "detector"])["low"]
    assert lead["tiles", "tiles"] > 20
    told = pick(rows, metric=study.WORDLESS, detector="tiles", scored="tiles")
    assert told["measured"].item() > 90
    assert set(rows["scored"]) == {"photos", "tiles", *(f"tiles of {s:g}" for s in study.SCALES)}


def test_the_stored_table_decides_by_both_networks():
    rows, made = stored_table("text_svt")
    assert set(rows["network"]) == set(study.NETWORKS)
    assert made["n"] == 348
    assert ((rows["low"] <= rows["measured"]) & (rows["measured"] <= rows["high"])).all()


def test_maps_are_kept_and_read_again(tmp_path, monkeypatch):
    monkeypatch.setattr("cam_utils.keep.project_root", lambda: tmp_path)
    photos, network = evened(without_controls(Screenshots())), ColourNetwork()
    values = extract(network, photos, view="whole", cache=False, progress=False).values
    svm = fit_svm(values, np.arange(12) % 2, ["a", "b"], grid=(1.0,))
    ready = svm_network(network, svm)

    def maps(classes):
        found = records_with_maps(ready, photos, range(12), one_class(classes))
        return np.stack([own[0] for _, _, own in found])

    first = maps(0)
    (file,) = (tmp_path / ".build" / "kept").glob("maps-*.safetensors")
    arrays, about = read_piece(file)
    assert arrays["maps"].shape == (12, 1, 1, 8, 8)
    assert (maps(0) == first).all()
    write_piece(file, {"maps": arrays["maps"] * 2}, about["note"], about["identity"])
    assert maps(0) == pytest.approx(2 * first)  # read, not made
    assert maps(1) == pytest.approx(-first, abs=1e-5)  # another class is another question


def test_a_blind_map_must_be_led_too():
    lead = {"energy inside, %, map - uniform": 1.0, "energy inside, %, map - centre": 1.0}
    lead |= {"energy inside, %, map - style alone": -1.0, verdicts.WORDS_ERASED: 1.0}
    found = {k: verdicts.Rate(v, v - 0.5, v + 0.5, 9) for k, v in lead.items()}
    first, second = verdicts.text(found, "svt all")
    assert first.holds is False
    assert second.holds is True
