"""Localization errors from hand-made tables whose answers are known."""

import numpy as np
import pandas as pd
import pytest

from cam_utils import CamError, boxes
from cam_utils.metrics.intervals import mean_interval, rate
from cam_utils.metrics.localization import (
    box_right_given_class,
    five_box_error,
    localization_errors,
    misses,
    paired_difference,
)

NAN = float("nan")
WRONG = [10, 11, 12, 13, 14]


def image(id, label, classes, iou, iou_b=None, own=0.0):
    """Rows of one image: rank 0 with IoU `own`, then the classes in order with their IoUs."""
    n = len(classes)
    return pd.DataFrame(
        {
            "id": id,
            "label": label,
            "rank": range(n + 1),
            "class": [label, *classes],
            "score": [0.0, *np.linspace(0.5, 0.1, n)],
            "iou": [own, *iou],
            "iou_b": [NAN, *(iou_b if iou_b is not None else [NAN] * n)],
        }
    )


def table(*images):
    return pd.concat(images, ignore_index=True)


RIGHT = image("right", 1, [1, 10, 11, 12, 13], [0.8, 0.1, 0.1, 0.1, 0.1], own=0.8)
# the class is right, its box is not; a box of another class is in place
SWAPPED = image("swapped", 2, [2, 10, 11, 12, 13], [0.4, 0.9, 0.9, 0.9, 0.9], own=0.4)
# the best class is wrong with a perfect box; the third class is right in class and box
THIRD = image("third", 3, [10, 11, 3, 12, 13], [1.0, 0.1, 0.7, 0.1, 0.1], own=0.7)
UNKNOWN = image("unknown", 4, WRONG, [1.0] * 5, own=0.9)


def test_class_and_box_must_both_be_right():
    found = localization_errors(table(RIGHT, SWAPPED, THIRD, UNKNOWN))
    assert found["top1"].value == 75
    assert found["top5"].value == 50
    assert found["gt_known"].value == 25
    assert {r.n for r in found.values()} == {4}


def test_each_image_is_judged_by_itself():
    rows = table(RIGHT, SWAPPED, THIRD, UNKNOWN).sample(frac=1, random_state=0)
    top1, top5, five = (misses(rows, what) for what in ("top1", "top5", "five_box"))
    assert top1.to_dict() == {"right": False, "swapped": True, "third": True, "unknown": True}
    assert top5.to_dict() == {"right": False, "swapped": True, "third": False, "unknown": True}
    assert five.to_dict() == top5.to_dict()


def test_tables_may_be_joined_as_they_are():
    rows = pd.concat([RIGHT, SWAPPED, THIRD, UNKNOWN])  # index values occur four times
    assert misses(rows, "five_box").sum() == 2
    assert localization_errors(rows)["top5"].value == 50


def test_half_is_enough_and_less_is_not():
    below = np.nextafter(0.5, 0)
    rows = table(
        image("half", 1, [1, *WRONG[:4]], [0.5, 0, 0, 0, 0], own=0.5),
        image("less", 1, [1, *WRONG[:4]], [below, 0, 0, 0, 0], own=below),
    )
    assert misses(rows, "top1").to_dict() == {"half": False, "less": True}
    assert misses(rows, "gt_known").to_dict() == {"half": False, "less": True}


def test_iou_of_exactly_half_survives_the_overlap_of_boxes():
    # 20 x 10 inside 20 x 20, with the devkit's inclusive corners made half-open
    overlap = boxes.iou([[5, 5, 25, 15]], [[5, 5, 25, 25]])[0, 0]
    rows = image("half", 1, [1, *WRONG[:4]], [overlap, 0, 0, 0, 0])
    assert not misses(rows, "top1")["half"]


def test_any_of_several_truth_boxes_will_do():
    truth = np.array([[0, 0, 10, 10], [50, 50, 90, 90]])
    guess = [[50, 50, 90, 85]]
    overlap = boxes.iou(guess, truth).max()
    rows = image("two", 1, [1, *WRONG[:4]], [overlap, 0, 0, 0, 0])
    assert overlap == 35 / 40
    assert localization_errors(rows)["top1"].value == 0


