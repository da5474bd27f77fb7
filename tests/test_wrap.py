"""`as_gap_network` on torchvision's networks and on home-made ones: exact or refused."""

import copy

import pytest
import torch
import torchvision
from torch import nn
from torch.nn import functional as F

from cam_utils import NoClassActivationMap, as_gap_network, cams
from cam_utils.networks import InputSpec, check_identity

EXACT = [
    "resnet18", "resnet50", "resnext50_32x4d", "wide_resnet50_2", "densenet121", "googlenet",
    "inception_v3", "mobilenet_v2", "mobilenet_v3_small", "mobilenet_v3_large", "efficientnet_b0",
    "efficientnet_v2_s", "regnet_x_400mf", "regnet_y_400mf", "shufflenet_v2_x0_5", "mnasnet0_5",
    "convnext_tiny", "swin_t", "swin_v2_t", "maxvit_t", "squeezenet1_0", "squeezenet1_1",
]  # fmt: skip
SIZES = {"inception_v3": 299}


def build(name):
    torch.manual_seed(0)
    options = {"init_weights": False} if name in ("googlenet", "inception_v3") else {}
    model = torchvision.models.get_model(name, **options)
    for module in model.modules():  # random norms, so that nothing holds by accident
        if isinstance(module, nn.BatchNorm2d):
            module.running_mean.uniform_(-0.2, 0.2)
            module.running_var.uniform_(0.5, 2.0)
    return model


def noise(size, batch=2, seed=1):
    return torch.randn(batch, 3, size, size, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("name", EXACT)
def test_identity_on_torchvision(name):
    model = build(name)
    size = SIZES.get(name, 224)
    network = as_gap_network(model, InputSpec(size=size))
    images = noise(size)
    result = cams(network, images, classes=5)
    with torch.no_grad():
        logits = model(images)
    torch.testing.assert_close(result.logits, logits)
    again = result.maps.mean((2, 3)) + network.class_bias[result.classes]
    error = (again - logits.gather(1, result.classes)).abs().max() / logits.abs().max()
    assert error <= 1e-4
    assert network.class_weights.shape[0] == network.class_bias.shape[0] == 1000
    assert not network.training


@pytest.mark.parametrize("name", ["alexnet", "vgg11", "vgg11_bn"])
def test_networks_without_global_pooling_are_refused(name):
    with pytest.raises(NoClassActivationMap, match="no global pooling before the classifier"):
        as_gap_network(torchvision.models.get_model(name))


def test_transformer_without_a_map_is_refused():
    with pytest.raises(NoClassActivationMap, match="pool_tokens"):
        as_gap_network(torchvision.models.vit_b_16())


def test_densenet_features_are_those_after_the_relu():
    network = as_gap_network(build("densenet121"))
    with torch.no_grad():
        assert network.features(noise(224, 1)).min() >= 0


def test_squeezenet_map_is_rectified_with_its_bias():
    model = build("squeezenet1_1")
    nn.init.normal_(model.classifier[1].bias)
    images = noise(224, 1)
    network = as_gap_network(model)
    with torch.no_grad():
        own = model.classifier[1](model.features(images)).relu()
    maps = cams(network, images, classes=None).maps
    torch.testing.assert_close(maps, own)


class Custom(nn.Module):
    """A trunk, one of several heads."""

    def __init__(self, head, channels=3):
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(channels, 8, 3, 2), nn.ReLU(), nn.Conv2d(8, 8, 3), nn.ReLU(inplace=True)
        )
        self.fc, self.hidden, self.out = nn.Linear(8, 5), nn.Linear(8, 6), nn.Linear(6, 5)
        self.bn, self.wide = nn.BatchNorm1d(8), nn.Linear(16, 5)
        self.head = head

    def forward(self, x):
        return self.head(self, self.body(x))


def pooled(x):
    return F.adaptive_avg_pool2d(x, 1).flatten(1)


GOOD = {
    "scaled": lambda m, x: m.fc(pooled(x)) * 3,
    "method mean": lambda m, x: m.fc(x.mean([2, 3])),
    "negative dims": lambda m, x: m.fc(x.mean(dim=(-2, -1))),
    "keepdim and squeeze": lambda m, x: m.fc(x.mean((2, 3), keepdim=True).squeeze(-1).squeeze(-1)),
    "avg_pool2d": lambda m, x: m.fc(F.avg_pool2d(x, x.shape[2:]).view(x.shape[0], -1)),
    "channels last": lambda m, x: m.fc(x.permute(0, 2, 3, 1).mean((1, 2))),
    "batch norm": lambda m, x: m.fc(m.bn(pooled(x))),
    "hidden relu": lambda m, x: m.out(m.hidden(pooled(x)).relu()),
    "dropout": lambda m, x: m.fc(F.dropout(pooled(x), 0.5, m.training)),
    "no bias": lambda m, x: F.linear(pooled(x), m.fc.weight),
    "tuple": lambda m, x: (m.fc(pooled(x)), x),
    "gated by a pooled score": lambda m, x: m.fc(pooled(x * pooled(x).sigmoid()[..., None, None])),
}
BAD = {
    "two poolings joined": lambda m, x: m.wide(
        torch.cat([pooled(x), F.adaptive_max_pool2d(x, 1).flatten(1)], 1)
    ),
    "normalised": lambda m, x: m.fc(F.normalize(pooled(x))),
    "sigmoid": lambda m, x: m.out(m.hidden(pooled(x)).sigmoid()),
    "flattened": lambda m, x: F.linear(x.flatten(1), torch.ones(5, x[0].numel())),
}


