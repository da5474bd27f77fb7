"""The drawn data set: the same pictures everywhere, ILSVRC's box statistics, true boxes."""

import hashlib
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from cam_utils.errors import CamError
from cam_utils.mini.objects import MiniObjects
from cam_utils.mini.objects.catalogue import CLASSES, draw_object
from cam_utils.mini.pencil.base import arrays, worker_context

N = 2016  # pictures drawn for the statistics: 84 of each class
SHARES = [0.05, 0.10, 0.25, 0.50, 0.75, 0.90, 0.95]
ILSVRC = {  # quantiles of the largest box of the label, as fractions of the picture
    "width": [0.16, 0.24, 0.41, 0.64, 0.86, 0.98, 1.0],
    "height": [0.18, 0.26, 0.45, 0.68, 0.88, 0.98, 1.0],
    "area": [0.04, 0.07, 0.20, 0.41, 0.67, 0.88, 0.97],
    "centre x": [0.29, 0.35, 0.45, 0.50, 0.55, 0.64, 0.71],
    "centre y": [0.34, 0.40, 0.48, 0.51, 0.58, 0.67, 0.74],
}


def mask_box(mask):
    rows, columns = np.nonzero(mask)
    return columns.min(), rows.min(), columns.max() + 1, rows.max() + 1


def draw(indices):
    """[(image, labels, boxes, boxes found in the masks, overlap of masks?)] in a worker."""
    data, out = MiniObjects("train"), []
    for i in indices:
        image, labels, boxes, masks, _ = data.draw(i)
        found = np.array([mask_box(m) if m.any() else (0, 0, 0, 0) for m in masks])
        out.append((image, labels, boxes, found, bool((masks.sum(0) > 1).any())))
    return out


@pytest.fixture(scope="module")
def drawn():
    jobs = np.array_split(np.arange(N), 8)
    with ProcessPoolExecutor(2, mp_context=worker_context()) as pool:
        return [item for part in pool.map(draw, jobs) for item in part]


def digest(record):
    sha = hashlib.sha256(np.asarray(record.image).tobytes())
    for array in (record.boxes, record.masks, record.box_labels):
        sha.update(array.tobytes())
    return sha.hexdigest()


def test_record():
    data = MiniObjects("val")
    record = data[7]
    assert (record.id, record.label) == ("val/000007", data.label(7))
    assert record.image.size == (112, 112)
    assert record.image.mode == "RGB"
    m = len(record.boxes)
    assert (record.boxes.dtype, record.box_labels.dtype) == (np.float32, np.int64)
    assert record.masks.shape == (m, 112, 112)
    assert record.masks.dtype == bool
    assert record.box_labels[0] == record.label
    np.testing.assert_array_equal(data.boxes(7), record.boxes_of(record.label))
    assert data.index(record.id) == 7


def test_pictures_are_those_that_the_networks_were_trained_on():
    known = {("train", 100): "8652c0e0da66536c", ("val", 7): "1dded3d202372b3a"}
    known |= {("test", 50): "dc25cece25ab44be", ("test", 2399): "65de194b82e15faf"}
    for (split, i), start in known.items():
        assert digest(MiniObjects(split)[i]).startswith(start)


def test_parts_are_what_is_seen_of_each_object():
    data = MiniObjects("test")
    several, covered = 0, []
    for i in range(24, 48):
        record = data[i]
        assert len(record.parts) == len(record.boxes)
        for parts, mask in zip(record.parts, record.masks, strict=True):
            stack = np.array(list(parts.values()))
            assert (stack.dtype, stack.shape[1:]) == (bool, (112, 112))
            assert stack.any((1, 2)).all()
            assert stack.sum(0).max() == 1  # no pixel is in two parts
            assert not (stack.any(0) & ~mask).any()
            assert stack.any(0).sum() >= 0.75 * mask.sum()  # thin ones are much rim
            covered.append(stack.any(0).sum() / mask.sum())
            several += len(parts) > 1
    assert several >= 24
    assert np.mean(covered) > 0.95
    cat = next(data[i] for i in range(48) if data.classes[data.label(i)] == "cat")
    assert {"head", "eye", "ear"} <= set(cat.parts[0])


def test_same_picture_again_in_any_order_and_process():
    code = (
        "from tests_digest import digest; from cam_utils.mini.objects import MiniObjects as M;"
        "d = M('test'); print(digest(d[50]), digest(d[3]))"
    )
    code = code.replace("tests_digest", __name__)
    folder = str(Path(__file__).parent)
    out = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path.insert(0, {folder!r}); {code}"],
        capture_output=True,
        text=True,
        check=True,
    )
    data = MiniObjects("test")
    first = [digest(data[3]), digest(data[50]), digest(data[3])]
    assert first[0] == first[2]
    assert out.stdout.split() == [first[1], first[0]]


