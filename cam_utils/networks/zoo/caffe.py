"""The Caffe networks of the paper by name: how each is built and which file holds its weights."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from torch import nn

from ...errors import unknown
from ..gap import CAFFE, InputSpec
from ..preprocessing import imagenet_names
from .caffe_layers import last_on_cpu
from .caffe_nets import (
    alexnet,
    alexnetplus_cam,
    caffenet,
    googlenet,
    googlenet_cam,
    nin,
    squeezenet,
    vgg16,
    vgg16_cam,
)
from .caffemodel import copy_weights, read_caffemodel
from .weight_files import WeightFile

_CAFFE_227 = replace(CAFFE, size=227)

_VGG = replace(CAFFE, mean=(103.939, 116.779, 123.68))  # its authors' own mean

_ZOO = "the BVLC Caffe model zoo"

_CAM_RELEASE = "the models released with the CAM paper (zhoubolei/CAM)"


@dataclass(frozen=True)
class CaffeEntry:
    """One network: how to build it and which file holds its weights."""

    build: Callable[[], nn.Module]
    file: WeightFile
    input_spec: InputSpec = CAFFE
    imagenet: bool = True  # the 1000 classes of ILSVRC2012


CAFFE_NETWORKS: dict[str, CaffeEntry] = {
    "caffe/googlenet": CaffeEntry(
        googlenet,
        WeightFile(
            ("bvlc_googlenet.caffemodel",),
            _ZOO,
            (
                "405fc5acd08a3bb12de8ee5e23a96bec22f08204",
                # the same weights without the auxiliary heads
                "06b12d5dea40fc6ad4c92e370e8358d680400fe23148aff21640dc118709465b",
            ),
        ),
    ),
    "caffe/squeezenet1.1": CaffeEntry(
        squeezenet, WeightFile(("squeezenet_v1.1.caffemodel",), "forresti/SqueezeNet"), _CAFFE_227
    ),
    "caffe/nin": CaffeEntry(
        nin, WeightFile(("nin_imagenet.caffemodel",), f"{_ZOO} (Network in Network)")
    ),
    "caffe/alexnet": CaffeEntry(
        alexnet,
        WeightFile(
            ("bvlc_alexnet.caffemodel",), _ZOO, ("9116a64c0fbe4459d18f4bb6b56d647b63920377",)
        ),
        _CAFFE_227,
    ),
    "caffe/caffenet": CaffeEntry(
        caffenet,
        WeightFile(
            ("bvlc_reference_caffenet.caffemodel",),
            _ZOO,
            ("4c8d77deb20ea792f84eb5e6d0a11ca0a8660a46",),
        ),
        _CAFFE_227,
    ),
    "caffe/vgg16": CaffeEntry(
        vgg16, WeightFile(("VGG_ILSVRC_16_layers.caffemodel",), f"{_ZOO} (VGG, Oxford)"), _VGG
    ),
    "caffe/googlenet-cam": CaffeEntry(
        googlenet_cam,
        WeightFile(
            (  # both spellings are about
                "imagenet_googlenetCAM_train_iter_120000.caffemodel",
                "imagenet_googleletCAM_train_iter_120000.caffemodel",
            ),
            _CAM_RELEASE,
        ),
    ),
    "caffe/vgg16-cam": CaffeEntry(
        vgg16_cam, WeightFile(("vgg16CAM_train_iter_90000.caffemodel",), _CAM_RELEASE)
    ),
    "caffe/alexnetplus-cam": CaffeEntry(
        alexnetplus_cam,
        WeightFile(("alexnetplusCAM_imagenet.caffemodel",), _CAM_RELEASE),
        _CAFFE_227,
    ),
    "caffe/alexnetplus-cam-places205": CaffeEntry(
        lambda: alexnetplus_cam(num_classes=205, drop=0.0),
        WeightFile(("alexnetplusCAM_places205.caffemodel",), _CAM_RELEASE),
        _CAFFE_227,
        imagenet=False,
    ),
    "caffe/googlenet-cam-places205": CaffeEntry(
        lambda: googlenet_cam(num_classes=205),
        WeightFile(("places_googleletCAM_train_iter_120000.caffemodel",), _CAM_RELEASE),
        imagenet=False,
    ),
    "caffe/googlenet-places205": CaffeEntry(
        lambda: googlenet(num_classes=205),
        WeightFile(
            ("googlelet_places205_train_iter_2400000.caffemodel",), f"{_ZOO} (Places205-GoogLeNet)"
        ),
        imagenet=False,
    ),
    "caffe/googlenet-places365": CaffeEntry(
        lambda: googlenet(num_classes=365),
        WeightFile(("googlenet_places365.caffemodel",), "CSAILVision/places365"),
        imagenet=False,
    ),
}


def build_caffe(name: str) -> nn.Module:
    """The untrained network, a `GapNetwork` or (AlexNet, CaffeNet, VGG-16) a `CaffeClassifier`."""
    entry = _entry(name)
    network = last_on_cpu(entry.build())
    network.name, network.input_spec = name, entry.input_spec
    if entry.imagenet:
        network.classes = imagenet_names()
    return network


def load_caffe(name: str, root: str | Path | None) -> nn.Module:
    """The trained network in eval mode, its weights read from `<root>/weights/`.

    Raises:
        CamError: no network of this name.
        MissingData: the weight file is not there.
        BrokenWeights: the file is damaged, not the published one, or of another network.
    """
    path, file = caffe_file(name, root), _entry(name).file
    found = file.checked(path, name)
    network = build_caffe(name)
    copy_weights(network, read_caffemodel(path), path)
    network.weights_hash = found[:16]
    return network.eval()


def caffe_file(name: str, root: str | Path | None) -> Path:
    """The weight file of a network; `MissingData` if none of its accepted names is there."""
    return _entry(name).file.find(name, root)


def _entry(name: str) -> CaffeEntry:
    if name not in CAFFE_NETWORKS:
        raise unknown("Caffe network", name, CAFFE_NETWORKS)
    return CAFFE_NETWORKS[name]
