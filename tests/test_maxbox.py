"""MaxBoxAcc, MaxBoxAccV2 and PxAP of sets whose scores can be told by hand."""

import numpy as np
import pytest

from cam_utils import CamError
from cam_utils.boxes import wsol as boxes_wsol
from cam_utils.metrics.maxbox import MaxBoxAcc, PixelAP, max_box_acc
from cam_utils.sweep import Sweep


def swept(*steps):
    """A sweep with the same IoU V1 and V2, from ((first level, IoU), ...)."""
    iou = np.zeros(256)
    for level, value in steps:
        iou[level:] = value
    return Sweep(iou, iou)


def test_each_delta_has_its_own_best_threshold():
    low, high = swept((0, 0.75), (100, 0.35)), swept((0, 0.1), (100, 0.6))
    scores = max_box_acc([low, high])
    # IoU .3: both from level 100 on; .5: one at any level; .7: one below level 100
    assert scores.v1.value == 50
    assert scores.v2.value == pytest.approx((100 + 50 + 50) / 3)
    assert scores.v1.n == scores.v2.n == 2
    assert scores.best_tau == 0
    curve = scores.curve_v2[0]
    first = np.flatnonzero(curve == 100)[0]
    assert int(scores.taus[first] * 255) == 100
    assert int(scores.taus[first - 1] * 255) == 99
    assert set(scores.curve_v2[2]) == {0, 50}


def test_an_overlap_of_exactly_delta_is_right():
    assert max_box_acc([swept((0, 0.5))]).v1.value == 100
    assert max_box_acc([swept((0, np.nextafter(0.5, 0)))]).v1.value == 0


def test_kinds_are_kept_apart():
    scores = max_box_acc([Sweep(np.full(256, 0.2), np.full(256, 0.9))])
    assert (scores.v1.value, scores.v2.value) == (0, 100)


def random_sweeps(n, seed):
    rng = np.random.default_rng(seed)
    return [Sweep(rng.random(256), rng.random(256)) for _ in range(n)]


def test_stacks_and_single_images_are_the_same():
    found = random_sweeps(150, seed=0)
    stacked = Sweep(*(np.array([getattr(f, k) for f in found]) for k in ("iou_v1", "iou_v2")))
    stacked = Sweep(stacked.iou_v1, stacked.iou_v2, np.full(150, 255))
    one, all_ = max_box_acc(found), max_box_acc([stacked])
    assert one.v1 == all_.v1
    assert one.v2 == all_.v2
    np.testing.assert_array_equal(one.curve_v1, all_.curve_v1)


def test_the_interval_is_the_bootstraps():
    """At one threshold the score is a share, whose standard error is known."""
    rng = np.random.default_rng(1)
    found = [swept((0, float(hit))) for hit in rng.random(400) < 0.4]
    score = max_box_acc(found, taus=np.array([0.0])).v1
    error = 100 * np.sqrt(score.value / 100 * (1 - score.value / 100) / 400)
    # 500 repetitions know a 2.5 % quantile to about 0.12 standard errors; 3 of these
    assert score.low == pytest.approx(score.value - 1.96 * error, abs=0.36 * error)
    assert score.high == pytest.approx(score.value + 1.96 * error, abs=0.36 * error)


def test_memory_does_not_grow_with_the_number_of_images():
    scores = MaxBoxAcc()
    sizes = set()
    for number, found in enumerate(random_sweeps(256, seed=2), start=1):
        scores.accumulate(found)
        if number % 64 == 0:
            held = [v for v in vars(scores).values() if isinstance(v, np.ndarray)]
            sizes.add((sum(v.nbytes for v in held), len(scores._waiting)))
    assert len(sizes) == 1
    assert scores.compute().v1.n == 256


def test_no_image_is_refused():
    with pytest.raises(CamError, match="no image"):
        MaxBoxAcc().compute()
    with pytest.raises(CamError, match="no object pixel"):
        PixelAP().compute()


def average_precision(scores, objects):
    """Area under the steps of precision over recall, pixel by pixel."""
    order = np.argsort(-scores, kind="stable")
    hits = objects[order].cumsum()
    precision = hits / np.arange(1, len(hits) + 1)
    last = np.append(np.diff(scores[order]) != 0, True)  # equal scores are one step
    recall = hits[last] / hits[-1]
    return 100 * (precision[last] * np.diff(recall, prepend=0)).sum()


def test_pixel_ap_is_the_area_under_precision_and_recall_of_all_pixels():
    rng = np.random.default_rng(6)
    score, pixels, objects = PixelAP(), [], []
    for shape in ((12, 17), (9, 9), (20, 5)):
        mask = rng.random(shape) < 0.3
        # in the middle of the bins, so that rounding into bins changes nothing
        values = (np.floor(1000 * (0.5 * rng.random(shape) + 0.4 * mask)) + 0.5) / 1000
        ignore = rng.random(shape) < 0.2
        score.accumulate(values, mask, ignore)
        kept = mask | ~ignore
        pixels.append(values[kept])
        objects.append(mask[kept])
    found = score.compute()
    expected = average_precision(np.concatenate(pixels), np.concatenate(objects))
    assert found.value == pytest.approx(expected, abs=1e-9)  # float64 sums of 1000 terms
    assert found.n == 3
    assert found.low <= found.high


def test_pixel_ap_of_a_perfect_and_of_a_constant_map():
    mask = np.zeros((10, 10), bool)
    mask[2:5, 2:7] = True
    perfect, constant = PixelAP(), PixelAP()
    perfect.accumulate(boxes_wsol.score_map(mask.astype(np.float32)), mask)
    constant.accumulate(boxes_wsol.score_map(np.ones((10, 10))), mask)
    assert perfect.compute().value == 100
    # all pixels come in one step, whose precision is the share of object pixels
    assert constant.compute().value == pytest.approx(100 * mask.mean())


@pytest.mark.parametrize(
    ("scores", "mask"),
    [(np.zeros((3, 4)), np.zeros((4, 3))), (np.full((3, 3), 1.5), np.ones((3, 3)))],
)
def test_pixel_scores_that_do_not_fit_are_refused(scores, mask):
    with pytest.raises(CamError, match="Found scores"):
        PixelAP().accumulate(scores, mask)
