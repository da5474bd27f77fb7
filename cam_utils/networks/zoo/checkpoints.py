"""Weights that others trained with torchvision's or timm's code, by the path of their file."""

import re
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import nn

from ...errors import BrokenWeights, CamError, MissingData, unknown
from ...hashes import short_hash
from ..gap import IMAGENET, GapNetwork, InputSpec
from ..wrap import as_gap_network

# torchvision before 0.3 named DenseNet's layers "norm.1"; today "norm1"
_OLD_DENSENET = re.compile(r"(denselayer\d+\.(?:norm|relu|conv))\.(\d\.)")


def load_checkpoint(
    path: str | Path,
    architecture: str,
    num_classes: int | None = None,
    names: list[str] | None = None,
    input_spec: InputSpec | None = None,
) -> GapNetwork:
    """Weights that somebody trained with torchvision's or timm's code, with class maps.

    Takes a state dict, or a checkpoint with one under "state_dict" or "model"; names with the
    prefix "module." of DataParallel; the layer names of old DenseNets; batch norms without
    counters; .safetensors. Loaded with `weights_only`: a file cannot run code.

    Args:
        path: .pth, .pt, .pth.tar (which is no archive), whatever `torch.save` wrote.
        architecture: "resnet18" or "torchvision/resnet18", "timm/resnet18.a1_in1k", ...
        num_classes: C of the last layer; None: as many as the file's last bias has numbers.
        names: C class names.
        input_spec: the network's preprocessing; default: timm's own, ImageNet's of torchvision.

    Raises:
        MissingData: no such file. BrokenWeights: damaged, or of another network. CamError: no such
            architecture, or the wrong number of names. NoClassActivationMap: AlexNet, VGG, ...
    """
    path = Path(path)
    if not path.is_file():
        raise MissingData(f"There is no weight file {path}; correct the path, or download it.")
    if names is not None and num_classes is not None and len(names) != num_classes:
        raise CamError(f"Found {len(names)} class names for {num_classes} classes.")
    architecture = architecture.removeprefix("torchvision/")
    check_architecture(architecture)
    try:
        state = _state(_read(path))
        vectors = [value for value in state.values() if value.dim() == 1]
        count = num_classes or len(vectors[-1])
        model = _untrained(architecture, count)
        model.load_state_dict(state)
    except Exception as error:  # a damaged file can raise almost anything
        reason = (str(error).strip() or type(error).__name__).splitlines()
        raise BrokenWeights(
            f"{path} does not hold the weights of a {architecture} with "
            f"{num_classes or 'as many'} classes: {' '.join(reason[:4])} Expected a state dict, or "
            "a checkpoint with one under state_dict; download it again, or name its architecture."
        ) from error
    if input_spec is None and not architecture.startswith("timm/"):
        input_spec = IMAGENET  # as torchvision's own scripts train
    network = as_gap_network(model.eval(), input_spec, names)
    network.name, network.weights_hash = f"{architecture} from {path.name}", short_hash(path)
    return network


def check_architecture(name: str) -> None:
    """CamError unless torchvision ("resnet18") or timm ("timm/resnet18") has such a network."""
    family, _, short = name.rpartition("/")
    if family == "timm":
        import timm

        if not timm.is_model(short.partition(".")[0]):
            raise unknown("network of timm", short, timm.list_models())
        return
    from torchvision import models

    if name not in models.list_models(models):
        raise CamError(
            f"torchvision has no classification network {name!r}; give one of its names, or "
            "timm/<name> for one of timm's."
        )


def _untrained(architecture: str, num_classes: int) -> nn.Module:
    with torch.random.fork_rng(devices=[]):  # the random start must not move the user's seed
        if architecture.startswith("timm/"):
            import timm

            short = architecture.removeprefix("timm/")
            return timm.create_model(short, pretrained=False, num_classes=num_classes)
        from torchvision import models

        extra = {"aux_logits": False} if architecture in ("googlenet", "inception_v3") else {}
        extra |= {"init_weights": False} if extra else {}
        return models.get_model(architecture, weights=None, num_classes=num_classes, **extra)


def _read(path: Path):
    if path.suffix == ".safetensors":
        return load_file(path)
    return torch.load(path, map_location="cpu", weights_only=True)


def _state(content) -> dict:
    """The state dict in what was loaded, under torchvision's names of today."""
    for key in ("state_dict", "model"):
        if isinstance(content, dict) and isinstance(content.get(key), dict):
            content = content[key]
    tensors = isinstance(content, dict) and all(
        isinstance(v, torch.Tensor | nn.Parameter) for v in content.values()
    )
    if not tensors or not content:
        raise BrokenWeights("it holds no state dict.")
    for name, value in content.items():
        if value.is_floating_point() and not value.isfinite().all():
            raise BrokenWeights(f"{name} holds numbers that are not finite.")
    found = {}
    for name, value in content.items():
        name = name.removeprefix("module.")
        if not name.lower().startswith("aux"):  # heads for training
            found[_OLD_DENSENET.sub(r"\1\2", name)] = value
    return found
