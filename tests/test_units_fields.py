"""Receptive fields of section 5, on networks where the answer is known."""

import numpy as np
import pytest
import torch
from torch import nn
from units_world import Pictures

from cam_utils import CamError
from cam_utils.networks import as_gap_network
from cam_utils.networks.gap import GapNetwork, InputSpec
from cam_utils.networks.zoo.caffe import build_caffe
from cam_utils.networks.zoo.mini_weights import build_mini
from cam_utils.sections.s5_units.field import receptive_field
from cam_utils.sections.s5_units.known_fields import OneConvolution
from cam_utils.sections.s5_units.occlusion import (
    EmpiricalField,
    discrepancy,
    empirical_field,
    occluders,
    scaled_occluder,
)
from cam_utils.sections.s5_units.top import top_images

SPEC = InputSpec(size=32, resize=32, squash=True, mean=(0, 0, 0), std=(1, 1, 1))


class Net(GapNetwork):
    """Some layers, global average pooling, two classes."""

    def __init__(self, *layers, channels=2, spec=SPEC):
        super().__init__()
        self.trunk, self.fc = nn.Sequential(*layers), nn.Linear(channels, 2)
        self.input_spec, self.classes, self.name = spec, ["a", "b"], "toy"

    @property
    def class_weights(self):
        return self.fc.weight

    @property
    def class_bias(self):
        return self.fc.bias

    def features(self, images):
        return self.trunk(images)


class Side(nn.Module):
    """Branches side by side."""

    def __init__(self, *branches):
        super().__init__()
        self.branches = nn.ModuleList(branches)

    def forward(self, x):
        return torch.cat([b(x) for b in self.branches], 1)


def by_formula(layers):
    """(size, stride, start) of (kernel, stride, padding, dilation), first to last."""
    size, jump, start = 1, 1, 0
    for kernel, stride, padding, dilation in layers:
        reach = dilation * (kernel - 1)
        size, start = size + reach * jump, start - padding * jump
        jump *= stride
    return size, jump, start


STACKS = [
    [(3, 1, 1, 1)],
    [(3, 1, 1, 1)] * 3,
    [(5, 2, 2, 1), (3, 2, 1, 1), (3, 1, 0, 1)],
    [(3, 1, 2, 2), (1, 1, 0, 1), (7, 4, 3, 1), (3, 1, 4, 4)],
]


@pytest.mark.parametrize("stack", STACKS)
def test_convolutions_as_by_formula(stack):
    layers, channels = [], 3
    for kernel, stride, padding, dilation in stack:
        layers += [nn.Conv2d(channels, 2, kernel, stride, padding, dilation), nn.ReLU()]
        channels = 2
    field = receptive_field(Net(*layers))
    assert (field.size, field.stride, field.start) == by_formula(stack)
    assert not field.cut


def test_poolings_branches_shortcuts_and_norms():
    pooled = Net(
        nn.Conv2d(3, 2, 7, 2, 3), nn.BatchNorm2d(2), nn.ReLU(inplace=True),
        nn.MaxPool2d(3, 2, ceil_mode=True), nn.LocalResponseNorm(5), nn.AvgPool2d(2, 2),
    )  # fmt: skip
    size, stride, start = by_formula([(7, 2, 3, 1), (3, 2, 0, 1), (2, 2, 0, 1)])
    found = receptive_field(pooled)
    assert (found.size, found.stride, found.start) == (size, stride, start)
    side = Side(nn.Conv2d(3, 2, 1), nn.Conv2d(3, 2, 5, padding=2), nn.MaxPool2d(3, 1, 1))
    assert receptive_field(Net(side, channels=7)).size == 5  # the widest branch
    zero = Net(nn.Conv2d(3, 2, 9, padding=4))
    nn.init.zeros_(zero.trunk[0].weight)  # which weights it has does not matter
    assert receptive_field(zero).size == 9


def test_named_networks():
    assert receptive_field(build_mini("alexnet-gap", 24)).size == 97
    found = receptive_field(build_mini("alexnetplus-gap", 24))
    conv7 = [(5, 2, 2, 1), (3, 2, 0, 1), (5, 1, 2, 1), (3, 2, 0, 1)] + [(3, 1, 1, 1)] * 3
    conv7 += [(3, 1, 0, 1)] + [(3, 1, 1, 1)] * 2
    assert (found.size, found.stride, found.start) == by_formula(conv7)
    released = receptive_field(build_caffe("caffe/alexnetplus-cam"))
    layers = [(11, 4, 0, 1), (3, 2, 0, 1), (5, 1, 2, 1), (3, 2, 0, 1)] + [(3, 1, 1, 1)] * 3
    layers += [(3, 1, 0, 1)] + [(3, 1, 1, 1)] * 2
    assert (released.size, released.stride, released.start) == by_formula(layers)


