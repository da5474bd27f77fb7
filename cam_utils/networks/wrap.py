"""`as_gap_network`: any network that pools globally before its linear layer, with exact maps."""

import copy
import warnings
from dataclasses import replace

import torch
from torch import Tensor, nn

from ..errors import CamError, NoClassActivationMap
from .exact import check_identity
from .gap import GapNetwork, InputSpec
from .preprocessing import input_of
from .probed import ProbedHead, read_head
from .trace import evaluating, logits_of, pooling_inputs, unwrapped, watch


class WrappedNetwork(GapNetwork):
    """A network of somebody else's seen as features, pooling and one linear layer.

    Its head is read anew whenever a parameter or buffer of the network was changed or replaced.
    """

    def __init__(self, model: nn.Module, probe: Tensor):
        super().__init__()
        self.model = model
        self._probe = probe
        self._read: tuple[list, ProbedHead] | None = None
        self.pool, self.probability = self._head.pool, self._head.probability

    @property
    def _head(self) -> ProbedHead:
        key = super().state()
        if self._read is None or self._read[0] != key:
            first = next((p for p in self.model.parameters() if p.is_floating_point()), None)
            probe = self._probe if first is None else self._probe.to(first)
            # what is kept must serve autograd too
            with evaluating(self.model), torch.inference_mode(False):
                self._read = key, read_head(self.model, *watch(self.model, probe.clone()))
        return self._read[1]

    def state(self) -> list[tuple]:
        """As it was when the head was last asked for, which every batch does first."""
        return self._read[0]

    @property
    def class_weights(self) -> Tensor:
        """(C, K); the identity where the last convolution gives one map per class."""
        return self._head.weight

    @property
    def class_bias(self) -> Tensor:
        """(C,); zeros where the network has none."""
        return self._head.bias

    def logits_and_features(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """The logits (B, C) and the maps (B, K, h, w) that they are the mean of.

        The logits are the model's own output, or where it ends in a sigmoid or a softmax what
        enters that; `NoClassActivationMap` if it does not give the output again.
        """
        head = self._head
        for module in dict.fromkeys((head.last, None)):
            with pooling_inputs(module, head.from_end, not head.named) as inputs:
                output = logits_of(self.model(images), head.place)
            maps = inputs.maps
            if len(maps) == head.from_end:
                break  # else the network took another path than the probe did: watch all of it
        else:
            raise NoClassActivationMap(
                f"At input size {tuple(images.shape[2:])} the network does not pool its maps to "
                "one number each; use the input size that it was made for."
            )
        features = maps[0]
        if head.stages:
            pooled = features.flatten(2).mean(2)
            for one in head.stages:
                features, pooled = one.act(features, pooled)
        if not head.end:
            return output, features
        logits = self.classify(features)
        low = output.dtype in (torch.float16, torch.bfloat16)
        if not torch.allclose(head.ended(logits), output, rtol=1e-3, atol=2e-2 if low else 1e-4):
            raise NoClassActivationMap(
                f"{self.name}: its logits do not give its {head.probability} output again; its "
                "maps would not explain its scores. Return the logits instead."
            )
        return logits, features

    def as_it_pools(self) -> "WrappedNetwork":
        """The network, sharing all weights, with the maps that enter the pooling themselves."""
        network, head = copy.copy(self), self._head
        network._read = (self._read[0], replace(head, stages=[]))
        return network

    def features(self, images: Tensor) -> Tensor:
        return self.logits_and_features(images)[1]

    def forward(self, images: Tensor) -> Tensor:
        head = self._head
        if head.end:
            return self.logits_and_features(images)[0]
        return logits_of(self.model(images), head.place)


def as_gap_network(
    model: nn.Module,
    input_spec=None,
    classes: list[str] | None = None,
    example: Tensor | None = None,
) -> GapNetwork:
    """Wrap a classification network so that `cam_utils.cams` gives its exact maps.

    The model is put into eval mode and probed once with two noise images (`example`, a batch
    (B, channels, H, W), overrides them): the probe shows which maps enter the global pooling and
    what lies between them and the logits. Works for every network that ends in global average
    (or maximum) pooling and a linear layer, with norms or hidden layers between where the map
    stays exact (see `networks.head`), and for heads of one map per class.

    Args:
        input_spec: how its pictures are prepared: an `InputSpec`, torchvision's weights, timm's
            `pretrained_cfg` or a Hugging Face processor. None: as the model itself says (timm's
            do); where it says nothing ImageNet's is guessed, with a warning.
        classes: C class names; default: those that the model or its weights carry.

    Raises:
        CamError: another number of class names than classes, or an unknown `input_spec`.
        NoClassActivationMap: what stands between the network and an exact map, or the two logits
            that should be equal and are not.
    """
    if isinstance(model, GapNetwork):
        return model.eval()
    if not isinstance(model, nn.Module):
        raise CamError(
            f"Found a network as {type(model).__name__}; expected a torch module: an object, not "
            "its class, name or state dict (load that into a module first)."
        )
    model = unwrapped(model).eval()
    name = type(model).__name__
    if isinstance(model, torch.jit.ScriptModule):
        raise NoClassActivationMap(
            f"{name} is a TorchScript module, which hides its operations; give the Python module."
        )
    spec, names = input_of(model, input_spec, None if example is None else example.shape[-1])
    probe = probe_images(model, spec) if example is None else example
    try:
        network = WrappedNetwork(model, probe)
    except NoClassActivationMap:
        raise
    except (RuntimeError, ValueError, TypeError, AssertionError) as error:
        advice = (
            "Give an example batch that it accepts: as_gap_network(model, example=images)."
            if example is None
            else "The example does not fit the network; try model(example) by itself."
        )
        raise NoClassActivationMap(
            f"{name} could not be run on a probe of shape {tuple(probe.shape)} ({error}). {advice}"
        ) from error
    network.input_spec, network.name = spec, name
    network.classes = _checked_names(classes, names, network.class_bias.numel())
    if network._head.end:
        warnings.warn(
            f"{name} ends in a {network.probability}: the maps explain the logits before it.",
            stacklevel=2,
        )
    check_identity(network, *_with_features(network, probe))
    return network.eval()


def _checked_names(given, read, count: int) -> list[str] | None:
    if given is not None and len(given) != count:
        raise CamError(f"Found {len(given)} class names for {count} classes; expected one of each.")
    names = given if given is not None else read
    return list(names) if names is not None and len(names) == count else None


def _with_features(network, probe):
    with torch.no_grad():
        logits, features = network.logits_and_features(probe)
    if features.shape[2:].numel() == 1:
        raise NoClassActivationMap(
            f"{network.name} pools maps of one place (1x1) at an input of {probe.shape[-1]} "
            "pixels: what has only one place tells no where. Give a larger input, or cut the "
            "network before its maps shrink to one place (cam_utils.networks.surgery)."
        )
    return logits, features


def probe_images(model: nn.Module, spec: InputSpec) -> Tensor:
    """Two noise images (2, channels, size, size), always the same, of the model's type."""
    first = next((p for p in model.parameters() if p.is_floating_point()), torch.zeros(1))
    conv = next((m for m in model.modules() if isinstance(m, nn.Conv2d)), None)
    channels = conv.in_channels if conv is not None else 3
    generator = torch.Generator().manual_seed(0)
    probe = torch.randn(2, channels, spec.size, spec.size, generator=generator)
    return probe.to(first.device, first.dtype)
