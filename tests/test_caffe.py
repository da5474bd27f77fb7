"""The Caffe networks: against golden softmax values, known sizes, and damaged weight files."""

from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from caffe_writer import write_caffemodel
from plain_caffe import plain_copy
from torch import nn

from cam_utils.errors import BrokenWeights, CamError, MissingData
from cam_utils.networks.gap import GapNetwork
from cam_utils.networks.zoo.caffe import CAFFE_NETWORKS, build_caffe, caffe_file, load_caffe
from cam_utils.networks.zoo.caffe_layers import lrn, max_pool
from cam_utils.networks.zoo.caffemodel import copy_weights, read_caffemodel

NIN, SQUEEZENET = "caffe/nin", "caffe/squeezenet1.1"


def layers_of(network: nn.Module) -> dict[str, list[torch.Tensor]]:
    """All layers with weights under their Caffe names."""
    return {
        path.rsplit(".", 1)[-1]: [layer.weight.detach(), layer.bias.detach()]
        for path, layer in network.named_modules()
        if isinstance(layer, nn.Conv2d | nn.Linear)
    }


def weight_file(root: Path, name: str) -> Path:
    """The path at which `load_caffe(name, root)` looks, with its folder made."""
    path = root / "weights" / CAFFE_NETWORKS[name].file.names[0]
    path.parent.mkdir(exist_ok=True)
    return path


# --- golden values ---------------------------------------------------------------------------


def caffe_input(path: Path, size: int) -> torch.Tensor:
    """Warp to 256x256 in 8 bits, crop the centre, subtract the mean: (3, size, size), BGR."""
    warped = cv2.resize(cv2.imread(str(path)), (256, 256), interpolation=cv2.INTER_LINEAR)
    low = (256 - size) // 2  # 14, not 15, for 227
    crop = warped[low : low + size, low : low + size].astype(np.float32) - [104, 117, 123]
    return torch.from_numpy(crop.astype(np.float32)).permute(2, 0, 1)


@pytest.mark.parametrize(
    ("name", "key"), [("caffe/googlenet", "googlenet"), (SQUEEZENET, "squeezenet")]
)
def test_softmax_is_caffes(shared, name, key):
    golden = np.load(shared / "golden/caffe/softmax.npz")
    network = load_caffe(name, shared / "real")
    photos = shared / "real/ILSVRC/ILSVRC/Data/CLS-LOC/val"
    images = [
        caffe_input(photos / f"{image_id}.JPEG", network.input_spec.size)
        for image_id in golden["ids"]
    ]
    with torch.inference_mode():
        scores = torch.cat([network(batch) for batch in torch.stack(images).split(10)])
    np.testing.assert_allclose(scores.softmax(1).numpy(), golden[key], atol=1e-4)


def test_loaded_network_says_what_it_is(shared):
    network = load_caffe("caffe/googlenet", shared / "real")
    assert network.name == "caffe/googlenet"
    assert network.weights_hash == "06b12d5dea40fc6a"
    assert not network.training
    assert len(network.classes) == 1000
    assert network.classes[281] == "tabby"


# --- sizes -----------------------------------------------------------------------------------


def conv_count(inputs: int, outputs: int, kernel: int, group: int = 1) -> int:
    return inputs // group * outputs * kernel**2 + outputs


