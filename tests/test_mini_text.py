"""Streets with and without words: one style, true word boxes, twins that differ by the words."""

import hashlib
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from cam_utils.data import open_images
from cam_utils.mini.pencil.base import arrays
from cam_utils.mini.text import MiniText
from cam_utils.mini.text.words import WORDS

N = 60


@pytest.fixture(scope="module")
def data():
    return MiniText("val")


@pytest.fixture(scope="module")
def drawn(data):
    return [(data[i], data.twin(i)) for i in range(N)]


def digest(record):
    sha = hashlib.sha256(np.asarray(record.image).tobytes())
    for array in (record.boxes, record.masks):
        sha.update(array.tobytes())
    return sha.hexdigest()


def box_of(mask):
    rows, columns = np.nonzero(mask)
    return columns.min(), rows.min(), columns.max() + 1, rows.max() + 1


def test_records(data, drawn):
    assert open_images("mini/text", "val").classes == ["no text", "text"]
    for i, (record, twin) in enumerate(drawn):
        with_words, without = (record, twin) if i % 2 else (twin, record)
        assert (without.label, with_words.label, record.label) == (0, 1, i % 2)
        assert record.image.size == (112, 112)
        assert (len(without.boxes), without.masks.shape) == (0, (0, 112, 112))
        assert 1 <= len(with_words.boxes) <= 4
        assert with_words.boxes.dtype == np.float32
        assert twin.id == record.id + "-twin"
        assert len(record.boxes_of(1)) == len(record.boxes)
        for box, mask in zip(with_words.boxes, with_words.masks, strict=True):
            np.testing.assert_array_equal(box, box_of(mask))
            assert mask.sum() >= 15
            assert box[3] - box[1] >= 6  # readable at the networks' resolution
        assert with_words.masks.sum(0).max() == 1
        words = data.words(i)
        assert len(words) == len(with_words.boxes)
        assert {w.upper() for w in words} <= set(WORDS)


def test_a_twin_differs_where_the_words_are_and_nowhere_else(data, drawn):
    for i, (record, twin) in enumerate(drawn):
        one, other = (np.asarray(r.image).astype(int) for r in (record, twin))
        changed = np.abs(one - other).max(2) > 0
        assert changed.any()
        words = record if i % 2 else twin
        near = np.zeros_like(changed)
        # the words' boxes and the rim of half-covered pixels around them; what a word takes the
        # place of (class "no text") can lie anywhere on its board
        dx, dy = (4, 4) if i % 2 else (60, 10)
        for x0, y0, x1, y1 in words.boxes.astype(int):
            near[max(y0 - dy, 0) : y1 + dy, max(x0 - dx, 0) : x1 + dx] = True
        assert not (changed & ~near).any()
        if i % 2:
            assert (changed & words.masks.any(0)).sum() > 0.9 * words.masks.sum()


def test_words_stand_out_from_their_board(drawn):
    contrasts = []
    for record, _ in drawn[1::2]:
        grey = np.asarray(record.image).astype(float).mean(2)
        for box, mask in zip(record.boxes.astype(int), record.masks, strict=True):
            inside = np.zeros_like(mask)
            inside[box[1] : box[3], box[0] : box[2]] = True
            contrasts.append(abs(grey[mask].mean() - grey[inside & ~mask].mean()))
    assert np.median(contrasts) > 60
    assert min(contrasts) > 15


def test_same_picture_again_in_any_order_and_process(data, drawn):
    code = (
        "from tests_digest import digest; from cam_utils.mini.text import MiniText as M;"
        "d = M('val'); print(digest(d.twin(8)), digest(d[3]))"
    ).replace("tests_digest", __name__)
    folder = str(Path(__file__).parent)
    out = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path.insert(0, {folder!r}); {code}"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert out.stdout.split() == [digest(drawn[8][1]), digest(drawn[3][0])]
    assert digest(data[3]) == digest(drawn[3][0])


def test_splits_differ():
    assert MiniText.SPLITS == {"train": 600, "val": 200, "test": 600}
    a, b = (np.asarray(MiniText(s)[5].image, int) for s in ("train", "test"))
    assert np.abs(a - b).mean() > 10


def test_colour_and_layout_do_not_tell_the_class():
    """The nearest class mean of mean colours, or of coarse thumbnails, is near chance."""
    images, labels = arrays(MiniText("train"), range(300), progress=False)
    images = images.astype(np.float32)
    thumbnails = images.reshape(300, 16, 7, 16, 7, 3).mean((2, 4)).reshape(300, -1)
    for values, most in ((images.mean((1, 2)), 0.62), (thumbnails, 0.64)):
        means = [values[:150][labels[:150] == c].mean(0) for c in (0, 1)]
        nearest = ((values[150:, None] - np.array(means)) ** 2).sum(2).argmin(1)
        assert (nearest == labels[150:]).mean() < most
