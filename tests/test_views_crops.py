"""Ten crops and box crops: order, offsets, frames, and the way back merged as released."""

import numpy as np
import pytest
import torch
from PIL import Image
from scipy.io import loadmat
from test_views import SPEC, SQUASH, centre_of_mass, planted

from cam_utils import CamError, views
from cam_utils.networks.gap import CAFFE, IMAGENET, InputSpec

OPENCV = InputSpec(64, 72, squash=True, kernel="opencv", mean=(0, 0, 0), std=(1, 1, 1))
SIZES = [(200, 100), (90, 160), (128, 128), (301, 97)]
CASES = [
    pytest.param(size, spec, id=f"{name}-{size[0]}x{size[1]}")
    for name, spec in [("resize", SPEC), ("squash", SQUASH), ("opencv", OPENCV)]
    for size in SIZES
    # shrunk fourfold without antialiasing, the square's edges fall between the samples
    if not (name == "opencv" and size == (301, 97))
]


def noise(width, height, seed=0):
    pixels = np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
    return Image.fromarray(pixels)


def square_at(image_size, x, y):
    """A photo with a white rectangle, and the rectangle's centre."""
    x, y = round(x), round(y)
    return planted(*image_size, (x - 8, y - 6, x + 8, y + 6)), (x, y)


@pytest.mark.parametrize(("size", "spec"), CASES)
@pytest.mark.parametrize("crop", range(10))
def test_a_planted_square_comes_back_through_each_of_ten_crops(size, spec, crop):
    frame = views.ten_crop(Image.new("RGB", size), spec)[crop].frame
    middle = (frame.x0 + frame.x1) / 2 + 3, (frame.y0 + frame.y1) / 2 - 2
    image, (x, y) = square_at(size, *middle)  # off the crop's centre: a lost flip would show
    seen = views.ten_crop(image, spec)[crop]
    back = views.paste(seen.tensor[:1], seen.frame, size[::-1])[0].clamp(min=0)
    assert centre_of_mass(back) == pytest.approx((x, y), abs=0.5)


@pytest.mark.parametrize(("size", "spec"), CASES)
@pytest.mark.parametrize("released", [False, True], ids=["mean", "released"])
def test_a_planted_square_comes_back_through_merged_ten_crops(size, spec, released):
    image, (x, y) = square_at(size, size[0] / 2 + 4, size[1] / 2 - 3)
    ten = views.ten_crop(image, spec)
    maps, frames = torch.stack([v.tensor[:1] for v in ten]), [v.frame for v in ten]
    canvas = views.resized_shape(*size[::-1], spec) if released else None
    merge = "sum_abs" if released else "mean"
    back = views.paste(maps, frames, size[::-1], merge, canvas=canvas)[0].clamp(min=0)
    if released:  # the weight of a place is how many crops show it
        ones = views.paste(torch.ones_like(maps), frames, size[::-1], merge, canvas=canvas)[0]
        back = back / ones.clamp(min=1)
    assert centre_of_mass(back) == pytest.approx((x, y), abs=0.5)


@pytest.mark.parametrize("spec", [SPEC, SQUASH, OPENCV], ids=["resize", "squash", "opencv"])
@pytest.mark.parametrize("box", [(20, 10, 90, 71), (0.3, 30.7, 60.2, 99.9), (100, 5, 250, 130)])
def test_a_planted_square_comes_back_through_a_box_crop(box, spec):
    size = (200, 100)
    frame = views.box_crop(Image.new("RGB", size), box, spec).frame
    image, (x, y) = square_at(size, (frame.x0 + frame.x1) / 2 + 5, (frame.y0 + frame.y1) / 2 - 3)
    seen = views.box_crop(image, box, spec)
    assert seen.tensor.shape == (3, 64, 64)
    back = views.paste(seen.tensor[:1], seen.frame, size[::-1])[0].clamp(min=0)
    assert centre_of_mass(back) == pytest.approx((x, y), abs=0.5)


