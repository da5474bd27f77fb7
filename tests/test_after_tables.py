"""Tables, scores and verdicts of what came after, on cases whose answers are known."""

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image
from torch import nn

from cam_utils.data import Subset
from cam_utils.data.record import Record
from cam_utils.metrics.intervals import Rate, pick
from cam_utils.networks import load_network
from cam_utils.sections.s6_after import (
    entries,
    methods,
    quality,
    scoring,
    studies,
    tables,
    verdicts,
)
from cam_utils.study import Ask, read_frames


@pytest.fixture(scope="module")
def record():
    """A 112x112 picture with an object from (16, 32) to (80, 96)."""
    mask = np.zeros((1, 112, 112), bool)
    mask[0, 32:96, 16:80] = True
    boxes = np.array([[16, 32, 80, 96]], np.float32)
    return Record("a", Image.new("RGB", (112, 112)), 0, boxes, mask)


def rows_of(maps, record):
    frames = [scoring.scored(m, record, 112).assign(image=k) for k, m in enumerate(maps)]
    return pd.concat(frames, ignore_index=True)


def test_a_perfect_map_is_right_at_every_threshold(record):
    perfect = record.masks[0].astype(np.float32)
    frame = rows_of([perfect, 1 - perfect], record)
    overlap = scoring.mask_overlaps(frame)
    np.testing.assert_allclose(overlap[0, 1:], 1)
    assert overlap[1, 1:].max() == 0
    assert scoring.overlaps(frame, "v1")[0, :49].min() > 0.9
    counts = scoring.pixels(frame)
    assert counts.sum() == 2 * 112 * 112
    assert quality.true_precision(perfect, record.masks[0]) == pytest.approx(1)


def test_thresholds_come_from_val(record):
    soft = record.masks[0] * 0.5 + 0.3
    soft[:4, :4] = 1.0  # a spot that is brighter than the object
    sharp = record.masks[0].astype(float)
    frames = {
        "val|CAM": rows_of([soft] * 4, record), "test|CAM": rows_of([soft] * 6, record),
        "val|other": rows_of([sharp] * 4, record), "test|other": rows_of([sharp] * 3, record),
    }  # fmt: skip
    rows = pd.DataFrame(tables.entry_rows(frames, ("CAM",)))
    own = pick(rows, entry="CAM", metric=tables.V1).iloc[0]
    assert own["measured"] == 100
    assert 0 <= own["tau"] < 0.8  # above, only the spot is left
    apart = pick(rows, entry="other", metric=tables.MINUS.format(tables.MASK, "CAM"))
    assert apart["measured"].item() > 0
    assert apart["n"].item() == 3
    assert pick(rows, entry="other", metric=tables.PXAP)["measured"].item() == pytest.approx(100)
    shown = tables.readable(rows)
    assert list(shown.index) == ["CAM", "other"]
    assert shown["n"].tolist() == [6, 3]


def test_ranks_of_entries():
    good = {"drop": 0.1, "insertion": 0.9, "deletion": 0.1, "pointing": 1.0, "energy": 0.9}
    rows = []
    for image in range(20):
        for k, entry in enumerate("abcd"):  # from the best to the worst
            own = {n: v - 0.1 * k if v > 0.5 else v + 0.1 * k for n, v in good.items()}
            own["deletion"] = -own["deletion"]  # a score that has it the wrong way round
            rows.append({"image": image, "entry": entry, "truth": 1 - 0.1 * k} | own)
    found = pd.DataFrame(tables.rank_rows(pd.DataFrame(rows)))
    truth = pick(found, **{"with": "truth"}).set_index("score")["measured"]
    assert truth["insertion"] == truth["average drop"] == truth["energy in the mask"] == 1
    assert truth["deletion"] == -1
    means = pd.DataFrame(tables.quality_rows(pd.DataFrame(rows)))
    assert pick(means, entry="b", score="insertion")["measured"].item() == pytest.approx(80)


class Bright(nn.Module):
    """Two classes: the logit of the first is the sum of the upper half's pixels."""

    def forward(self, images):
        top = images[:, :, :8].sum((1, 2, 3)) / 100
        return torch.stack([top, -top], 1)


def test_scores_follow_what_the_network_looks_at():
    image, network = torch.ones(3, 16, 16), Bright()
    top = torch.zeros(16, 16)
    top[:8] = 1
    assert quality.dropped(network, image, top, 0) == 0
    assert quality.dropped(network, image, 1 - top, 0) > 0.4
    good = quality.insertion_and_deletion(network, image, top, 0)
    bad = quality.insertion_and_deletion(network, image, 1 - top, 0)
    assert good[1] < bad[1]  # deletion: the probability falls sooner
    assert good[0] == bad[0]  # blurring a flat image takes nothing away


def test_entries_that_know_nothing():
    network = load_network("mini/googlenet-gap")
    images = torch.zeros(2, 3, 112, 112)
    images[:, :, :, 56:] = 1
    classes = torch.tensor([[3], [5]])
    steep = entries.edges(network, images, classes)
    assert steep.shape == (2, 1, 112, 112)
    assert steep[0, 0, 50].argmax() in range(50, 62)
    assert steep[0, 0, 50, :40].max() == 0
    bump = entries.centre_gaussian(network, images, classes)[0, 0]
    assert bump.argmax() in (55 * 112 + 55, 56 * 112 + 56)
    own = entries.cam(network, images, classes)
    torch.testing.assert_close(entries.of_another(network, images, classes)[0], own[1])
    other = entries.randomised(network)
    weight, shuffled = (
        n.fc.weight if hasattr(n, "fc") else n.class_weights for n in (network, other)
    )
    assert not torch.equal(weight, shuffled)
    torch.testing.assert_close(weight.sum(), shuffled.sum(), rtol=1e-3, atol=1e-2)
    assert entries.larger_input(network, images, classes).shape == (2, 1, 28, 28)
    assert entries.several_sizes(network, images, classes).shape == (2, 1, 28, 28)


