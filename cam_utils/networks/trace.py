"""Find the global pooling of any network by watching one forward pass.

Everything is decided by what the network *does*: modules, functional calls and tensor methods are
recorded alike, so a pooling written as `x.mean([2, 3])` is found as well as a module. No module is
named by hand and no hook can be misplaced: the tensor that enters the pooling is the one that CAM
needs, whatever in-place operation made it.
"""

import math
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

POOLS = {
    "adaptive_avg_pool2d": "avg", "avg_pool2d": "avg", "mean": "avg",
    "adaptive_max_pool2d": "max", "max_pool2d": "max", "amax": "max",
    "boolean_dispatch": "max",
}  # fmt: skip


@dataclass
class Call:
    """One recorded operation on tensors."""

    name: str
    function: Callable
    args: tuple
    kwargs: dict
    output: Any


@dataclass
class Pooling:
    """A global pooling: its kind, the maps that enter it (B, K, h, w), its position in the run."""

    kind: str
    maps: Tensor
    position: int
    named: bool = True  # False: recognised by its values


def tensor_of(output: Any) -> Tensor | None:
    """A call's tensor: its output, or the first of several."""
    if isinstance(output, tuple | list):
        output = output[0] if output else None
    return output if isinstance(output, Tensor) else None


def computed_mean(calls: list[Call], position: int) -> Tensor | None:
    """The maps (B, K, ...) whose mean over all places a call completes, however it is written.

    Followed back over at most four calls: `flatten(2).mean(-1)`, `sum((2, 3)) / (h * w)`, an
    einsum and a mean in two steps are all the mean. The values decide.
    """
    mean = tensor_of(calls[position].output)
    if mean is None or mean.dim() < 2 or not mean.is_floating_point() or mean.numel() == 0:
        return None
    mean = mean.detach().flatten(1)
    found, step = None, position
    current = calls[position]
    for _ in range(4):
        parent = next((a for a in _flat(current) if isinstance(a, Tensor)), None)
        if parent is None or parent.dim() < 2:
            break
        for maps in _as_maps(parent, mean.shape[1]):
            grows = found is None or maps.numel() == found.numel() or maps.dim() > found.dim()
            if maps.shape[:2] == mean.shape and grows and _is_mean(maps, mean):
                found = maps
                break
        else:
            if found is not None and parent.numel() != found.numel():
                break
        producers = (i for i in range(step - 1, -1, -1) if tensor_of(calls[i].output) is parent)
        step = next(producers, -1)
        if step < 0:
            break
        current = calls[step]
    return found


def _flat(call: Call) -> list:
    flat = [*call.args, *call.kwargs.values()]
    return [x for a in flat for x in (a if isinstance(a, list | tuple) else [a])]


def _as_maps(tensor: Tensor, units: int) -> Iterator[Tensor]:
    """A tensor as maps (B, K, places...), channels first, then last; several places each."""
    if tensor.dim() > 2 and tensor.shape[1] == units and tensor[0, 0].numel() > 1:
        yield tensor
    if tensor.dim() > 3 and tensor.shape[-1] == units and tensor[0, ..., 0].numel() > 1:
        yield tensor.movedim(-1, 1)


def _is_mean(maps: Tensor, mean: Tensor) -> bool:
    again = maps.detach().flatten(2).float().mean(2)
    low = maps.dtype in (torch.float16, torch.bfloat16)
    scale = again.abs().amax().clamp(min=1e-12)
    return bool(((again - mean.float()).abs().amax() / scale) <= (1e-2 if low else 1e-4))


def global_pooling(name: str, args: tuple, kwargs: dict, output: Any) -> tuple[str, Tensor] | None:
    """("avg" or "max", maps (B, K, h, w)) if the call pools a whole map to one number a channel."""
    kind = POOLS.get(name)
    maps = args[0] if args else kwargs.get("input", kwargs.get("self"))
    if kind is None or not isinstance(maps, Tensor):
        return None
    if maps.dim() == 3 and name == "mean":  # the patch tokens (B, N, K) of a transformer
        dim = args[1] if len(args) > 1 else kwargs.get("dim")
        side = math.isqrt(maps.shape[1])
        if dim not in (1, [1], (1,)) or side * side != maps.shape[1] or side == 1:
            return None
        return kind, maps.transpose(1, 2).unflatten(2, (side, side))
    if maps.dim() != 4:
        return None
    if isinstance(output, tuple):  # max pooling with indices
        output = output[0]
    if not isinstance(output, Tensor):
        return None
    if name in {"mean", "amax"}:
        dims = args[1] if len(args) > 1 else kwargs.get("dim")
        dims = sorted(d % 4 for d in dims) if isinstance(dims, list | tuple) else []
        if dims == [1, 2]:  # channels last, as in some transformers
            return kind, maps.permute(0, 3, 1, 2)
        return (kind, maps) if dims == [2, 3] else None
    pooled_to_one = output.dim() == 4 and output.shape[2:] == (1, 1)
    return (kind, maps) if pooled_to_one and output.shape[1] == maps.shape[1] else None


