"""The drawn transfer sets: actions, textures and line drawings."""

import hashlib
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from cam_utils import CamError, open_images
from cam_utils.data.readiness import doctor_rows
from cam_utils.mini.objects.composition import tight_box
from cam_utils.mini.objects.line_art import MiniSketches
from cam_utils.mini.pencil.base import arrays
from cam_utils.mini.pencil.texture_pictures import MiniTextures
from cam_utils.mini.people import PERSON, MiniActions, draw_action
from cam_utils.mini.people.person import joint

SETS = (MiniActions, MiniTextures, MiniSketches)
SIZE = {MiniActions: 160, MiniTextures: 112, MiniSketches: 112}
EACH = {MiniActions: (60, 30, 80), MiniTextures: (60, 30, 80), MiniSketches: (30, 15, 40)}


@pytest.fixture(scope="module")
def actions():
    data = MiniActions("val")
    return data, [data[i] for i in range(100)]


def digest(record):
    sha = hashlib.sha256(np.asarray(record.image).tobytes())
    sha.update(record.boxes.tobytes() + record.masks.tobytes())
    for part in (record.parts or [{}])[0].values():
        sha.update(part.tobytes())
    return sha.hexdigest()


@pytest.mark.parametrize("kind", SETS)
def test_records(kind):
    data = open_images(kind.name, "val")
    assert isinstance(data, kind)
    side = SIZE[kind]
    for i in (0, 7, -1):
        record = data[i]
        assert record.image.size == (side, side)
        assert record.image.mode == "RGB"
        assert (record.boxes.shape, record.boxes.dtype) == ((1, 4), np.float32)
        assert (record.masks.shape, record.masks.dtype) == ((1, side, side), bool)
        np.testing.assert_array_equal(record.boxes[0], tight_box(record.masks[0]))
        assert record.label == data.label(i)
        np.testing.assert_array_equal(data.boxes(i), record.boxes)
        assert data.ids[data.number(i)] == record.id
    with pytest.raises(CamError, match=r"train.*val.*test"):
        kind("all")


@pytest.mark.parametrize("kind", SETS)
def test_splits_are_balanced_and_differ(kind):
    for split, each in zip(("train", "val", "test"), EACH[kind], strict=True):
        data = kind(split)
        counts = np.bincount([data.label(i) for i in range(len(data))])
        assert counts.tolist() == [each] * len(kind.CLASSES)
    first = [np.asarray(kind(split)[3].image, int) for split in kind.SPLITS]
    assert np.abs(first[0] - first[1]).mean() > 10
    assert np.abs(first[1] - first[2]).mean() > 10


def test_same_pictures_again_in_any_order_and_process():
    code = (
        f"from {__name__} import SETS, digest\n"
        "for kind in SETS:\n"
        "    d = kind('test'); print(digest(d[31]), digest(d[2]))"
    )
    folder = str(Path(__file__).parent)
    out = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path.insert(0, {folder!r})\n{code}"],
        capture_output=True,
        text=True,
        check=True,
    )
    found = []
    for kind in SETS:
        data = kind("test")
        found += [digest(data[2]), digest(data[31])][::-1]
    assert out.stdout.split() == found


def test_the_person_is_boxed_and_the_tool_is_not(actions):
    data, records = actions
    for record in records:
        parts = record.parts[0]
        assert {"head", "torso", "arm", "leg", "tool"} <= parts.keys()
        assert parts.keys() <= {*PERSON, "tool", "target", "seat", "stray"}
        stack = np.stack(list(parts.values()))
        assert stack.sum(0).max() == 1  # a pixel shows one part
        person = np.any([parts[name] for name in PERSON], axis=0)
        np.testing.assert_array_equal(record.masks[0], person)
        name = data.classes[record.label]
        assert parts["tool"].sum() >= 40, (record.id, name)
        assert parts["head"].sum() >= 30, (record.id, name)
        has_target = name in ("cooking", "cutting trees", "fishing", "fixing a car")
        assert ("target" in parts) == has_target or name == "cleaning the floor"


def test_people_fill_the_picture_as_figures_should(actions):
    _, records = actions
    boxes = np.concatenate([r.boxes for r in records]) / 160
    height = boxes[:, 3] - boxes[:, 1]
    assert np.quantile(height, 0.05) > 0.3
    assert np.quantile(height, 0.95) < 1.0
    assert 0.2 < np.mean([("stray" in r.parts[0]) for r in records]) < 0.75


def test_both_sides_are_drawn():
    left = []
    for k in range(30):
        image, parts = draw_action(np.random.default_rng(k), "cooking")
        assert image.shape == (160, 160, 3)
        columns = np.arange(160)
        at = {n: (parts[n].sum(0) * columns).sum() / parts[n].sum() for n in ("torso", "target")}
        left.append(at["target"] < at["torso"])
    assert 8 <= sum(left) <= 22


def nearest_centroid(features, labels):
    half, classes = len(labels) // 2, labels.max() + 1
    centroids = [features[:half][labels[:half] == c].mean(0) for c in range(classes)]
    distance = ((features[half:, None] - np.array(centroids)[None]) ** 2).sum(2)
    return (distance.argmin(1) == labels[half:]).mean()


@pytest.mark.parametrize(
    ("kind", "times"), [(MiniActions, 2.0), (MiniTextures, 2.2), (MiniSketches, 2.6)]
)
def test_mean_colour_does_not_give_the_class_away(kind, times):
    """Nearest class mean of the mean colour, fitted on one half of the pictures of val."""
    images, labels = arrays(kind("val"), progress=False)
    colour = images.astype(np.float32).mean((1, 2))
    assert nearest_centroid(colour, labels) < times / len(kind.CLASSES)


def test_textures_are_everywhere():
    """Each quarter of a texture looks like the others: contrast of the four, least to greatest."""
    data = MiniTextures("val")
    shares = []
    for i in range(48):
        grey = np.asarray(data[i].image.convert("L"), float)
        quarters = [grey[y : y + 56, x : x + 56].std() for y in (0, 56) for x in (0, 56)]
        shares.append(min(quarters) / max(quarters))
        assert grey.std() > 3, data.classes[data[i].label]
    assert np.median(shares) > 0.75


def test_line_drawings_have_no_colour_but_the_papers():
    data = MiniSketches("val")
    for i in range(24):
        record = data[i]
        pixels = np.asarray(record.image, float).reshape(-1, 3)
        centred = pixels - pixels.mean(0)
        share = np.linalg.svd(centred, compute_uv=False) ** 2
        assert share[0] / share.sum() > 0.97  # all colours lie on one line: paper to ink


def test_two_bones_reach_for_a_point():
    middle, end = joint((0, 0), (0.5, 0), 0.4, 0.3, 1)
    np.testing.assert_allclose(end, (0.5, 0))
    assert np.hypot(*middle) == pytest.approx(0.4)
    assert np.hypot(*(middle - end)) == pytest.approx(0.3)
    assert middle[1] > 0  # clockwise on the screen: downwards
    assert joint((0, 0), (0.5, 0), 0.4, 0.3, -1)[0][1] < 0
    _, end = joint((0, 0), (3, 0), 0.4, 0.3, 1)  # out of reach: stretched towards it
    np.testing.assert_allclose(end, (0.995 * 0.7, 0), atol=1e-9)


def test_the_sets_are_known():
    rows = {name: there for name, there, _ in doctor_rows()}
    assert all(rows[kind.name] for kind in SETS)
