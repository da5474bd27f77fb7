"""Truth boxes of whole data sets from lists alone, for what needs no photo."""

import csv

import numpy as np
from scipy.io import loadmat

from cam_utils.data.base import half_open
from cam_utils.data.truth import Truth


def ilsvrc_truth(shared) -> Truth:
    """All 50,000 validation images: the boxes of the released evaluation (0-based, inclusive)."""
    objects = loadmat(shared / "golden" / "zhou" / "cache_groundtruth.mat")["rec"]["objects"][0]
    boxes = [[box.ravel() for box in one[0]["bbox"]] for one in objects]
    with open(shared / "real" / "ILSVRC" / "extra" / "val_image_sizes.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == len(boxes)
    return Truth(
        [row["ImageId"] for row in rows],
        np.array([(int(row["width"]), int(row["height"])) for row in rows]),
        half_open(np.concatenate(boxes)),
        np.repeat(np.arange(len(boxes)), [len(b) for b in boxes]),
    )


def cub_truth(shared, split: str = "test") -> Truth:
    """The 5,994 training or 5,794 test images of CUB-200-2011, one box each.

    x, y, width, height with x + width the last pixel inside: that is width - 1 of the image in 131
    of the 11,788, the image's own width in 14, as when boxes end at the border. So the half-open
    maximum is x + width + 1, which is how the WSOL benchmark reads them too.
    """
    folder = shared / "real" / "CUB_200_2011"
    names = [line.split()[1] for line in (folder / "images.txt").read_text().splitlines()]
    box = np.loadtxt(folder / "bounding_boxes.txt")[:, 1:]
    train = np.loadtxt(folder / "train_test_split.txt")[:, 1] == 1
    rows = np.flatnonzero(train if split == "train" else ~train)
    with open(folder / "extra" / "image_sizes.csv", newline="") as file:
        size = {r["image"]: (int(r["width"]), int(r["height"])) for r in csv.DictReader(file)}
    box[:, 2:] += box[:, :2]
    return Truth(
        [names[i] for i in rows],
        np.array([size[names[i]] for i in rows]),
        half_open(box[rows]),
        np.arange(len(rows)),
    )
