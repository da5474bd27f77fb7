"""Pattern discovery on scenes of coloured rectangles, where every answer is known."""

import numpy as np
import pytest
import torch
from PIL import Image
from sklearn.metrics import average_precision_score, roc_auc_score
from toy_scenes import NAMES, SIDE, ColourNetwork, ToyScenes

from cam_utils import CamError
from cam_utils.data.record import Record
from cam_utils.evaluate.maps import records_with_maps
from cam_utils.features import extract, fit_svm, svm_network
from cam_utils.metrics import ranking
from cam_utils.mini.drawn_once import DrawnOnce
from cam_utils.mini.scenes import CONCEPTS, MiniScenes
from cam_utils.mini.text import MiniText
from cam_utils.sections.s42_patterns import concepts, informative, tally, text_detector
from cam_utils.sections.s42_patterns.tally import NOISE, OTHER, PREDICTED, WRONG, Rule


@pytest.fixture(scope="module")
def scenes():
    """(network with the SVM's scenes as classes, features, data)."""
    data, network = ToyScenes(60), ColourNetwork()
    found = extract(network, data, view="whole", cache=False, progress=False)
    svm = fit_svm(found, found.labels, data.classes)
    return svm_network(network, svm), found, data


@pytest.fixture(scope="module")
def counted(scenes):
    network, found, data = scenes
    logits = found.values @ network.class_weights.numpy().T + network.class_bias.numpy()
    return tally.tally(network, data, logits.argmax(1), progress=False)


def test_frequent_and_informative_lists(counted):
    listed = informative.listing(counted, "kitchen").set_index("object")
    assert listed.loc["wall", "frequent"] == 1
    assert listed.loc["stove", "frequent"] == 1
    assert listed.loc["stove", "informative"] == 1
    assert listed.loc["wall", "informative"] == 0
    assert "tub" not in listed.index
    best = informative.top(listed.reset_index(), "informative")
    assert best["object"].iloc[0] == "stove"
    assert (listed["informative_low"] <= listed["informative"] + 1e-9).all()


def test_controls_of_equal_size_overlap_less(counted):
    for control in (WRONG, OTHER, NOISE):
        assert informative.overlap_gain(counted, control).low > 0
    assert counted.hits(Rule(), PREDICTED).sum() > counted.hits(Rule(), WRONG).sum()


def test_the_rule_is_what_it_says(counted):
    any_pixel = informative.listing(counted, "kitchen", Rule(0.2, 0)).set_index("object")
    assert any_pixel.loc["wall", "informative"] > 0.9  # why "any pixel" is not the default
    lamp = counted.names.index("lamp")
    own = counted.labels == 1
    everywhere = Rule(overlap=0, threshold=0.2)
    given = informative.listing(counted, "kitchen", everywhere).set_index("object").loc["lamp"]
    of_all = Rule(overlap=0, threshold=0.2, denominator="all")
    over_all = informative.listing(counted, "kitchen", of_all).set_index("object").loc["lamp"]
    hits = counted.hits(everywhere)[own, lamp].sum()
    assert given["informative"] == pytest.approx(hits / counted.present[own, lamp].sum())
    assert over_all["informative"] == pytest.approx(hits / own.sum())
    assert over_all["informative"] <= over_all["frequent"]
    with pytest.raises(CamError, match="was not counted"):
        counted.hits(Rule(threshold=0.3))
    with pytest.raises(CamError, match="denominator"):
        Rule(denominator="some")


def test_informative_objects_tell_the_scene(counted):
    truth = informative.telling(counted)
    kitchen = dict(zip(counted.names, truth[1], strict=True))
    assert kitchen["stove"] == 1
    assert kitchen["wall"] == 0.5
    assert np.isnan(kitchen["tub"])
    real, noise = (
        informative.rank_agreement(counted, source, rounds=50) for source in (PREDICTED, NOISE)
    )
    assert real.value > 0.6
    assert real.value > noise.value
    assert real.low <= real.value <= real.high
    plain, same = (
        informative.rank_agreement(counted, source, by="frequent", rounds=2)
        for source in (PREDICTED, NOISE)
    )
    assert plain.value == same.value  # no map comes into it
    listed = informative.listing(counted, "kitchen").assign(present=99, frequent=[1, 2, 3, 4])
    assert informative.shared_objects(listed, 1) == 0  # the wall against the stove
    assert informative.shared_objects(listed, 2) == 1
    with pytest.raises(CamError, match="no scene 'attic'"):
        informative.listing(counted, "attic")
    with pytest.raises(CamError, match="three objects"):
        informative.rank_agreement(counted, least=1000)


