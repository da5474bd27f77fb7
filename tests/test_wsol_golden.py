"""What the WSOL benchmark's own code gave: 32 score maps, 1000 thresholds, V1 and V2, scores."""

import numpy as np
import pytest

from cam_utils.metrics.maxbox import max_box_acc
from cam_utils.sweep import TAUS, iou_at, sweeps


@pytest.fixture(scope="module")
def golden(shared):
    with np.load(shared / "golden" / "wsol" / "box_evaluation.npz") as file:
        return dict(file)


@pytest.fixture(scope="module")
def found(golden):
    maps = (golden["maps"].astype(np.float64) * 255).astype(np.uint8)
    truths = [golden["gt_boxes"][golden["gt_owner"] == i] for i in range(len(maps))]
    return sweeps(maps, truths)


def test_all_overlaps_are_equal(golden, found):
    np.testing.assert_array_equal(TAUS, golden["thresholds"])
    iou_v1, iou_v2 = iou_at(found)
    assert iou_v1.shape == (32, 1000)
    np.testing.assert_array_equal(iou_v1, golden["iou_v1"])
    np.testing.assert_array_equal(iou_v2, golden["iou_v2"])


def test_both_scores_are_equal(golden, found):
    scores = max_box_acc([found])
    assert scores.v1.n == 32
    assert scores.v1.value == golden["max_box_acc"]
    # the mean of three shares, in another order of summing
    assert scores.v2.value == pytest.approx(golden["max_box_acc_v2"], abs=1e-12)
