"""The paper's surgery (section 3.1): cut a network, add a convolution, pool globally, classify.

network, channels = cut(load_network("torchvision/vgg16"), after="conv5_3")
network = add_gap_head(network, channels, num_classes=1000)
network = gap_surgery(load_network("torchvision/vgg16"))  # the same in one step
network = gap_surgery("vgg-gap")  # the paper's own, untrained
network = pool_tokens(vit, batches, num_classes=10)  # a transformer's class token
"""

import torch
from torch import nn

from ..errors import CamError
from .cut.chain import bare, chain
from .cut.cutting import cut, listed, name_of
from .gap import IMAGENET, GapNetwork
from .tokens import pool_tokens
from .topped import add_gap_head
from .trace import evaluating, logits_of
from .wrap import probe_images
from .zoo.caffe import CAFFE_NETWORKS, build_caffe
from .zoo.caffe_nets import alexnetplus_cam

__all__ = ["add_gap_head", "cut", "gap_surgery", "inherit", "pool_tokens"]

# AlexNet-GAP is cut from CaffeNet: the authors' scripts call it "caffeNetCAM", and Table 1's
# AlexNet has CaffeNet's published errors.
CUT_NETWORKS = {  # by the paper, with what each is cut from, and how it pools
    "alexnet-gap": ("caffe/caffenet", "avg"),
    "vgg-gap": ("caffe/vgg16", "avg"),
    "googlenet-gap": ("caffe/googlenet", "avg"),
    "googlenet-gmp": ("caffe/googlenet", "max"),
}

# Not cut from anything: two more convolutions and another conv5, in the released definition.
RELEASED_NETWORKS = ("alexnet*-gap", "alexnetplus-gap")  # the second is a name for files

# The paper's cut points; of VGG's other depths the last convolution of the fifth block too.
PAPER_CUTS = ("inception_4e", "conv5_4", "conv5_3", "conv5_2", "conv5")


def gap_surgery(
    network: str | nn.Module,
    num_classes: int | None = None,
    units: int | None = 1024,
    groups: int = 1,
    pool: str | None = None,
    after: str | None = None,
) -> GapNetwork:
    """Cut at the paper's place and add the paper's head, in eval mode; the head is untrained.

    Args:
        network: a network with trained weights to keep, or the name of one of the paper's:
            "alexnet-gap", "vgg-gap", "googlenet-gap", "googlenet-gmp" (13x13 maps, else 14x14) and
            "alexnet*-gap" (11x11, as released), untrained, with the released networks' input.
        num_classes: default: as many as the original has.
        units, groups, pool: of the head, as of `CutNetwork`; pool: "avg" unless the name says else.
        after: cut point; default: the paper's for AlexNet, VGG and GoogLeNet.

    Raises:
        CamError: an unknown name, cut point or head; no cut point given and none of the paper's.
        NoClassActivationMap: the network cannot be cut there.
    """
    if isinstance(network, str):
        return _by_name(network, num_classes, units, groups, pool, after)
    pool = pool or "avg"
    classes = getattr(network, "classes", None)
    spec = getattr(network, "input_spec", IMAGENET)
    trunk, channels = cut(network, after or _paper_cut(network))
    if num_classes is None:
        num_classes = len(classes) if classes else _num_classes(network)
    result = add_gap_head(trunk, channels, num_classes, units, groups, pool)
    result.to(next(trunk.parameters()))  # device and precision of what was kept
    result.input_spec, result.name = spec, f"{name_of(network)}-{'gmp' if pool == 'max' else 'gap'}"
    if classes and len(classes) == num_classes:
        result.classes = list(classes)
    return result.eval()


def inherit(network: nn.Module, parent: nn.Module) -> list[str]:
    """Copy the layers that two networks share: those with equal names and shapes; returns them.

    For networks that are not cut but built anew: AlexNet*-GAP has AlexNet's first four layers.
    """
    own, others = network.state_dict(), parent.state_dict()
    layers: dict[str, list[str]] = {}
    for key in own:
        layers.setdefault(key.rpartition(".")[0], []).append(key)
    shared = {
        layer: keys
        for layer, keys in layers.items()  # whole layers: a bias alone may fit by accident
        if all(k in others and own[k].shape == others[k].shape for k in keys)
    }
    copied = {k: others[k] for keys in shared.values() for k in keys}
    network.load_state_dict(own | copied)
    return list(shared)


def _by_name(name, num_classes, units, groups, pool, after) -> GapNetwork:
    if name in RELEASED_NETWORKS:
        if (units, groups, pool, after) != (1024, 1, None, None):
            raise CamError(f"{name} is built as released; only num_classes can be chosen.")
        result = _alexnetplus(num_classes)
    elif name in CUT_NETWORKS:
        original, own_pool = CUT_NETWORKS[name]
        if pool not in (None, own_pool):
            raise CamError(f"{name} pools with {own_pool!r}, found pool={pool!r}; leave it out.")
        result = gap_surgery(build_caffe(original), num_classes, units, groups, own_pool, after)
    else:
        known = ", ".join([*CUT_NETWORKS, *RELEASED_NETWORKS])
        raise CamError(
            f"Unknown network {name!r}; the paper's are {known}. To cut a trained network, load it "
            "first: gap_surgery(load_network(name))."
        )
    result.name = name
    return result.eval()


def _alexnetplus(num_classes: int | None) -> GapNetwork:
    if num_classes in (None, 1000):
        return build_caffe("caffe/alexnetplus-cam")
    result = alexnetplus_cam(num_classes)
    result.input_spec = CAFFE_NETWORKS["caffe/alexnetplus-cam"].input_spec
    return result


def _paper_cut(network: nn.Module) -> str:
    names = {layer.name for layer in chain(network)}
    for name in PAPER_CUTS:
        if name in names:
            return name
    raise CamError(
        f"The paper names no cut point for {name_of(network)}, only for AlexNet, VGG and "
        f"GoogLeNet; give after=, one of: {listed(chain(network))}."
    )


def _num_classes(network: nn.Module) -> int:
    model = bare(network)
    with torch.no_grad(), evaluating(model):
        logits = logits_of(model(probe_images(model, getattr(network, "input_spec", IMAGENET))))
    return logits.shape[1]
