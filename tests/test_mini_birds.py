"""The drawn birds: marks alone tell the species, boxes are CUB's in size and place."""

import hashlib
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from cam_utils.boxes import iou
from cam_utils.data import open_images
from cam_utils.errors import CamError
from cam_utils.mini.birds import MiniBirds
from cam_utils.mini.birds.species import COMMON, SPECIES
from cam_utils.mini.pencil import layout
from cam_utils.mini.pencil.base import worker_context

N = 400  # pictures of train, and as many of val, drawn for the statistics: 20 of each species
SHARES = [0.05, 0.10, 0.25, 0.50, 0.75, 0.90, 0.95]
CUB = {  # quantiles of the boxes of all 11,788 photos, as fractions of the photo
    "width": [0.270, 0.314, 0.410, 0.546, 0.688, 0.806, 0.868],
    "height": [0.327, 0.372, 0.472, 0.601, 0.732, 0.838, 0.886],
    "area": [0.112, 0.139, 0.207, 0.317, 0.454, 0.592, 0.690],
    "centre x": [0.344, 0.376, 0.434, 0.497, 0.560, 0.619, 0.652],
    "centre y": [0.399, 0.434, 0.481, 0.520, 0.558, 0.598, 0.624],
}
CENTRE, WHOLE = 0.581, 0.186  # share of CUB's test boxes with IoU >= 0.5: 60 % box, whole photo


def draw(job):
    """[(mean colours of picture, background and bird, thumbnail, box, {part: pixels})]."""
    split, indices = job
    data, out = MiniBirds(split), []
    for i in indices:
        image, mask, parts = data.draw(i)
        means = image.mean((0, 1)), image[~mask].mean(0), image[mask].mean(0)
        behind = np.where(mask[..., None], means[1], image)
        thumbnail = behind.reshape(16, 14, 16, 14, 3).mean((1, 3)).ravel()
        rows, columns = np.nonzero(mask)
        box = columns.min(), rows.min(), columns.max() + 1, rows.max() + 1
        out.append((*means, thumbnail, box, {p: int(m.sum()) for p, m in parts.items()}))
    return out


@pytest.fixture(scope="module")
def drawn():
    """What `draw` gives for N pictures of train, then N of val."""
    jobs = [(split, part) for split in ("train", "val") for part in np.split(np.arange(N), 4)]
    with ProcessPoolExecutor(2, mp_context=worker_context()) as pool:
        return [item for part in pool.map(draw, jobs) for item in part]


def digest(record):
    sha = hashlib.sha256(np.asarray(record.image).tobytes())
    for array in (record.boxes, record.masks, *record.parts[0].values()):
        sha.update(array.tobytes())
    return sha.hexdigest()


def quantities(boxes):
    """{name: (n,)} of (n, 4) boxes in fractions of the picture, in the order of CUB above."""
    side, centre = boxes[:, 2:] - boxes[:, :2], (boxes[:, 2:] + boxes[:, :2]) / 2
    return dict(zip(CUB, [*side.T, side.prod(1), *centre.T], strict=True))


def overlap_shares(boxes):
    """The share of boxes that the centred 60 % box overlaps with IoU >= 0.5, and the whole."""
    fixed = np.array([[0.2, 0.2, 0.8, 0.8], [0, 0, 1, 1]])
    return [float((iou(box[None], boxes)[0] >= 0.5).mean()) for box in fixed]


def test_record_box_and_parts():
    data = open_images("mini/birds", "val")
    assert isinstance(data, MiniBirds)
    assert data.classes == [s.name for s in SPECIES]
    for i in (0, 13, 47, 399):
        record = data[i]
        assert (record.label, record.id) == (i % 20, f"val/{i:06d}")
        assert (record.image.size, record.image.mode) == ((224, 224), "RGB")
        assert (record.boxes.shape, record.boxes.dtype) == ((1, 4), np.float32)
        assert (record.masks.shape, record.masks.dtype) == ((1, 224, 224), bool)
        rows, columns = np.nonzero(record.masks[0])
        tight = columns.min(), rows.min(), columns.max() + 1, rows.max() + 1
        np.testing.assert_array_equal(record.boxes[0], tight)
        (parts,) = record.parts
        assert set(parts) <= set(data.PARTS)
        stack = np.array(list(parts.values()))
        assert stack.any((1, 2)).all()
        assert stack.sum(0).max() == 1
        assert not (stack.any(0) & ~record.masks[0]).any()
        points = data.part_points(i)
        assert set(points) == set(parts)
        for part, (x, y) in points.items():
            assert parts[part][int(y), int(x)]


