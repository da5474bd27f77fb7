"""`as_gap_network`: any network that pools globally before its linear layer, with exact maps."""

import copy
import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor, nn

from ..errors import CamError, NoClassActivationMap
from .gap import GapNetwork, InputSpec
from .head import LINEAR, SHAPE_ONLY, Stage, affine_stage, composed, stage
from .preprocessing import input_of
from .tokens import obstacle
from .trace import (
    Call,
    Pooling,
    Recorder,
    logits_of,
    pooling_inputs,
    score_tensors,
    tensor_of,
    unwrapped,
    watch,
)

NO_POOLING = (
    "no global pooling before the classifier. Class activation maps need global average pooling "
    "followed by one linear layer (section 2 of the paper); for such a network use "
    "cam_utils.networks.surgery to cut it and add one, or Grad-CAM (cam_utils.saliency)."
)


ENDS = {"sigmoid": "sigmoid", "softmax": "softmax", "log_softmax": "softmax"}


@dataclass(frozen=True)
class ProbedHead:
    """How a network comes from its maps to its logits, as one probe showed it.

    Attributes:
        pool: "avg" or "max"; `named`: recognised by its name, else by its values.
        from_end: the number of the global pooling, counted from the end.
        last: the module that ran last before it, or None.
        stages: what comes before the linear layers.
        weight, bias: (C, K) and (C,) of the linear layers; one map for each class: the identity.
        end: functions after the logits (a sigmoid, a softmax) with their further arguments.
        probability: "softmax" or "sigmoid", for `probabilities_of`.
        place: where the network's output holds the scores.
    """

    pool: str
    named: bool
    from_end: int
    last: nn.Module | None
    stages: list[Stage]
    weight: Tensor
    bias: Tensor
    end: list[tuple]
    probability: str
    place: Any

    def ended(self, logits: Tensor) -> Tensor:
        """Logits (B, C) to what the network returns."""
        for function, args, kwargs in self.end:
            logits = function(logits, *args, **kwargs)
        return logits


class WrappedNetwork(GapNetwork):
    """A network of somebody else's seen as features, pooling and one linear layer.

    Its head is read anew whenever a parameter or buffer of the network was changed or replaced.
    """

    def __init__(self, model: nn.Module, probe: Tensor):
        super().__init__()
        self.model = model
        self._probe = probe
        self._read: tuple[tuple, ProbedHead] | None = None
        self.pool, self.probability = self._head.pool, self._head.probability

    @property
    def _head(self) -> ProbedHead:
        key = state_key(self.model)
        if self._read is None or self._read[0] != key:
            first = next((p for p in self.model.parameters() if p.is_floating_point()), None)
            probe = self._probe if first is None else self._probe.to(first)
            training = [module for module in self.model.modules() if module.training]
            self.model.eval()
            try:
                with torch.inference_mode(False):  # what is kept must serve autograd too
                    self._read = key, _assemble(self.model, *watch(self.model, probe.clone()))
            finally:
                for module in training:
                    module.training = True
        return self._read[1]

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


def state_key(network: nn.Module) -> tuple:
    """What changes when a parameter or buffer is replaced, moved or written to."""
    tensors = (*network.parameters(), *network.buffers())
    # inference tensors count no versions
    return tuple((id(t), t.data_ptr(), 0 if t.is_inference() else t._version) for t in tensors)


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


def check_identity(network: GapNetwork, logits: Tensor, features: Tensor) -> float:
    """The relative error of `pool(features) @ class_weights.T + class_bias == logits`.

    Raises NoClassActivationMap with both numbers when it exceeds the arithmetic's precision.
    """
    again = network.classify(features).float()
    logits = logits.detach().float()
    scale = logits.abs().amax().clamp(min=1e-6)
    error = ((again - logits).abs().amax() / scale).item()
    # bfloat16 and float16 (autocast) round every logit; float32 differs only by summation order
    low = {torch.float16: 1e-2, torch.bfloat16: 5e-2}
    tolerance = low.get(features.dtype, 1e-4)
    if not error <= tolerance:
        worst = int((again - logits).abs().flatten().argmax())
        raise NoClassActivationMap(
            f"{network.name}: the mean of a class map plus its bias is "
            f"{again.flatten()[worst].item():.6g} but the network's logit is "
            f"{logits.flatten()[worst].item():.6g} (relative error {error:.2g}, at most "
            f"{tolerance:g} expected). Its maps would not explain its scores; look for an "
            "operation on the logits or features that the probe did not show (a temperature, "
            "several heads, a pooling with weights, NaN in the input)."
        )
    return error


def check_identity_once(network: GapNetwork, logits: Tensor, features: Tensor) -> None:
    """`check_identity` on the first batch of each map size and precision.

    Later ones are free, until a parameter or buffer is replaced, moved or written to.
    """
    key = state_key(network)
    known, seen = network.__dict__.get("_identity_checked", (None, set()))
    seen = seen if known == key else set()
    kind = (tuple(features.shape[1:]), features.dtype, features.device)
    if kind not in seen:
        check_identity(network, logits, features)
        network.__dict__["_identity_checked"] = (key, seen | {kind})


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


