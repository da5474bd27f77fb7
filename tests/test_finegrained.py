"""Section 4.1: crops by the maps of an SVM, behind a wall that hides the test images' truth."""

from dataclasses import replace

import numpy as np
import pytest
from tiny_birds import SIDE, Blobs, Colours, Poisoned

from cam_utils import CamError, boxes, open_images
from cam_utils.data import Subset
from cam_utils.data.joined import HiddenTruth
from cam_utils.features import extract, fit_svm, svm_network
from cam_utils.image_maps import image_maps
from cam_utils.metrics.energy import energy_share
from cam_utils.sections import s41_birds
from cam_utils.sections.s41_birds import looking
from cam_utils.sections.s41_birds.crops import fold_svms, out_of_fold_boxes

HOW = {"cache": False, "progress": False}
SETUP = s41_birds.Setup(folds=3)


@pytest.fixture(scope="module")
def network():
    return Colours().eval()


@pytest.fixture(scope="module")
def train():
    return Blobs("train", 40)


@pytest.fixture(scope="module")
def test():
    return Blobs("test", 32)


@pytest.fixture(scope="module")
def svm(network, train):
    features = extract(network, train, view="whole", **HOW)
    return fit_svm(features, features.labels, train.classes)


@pytest.fixture(scope="module")
def found(network, train, test):
    return s41_birds.run(train, test, network, SETUP, **HOW)


def test_hidden_truth_shows_pictures_alone(test):
    hidden = HiddenTruth(test)
    record = hidden[3]
    assert (hidden.label(3), record.label, len(hidden.boxes(3)), len(record.boxes)) == (
        -1,
        -1,
        0,
        0,
    )
    assert record.masks is record.parts is record.box_labels is None
    np.testing.assert_array_equal(np.asarray(record.image), np.asarray(test[3].image))
    assert not hasattr(hidden, "dataset")
    assert hidden.ids == test.ids


def test_boxes_are_those_of_the_map_of_the_true_or_the_predicted_class(network, svm, test):
    ready = svm_network(network, svm)
    given = s41_birds.cam_boxes(network, svm, test, "true", **HOW)
    guessed = s41_birds.cam_boxes_of(network, svm, test, "predicted", 0.4, **HOW)
    assert given.dtype == guessed.boxes.dtype == np.float32
    for i in (0, 5, 11):
        record = test[i]
        maps = image_maps(ready, record.image, "whole", classes=None).maps
        np.testing.assert_array_equal(given[i], boxes.paper(maps[record.label])[0])
        best = int(image_maps(ready, record.image, "whole", classes=1).classes[0])
        assert guessed.classes[i] == best
        np.testing.assert_array_equal(guessed.boxes[i], boxes.paper(maps[best], 0.4)[0])


def test_true_class_boxes_need_labels(network, svm, test):
    with pytest.raises(CamError, match="need labels"):
        s41_birds.cam_boxes(network, svm, HiddenTruth(test), "true", **HOW)
    with pytest.raises(CamError, match="which='best'"):
        s41_birds.cam_boxes(network, svm, test, "best", **HOW)


def test_a_map_without_evidence_gives_the_whole_image_and_is_counted(network, svm, test):
    # features are not negative; equal weights, since sharp edges overshoot when maps are enlarged
    dark = replace(svm, weights=np.full_like(svm.weights, -1))
    found = s41_birds.cam_boxes_of(network, dark, test, "predicted", **HOW)
    assert found.empty.all()
    assert (found.boxes == [0, 0, SIDE, SIDE]).all()
    broad = s41_birds.cam_boxes_of(network, replace(dark, weights=-dark.weights), test, **HOW)
    assert (broad.boxes == [0, 0, SIDE, SIDE]).all()  # looks everywhere, which is not nothing
    assert not broad.empty.any()


def test_boxes_come_from_the_cache(network, svm, test, tmp_path):
    first = s41_birds.cam_boxes(network, svm, test, cache=tmp_path, progress=False)
    kept = list(tmp_path.glob("rows-*.safetensors"))
    assert len(kept) == 1
    again = s41_birds.cam_boxes(network, svm, test, cache=tmp_path, progress=False)
    assert first.tobytes() == again.tobytes()
    s41_birds.cam_boxes(network, svm, test, threshold=0.3, cache=tmp_path, progress=False)
    assert len(list(tmp_path.glob("rows-*.safetensors"))) == 2


