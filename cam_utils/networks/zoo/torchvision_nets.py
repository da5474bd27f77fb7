"""torchvision's networks, with their own preprocessing and class names."""

from pathlib import Path

import torch
from torch import nn

from ...errors import BrokenWeights, CamError, MissingData
from ...hashes import sha256, short_hash
from ..preprocessing import input_of
from ..wrap import as_gap_network


def load_torchvision(name: str, root: Path | None) -> tuple[nn.Module, object, str]:
    """A torchvision network with its ImageNet weights, the weights' entry, the file's hash.

    The file is taken from `<root>/weights`, else from torch's own cache, else downloaded there.
    The file name carries the first 8 digits of its sha256, which is checked.
    """
    import torchvision

    try:
        weights = torchvision.models.get_model_weights(name).DEFAULT
    except ValueError as error:
        raise CamError(
            f"torchvision has no classification network {name!r}; known: "
            f"{', '.join(torchvision.models.list_models(torchvision.models))}."
        ) from error
    path = _weight_file(weights.url, root)
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
        with torch.random.fork_rng(devices=[]):  # the random start must not move the user's seed
            options = {}
            if any(key.lower().startswith("aux") for key in state):  # GoogLeNet, Inception
                options = {"transform_input": True, "aux_logits": True, "init_weights": False}
            model = torchvision.models.get_model(name, weights=None, **options)
        model.load_state_dict(state)
        for unused in ("aux1", "aux2", "AuxLogits"):
            if hasattr(model, unused):
                setattr(model, unused, None)
                model.aux_logits = False
    except (RuntimeError, EOFError, KeyError) as error:
        raise BrokenWeights(
            f"{path} does not hold the weights of torchvision/{name}: {error}. Delete it and "
            "download it again."
        ) from error
    return model.eval(), weights, short_hash(path)


def _weight_file(url: str, root: Path | None) -> Path:
    file_name = url.rsplit("/", 1)[-1]
    cache = Path(torch.hub.get_dir()) / "checkpoints"
    folders = ([Path(root) / "weights"] if root else []) + [cache]
    for folder in folders:
        path = folder / file_name
        if path.exists():
            expected = file_name.rsplit("-", 1)[-1].split(".")[0]
            if not sha256(path).startswith(expected):
                raise BrokenWeights(
                    f"{path} is damaged: its sha256 begins with {sha256(path)[:8]}, expected "
                    f"{expected}. Delete it and download it again."
                )
            return path
    try:
        torch.hub.load_state_dict_from_url(url, check_hash=True, map_location="cpu")
    except (OSError, RuntimeError) as error:
        raise MissingData(
            f"The weight file {file_name} is neither in {' nor in '.join(map(str, folders))}, and "
            f"downloading it failed ({error}). Download {url} into one of these folders."
        ) from error
    return cache / file_name


def load_torchvision_network(name: str, root: Path | None) -> nn.Module:
    """The network "torchvision/<name>", with the preprocessing and classes of its weights."""
    model, weights, weights_hash = load_torchvision(name.removeprefix("torchvision/"), root)
    spec, classes = input_of(model, weights)
    try:
        network = as_gap_network(model, spec, classes)
    except CamError:
        network = model  # a plain classifier: usable for scores and gradients, not for CAM
        network.input_spec, network.classes = spec, classes
    network.name, network.weights_hash = name, weights_hash
    return network