def test_the_region_shows_what_tells_the_scene(counted):
    assert informative.region_telling(counted).mean() > 0.9
    assert (counted.areas > 0).tolist() == counted.present.tolist()
    for control in (OTHER, NOISE):
        assert informative.telling_gain(counted, control).low > 0


def test_regions_of_equal_size():
    map = np.arange(12.0).reshape(3, 4)
    assert tally.high_region(map, 0.5).sum() == 6
    assert not tally.high_region(-map - 1, 0.5).any()
    three, none = tally.highest(map, [3, 0])
    assert three[2, 1:].all()
    assert three.sum() == 3
    assert not none.any()


def test_objects_of_one_name_count_as_one(scenes):
    record = scenes[2][0]
    twice = Record("x", record.image, 0, record.boxes[:2], record.masks[:2], objects=("a", "a"))
    (mask,) = tally.object_masks(twice).values()
    assert mask.sum() == record.masks[:2].any(0).sum()
    with pytest.raises(CamError, match="named objects"):
        tally.object_masks(Record("x", record.image, 0, record.boxes))


def test_maps_come_in_order_with_their_records(scenes):
    network, _, data = scenes
    order = [5, 2, 9]
    found = list(records_with_maps(network, data, order, torch.tensor([[0], [1], [1]]), batch=2))
    assert [i for i, *_ in found] == order
    assert [r.id for _, r, _ in found] == [f"toy/{i}" for i in order]
    assert found[0][2].shape == (1, SIDE, SIDE)
    with pytest.raises(CamError, match="classes for 2 pictures"):
        list(records_with_maps(network, data, order, torch.zeros(2, 1, dtype=torch.int64)))


def test_phrases_in_captions():
    assert concepts.contains("A Mirror in  lake, at dawn", "mirror in lake")
    assert not concepts.contains("a mirror in the lake", "mirror in lake")
    assert concepts.contains(["nothing", "a lamp"], "lamp")
    assert not concepts.contains("clamp", "lamp")
    assert concepts.free_of("a house in the wood", "mirror in lake")
    assert not concepts.free_of("a lake", "mirror in lake")
    with pytest.raises(CamError, match="0 have 'rocket'"):
        concepts.split_by_phrase(["a lamp", "a stove"], "rocket")