def test_cross_fitted_boxes_come_from_svms_that_have_not_seen_the_image(network, train):
    features = extract(network, train, view="whole", **HOW)
    svms, folds = fold_svms(features, train.classes, 1.0, folds=4)
    assert sorted(np.concatenate(folds)) == list(range(len(train)))
    found = out_of_fold_boxes(network, svms, folds, train, **HOW)
    for svm, fold in zip(svms, folds, strict=True):
        kept = features.take(np.setdiff1d(np.arange(len(train)), fold))
        same = fit_svm(kept, kept.labels, train.classes, grid=(1.0,))
        np.testing.assert_array_equal(same.weights, svm.weights)
        np.testing.assert_array_equal(found.classes[fold], svm.predict(features.values[fold]))


def test_margin_moves_every_side_out_by_a_share_of_the_box():
    grown = s41_birds.with_margin(np.array([[10, 20, 30, 24]], np.float32), 0.25)
    assert grown.tolist() == [[5, 19, 35, 25]]
    with pytest.raises(CamError, match="margin -1"):
        s41_birds.with_margin(np.zeros((1, 4)), -1)


def test_poisoned_test_labels_and_boxes_change_no_prediction_and_no_box(
    network, train, test, found
):
    """Labels, boxes and parts of the test images are permuted: what is predicted stays, byte for
    byte; the scores, and the steps that say that they use the truth, do not."""
    poisoned = Poisoned(test)
    assert np.mean([poisoned.label(i) != test.label(i) for i in range(len(test))]) > 0.5
    other = s41_birds.run(train, poisoned, network, SETUP, **HOW)
    for step in (s41_birds.FULL, s41_birds.CROP, s41_birds.PREDICTED):
        assert other.predictions[step].tobytes() == found.predictions[step].tobytes()
        assert other.accuracy(step) != found.accuracy(step)
    assert other.boxes.tobytes() == found.boxes.tobytes()
    assert other.costs == found.costs
    assert other.first.svm.weights.tobytes() == found.first.svm.weights.tobytes()
    assert other.truth.tobytes() != found.truth.tobytes()
    assert (other.overlaps != found.overlaps).any()
    # the poison is strong enough to be seen where it may be: truth crops of the wrong places
    assert (other.predictions[s41_birds.BOX] != found.predictions[s41_birds.BOX]).any()


def test_predictions_need_no_truth_at_all(network, train, test, found):
    blind = s41_birds.predict(train, HiddenTruth(test), network, SETUP, **HOW)
    assert (
        blind.predictions[s41_birds.CROP].tobytes() == found.predictions[s41_birds.CROP].tobytes()
    )
    with pytest.raises(CamError, match="step without truth"):
        s41_birds.predict(train, test, network, SETUP, [s41_birds.LEAKY], **HOW)


def test_truth_boxes_of_drawn_pictures_are_kept(tmp_path, monkeypatch):
    drawn = Subset(open_images("mini/birds", "val"), range(4))
    first = s41_birds.truth_boxes(drawn, tmp_path, progress=False)
    assert first.tobytes() == np.concatenate([drawn[i].boxes for i in range(4)]).tobytes()
    monkeypatch.setattr(type(drawn), "__getitem__", None)  # nothing can be drawn any more
    assert s41_birds.truth_boxes(drawn, tmp_path, progress=False).tobytes() == first.tobytes()
    other = Subset(drawn.dataset, [1, 0])
    monkeypatch.undo()
    np.testing.assert_array_equal(s41_birds.truth_boxes(other, tmp_path, False), first[[1, 0]])
    s41_birds.truth_boxes(Blobs("val", 4), tmp_path, progress=False)  # not drawn here: not kept
    assert len(list(tmp_path.iterdir())) == 2