def test_verdicts_have_three_answers():
    assert verdicts.same_map(1e-6, "x").holds
    assert not verdicts.same_map(1e-2, "x").holds
    up, flat, wide, down = (
        Rate(3, 1, 5, 9),
        Rate(0, -2, 2, 9),
        Rate(1, -7, 9, 9),
        Rate(-9, -12, -6, 9),
    )
    assert verdicts.some_gain([flat, up]) is True
    assert verdicts.some_gain([flat, down]) is False
    assert verdicts.some_gain([flat, wide]) is None
    narrow = Rate(3, 0.5, 5.5, 9)  # alone above zero; widened for six comparisons it is not
    assert verdicts.some_gain([narrow]) is True
    assert verdicts.some_gain([narrow, *[flat] * 5]) is None
    assert (
        verdicts.successors(None)
        == verdicts.larger_input_helps(None)
        == verdicts.attention(None)
        == []
    )
    made = {"images": "mini/objects", "split": "test"}
    for rate, holds in ((up, True), (flat, None), (down, False)):
        metric = tables.MINUS.format(tables.V1, entries.AS_IT_IS)
        row = {"entry": "input twice as large", "metric": metric} | rate.as_row(2)
        (found,) = verdicts.larger_input_helps((pd.DataFrame([row]), made))
        assert found.holds is holds
        assert found.on == "mini/objects test"
    for low, holds in ((0.6, True), (0.4, None), (-0.2, None)):
        names = "average drop", "insertion", "deletion"
        rows = [{"score": n, "with": "truth"} | Rate(0.8, low, 0.9, 9).as_row(2) for n in names]
        assert verdicts.scores_tell((pd.DataFrame(rows), made))[0].holds is holds


@pytest.mark.parametrize("study", [s for s in studies.STUDIES if "mini" in s.profiles])
def test_stored_tables_are_made_of_the_stored_rows(study, tmp_path, pytestconfig):
    folder = pytestconfig.rootpath / "figures" / "mini"
    found, _ = study.tables(None, read_frames(folder / "rows" / f"{study.name}.npz"))
    for name, rows in found.items():
        pd.DataFrame(rows).to_csv(tmp_path / "again.csv", index=False)
        assert (tmp_path / "again.csv").read_bytes() == (folder / f"{name}.csv").read_bytes()


def test_rows_are_measured_again(pytestconfig):
    """The first pictures' rows of two entries, as stored."""
    rows = read_frames(pytestconfig.rootpath / "figures" / "mini" / "rows" / "successors.npz")
    opened = studies.STUDIES[0].open(Ask("mini"))
    some = {"LayerCAM": methods.layer_cam} | entries.nulls()
    images = Subset(opened.parts["test"], range(4))
    again = scoring.entries_scored(opened.networks["network"], images, some)
    for name in ("LayerCAM", entries.GAUSSIAN, entries.EDGES):
        stored = rows[f"test|{name}"].query("image < 4")
        apart = scoring.mask_overlaps(again[name]) - scoring.mask_overlaps(stored)
        assert np.abs(apart).max() < 0.01


def test_later_work_is_compared_by_its_distance_to_the_middle():
    """Choe et al.: CAM 60.0, 63.4, 63.7 and the centre Gaussian 52.5."""
    own = {"metric": tables.MINUS.format(tables.V2, entries.GAUSSIAN), "tau": 0.3, "n": 9}
    values = {"measured": 5.0, "low": -1.0, "high": 11.0}
    photos = pd.DataFrame([{"entry": name} | own | values for name in ("CAM", entries.EDGES)])
    found = tables.beside_later(photos)
    assert found.loc["CAM", ["VGG16", "InceptionV3", "ResNet-50"]].tolist() == [
        "+7.5", "+10.9", "+11.2"
    ]  # fmt: skip
    assert found.iloc[0, -1] == "5.0 [-1.0, 11.0]"
    assert entries.EDGES not in found.index
    assert found.index[0] == "CAM"


def test_which_method_when_is_read_from_what_was_measured():
    rows = pd.DataFrame(
        [{"entry": e, "metric": tables.PXAP, "measured": m, "low": m - 1, "high": m + 1, "n": 9}
         for e, m in (("CAM", 61.0), ("LayerCAM", 64.0))]
    )  # fmt: skip
    found = tables.which_when({"CAM": 1.1, "Grad-CAM": 3.2, "LayerCAM": 3.0}, rows, None)
    drawn = found[f"drawn: {tables.PXAP}"]
    assert drawn["Grad-CAM"] == drawn["CAM"] == "61.0 [60.0, 62.0]"
    assert drawn["LayerCAM"].startswith("64.0")
    assert set(found[f"photos: {tables.V2}"]) == {"not measured"}
    assert found.loc["Grad-CAM", "forward passes"] == "3"
