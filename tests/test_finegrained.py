"""Section 4.1: crops by the maps of an SVM, behind a wall that hides the test images' truth."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from sklearn.model_selection import StratifiedKFold
from tiny_birds import SIDE, Blobs, Colours, Poisoned

from cam_utils import CamError, boxes, open_images
from cam_utils.data import Subset
from cam_utils.data.joined import HiddenTruth
from cam_utils.features import extract, fit_svm, svm_network
from cam_utils.image_maps import image_maps
from cam_utils.metrics.energy import energy_share
from cam_utils.sections.s41_birds import experiment, figures, looking, verdicts
from cam_utils.sections.s41_birds.crops import (
    cam_boxes,
    largest_truth_boxes,
    out_of_fold_boxes,
    with_margin,
)
from cam_utils.sections.s41_birds.experiment import (
    BOX,
    CROP,
    FULL,
    LEAKY,
    PREDICTED,
    FineGrained,
    Setup,
    fine_grained,
)

HOW = {"cache": False, "progress": False}
SETUP = Setup(folds=3)


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
    return fine_grained(train, test, network, SETUP, **HOW)


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
    given = cam_boxes(network, svm, test, "true", **HOW).boxes
    guessed = cam_boxes(network, svm, test, "predicted", 0.4, **HOW)
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
        cam_boxes(network, svm, HiddenTruth(test), "true", **HOW)
    with pytest.raises(CamError, match="which='best'"):
        cam_boxes(network, svm, test, "best", **HOW)


def test_a_map_without_evidence_gives_the_whole_image_and_is_counted(network, svm, test):
    # features are not negative; equal weights, since sharp edges overshoot when maps are enlarged
    dark = replace(svm, weights=np.full_like(svm.weights, -1))
    found = cam_boxes(network, dark, test, "predicted", **HOW)
    assert found.empty.all()
    assert (found.boxes == [0, 0, SIDE, SIDE]).all()
    broad = cam_boxes(network, replace(dark, weights=-dark.weights), test, **HOW)
    assert (broad.boxes == [0, 0, SIDE, SIDE]).all()  # looks everywhere, which is not nothing
    assert not broad.empty.any()


def test_boxes_come_from_the_cache(network, svm, test, tmp_path):
    first = cam_boxes(network, svm, test, cache=tmp_path, progress=False)
    kept = list(tmp_path.glob("rows-*.safetensors"))
    assert len(kept) == 1
    again = cam_boxes(network, svm, test, cache=tmp_path, progress=False)
    assert first.boxes.tobytes() == again.boxes.tobytes()
    cam_boxes(network, svm, test, threshold=0.3, cache=tmp_path, progress=False)
    assert len(list(tmp_path.glob("rows-*.safetensors"))) == 2


def test_cross_fitted_boxes_come_from_svms_that_have_not_seen_the_image(network, train):
    features = extract(network, train, view="whole", **HOW)
    found = out_of_fold_boxes(network, features, train, cost=1.0, folds=4, **HOW)
    parts = StratifiedKFold(4, shuffle=True, random_state=0).split(features.values, features.labels)
    seen = np.zeros(len(train), int)
    for rest, fold in parts:
        kept = features.take(rest)
        svm = fit_svm(kept, kept.labels, train.classes, grid=(1.0,))
        own = cam_boxes(network, svm, Subset(train, fold), "predicted", **HOW)
        np.testing.assert_array_equal(found.classes[fold], svm.predict(features.values[fold]))
        np.testing.assert_array_equal(found.boxes[fold], own.boxes)
        seen[fold] += 1
    assert (seen == 1).all()


def test_margin_moves_every_side_out_by_a_share_of_the_box():
    grown = with_margin(np.array([[10, 20, 30, 24]], np.float32), 0.25)
    assert grown.tolist() == [[5, 19, 35, 25]]
    with pytest.raises(CamError, match="margin -1"):
        with_margin(np.zeros((1, 4)), -1)


def test_poisoned_test_labels_and_boxes_change_no_prediction_and_no_box(
    network, train, test, found
):
    """Labels, boxes and parts of the test images are permuted: what is predicted stays, byte for
    byte; the scores, and the steps that say that they use the truth, do not."""
    poisoned = Poisoned(test)
    assert np.mean([poisoned.label(i) != test.label(i) for i in range(len(test))]) > 0.5
    other = fine_grained(train, poisoned, network, SETUP, **HOW)
    for step in (FULL, CROP, PREDICTED):
        assert other.rows[step].equals(found.rows[step])
        assert other.accuracy(step) != found.accuracy(step)
    assert other.boxes.boxes.tobytes() == found.boxes.boxes.tobytes()
    assert other.fits[other.fits["step"] != LEAKY].equals(found.fits[found.fits["step"] != LEAKY])
    assert other.first.svm.weights.tobytes() == found.first.svm.weights.tobytes()
    assert (other.rows["iou"] != found.rows["iou"]).any()
    # the poison is strong enough to be seen where it may be: truth crops of the wrong places
    assert (other.rows[BOX] != found.rows[BOX]).any()


def test_predictions_are_made_of_hidden_pictures(network, train, test, monkeypatch):
    """What computes features and maps is given test pictures without truth, but for the leak."""
    given = []

    def spy(compute):
        def watched(network, *args, **how):
            given.append((compute.__name__, next(a for a in args if hasattr(a, "ids")), how))
            return compute(network, *args, **how)

        return watched

    for compute in (experiment.extract, experiment.cam_boxes):
        monkeypatch.setattr(experiment, compute.__name__, spy(compute))
    fine_grained(train, test, network, SETUP, **HOW)
    of_test = [images for _, images, _ in given if images.split.startswith("test")]
    assert sum(not isinstance(images, HiddenTruth) for images in of_test) == 1  # the leaky boxes
    assert len(of_test) == 5 + 2  # features of five steps, two kinds of boxes


def test_truth_boxes_of_drawn_pictures_are_kept(tmp_path, monkeypatch):
    drawn = Subset(open_images("mini/birds", "val"), range(4))
    first = largest_truth_boxes(drawn, tmp_path, progress=False)
    assert first.tobytes() == np.concatenate([drawn[i].boxes for i in range(4)]).tobytes()
    monkeypatch.setattr(type(drawn), "__getitem__", None)  # nothing can be drawn any more
    assert largest_truth_boxes(drawn, tmp_path, progress=False).tobytes() == first.tobytes()
    other = Subset(drawn.dataset, [1, 0])
    monkeypatch.undo()
    np.testing.assert_array_equal(largest_truth_boxes(other, tmp_path, False), first[[1, 0]])
    largest_truth_boxes(Blobs("val", 4), tmp_path, progress=False)  # not drawn here: not kept
    assert len(list(tmp_path.iterdir())) == 2


def test_steps_are_features_of_the_crops_and_an_svm_of_its_own(network, train, test, found):
    truths = [largest_truth_boxes(d, **HOW) for d in (train, test)]
    parts = [
        extract(network, d, boxes=b, **HOW) for d, b in zip((train, test), truths, strict=True)
    ]
    svm = fit_svm(parts[0], parts[0].labels, train.classes)
    np.testing.assert_array_equal(svm.predict(parts[1].values), found.rows[BOX])
    overlaps = [boxes.iou(*pair)[0, 0] for pair in zip(found.boxes.boxes, truths[1], strict=True)]
    np.testing.assert_array_equal(found.rows["iou"], overlaps)


def scored(right: dict[str, float], hits: float = 0.75) -> FineGrained:
    """Made-up predictions for 400 images of four classes, a share of them right in each step."""
    labels = np.arange(400) % 4
    rng = np.random.default_rng(0)
    told = {"id": [f"{i:03d}" for i in range(400)], "label": labels, "empty": False}
    told["iou"] = np.where(np.arange(400) < 400 * hits, 1.0, 0.4)
    for step, share in right.items():
        told[step] = np.where(rng.random(400) < share, labels, (labels + 1) % 4)
    return FineGrained(pd.DataFrame(told), pd.DataFrame({"step": list(right), "empty": 0}))


def test_scores_of_known_predictions():
    made = scored({FULL: 0.5, CROP: 0.7, BOX: 0.9})
    gain = made.difference(FULL, CROP)
    assert gain.value == pytest.approx(made.accuracy(CROP).value - made.accuracy(FULL).value)
    assert made.located().value == 75
    assert made.empty == {"test": 0, "train, true": 0}
    with pytest.raises(CamError, match="There is no step"):
        made.right("nothing")


def test_verdicts_on_crops_have_three_answers(test):
    first, second = verdicts.crops_help(scored({FULL: 0.5, CROP: 0.7, BOX: 0.9}), test)
    assert (first.holds, second.holds) == (True, True)
    assert (first.paper, second.paper) == (4.8, 2.7)
    assert first.on == "blobs test"
    worse = {FULL: 0.7, CROP: 0.5, BOX: 0.5}
    assert [v.holds for v in verdicts.crops_help(scored(worse), test)] == [False, None]
    # where the map finds fewer birds than the paper's did, a loss refutes nothing
    few = verdicts.crops_help(scored(worse, hits=0.2), test)
    assert [v.holds for v in few] == [None, None]
    made = {"images": "mini/birds", "split": "test"}
    pair = {"setup": "chosen on val", "first": FULL, "second": CROP, "n": 9}
    found = {"setup": "chosen on val", "step": "CAM box, IoU 0.5", "n": 9}
    for low, high, located, holds in (
        (1, 3, 20, True), (-3, -1, 60, False), (-3, -1, 20, None), (-1, 1, 60, None),
    ):  # fmt: skip
        row = pd.DataFrame([pair | {"measured": (low + high) / 2, "low": low, "high": high}])
        step = pd.DataFrame(
            [found | {"measured": located, "low": located - 5, "high": located + 5}]
        )
        tuned = verdicts.stored_crops_help((step, made), (row, made), "chosen on val", "tuned")
        assert (tuned.holds, tuned.name) == (holds, "crop-beats-full-image-tuned")


def test_an_unknown_step_is_refused_before_any_work(network, train, test):
    with pytest.raises(CamError, match="There is no step"):
        fine_grained(train, test, network, SETUP, ["CAM"], **HOW)


def test_the_blobs_are_found_and_crops_stay_classifiable(found, test):
    assert found.accuracy(FULL).value > 60
    assert found.accuracy(BOX).value > 60
    assert found.empty["test"] == 0
    assert found.steps == [FULL, CROP, BOX, PREDICTED, LEAKY]
    assert found.rows["id"].tolist() == test.ids


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
    told = looking.looks_table(rows)
    assert told["energy on the bird, of all"].value == pytest.approx(100 * rows["thing"].mean())
    shares = looking.by_part(rows, defining)
    assert list(shares) == ["any part", "all", "top"]
    own = shares["any part"]
    assert own["the part's area"].value == pytest.approx(100 * rows["area_in_thing"].mean())
    top = rows[rows["label"] < 2]["part_in_thing"].mean()
    assert shares["top"]["the species' own map"].value == pytest.approx(100 * top)
    assert looking.told_as_table(told).iloc[0, 2] == told[looking.ENERGY].n
    fig = figures.draw_parts(shares, ready, test)
    assert [t.get_text() for t in fig.axes[0].get_yticklabels()][1].startswith("all, n =")
    # the colour is all over the blob: its map looks at it, the other class's less
    assert rows["thing"].mean() > rows["control_thing"].mean()


def test_the_verdict_on_defining_parts_can_turn(network, svm, test):
    rows = looking.part_looks(svm_network(network, svm), test, range(20), defining, progress=False)
    rows["part_in_thing"] = rows["area_in_thing"] + 0.2
    for other, holds in ((0.0, True), (2.0, False), (rows["part_in_thing"], None)):
        told = looking.looks_table(rows.assign(control_part_in_thing=other))
        verdict = verdicts.finds_part(told, test)
        assert verdict.holds is holds
        assert verdict.measured[0].startswith("20.0 [")
    assert verdicts.finds_part({}, test).holds is None


def test_where_maps_look_needs_parts_that_are_visible(network, svm, test):
    ready = svm_network(network, svm)
    with pytest.raises(CamError, match="shows a defining part"):
        looking.part_looks(ready, test, [0, 1], lambda label: (f"tail{label}",), progress=False)
    with pytest.raises(CamError, match="does not know its parts"):
        looking.part_looks(ready, HiddenTruth(test), [0], defining, progress=False)
