"""Cut a network after one of its layers, and make sure that it was cut there."""

import copy
import difflib
from collections import OrderedDict

import torch
from torch import Tensor, nn

from ...errors import CamError, NoClassActivationMap
from ..gap import IMAGENET
from ..trace import evaluating
from ..wrap import probe_images
from .chain import Layer, bare, chain


def cut(network: nn.Module, after: str) -> tuple[nn.Sequential, int]:
    """The layers of a network up to `after`, with the batch norm and ReLU that follow it.

    Args:
        network: of `cam_utils.networks` or torchvision, or any whose layers form one chain. It is
            left as it is; the weights are kept, in a copy.
        after: the last layer to stay, by the paper's name ("conv5", "conv5_3", "inception_4e";
            see `layers.chain`) or by its path in the module tree ("features.28").

    Returns:
        The trunk, (B, 3, H, W) to (B, channels, h, w), in eval mode, and `channels`.

    Raises:
        CamError: no layer of that name.
        NoClassActivationMap: the layers do not form a chain (what passes the cut in the network
            on two noise images is not what the trunk gives), or there are no maps at the cut.
    """
    layers = chain(network)
    last = _position(layers, after)
    while last + 1 < len(layers) and isinstance(layers[last + 1].module, nn.BatchNorm2d | nn.ReLU):
        last += 1
    kept = OrderedDict(
        (layer.path.rpartition(".")[2], layer.module) for layer in layers[: last + 1]
    )
    trunk = copy.deepcopy(nn.Sequential(kept)).eval()
    images = probe_images(bare(network), getattr(network, "input_spec", IMAGENET))
    passing = _passing(network, layers[last].module, images)
    try:
        with torch.no_grad():
            maps = trunk(images)
    except (RuntimeError, TypeError) as error:
        raise NoClassActivationMap(_not_a_chain(network, after, str(error))) from error
    if passing is None or maps.shape != passing.shape or not _equal(maps, passing):
        raise NoClassActivationMap(_not_a_chain(network, after, "the maps at the cut differ"))
    if maps.dim() != 4:
        raise NoClassActivationMap(
            f"After {after!r} of {name_of(network)} there are no maps any more, found an output of "
            f"shape {tuple(maps.shape)}, expected (B, channels, h, w); cut before the fully "
            "connected layers."
        )
    return trunk, maps.shape[1]


def name_of(network: nn.Module) -> str:
    """The name it was loaded by, else its class."""
    name = getattr(network, "name", "unnamed")
    return type(bare(network)).__name__ if name == "unnamed" else name


def _position(layers: list[Layer], after: str) -> int:
    for position, layer in enumerate(layers):
        if after in (layer.name, layer.path):
            return position
    near = difflib.get_close_matches(after, [layer.name for layer in layers], n=3)
    hint = f"did you mean {' or '.join(near)}? " if near else ""
    raise CamError(f"No cut point {after!r}: {hint}The layers are {listed(layers)}.")


def listed(layers: list[Layer]) -> str:
    """The cut points for an error message, at most 40."""
    names = [layer.name for layer in layers if not layer.name.endswith("/relu")]
    return ", ".join(names if len(names) <= 40 else [*names[:20], "...", *names[-20:]])


def _passing(network: nn.Module, layer: nn.Module, images: Tensor) -> Tensor | None:
    """What `layer` gives when the whole network runs on the images; None: it did not run."""
    seen = []

    def note(_module, _inputs, output):
        if isinstance(output, Tensor):
            seen.append(output.clone())  # the layers after it may work in place

    handle = layer.register_forward_hook(note)
    try:
        with torch.no_grad(), evaluating(bare(network)) as model:
            model(images)
    except (RuntimeError, ValueError, TypeError, AssertionError) as error:
        raise CamError(
            f"{name_of(network)} could not be run on noise of shape {tuple(images.shape)} "
            f"({error}); set its input_spec to the size that it was made for."
        ) from error
    finally:
        handle.remove()
    return seen[0] if len(seen) == 1 else None


def _equal(maps: Tensor, passing: Tensor) -> bool:
    if maps.is_meta:  # shapes only
        return True
    tolerance = 1e-4 if maps.dtype == torch.float32 else 2e-2
    scale = passing.abs().amax().float().clamp(min=1e-30)
    return bool((maps - passing).abs().amax().float() <= tolerance * scale)


def _not_a_chain(network: nn.Module, after: str, reason: str) -> str:
    return (
        f"{name_of(network)} cannot be cut after {after!r}: its layers up to there, run one after "
        f"the other, do not give what passes there in the network ({reason}). Write the trunk as "
        "a module of your own and give it to add_gap_head."
    )
