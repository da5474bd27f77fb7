"""The released code's box rule, Table 3's five guesses, and the graph-cut boxes."""

import cv2
import numpy as np
import pytest
import torch
from PIL import Image
from scipy.ndimage import distance_transform_edt

from cam_utils import CamError, boxes
from cam_utils.boxes import released_code


def painted(height, width, *rectangles):
    """A uint8 map with rectangles (x0, y0, x1, y1, grey)."""
    map = np.zeros((height, width), np.uint8)
    for x0, y0, x1, y1, grey in rectangles:
        map[y0:y1, x0:x1] = grey
    return map


def blobs(seed, height=70, width=90):
    rng = np.random.default_rng(seed)
    smooth = cv2.GaussianBlur(rng.standard_normal((height, width)), (0, 0), rng.uniform(2, 8))
    return smooth.astype(np.float32)


def xywh(box):
    x0, y0, x1, y1 = box
    return [x0, y0, x1 - x0, y1 - y0]


def test_the_released_heat_map_gives_the_released_boxes(shared):
    folder = shared / "golden" / "zhou"
    numbers = [int(n) for n in (folder / "heatmap_6.txt").read_text(encoding="utf-8").split()]
    assert numbers == [41, 145, 362, 202, 102, 188, 242, 126]
    map = cv2.imread(str(folder / "heatmap_6.jpg"), cv2.IMREAD_GRAYSCALE)
    found = boxes.released(map)
    assert found.dtype == np.float32
    assert [xywh(box) for box in found] == [numbers[:4], numbers[4:]]
    # the map's maximum is 255, so that the float map has the same grey levels at any scale
    assert np.array_equal(boxes.released(torch.from_numpy(map).float() * 0.37), found)


@pytest.mark.parametrize("seed", range(12))
def test_erosion_equals_scipy_s_distance_transform(seed):
    mask = blobs(seed) > 0
    distance = distance_transform_edt(mask)
    expected = np.floor(distance * (255 / distance.max()) + 0.5) > 10
    assert np.array_equal(released_code._eroded(mask), expected)


@pytest.mark.parametrize(
    "part", [np.s_[10:30, 20:60], np.s_[:30, 20:], np.s_[40:, :], np.s_[:, 89:], np.s_[5:6, 7:8]]
)
def test_erosion_is_the_same_wherever_the_mask_lies(part):
    """At each border, which is no background, and amid the picture."""
    mask = np.zeros((70, 90), bool)
    mask[part] = True
    mask[part] &= blobs(3)[part] > -4
    distance = distance_transform_edt(mask)
    expected = np.floor(distance * (255 / distance.max()) + 0.5) > 10
    assert np.array_equal(released_code._eroded(mask), expected)


def test_a_distance_at_the_limit_survives():
    """7 of 170 pixels is 10.5 of 255, which rounds up to 11; 6 of 170 is cut."""
    wide = np.ones((3, 341), bool)
    wide[:, 0] = wide[:, 340] = False  # the largest distance is 170, at column 170
    kept = np.flatnonzero(released_code._eroded(wide)[1])
    assert (kept[0], kept[-1]) == (7, 333)


def test_a_mask_without_background_is_not_eroded():
    full = np.ones((20, 30), bool)
    assert released_code._eroded(full).all()
    assert not released_code._eroded(~full).any()


def test_levels_are_exclusive_and_the_loose_box_comes_first():
    map = painted(100, 120, (10, 10, 90, 70, 20), (20, 20, 80, 60, 21), (30, 25, 60, 50, 111))
    loose, tight = boxes.released(map)[:2]
    assert xywh(loose) == [20, 20, 60, 40]  # grey 20 is not above 20
    assert xywh(tight) == [30, 25, 30, 25]


def test_float_maps_are_divided_by_their_maximum_and_rounded():
    grey = released_code.grey_levels(torch.tensor([[-3.0, 0.0, 1.0, 2.0, 0.3]]))
    assert grey.tolist() == [[0, 0, 128, 255, 38]]  # 127.5 up; 38.25 down
    map = torch.from_numpy(painted(60, 60, (20, 15, 50, 45, 40))).float() - 7  # negative ground
    assert xywh(boxes.released(map)[0]) == [20, 15, 30, 30]


def test_holes_have_boxes_too():
    map = painted(120, 120, (10, 10, 110, 110, 255), (40, 45, 80, 75, 0))
    ring, hole = boxes.released(map, thresholds=(20,))
    assert xywh(ring) == [10, 10, 100, 100]
    assert xywh(hole) == [39, 44, 42, 32]  # lined by the pixels around it; nothing is eroded


