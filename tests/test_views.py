"""Views and the way back: frames, half-pixel alignment, mirroring, merging."""

import numpy as np
import pytest
import torch
from PIL import Image
from torch.nn import functional as F

from cam_utils import CamError, open_rgb, views
from cam_utils.networks.gap import CAFFE, IMAGENET, InputSpec
from cam_utils.pasting import OUTSIDE, Frame, paste

SPEC = InputSpec(size=64, resize=72, mean=(0, 0, 0), std=(1, 1, 1))
SQUASH = InputSpec(size=64, resize=72, squash=True, mean=(0, 0, 0), std=(1, 1, 1))


def planted(width, height, box):
    """A black picture with a white rectangle."""
    array = np.zeros((height, width, 3), np.uint8)
    x0, y0, x1, y1 = box
    array[y0:y1, x0:x1] = 255
    return Image.fromarray(array)


def centre_of_mass(map):
    y, x = torch.meshgrid(*(torch.arange(n) + 0.5 for n in map.shape), indexing="ij")
    return float((map * x).sum() / map.sum()), float((map * y).sum() / map.sum())


@pytest.mark.parametrize("size", [(200, 100), (90, 160), (128, 128), (301, 97)])
@pytest.mark.parametrize("view", [views.whole, views.center_crop])
@pytest.mark.parametrize("spec", [SPEC, SQUASH])
def test_a_planted_square_comes_back_within_half_a_pixel(size, view, spec):
    width, height = size
    cx, cy = width // 2 + 5, height // 2 - 4  # off the centre, inside every view
    image = planted(width, height, (cx - 8, cy - 6, cx + 8, cy + 6))
    seen = view(image, spec)
    assert seen.tensor.shape == (3, 64, 64)
    back = views.paste(seen.tensor[:1], seen.frame, (height, width))[0].clamp(min=0)
    x, y = centre_of_mass(back)
    assert abs(x - cx) < 0.5
    assert abs(y - cy) < 0.5


def test_frames_of_the_views():
    image = Image.new("RGB", (400, 200))
    assert views.whole(image, SPEC).frame == views.Frame(0, 0, 400, 200)
    crop = views.center_crop(image, SPEC).frame  # 144 x 72, centre 64
    assert (crop.x0, crop.x1) == pytest.approx((40 * 400 / 144, 104 * 400 / 144))
    assert (crop.y0, crop.y1) == pytest.approx((4 * 200 / 72, 68 * 200 / 72))
    warped = views.center_crop(image, SQUASH).frame
    assert (warped.x0, warped.x1) == pytest.approx((4 * 400 / 72, 68 * 400 / 72))


def test_mirrored_views_are_turned_back():
    map = torch.zeros(1, 8, 8)
    map[0, 2, 1] = 1.0
    frame = views.Frame(0, 0, 80, 80)
    mirrored = views.Frame(0, 0, 80, 80, flipped=True)
    torch.testing.assert_close(
        views.paste(map, frame, (80, 80)), views.paste(map.flip(-1), mirrored, (80, 80))
    )


@pytest.mark.parametrize(("cells", "pixels"), [(7, 224), (14, 97), (13, 500), (64, 24)])
@pytest.mark.parametrize("kernel", ["bicubic", "bilinear"])
def test_paste_resizes_as_torch_does_with_antialiasing(cells, pixels, kernel):
    maps = torch.randn(2, cells, cells, generator=torch.Generator().manual_seed(0))
    frame = views.Frame(0, 0, pixels, pixels)
    pasted = views.paste(maps, frame, (pixels, pixels), kernel=kernel)
    expected = F.interpolate(maps[None], (pixels, pixels), mode=kernel, antialias=True)[0]
    torch.testing.assert_close(pasted, expected, rtol=1e-4, atol=1e-5)


def test_merges():
    maps = torch.stack([torch.full((1, 4, 4), 2.0), torch.full((1, 4, 4), -4.0)])
    frames = [views.Frame(0, 0, 8, 8), views.Frame(4, 0, 12, 8)]
    mean, plain, absolute = (
        views.paste(maps, frames, (8, 16), merge)[0, 0] for merge in ("mean", "plain", "sum_abs")
    )
    assert mean.tolist() == pytest.approx([2] * 4 + [-1] * 4 + [-4] * 4 + [0] * 4)
    assert plain.tolist() == pytest.approx([2] * 4 + [-2] * 4 + [-4] * 4 + [0] * 4)
    assert absolute.tolist() == pytest.approx([2] * 4 + [6] * 4 + [4] * 4 + [0] * 4)


