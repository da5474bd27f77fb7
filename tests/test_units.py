"""Section 5 on a network that is built to have class-specific units."""

import tracemalloc

import numpy as np
import pandas as pd
import pytest
import torch
from torch import nn
from units_world import Colours, Pictures

from cam_utils import CamError
from cam_utils.data import Subset
from cam_utils.data.joined import Joined
from cam_utils.errors import BrokenImage
from cam_utils.sections.s5_units import top as top_module
from cam_utils.sections.s5_units.ablation import OWN, POSITIVE, RANDOM, ablate, ablation_table
from cam_utils.sections.s5_units.by_weight import (
    half_of_score,
    linear_layer,
    shared_units,
    top_units,
)
from cam_utils.sections.s5_units.tables import purities
from cam_utils.sections.s5_units.top import top_images
from cam_utils.sections.s5_units.unit_parts import masked, named_parts, part_overlap, segment
from cam_utils.views import whole

QUIET = {"progress": False, "cache": False}


@pytest.fixture(scope="module")
def world():
    return Colours().eval(), Pictures(30, 48, classes=3)


def pooled_of(network, pool):
    views = [whole(pool[i].image, network.input_spec).tensor for i in range(len(pool))]
    with torch.no_grad():
        features = network.features(torch.stack(views))
    return features, np.array([pool.label(i) for i in range(len(pool))])


def test_units_are_ranked_by_weight(world):
    network, _ = world
    weights, bias = linear_layer(network)
    assert (weights.shape, bias.shape) == ((3, 8), (3,))
    order = top_units(weights, 8)
    assert order[1].tolist() == [1, 3, 4, 5, 6, 7, 0, 2]  # equal weights in order of index
    np.testing.assert_array_equal(order[:, :2], top_units(weights, 2))
    for count in (0, 9):
        with pytest.raises(CamError, match="1 to that many"):
            top_units(weights, count)
    with pytest.raises(CamError, match="as_gap_network"):
        linear_layer(nn.Conv2d(3, 3, 1))


@pytest.mark.parametrize(("batch", "shard"), [(4, 256), (7, 8), (64, 1)])
def test_streaming_keeps_what_a_full_sort_gives(world, monkeypatch, batch, shard):
    monkeypatch.setattr(top_module, "SHARD", shard)
    network, pool = world
    features, labels = pooled_of(network, pool)
    values = features.amax((2, 3)).numpy()
    top = top_images(network, pool, k=5, batch=batch, **QUIET)
    for unit in range(8):
        wanted = np.lexsort((np.array(pool.ids), -values[:, unit]))[:5]
        np.testing.assert_array_equal(top.indices[unit], wanted)
        np.testing.assert_allclose(top.scores[unit], values[wanted, unit], rtol=1e-5)
        np.testing.assert_allclose(top.maps[unit], features[wanted, unit], atol=1e-6)
        assert top.ids[unit].tolist() == [pool.ids[i] for i in wanted]
        np.testing.assert_array_equal(top.labels[unit], labels[wanted])
    assert top.unreadable == []
    frame = top.frame()
    assert len(frame) == 8 * 5
    third = frame[(frame["unit"] == 6) & (frame["rank"] == 3)].iloc[0]
    assert (third["id"], third["score"]) == (top.ids[6, 2], top.scores[6, 2])


class Wide(Colours):
    """Many units with large maps."""

    def features(self, images):
        return super().features(images)[:, :1].repeat(1, 64, 1, 1)


def test_memory_does_not_grow_with_the_pool(monkeypatch):
    monkeypatch.setattr(top_module, "SHARD", 4)
    peaks = []
    for n in (64, 512):
        tracemalloc.start()
        top_images(Wide().eval(), Pictures(n, 48, 3), k=4, batch=4, **QUIET)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.2 * peaks[0]


def test_ties_do_not_depend_on_the_order_of_the_pool(world):
    network, pool = world
    backwards = Reversed(pool)
    same = [top_images(network, p, 30, **QUIET) for p in (pool, backwards)]
    assert same[0].ids.tolist() == same[1].ids.tolist()
    blind = Colours()
    nn.init.zeros_(blind.conv.weight)
    top = top_images(blind, backwards, 4, batch=7, **QUIET)
    assert top.ids.tolist() == [sorted(pool.ids)[:4]] * 8
    assert purities(top.frame())["alive"].tolist() == [False] * 3 + [True] * 5


class Reversed(Pictures):
    def __init__(self, pool):
        super().__init__(len(pool), pool.side, len(pool.classes))
        self.pool, self.ids = pool, pool.ids[::-1]

    def __getitem__(self, i):
        return self.pool[len(self) - 1 - i]


class Broken(Pictures):
    """Counts how often pictures are asked for; one cannot be decoded, another stops the pass."""

    stop, asked = None, 0

    def __getitem__(self, i):
        self.asked += 1
        if i == 3:
            raise BrokenImage("p3.jpg", "cut off")
        if i == self.stop:
            raise KeyboardInterrupt
        return super().__getitem__(i)