def thinned(*found, most=None):
    return [tuple(b) for b in released_code._thinned(np.array(found), most).tolist()]


def thinned_one_by_one(found):
    """The released loop, literally."""
    found, i = list(found), 0
    while i < len(found):
        j = i + 1
        while j < len(found):
            (ax, ay, aw, ah), (bx, by, bw, bh) = found[i], found[j]
            wide = max(0, min(ax + aw, bx + bw) - max(ax, bx))
            high = max(0, min(ay + ah, by + bh) - max(ay, by))
            if wide * high > int(0.5 * max(aw * ah, bw * bh)):
                del found[j]
            j += 1
        i += 1
    return found


def test_thinning_by_arrays_is_the_released_loop():
    rng = np.random.default_rng(5)
    for _ in range(40):
        corners, sides = rng.integers(0, 20, (60, 2)), rng.integers(1, 25, (60, 2))
        found = np.hstack([corners, sides])
        found = [tuple(b) for b in found[np.argsort(-sides.prod(1), kind="stable")].tolist()]
        expected = thinned_one_by_one(found)
        assert thinned(*found) == expected
        assert thinned(*found, most=2) == expected[:2]


def test_after_a_drop_the_next_box_is_not_looked_at():
    a, b, c, d = (0, 0, 10, 10), (0, 0, 10, 9), (0, 0, 10, 8), (0, 0, 10, 6)
    assert thinned(a, b, c, d) == [a, c]  # b dropped, c missed, d dropped
    assert thinned(a, b) == [a]
    # half is not more than half, and half of 15 counts as 7
    assert thinned(a, (0, 0, 10, 5)) == [a, (0, 0, 10, 5)]
    assert thinned((0, 0, 5, 3), (0, 0, 4, 2)) == [(0, 0, 5, 3)]
    # a map of one grey level gives its box at three levels: the second is dropped, the third not
    once = boxes.released(painted(60, 60, (20, 15, 50, 45, 255)))
    assert [xywh(box) for box in once] == [[20, 15, 30, 30]] * 2


def test_no_box_reaches_into_the_last_five_columns_and_rows():
    full = np.full((50, 80), 255, np.uint8)
    assert boxes.released(full)[0].tolist() == [0, 0, 75, 45]
    # a component in the margin: width 3 is limited to 80 - 77 - 5 = -2, counted back from 75
    corner = painted(50, 80, (77, 10, 80, 40, 255))
    assert boxes.released(corner, thresholds=(20,)).tolist() == [[73, 10, 75, 40]]


def test_nothing_above_a_threshold_is_the_whole_image():
    for empty in (np.zeros((30, 40), np.float32), np.full((30, 40), -1.0), painted(30, 40)):
        assert boxes.released(empty).tolist() == [[0, 0, 40, 30]]
    assert boxes.released(np.ones((5, 40))).tolist() == [[0, 0, 40, 5]]
    assert boxes.released(np.ones((1, 1))).tolist() == [[0, 0, 1, 1]]


@pytest.mark.parametrize("seed", range(8))
def test_boxes_of_any_map_lie_in_it_and_the_first_is_the_largest(seed):
    found = boxes.released(blobs(seed))
    assert (found[:, :2] >= 0).all()
    assert (found[:, 2:] <= (90, 70)).all()
    areas = (found[:, 2:] - found[:, :2]).prod(1)
    assert areas[0] == areas.max() > 0


def test_the_jpeg_step_moves_boxes_by_a_few_pixels_only():
    y, x = np.mgrid[:150, :200]
    map = np.exp(-(((x - 90) / 40) ** 2) - ((y - 80) / 25) ** 2)
    plain, lossy = boxes.released(map), boxes.released(map, jpeg=True)
    assert abs(plain[0] - lossy[0]).max() <= 3  # one grey level of this slope is below a pixel
    grey = released_code.grey_levels(map)
    coded = cv2.imencode(".jpg", grey, [cv2.IMWRITE_JPEG_QUALITY, 75])[1]
    again = cv2.imdecode(coded, cv2.IMREAD_GRAYSCALE)
    assert not np.array_equal(again, grey)
    assert np.array_equal(lossy, boxes.released(again))


@pytest.mark.parametrize("bad", [(20, 20, 30), (0, 5), (100, 20), (20, 255), ()])
def test_thresholds_that_do_not_rise_are_refused(bad):
    with pytest.raises(CamError, match="rising grey levels"):
        boxes.released(painted(30, 40), thresholds=bad)


