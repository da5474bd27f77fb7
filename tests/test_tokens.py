"""Transformers: mean-pooled tokens have exact maps, a class token has a way out."""

import copy

import pytest
import timm
import torch
import torchvision

from cam_utils import CamError, cams
from cam_utils.errors import NoClassActivationMap
from cam_utils.networks import as_gap_network
from cam_utils.networks.surgery import pool_tokens
from cam_utils.networks.tokens import as_maps, prefix_tokens, softmax_regression


def seeded(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def vit(**more):
    torch.manual_seed(0)
    sizes = {"img_size": 32, "patch_size": 8, "embed_dim": 24, "depth": 2, "num_heads": 2}
    return timm.models.VisionTransformer(**sizes | more, num_classes=5).eval()


@pytest.mark.parametrize(
    "more", [{}, {"class_token": False}, {"fc_norm": False}, {"reg_tokens": 4}]
)
def test_mean_pooled_tokens_have_exact_maps(more):
    model, images = vit(global_pool="avg", **more), seeded(3, 3, 32, 32, seed=1)
    network = as_gap_network(model, example=images[:2])
    found = cams(network, images, None)
    assert found.maps.shape == (3, 5, 4, 4)
    torch.testing.assert_close(found.logits, model(images).detach())
    again = found.maps.mean((2, 3)) + network.class_bias
    torch.testing.assert_close(again, found.logits, rtol=1e-4, atol=1e-5)


def test_the_map_lies_as_the_patches_do():
    network = as_gap_network(vit(global_pool="avg"), example=seeded(2, 3, 32, 32))
    tokens = network.model.forward_features(seeded(1, 3, 32, 32))[:, 1:]  # (1, 16, 24)
    maps = as_maps(tokens)
    assert torch.equal(maps[0, :, 1, 2], tokens[0, 6])


@pytest.mark.parametrize("name", ["vit_tiny_patch16_224", "deit_tiny_distilled_patch16_224"])
def test_a_class_token_is_refused_with_the_way_out(name):
    model = timm.create_model(name, img_size=32, depth=1)
    with pytest.raises(NoClassActivationMap, match="pool_tokens"):
        as_gap_network(model, example=seeded(2, 3, 32, 32))


def test_grids_that_are_not_square_are_refused():
    model = vit(img_size=(32, 64), global_pool="avg")
    with pytest.raises(NoClassActivationMap, match="mean of 32 tokens"):
        as_gap_network(model, example=seeded(2, 3, 32, 64))
    with pytest.raises(CamError, match="num_prefix_tokens"):
        as_maps(seeded(1, 18, 3), 1)
    assert prefix_tokens(vit(reg_tokens=4)) == 5


@pytest.mark.parametrize("source", ["timm", "torchvision"])
def test_surgery_pools_the_patches(source):
    torch.manual_seed(0)
    model = vit()
    if source == "torchvision":
        model = torchvision.models.VisionTransformer(32, 8, 2, 2, 16, 32, num_classes=5).eval()
    before = copy.deepcopy(model.state_dict())
    images, labels = seeded(40, 3, 32, 32), torch.arange(40) % 2
    images[labels == 1] += 1.0
    batches = zip(images.split(10), labels.split(10), strict=True)
    network = pool_tokens(model, batches, 2, ["dark", "bright"])
    found = cams(network, images, None)
    assert (found.logits.argmax(1) == labels).all()
    again = found.maps.mean((2, 3)) + network.class_bias
    torch.testing.assert_close(again, found.logits, rtol=1e-4, atol=1e-4)
    assert found.maps.shape[2:] == (4, 4)
    assert network.classes == ["dark", "bright"]
    assert all(torch.equal(v, before[k]) for k, v in model.state_dict().items())


def test_surgery_needs_labels_that_fit():
    pair = seeded(2, 3, 32, 32), torch.tensor([0, 2])
    with pytest.raises(CamError, match="labels from 0 to 2"):
        pool_tokens(vit(), [pair], 2)
    with pytest.raises(CamError, match="no batch"):
        pool_tokens(vit(), [], 2)
    with pytest.raises(NoClassActivationMap, match="picks no class token"):
        pool_tokens(vit(global_pool="avg"), [pair], 2)


def test_softmax_regression_is_at_its_optimum():
    x, y = seeded(60, 4).double() * 3 + 1, torch.arange(60) % 3
    weight, bias = softmax_regression(x, y, 3, decay=0.01)
    std, mean = x.std(0), x.mean(0)
    scaled = (weight * std).requires_grad_()
    shift = (bias + weight @ mean).requires_grad_()
    loss = torch.nn.functional.cross_entropy((x - mean) / std @ scaled.T + shift, y)
    (loss + 0.01 * scaled.square().sum()).backward()
    assert scaled.grad.abs().max() < 1e-5
    assert shift.grad.abs().max() < 1e-5