def test_steps_are_features_of_the_crops_and_an_svm_of_its_own(network, train, test, found):
    truths = [s41_birds.truth_boxes(d, **HOW) for d in (train, test)]
    parts = [
        extract(network, d, boxes=b, **HOW) for d, b in zip((train, test), truths, strict=True)
    ]
    svm = fit_svm(parts[0], parts[0].labels, train.classes)
    np.testing.assert_array_equal(svm.predict(parts[1].values), found.predictions[s41_birds.BOX])
    np.testing.assert_array_equal(truths[1], found.truth)


def test_scores_of_known_predictions():
    labels = np.arange(400) % 4
    wrong = (labels + 1) % 4
    rng = np.random.default_rng(0)
    steps = {
        s41_birds.FULL: np.where(rng.random(400) < 0.5, labels, wrong),
        s41_birds.CROP: np.where(rng.random(400) < 0.7, labels, wrong),
        s41_birds.BOX: np.where(rng.random(400) < 0.9, labels, wrong),
    }
    truth = np.tile(np.array([[0, 0, 10, 10]], np.float32), (400, 1))
    guess = truth.copy()
    guess[:100, 2] = 4
    ids = [f"{i:03d}" for i in range(400)]
    made = s41_birds.FineGrained(ids, labels, steps, guess, truth, {}, None, SETUP)
    assert made.ordering() is True
    assert made.ordering((s41_birds.CROP, s41_birds.FULL)) is False
    assert made.ordering((s41_birds.FULL, s41_birds.FULL)) is None
    gain = made.difference(s41_birds.FULL, s41_birds.CROP)
    assert gain.value == pytest.approx(
        made.accuracy(s41_birds.CROP).value - made.accuracy(s41_birds.FULL).value
    )
    assert (made.located().value, made.located(0.4).value) == (75, 100)
    with pytest.raises(CamError, match="There is no step"):
        made.right("nothing")


def test_an_unknown_step_is_refused_before_any_work(network, train, test):
    with pytest.raises(CamError, match="There is no step"):
        s41_birds.run(train, test, network, SETUP, ["CAM"], **HOW)


def test_the_blobs_are_found_and_crops_stay_classifiable(found, test):
    assert found.accuracy(s41_birds.FULL).value > 60
    assert found.accuracy(s41_birds.BOX).value > 60
    assert found.empty["test"] == 0
    assert set(found.predictions) == {*s41_birds.STEPS, s41_birds.PREDICTED, s41_birds.LEAKY}
    assert found.ids == test.ids


def defining(label: int) -> tuple[str, ...]:
    """Of the blobs: two classes differ in one part, two in the other."""
    return ("top",) if label < 2 else ("all",)


def test_where_maps_look_is_what_the_maps_say(network, svm, test):
    ready = svm_network(network, svm)
    rows = looking.part_looks(ready, test, range(20), defining, progress=False)
    assert list(rows["id"]) == test.ids[:20]
    for row in rows.iloc[[0, 7, 19]].itertuples():
        record = test[test.ids.index(row.id)]
        part, thing = record.parts[0][defining(row.label)[0]], record.masks[0]
        assert defining(row.control) != defining(row.label)
        assert row.area_in_thing == pytest.approx(part.sum() / thing.sum())
        assert row.area == pytest.approx(part.mean())
        maps = image_maps(ready, record.image, "whole", classes=None).maps
        assert row.part == pytest.approx(energy_share(maps[row.label], part), abs=1e-5)
        assert row.control_thing == pytest.approx(energy_share(maps[row.control], thing), abs=1e-5)
    told = looking.summary(rows)
    assert told["energy on the bird, of all"].value == pytest.approx(100 * rows["thing"].mean())
    # the colour is all over the blob: its map looks at it, the other class's less
    assert rows["thing"].mean() > rows["control_thing"].mean()


def test_where_maps_look_needs_parts_that_are_visible(network, svm, test):
    ready = svm_network(network, svm)
    with pytest.raises(CamError, match="shows a defining part"):
        looking.part_looks(ready, test, [0, 1], lambda label: (f"tail{label}",), progress=False)
    with pytest.raises(CamError, match="does not know its parts"):
        looking.part_looks(ready, HiddenTruth(test), [0], defining, progress=False)