def _assemble(model: nn.Module, recorder: Recorder, output: Any) -> ProbedHead:
    """Follow the data from each global pooling, the last first, to the logits."""
    name, scores = type(model).__name__, score_tensors(output)
    if not scores:
        what = f" with {', '.join(map(str, output))}" if isinstance(output, dict) else ""
        raise NoClassActivationMap(
            f"{name} returned a {type(output).__name__}{what}, expected logits (B, C); wrap it in "
            "a module whose forward returns the logits alone."
        )
    obstacles: list[str] = []
    # a tuple may hold an embedding beside the scores: what was computed last is the scores
    order = {id(tensor_of(call.output)): i for i, call in enumerate(recorder.calls)}
    place = max(scores, key=lambda k: order.get(id(scores[k]), -1))
    for by_value in (False, True):  # a mean of another spelling is looked for where none is found
        poolings = recorder.poolings(by_value)
        for from_end, pooling in enumerate(reversed(poolings), start=1):
            calls, reached = _follow(recorder.calls, pooling, scores[place])
            if reached:
                found = _head_of(recorder, calls, pooling, from_end, scores[place], place)
                if isinstance(found, ProbedHead):
                    return found
                obstacles.append(found)
    if obstacles:
        raise NoClassActivationMap(
            f"{name} pools globally, but between the pooling and the logits stands "
            f"{obstacles[0]}, through which no exact map can be carried. Expected pooling, then "
            "one linear layer; replace the head and fine-tune it, or use Grad-CAM "
            "(cam_utils.saliency)."
        )
    if why := obstacle(recorder):
        raise NoClassActivationMap(f"{name} {why}")
    raise NoClassActivationMap(f"{name}: {NO_POOLING}")


def _head_of(recorder, calls, pooling: Pooling, from_end: int, scores, place) -> ProbedHead | str:
    """The head of (call, what enters it), or what stands in the way."""
    calls = [(c, x) for c, x in calls if c.name not in SHAPE_ONLY]
    end = []
    while calls and calls[-1][0].name in ENDS:
        end.insert(0, calls.pop()[0])
    probability = ENDS[end[0].name] if end else "softmax"
    stages = []
    for call, entering in calls:
        one = stage(call.name, call.function, call.args[1:], call.kwargs)
        one = one or affine_stage(_alone(call, entering), entering.detach().flatten(1))
        if one is None:
            return call.name
        stages.append(one)
    linear = []
    while stages and stages[-1].name == LINEAR:
        linear.insert(0, stages.pop())
    if (stages and not linear) or (end and not linear):
        return ", ".join(one.name for one in stages) or end[0].name
    if stages and pooling.kind == "max":
        return "layers between a maximum pooling and the last linear layer"
    count = 1 if scores.dim() == 1 else scores.shape[1]
    if linear:
        weight, bias = composed(linear)
    else:
        weight, bias = torch.eye(count).to(scores), None
    return ProbedHead(
        pooling.kind, pooling.named, from_end, recorder.last_module_before(pooling.position),
        stages, weight, scores.new_zeros(count) if bias is None else bias,
        [(c.function, c.args[1:], c.kwargs) for c in end],
        "sigmoid" if count == 1 else probability, place,
    )  # fmt: skip


def _alone(call: Call, entering: Tensor) -> Callable[[Tensor], Tensor]:
    """A recorded call as a function (n, K) to (n, M) of what entered it."""

    def function(rows: Tensor) -> Tensor:
        given = rows.reshape(len(rows), *entering.shape[1:])

        def put(value):
            if isinstance(value, list | tuple):
                return type(value)(put(v) for v in value)
            return given if value is entering else value

        kwargs = {key: put(value) for key, value in call.kwargs.items()}
        return tensor_of(call.function(*put(tuple(call.args)), **kwargs)).reshape(len(rows), -1)

    return function


def _follow(calls: list[Call], pooling: Pooling, logits: Tensor) -> tuple[list[tuple], bool]:
    """The calls that turn the pooled features into the logits, each with what enters it, and
    whether they get there."""
    current = tensor_of(calls[pooling.position].output)
    path = []
    for call in calls[pooling.position + 1 :]:
        if current is logits:
            break
        if _uses(call, current):
            output = tensor_of(call.output)
            if output is None:
                return path, False
            # more than one number a channel again: the pooling belonged to an attention block
            spatial = output.dim() >= 3 and max(output.shape[1:]) < output[0].numel()
            if spatial:
                return path, False
            path.append((call, current))
            current = output
    return path, current is logits


def _uses(call: Call, tensor: Tensor | None) -> bool:
    flat = [*call.args, *call.kwargs.values()]
    flat += [x for a in flat if isinstance(a, list | tuple) for x in a]
    return any(a is tensor for a in flat)