def test_paste_refuses_what_does_not_fit():
    with pytest.raises(CamError, match="one frame for each view"):
        views.paste(torch.zeros(2, 1, 4, 4), views.Frame(0, 0, 8, 8), (8, 8))
    with pytest.raises(CamError, match="merge"):
        views.paste(torch.zeros(1, 4, 4), views.Frame(0, 0, 8, 8), (8, 8), merge="max")


def test_preprocessing_equals_torchvision():
    from torchvision import models

    noise = np.random.default_rng(0).integers(0, 256, (151, 260, 3), dtype=np.uint8)
    image = Image.fromarray(noise)
    preset = models.ResNet18_Weights.IMAGENET1K_V1.transforms()
    seen = views.center_crop(image, IMAGENET)
    torch.testing.assert_close(seen.tensor, preset(image), atol=0.02, rtol=0)  # 8-bit rounding


def test_caffe_preprocessing_is_bgr_minus_mean():
    image = Image.new("RGB", (300, 200), (250, 120, 10))
    seen = views.center_crop(image, CAFFE)
    assert seen.tensor.shape == (3, 224, 224)
    assert seen.tensor[:, 0, 0].tolist() == pytest.approx([10 - 104, 120 - 117, 250 - 123])


def test_every_kind_of_picture_gives_the_same_view(tmp_path):
    rgb = np.random.default_rng(0).integers(0, 255, (30, 40, 3), np.uint8)
    path = tmp_path / "photo.png"
    Image.fromarray(rgb).save(path)
    tensor = torch.from_numpy(rgb).permute(2, 0, 1)
    kinds = [path, str(path), Image.fromarray(rgb), rgb, rgb / 255, tensor, tensor[None] / 255]
    seen = [view(kind, SPEC).tensor for kind in kinds for view in (views.whole, views.center_crop)]
    for one, other in zip(seen, seen[2:], strict=False):
        torch.testing.assert_close(one, other, rtol=0, atol=0)


@pytest.mark.parametrize(
    ("image", "told"),
    [
        (np.zeros((3, 30, 40), np.uint8), "shape"),
        (np.zeros((2, 30, 40, 3), np.uint8), "shape"),
        (np.full((30, 40, 3), 7.0), "from 7 to 7"),
        (torch.full((3, 30, 40), -1.5), "prepared for a network"),
        (np.zeros((30, 40), np.int64), "int64"),
        ([[0, 1]], "list"),
        (None, "NoneType"),
    ],
)
def test_what_is_no_picture_is_refused(image, told):
    with pytest.raises(CamError, match=told):
        views.whole(image, SPEC)


def test_a_large_jpeg_is_opened_small(tmp_path):
    path = tmp_path / "large.jpg"
    image = Image.new("RGB", (2000, 1000), (10, 200, 30))
    exif = Image.Exif()
    exif[0x0112] = 6  # lies on its side
    image.save(path, exif=exif)
    whole, small = open_rgb(path), open_rgb(path, side=300)
    assert whole.size == whole.info["full size"] == small.info["full size"] == (1000, 2000)
    assert small.size == (250, 500)  # a quarter: an eighth would be below 300
    assert open_rgb(path, upright=False).info["full size"] == (2000, 1000)


def test_outside_of_a_view_the_map_is_zero_its_border_or_stretched():
    """A map of two columns, 1 and 3, on the middle half of a row of eight pixels."""
    row, frame = torch.tensor([[[1.0, 3.0]]]), Frame(2, 0, 6, 1)
    how = {"size": (1, 8), "kernel": "bilinear"}
    zero, edge, stretch = (paste(row, frame, outside=o, **how)[0, 0] for o in OUTSIDE)
    assert zero.tolist() == [0, 0, 1, 1.5, 2.5, 3, 0, 0]
    assert edge.tolist() == [1, 1, 1, 1.5, 2.5, 3, 3, 3]
    whole = paste(row, Frame(0, 0, 8, 1), **how)[0, 0]
    assert torch.equal(stretch, whole)
    with pytest.raises(CamError, match="2 views"):
        paste(row[None].repeat(2, 1, 1, 1), [frame, frame], outside="edge", **how)


@pytest.mark.parametrize("mode", ["RGB", "L"])
def test_a_picture_becomes_a_tensor_pixel_by_pixel_in_strips_too(monkeypatch, mode):
    pixels = np.random.default_rng(0).integers(0, 256, (23, 17, 3), np.uint8)
    image = Image.fromarray(pixels).convert(mode)
    expected = np.asarray(image.convert("RGB")).transpose(2, 0, 1)
    assert np.array_equal(views.to_tensor(image).numpy(), expected)
    monkeypatch.setattr(views, "_STRIP", 5)
    assert np.array_equal(views.to_tensor(image).numpy(), expected)
