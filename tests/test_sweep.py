"""The sweep over all thresholds equals the loop over thresholds with OpenCV, in every bit."""

import cv2
import numpy as np
import pytest
from wsol_loop import cam_like, contour_boxes, loop

from cam_utils import CamError, boxes
from cam_utils.boxes import wsol as boxes_wsol
from cam_utils.sweep import TAUS, Sweep, iou_at, largest_boxes, sweep, sweeps
from cam_utils.sweep.level_sets import jit


def random_truth(rng, shape, count=3):
    """(count, 4) inclusive boxes inside of a map."""
    height, width = shape
    x, y = (np.sort(rng.integers(0, side, (count, 2)), 1) for side in (width, height))
    return np.stack([x[:, 0], y[:, 0], x[:, 1], y[:, 1]], 1)


def check(map, truth=None, rng=None):
    """All 256 masks, with no tolerance: IoU of both kinds, and the largest box itself."""
    if truth is None:
        truth = random_truth(rng or np.random.default_rng(0), map.shape)
    found = sweep(map, truth)
    iou_v1, iou_v2, largest = loop(map, truth)
    np.testing.assert_array_equal(largest_boxes(map), largest)
    np.testing.assert_array_equal(found.iou_v1, iou_v1)
    np.testing.assert_array_equal(found.iou_v2, iou_v2)
    assert found.peak == map.max()


def noise(rng, shape):
    return rng.integers(0, 256, shape)


def smooth(rng, shape):
    blurred = cv2.GaussianBlur(noise(rng, shape).astype(np.float32), (0, 0), rng.uniform(0.6, 3))
    return cv2.normalize(blurred, None, 0, 255, cv2.NORM_MINMAX).reshape(shape)


def few_levels(rng, shape):
    """Many components of equal area: ties."""
    return rng.integers(0, rng.integers(2, 5), shape) * 60


def specks(rng, shape):
    return (rng.random(shape) < rng.uniform(0.1, 0.6)) * 200


def drawing(rng, shape):
    """Rings in rings, squares and lines: holes, islands and outlines without area."""
    map = np.zeros(shape, np.uint8)
    for _ in range(8):
        points = rng.integers(0, max(shape), (2, 2)).tolist()
        value = int(rng.integers(1, 9)) * 28
        draw = rng.integers(3)
        if draw == 0:
            cv2.circle(map, points[0], int(rng.integers(0, 9)), value, 1)
        elif draw == 1:
            cv2.line(map, *points, value, 1)
        else:
            cv2.rectangle(map, *points, value, 1)
    return map


@pytest.mark.parametrize("make", [noise, smooth, few_levels, specks, drawing])
def test_random_maps_equal_the_loop_over_thresholds(make):
    rng = np.random.default_rng(7)
    for _ in range(12):
        shape = tuple(rng.integers(1, 27, 2))
        check(make(rng, shape).astype(np.uint8), rng=rng)


def test_a_large_map_like_those_of_a_network_equals_the_loop():
    rng = np.random.default_rng(3)
    check(cam_like(rng), random_truth(rng, (224, 224)))


@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (9, 1), (2, 2), (2, 9)])
@pytest.mark.parametrize("value", [None, 0, 1, 255])
def test_narrow_and_constant_maps(shape, value):
    rng = np.random.default_rng(1)
    map = rng.integers(0, 4, shape) * 80 if value is None else np.full(shape, value)
    check(map.astype(np.uint8), rng=rng)


def test_the_chequerboard():
    check((np.indices((9, 12)).sum(0) % 2 * 255).astype(np.uint8))


def test_nested_rings_with_a_dot():
    map = np.zeros((21, 21), np.uint8)
    for depth, value in enumerate((90, 0, 140, 0, 200, 0, 250)):
        map[depth : 21 - depth, depth : 21 - depth] = value
    check(map)
    map[10, 10] = 60  # the innermost square opens to a hole below its rings
    check(map)