VGG_WIDTHS = [3, 64, 64, 128, 128, 256, 256, 256, 512, 512, 512, 512, 512, 512]
VGG_TRUNK = sum(conv_count(*widths, 3) for widths in pairwise(VGG_WIDTHS))
ALEXNET_PLUS_TRUNK = (
    conv_count(3, 96, 11)
    + conv_count(96, 256, 5, 2)
    + conv_count(256, 384, 3)
    + 2 * conv_count(384, 384, 3, 2)
    + conv_count(384, 512, 3, 2)
    + conv_count(512, 512, 3, 2)
)
NIN_WIDTHS = [
    *[(3, 96, 11), (96, 96, 1), (96, 96, 1)],
    *[(96, 256, 5), (256, 256, 1), (256, 256, 1)],
    *[(256, 384, 3), (384, 384, 1), (384, 384, 1)],
    *[(384, 1024, 3), (1024, 1024, 1), (1024, 1000, 1)],
]
# BVLC GoogLeNet less inception 5a and 5b and its classifier.
GOOGLENET_4E = 6_998_552 - 1_025_000 - 1_043_456 - 1_444_080
COUNTS = {
    "caffe/vgg16": 138_357_544,
    "caffe/alexnet": 60_965_224,
    "caffe/caffenet": 60_965_224,
    "caffe/googlenet": 6_998_552,
    SQUEEZENET: 1_235_496,
    NIN: sum(conv_count(*widths) for widths in NIN_WIDTHS),
    "caffe/googlenet-cam": GOOGLENET_4E + conv_count(832, 1024, 3, 2) + 1_025_000,
    "caffe/vgg16-cam": VGG_TRUNK + conv_count(512, 1024, 3, 2) + 1_025_000,
    "caffe/alexnetplus-cam": ALEXNET_PLUS_TRUNK + 513 * 1000,
    "caffe/alexnetplus-cam-places205": ALEXNET_PLUS_TRUNK + 513 * 205,
    "caffe/googlenet-cam-places205": GOOGLENET_4E + conv_count(832, 1024, 3, 2) + 1025 * 205,
    "caffe/googlenet-places205": 6_998_552 - 1025 * (1000 - 205),
    "caffe/googlenet-places365": 6_998_552 - 1025 * (1000 - 365),
}


@pytest.mark.parametrize("name", CAFFE_NETWORKS)
def test_parameter_count(name):
    with torch.device("meta"):
        network = build_caffe(name)
    assert sum(p.numel() for p in network.parameters()) == COUNTS[name]


MAPS = {
    "caffe/googlenet": (1024, 7, 7),
    SQUEEZENET: (1000, 14, 14),
    NIN: (1000, 6, 6),
    "caffe/googlenet-cam": (1024, 14, 14),
    "caffe/vgg16-cam": (1024, 14, 14),
    "caffe/alexnetplus-cam": (512, 11, 11),
    "caffe/alexnetplus-cam-places205": (512, 11, 11),
    "caffe/googlenet-cam-places205": (1024, 14, 14),
    "caffe/googlenet-places205": (1024, 7, 7),
    "caffe/googlenet-places365": (1024, 7, 7),
}


@pytest.mark.parametrize("name", CAFFE_NETWORKS)
def test_map_shapes(name):
    with torch.device("meta"):  # shapes only: nothing is computed
        network = build_caffe(name).eval()
        size = network.input_spec.size
        images = torch.empty(1, 3, size, size)
    classes = int(name.split("places")[1]) if "places" in name else 1000
    assert network(images).shape == (1, classes)
    assert isinstance(network, GapNetwork) == (name in MAPS)
    if name in MAPS:
        assert network.features(images).shape[1:] == MAPS[name]
        assert network.class_weights.shape == (classes, MAPS[name][0])
        assert network.class_bias.shape == (classes,)


@pytest.mark.parametrize("name", ["caffe/googlenet-cam", "caffe/alexnetplus-cam", NIN])
def test_logit_is_mean_of_map_plus_bias(name):
    torch.manual_seed(0)
    network = build_caffe(name).eval()
    size = network.input_spec.size
    with torch.inference_mode():
        logits, features = network.logits_and_features(torch.randn(1, 3, size, size) * 50)
        maps = torch.einsum("ck,bkhw->bchw", network.class_weights, features)
    scale = logits.abs().max()
    torch.testing.assert_close(
        maps.mean((2, 3)) + network.class_bias, logits, atol=1e-5 * float(scale), rtol=0
    )


def test_dropout_only_in_training_and_classifier_trains():
    torch.manual_seed(0)
    network = build_caffe("caffe/alexnetplus-cam")
    features = torch.rand(1, 512, 11, 11)
    assert not torch.equal(network.classify(features), network.classify(features))
    network.classify(features).sum().backward()
    assert network.class_weights.grad is not None
    assert network.class_bias.grad is not None
    network.eval()
    assert torch.equal(network.classify(features), network.classify(features))


