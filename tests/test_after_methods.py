"""The successors of class activation maps against independent implementations and by hand."""

import numpy as np
import pytest
import torch
import torchvision
from torch import nn

from cam_utils import CamError, cams
from cam_utils.networks import as_gap_network
from cam_utils.sections.s6_after import methods
from cam_utils.sections.s6_after.attention import (
    ATTENTION,
    attention_rollout,
    gradient_attention,
    last_attention,
    watched_attention,
)


def seeded(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


@pytest.fixture(scope="module")
def plain():
    """Two convolutions, and a head that is no global pooling."""
    torch.manual_seed(0)
    layers = nn.Conv2d(3, 6, 3, 2), nn.ReLU(), nn.Conv2d(6, 8, 3, 2), nn.ReLU()
    head = nn.AdaptiveAvgPool2d(2), nn.Flatten(), nn.Linear(32, 5)
    return nn.Sequential(*layers, *head).eval()


@pytest.fixture(scope="module")
def pooled():
    torch.manual_seed(0)
    layers = nn.Conv2d(3, 6, 3, 2), nn.ReLU(), nn.Conv2d(6, 8, 3, 2), nn.ReLU()
    head = nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 5)
    return as_gap_network(nn.Sequential(*layers, *head), example=seeded(2, 3, 20, 20))


IMAGES, CLASSES = seeded(2, 3, 20, 20), torch.tensor([[0, 3], [4, 1]])
PEERS = {
    "Grad-CAM": "GradCAM",
    "HiResCAM": "HiResCAM",
    "Grad-CAM++": "GradCAMPlusPlus",
    "LayerCAM": "LayerCAM",
    "Score-CAM": "ScoreCAM",
    "Ablation-CAM": "AblationCAM",
}


@pytest.mark.parametrize("name", PEERS)
def test_methods_equal_pytorch_grad_cam_s(plain, name):
    peer = pytest.importorskip("pytorch_grad_cam")
    from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget

    more = {"align_corners": True} if name == "Score-CAM" else {}  # the authors' own: False
    ours = methods.METHODS[name](plain, IMAGES, CLASSES, layer=plain[3], **more).relu()
    for column in range(2):
        targets = [ClassifierOutputTarget(int(c)) for c in CLASSES[:, column]]
        with getattr(peer, PEERS[name])(model=plain, target_layers=[plain[3]]) as theirs:
            theirs(IMAGES, targets)
            both = theirs.activations_and_grads
            kept = [
                both.activations[0].detach().numpy(),
                both.gradients[0].detach().numpy() if both.gradients else None,
            ]
            found = theirs.get_cam_image(IMAGES, plain[3], targets, *kept, False)
        np.testing.assert_allclose(ours[:, column], found.clip(min=0), rtol=1e-4, atol=1e-5)


def test_smooth_grad_is_the_mean_of_noisy_gradients(plain):
    samples, noise, seed = 3, 0.1, 7
    found = methods.smooth_grad(plain, IMAGES, CLASSES, samples, noise, seed)
    generator = torch.Generator().manual_seed(seed)
    grains = [torch.randn(IMAGES.shape, generator=generator) for _ in range(samples)]
    for k, image in enumerate(IMAGES):
        width = noise * (image.max() - image.min())
        for column, c in enumerate(CLASSES[k]):
            total = torch.zeros_like(image)
            for grain in grains:
                noisy = (image + width * grain[k]).requires_grad_()
                plain(noisy[None])[0, c].backward()
                total += noisy.grad
            expected = (total / samples).abs().sum(0)
            torch.testing.assert_close(found[k, column], expected, rtol=1e-4, atol=1e-6)


def test_without_noise_smooth_grad_is_the_gradient(plain):
    still = methods.smooth_grad(plain, IMAGES, CLASSES, samples=2, noise=0.0)
    torch.testing.assert_close(still, methods.gradient(plain, IMAGES, CLASSES))


def test_on_a_network_with_global_pooling_three_methods_are_one_map(pooled):
    assert methods.one_map(pooled, IMAGES, CLASSES) < 1e-5
    own = cams(pooled, IMAGES, CLASSES).maps
    plus = methods.grad_cam_plus_plus(pooled, IMAGES, CLASSES)
    scale = (plus * own).sum() / (own * own).sum()
    assert (plus - scale * own).abs().max() > 0.1 * plus.max()  # another map


def test_ablation_of_the_pooled_maps_equals_that_of_the_layer(pooled):
    layer = pooled.model[3]
    quick = methods.ablation_cam(pooled, IMAGES, CLASSES)
    torch.testing.assert_close(quick, methods.ablation_cam(pooled, IMAGES, CLASSES, layer))
    weights = pooled.class_weights[CLASSES]  # (2, 2, 8)
    features = pooled.features(IMAGES)
    logits = pooled(IMAGES).gather(1, CLASSES)
    lost = weights * features.mean((2, 3))[:, None] / logits[:, :, None]  # of channel k
    expected = torch.einsum("bnk,bkhw->bnhw", lost, features).relu()
    torch.testing.assert_close(quick, expected, rtol=1e-4, atol=1e-6)