def test_arrays_equal_records_with_and_without_workers():
    indices = list(range(40, 150))
    images, labels = arrays(MiniObjects("val"), indices, workers=2, progress=False)
    assert (images.shape, images.dtype) == ((110, 112, 112, 3), np.uint8)
    assert labels.dtype == np.int64
    data = MiniObjects("val")
    for k in (0, 55, 109):
        np.testing.assert_array_equal(images[k], np.asarray(data[indices[k]].image))
        assert labels[k] == data.label(indices[k])
    again, _ = arrays(MiniObjects("val"), indices[:30], workers=1, progress=False)
    np.testing.assert_array_equal(again, images[:30])


def test_splits_and_labels():
    assert len(CLASSES) == len(set(CLASSES)) >= 20
    for split, size in MiniObjects.SPLITS.items():
        data = MiniObjects(split)
        counts = np.bincount([data.label(i) for i in range(len(data))], minlength=len(CLASSES))
        assert len(data) == size
        assert set(counts) == {size // len(CLASSES)}
    pictures = [np.asarray(MiniObjects(s)[5].image, int) for s in MiniObjects.SPLITS]
    assert np.abs(pictures[0] - pictures[1]).mean() > 10
    assert np.abs(pictures[1] - pictures[2]).mean() > 10


def test_errors():
    with pytest.raises(CamError, match=r"train.*val.*test"):
        MiniObjects("validation")
    with pytest.raises(CamError, match="aeroplane"):
        draw_object("zebra", np.random.default_rng(0), 64)
    with pytest.raises(IndexError):
        MiniObjects("val")[len(MiniObjects("val"))]
    with pytest.raises(CamError, match="val/000000"):
        MiniObjects("val").index("test/000000")


def test_boxes_follow_ilsvrc(drawn):
    boxes = np.array([item[2][0] for item in drawn]) / 112
    side, centre = boxes[:, 2:] - boxes[:, :2], (boxes[:, 2:] + boxes[:, :2]) / 2
    measured = dict(zip(ILSVRC, [*side.T, side.prod(1), *centre.T], strict=True))
    for name, wanted in ILSVRC.items():
        found = np.quantile(measured[name], SHARES)
        assert np.abs(found - wanted).max() < 0.03, (name, found.round(3))


def test_instances_and_other_objects(drawn):
    labels = np.arange(N) % len(CLASSES)
    count = np.array([(item[1] == y).sum() for item, y in zip(drawn, labels, strict=True)])
    share = np.array([(count == 1).mean(), (count == 2).mean(), (count == 3).mean()])
    np.testing.assert_allclose(share, [0.77, 0.12, 0.05], atol=0.03)
    assert 0.03 < (count > 3).mean() < 0.09
    other = np.array([(item[1] != y).sum() for item, y in zip(drawn, labels, strict=True)])
    assert 0.28 < (other > 0).mean() < 0.42
    assert other.max() <= 2


def test_boxes_are_tight_on_the_visible_masks(drawn):
    for i, (_, labels, boxes, found, overlap) in enumerate(drawn):
        label = i % len(CLASSES)
        np.testing.assert_array_equal(boxes, found)  # an empty mask would be found as 0, 0, 0, 0
        assert boxes.min() >= 0
        assert boxes.max() <= 112
        assert (boxes[:, 2:] > boxes[:, :2]).all()
        assert not overlap  # a pixel shows one object
        own = labels == label
        assert own[: own.sum()].all()  # the label's objects come first, the largest first of all
        area = (boxes[:, 2:] - boxes[:, :2]).prod(1)
        assert area[0] == area[own].max()
        assert (area[~own] < area[0]).all()


def nearest_centroid_accuracy(features):
    labels, half = np.arange(N) % len(CLASSES), N // 2
    centroids = [features[:half][labels[:half] == c].mean(0) for c in range(len(CLASSES))]
    distance = ((features[half:, None] - np.array(centroids)[None]) ** 2).sum(2)
    return (distance.argmin(1) == labels[half:]).mean()


def test_colour_and_place_do_not_carry_the_class(drawn):
    images = np.stack([item[0] for item in drawn]).astype(np.float32)
    thumbnails = images.reshape(N, 16, 7, 16, 7, 3).mean((2, 4)).reshape(N, -1)
    assert nearest_centroid_accuracy(images.mean((1, 2))) < 2.5 / len(CLASSES)
    assert nearest_centroid_accuracy(thumbnails) < 0.25


@pytest.mark.parametrize("name", CLASSES)
def test_parts_of_an_object(name):
    sprite, masks = draw_object(name, np.random.default_rng(4), 96, with_parts=True)
    assert (sprite.size, sprite.mode) == ((96, 96), "RGBA")
    assert len(masks) >= 3
    stack = np.array(list(masks.values()))
    assert stack.sum(0).max() == 1  # visible pixels: no pixel is in two parts
    opaque = np.asarray(sprite)[..., 3] > 127
    assert (stack.any(0) != opaque).mean() < 0.03
    assert (stack.sum((1, 2)) > 0).sum() >= 3
    assert max(np.ptp(np.nonzero(opaque)[0]), np.ptp(np.nonzero(opaque)[1])) >= 90
    plain = draw_object(name, np.random.default_rng(4), 96)
    np.testing.assert_array_equal(np.asarray(plain), np.asarray(sprite))
