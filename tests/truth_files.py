"""Truth boxes of whole data sets from lists alone, for what needs no photo."""

import csv

import numpy as np
from scipy.io import loadmat

from cam_utils.boxes.truth import Truth
from cam_utils.data.regions import half_open


def ilsvrc_truth(shared) -> Truth:
    """All 50,000 validation images: the boxes of the released evaluation (0-based, inclusive)."""
    objects = loadmat(shared / "golden" / "zhou" / "cache_groundtruth.mat")["rec"]["objects"][0]
    boxes = [[box.ravel() for box in one[0]["bbox"]] for one in objects]
    with open(
        shared / "real" / "ILSVRC" / "extra" / "val_image_sizes.csv", newline="", encoding="utf-8"
    ) as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == len(boxes)
    return Truth(
        [row["ImageId"] for row in rows],
        np.array([(int(row["width"]), int(row["height"])) for row in rows]),
        half_open(np.concatenate(boxes)),
        np.repeat(np.arange(len(boxes)), [len(b) for b in boxes]),
    )