def test_blacklisted_images_leave_the_denominator():
    rows = table(RIGHT, SWAPPED, THIRD, UNKNOWN)
    found = localization_errors(rows, blacklist=["unknown", "not in the table"])
    assert found["top5"].n == 3
    assert found["top5"].value == pytest.approx(100 / 3)
    assert found["top1"].value == pytest.approx(200 / 3)
    # a blacklisted image may be without truth boxes
    nowhere = image("nowhere", 1, [1, *WRONG[:4]], [NAN] * 5, own=NAN)
    assert localization_errors(table(RIGHT, nowhere), ["nowhere"])["top1"].n == 1
    with pytest.raises(CamError, match="No image is left"):
        localization_errors(RIGHT, ["right"])


def test_intervals_are_wilsons():
    rows = table(RIGHT, SWAPPED, THIRD, UNKNOWN)
    assert localization_errors(rows)["top1"] == rate([True, True, True, False])


def test_a_tight_box_rescues_an_image():
    bad = [0.1] * 5
    by = {
        "first tight": image("a", 1, [1, *WRONG[:4]], bad, [0.6, 0, 0, 0, 0]),
        "second loose": image("b", 1, [10, 1, 11, 12, 13], [0, 0.6, 0, 0, 0], [0] * 5),
        "second tight": image("c", 1, [10, 1, 11, 12, 13], bad, [0, 0.6, 0, 0, 0]),
        "third loose": image("d", 1, [10, 11, 1, 12, 13], [0, 0, 0.6, 0, 0], [0] * 5),
    }
    for which, rows in by.items():
        assert five_box_error(rows).value == 0, which
    assert localization_errors(by["first tight"])["top5"].value == 100
    outside = {
        "third tight": image("e", 1, [10, 11, 1, 12, 13], bad, [0, 0, 0.6, 0, 0]),
        "fourth loose": image("f", 1, [10, 11, 12, 1, 13], [0, 0, 0, 0.6, 0], [0] * 5),
        "tight box of another class": image("g", 1, [1, *WRONG[:4]], bad, [0, 0.6, 0, 0, 0]),
    }
    for which, rows in outside.items():
        assert five_box_error(rows).value == 100, which
    assert five_box_error(table(*by.values(), *outside.values())).value == pytest.approx(300 / 7)


def test_where_a_second_box_is_missing_the_next_guess_moves_up():
    none = [NAN] * 5
    loose = [image("a", 1, [10, 11, 12, 1, 13], [0, 0, 0, 0.6, 0], none)]
    loose += [image("b", 1, [10, 11, 12, 13, 1], [0, 0, 0, 0, 0.6], none)]
    one = [NAN, 0.1, 0.6, 0.1, 0.1]  # then the third class's tight box is the fifth guess
    loose += [image("c", 1, [10, 11, 1, 12, 13], [0.1] * 5, one)]
    one = [NAN, 0.1, 0.1, 0.1, 0.1]  # and the fourth class's loose one the sixth
    loose += [image("d", 1, [10, 11, 12, 1, 13], [0, 0, 0, 0.6, 0], one)]
    rows = table(*loose).sample(frac=1, random_state=0)
    assert misses(rows, "five_box").to_dict() == {"a": False, "b": False, "c": False, "d": True}


def test_box_right_given_class():
    found = box_right_given_class(table(RIGHT, SWAPPED, THIRD, UNKNOWN))
    assert (found["top1"].value, found["top1"].n) == (50, 2)
    assert (found["top5"].value, found["top5"].n) == (pytest.approx(200 / 3), 3)
    errors = localization_errors(table(RIGHT, SWAPPED, THIRD, UNKNOWN))
    for name, classified in (("top1", 50), ("top5", 25)):
        expected = 100 * (100 - errors[name].value) / (100 - classified)
        assert found[name].value == pytest.approx(expected)
    assert box_right_given_class(UNKNOWN)["top1"].n == 0


