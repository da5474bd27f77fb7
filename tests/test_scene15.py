"""Scene15 in both layouts, half unpacked, and the real photos."""

import numpy as np
import pytest
from PIL import Image

from cam_utils import CamError, MissingData, open_images
from cam_utils.data.readiness import doctor_rows
from cam_utils.data.scene15 import CLASSES, class_of


def save(path):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("L", (30, 20), 90).save(path)


def row(root):
    return next(r for r in doctor_rows(root) if r[0] == "scene15")


def test_given_split(tmp_path):
    for name in CLASSES:
        save(tmp_path / "15-Scene" / "train" / name / "image_0001.jpg")
        save(tmp_path / "15-Scene" / "test" / name / "image_0002.jpg")
    train, test, every = (open_images("scene15", s, tmp_path) for s in ("train", "test", "all"))
    assert train.ids[1] == "train/coast/image_0001"
    assert [test.label(i) for i in range(15)] == list(range(15))
    assert every.ids == train.ids + test.ids
    assert train.classes == list(CLASSES)
    assert train.given
    assert train[3].image.mode == "RGB"
    assert len(train[3].boxes) == 0
    assert row(tmp_path)[1:] == (True, "30 of 4,485 photos; divided into train and test")


def test_original_layout_is_divided_at_random(tmp_path):
    for name in ("MITcoast", "CALsuburb", "PARoffice", "bedroom", "notes"):
        for i in range(3):
            save(tmp_path / "scene_categories" / name / f"image_{i:04d}.jpg")
    images = open_images("scene15", "all", tmp_path)
    assert not images.given
    labels = [images.classes[images.label(i)] for i in range(len(images))]
    assert labels == ["bedroom"] * 3 + ["coast"] * 3 + ["office"] * 3 + ["suburb"] * 3
    assert images.ids[3] == "MITcoast/image_0000"
    with pytest.raises(MissingData, match=r"no train split there.*divide it at random"):
        open_images("scene15", "train", tmp_path)
    usable, text = row(tmp_path)[1:]
    assert usable
    assert "no photos of forest, highway" in text
    assert "half unpacked" in text


def test_scene15_that_is_not_there(tmp_path):
    with pytest.raises(MissingData, match=r"no Scene15 photos.*scene_categories.zip"):
        open_images("scene15", "all", tmp_path)
    assert row(tmp_path)[1:] == (False, row(tmp_path)[2])
    assert "scene_categories.zip" in row(tmp_path)[2]
    (tmp_path / "scene_categories.zip").write_bytes(b"")
    assert "not unpacked" in row(tmp_path)[2]
    with pytest.raises(CamError, match="val"):
        open_images("scene15", "val", tmp_path)


def test_names_of_classes():
    assert [class_of(n) for n in ("CALsuburb", "MITtallbuilding", "Bedroom", "cat")] == [
        *(CLASSES.index("suburb"), CLASSES.index("tallbuilding"), 0, None)
    ]


def test_real_scenes(shared):
    train, test = (open_images("scene15", s, shared / "real") for s in ("train", "test"))
    for images in (train, test):
        labels = [images.label(i) for i in range(len(images))]
        assert np.bincount(labels).tolist() == [100] * 15
    assert not {i.split("/", 1)[1] for i in train.ids} & {i.split("/", 1)[1] for i in test.ids}
    assert train[0].image.mode == "RGB"
