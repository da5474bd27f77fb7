"""The paper's box rule, IoU, and rates with their intervals."""

import cv2
import numpy as np
import pytest
import torch

from cam_utils import CamError, boxes
from cam_utils.boxes import components
from cam_utils.boxes.components import largest_component
from cam_utils.metrics.classification import topk_misses
from cam_utils.metrics.intervals import rate


def test_largest_component_by_pixels_above_the_threshold():
    map = np.zeros((20, 30), np.float32)
    map[2:5, 3:9] = 1.0  # 18 pixels
    map[10:14, 20:24] = 0.9  # 16 pixels
    map[16, 0:25] = 0.19  # longest, but below 20 %
    assert boxes.paper(map).tolist() == [[3, 2, 9, 5]]
    assert boxes.paper(torch.from_numpy(map), threshold=0.1).tolist() == [[0, 16, 25, 17]]


def test_threshold_is_strict_and_relative():
    map = np.array([[0.0, 0.2, 1.0]], np.float32) * 7
    assert boxes.paper(map).tolist() == [[2, 0, 3, 1]]


def test_diagonal_neighbours_are_connected():
    assert boxes.paper(np.eye(5, dtype=np.float32)).tolist() == [[0, 0, 5, 5]]


def labelled(mask):
    """Largest component by labelling every pixel: (1, 4), the way the rule is defined."""
    _, _, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=8)
    x, y, w, h = stats[1 + stats[1:, cv2.CC_STAT_AREA].argmax(), :4]
    return np.array([[x, y, x + w, y + h]], np.float32)


@pytest.mark.parametrize("blur", [1, 3, 7])
def test_contours_give_the_box_and_the_pixels_that_labelling_gives(blur):
    rng = np.random.default_rng(blur)
    kinds = set()
    for _ in range(400):
        noise = cv2.blur(rng.random(rng.integers(2, 30, 2)), (blur, blur))
        mask = noise > np.quantile(noise, rng.uniform(0.05, 0.95))
        assert np.array_equal(largest_component(mask), labelled(mask))
        _, _, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=8)
        contours, nested = cv2.findContours(
            mask.astype(np.uint8), cv2.RETR_CCOMP, cv2.CHAIN_APPROX_SIMPLE
        )
        pixels = components._pixels(contours, nested[0, :, 3])
        assert sorted(pixels[pixels > 0]) == sorted(stats[1:, cv2.CC_STAT_AREA])
        count, most = len(stats) - 1, stats[1:, cv2.CC_STAT_AREA]
        kinds.add((count == 1, (most == most.max()).sum() > 1, len(contours) > count))
    # one component and several, with holes and without
    assert {(True, False, False), (False, False, True)} <= kinds


def test_an_island_in_a_hole_is_a_component_of_its_own():
    ring = np.zeros((30, 30), np.float32)
    ring[2:28, 2:28] = 1  # 26 x 26 less 24 x 24: 100 pixels
    ring[3:27, 3:27] = 0
    ring[9:20, 9:20] = 1  # 121 pixels
    assert boxes.paper(ring).tolist() == [[9, 9, 20, 20]]
    ring[9:20, 9] = ring[9:20, 10] = 0  # 99 pixels
    assert boxes.paper(ring).tolist() == [[2, 2, 28, 28]]


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_a_single_value_that_is_not_finite_is_found(bad):
    map = np.ones((40, 50), np.float32)
    map[17, 31] = bad
    with pytest.raises(CamError, match="1 values that are not finite"):
        boxes.paper(map)


def test_no_positive_evidence_gives_the_whole_image():
    assert boxes.paper(np.full((4, 6), -1.0, np.float32)).tolist() == [[0, 0, 6, 4]]


@pytest.mark.parametrize("bad", [np.zeros((2, 3, 4)), np.array([[np.nan, 1.0]])])
def test_maps_that_are_none_are_refused(bad):
    with pytest.raises(CamError, match="expected one finite map"):
        boxes.paper(bad)


def test_iou_equals_the_inclusive_devkit_overlap():
    a, b = (10, 10, 19, 29), (15, 20, 24, 39)  # inclusive corners
    inter = (19 - 15 + 1) * (29 - 20 + 1)
    expected = inter / (10 * 20 + 10 * 20 - inter)
    half = [np.add(v, (0, 0, 1, 1)) for v in (a, b)]
    assert boxes.iou(half[0], half[1])[0, 0] == pytest.approx(expected)


def test_iou_of_pairs():
    a = np.array([[0, 0, 2, 2], [5, 5, 6, 6]])
    b = np.array([[0, 0, 2, 2], [1, 0, 3, 2], [10, 10, 11, 11]])
    np.testing.assert_allclose(boxes.iou(a, b), [[1, 1 / 3, 0], [0, 0, 0]])


def test_wilson_interval():
    # reference values: R, binom::binom.confint(127, 400, methods = "wilson")
    found = rate(np.arange(400) < 127)
    assert found.value == pytest.approx(31.75)
    assert (found.low, found.high) == pytest.approx((27.38, 36.47), abs=0.02)
    assert found.contains(31.9)
    assert not found.contains(25)
    assert rate(np.zeros(10, bool)).low == pytest.approx(0)
    assert rate([]).n == 0


def test_topk_misses():
    logits = torch.tensor([[0.1, 0.9, 0.5], [0.9, 0.1, 0.5]])
    labels = torch.tensor([2, 2])
    assert topk_misses(logits, labels, 1).tolist() == [True, True]
    assert topk_misses(logits, labels, 2).tolist() == [False, False]
    assert topk_misses(logits, labels, 5).tolist() == [False, False]
