"""The cross of saliencies and box makers, and the verdicts that rest on it."""

import numpy as np
import pandas as pd
import pytest
import torch

from cam_utils import CamError, boxes, load_network, open_images
from cam_utils.data import Subset
from cam_utils.evaluate import PAPER, evaluate
from cam_utils.metrics import Rate
from cam_utils.metrics.intervals import by_seed, seed_interval
from cam_utils.metrics.localization import misses
from cam_utils.sections.s32_localization import cross, tables, verdicts


@pytest.fixture(scope="module")
def measured():
    images = Subset(open_images("mini/objects", "val"), range(6))
    network = load_network("mini/googlenet")
    return network, images, cross.measure(network, images)


def test_the_cross_agrees_with_the_rows_of_evaluate(measured):
    network, images, rows = measured
    table = evaluate(network, images, PAPER, progress=False)
    wrong = cross.as_misses(rows)["CAM|20 % component"]
    for what, own in wrong.items():
        assert own.to_dict() == misses(table, what).to_dict(), what
    assert len([c for c in rows if "|" in c]) == len(cross.SALIENCIES) * len(cross.BOXES)


def test_the_centre_gaussian_is_highest_in_the_middle_and_sees_nothing(measured):
    network, images, _ = measured
    one, other = (images[k].image for k in (0, 1))
    found = cross.saliencies(network, [one, other], torch.tensor([0, 1]))
    name = cross.CENTRE_GAUSSIAN
    assert torch.equal(found[0][name], found[1][name])
    height, width = found[0][name].shape
    box = cross.box_by(cross.BOXES[0], one, found[0][name])
    # a fifth of the maximum is reached at 0.25 sqrt(2 ln 5) = 0.4486 of a side from the middle
    low, high = 0.5 - 0.4486, 0.5 + 0.4486
    expected = np.array([[low * width, low * height, high * width, high * height]])
    assert boxes.iou(box, expected)[0] > 0.97
    assert set(found[0]) == set(cross.SALIENCIES)


def planted(wrong: dict[str, list]) -> dict:
    ids = [f"{k:02d}" for k in range(len(next(iter(wrong.values()))))]
    return {
        recipe: {what: pd.Series(np.array(own, bool), index=ids) for what in tables.METRICS}
        for recipe, own in wrong.items()
    }


def test_a_recipe_is_chosen_on_the_pictures_that_it_is_not_judged_on():
    """a is always right on even places, b on odd ones: each is chosen where it does not help."""
    even = [0, 1] * 6
    odd = [1, 0] * 6
    found, used = cross.chosen_elsewhere(planted({"g|a": even, "g|b": odd}), ("g",))
    assert used == ["g|b", "g|a"]
    assert all(found["top1"])


def test_a_planted_order_gives_its_verdict():
    n = 60
    wrong = {f"{s}|{b}": [1] * n for s in cross.SALIENCIES for b in cross.BOXES}
    wrong["CAM|GraphCut"] = [0] * n
    made = {"images": "ilsvrc", "split": "val"}
    for swap, holds in ((False, True), (True, False)):
        if swap:
            wrong["CAM|GraphCut"], wrong["SmoothGrad|GraphCut"] = [1] * n, [0] * n
        rows, used = cross.cross_differences(planted(wrong))
        assert verdicts.saliency((pd.DataFrame(rows), made)).holds is holds
        best = "SmoothGrad|GraphCut" if swap else "CAM|GraphCut"
        assert used["gradient" if swap else "CAM"] == [best, best]


def test_many_comparisons_need_wider_intervals():
    """Of forty comparisons one lies above zero by chance: 1.96 becomes 3.23 deviations."""
    one = Rate(2.0, 0.1, 3.9, 400)
    assert one.one_of(40).low == pytest.approx(2 - 1.9 * 3.2272 / 1.95996, abs=1e-3)
    below = [Rate(-5.0, -8.0, -2.0, 400)] * 39
    assert verdicts.every([*below, one]) is None
    assert verdicts.every([*below, Rate(9.0, 7.0, 11.0, 400)]) is False
    assert verdicts.every(below) is True


def test_seeds_that_differ_decide_nothing():
    """Three heads, 0.4, 4.6 and 2.2 points apart: 2.4 [-2.8, 7.6]."""
    found = seed_interval([0.4, 4.6, 2.2])
    assert f"{found}" == "2.4 [-2.8, 7.6]"
    rows = pd.DataFrame({"seed": ["0", "1", "2", "mean"], "measured": [0.4, 4.6, 2.2, 2.4]})
    assert by_seed(rows) == found
    with pytest.raises(CamError, match="at least two"):
        seed_interval([1.0])
