"""Null baselines: known answers on made boxes, and the published sets without their photos."""

import numpy as np
import pandas as pd
import pytest
from truth_files import ilsvrc_truth

from cam_utils import CamError, boxes, open_images
from cam_utils.boxes import null as null_boxes
from cam_utils.boxes.truth import Truth
from cam_utils.data import Subset, subset
from cam_utils.data.truth_reader import read_truth
from cam_utils.metrics.baselines import (
    best_centre_box,
    best_iou,
    hits,
    null_hits,
    null_misses,
    with_classifier,
)
from cam_utils.metrics.intervals import rate
from cam_utils.metrics.localization import localization_errors, paired_difference


@pytest.fixture
def truth():
    """Three images of 100 x 50; the second has two boxes, not in order of the images."""
    return Truth(
        ["a", "b", "c"],
        [[100, 50]] * 3,
        [[25, 12, 75, 38], [0, 0, 10, 10], [0, 0, 100, 50], [90, 40, 100, 50]],
        [0, 1, 2, 1],
    )


def random_truth(n=400, seed=0):
    rng = np.random.default_rng(seed)
    sizes = rng.integers(80, 600, (n, 2))
    image = rng.permutation(np.concatenate([np.arange(n), rng.integers(0, n, n // 2)]))
    corners = np.floor(rng.random((2, len(image), 2)) * sizes[image])
    found = np.concatenate([corners.min(0), corners.max(0) + 1], 1)
    return Truth([f"{i:04d}" for i in range(n)], sizes, found, image)


def test_best_iou_is_the_best_of_each_images_boxes():
    truth = random_truth()
    guess = null_boxes.random_corners(truth, seed=1)
    expected = [
        boxes.iou(guess[i : i + 1], truth.boxes[truth.image == i]).max() for i in range(len(truth))
    ]
    # the same formula in float64
    np.testing.assert_allclose(best_iou(guess, truth), expected, rtol=1e-12)


def test_hits_by_hand(truth):
    guess = [[25, 12, 75, 25], [90, 40, 100, 45], [0, 0, 100, 24]]
    assert best_iou(guess, truth).tolist() == [0.5, 0.5, 0.48]
    assert hits(guess, truth).to_dict() == {"a": True, "b": True, "c": False}
    assert hits(guess, truth, 0.4).all()
    with pytest.raises(CamError, match=r"shape \(2, 4\)"):
        best_iou(guess[:2], truth)


def test_whole_image_and_centre_box(truth):
    assert null_boxes.whole_box(truth).tolist() == [[0, 0, 100, 50]] * 3
    assert null_boxes.centre_box(truth, 0.5).tolist() == [[25, 12.5, 75, 37.5]] * 3
    for fraction in (0, 1.1):
        with pytest.raises(CamError, match="centre box has the fraction"):
            null_boxes.centre_box(truth, fraction)


@pytest.mark.parametrize(("width", "height"), [(300, 200), (101, 64), (50, 375)])
@pytest.mark.parametrize("threshold", [0.05, 0.2, 0.5, 0.9])
def test_the_gaussians_box_is_a_centre_box(width, height, threshold):
    map = null_boxes.gaussian_map(width, height)
    truth = Truth(["a"], [[width, height]], [[0, 0, 1, 1]], [0])
    found = boxes.paper(map, threshold)[0]
    # a pixel is in or out as a whole, on either side
    np.testing.assert_allclose(null_boxes.gaussian_box(truth, threshold)[0], found, atol=1)
    assert map.shape == (height, width)
    assert map.max() == 1


def test_another_box_comes_from_another_image():
    truth = random_truth()
    relative = null_boxes.another_box(truth, seed=2) / np.tile(truth.sizes, 2)
    own = truth.boxes / np.tile(truth.sizes, 2)[truth.image]
    givers = []
    for i, row in enumerate(relative):
        source = truth.image[np.isclose(own, row, atol=1e-12).all(1)]
        assert len(source) == 1
        assert source[0] != i
        givers.append(source[0])
    assert sorted(givers) == list(range(len(truth)))
    with pytest.raises(CamError, match="two images or more"):
        null_boxes.another_box(truth.take([0]))


def test_another_box_takes_every_box_of_an_image():
    n = 2000
    pair = np.tile([[0, 0, 10, 10], [0, 0, 20, 20]], (n, 1))
    truth = Truth([str(i) for i in range(n)], [[100, 100]] * n, pair, np.repeat(np.arange(n), 2))
    large = (null_boxes.another_box(truth)[:, 2] == 20).mean()
    assert large == pytest.approx(0.5, abs=4 * 0.5 / np.sqrt(n))  # four standard deviations


def test_random_boxes_lie_inside_and_follow_the_seed():
    truth = random_truth()
    for make in (null_boxes.random_corners, null_boxes.random_place, null_boxes.another_box):
        found = make(truth, seed=3)
        assert (found[:, :2] >= 0).all()
        assert (found[:, 2:] <= truth.sizes + 1e-9).all()  # rounding of the last place
        assert (found[:, 2:] > found[:, :2]).all()
        np.testing.assert_array_equal(found, make(truth, seed=3))
        assert (found != make(truth, seed=4)).any()


def test_random_corners_have_a_third_of_each_side():
    n = range(5000)
    truth = Truth([str(i) for i in n], [[300, 90]] * 5000, [[0, 0, 1, 1]] * 5000, n)
    found = null_boxes.random_corners(truth)
    side = (found[:, 2:] - found[:, :2]) / truth.sizes
    # E|u - v| = 1/3 with a standard deviation of 0.236; up to one pixel more at 90 pixels
    np.testing.assert_allclose(side.mean(0), 1 / 3, atol=4 * 0.236 / np.sqrt(5000) + 1 / 90)


def test_the_best_centre_box_is_found_and_reported_elsewhere():
    n, sizes = range(10), [[200, 100]] * 10
    right = [[40, 20, 160, 80]] * 10  # 60 % of each side
    chosen = Truth([f"v{i}" for i in n], sizes, right, n)
    tested = Truth([f"t{i}" for i in n], sizes, right[:3] + [[0, 0, 5, 5]] * 7, n)
    found = best_centre_box(chosen, tested, [0.9, 0.6, 0.3])
    assert found.fraction == 0.6
    assert found.success == rate([True] * 3 + [False] * 7)
    assert found.chosen_on == "other images"
    assert found.curve.to_numpy().tolist() == [[0.3, 0], [0.6, 100], [0.9, 0]]
    same = best_centre_box(chosen)
    assert (same.success.value, same.chosen_on) == (100, "the same images")
    assert 0.6 * np.sqrt(0.5) <= same.fraction <= 0.6  # the smallest of the equally good


def ranked(ids, first_right, fifth_right):
    """Tables of a classifier without boxes: label 1; right at rank 1, at rank 5, or nowhere."""
    rows = []
    for id in ids:
        classes = [10, 11, 12, 13, 14]
        if id in first_right:
            classes[0] = 1
        elif id in fifth_right:
            classes[4] = 1
        rows += [(id, 1, k, c) for k, c in enumerate(classes, start=1)]
    return pd.DataFrame(rows, columns=["id", "label", "rank", "class"])


def test_with_classifier():
    ids = list("abcdefgh")
    table = ranked(ids, first_right="abc", fifth_right="de")
    found = pd.Series([True, True, False, True, False, True, True, True], index=ids)
    errors = with_classifier(found, table)
    assert errors["top1"].value == 100 - 100 * 2 / 8  # a, b
    assert errors["top5"].value == 100 - 100 * 3 / 8  # and d
    assert errors["gt_known"].value == 100 * 2 / 8
    without = with_classifier(found, table, blacklist=["h"])
    assert (without["top1"].n, without["gt_known"].value) == (7, pytest.approx(100 * 2 / 7))


def test_with_classifier_is_what_the_table_with_such_boxes_would_give(truth):
    table = ranked(truth.ids, first_right="a", fifth_right="c")
    whole = null_boxes.whole_box(truth)
    own = pd.DataFrame({"id": truth.ids, "label": 1, "rank": 0, "class": 1})
    filled = pd.concat([table, own], ignore_index=True)
    overlap = dict(zip(truth.ids, best_iou(whole, truth), strict=True))
    expected = localization_errors(filled.assign(iou=filled["id"].map(overlap)))
    for rows in (table, filled):
        assert with_classifier(hits(whole, truth), rows) == expected


def test_a_network_is_compared_with_a_baseline_image_by_image(truth):
    table = ranked(truth.ids, first_right="abc", fifth_right="").assign(iou=0.7)
    nothing = null_misses(hits(null_boxes.whole_box(truth), truth), table, "top1")
    assert nothing.to_dict() == {"a": True, "b": True, "c": False}
    found = paired_difference(table, nothing, "top1")
    assert found.value == pytest.approx(-200 / 3)


def test_hits_of_other_images_are_refused(truth):
    found = hits(null_boxes.whole_box(truth), truth)
    with pytest.raises(CamError, match="no entry for z"):
        with_classifier(found, ranked("az", "a", ""))
    with pytest.raises(CamError, match="an image twice"):
        with_classifier(pd.concat([found, found]), ranked("a", "a", ""))
    with pytest.raises(CamError, match="no column class"):
        with_classifier(found, ranked("a", "a", "").drop(columns="class"))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"sizes": [[100, 50]] * 2}, "3 ids, 2 sizes"),
        ({"image": [0, 1, 2]}, "4 boxes and 3 image"),
        ({"ids": ["a", "b", "a"]}, "occurs twice"),
        ({"image": [0, 1, 3, 1]}, "belongs to image 3"),
        ({"image": [0, 1, 1, 1]}, "1 of 3 images have no truth box, the first is c"),
        ({"boxes": [[5, 5, 5, 9]] * 4}, "is empty"),
    ],
)
def test_truth_that_does_not_belong_together_is_refused(truth, change, message):
    parts = {k: getattr(truth, k) for k in ("ids", "sizes", "boxes", "image")}
    with pytest.raises(CamError, match=message):
        Truth(**(parts | change))