def test_area_is_the_polygon_through_pixel_centres():
    map = np.zeros((12, 40), np.uint8)
    map[1, 1:28] = 255  # 27 pixels, no area
    map[4:7, 30:33] = 255  # 9 pixels, area 4
    truth = np.array([[30, 4, 33, 7]])  # one pixel too far, as the rule draws it
    check(map, truth)
    assert (sweep(map, truth).iou_v1[:255] == 1).all()


def test_holes_count_as_filled():
    """A thin ring beats a solid square that has more pixels, even a diamond with a tail."""
    map = np.zeros((40, 40), np.uint8)
    cv2.circle(map, (14, 14), 12, 255, 1)
    map[28:38, 28:38] = 255
    assert (map[28:] > 0).sum() > (map[:28] > 0).sum()
    check(map)
    assert largest_boxes(map)[0].tolist() == [2, 2, 27, 27]
    map = np.zeros((8, 9), np.uint8)  # the outline and the hole in it have equal area
    map[[1, 2, 2, 3, 3], [2, 1, 3, 2, 4]] = 255
    map[4, 5:8] = 255
    check(map)


def test_of_equal_areas_the_one_that_begins_last_counts():
    map = np.zeros((10, 10), np.uint8)
    map[1:4, 5:8] = map[6:9, 1:4] = map[1:4, 1:4] = 255
    check(map)
    assert largest_boxes(map)[0].tolist() == [1, 6, 4, 9]
    map[6:9, 1:4] = 0
    assert largest_boxes(map)[0].tolist() == [5, 1, 8, 4]


def test_a_box_can_be_that_of_a_hole_or_of_an_island():
    map = np.full((30, 30), 200, np.uint8)
    map[5:25, 5:25] = 100
    map[12:18, 12:18] = 255
    for box in ([4, 4, 26, 26], [12, 12, 18, 18]):
        truth = np.array([box])
        check(map, truth)
        assert sweep(map, truth).iou_v2[100] == 1
        assert sweep(map, truth).iou_v1[100] < 1


def test_an_empty_mask_has_the_first_pixel_as_its_box():
    map = np.full((5, 5), 100, np.uint8)
    found = sweep(map, np.array([[0, 0, 1, 1]]))
    assert found.iou_v1[99] == 4 / 25
    assert (found.iou_v1[100:] == 1 / 4).all()
    assert (found.iou_v2[100:] == 1 / 4).all()


def test_thresholds_are_fractions_of_the_maximum_rounded_down():
    map = cam_like(np.random.default_rng(5), side=20) // 3
    truth = random_truth(np.random.default_rng(5), map.shape)
    found = iou_at(sweep(map, truth))
    expected = loop(map, truth, [int(tau * map.max()) for tau in TAUS])
    assert len(TAUS) == 1000
    np.testing.assert_array_equal(found[0], expected[0])
    np.testing.assert_array_equal(found[1], expected[1])


