"""Section 2 in numbers: {what: Rate} of the rows of `measures`, as the stored tables name them."""

import pandas as pd

from ...metrics.intervals import Rate, mean_interval, rate

OTHERS = 240  # images with another object that are asked for it

# what the verdicts read
BIAS = "top-1 error, difference"
FALLS = "difference of the falls"
APART = "images where it is below 0.9, %"


def bias_rates(rows: pd.DataFrame, seed: int = 0) -> dict[str, Rate]:
    """What leaving out the bias changes, of `without_bias`; errors only where labels are known."""
    found = {"images whose best class changes, %": rate(rows["changed"])}
    for k in (1, 5):
        if f"top{k}" in rows:
            before, after = rows[f"top{k}"], rows[f"top{k}_without"]
            found[f"top-{k} error with the bias, %"] = rate(before)
            found[f"top-{k} error without, %"] = rate(after)
            difference = 100.0 * after - 100.0 * before
            found[f"top-{k} error, difference"] = mean_interval(difference, seed)
    return found


def region_rates(rows: pd.DataFrame, seed: int = 0) -> dict[str, Rate]:
    """The pointing game and the falls when regions are erased, of `marked_regions`."""
    found = {}
    if "peak" in rows:
        found["highest place of the map in a true box, %"] = rate(rows["peak"])
        found["centre of the image in a true box, %"] = rate(rows["centre"])
    falls = rows[["marked", "shifted"]].dropna()
    found["fall in probability, marked region erased"] = mean_interval(falls["marked"], seed)
    found["fall in probability, shifted region erased"] = mean_interval(falls["shifted"], seed)
    found[FALLS] = mean_interval(falls["marked"] - falls["shifted"], seed)
    return found


def class_rates(rows: pd.DataFrame, seed: int = 0) -> dict[str, Rate]:
    """How alike two classes' maps are and what they find, of `two_classes`; the latter only where
    other objects' boxes are known, on the first `OTHERS` images that hold one."""
    alike = rows["correlation"]
    found = {
        "correlation of the two best classes' maps, mean": mean_interval(alike, seed),
        APART: rate(alike < 0.9),
    }
    some = rows[rows["other"]].head(OTHERS)
    if len(some):
        found["map of another object's class peaks on that object, %"] = rate(some["other_map"])
        found["map of the label peaks on that object, %"] = rate(some["label_map"])
    return found


# the stored tables, and of which rows they are
STORED = {"01_bias": bias_rates, "01_regions": region_rates, "01_five_classes": class_rates}

# {stored table: {the name under which a notebook records a number: its metric}}
RECORDED = {
    "01_bias": {
        "bias_changes_best": "images whose best class changes, %",
        "top1_error": "top-1 error with the bias, %",
        "top1_bias_difference": BIAS,
        "top5_error": "top-5 error with the bias, %",
    },
    "01_regions": {
        "pointing": "highest place of the map in a true box, %",
        "pointing_centre": "centre of the image in a true box, %",
        "fall_marked": "fall in probability, marked region erased",
        "fall_shifted": "fall in probability, shifted region erased",
    },
    "01_five_classes": {
        "top2_correlation": "correlation of the two best classes' maps, mean",
        "top2_apart": APART,
        "other_object_own_map": "map of another object's class peaks on that object, %",
        "other_object_label_map": "map of the label peaks on that object, %",
    },
}
