"""Ways to make a map, each a function (network, images, classes) -> maps (B, n, h, w).

Images are (B, 3, H, W), preprocessed, classes (B, n) int64. `layer` (a module or its name) is the
one whose maps are explained; a network with global pooling needs none. On such a network Grad-CAM
and HiResCAM are the class activation map divided by the number of places, because the gradient of a
mean is the same everywhere; their authors show the positive part. Here maps stay signed where the
formula gives a sign, so that this can be seen.

Every function returns detached maps and raises CamError where a network cannot have it.
"""

import time
from collections.abc import Callable, Iterator

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ...cam import cams
from ...networks.gap import GapNetwork
from ...networks.trace import logits_of
from ...saliency import backprop_saliency, grad_cam, input_gradients, layer_gradients, layer_of

Layer = nn.Module | str | None

ENOUGH = 1.0  # seconds

BATCH = 64  # pictures in a forward pass of the methods that need many


def cam(network: nn.Module, images: Tensor, classes: Tensor) -> Tensor:
    """The class activation map: equation 2 of the paper."""
    return cams(network, images, classes).maps


def hires_cam(network: nn.Module, images: Tensor, classes: Tensor, layer: Layer = None) -> Tensor:
    """HiResCAM (Draelos and Carin, 2020): gradient times feature, summed over channels; signed."""
    features, gradients = layer_gradients(network, images, classes, layer)
    return (gradients * features[:, None]).sum(2)


def grad_cam_plus_plus(
    network: nn.Module, images: Tensor, classes: Tensor, layer: Layer = None
) -> Tensor:
    """Grad-CAM++ (Chattopadhay et al., WACV 2018), with its ReLU.

    The weight of a channel is the sum of its positive gradients, each times
    g^2 / (2 g^2 + g^3 * sum of the channel's map).
    """
    features, g = layer_gradients(network, images, classes, layer)
    total = features.sum((2, 3), keepdim=True)[:, None]
    below = 2 * g**2 + total * g**3 + 1e-6
    alpha = torch.where(g != 0, g**2 / below, torch.zeros_like(g))
    weights = (alpha * g.relu()).sum((3, 4), keepdim=True)
    return (weights * features[:, None]).sum(2).relu()


def layer_cam(network: nn.Module, images: Tensor, classes: Tensor, layer: Layer = None) -> Tensor:
    """LayerCAM (Jiang et al., TIP 2021): positive gradient times feature, with its ReLU."""
    features, gradients = layer_gradients(network, images, classes, layer)
    return (gradients.relu() * features[:, None]).sum(2).relu()


@torch.no_grad()
def score_cam(
    network: nn.Module,
    images: Tensor,
    classes: Tensor,
    layer: Layer = None,
    align_corners: bool = False,
) -> Tensor:
    """Score-CAM (Wang et al., CVPR workshops 2020), with its ReLU.

    Each channel's map, scaled to 0..1 and enlarged to the input, is multiplied onto the image; the
    channels' weights are the softmax, over channels, of the logits that these images get. One
    forward pass for each channel.

    Args:
        align_corners: of the enlargement; False as in the authors' code, True as in
            pytorch-grad-cam.
    """
    features, _ = layer_gradients(network, images, classes, layer)
    found = []
    for image, own, chosen in zip(images, features, classes, strict=True):
        masks = F.interpolate(
            own[:, None], image.shape[1:], mode="bilinear", align_corners=align_corners
        )
        low, high = masks.amin((2, 3), keepdim=True), masks.amax((2, 3), keepdim=True)
        masks = (masks - low) / (high - low).clamp(min=1e-8)
        scores = [logits_of(network(image * some))[:, chosen] for some in masks.split(BATCH)]
        weights = torch.cat(scores).softmax(0)  # (K, n)
        found.append(torch.einsum("kn,khw->nhw", weights, own).relu())
    return torch.stack(found)