def test_box_crop_is_widened_to_whole_pixels_and_cut_at_the_border():
    image = noise(50, 40)
    assert views.box_crop(image, (2.5, 3.0, 9.1, 8.0), SPEC).frame == views.Frame(2, 3, 10, 8)
    assert views.box_crop(image, (-7, -1, 12, 99), SPEC).frame == views.Frame(0, 0, 12, 40)
    whole = views.box_crop(image, torch.tensor([[0.0, 0, 50, 40]]), SPEC)
    torch.testing.assert_close(whole.tensor, views.whole(image, SPEC).tensor)


@pytest.mark.parametrize(
    "box", [(5, 5, 5, 9), (60, 0, 70, 9), (9, 9, 3, 3), (0, 0, np.nan, 4), (1,)]
)
def test_box_crop_refuses_what_is_no_box_of_the_image(box):
    with pytest.raises(CamError, match="lies in it"):
        views.box_crop(noise(50, 40), box, SPEC)


def test_ten_crops_in_the_released_order_and_offsets():
    image = noise(256, 256)  # nothing is resized: crops are slices
    pixels = torch.from_numpy(np.array(image)).permute(2, 0, 1).flip(0).float()
    pixels = pixels - torch.tensor([104.0, 117, 123])[:, None, None]
    ten = views.ten_crop(image, CAFFE)
    for k, (x, y) in enumerate([(0, 0), (0, 32), (32, 0), (32, 32), (16, 16)]):
        part = pixels[:, y : y + 224, x : x + 224]
        assert ten[k].frame == views.Frame(x, y, x + 224, y + 224)
        assert ten[k + 5].frame == views.Frame(x, y, x + 224, y + 224, flipped=True)
        torch.testing.assert_close(ten[k].tensor, part)
        torch.testing.assert_close(ten[k + 5].tensor, part.flip(-1))


def test_an_odd_margin_is_halved_upwards():
    ten = views.ten_crop(noise(256, 256), InputSpec(227, 256, squash=True))
    assert (ten[4].frame.x0, ten[4].frame.y0) == (15, 15)  # floor((29 + 1) / 2)


def test_a_network_without_margin_is_given_the_released_proportion():
    spec = InputSpec(112, 112, squash=True)
    assert views.ten_crop_spec(spec).resize == 128
    ten = views.ten_crop(noise(128, 128), spec)
    assert {(v.frame.x0, v.frame.y0) for v in ten} == {(0, 0), (0, 16), (16, 0), (16, 16), (8, 8)}
    assert views.ten_crop_spec(CAFFE) == CAFFE