def test_a_pass_that_was_stopped_goes_on_and_a_complete_one_is_kept(world, tmp_path, monkeypatch):
    network, _ = world
    monkeypatch.setattr(top_module, "SHARD", 10)
    once = top_images(network, Broken(30, 48, 3), k=4, batch=5, **QUIET)
    assert once.unreadable == ["p0003"]
    pool = Broken(30, 48, 3)
    pool.stop = 22
    options = {"k": 4, "batch": 5, "cache": tmp_path, "progress": False}
    with pytest.raises(KeyboardInterrupt):
        top_images(network, pool, **options)
    pool.stop, pool.asked = None, 0
    again = top_images(network, pool, **options)
    assert 0 < pool.asked < 30
    np.testing.assert_array_equal(again.indices, once.indices)
    np.testing.assert_array_equal(again.maps, once.maps)
    assert again.unreadable == ["p0003"]
    pool.asked = 0
    np.testing.assert_array_equal(top_images(network, pool, **options).maps, once.maps)
    assert pool.asked <= 3  # three pictures tell that it is the same pool
    assert len(list(tmp_path.iterdir())) == 1


def test_bad_questions_are_refused(world):
    network, pool = world
    with pytest.raises(CamError, match="at least one"):
        top_images(network, pool, 0, **QUIET)
    with pytest.raises(CamError, match="as_gap_network"):
        top_images(nn.Conv2d(3, 3, 1), pool)
    with pytest.raises(CamError, match="None of the"):
        top_images(network, Subset(Broken(30, 48, 3), [3]), **QUIET)


def test_purity_of_units_that_are_specific_and_of_one_that_is_not(world):
    network, pool = world
    shown = top_images(network, pool, k=8, **QUIET).frame()
    table = purities(shown)
    assert table.loc[[0, 1, 2], "label"].tolist() == [0, 1, 2]
    assert table.loc[[0, 1, 2], "purity"].tolist() == [1, 1, 1]
    shown.loc[shown["unit"] == 1, "label"] = [2, 2, 2, 0, 0, 0, 1, -1]
    mixed = purities(shown).loc[1]
    assert (mixed["label"], mixed["purity"]) == (0, 3 / 8)  # of equally frequent ones the smallest


def test_segments_follow_the_threshold_and_the_unit_s_maximum(world):
    network, pool = world
    top = top_images(network, pool, 4, **QUIET)
    image, peak = pool[int(top.indices[1, 0])].image, top.scores[1, 0]
    masks = [segment(top.maps[1, 0], image.size[::-1], t, peak) for t in (0.2, 0.5)]
    assert masks[0].sum() > masks[1].sum() > 0
    assert not (masks[1] & ~masks[0]).any()
    assert segment(top.maps[1, 0], (48, 48), 0.5, 100 * peak).sum() == 0
    assert segment(np.zeros((3, 3)), (48, 48)).sum() == 0
    shown = np.asarray(masked(image, masks[1]), int)
    pixels = np.asarray(image, int)
    np.testing.assert_array_equal(shown[masks[1]], pixels[masks[1]])
    assert (shown[~masks[1]].max(1) <= pixels[~masks[1]].max(1) * 0.25).all()
    assert (np.ptp(shown[~masks[1]], axis=1) == 0).all()  # grey
    with pytest.raises(CamError, match="height, width"):
        masked(image, masks[1][:10])
    with pytest.raises(CamError, match="fraction"):
        segment(np.zeros((3, 3)), (48, 48), 1.2)


def test_overlap_with_parts(world):
    network, pool = world
    top = top_images(network, pool, k=8, **QUIET)
    found = part_overlap(pool, top, 2)
    assert found["owner"] == "class 2"
    assert found["part"] in ("left", "right")
    assert found["n"] == 4
    assert found["iou"] > 0.25 > found["shuffled"]
    with pytest.raises(CamError, match="at least 4"):
        part_overlap(pool, top_images(network, pool, k=3, **QUIET), 2)
    record = pool[2]
    own = named_parts(record, pool.classes)
    assert set(own) == {("class 2", "left"), ("class 2", "right")}
    record.parts = None
    (only,) = named_parts(record, pool.classes).items()
    assert only[0] == ("class 2", "whole")
    np.testing.assert_array_equal(only[1], record.masks[0])
    record.masks = None
    with pytest.raises(CamError, match="neither masks nor parts"):
        named_parts(record, pool.classes)


def test_removing_a_class_s_only_unit_costs_that_class_and_no_other(world):
    network, pool = world
    features, labels = pooled_of(network, pool)
    pooled = features.mean((2, 3)).numpy()
    weights, bias = network.class_weights.numpy(), network.class_bias.numpy()
    rows = ablate(pooled, weights, bias, labels, tops=(1, 3), draws=8)
    assert (rows["before"] == 100).all()
    own = rows[(rows["units"] == OWN) & (rows["removed"] == 1)]
    # without its unit every class has the others' common score, and the bias decides for class 2
    assert own.set_index("class")["own"].tolist() == [0, 0, 100]
    assert own.set_index("class")["others"].tolist() == [100, 100, 100]
    table = ablation_table(rows).set_index(["removed", "units", "metric"])["measured"]
    assert table[1, OWN, "accuracy of the class, %"] == pytest.approx(100 / 3, abs=0.01)
    assert table[1, OWN, "change of the other classes, points"] == 0
    assert table[1, RANDOM, "change of the class, points"] > -40
    assert table[1, OWN, f"{OWN} minus {RANDOM}, points"] < -20
    assert set(rows["units"]) == {OWN, RANDOM, POSITIVE}
    pd.testing.assert_frame_equal(rows, ablate(pooled, weights, bias, labels, (1, 3), 8))