def test_part_of_a_truth(truth):
    part = truth.take([2, 1])
    assert part.ids == ["c", "b"]
    assert part.image.tolist() == [0, 1, 1]
    assert part.boxes.tolist() == [[0, 0, 100, 50], [0, 0, 10, 10], [90, 40, 100, 50]]


def test_truth_of_the_drawn_set():
    images = Subset(open_images("mini/objects", "test"), range(60))
    found = read_truth(images, progress=False)
    assert found.ids == images.ids
    assert (found.sizes == 112).all()
    for i in (0, 17, 59):
        np.testing.assert_array_equal(found.boxes[found.image == i], images.boxes(i))


def test_drawn_objects_are_as_hard_for_a_centre_box_as_photographed_ones():
    chosen = read_truth(Subset(open_images("mini/objects", "val"), range(120)), progress=False)
    tested = read_truth(Subset(open_images("mini/objects", "test"), range(360)), progress=False)
    best = best_centre_box(chosen, tested, np.arange(0.5, 1.01, 0.05))
    found = {k: rate(v) for k, v in null_hits(tested, best.fraction).items()}
    # The drawn sizes follow ILSVRC's, whose rates on 50,000 photos these are. With 360 pictures a
    # rate of p has a standard deviation of sqrt(p (1 - p) / 360), 2.6 or 0.9 points: three of them.
    assert found["whole image"].value == pytest.approx(40.7, abs=7.8)
    assert found["random corners"].value == pytest.approx(3.1, abs=2.7)
    assert best.success.value == pytest.approx(53.5, abs=7.8)
    assert best.chosen_on == "other images"


