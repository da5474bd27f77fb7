"""What a network wants to be shown is read where it stands, else guessed with a warning."""

from types import SimpleNamespace

import pytest
import timm
import torch
import torchvision
from torch import nn

from cam_utils import CamError, NoClassActivationMap, as_gap_network
from cam_utils.networks.gap import IMAGENET, InputSpec
from cam_utils.networks.preprocessing import imagenet_names


class Plain(nn.Module):
    def __init__(self, classes=3):
        super().__init__()
        self.conv, self.fc = nn.Conv2d(3, 4, 3, 2), nn.Linear(4, classes)

    def forward(self, x):
        return self.fc(self.conv(x).relu().mean((2, 3)))


def test_timm_says_it_itself():
    network = as_gap_network(timm.create_model("inception_v3", pretrained=False))
    spec = network.input_spec
    assert (spec.size, spec.resize, spec.kernel) == (299, 341, "bicubic")
    assert (spec.mean, spec.std) == ((0.5, 0.5, 0.5), (0.5, 0.5, 0.5))
    assert network.classes == imagenet_names()


def test_names_of_another_number_of_classes_are_not_read():
    model = timm.create_model("resnet18", pretrained=False, num_classes=7)
    assert as_gap_network(model).classes is None


def test_torchvisions_weights_say_it():
    weights = torchvision.models.ResNet50_Weights.IMAGENET1K_V2
    network = as_gap_network(torchvision.models.resnet50(), weights)
    assert (network.input_spec.size, network.input_spec.resize) == (224, 232)
    assert network.classes[281] == "tabby"


def test_a_processor_of_hugging_face_says_it():
    processor = SimpleNamespace(
        image_mean=[0.4, 0.5, 0.6], image_std=[0.1, 0.2, 0.3], resample=3,
        size={"shortest_edge": 48}, crop_size={"height": 40, "width": 40}, do_center_crop=True,
        rescale_factor=1 / 127.5,
    )  # fmt: skip
    model = Plain(2)
    model.config = SimpleNamespace(id2label={1: "dog", 0: "cat"})
    spec = as_gap_network(model, processor).input_spec
    assert spec == InputSpec(
        40, 48, False, "bicubic", "RGB", 1 / 127.5, (0.4, 0.5, 0.6), (0.1, 0.2, 0.3)
    )
    assert as_gap_network(model, processor).classes == ["cat", "dog"]
    processor.size, processor.do_center_crop = {"height": 32, "width": 32}, False
    spec = as_gap_network(model, processor).input_spec
    assert (spec.size, spec.resize, spec.squash) == (32, 32, True)


def test_generic_labels_are_no_names():
    model = Plain(2)
    model.config = SimpleNamespace(id2label={0: "LABEL_0", 1: "LABEL_1"})
    assert as_gap_network(model, IMAGENET).classes is None


def test_a_guess_says_that_it_is_one():
    with pytest.warns(UserWarning, match="Plain does not say .* guessed: 224 pixels") as caught:
        network = as_gap_network(Plain())
    assert caught[0].filename == __file__
    assert network.input_spec == IMAGENET
    with pytest.warns(UserWarning, match="guessed: 64 pixels"):
        assert as_gap_network(Plain(), example=torch.rand(1, 3, 64, 64)).input_spec.resize == 73


@pytest.mark.filterwarnings("error")
def test_what_is_given_is_taken_without_a_word():
    spec = InputSpec(size=64, resize=64)
    assert as_gap_network(Plain(), spec).input_spec == spec
    model = Plain()
    model.input_spec, model.classes = spec, ["a", "b", "c"]
    assert as_gap_network(model).input_spec == spec
    assert as_gap_network(model).classes == ["a", "b", "c"]


def test_wrong_descriptions_are_refused():
    with pytest.raises(CamError, match="input_spec of type str"):
        as_gap_network(Plain(), "imagenet")
    with pytest.raises(CamError, match="2 class names for 3"):
        as_gap_network(Plain(), IMAGENET, ["a", "b"])


def test_maps_of_one_place_have_no_where():
    model = timm.create_model("vgg11", pretrained=False)
    with pytest.raises(NoClassActivationMap, match="one place"):
        as_gap_network(model)