def test_ablation_is_what_a_forward_pass_without_the_unit_gives(world):
    _, pool = world
    torch.manual_seed(0)
    network = Colours()
    network.class_weights += torch.randn(3, 8)
    features, labels = pooled_of(network, pool)
    args = network.class_weights.numpy(), network.class_bias.numpy(), labels
    rows = ablate(features.mean((2, 3)).numpy(), *args, tops=(2,), draws=1)
    for c in range(3):
        without = features.clone()
        without[:, top_units(args[0], 2)[c]] = 0
        right = network.classify(without).argmax(1).numpy() == labels
        row = rows[(rows["class"] == c) & (rows["units"] == OWN)].iloc[0]
        assert row["own"] == pytest.approx(100 * right[labels == c].mean())
        assert row["others"] == pytest.approx(100 * right[labels != c].mean())


def test_ablation_among_some_of_the_classes_and_bad_input():
    rng = np.random.default_rng(0)
    pooled, weights, bias = rng.random((12, 5)), rng.normal(size=(6, 5)), np.zeros(6)
    labels = np.array([2, 4, -1] * 4)
    rows = ablate(pooled, weights, bias, labels, (1,), 2, candidates=np.array([2, 4]))
    assert set(rows["class"]) == {2, 4}
    two = ((pooled @ weights[[2, 4]].T).argmax(1) * 2 + 2)[labels >= 0]
    right = two == labels[labels >= 0]
    first = rows[rows["class"] == 2].iloc[0]
    assert first["before"] == pytest.approx(100 * right[::2].mean())
    for wrong in ({"tops": (9,)}, {"draws": 0}, {"candidates": np.array([2])}):
        with pytest.raises(CamError):
            ablate(pooled, weights, bias, labels, **wrong)
    with pytest.raises(CamError, match="expected"):
        ablate(pooled, weights[:, :3], bias, labels)


def test_how_many_units_carry_half_of_the_score():
    weights = np.array([[1.0, 1, 1, 1, -5], [8, 1, 1, 0, 0]])
    pooled = np.ones((4, 5), np.float32)
    found = half_of_score(pooled, weights, np.array([0, 0, 1, -1]))
    assert found["label"].tolist() == [0, 0, 1, -1]
    assert found["units"][:3].tolist() == [2, 2, 1]
    assert found["positive"][:3].tolist() == [4, 4, 3]
    assert found["top3"][:3].tolist() == [0.75, 0.75, 1.0]
    assert found.iloc[3, 1:].isna().all()
    nothing = half_of_score(-pooled[:1], np.abs(weights), np.array([0])).iloc[0]
    assert nothing["positive"] == 0
    assert nothing[["units", "top3"]].isna().all()
    with pytest.raises(CamError, match="expected classes"):
        half_of_score(pooled, weights, np.array([0, 0, 1, 2]))


def test_units_that_classes_share_against_weights_dealt_anew():
    weights = np.zeros((6, 40), np.float32)
    for c in range(6):
        weights[c, [0, 1 + 2 * (c // 2), 2 + 6 * (c > 0) + c]] = 1  # unit 0 is everybody's
    weights[:, 0] = 5
    table = shared_units(weights, top=3, draws=400).set_index("classes")
    assert table["units"].tolist() == [1 + 3 + 6, 1 + 3, 1, 1, 1, 1]
    # unit 0 is large for every class, however its weights are dealt: no finding about classes
    assert table.loc[6, ["low", "high"]].tolist() == [1, 1]
    assert table.loc[1, "low"] <= table.loc[1, "expected"] <= table.loc[1, "high"]


def test_pools_join_and_count_a_picture_once():
    one, other = Pictures(4, 32, 2), Pictures(3, 32, 2, seed=5)
    other.name, other.ids = "others", ["a/q1", "b/p0002", "a/q2"]
    both = Joined([one, other], [None, [7, 9]], ["c"] * 2)
    assert both.ids[3:] == ["toy pictures/p0003", "others/a/q1", "others/a/q2"]
    assert both.repeated == ["others/b/p0002"]
    assert [both.label(i) for i in range(len(both))] == [0, 1, 0, 1, 7, 7]
    last = both[both.index("others/a/q2")]
    assert (last.id, last.label) == ("others/a/q2", 7)
    np.testing.assert_array_equal(np.asarray(last.image), np.asarray(other[2].image))
    with pytest.raises(CamError, match="one for each"):
        Joined([one], [[1]], ["c"] * 2)
    with pytest.raises(CamError, match="one list"):
        Joined([one], [], ["c"] * 2)
