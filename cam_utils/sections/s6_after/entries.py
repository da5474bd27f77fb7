"""What takes part in the comparisons: methods, finer maps, attention, and entries that know less.

An entry is a function (network, images (B, 3, H, W), classes (B, 1)) -> maps (B, 1, h, w).
"""

import copy
from functools import partial

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ...boxes.null import gaussian_map
from ...networks.gap import GapNetwork
from ...networks.tokens import TokenNetwork, TokenTrunk
from .attention import ATTENTION
from .methods import METHODS, cam, layer_cam

GAUSSIAN, EDGES = "centre Gaussian (any centre box)", "edge detector"
RANDOM, OTHER = "CAM, randomised weights", "CAM of another picture"
AS_IT_IS = "CAM, enlarged afterwards"
SAME_AS_CAM = ("Grad-CAM", "HiResCAM")  # on a network with global average pooling
PATCH_HEAD = "class-token head on the patches"


def centre_gaussian(network: nn.Module, images: Tensor, classes: Tensor) -> Tensor:
    """The same bump in the middle for every picture; its boxes are all centre boxes."""
    map = torch.from_numpy(gaussian_map(images.shape[3], images.shape[2])).to(images)
    return map.expand(len(images), 1, -1, -1)


def edges(network: nn.Module, images: Tensor, classes: Tensor) -> Tensor:
    """How steep the grey values are (Sobel), blurred a little: it knows no class and no network."""
    grey = images.mean(1, keepdim=True)
    across = torch.tensor([[-1.0, 0, 1], [-2, 0, 2], [-1, 0, 1]]).to(images)
    kernels = torch.stack([across, across.T])[:, None]
    steep = F.conv2d(F.pad(grey, (1, 1, 1, 1), "replicate"), kernels).norm(dim=1, keepdim=True)
    return F.avg_pool2d(steep, 9, 1, 4, count_include_pad=False)


def of_another(network: nn.Module, images: Tensor, classes: Tensor) -> Tensor:
    """The class activation map of the next picture of the batch, for that one's class."""
    return cam(network, images, classes).roll(1, 0)


def randomised(network: nn.Module, seed: int = 0) -> nn.Module:
    """A copy whose convolutions and linear layers have their own weights in a random order."""
    other = copy.deepcopy(network)
    generator = torch.Generator().manual_seed(seed)
    for module in other.modules():
        if isinstance(module, nn.Conv2d | nn.Linear):
            weight = module.weight.data
            order = torch.randperm(weight.numel(), generator=generator).to(weight.device)
            weight.copy_(weight.flatten()[order].view_as(weight))
    return other.eval()


def with_random_weights(network: nn.Module):
    """The entry of a network whose weights were put in a random order."""
    other = randomised(network)
    return lambda _network, images, classes: cam(other, images, classes)


def nulls(network: GapNetwork | None = None) -> dict:
    """Entries that do not look, or look at something else; the last needs a network."""
    found = {GAUSSIAN: centre_gaussian, EDGES: edges}
    return found if network is None else found | {OTHER: of_another}


# ---------------------------------------------------------------- finer maps


def larger_input(network: nn.Module, images: Tensor, classes: Tensor, factor: float = 2) -> Tensor:
    """The map of the picture enlarged before the network sees it."""
    bigger = F.interpolate(images, scale_factor=factor, mode="bicubic", antialias=True)
    return cam(network, bigger, classes)


def several_sizes(network, images: Tensor, classes: Tensor, factors=(1, 1.5, 2)) -> Tensor:
    """The mean of the maps of several input sizes, at the resolution of the finest."""
    maps = [larger_input(network, images, classes, f) for f in factors]
    size = maps[-1].shape[2:]
    return torch.stack([F.interpolate(m, size, mode="bilinear") for m in maps]).mean(0)


def fused_layers(network, images: Tensor, classes: Tensor, layer: str) -> Tensor:
    """The geometric mean of the positive part of the map and LayerCAM of a lower layer."""
    fine = layer_cam(network, images, classes, layer)
    coarse = cam(network, images, classes).relu()
    coarse = F.interpolate(coarse, fine.shape[2:], mode="bilinear")
    scaled = (m / m.amax((2, 3), keepdim=True).clamp(min=1e-8) for m in (fine, coarse))
    return torch.stack([*scaled]).prod(0).sqrt()


def finer(layer: str | None) -> dict:
    """The map as it is, and ways to a finer one; `layer`: a lower one, by name."""
    found = {
        AS_IT_IS: cam,
        "input twice as large": larger_input,
        "three input sizes, mean": several_sizes,
    }
    if layer:
        found["LayerCAM of a lower layer"] = partial(layer_cam, layer=layer)
        found["lower layer times CAM"] = partial(fused_layers, layer=layer)
    return found


# ---------------------------------------------------------------- transformers


def patch_head(model: nn.Module, example: Tensor) -> TokenNetwork:
    """A timm transformer's own head, made for the class token, on the mean of the patches."""
    trunk = TokenTrunk(model, example)
    network = TokenNetwork(trunk, model.head.out_features).to(example)
    network.fc = model.head
    return network.eval()


def of_transformer(model: nn.Module, example: Tensor) -> dict:
    """Entries of a transformer with a class token."""
    pooled = patch_head(model, example)
    return dict(ATTENTION) | {PATCH_HEAD: lambda _network, x, classes: cam(pooled, x, classes)}


def later_methods(slow: bool = True) -> dict:
    """All methods on a network with global pooling; those that differ from one another.

    Grad-CAM and HiResCAM are left out: there they are the class activation map.
    """
    many = () if slow else ("Score-CAM", "SmoothGrad")
    return {name: make for name, make in METHODS.items() if name not in (*SAME_AS_CAM, *many)}
