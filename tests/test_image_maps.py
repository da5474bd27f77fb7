"""Scores and maps of whole pictures through any view, with any method."""

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from cam_utils import CamError, as_gap_network, cams, views
from cam_utils.image_maps import METHODS, image_maps, maps_of_images
from cam_utils.networks.gap import InputSpec
from cam_utils.networks.topped import CutNetwork
from cam_utils.saliency import backprop_saliency

SPEC = InputSpec(size=32, resize=36)


@pytest.fixture(scope="module")
def network():
    torch.manual_seed(0)
    trunk = nn.Sequential(nn.Conv2d(3, 6, 5, 4, 2), nn.ReLU())
    net = CutNetwork(trunk, 6, 10, units=8).eval()
    net.class_weights.data.mul_(300)  # probabilities that differ
    net.input_spec = SPEC
    return net


def picture(width, height, seed=0):
    pixels = np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
    return Image.fromarray(pixels)


@pytest.mark.parametrize("view", ["center", "whole"])
def test_one_view_is_its_map_pasted_into_the_picture(network, view):
    image = picture(60, 44)
    found = image_maps(network, image, view, classes=3)
    (seen,) = views.view_list(image, SPEC, view)
    result = cams(network, seen.tensor[None], 3)
    assert torch.equal(found.classes, result.classes[0])
    torch.testing.assert_close(found.scores, result.probabilities[0])
    assert found.maps.shape == (3, 44, 60)
    torch.testing.assert_close(found.maps, views.paste(result.maps[0], seen.frame, (44, 60)))


def test_ten_crops_rank_by_the_averaged_softmax(network):
    image = picture(60, 44)
    batch = torch.stack([v.tensor for v in views.ten_crop(image, SPEC)])
    softmax = network(batch).softmax(1).mean(0)
    found = image_maps(network, image, "ten", classes=4)
    torch.testing.assert_close(found.scores, softmax.topk(4).values.detach())
    assert torch.equal(found.classes, softmax.topk(4).indices)


@pytest.mark.parametrize("merge", views.MERGES)
def test_ten_crops_are_merged_in_the_picture(network, merge):
    image = picture(60, 44)
    ten = views.ten_crop(image, SPEC)
    found = image_maps(network, image, "ten", merge, torch.tensor([7, 2]))
    maps = cams(network, torch.stack([v.tensor for v in ten]), torch.tensor([7, 2])).maps
    canvas = (36, 49) if merge == "sum_abs" else None  # the resized picture
    expected = views.paste(maps, [v.frame for v in ten], (44, 60), merge, canvas=canvas)
    torch.testing.assert_close(found.maps, expected)
    assert found.classes.tolist() == [7, 2]


@pytest.mark.parametrize("view", ["center", "ten"])
@pytest.mark.parametrize("method", METHODS)
def test_pictures_in_one_batch_equal_pictures_alone(network, view, method):
    images = [picture(60, 44), picture(40, 90, seed=1), picture(36, 36, seed=2)]
    together = maps_of_images(network, images, view, "mean", 2, method)
    for image, one in zip(images, together, strict=True):
        alone = image_maps(network, image, view, "mean", 2, method)
        assert one.maps.shape == (2, *image.size[::-1])
        assert torch.equal(one.classes, alone.classes)
        torch.testing.assert_close(one.maps, alone.maps, rtol=1e-4, atol=1e-5)
    assert maps_of_images(network, [], view) == []


def test_methods_share_the_way_back(network):
    image = picture(60, 44)
    classes = torch.tensor([1, 5])
    seen = views.center_crop(image, SPEC)
    for method, reduce in [("backprop", "sum"), ("backprop_max", "max")]:
        found = image_maps(network, image, "center", "mean", classes, method).maps
        maps = backprop_saliency(network, seen.tensor[None], classes, reduce).maps[0]
        torch.testing.assert_close(found, views.paste(maps, seen.frame, (44, 60)))
    cam = image_maps(network, image, "whole", classes=classes).maps
    grad = image_maps(network, image, "whole", classes=classes, method="grad_cam").maps
    torch.testing.assert_close(grad * 8 * 8, cam, rtol=1e-3, atol=1e-3)  # 8 x 8 places


def test_classes_chosen_for_each_picture(network):
    images = [picture(60, 44), picture(40, 90, seed=1)]
    best = [m.classes for m in maps_of_images(network, images, "ten", classes=3)]

    def best_and_label(scores):  # what an evaluation needs: the best, and the label's map
        assert scores.shape == (2, 10)
        return torch.cat([scores.topk(3).indices, torch.tensor([[4], [9]])], 1)

    found = maps_of_images(network, images, "ten", classes=best_and_label)
    for one, top, label in zip(found, best, (4, 9), strict=True):
        assert one.classes.tolist() == [*top.tolist(), label]
        assert one.maps.shape[0] == 4
    every = image_maps(network, images[0], classes=None)
    assert every.scores.sum() == pytest.approx(1, abs=1e-5)
    given = maps_of_images(network, images, classes=torch.tensor([[1, 2], [3, 4]]))
    assert [one.classes.tolist() for one in given] == [[1, 2], [3, 4]]


def test_results_are_ordinary_tensors(network):
    with torch.inference_mode():
        found = [image_maps(network, picture(50, 40), method=m, classes=1) for m in METHODS]
    for one in found:
        assert not one.maps.requires_grad
        assert one.maps.dtype == torch.float32


def test_what_does_not_fit_is_said(network):
    image = picture(40, 40)
    with pytest.raises(CamError, match="backprop_max"):
        image_maps(network, image, method="occlusion")
    with pytest.raises(CamError, match="whole, ten"):
        image_maps(network, image, view="five")
    with pytest.raises(CamError, match="merge"):
        image_maps(network, image, merge="max")
    with pytest.raises(CamError, match="what input it wants"):
        image_maps(nn.Conv2d(3, 4, 3), image, method="backprop")


def test_two_classes_need_no_choice():
    """Of a network with fewer than five classes all are taken, by maps of any method."""
    network = as_gap_network(
        tiny(2), InputSpec(size=32, resize=32), example=torch.rand(2, 3, 32, 32)
    )
    picture = Image.new("RGB", (40, 30), "red")
    for method in ("cam", "backprop", "grad_cam"):
        found = image_maps(network, picture, method=method)
        assert found.maps.shape == (2, 30, 40)
        assert sorted(found.classes.tolist()) == [0, 1]


def tiny(classes: int):
    torch.manual_seed(0)
    pooled = [nn.Conv2d(3, 4, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten()]
    return nn.Sequential(*pooled, nn.Linear(4, classes))
