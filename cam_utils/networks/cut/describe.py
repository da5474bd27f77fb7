"""What a network is made of: its layers, the resolution of its maps, its parameters, computed.

Networks are run once, on the meta device: shapes without numbers, so that VGG-16 takes no memory
and no time, and the network itself is not touched.
"""

import copy

import pandas as pd
import torch
from torch import Tensor, nn

from ...errors import CamError
from ..gap import IMAGENET
from ..trace import watch
from .chain import bare
from .cutting import name_of

POOLS = (nn.MaxPool2d, nn.AvgPool2d)

SPATIAL = (nn.Conv2d, nn.BatchNorm2d, nn.AdaptiveAvgPool2d, nn.AdaptiveMaxPool2d, *POOLS)


def describe(network: nn.Module, size: int | None = None) -> pd.DataFrame:
    """One row for each layer that runs, in the order of running.

    Args:
        network: any classifier of images; may be on the meta device.
        size: side of the input, pixels; default: of the network's `input_spec`, else 224.

    Returns:
        Columns: name (path in the module tree), kind, resolution (height x width of the output, ""
        for vectors), channels (of the output), parameters (number; of a layer that runs twice in
        its first row), share (percent of all parameters). Layers with parameters that do not run
        as a module (auxiliary classifiers, attention's projection) come last, without a size.
        `attrs`: network; input (channels, size, size); parameters (all); convolutions (that run);
        resolution and channels of the last maps: those that enter the global pooling or the
        fully connected layers.

    Raises:
        CamError: the network does not take images of this size.
    """
    model = shape_copy(bare(network)).eval()
    size = size or getattr(network, "input_spec", IMAGENET).size
    conv = next((m for m in model.modules() if isinstance(m, nn.Conv2d)), None)
    channels = conv.in_channels if conv is not None else 3
    first = next(model.parameters(), torch.empty(0))
    probe = torch.empty(1, channels, size, size, dtype=first.dtype, device="meta")
    rows, recorder = _run(model, probe, name_of(network))
    table = pd.DataFrame(rows, columns=["name", "kind", "resolution", "channels", "parameters"])
    total = sum(p.numel() for p in model.parameters())
    table["share"] = 100 * table["parameters"] / max(total, 1)
    pooled = recorder.poolings()
    if pooled:
        _, depth, height, width = pooled[-1].maps.shape
        last = f"{height}x{width}", depth
    else:
        maps = table[~table["resolution"].isin(["", "1x1"])]
        last = tuple(maps.iloc[-1][["resolution", "channels"]]) if len(maps) else ("", 0)
    ran = table[table["resolution"] != ""]
    convolutions = set(ran["name"][ran["kind"].str.startswith("conv ")])
    table.attrs = {
        "network": name_of(network),
        "input": (channels, size, size),
        "parameters": total,
        "convolutions": len(convolutions),
        "resolution": last[0],
        "channels": int(last[1]),
    }
    return table


def compare(original: nn.Module, cut: nn.Module, size: int | None = None) -> pd.DataFrame:
    """One row: what the surgery did to a network. `pandas.concat` rows to a table.

    Returns:
        Columns: original, cut (names); parameters_before, parameters_after; saved (percent of
        before); resolution_before, resolution_after (of the last maps); convolutions_before,
        convolutions_after (the added one included).
    """
    before, after = describe(original, size).attrs, describe(cut, size).attrs
    saved = 100 * (1 - after["parameters"] / before["parameters"])
    row = {"original": before["network"], "cut": after["network"]}
    row |= {f"parameters_{k}": a["parameters"] for k, a in _both(before, after)}
    row |= {"saved": saved}
    for what in ("resolution", "convolutions"):
        row |= {f"{what}_{k}": a[what] for k, a in _both(before, after)}
    return pd.DataFrame([row])


def shape_copy(model: nn.Module) -> nn.Module:
    """A copy on the meta device, for which no weights are copied or allocated."""
    memo = {}
    for tensor in [*model.parameters(), *model.buffers()]:
        empty = tensor.detach().to("meta")
        memo[id(tensor)] = nn.Parameter(empty, False) if isinstance(tensor, nn.Parameter) else empty
    return copy.deepcopy(model, memo)  # finds every tensor in the memo


def _both(before: dict, after: dict) -> tuple:
    return ("before", before), ("after", after)


def _run(model: nn.Module, probe: Tensor, name: str) -> tuple[list[tuple], object]:
    rows, counted, channels_last = [], set(), False

    def note(module, _inputs, output):
        nonlocal channels_last
        output = output[0] if isinstance(output, tuple | list) else output
        if not isinstance(output, Tensor):
            return
        channels_last = _channels_last(module, channels_last)
        own = 0 if module in counted else _own_parameters(module)
        counted.add(module)
        rows.append((paths[module], kind(module), *_shape(output, channels_last), own))

    paths = {m: path for path, m in model.named_modules()}
    watched = [m for m in paths if _own_parameters(m) or not list(m.children())]
    for module in watched:
        module.register_forward_hook(note)
    try:
        recorder, _ = watch(model, probe)
    except (RuntimeError, ValueError, TypeError, AssertionError) as error:
        raise CamError(
            f"{name} cannot be run on an image of shape {tuple(probe.shape[1:])} ({error}); give "
            "the size that it was made for: describe(network, size=...)."
        ) from error
    for module in watched:
        if module not in counted and _own_parameters(module):
            own = _own_parameters(module)
            rows.append((paths[module], f"{kind(module)} (not run)", "", 0, own))
    return rows, recorder


def kind(module: nn.Module) -> str:
    """A layer in words: "conv 3x3 /2, 2 groups", "max pool 3x3 /2", "linear", else its class."""
    if isinstance(module, nn.Conv2d):
        groups = f", {module.groups} groups" if module.groups > 1 else ""
        return "conv " + _window(module) + groups
    if isinstance(module, POOLS):
        return (
            ("max" if isinstance(module, nn.MaxPool2d) else "average") + " pool " + _window(module)
        )
    if isinstance(module, nn.Linear):
        return "linear"
    return type(module).__name__


def _window(module: nn.Module) -> str:
    pair = [v if isinstance(v, tuple) else (v, v) for v in (module.kernel_size, module.stride)]
    (height, width), (stride, _) = pair
    return f"{height}x{width}" + (f" /{stride}" if stride != 1 else "")


def _own_parameters(module: nn.Module) -> int:
    return sum(p.numel() for p in module.parameters(recurse=False))


def _shape(output: Tensor, channels_last: bool) -> tuple[str, int]:
    """(resolution, channels) of maps, vectors or tokens."""
    if output.dim() != 4:
        return "", output.shape[-1]
    if channels_last:
        return f"{output.shape[1]}x{output.shape[2]}", output.shape[3]
    return f"{output.shape[2]}x{output.shape[3]}", output.shape[1]


def _channels_last(module: nn.Module, before: bool) -> bool:
    """Whether maps have their channels last after this layer (Swin, the inside of ConvNeXt)."""
    if type(module).__name__ == "Permute":
        return module.dims[-1] == 1
    if isinstance(module, SPATIAL) or type(module).__name__ == "LayerNorm2d":
        return False
    if isinstance(module, nn.LayerNorm | nn.Linear):
        return True
    return before