def test_alexnet_normalises_before_it_pools_and_caffenet_after():
    with torch.device("meta"):
        orders = [
            list(dict(build_caffe(f"caffe/{n}").named_children())) for n in ("alexnet", "caffenet")
        ]
    for order, norm_first in zip(orders, (True, False), strict=True):
        for i in "12":
            assert (order.index(f"norm{i}") < order.index(f"pool{i}")) == norm_first


# --- layers ----------------------------------------------------------------------------------


def test_pool_rounds_up_and_starts_inside_the_image():
    pool = max_pool("p", 3, 2)[0][1]
    assert pool(torch.rand(1, 1, 112, 112)).shape[-1] == 56
    assert max_pool("p", 2, 2, pad=1)[0][1](torch.rand(1, 1, 5, 5)).shape[-1] == 3


def test_lrn_is_caffes_formula():
    maps = torch.rand(1, 8, 2, 2, dtype=torch.float64) * 100
    squares = nn.functional.pad(maps**2, (0, 0, 0, 0, 2, 2)).unfold(1, 5, 1).sum(-1)
    expected = maps / (1 + 1e-4 / 5 * squares) ** 0.75
    assert torch.allclose(lrn("norm")[0][1](maps), expected)


@pytest.mark.parametrize("channels", [1, 2, 3, 4, 64])
def test_lrn_and_its_gradient_are_torchs(channels):
    peer = nn.LocalResponseNorm(5, alpha=1e-4, beta=0.75, k=1.0)
    found = []
    for layer in (lrn("norm")[0][1], peer):
        torch.manual_seed(0)
        maps = (torch.randn(2, channels, 5, 4).double() * 100).requires_grad_()
        layer(maps).square().sum().backward()
        found.append((layer(maps).detach(), maps.grad))
    for own, other in zip(*found, strict=True):
        torch.testing.assert_close(own, other)


@pytest.mark.parametrize("name", ["caffe/googlenet", "caffe/googlenet-cam", "caffe/alexnet", NIN])
def test_the_faster_layout_and_norm_change_no_logit_by_more_than_rounding(name):
    torch.manual_seed(0)
    network = build_caffe(name).eval()
    peer = plain_copy(network)
    assert network.state_dict().keys() == peer.state_dict().keys()
    size = network.input_spec.size
    images = torch.randn(2, 3, size, size) * 50
    with torch.inference_mode():
        own, other = network(images), peer(images)
        torch.testing.assert_close(own, other, rtol=0, atol=3e-6 * float(other.abs().max()))
        if isinstance(network, GapNetwork):
            maps = network.features(images)
            assert maps.is_contiguous(memory_format=torch.channels_last)
            assert peer.features(images).is_contiguous()


# --- weight files ----------------------------------------------------------------------------


@pytest.mark.parametrize("v1", [True, False], ids=["old", "new"])
def test_written_file_gives_the_same_logits(tmp_path, v1):
    torch.manual_seed(0)
    network = build_caffe("caffe/googlenet-cam").eval()
    blobs = layers_of(network) | {"loss1/classifier": [torch.zeros(3, 4), torch.zeros(3)]}
    write_caffemodel(weight_file(tmp_path, "caffe/googlenet-cam"), blobs, v1)
    loaded = load_caffe("caffe/googlenet-cam", tmp_path)
    images = torch.randn(1, 3, 224, 224)
    with torch.inference_mode():
        assert torch.equal(network(images), loaded(images))
    stored = read_caffemodel(caffe_file("caffe/googlenet-cam", tmp_path))["CAM_fc"]
    assert stored[0].shape == ((1, 1, 1000, 1024) if v1 else (1000, 1024))


def test_new_layers_keep_their_start_values():
    torch.manual_seed(0)
    source, target = build_caffe("caffe/googlenet"), build_caffe("caffe/googlenet-cam")
    start = target.class_weights.detach().clone()
    copy_weights(target, layers_of(source), new_layers=("CAM_conv", "CAM_fc"))
    name = "inception_4e/1x1"
    assert torch.equal(layers_of(target)[name][0], layers_of(source)[name][0])
    assert torch.equal(target.class_weights, start)


def test_blobs_above_64_megabytes(tmp_path):
    large = np.arange(17_000_000, dtype=np.float32)
    path = write_caffemodel(tmp_path / "large.caffemodel", {"fc": [large]})
    assert path.stat().st_size > 64 * 2**20
    assert torch.equal(read_caffemodel(path)["fc"][0], torch.from_numpy(large))


