"""Backprop saliency: exact gradients, batches, and nothing left behind in the network."""

import weakref

import pytest
import torch
import torchvision
from torch import nn

from cam_utils import CamError
from cam_utils.saliency import backprop_saliency, grad_cam


def seeded(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def linear(height=5, width=7, classes=4):
    torch.manual_seed(0)
    return nn.Sequential(nn.Flatten(), nn.Linear(3 * height * width, classes)).eval()


@pytest.fixture
def small():
    torch.manual_seed(0)
    layers = nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8), nn.ReLU(inplace=True), nn.Dropout(0.5)
    head = nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 6)
    return nn.Sequential(*layers, *head).eval()


@pytest.mark.parametrize("reduce", ["sum", "max"])
def test_a_linear_network_s_gradient_is_its_weights(reduce):
    network, images = linear(), seeded(2, 3, 5, 7)
    classes = torch.tensor([[3, 0], [1, 3]])
    result = backprop_saliency(network, images, classes, reduce)
    weights = network[1].weight.detach().reshape(4, 3, 5, 7).abs()
    by_colour = weights.sum(1) if reduce == "sum" else weights.amax(1)
    torch.testing.assert_close(result.maps, by_colour[classes])
    torch.testing.assert_close(result.logits, network(images).detach())
    assert torch.equal(result.classes, classes)


def test_gradient_equals_finite_differences(small):
    small, images = small.double(), seeded(1, 3, 6, 6).double()
    (maps,) = backprop_saliency(small, images, torch.tensor([2])).maps
    for y, x in [(0, 0), (3, 2), (5, 5)]:
        total = 0.0
        for colour in range(3):
            step = torch.zeros_like(images)
            step[0, colour, y, x] = 1e-5
            with torch.no_grad():
                difference = small(images + step)[0, 2] - small(images - step)[0, 2]
            total += abs(float(difference)) / 2e-5
        assert float(maps[0, y, x]) == pytest.approx(total, rel=1e-6)


def test_a_batch_equals_its_images_one_by_one(small):
    images = seeded(3, 3, 9, 11)
    together = backprop_saliency(small, images, 4)
    assert together.maps.shape == (3, 4, 9, 11)
    assert torch.equal(together.classes, together.logits.topk(4).indices)
    for k in range(3):
        alone = backprop_saliency(small, images[k : k + 1], 4)
        torch.testing.assert_close(alone.maps[0], together.maps[k])
    every = backprop_saliency(small, images, None).maps
    assert every.shape == (3, 6, 9, 11)


@pytest.mark.parametrize("around", [torch.no_grad, torch.inference_mode, torch.enable_grad])
def test_callers_without_gradients_and_frozen_weights(small, around):
    expected = backprop_saliency(small, seeded(2, 3, 8, 8), 2).maps
    small.requires_grad_(False)
    with around():
        images = seeded(2, 3, 8, 8)  # in inference mode, an inference tensor
        classes = backprop_saliency(small, images, 2).classes
        result = backprop_saliency(small, images, classes.clone())
    torch.testing.assert_close(result.maps, expected)
    assert not result.maps.is_inference()
    assert not any(t.requires_grad for t in (result.maps, result.logits))
    (result.maps * torch.ones(1, requires_grad=True)).sum().backward()  # autograd accepts them


def test_the_network_is_left_as_it_was(small):
    small.train()
    small[1].eval()
    before = {k: v.clone() for k, v in small.state_dict().items()}
    images = seeded(2, 3, 8, 8)
    first = backprop_saliency(small, images, 2).maps
    torch.testing.assert_close(backprop_saliency(small, images, 2).maps, first)  # no dropout
    assert [m.training for m in small] == [True, False, True, True, True, True, True]
    assert all(p.grad is None for p in small.parameters())
    assert all(p.requires_grad for p in small.parameters())
    assert all(torch.equal(v, before[k]) for k, v in small.state_dict().items())
    assert images.grad is None
    assert not images.requires_grad


def test_modes_come_back_after_an_error(small):
    small.train()
    with pytest.raises(CamError, match="classes"):
        backprop_saliency(small, seeded(1, 3, 8, 8), 99)
    assert all(m.training for m in small)


def test_the_graph_is_freed(small):
    kept = []
    handle = small[0].register_forward_hook(lambda m, i, o: kept.append(weakref.ref(o)))
    result = backprop_saliency(small, seeded(2, 3, 8, 8), 3)
    handle.remove()
    assert result.maps.shape == (2, 3, 8, 8)
    assert len(kept) == 1  # one forward pass for three classes
    assert kept[0]() is None


def test_a_first_layer_that_works_in_place():
    network = nn.Sequential(nn.ReLU(inplace=True), linear())
    images = seeded(1, 3, 5, 7)
    before = images.clone()
    maps = backprop_saliency(network, images, torch.tensor([0])).maps
    assert torch.equal(images, before)
    weights = network[1][1].weight.detach()[0].reshape(3, 5, 7).abs()
    torch.testing.assert_close(maps[0, 0], (weights * (before[0] > 0)).sum(0))


@pytest.mark.parametrize("name", ["googlenet", "squeezenet1_1", "densenet121"])
def test_any_network(name):
    torch.manual_seed(0)
    options = {"init_weights": False, "aux_logits": False} if name == "googlenet" else {}
    network = getattr(torchvision.models, name)(num_classes=5, **options).eval()
    result = backprop_saliency(network, seeded(1, 3, 64, 64), 2)
    assert result.maps.shape == (1, 2, 64, 64)
    assert (result.maps >= 0).all()
    assert (result.maps.amax((2, 3)) > 0).all()


class Detached(nn.Module):
    def forward(self, images):
        return images.detach().mean((2, 3))


def test_what_cannot_be_done_is_said():
    images = seeded(1, 3, 5, 7)
    with pytest.raises(CamError, match="carry no gradient"):
        backprop_saliency(Detached(), images, 1)
    with pytest.raises(CamError, match="sum"):
        backprop_saliency(linear(), images, 1, reduce="mean")
    with pytest.raises(CamError, match=r"expected a float tensor \(B, 3, H, W\)"):
        backprop_saliency(linear(), images[0], 1)


def test_grad_cam_inside_inference_mode():
    torch.manual_seed(0)
    network = torchvision.models.squeezenet1_1(num_classes=5).eval()
    classes = torch.tensor([[1, 2]])
    expected = grad_cam(network, seeded(1, 3, 64, 64), classes, network.features[-1])
    with torch.inference_mode():
        found = grad_cam(network, seeded(1, 3, 64, 64), classes.clone(), network.features[-1])
    torch.testing.assert_close(found, expected)