class Recorder(TorchFunctionMode):
    """Records every call on tensors; used once per network, on a probe."""

    def __init__(self):
        super().__init__()
        self.calls: list[Call] = []
        self.finished: list[tuple[int, nn.Module]] = []  # (calls so far, module that has run)

    def __torch_function__(self, function, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        output = function(*args, **kwargs)
        name = getattr(function, "__name__", str(function))
        if isinstance(output, Tensor | tuple | list):
            self.calls.append(Call(name, function, args, kwargs, output))
        return output

    def last_module_before(self, position: int) -> nn.Module | None:
        """The module without children that ran last before a call."""
        before = [module for calls, module in self.finished if calls <= position]
        return before[-1] if before else None

    def poolings(self, by_value: bool = False) -> list[Pooling]:
        """All global poolings in order of execution: those of known names, or all means."""
        found = []
        for position, call in enumerate(self.calls):
            if by_value:
                maps = computed_mean(self.calls, position)
                pooling = None if maps is None else ("avg", maps)
            else:
                pooling = global_pooling(call.name, call.args, call.kwargs, call.output)
            if pooling:
                found.append(Pooling(*pooling, position, not by_value))
        return found


@contextmanager
def pooling_inputs(
    after: nn.Module | None, keep: int = 1, by_value: bool = False
) -> Iterator["PoolingInputs | MeanInputs"]:
    """Watch for global poolings, from the moment that the module `after` has run.

    Watching costs a little on every operation (a tenth of DenseNet's time on one image), so it
    begins with the last module before the pooling. None: from the start.
    """
    inputs, watching = (MeanInputs if by_value else PoolingInputs)(keep), []

    def begin(*_):
        if not watching:
            watching.append(inputs.__enter__())

    handle = after.register_forward_hook(begin) if after is not None else begin()
    try:
        yield inputs
    finally:
        if handle is not None:
            handle.remove()
        if watching:
            inputs.__exit__(None, None, None)


class PoolingInputs(TorchFunctionMode):
    """Keeps the maps that enter the last `keep` global poolings of a forward pass."""

    def __init__(self, keep: int = 1):
        super().__init__()
        self.maps: deque[Tensor] = deque(maxlen=keep)

    def __torch_function__(self, function, types, args=(), kwargs=None):
        output = function(*args, **(kwargs or {}))
        name = getattr(function, "__name__", "")
        if name in POOLS:
            pooling = global_pooling(name, args, kwargs or {}, output)
            if pooling:
                self.maps.append(pooling[1])
        return output


class MeanInputs(Recorder):
    """`PoolingInputs` for a mean that is recognised by its values."""

    def __init__(self, keep: int = 1):
        super().__init__()
        self.keep = keep

    @property
    def maps(self) -> list[Tensor]:
        return [pooling.maps for pooling in self.poolings(by_value=True)][-self.keep :]


def score_tensors(output: Any) -> dict[Any, Tensor]:
    """What may be logits in a network's output, (B, C) or (B,) each, by its place there.

    A tensor and `.logits` have the place None; entries of tuples and dictionaries their key.
    """
    if isinstance(output, Tensor):
        return {None: output}
    if isinstance(getattr(output, "logits", None), Tensor):
        return {None: output.logits}
    entries: dict = {}
    if isinstance(output, Mapping):
        entries = {"logits": output["logits"]} if "logits" in output else dict(output)
    elif isinstance(output, tuple | list):
        entries = dict(enumerate(output))
    return {
        key: value
        for key, value in entries.items()
        if isinstance(value, Tensor) and value.dim() in (1, 2) and value.is_floating_point()
    }


def logits_of(output: Any, place: Any = None) -> Tensor:
    """The logits (B, C) in a network's output: those at a place, else the first there are."""
    found = score_tensors(output)
    if not found:
        raise TypeError(f"the network returned {type(output).__name__}, expected logits (B, C)")
    logits = found[place if place in found else next(iter(found))]
    return logits[:, None] if logits.dim() == 1 else logits


def unwrapped(model: nn.Module) -> nn.Module:
    """The plain module inside DataParallel, DistributedDataParallel and torch.compile."""
    while True:
        if isinstance(model, nn.DataParallel | nn.parallel.DistributedDataParallel):
            model = model.module
        elif hasattr(model, "_orig_mod"):
            model = model._orig_mod
        else:
            return model


@contextmanager
def evaluating(model: nn.Module):
    """Eval mode for a while; each module gets its own mode back."""
    modes = [(module, module.training) for module in model.modules()]
    try:
        yield model.eval()
    finally:
        for module, mode in modes:
            module.training = mode


def watch(model: nn.Module, probe: Tensor) -> tuple[Recorder, Any]:
    """One recorded forward pass in no-grad mode; the recorder and the network's output."""
    recorder = Recorder()

    def note(module, _inputs, _output):
        recorder.finished.append((len(recorder.calls), module))

    leaves = [m for m in model.modules() if not any(m.children())]
    handles = [m.register_forward_hook(note) for m in leaves]
    try:
        with torch.no_grad(), recorder:
            output = model(probe)
    finally:
        for handle in handles:
            handle.remove()
    return recorder, output