def test_a_layer_has_a_name(plain):
    by_name = methods.layer_cam(plain, IMAGES, CLASSES, "3")
    torch.testing.assert_close(by_name, methods.layer_cam(plain, IMAGES, CLASSES, plain[3]))
    model = torchvision.models.resnet18().eval()
    with pytest.raises(CamError, match=r"layer4"):
        methods.layer_cam(model, seeded(1, 3, 64, 64), torch.tensor([[1]]), "layer_4")
    with pytest.raises(CamError, match="needs the layer"):
        methods.hires_cam(plain, IMAGES, CLASSES)
    with pytest.raises(CamError, match="expected maps"):
        methods.hires_cam(plain, IMAGES, CLASSES, "5")


def test_costs_are_multiples_of_the_forward_pass(pooled):
    chosen = {name: methods.METHODS[name] for name in ("CAM", "Score-CAM")}
    found = methods.costs(pooled, IMAGES, CLASSES, chosen, rounds=1)
    assert list(found) == list(chosen)
    assert all(value > 0 for value in found.values())


# ---------------------------------------------------------------- transformers


@pytest.fixture(scope="module")
def vit():
    import timm

    torch.manual_seed(0)
    sizes = {"img_size": 32, "patch_size": 8, "embed_dim": 24, "depth": 3, "num_heads": 2}
    return timm.models.VisionTransformer(**sizes, num_classes=5).eval()


def by_hand(vit, images):
    """Each block's attention (B, heads, N, N), by timm's own unfused code."""
    kept, handles = [], []
    for block in vit.blocks:
        block.attn.fused_attn = False
        handles.append(block.attn.attn_drop.register_forward_hook(lambda *c: kept.append(c[2])))
    logits = vit(images)
    for block, handle in zip(vit.blocks, handles, strict=True):
        block.attn.fused_attn = True
        handle.remove()
    return logits, kept


def test_attention_is_the_model_s_own(vit):
    images = seeded(2, 3, 32, 32)
    logits, expected = by_hand(vit, images)
    with torch.no_grad(), watched_attention() as kept:
        torch.testing.assert_close(vit(images), logits)
    for one, other in zip(kept, expected, strict=True):
        torch.testing.assert_close(one, other)
    maps = last_attention(vit, images, torch.tensor([[0], [1]]))
    torch.testing.assert_close(maps.flatten(1), expected[-1].mean(1)[:, 0, 1:])


def test_rollout_by_hand(vit):
    images = seeded(2, 3, 32, 32)
    _, layers = by_hand(vit, images)
    for k in range(2):
        flow = np.eye(17)
        for layer in layers:
            mean = layer[k].mean(0).detach().numpy() + np.eye(17)
            flow = mean / mean.sum(1, keepdims=True) @ flow
        found = attention_rollout(vit, images, torch.tensor([[0, 1], [1, 1]]))[k]
        for map in found:
            np.testing.assert_allclose(map.flatten(), flow[0, 1:], rtol=1e-4)


def test_gradient_attention_by_hand(vit):
    images, classes = seeded(2, 3, 32, 32), torch.tensor([[3, 0], [1, 4]])
    found = gradient_attention(vit, images, classes)
    assert found.shape == (2, 2, 4, 4)
    for k in range(2):
        for column in range(2):
            logits, layers = by_hand(vit, images[k : k + 1])
            gradients = torch.autograd.grad(logits[0, classes[k, column]], layers)
            flow = torch.eye(17)
            for layer, gradient in zip(layers, gradients, strict=True):
                flow = flow + (layer[0] * gradient[0]).clamp(min=0).mean(0) @ flow
            expected = flow[0, 1:].detach().reshape(4, 4)
            torch.testing.assert_close(found[k, column], expected, rtol=1e-4, atol=1e-7)


def test_torchvision_s_attention_is_found_too():
    torch.manual_seed(0)
    model = torchvision.models.VisionTransformer(32, 8, 2, 2, 16, 32, num_classes=5).eval()
    nn.init.normal_(model.heads.head.weight)  # zero as it comes
    images, classes = seeded(1, 3, 32, 32), torch.tensor([[2]])
    logits = model(images)
    for make in ATTENTION.values():
        maps = make(model, images, classes)
        assert maps.shape == (1, 1, 4, 4)
        assert maps.max() > maps.min() >= 0
    torch.testing.assert_close(model(images), logits)


def test_without_attention_there_is_a_way_out(plain, vit):
    with pytest.raises(CamError, match="convolutional network has none"):
        attention_rollout(plain, IMAGES, CLASSES)
    for block in vit.blocks:
        block.attn.fused_attn = False
    try:
        with pytest.raises(CamError, match="TIMM_FUSED_ATTN"):
            last_attention(vit, seeded(1, 3, 32, 32), torch.tensor([[0]]))
    finally:
        for block in vit.blocks:
            block.attn.fused_attn = True


def test_layers_of_a_transformer_are_maps_without_the_class_token(vit):
    images, classes = seeded(1, 3, 32, 32), torch.tensor([[2]])
    maps = methods.hires_cam(vit, images, classes, "blocks.1")
    kept = []
    handle = vit.blocks[1].register_forward_hook(lambda *call: kept.append(call[2]))
    score = vit(images)[0, 2]
    handle.remove()
    (gradient,) = torch.autograd.grad(score, kept[0])
    expected = (gradient * kept[0]).sum(2)[0, 1:].reshape(4, 4)
    torch.testing.assert_close(maps[0, 0], expected.detach(), rtol=1e-4, atol=1e-6)
