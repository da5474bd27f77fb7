"""The head of a network as a recorded forward pass shows it: the pooling and what follows it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from ..errors import NoClassActivationMap
from .head import LINEAR, SHAPE_ONLY, Stage, affine_stage, composed, stage
from .tokens import obstacle
from .trace import Call, Pooling, Recorder, score_tensors, tensor_of

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


def read_head(model: nn.Module, recorder: Recorder, output: Any) -> ProbedHead:
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