class Residual(nn.Module):
    """A small torchvision-style network; with `attend` its block looks at the whole picture."""

    def __init__(self, attend=False):
        super().__init__()
        self.conv, self.norm = nn.Conv2d(3, 4, 3, 2, 1), nn.BatchNorm2d(4)
        self.block, self.squeeze = nn.Conv2d(4, 4, 3, padding=1), nn.Conv2d(4, 4, 1)
        self.fc, self.attend = nn.Linear(4, 3), attend

    def forward(self, x):
        x = self.norm(self.conv(x)).relu_()
        y = self.block(x)
        if self.attend:
            y = y * self.squeeze(nn.functional.adaptive_avg_pool2d(y, 1)).sigmoid()
        y += x
        return self.fc(y.relu().mean((2, 3)))


def test_wrapped_networks_and_attention():
    field = receptive_field(as_gap_network(Residual(), SPEC))
    assert (field.size, field.stride, field.start) == by_formula([(3, 2, 1, 1), (3, 1, 1, 1)])
    whole = receptive_field(as_gap_network(Residual(attend=True), SPEC))
    assert whole.size is None
    with pytest.raises(CamError, match="as_gap_network"):
        receptive_field(nn.Conv2d(3, 2, 3))
    with pytest.raises(CamError, match="dilation"):
        receptive_field(Net(nn.Conv2d(3, 2, 1), nn.MaxPool2d(3, dilation=2)))


def test_weights_and_mode_stay_as_they_are():
    net = Net(nn.Conv2d(3, 2, 3), nn.BatchNorm2d(2)).train()
    before = [p.clone() for p in net.state_dict().values()]
    receptive_field(net)
    assert net.training
    assert all(torch.equal(a, b) for a, b in zip(before, net.state_dict().values(), strict=True))


@pytest.mark.parametrize(("size", "nonzero"), [(9, None), (9, 5), (13, 3)])
def test_empirical_field_is_exact_where_it_is_known(size, nonzero):
    net, pool = OneConvolution(size, nonzero), Pictures(6, 48)
    top = top_images(net, pool, k=4, progress=False, cache=False)
    field = receptive_field(net)
    assert field.size == size
    found = empirical_field(net, pool, top, 0, count=4, patch=1, stride=1, field=field)
    rows, columns = np.nonzero(found.map)
    wanted = nonzero or size
    # a square in the very middle of the canvas
    assert (rows.min(), rows.max()) == (48 - wanted // 2, 48 + wanted // 2)
    assert (columns.min(), columns.max()) == (48 - wanted // 2, 48 + wanted // 2)
    assert found.side(0.0) == wanted <= field.size
    assert (found.n, found.copies) == (4, 48 * 48)


def test_occluders_widen_the_field_by_at_most_their_size():
    net, pool = OneConvolution(9), Pictures(6, 48)
    top = top_images(net, pool, k=3, progress=False, cache=False)
    found = empirical_field(net, pool, top, 0, count=3, patch=5, stride=2)
    assert 9 <= found.side(0.0) <= 9 + 5 + 1  # half a grid step on either side
    assert found.side(0.5) <= found.side(0.0)


def naive(net, view, unit, patch, stride, seed):
    side = view.shape[-1]
    grid = range(0, side - patch + 1, stride)
    noise = occluders(net.input_spec, patch, len(grid) ** 2, seed)
    with torch.no_grad():
        before = net.features(view[None])[0, unit]
        at = np.unravel_index(int(before.argmax()), before.shape)
        change = []
        for n, (y, x) in enumerate((y, x) for y in grid for x in grid):
            copy = view.clone()
            copy[:, y : y + patch, x : x + patch] = noise[n]
            change.append(float((net.features(copy[None])[0, unit][at] - before[at]).abs()))
    return np.array(change).reshape(len(grid), -1), at


def test_batched_occlusion_equals_the_loop_over_all_places():
    torch.manual_seed(3)
    net = Net(nn.Conv2d(3, 4, 5, 2, 2), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(4, 2, 3)).eval()
    view = torch.rand(3, 32, 32)
    field = receptive_field(net)
    for unit in (0, 1):
        wanted, at = naive(net, view, unit, 5, 3, 11)
        for batch, known in ((1, None), (7, field), (64, field)):
            found, peak = discrepancy(net, view, unit, 5, 3, batch, 11, known)
            assert peak == at
            np.testing.assert_allclose(found, wanted, atol=1e-6)


def test_occluders_follow_the_picture_s_size():
    assert scaled_occluder(224) == (11, 3)
    assert scaled_occluder(112) == (5, 2)
    assert ((224 - 11) // 3 + 1) ** 2 == 5184  # [34]: "about 5,000"


def test_the_side_of_a_field_is_that_of_a_square_of_its_area():
    canvas = np.zeros((9, 9))
    assert EmpiricalField(canvas, 1, 1, 1, 1).side() == 0
    canvas[2:5, 2:5], canvas[3, 3] = 0.4, 1.0
    field = EmpiricalField(canvas, 1, 1, 1, 1)
    assert [field.side(f) for f in (0, 0.3, 0.5)] == [3, 3, 1]
    with pytest.raises(CamError, match="fraction"):
        field.side(1.0)