def test_paired_difference():
    better = table(RIGHT, *[image(f"i{k}", 1, [1, *WRONG[:4]], [0.6] * 5) for k in range(99)])
    worse = better.copy()
    worse.loc[worse["id"].isin([f"i{k}" for k in range(20)]), "iou"] = 0.3
    found = paired_difference(worse.sample(frac=1, random_state=1), better, "top1", seed=3)
    assert (found.value, found.n) == (pytest.approx(20), 100)
    # bootstrap of a share of 20 among 100: two standard deviations of sqrt(.2 * .8 / 100) = 4 %
    assert found.low == pytest.approx(12, abs=1.1)
    assert found.high == pytest.approx(28, abs=1.1)
    assert paired_difference(better, worse, "top1", seed=3).value == pytest.approx(-20)
    same = paired_difference(better, better)
    assert (same.value, same.low, same.high) == (0, 0, 0)
    # from misses, as null baselines give them; and without some images
    shuffled = misses(worse, "top1").sample(frac=1, random_state=2)
    given = paired_difference(shuffled, better, "top1", [f"i{k}" for k in range(10)])
    assert (given.value, given.n) == (pytest.approx(100 * 10 / 90), 90)


def test_a_pair_of_other_images_is_refused():
    with pytest.raises(CamError, match="same images in both, found 2 and 1, of which 1 are in one"):
        paired_difference(table(RIGHT, SWAPPED), RIGHT)
    with pytest.raises(CamError, match="same images"):
        paired_difference(RIGHT, SWAPPED)


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda t: t.drop(columns=["iou", "rank"]), "has no column rank, iou"),
        (lambda t: pd.concat([t, t[t["id"] == "third"]]), "third has rank 0 twice"),
        (lambda t: t.drop(index=3), "lack some of the ranks"),
        (lambda t: t[t["rank"] != 2], "has the ranks"),
        (lambda t: t.assign(iou=t["iou"] * 100), "expected 0 to 1"),
        (lambda t: t.assign(iou=t["iou"].where(t["id"] != "third")), "Image third has the IoU nan"),
        (lambda t: t.assign(label=-1), "two labels or none"),
        (lambda t: t.assign(label=t["rank"]), "two labels or none"),
        (lambda t: t.assign(**{"class": 0}), "rank 0 is the true class"),
        (lambda t: t[:0], "No image is left"),
    ],
)
def test_wrong_tables_are_refused(spoil, message):
    with pytest.raises(CamError, match=message):
        localization_errors(spoil(table(RIGHT, THIRD)))


def test_what_a_table_has_no_rows_for_is_not_measured():
    rows = table(RIGHT, THIRD)
    first = rows[rows["rank"] == 1]
    found = localization_errors(first)
    assert found["top1"].value == 50
    assert found["top5"].n == found["gt_known"].n == 0
    assert np.isnan(found["top5"].value)
    for what in ("top5", "gt_known", "five_box"):
        with pytest.raises(CamError, match="not enough"):
            misses(first, what)
    with pytest.raises(CamError, match="no column iou_b"):
        five_box_error(rows.drop(columns="iou_b"))
    with pytest.raises(CamError, match="Unknown error 'top3'"):
        misses(rows, "top3")
    # two classes have only two ranks: top-5 is then the whole list
    few = image("few", 0, [1, 0], [0.1, 0.9])
    assert localization_errors(few)["top5"].value == 0


def test_bootstrap_in_blocks_equals_one_block():
    values = np.random.default_rng(5).random(1500)  # 2000 rounds need several blocks
    drawn = np.random.default_rng(7).integers(0, 1500, (2000, 1500))
    low, high = np.quantile(values[drawn].mean(1), [0.025, 0.975])
    found = mean_interval(values, seed=7)
    assert (found.low, found.high) == (low, high)


def test_wilsons_interval_of_a_share():
    """Five of ten: 1.96 deviations give 23.66 to 76.34 %; none of ten still reaches to 27.75 %."""
    found = rate([True, False] * 5)
    assert (found.value, found.n) == (50.0, 10)
    assert (found.low, found.high) == pytest.approx((23.659, 76.341), abs=0.001)
    none = rate([False] * 10)
    assert (none.low, none.high) == pytest.approx((0, 27.754), abs=0.001)
