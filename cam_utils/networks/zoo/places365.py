"""Networks in torchvision's file format that others trained: Places365 by name, any by path."""

import re
from pathlib import Path

import torch
from torch import nn

from ...errors import BrokenWeights, CamError, MissingData, unknown
from ...hashes import short_hash
from ..gap import IMAGENET, GapNetwork, InputSpec
from ..wrap import as_gap_network
from .weight_files import WeightFile

PUBLISHED = "the Places365 authors (github.com/CSAILVision/places365)"

PLACES = {  # name -> the file; its name begins with torchvision's name of the architecture
    f"places365/{name}": WeightFile((f"{name}_places365.pth.tar",), PUBLISHED)
    for name in ("resnet18", "resnet50", "densenet161")
}

CLASS_FILE = "categories_places365.txt"

# torchvision before 0.3 named DenseNet's layers "norm.1"; today "norm1"
_OLD_DENSENET = re.compile(r"(denselayer\d+\.(?:norm|relu|conv))\.(\d\.)")


def load_places(name: str, root: str | Path | None) -> GapNetwork:
    """A Places365 network by name, from `<root>/weights/<architecture>_places365.pth.tar`.

    Class names come from `categories_places365.txt` beside the weights, if it is there; without
    it the classes are numbered.

    Raises:
        CamError: no network of this name. MissingData, BrokenWeights: the weight file.
    """
    if name not in PLACES:
        raise unknown("Places network", name, PLACES)
    path, architecture = PLACES[name].find(name, root), name.partition("/")[2]
    network = load_torchvision_file(path, architecture, 365, names=_names(path.parent))
    network.name = name
    return network


def load_torchvision_file(
    path: str | Path,
    architecture: str,
    num_classes: int,
    names: list[str] | None = None,
    input_spec: InputSpec = IMAGENET,
) -> GapNetwork:
    """Weights that somebody trained with torchvision's code, as a network with class maps.

    Takes a state dict, or a checkpoint with one under "state_dict" or "model"; names with the
    prefix "module." of DataParallel; the layer names of old DenseNets; batch norms without
    counters. Loaded with `weights_only`: a file cannot run code.

    Args:
        path: .pth, .pt, .pth.tar (which is no archive), whatever `torch.save` wrote.
        architecture: "resnet18", ..., any of torchvision's classification networks.
        num_classes: C of the last layer.
        names: C class names.
        input_spec: the network's preprocessing; default ImageNet's, as torchvision trains.

    Raises:
        MissingData: no such file. BrokenWeights: damaged, or of another network. CamError: no such
            architecture, or the wrong number of names. NoClassActivationMap: AlexNet, VGG, ...
    """
    import torchvision

    path = Path(path)
    if not path.is_file():
        raise MissingData(f"There is no weight file {path}; correct the path, or download it.")
    if names is not None and len(names) != num_classes:
        raise CamError(f"Found {len(names)} class names for {num_classes} classes.")
    try:
        with torch.random.fork_rng(devices=[]):  # the random start must not move the user's seed
            extra = {"aux_logits": False} if architecture in ("googlenet", "inception_v3") else {}
            extra |= {"init_weights": False} if extra else {}
            model = torchvision.models.get_model(
                architecture, weights=None, num_classes=num_classes, **extra
            )
    except ValueError as error:
        raise CamError(
            f"torchvision has no classification network {architecture!r} ({error})."
        ) from error
    try:
        state = _state(torch.load(path, map_location="cpu", weights_only=True))
        model.load_state_dict(state)
    except Exception as error:  # a damaged file can raise almost anything
        reason = (str(error).strip() or type(error).__name__).splitlines()
        raise BrokenWeights(
            f"{path} does not hold the weights of a {architecture} with {num_classes} classes: "
            f"{' '.join(reason[:4])} Expected a state dict, or a checkpoint with one under "
            "state_dict; download it again, or name its architecture."
        ) from error
    network = as_gap_network(model.eval(), input_spec, names)
    network.name, network.weights_hash = f"{architecture} from {path.name}", short_hash(path)
    return network


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
    found = {}
    for name, value in content.items():
        name = name.removeprefix("module.")
        if not name.lower().startswith("aux"):  # heads for training
            found[_OLD_DENSENET.sub(r"\1\2", name)] = value
    return found


def _names(folder: Path) -> list[str] | None:
    """ "airfield", "airplane_cabin", ... of lines "/a/airfield 0"; None without the file."""
    path = folder / CLASS_FILE
    if not path.is_file():
        return None
    lines = [line.split() for line in path.read_text().splitlines() if line.strip()]
    try:
        by_index = {int(index): name[3:] for name, index in lines}
        return [by_index[i] for i in range(365)]
    except (ValueError, KeyError) as error:
        raise BrokenWeights(
            f"{path} is not the list of Places365's classes ({error}); expected 365 lines such as "
            "/a/airfield 0. Download it again."
        ) from error