@pytest.mark.parametrize("head", GOOD)
def test_home_made_heads_are_exact(head):
    torch.manual_seed(0)
    model = Custom(GOOD[head])
    network = as_gap_network(model, InputSpec(size=24), classes=list("abcde"))
    images = noise(30)
    result = cams(network, images, None)
    again = result.maps.mean((2, 3)) + network.class_bias
    torch.testing.assert_close(again, result.logits, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("head", BAD)
def test_home_made_heads_without_exact_maps_are_refused(head):
    torch.manual_seed(0)
    with pytest.raises(NoClassActivationMap, match="pooling"):
        as_gap_network(Custom(BAD[head]), InputSpec(size=24))


@pytest.mark.parametrize("kind", ["amax", "module"])
def test_global_max_pooling_is_recognised(kind):
    torch.manual_seed(0)
    head = {
        "amax": lambda m, x: m.fc(x.amax((2, 3))),
        "module": lambda m, x: m.fc(nn.AdaptiveMaxPool2d(1)(x).flatten(1)),
    }[kind]
    network = as_gap_network(Custom(head), InputSpec(size=24))
    assert network.pool == "max"
    with torch.no_grad():
        assert check_identity(network, *network.logits_and_features(noise(24))) < 1e-5


def test_grey_input_and_wrapped_models():
    grey = as_gap_network(Custom(GOOD["method mean"], channels=1), InputSpec(size=24))
    assert cams(grey, torch.rand(2, 1, 24, 24), 2).maps.shape[:2] == (2, 2)
    parallel = as_gap_network(nn.DataParallel(Custom(GOOD["method mean"])), InputSpec(size=24))
    assert cams(parallel, noise(24), 2).classes.shape == (2, 2)
    compiled = torch.compile(Custom(GOOD["method mean"]), backend="eager")
    assert cams(as_gap_network(compiled, InputSpec(size=24)), noise(24), 2).maps.dim() == 4


def test_new_weights_are_seen():
    model = Custom(GOOD["method mean"])
    network = as_gap_network(model, InputSpec(size=24))
    nn.init.normal_(model.fc.weight)
    result = cams(network, noise(24), None)
    torch.testing.assert_close(result.maps.mean((2, 3)) + model.fc.bias, result.logits)


def test_a_model_that_rejects_the_probe_asks_for_an_example():
    class Fussy(Custom):
        def forward(self, x):
            if x.shape[-1] != 40:
                raise ValueError("expected 40 pixels")
            return super().forward(x)

    model = Fussy(GOOD["method mean"])
    with pytest.raises(NoClassActivationMap, match="example"):
        as_gap_network(model)
    assert as_gap_network(model, example=noise(40)).class_weights.shape == (5, 8)
    assert cams(model, noise(40), 1).maps.shape[1] == 1


class TwoPaths(Custom):
    """Runs another last module for bright images than for the probe."""

    def __init__(self):
        super().__init__(GOOD["method mean"])
        self.usual, self.bright = nn.Identity(), nn.Identity()

    def forward(self, x):
        last = self.bright if x.amax() > 50 else self.usual
        return self.fc(last(self.body(x)).mean([2, 3]))


def test_a_network_that_takes_another_path_is_still_watched():
    torch.manual_seed(0)
    network = as_gap_network(TwoPaths(), InputSpec(size=24))
    for images in (noise(24), 100 * noise(24)):
        result = cams(network, images, None)
        again = result.maps.mean((2, 3)) + network.class_bias
        torch.testing.assert_close(again, result.logits, rtol=1e-4, atol=1e-3)
    assert not any(m._forward_hooks for m in network.modules())


def test_a_wrapped_network_can_be_copied_and_its_weights_saved():
    torch.manual_seed(0)
    network = as_gap_network(Custom(GOOD["hidden relu"]), InputSpec(size=24))
    twin = copy.deepcopy(network)
    for parameter in network.parameters():  # the copy must not see it
        nn.init.zeros_(parameter)
    result = cams(twin, noise(24), None)
    torch.testing.assert_close(result.maps.mean((2, 3)) + twin.class_bias, result.logits)
    assert twin.class_weights.abs().max() > 0
    assert all(key.startswith("model.") for key in network.state_dict())


def test_the_random_state_of_the_user_is_left_alone():
    torch.manual_seed(3)
    expected = torch.rand(1)
    torch.manual_seed(3)
    model = Custom(GOOD["method mean"])
    torch.manual_seed(3)
    as_gap_network(model, InputSpec(size=24))
    assert torch.equal(torch.rand(1), expected)