def test_many_maps_of_different_sizes():
    rng = np.random.default_rng(2)
    maps = [noise(rng, shape).astype(np.uint8) // 2 for shape in ((6, 9), (11, 4), (3, 3))]
    truths = [random_truth(rng, map.shape, count) for count, map in enumerate(maps, start=1)]
    found = sweeps(maps, truths)
    assert found.iou_v1.shape == found.iou_v2.shape == (3, 256)
    at = iou_at(found, [0.0, 0.5])
    for i, (map, truth) in enumerate(zip(maps, truths, strict=True)):
        one = sweep(map, truth)
        np.testing.assert_array_equal(found.iou_v1[i], one.iou_v1)
        np.testing.assert_array_equal(at[1][i], iou_at(one, [0.0, 0.5])[1])
    assert sweeps([], []).iou_v1.shape == (0, 256)


def test_maps_that_are_not_contiguous():
    rng = np.random.default_rng(4)
    map = noise(rng, (14, 18)).astype(np.uint8)
    check(map[::2, ::-1], rng=rng)
    check(map.T, rng=rng)


@pytest.mark.parametrize(
    "bad", [np.zeros((3, 3)), np.zeros((3, 3, 1), np.uint8), np.zeros((0, 3), np.uint8)]
)
def test_maps_that_are_none_are_refused(bad):
    with pytest.raises(CamError, match=r"expected uint8 \(H, W\)"):
        sweep(bad, np.array([[0, 0, 1, 1]]))


@pytest.mark.parametrize(
    ("truth", "message"),
    [
        (np.zeros((0, 4), int), "at least one"),
        (np.array([0, 0, 1, 1]), "at least one"),
        (np.array([[0.0, 0, 1, 1]]), "expected integers"),
        (np.array([[0, 0, 1, 1], [2, 2, 1, 3]]), r"truth box \[2, 2, 1, 3\]"),
        (np.array([[-1, 0, 1, 1]]), "begins inside"),
        (np.array([[8, 0, 9, 1]]), "another frame"),
    ],
)
def test_truth_that_is_none_is_refused(truth, message):
    with pytest.raises(CamError, match=message):
        sweep(np.zeros((8, 8), np.uint8), truth)


def test_thresholds_that_are_no_fractions_are_refused():
    with pytest.raises(CamError, match="fractions of the map's maximum"):
        iou_at(Sweep(np.zeros(256), np.zeros(256)), [0.5, 1.0])


def test_box_rules_are_the_benchmarks_boxes_half_open():
    rng = np.random.default_rng(11)
    raw = rng.normal(size=(19, 23)).astype(np.float32)
    levels = boxes_wsol.minmax_levels(raw)
    for tau in (0.0, 0.2, 0.55, 0.999):
        inclusive, largest = contour_boxes(levels > int(tau * 255))
        expected = inclusive + np.array([0, 0, 1, 1])
        assert boxes_wsol.wsol_v1(raw, tau).tolist() == [expected[largest].tolist()]
        assert boxes_wsol.wsol_v2(raw, tau).tolist() == expected.tolist()
        assert boxes_wsol.wsol_v2(raw, tau).dtype == np.float32
        truth = random_truth(rng, raw.shape)
        iou = boxes.iou(boxes_wsol.wsol_v2(raw, tau), truth + np.array([0, 0, 1, 1])).max()
        assert iou == sweep(levels, truth).iou_v2[int(tau * 255)]


def test_box_rules_on_a_constant_map_and_on_bad_input():
    for rule in (boxes_wsol.wsol_v1, boxes_wsol.wsol_v2):
        assert rule(np.full((4, 6), 3.0)).tolist() == [[0, 0, 1, 1]]
        with pytest.raises(CamError, match="expected a fraction"):
            rule(np.eye(4), threshold=1.0)
        with pytest.raises(CamError, match="expected one finite map"):
            rule(np.array([[np.nan, 1.0]]))


def test_truth_is_scaled_to_the_square_frame_rounded_down():
    half_open = np.array([[60, 27, 386, 332]], np.float32)
    found = boxes_wsol.truth_boxes(half_open, (335, 500))
    scaled = 60 * 224 / 500, 27 * 224 / 335, 385 * 224 / 500, 331 * 224 / 335
    assert found.tolist() == [[int(v) for v in scaled]]
    assert found.dtype == np.int64


def test_warping_keeps_the_middle_and_takes_any_shape():
    map = np.zeros((7, 7), np.float32)
    map[3, 3] = 1
    warped = boxes_wsol.warp(map)
    assert warped.shape == (224, 224)
    np.testing.assert_allclose(warped, warped[::-1, ::-1], atol=1e-6)  # float32 rounding
    assert boxes_wsol.warp(np.ones((14, 10))).min() == pytest.approx(1)


def test_kernels_compile_where_their_code_cannot_be_stored():
    names = {}
    exec("def twice(x):\n    return 2 * x", names)  # belongs to no file, beside which to store
    assert jit(names["twice"])(21) == 42