@pytest.fixture(scope="module")
def squeezenet_bytes(tmp_path_factory) -> bytes:
    path = tmp_path_factory.mktemp("whole") / "whole.caffemodel"
    return write_caffemodel(path, layers_of(build_caffe(SQUEEZENET))).read_bytes()


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"", "an empty file"),
        (b"\xff\xd8\xff\xe0\x00\x10JFIF" + bytes(range(256)), "a JPEG picture"),
        (b"<!DOCTYPE html><title>404</title>", "a web page"),
        (b"PK\x03\x04" + b"\x00" * 40, "a PyTorch checkpoint"),
        (b'name: "AlexNet"\n', "prototxt"),
        (b"\x00" * 100, "100 bytes"),
    ],
)
def test_other_formats_are_named(tmp_path, content, found):
    weight_file(tmp_path, SQUEEZENET).write_bytes(content)
    with pytest.raises(BrokenWeights, match=found):
        load_caffe(SQUEEZENET, tmp_path)


@pytest.mark.parametrize("share", [0.001, 0.3, 0.999])
def test_truncated_file(tmp_path, squeezenet_bytes, share):
    content = squeezenet_bytes[: int(share * len(squeezenet_bytes))]
    weight_file(tmp_path, SQUEEZENET).write_bytes(content)
    with pytest.raises(BrokenWeights, match="fetch it again"):
        load_caffe(SQUEEZENET, tmp_path)


def test_missing_layer_and_wrong_shape_are_named(tmp_path):
    blobs = layers_of(build_caffe(SQUEEZENET))
    path = weight_file(tmp_path, SQUEEZENET)
    write_caffemodel(path, {k: v for k, v in blobs.items() if k != "fire5/expand3x3"})
    with pytest.raises(BrokenWeights, match=r"'fire5/expand3x3' found no such layer"):
        load_caffe(SQUEEZENET, tmp_path)
    write_caffemodel(path, blobs | {"conv10": [torch.zeros(10, 512, 1, 1), torch.zeros(10)]})
    with pytest.raises(BrokenWeights, match=r"\(10, 512, 1, 1\).*expected.*\(1000, 512, 1, 1\)"):
        load_caffe(SQUEEZENET, tmp_path)
    # As many numbers, but transposed: a plain reshape would take them.
    write_caffemodel(path, blobs | {"conv10": [torch.zeros(512, 1000, 1, 1), torch.zeros(1000)]})
    with pytest.raises(BrokenWeights, match="conv10"):
        load_caffe(SQUEEZENET, tmp_path)
    write_caffemodel(path, blobs | {"conv10": blobs["conv10"][:1]})  # no bias
    with pytest.raises(BrokenWeights, match="conv10"):
        load_caffe(SQUEEZENET, tmp_path)


def test_blob_with_too_few_numbers(tmp_path):
    path = write_caffemodel(tmp_path / "short.caffemodel", {"conv1": [np.zeros((2, 3))]})
    content = path.read_bytes().replace(b"\x02\x03*", b"\x02\x04*")  # claim the shape (2, 4)
    path.write_bytes(content)
    with pytest.raises(BrokenWeights, match=r"'conv1' a blob of shape \(2, 4\)"):
        read_caffemodel(path)


def test_hash_of_another_file(tmp_path):
    write_caffemodel(weight_file(tmp_path, "caffe/alexnet"), {"conv1": [np.zeros(3)]})
    with pytest.raises(BrokenWeights, match="not the published weight file"):
        load_caffe("caffe/alexnet", tmp_path)


@pytest.mark.parametrize("name", CAFFE_NETWORKS)
def test_missing_file_says_what_is_wanted_and_where(tmp_path, name):
    with pytest.raises(MissingData) as error:
        load_caffe(name, tmp_path)
    for wanted in (*CAFFE_NETWORKS[name].file.names, str(tmp_path / "weights"), "Get it from"):
        assert wanted in str(error.value)
    with pytest.raises(MissingData, match="no data folder"):
        load_caffe(name, None)


def test_unknown_name():
    with pytest.raises(CamError, match="caffe/googlenet-cam"):
        build_caffe("caffe/resnet")