@torch.no_grad()
def ablation_cam(
    network: nn.Module, images: Tensor, classes: Tensor, layer: Layer = None
) -> Tensor:
    """Ablation-CAM (Ramaswamy et al., WACV 2020), with its ReLU.

    The weight of a channel is the share of the logit that is lost when the channel is set to zero.
    Without `layer` only the classifier runs again, all channels at once; with it, all layers do.
    """
    features, _ = layer_gradients(network, images, classes, layer)
    found = []
    for image, own, chosen in zip(images, features, classes, strict=True):
        runs = _without_each(network, image, own, layer)
        whole, *_ = next(runs)
        lost = 1 - torch.cat([*runs])[:, chosen] / whole[chosen]  # (K, n)
        found.append(torch.einsum("kn,khw->nhw", lost, own).relu())
    return torch.stack(found)


def _without_each(network, image: Tensor, features: Tensor, layer: Layer) -> Iterator[Tensor]:
    """Logits (1, C) of the image, then those without each channel in turn, batch by batch."""
    channels = torch.arange(len(features), device=image.device)
    if layer is None:
        yield network.classify(features[None])
        for some in channels.split(BATCH):
            kept = features.expand(len(some), *features.shape).clone()
            kept[torch.arange(len(some)), some] = 0
            yield network.classify(kept)
        return
    yield logits_of(network(image[None]))
    for some in channels.split(BATCH):

        def remove(_module, _inputs, output, some=some):
            output = output.clone()
            axis = 1 if output.dim() == 4 else 2  # maps, or tokens
            output.movedim(axis, 1)[torch.arange(len(some)), some] = 0
            return output

        handle = layer_of(network, layer).register_forward_hook(remove)
        try:
            yield logits_of(network(image.expand(len(some), *image.shape)))
        finally:
            handle.remove()


def gradient(network: nn.Module, images: Tensor, classes: Tensor) -> Tensor:
    """The paper's baseline, Simonyan et al.'s gradient: magnitudes, colours added; input size."""
    return backprop_saliency(network, images, classes).maps


def smooth_grad(
    network: nn.Module,
    images: Tensor,
    classes: Tensor,
    samples: int = 16,
    noise: float = 0.15,
    seed: int = 0,
) -> Tensor:
    """SmoothGrad (Smilkov et al., 2017): the gradient, averaged over noisy copies of the image.

    Args:
        noise: its standard deviation as a share of the image's range of values.
    """
    generator = torch.Generator().manual_seed(seed)
    spread = images.amax((1, 2, 3), keepdim=True) - images.amin((1, 2, 3), keepdim=True)
    total = 0
    for _ in range(samples):
        grain = torch.randn(images.shape, generator=generator).to(images)
        total = total + input_gradients(network, images + noise * spread * grain, classes)[2]
    return (total / samples).abs().sum(2)


METHODS: dict[str, Callable[..., Tensor]] = {
    "CAM": cam,
    "Grad-CAM": grad_cam,
    "HiResCAM": hires_cam,
    "Grad-CAM++": grad_cam_plus_plus,
    "LayerCAM": layer_cam,
    "Ablation-CAM": ablation_cam,
    "Score-CAM": score_cam,
    "SmoothGrad": smooth_grad,
    "gradient": gradient,
}


def one_map(network: GapNetwork, images: Tensor, classes: Tensor) -> float:
    """How far Grad-CAM and HiResCAM, times the number of places, are from the CAM.

    Returns:
        The largest difference as a share of the CAM's largest value: rounding only, on a network
        with global average pooling.
    """
    own = cam(network, images, classes)
    places = own.shape[2] * own.shape[3]
    others = (make(network, images, classes) * places for make in (grad_cam, hires_cam))
    return max(float((other - own).abs().max() / own.abs().max()) for other in others)


def costs(
    network: nn.Module, images: Tensor, classes: Tensor, methods=METHODS, rounds: int = 5
) -> dict[str, float]:
    """Time of each method as a multiple of the plain forward pass, the least of some rounds.

    All in one run and in turns, so that a busy machine slows all of them alike; what has taken
    `ENOUGH` seconds is not repeated.
    """

    def forward(network, images, _classes):
        with torch.no_grad():
            return network(images)

    every = {"": forward} | dict(methods)
    taken = {name: [] for name in every}
    for _ in range(rounds):
        for name, make in every.items():
            if sum(taken[name]) > ENOUGH:
                continue
            start = time.perf_counter()
            make(network, images, classes)
            taken[name].append(time.perf_counter() - start)
    return {name: min(taken[name]) / min(taken[""]) for name in methods}