@pytest.mark.parametrize("size", [(256, 256), (400, 300), (120, 210)])
def test_coverage_of_the_released_merge(size):
    """A constant map is 0.2 of the centre at a corner and 0.4 in the middle of a side, since two
    and four of ten crops look there; all ten look at the inner 192 x 192 of 256 x 256."""
    ten = views.ten_crop(Image.new("RGB", size), CAFFE)
    ones = torch.ones(10, 1, 14, 14)
    sum_ = views.paste(ones, [v.frame for v in ten], size[::-1], "sum_abs")[0]
    height, width = sum_.shape
    relative = sum_ / sum_[height // 2, width // 2]
    for y in (0, -1):
        assert float(relative[y, 0]) == pytest.approx(0.2, abs=1e-5)
        assert float(relative[y, -1]) == pytest.approx(0.2, abs=1e-5)
        assert float(relative[y, width // 2]) == pytest.approx(0.4, abs=1e-5)
        assert float(relative[height // 2, y]) == pytest.approx(0.4, abs=1e-5)
    # the border of the inner part falls between pixels: half a row and column each
    assert float((relative > 0.999).float().mean()) == pytest.approx((192 / 256) ** 2, abs=0.01)


def released_merge(maps, size):
    """The released merge with Pillow (Keys a = -0.5, as MATLAB): crops upsampled to 224, mirrored
    ones turned, absolute values summed on 256 x 256, resized to (width, height)."""
    places = [(0, 0), (0, 32), (32, 0), (32, 32), (16, 16)] * 2
    canvas = np.zeros((256, 256))
    for k, (x, y) in enumerate(places):
        large = np.asarray(Image.fromarray(maps[k]).resize((224, 224), Image.Resampling.BICUBIC))
        canvas[y : y + 224, x : x + 224] += abs(large if k < 5 else large[:, ::-1])
    return np.asarray(Image.fromarray(canvas.astype("f4")).resize(size, Image.Resampling.BICUBIC))


@pytest.mark.parametrize("size", [(500, 375), (150, 333)])
def test_merging_on_a_canvas_is_the_released_merge(size):
    maps = torch.randn(10, 1, 14, 14, generator=torch.Generator().manual_seed(0))
    frames = [v.frame for v in views.ten_crop(Image.new("RGB", size), CAFFE)]
    found = views.paste(maps, frames, size[::-1], "sum_abs", canvas=(256, 256))[0]
    # sums of about 10; both sides work in single precision
    np.testing.assert_allclose(found, released_merge(maps[:, 0].numpy(), size), atol=1e-4)


@pytest.mark.parametrize(("photo", "order"), [(2, [0, 1, 2, 3, 4]), (1, [0, 2, 1, 3, 4])])
def test_released_activations_fit_the_order_of_the_crops(shared, photo, order):
    """Where crops overlap, the activations released for them agree best in this order. Photo 2
    has ours; photo 1's second and third crop are the other way round."""
    released = loadmat(shared / "golden" / "zhou" / f"data_img{photo}.mat")["activation_lastconv"]
    features = torch.from_numpy(released[:, :, :32].copy()).permute(3, 2, 1, 0)  # crop, K, y, x
    frames = [v.frame for v in views.ten_crop(Image.new("RGB", (64, 64)), CAFFE)]
    places = [
        views.paste(crop, frame, (64, 64))[:, 8:56, 8:56]  # what all crops see
        for crop in features
        for frame in frames
    ]
    large = torch.stack(places).unflatten(0, (10, 10))
    centre = large[4, 4]
    fit = (large - centre).pow(2).mean((2, 3, 4))  # (crop, place)
    order = torch.tensor(order)
    assert torch.equal(fit[:4, :4].argmin(1), order[:4])
    # mirrored crops: turned back they agree, not turned they do not
    for crop, place in enumerate(order.tolist()):
        turned, not_turned = fit[crop + 5, place + 5], fit[crop + 5, place]
        assert turned < 0.7 * not_turned


def test_view_list_by_name():
    image = noise(90, 60)
    assert len(views.view_list(image, SPEC, "ten")) == 10
    for name, make in [("center", views.center_crop), ("whole", views.whole)]:
        (seen,) = views.view_list(image, SPEC, name)
        torch.testing.assert_close(seen.tensor, make(image, SPEC).tensor)
    with pytest.raises(CamError, match="whole, ten"):
        views.view_list(image, SPEC, "five")


@pytest.mark.parametrize("size", [(1, 4000), (4000, 1), (1, 1), (3, 999)])
@pytest.mark.parametrize("spec", [IMAGENET, CAFFE], ids=["imagenet", "caffe"])
@pytest.mark.parametrize("view", list(views.VIEWS))
def test_extreme_shapes_have_views_inside_the_picture(size, spec, view):
    for seen in views.view_list(Image.new("RGB", size), spec, view):
        assert seen.tensor.shape == (3, 224, 224)
        assert 0 <= seen.frame.x0 < seen.frame.x1 <= size[0] + 1e-9
        assert 0 <= seen.frame.y0 < seen.frame.y1 <= size[1] + 1e-9


def test_the_middle_of_a_long_picture_is_where_the_frame_says():
    image, (x, y) = square_at((3001, 40), 1505, 21)
    seen = views.center_crop(image, SPEC)
    back = views.paste(seen.tensor[:1], seen.frame, (40, 3001))[0].clamp(min=0)
    assert centre_of_mass(back) == pytest.approx((x, y), abs=0.5)