@pytest.mark.parametrize("bad", [np.zeros((2, 3, 4)), np.array([[np.nan, 1.0]]), np.zeros((0, 4))])
def test_maps_that_are_none_are_refused(bad):
    with pytest.raises(CamError, match="expected one finite map"):
        boxes.released(bad)


def guesses(*counts):
    """The five guesses of classes with so many boxes; box k of class c is [c, k, 9, 9]."""
    found = [np.array([[c, k, 9, 9] for k in range(n)]) for c, n in enumerate(counts)]
    return [(rank, int(box[0]), int(box[1])) for rank, box in boxes.five_box_guess(found)]


def test_five_guesses_are_two_two_and_one():
    assert guesses(2, 3, 4, 2, 2) == [(0, 0, 0), (0, 0, 1), (1, 1, 0), (1, 1, 1), (2, 2, 0)]


def test_a_missing_tight_box_lets_the_next_guess_move_up():
    assert guesses(1, 2, 2, 2) == [(0, 0, 0), (1, 1, 0), (1, 1, 1), (2, 2, 0), (2, 2, 1)]
    assert guesses(1, 1, 1, 1, 1) == [(c, c, 0) for c in range(5)]
    assert guesses(2, 1) == [(0, 0, 0), (0, 0, 1), (1, 1, 0)]
    assert boxes.five_box_guess([]) == []


def disc(width=160, height=120, x=90, y=50, radius=30, seed=0):
    """A red disc on a green ground, both noisy, and where it is."""
    grid_y, grid_x = np.mgrid[:height, :width]
    inside = (grid_x - x) ** 2 + (grid_y - y) ** 2 < radius**2
    colours = np.where(inside[..., None], (200, 60, 50), (60, 150, 70))
    colours = colours + np.random.default_rng(seed).normal(0, 12, colours.shape)
    return Image.fromarray(colours.clip(0, 255).astype(np.uint8)), inside


def speckled(inside, right=95, seed=1):
    """A saliency like a gradient's: noisy, and high on the left part of the object only."""
    rng = np.random.default_rng(seed)
    part = inside & (np.arange(inside.shape[1]) < right)
    return 0.1 * rng.random(inside.shape) + 0.1 * inside + 0.8 * part * rng.random(inside.shape)


@pytest.mark.parametrize("scale", [1, 3])
def test_graph_cut_grows_a_part_to_the_object_of_its_colour(scale):
    image, inside = disc(160 * scale, 120 * scale, 90 * scale, 50 * scale, 30 * scale)
    (found,) = boxes.graph_cut(image, torch.from_numpy(speckled(inside, 95 * scale)))
    # the disc spans 60..120 and 20..80; the cut sees it on 256 pixels at most: cells of 1.9
    assert abs(found - np.array([60, 20, 120, 80]) * scale).max() <= 1.5 * scale


def test_seeds_keep_their_side_unless_told_otherwise():
    image, inside = disc()
    saliency = speckled(inside)
    saliency[:, 99:102] = 0  # a stripe through the disc is among the background's seeds
    cut, healed = (boxes.graph_cut(image, saliency, keep_seeds=k)[0] for k in (True, False))
    assert cut[2] == pytest.approx(99, abs=1.5)
    assert healed[2] == pytest.approx(120, abs=1.5)


def test_graph_cut_is_deterministic_whatever_the_generator_s_state():
    image, inside = disc()
    saliency = speckled(inside)
    cv2.setRNGSeed(7)
    first = boxes.graph_cut(image, saliency)
    cv2.setRNGSeed(8)
    assert np.array_equal(first, boxes.graph_cut(image, saliency))


@pytest.mark.parametrize("shape", [(40, 50), (1, 1), (1, 400), (400, 1), (2, 3)])
def test_graph_cut_of_a_constant_saliency_is_the_whole_image(shape):
    image = Image.fromarray(np.random.default_rng(0).integers(0, 255, (*shape, 3), np.uint8))
    found = boxes.graph_cut(image, np.zeros(shape))
    assert found.tolist() == [[0, 0, shape[1], shape[0]]]
    random = boxes.graph_cut(image, np.random.default_rng(0).random(shape))
    assert random.shape == (1, 4)


def test_graph_cut_refuses_what_does_not_fit():
    image, inside = disc()
    with pytest.raises(CamError, match="height, width"):
        boxes.graph_cut(image, inside.T.astype(float))
    with pytest.raises(CamError, match="two shares"):
        boxes.graph_cut(image, speckled(inside), foreground=0.8, background=0.3)
