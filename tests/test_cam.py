"""Equations 1 and 2, the classes argument, and the refusals of `cams`."""

import io

import pytest
import torch
from PIL import Image
from torch import nn

from cam_utils import CamError, NoClassActivationMap, as_gap_network, cams, class_activation_maps
from cam_utils.networks.topped import CutNetwork


def seeded(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


@pytest.fixture(scope="module")
def small():
    torch.manual_seed(0)
    trunk = nn.Sequential(nn.Conv2d(3, 6, 3, 2, 1), nn.ReLU())
    return CutNetwork(trunk, 6, 10, units=8).eval()


def test_equation_2_term_by_term():
    features, weights = seeded(2, 3, 4, 5), seeded(6, 3, seed=1)
    maps = class_activation_maps(features, weights)
    for b, c, y, x in [(0, 0, 0, 0), (1, 5, 3, 4), (0, 2, 1, 3)]:
        by_hand = sum(float(weights[c, k] * features[b, k, y, x]) for k in range(3))
        assert float(maps[b, c, y, x]) == pytest.approx(by_hand, abs=1e-5)


def test_planted_unit_peaks_where_it_fires():
    features = torch.zeros(1, 4, 7, 9)
    features[0, 2, 5, 1] = 3.0  # row 5, column 1: a transposed map would peak elsewhere
    weights = torch.zeros(2, 4)
    weights[1, 2] = 2.0
    maps = class_activation_maps(features, weights)
    assert maps[0, 1].argmax() == 5 * 9 + 1
    assert maps[0, 1].max() == 6.0
    assert maps[0, 0].abs().max() == 0


def test_mean_of_map_plus_bias_is_the_logit(small):
    result = cams(small, seeded(4, 3, 16, 16), classes=None)
    again = result.maps.mean((2, 3)) + small.class_bias
    torch.testing.assert_close(again, result.logits)


def test_max_pooling_uses_the_maximum_of_each_feature():
    torch.manual_seed(0)
    network = CutNetwork(nn.Conv2d(3, 4, 3), 4, 5, units=6, pool="max").eval()
    images = seeded(3, 3, 12, 12)
    result = cams(network, images, classes=None)
    pooled = network.features(images).amax((2, 3))
    torch.testing.assert_close(result.logits, pooled @ network.class_weights.T + network.class_bias)


@pytest.mark.parametrize("count", [1, 3, 10])
def test_classes_as_number_gives_the_best_in_order(small, count):
    result = cams(small, seeded(4, 3, 16, 16), count)
    assert torch.equal(result.classes, result.logits.topk(count).indices)
    assert result.maps.shape == (4, count, 8, 8)


def test_classes_as_tensors(small):
    images = seeded(4, 3, 16, 16)
    every = cams(small, images, None).maps
    shared = cams(small, images, torch.tensor([7, 0]))
    torch.testing.assert_close(shared.maps, every[:, [7, 0]])
    assert shared.classes.tolist() == [[7, 0]] * 4
    each = torch.tensor([[1, 2], [3, 4], [5, 6], [9, 8]])
    chosen = cams(small, images, each)
    for b in range(4):
        torch.testing.assert_close(chosen.maps[b], every[b, each[b]])
    assert chosen.classes.dtype == torch.int64


def test_results_are_ordinary_tensors(small):
    result = cams(small, seeded(1, 3, 16, 16))
    for tensor in (result.logits, result.classes, result.maps):
        assert not tensor.is_inference()
        assert not tensor.requires_grad
    scale = torch.ones(1, requires_grad=True)
    (result.maps * scale).sum().backward()  # "Inference tensors cannot be saved for backward"


def test_probabilities_are_those_of_the_classes(small):
    result = cams(small, seeded(2, 3, 16, 16), 3)
    expected = result.logits.softmax(1).gather(1, result.classes)
    torch.testing.assert_close(result.probabilities, expected)


@pytest.mark.parametrize(
    ("classes", "found"),
    [
        (0, "classes=0"),
        (11, "classes=11"),
        (True, "classes=True"),
        ("cat", "classes='cat'"),
        (torch.tensor([10]), "10"),
        (torch.tensor([-1]), "-1"),
        (torch.tensor([0.5]), "float32"),
        (torch.zeros(3, 2, dtype=torch.long), "for 3 images"),
    ],
)
def test_bad_classes_are_refused(small, classes, found):
    with pytest.raises(CamError, match=found):
        cams(small, seeded(2, 3, 16, 16), classes)


@pytest.mark.parametrize(
    "images", [seeded(3, 16, 16), torch.zeros(1, 3, 16, 16, dtype=torch.uint8), "photo.jpg"]
)
def test_bad_images_are_refused(small, images):
    with pytest.raises(CamError, match=r"expected a float tensor \(B, 3, H, W\)"):
        cams(small, images)


@pytest.mark.parametrize(
    ("features", "weights"),
    [((2, 3), (5, 3)), ((2, 3, 4, 4), (5, 4)), ((2, 3, 4, 4), (3, 5, 3))],
)
def test_shapes_that_do_not_fit_are_refused(features, weights):
    with pytest.raises(CamError, match="expected"):
        class_activation_maps(torch.zeros(features), torch.zeros(weights))


class Tempered(nn.Module):
    """A head whose temperature appears only for large inputs: the probe cannot see it."""

    def __init__(self):
        super().__init__()
        self.conv, self.fc = nn.Conv2d(3, 4, 3), nn.Linear(4, 5)

    def forward(self, x):
        logits = self.fc(self.conv(x).relu().mean((2, 3)))
        if x.amax() > 50:
            logits.mul_(0.5)
        return logits


def test_a_broken_identity_is_refused_with_both_numbers():
    network = as_gap_network(Tempered())
    cams(network, seeded(1, 3, 16, 16))
    bright = 100 * seeded(1, 3, 18, 18)
    with pytest.raises(NoClassActivationMap, match=r"is .* but the network's logit is"):
        cams(network, bright)


def test_nan_is_refused(small):
    with pytest.raises(NoClassActivationMap, match="nan"):
        cams(small, torch.full((1, 3, 20, 20), float("nan")))


def test_a_result_shows_itself_in_short(small):
    result = cams(small, seeded(2, 3, 32, 32), 3)
    assert repr(result).startswith("CamResult: 2 images, 3 maps of ")
    assert len(repr(result)) < 200
    assert Image.open(io.BytesIO(result._repr_png_())).width > 200
