"""`as_gap_network`: any network that pools globally before its linear layer, with exact maps."""

import torch
from torch import Tensor, nn

from ..errors import CamError, NoClassActivationMap
from .gap import GapNetwork, InputSpec
from .head import SHAPE_ONLY, Stage, stage
from .preprocessing import input_of
from .tokens import obstacle
from .trace import Call, Pooling, Recorder, logits_of, pooling_inputs, unwrapped, watch

NO_POOLING = (
    "no global pooling before the classifier. Class activation maps need global average pooling "
    "followed by one linear layer (section 2 of the paper); for such a network use "
    "cam_utils.networks.surgery to cut it and add one, or Grad-CAM (cam_utils.saliency)."
)


class WrappedNetwork(GapNetwork):
    """A network of somebody else's seen as features, pooling and one linear layer."""

    def __init__(self, model, pool, stages, linear, pooling_from_end, last_before, num_classes):
        super().__init__()
        # in a tuple, so that it does not count as a second child module
        self._last_before_pooling = () if last_before is None else (last_before,)
        self.model, self.pool = model, pool
        self._stages: list[Stage] = stages
        self._linear: Call | None = linear  # None: class maps, one for each class
        self._pooling_from_end = pooling_from_end
        first = next(model.parameters(), torch.zeros(1))
        identity = first.new_zeros(0) if linear else torch.eye(num_classes).to(first)
        self.register_buffer("_identity", identity, persistent=False)
        self.register_buffer("_no_bias", first.new_zeros(num_classes), persistent=False)

    @property
    def class_weights(self) -> Tensor:
        """(C, K); the identity where the last convolution gives one map per class."""
        return self._identity if self._linear is None else _operand(self._linear, 1, "weight")

    @property
    def class_bias(self) -> Tensor:
        """(C,); zeros where the network has none."""
        bias = None if self._linear is None else _operand(self._linear, 2, "bias")
        return self._no_bias if bias is None else bias

    def logits_and_features(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """The model's own logits (B, C) and the maps (B, K, h, w) that they are the mean of."""
        for module in (*self._last_before_pooling, None):
            with pooling_inputs(module, self._pooling_from_end) as inputs:
                logits = logits_of(self.model(images))
            if len(inputs.maps) == self._pooling_from_end:
                break  # else the network took another path than the probe did: watch all of it
        else:
            raise NoClassActivationMap(
                f"At input size {tuple(images.shape[2:])} the network does not pool its maps to "
                "one number each; use the input size that it was made for."
            )
        features = inputs.maps[0]
        if self._stages:
            pooled = features.mean((2, 3))
            for one in self._stages:
                features, pooled = one.act(features, pooled)
        return logits, features

    def features(self, images: Tensor) -> Tensor:
        return self.logits_and_features(images)[1]

    def forward(self, images: Tensor) -> Tensor:
        return logits_of(self.model(images))


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
    model = unwrapped(model).eval()
    name = type(model).__name__
    if isinstance(model, torch.jit.ScriptModule):
        raise NoClassActivationMap(
            f"{name} is a TorchScript module, which hides its operations; give the Python module."
        )
    spec, names = input_of(model, input_spec, None if example is None else example.shape[-1])
    probe = probe_images(model, spec) if example is None else example
    try:
        recorder, logits = watch(model, probe)
    except (RuntimeError, ValueError, TypeError, AssertionError) as error:
        raise NoClassActivationMap(
            f"{name} could not be run on a probe of shape {tuple(probe.shape)} ({error}). Give an "
            "example batch that it accepts: as_gap_network(model, example=images)."
        ) from error
    network = _assemble(model, recorder, logits)
    network.input_spec, network.name = spec, name
    network.classes = _checked_names(classes, names, logits.shape[1])
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
    """`check_identity` on the first batch of each map size and precision; later ones are free."""
    seen = network.__dict__.setdefault("_identity_checked", set())
    kind = (tuple(features.shape[1:]), features.dtype, features.device)
    if kind not in seen:
        check_identity(network, logits, features)
        seen.add(kind)


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


def _assemble(model: nn.Module, recorder: Recorder, logits: Tensor) -> WrappedNetwork:
    """Follow the data from each global pooling, the last first, to the logits."""
    name, poolings = type(model).__name__, recorder.poolings()
    obstacles = []
    for from_end, pooling in enumerate(reversed(poolings), start=1):
        calls, reached = _follow(recorder.calls, pooling, logits)
        if not reached:
            continue
        calls = [c for c in calls if c.name not in SHAPE_ONLY]
        linear = calls.pop() if calls and calls[-1].name == "linear" else None
        stages = [stage(c.name, c.function, c.args[1:], c.kwargs) for c in calls]
        if None in stages or (linear is None and calls):
            bad = [c.name for c, s in zip(calls, stages, strict=True) if s is None]
            obstacles.append(", ".join(bad or [c.name for c in calls]))
            continue
        if stages and pooling.kind == "max":
            obstacles.append("layers between a maximum pooling and the last linear layer")
            continue
        last = recorder.last_module_before(pooling.position)
        classes = logits.shape[1]
        return WrappedNetwork(model, pooling.kind, stages, linear, from_end, last, classes)
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


def _follow(calls: list[Call], pooling: Pooling, logits: Tensor) -> tuple[list[Call], bool]:
    """The calls that turn the pooled features into the logits, and whether they get there."""
    current = _tensor(calls[pooling.position].output)
    path = []
    for call in calls[pooling.position + 1 :]:
        if current is logits:
            break
        if _uses(call, current):
            output = _tensor(call.output)
            if output is None:
                return path, False
            # more than one number a channel again: the pooling belonged to an attention block
            spatial = output.dim() == 4 and max(output.shape[1:]) < output[0].numel()
            if spatial:
                return path, False
            path.append(call)
            current = output
    return path, current is logits


def _uses(call: Call, tensor: Tensor | None) -> bool:
    flat = [*call.args, *call.kwargs.values()]
    flat += [x for a in flat if isinstance(a, list | tuple) for x in a]
    return any(a is tensor for a in flat)


def _tensor(output) -> Tensor | None:
    if isinstance(output, tuple | list):
        output = output[0] if output else None
    return output if isinstance(output, Tensor) else None


def _operand(call: Call, position: int, name: str):
    return call.args[position] if len(call.args) > position else call.kwargs.get(name)