def test_truth_of_photos_needs_their_headers_alone(shared):
    images = subset(open_images("ilsvrc", "val", shared / "real"), 20)
    found = read_truth(images, progress=False)
    assert len(found) == 20
    assert not found.left_out
    record = images[3]
    assert tuple(found.sizes[3]) == record.image.size
    np.testing.assert_array_equal(found.boxes[found.image == 3], record.boxes)
    with pytest.raises(CamError, match="has a truth box"):
        read_truth(open_images("photos"), progress=False)


def test_the_list_of_all_boxes_equals_the_official_ones(shared):
    every = ilsvrc_truth(shared)
    images = open_images("ilsvrc", "val", shared / "real")
    part = read_truth(images, progress=False)
    same = every.take([every.ids.index(id) for id in part.ids])
    np.testing.assert_array_equal(part.sizes, same.sizes)
    np.testing.assert_array_equal(part.boxes, same.boxes)


def test_null_baselines_of_ilsvrc(shared):
    truth = ilsvrc_truth(shared)
    assert (len(truth), len(truth.boxes)) == (50_000, 80_477)
    found = {k: rate(v).value for k, v in null_hits(truth, 0.8).items()}
    # exact counts, given to one decimal
    assert found["whole image"] == pytest.approx(40.7, abs=0.05)
    assert found["centre box, 80 % of the sides"] == pytest.approx(52.1, abs=0.05)
    # random: four standard deviations of 0.08 points
    assert found["random corners"] == pytest.approx(3.2, abs=0.3)
    best = best_centre_box(truth, fractions=np.arange(0.5, 1.01, 0.05))
    assert best.fraction == pytest.approx(0.75)
    assert best.success.value == pytest.approx(53.45, abs=0.01)
    # chosen on one half it is the same for the other: 25,000 images fix the fraction
    halves = truth.take(range(25_000)), truth.take(range(25_000, 50_000))
    elsewhere = best_centre_box(*halves, np.arange(0.5, 1.01, 0.05))
    assert elsewhere.fraction == best.fraction
    assert elsewhere.success.contains(best.success.value)


def test_null_baselines_of_cub(shared):
    """From the official text files alone; no photo is needed."""
    chosen, truth = (
        read_truth(open_images("cub", split, shared / "real"), progress=False)
        for split in ("train", "test")
    )
    assert (len(chosen), len(truth), truth.left_out) == (5994, 5794, {})
    found = {k: rate(v).value for k, v in null_hits(truth, 0.6).items()}
    # exact counts, given to one decimal
    assert found["whole image"] == pytest.approx(18.6, abs=0.05)
    assert found["centre box, 60 % of the sides"] == pytest.approx(58.1, abs=0.05)
    # random: four standard deviations of at most 0.6 points, on both sides of the comparison
    assert found["random corners"] == pytest.approx(3.8, abs=1.0)
    assert found["random place, another's size"] == pytest.approx(20.0, abs=2.4)
    assert found["another image's truth box"] == pytest.approx(28.8, abs=2.4)
    # the fraction comes from the training images
    best = best_centre_box(chosen, truth, np.arange(0.5, 0.81, 0.05))
    assert best.chosen_on == "other images"
    assert best.success.value > 58