def test_same_picture_again_in_any_order_and_process():
    code = (
        f"import sys; sys.path.insert(0, {str(Path(__file__).parent)!r});"
        f"from {__name__} import digest, MiniBirds as M;"
        "d = M('test'); print(digest(d[50]), digest(d[3]))"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    data = MiniBirds("test")
    first = [digest(data[3]), digest(data[50]), digest(data[3])]
    assert first[0] == first[2]
    assert out.stdout.split() == [first[1], first[0]]


def test_splits_and_labels():
    assert MiniBirds.SPLITS == {"train": 800, "val": 400, "test": 1200}
    for split, size in MiniBirds.SPLITS.items():
        data = MiniBirds(split)
        counts = np.bincount([data.label(i) for i in range(len(data))], minlength=20)
        assert set(counts) == {size // 20}
    pictures = [np.asarray(MiniBirds(s)[5].image, int) for s in MiniBirds.SPLITS]
    assert np.abs(pictures[0] - pictures[1]).mean() > 10
    assert np.abs(pictures[1] - pictures[2]).mean() > 10


def test_errors():
    with pytest.raises(CamError, match=r"train.*val.*test"):
        MiniBirds("dev")
    with pytest.raises(CamError, match="species 20"):
        MiniBirds("val").draw(0, label=20)


def test_species_differ_in_one_or_two_marks():
    assert len(SPECIES) == len({s.name for s in SPECIES}) == len({s.marks for s in SPECIES}) == 20
    distance = np.array([[len(a.marks.differing(b.marks)) for b in SPECIES] for a in SPECIES])
    assert distance[~np.eye(20, dtype=bool)].max() == 2
    for species in SPECIES:
        assert len(species.marks.differing(COMMON)) == 1
        assert len(species.defining) == 1
        assert len(species.relatives()) == 3
        assert all(s.defining == species.defining for s in species.relatives())
    parts = [part for s in SPECIES for part in s.defining]
    assert {p: parts.count(p) for p in parts} == dict.fromkeys(
        ("crown", "beak", "wing bar", "breast", "tail"), 4
    )
    assert MiniBirds("val").defining(0) == ("crown",)


def test_another_species_in_the_same_picture():
    data = MiniBirds("val")
    own, spotted, streaked, barred = (data.draw(21, label) for label in (None, 12, 13, 8))
    np.testing.assert_array_equal(own[0], np.asarray(data[21].image))
    # species of one outline: nothing but the mark changes
    np.testing.assert_array_equal(spotted[1], streaked[1])
    changed = (spotted[0] != streaked[0]).any(-1)
    assert changed.sum() > 100
    assert (changed & spotted[2]["breast"]).sum() > 0.9 * changed.sum()
    assert "wing bar" in barred[2]
    assert "wing bar" not in spotted[2]


def test_boxes_follow_cub(drawn):
    boxes = np.array([item[4] for item in drawn]) / 224
    for name, values in quantities(boxes).items():
        found = np.quantile(values, SHARES)
        assert np.abs(found - CUB[name]).max() < 0.04, (name, found.round(3))
    # sampling error of 800 boxes: 1.7 and 1.4 points (1 s.d.)
    assert overlap_shares(boxes) == pytest.approx([CENTRE, WHOLE], abs=0.05)


def test_the_quantiles_are_those_of_cub(shared):
    folder = shared / "real/CUB_200_2011"
    sizes = np.loadtxt(folder / "extra/image_sizes.csv", delimiter=",", skiprows=1, usecols=(1, 2))
    x, y, w, h = np.loadtxt(folder / "bounding_boxes.txt", usecols=(1, 2, 3, 4)).T
    boxes = np.stack([x, y, x + w, y + h], axis=1) / np.tile(sizes, 2)
    assert len(boxes) == 11_788
    measured = quantities(boxes)
    for name, values in measured.items():
        np.testing.assert_allclose(np.quantile(values, SHARES), CUB[name], atol=6e-4)
    for name in ("width", "height"):
        drawn_from = getattr(layout.CUB, name)[1:-1]
        np.testing.assert_allclose(drawn_from, CUB[name], atol=6e-4)


def test_defining_parts_are_visible(drawn):
    for label, species in enumerate(SPECIES):
        seen = [item[5] for item in drawn[label::20]]
        for part in species.defining:
            assert np.mean([found.get(part, 0) >= 8 for found in seen]) > 0.9, (species.name, part)


@pytest.mark.parametrize("what", ["picture", "background", "bird", "thumbnail of background"])
def test_colour_and_place_do_not_carry_the_species(drawn, what):
    column = ("picture", "background", "bird", "thumbnail of background").index(what)
    values = np.array([item[column] for item in drawn])
    labels = np.arange(2 * N) % 20
    means = np.array([values[:N][labels[:N] == c].mean(0) for c in range(20)])
    found = ((values[N:, None] - means) ** 2).sum(2).argmin(1)
    accuracy = (found == labels[N:]).mean()
    # chance 0.05, its sampling error 0.011; a bird's own mean colour tells a little of its marks
    assert accuracy < (0.15 if what == "bird" else 0.1), (what, accuracy)
