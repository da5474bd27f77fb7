"""The paper's box rule, IoU, and rates with their intervals."""

import numpy as np
import pytest
import torch

from cam_utils import CamError, boxes
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
