"""The Caffe networks of the paper by name: how each is built and which file holds its weights."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from torch import nn

from ...errors import BrokenWeights, CamError, MissingData
from ..gap import CAFFE, InputSpec
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

_CAFFE_227 = replace(CAFFE, size=227)

_VGG = replace(CAFFE, mean=(103.939, 116.779, 123.68))  # its authors' own mean

_ZOO = "the BVLC Caffe model zoo"

_CAM_RELEASE = "the models released with the CAM paper (zhoubolei/CAM)"


@dataclass(frozen=True)
class CaffeEntry:
    """One network: how to build it and how to recognise its weight file."""

    build: Callable[[], nn.Module]
    files: tuple[str, ...]  # accepted file names
    published: str  # where, in words
    input_spec: InputSpec = CAFFE
    hashes: tuple[str, ...] = ()  # accepted sha1 or sha256; none: not checked
    imagenet: bool = True  # the 1000 classes of ILSVRC2012


CAFFE_NETWORKS: dict[str, CaffeEntry] = {
    "caffe/googlenet": CaffeEntry(
        googlenet,
        ("bvlc_googlenet.caffemodel",),
        _ZOO,
        hashes=(
            "405fc5acd08a3bb12de8ee5e23a96bec22f08204",
            # the same weights without the auxiliary heads
            "06b12d5dea40fc6ad4c92e370e8358d680400fe23148aff21640dc118709465b",
        ),
    ),
    "caffe/squeezenet1.1": CaffeEntry(
        squeezenet, ("squeezenet_v1.1.caffemodel",), "forresti/SqueezeNet", _CAFFE_227
    ),
    "caffe/nin": CaffeEntry(nin, ("nin_imagenet.caffemodel",), f"{_ZOO} (Network in Network)"),
    "caffe/alexnet": CaffeEntry(
        alexnet,
        ("bvlc_alexnet.caffemodel",),
        _ZOO,
        _CAFFE_227,
        hashes=("9116a64c0fbe4459d18f4bb6b56d647b63920377",),
    ),
    "caffe/caffenet": CaffeEntry(
        caffenet,
        ("bvlc_reference_caffenet.caffemodel",),
        _ZOO,
        _CAFFE_227,
        hashes=("4c8d77deb20ea792f84eb5e6d0a11ca0a8660a46",),
    ),
    "caffe/vgg16": CaffeEntry(
        vgg16, ("VGG_ILSVRC_16_layers.caffemodel",), f"{_ZOO} (VGG, Oxford)", _VGG
    ),
    "caffe/googlenet-cam": CaffeEntry(
        googlenet_cam,
        (  # both spellings are about
            "imagenet_googlenetCAM_train_iter_120000.caffemodel",
            "imagenet_googleletCAM_train_iter_120000.caffemodel",
        ),
        _CAM_RELEASE,
    ),
    "caffe/vgg16-cam": CaffeEntry(
        vgg16_cam, ("vgg16CAM_train_iter_90000.caffemodel",), _CAM_RELEASE
    ),
    "caffe/alexnetplus-cam": CaffeEntry(
        alexnetplus_cam, ("alexnetplusCAM_imagenet.caffemodel",), _CAM_RELEASE, _CAFFE_227
    ),
    "caffe/alexnetplus-cam-places205": CaffeEntry(
        lambda: alexnetplus_cam(num_classes=205, drop=0.0),
        ("alexnetplusCAM_places205.caffemodel",),
        _CAM_RELEASE,
        _CAFFE_227,
        imagenet=False,
    ),
    "caffe/googlenet-cam-places205": CaffeEntry(
        lambda: googlenet_cam(num_classes=205),
        ("places_googleletCAM_train_iter_120000.caffemodel",),
        _CAM_RELEASE,
        imagenet=False,
    ),
    "caffe/googlenet-places205": CaffeEntry(
        lambda: googlenet(num_classes=205),
        ("googlelet_places205_train_iter_2400000.caffemodel",),
        f"{_ZOO} (Places205-GoogLeNet)",
        imagenet=False,
    ),
    "caffe/googlenet-places365": CaffeEntry(
        lambda: googlenet(num_classes=365),
        ("googlenet_places365.caffemodel",),
        "CSAILVision/places365",
        imagenet=False,
    ),
}


def build_caffe(name: str) -> nn.Module:
    """The untrained network, a `GapNetwork` or (AlexNet, CaffeNet, VGG-16) a `CaffeClassifier`."""
    entry = _entry(name)
    network = entry.build()
    network.name, network.input_spec = name, entry.input_spec
    if entry.imagenet:
        network.classes = imagenet_names()
    return network


def imagenet_names() -> list[str]:
    """The 1,000 class names of ILSVRC2012, in the order of Caffe's and torchvision's networks."""
    from torchvision.models import ResNet18_Weights

    return list(ResNet18_Weights.IMAGENET1K_V1.meta["categories"])


def load_caffe(name: str, root: str | Path | None) -> nn.Module:
    """The trained network in eval mode, its weights read from `<root>/weights/`.

    Raises:
        CamError: no network of this name.
        MissingData: the weight file is not there.
        BrokenWeights: the file is damaged, not the published one, or of another network.
    """
    path = caffe_file(name, root)
    found = _check_hash(name, path)
    network = build_caffe(name)
    copy_weights(network, read_caffemodel(path), path)
    network.weights_hash = found[:16]
    return network.eval()


def caffe_file(name: str, root: str | Path | None) -> Path:
    """The weight file of a network; `MissingData` if none of its accepted names is there."""
    entry = _entry(name)
    wanted = " or ".join(entry.files)
    if not root:
        raise MissingData(
            f"{name} needs its weight file {wanted}, but no data folder was given. Get the file "
            f"from {entry.published}, put it into a folder weights/ and give that folder's parent."
        )
    folder = Path(root) / "weights"
    for file in entry.files:
        if (folder / file).is_file():
            return folder / file
    raise MissingData(
        f"{name} needs the weight file {wanted} in the folder {folder}, and it is not there. "
        f"It is published in {entry.published}; put it into that folder."
    )


def _entry(name: str) -> CaffeEntry:
    if name not in CAFFE_NETWORKS:
        known = ", ".join(CAFFE_NETWORKS)
        raise CamError(f"No Caffe network {name!r}; expected one of: {known}.")
    return CAFFE_NETWORKS[name]


def _check_hash(name: str, path: Path) -> str:
    """The sha256 of a weight file; `BrokenWeights` if its known hashes are others."""
    known = _entry(name).hashes
    found = {}
    for kind in ("sha256", "sha1") if known else ("sha256",):
        with path.open("rb") as file:
            found[kind] = hashlib.file_digest(file, kind).hexdigest()
    if known and not set(known) & set(found.values()):
        raise BrokenWeights(
            f"{path} is not the published weight file of {name}: found sha1 {found['sha1']} "
            f"({path.stat().st_size:,} bytes), expected {' or '.join(known)}. The download was "
            f"probably cut short: fetch it again from {_entry(name).published}."
        )
    return found["sha256"]
