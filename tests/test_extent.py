"""What a map marks of the object: its extent, or one part (section 2, GAP against GMP)."""

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image

from cam_utils.cam import cams
from cam_utils.data import open_images
from cam_utils.data.record import Record
from cam_utils.networks import load_network
from cam_utils.sections.s32_localization import extent, tables, verdicts
from cam_utils.sections.s32_localization.studies import STUDIES
from cam_utils.study import Opened
from cam_utils.views import whole

REGION = np.zeros((6, 6), bool)
REGION[1:3, 1:5] = True  # 8 places


def test_a_map_of_the_object_covers_it_and_is_even():
    assert extent.extent(REGION.astype(float), REGION) == (1.0, 0.5)


def test_a_map_of_one_part_covers_little():
    """Seven more places lie just outside; all that is inside lies on one of eight places."""
    part = np.zeros((6, 6))
    part[1, 1], part[5] = 9.0, 1.0
    part[4, 0] = 0.5
    assert extent.extent(part, REGION) == (1 / 8, 1 / 8)


def test_what_is_below_zero_marks_nothing():
    covered, even = extent.extent(np.where(REGION, -1.0, -2.0), REGION)
    assert covered == 1.0
    assert np.isnan(even)


def test_boxes_stand_in_for_masks():
    boxes = np.array([[1, 1, 3, 2], [2, 1, 4, 3]], np.float32)
    record = Record("a", Image.new("RGB", (6, 4)), 0, boxes)
    region = extent.object_region(record)
    assert region.shape == (4, 6)
    assert region.sum() == 2 + 4 - 1


def test_masks_are_those_of_the_label():
    image = next(r for r in map(open_images("mini/objects", "val").__getitem__, range(40))
                 if len(set(r.box_labels.tolist())) > 1)  # fmt: skip
    own = extent.object_region(image)
    assert own.sum() == image.masks[image.box_labels == image.label].any(0).sum()
    assert own.sum() < image.masks.any(0).sum()
    other = next(k for k in image.box_labels.tolist() if k != image.label)
    assert not np.array_equal(image.mask_of(other), own)


def test_the_table_is_that_of_a_plain_loop():
    network, images = load_network("mini/googlenet-gap"), open_images("mini/objects", "val")
    few = [images[i] for i in range(9)]
    found = extent.extents(network, Few(images, 9))
    for row, record in zip(found["covered"], few, strict=True):
        x = whole(record.image, network.input_spec).tensor[None]
        map = cams(network, x, classes=torch.tensor([record.label])).maps[0, 0].numpy()
        image = Image.fromarray(map).resize(record.image.size, Image.Resampling.BICUBIC)
        region = record.mask_of(record.label)
        places = np.argsort(np.asarray(image).ravel())[-region.sum() :]
        assert row == pytest.approx(100 * region.ravel()[places].mean(), abs=1.5)
    nothing = extent.extents(None, Few(images, 9))
    assert list(nothing) == list(found)
    assert not np.allclose(nothing, found)


class Few:
    """The first pictures of a data set."""

    def __init__(self, images, n):
        self.images, self.n = images, n

    def __len__(self):
        return self.n

    def __getitem__(self, i):
        return self.images[i]

    def label(self, i):
        return self.images.label(i)


def planted(gmp: float, seeds: int = 4):
    """Stored rows of networks whose GMP marks so many points more than GAP."""
    rng = np.random.default_rng(0)
    frames = {}
    for seed in range(seeds):
        noise = rng.normal(0, 1, 50)
        for pool, more in (("avg", 0.0), ("max", gmp)):
            values = {k: 60 + more + noise + rng.normal(0, 0.1, 50) for k in extent.METRICS}
            frames[f"{pool}|{seed}"] = pd.DataFrame(values)
    frames["uncut|0"] = frames["centre|0"] = frames["avg|0"] - 5
    study = next(s for s in STUDIES if s.name == "extent")
    return pd.DataFrame(study.tables(Opened({}, {}), frames)[0]["extent"])


@pytest.mark.parametrize(("more", "holds"), [(-4.0, True), (4.0, False), (0.0, None)])
def test_a_planted_difference_gives_its_verdict(more, holds):
    made = {"images": "mini/objects", "split": "test"}
    assert verdicts.marked((planted(more), made)).holds is holds
    assert verdicts.marked((planted(more, seeds=1), made)).holds is None  # one pair of networks


def test_differences_are_of_the_same_pictures_and_seed():
    rows = planted(-4.0)
    own = rows[
        (rows["row"] == "GoogLeNet-GMP - GoogLeNet-GAP") & (rows["metric"] == extent.COVERED)
    ]
    assert own["seed"].tolist() == ["0", "1", "2", "3", "mean"]
    assert own["measured"].to_numpy() == pytest.approx([-4] * 5, abs=0.1)
    assert (own["high"] - own["low"] < 0.1).all()  # unpaired it would be .5
    shown = tables.extent_table(rows).set_index("")
    value = shown.loc["GoogLeNet-GAP - centre Gaussian", extent.COVERED].split()[0]
    assert float(value) == pytest.approx(5, abs=0.2)