def test_mining_finds_the_concept_and_hard_negatives(scenes):
    _, found, data = scenes
    captions = [r.caption for r in data.records]
    how = concepts.Mining(rounds=2, start=0.5, add=0.2, costs=(10.0,))
    learnt = concepts.learn_concept(found.values, captions, "lamp", how)
    yes, pool = concepts.split_by_phrase(captions, "lamp")
    assert learnt.positives == len(yes)
    assert len(learnt.svms) == 3
    assert np.diff(learnt.negatives).tolist() == [len(e) for e in learnt.entered]
    assert all(np.isin(e, pool).all() for e in learnt.entered)
    scores = learnt.scores(found.values, 0)
    fresh = learnt.entered[0]
    assert scores[fresh].min() >= np.sort(scores[pool])[-len(pool) // 2 :].min()
    truth = np.array(["lamp" in r.objects for r in data.records])
    real = ranking.average_precision(learnt.scores(found.values), truth)
    assert real.value > 95
    fake = concepts.learn_concept(found.values, concepts.shuffled(captions, 1), "lamp", how)
    other = fake.scores(found.values)
    assert ranking.average_precision(learnt.scores(found.values), truth, other).low > 0
    lamp = NAMES.index("lamp")
    assert learnt.svms[-1].weights[0].argmax() == lamp


def test_rankings_equal_scikit_learn():
    rng = np.random.default_rng(0)
    scores, truth = rng.integers(0, 12, 60).astype(float), rng.random(60) < 0.3  # with ties
    found = ranking.average_precision(scores, truth)
    assert found.value == pytest.approx(100 * average_precision_score(truth, scores))
    area = ranking.roc_area(scores, truth)
    assert area.value == pytest.approx(100 * roc_auc_score(truth, scores))
    assert found.low < found.value < found.high
    assert area.low < area.value < area.high
    draw = rng.integers(0, 60, 60)
    weights = np.bincount(draw, minlength=60)[None].astype(float)
    for own, library in (
        (ranking._areas, roc_auc_score),
        (ranking._precisions, average_precision_score),
    ):
        assert own(scores, truth, weights)[0] == pytest.approx(library(truth[draw], scores[draw]))
    assert ranking.average_precision(scores, truth, scores).value == 0
    with pytest.raises(CamError, match="both kinds"):
        ranking.roc_area(scores, truth & False)


def words(boxes, masks=None, size=(60, 40)):
    rng = np.random.default_rng(0)
    pixels = rng.integers(90, 110, (size[1], size[0], 3)).astype(np.uint8)
    record = Record("w", Image.fromarray(pixels), 1, np.array(boxes, np.float32).reshape(-1, 4))
    record.masks = masks
    return record


def test_words_are_masks_or_boxes():
    record = words([(10, 10, 20, 15), (30, 20, 40, 30)])
    mask = text_detector.word_mask(record)
    assert mask.sum() == 50 + 100
    assert mask[10, 10]
    assert not mask[10, 20]
    assert text_detector.word_mask(record, 0.2).sum() > mask.sum()
    own = np.zeros((2, 40, 60), bool)
    own[0, 12, 12] = own[1, 25, 35] = True
    assert text_detector.word_mask(words(record.boxes, own)).sum() == 2
    assert text_detector.word_mask(words(record.boxes, own), by_box=True).sum() == 50 + 100
    with pytest.raises(CamError, match="no words"):
        text_detector.word_mask(words([]))


def test_maps_against_words():
    record = words([(10, 10, 20, 15), (30, 20, 40, 30)])
    map = np.zeros((40, 60))
    map[20:30, 30:40] = 1
    found = text_detector.map_on_words(map, record, text_detector.word_mask(record))
    assert found["iou"] == 1
    assert found["energy"] == 1
    assert found["pointing"] == 1
    assert found["iou_all"] == pytest.approx(100 / 600)


def test_words_are_erased_and_as_much_elsewhere():
    record = words([(10, 10, 20, 15)])
    pixels = np.asarray(record.image).copy()
    pixels[10:15, 10:20] = 255
    record.image = Image.fromarray(pixels)
    without, control = (
        np.asarray(p) for p in text_detector.erase_words(record, np.random.default_rng(0))
    )
    assert without[10:15, 10:20].max() < 130
    assert (control[10:15, 10:20] == 255).all()
    assert (without != pixels).any(2).sum() == pytest.approx(
        (control != pixels).any(2).sum(), rel=0.5
    )
    full = words([(0, 0, 60, 40)])
    assert text_detector.erase_words(full, np.random.default_rng(0))[1] is None


def test_falls_are_relative_to_the_spread():
    score = np.array([[3.0, 1.0, 2.5], [1.0, -1.0, 0.5]])
    energy = np.array([[0.5, 0.2, 0.5], [0.4, 0.1, 0.4]])
    found = text_detector.drop_rates(score, energy)
    fall = "fall of the score, in its standard deviations: "
    assert found[fall + "words erased"].value == pytest.approx(2)
    assert found[fall + "elsewhere"].value == pytest.approx(0.5)
    assert found[fall + "difference"].value == pytest.approx(1.5)
    energy_fall = "fall of the energy at the words' place, points: "
    assert found[energy_fall + "difference"].value == pytest.approx(30)


def test_drawn_once_is_what_is_drawn(tmp_path):
    scenes, streets = MiniScenes("val"), MiniText("val")
    for data in (scenes, streets):
        first = DrawnOnce(data, 6, tmp_path, workers=1, progress=False)
        again = DrawnOnce(data, 6, tmp_path, workers=1, progress=False)
        assert len(list(tmp_path.glob("drawn-*.safetensors"))) == 1 + (data is streets)
        assert len(again) == 6
        assert again.ids == data.ids[:6]
        for i in range(6):
            for found in (first[i], again[i]):
                same(found, data[i])
            assert again.label(i) == data.label(i)
    with pytest.raises(IndexError):
        again[6]
    same(again.twin(2), streets.twin(2))
    kept = DrawnOnce(scenes, 6, tmp_path, progress=False)
    assert kept.captions(3) == tuple(scenes.captions(3))
    assert kept.questions(3) == tuple(scenes.questions(3))
    for i in range(6):
        for concept in CONCEPTS:
            one, other = kept.concept_mask(i, concept), scenes.concept_mask(i, concept)
            assert (one is None and other is None) or (one == other).all()


def same(found, record):
    assert (found.id, found.label, found.caption) == (record.id, record.label, record.caption)
    assert found.objects == record.objects
    assert (np.asarray(found.image) == np.asarray(record.image)).all()
    assert (found.boxes == record.boxes).all()
    assert (found.masks == record.masks).all()
