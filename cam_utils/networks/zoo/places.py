"""Networks trained on Places365, by name, and the names of its 365 classes."""

from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from ...errors import BrokenWeights, unknown
from ..gap import GapNetwork, InputSpec
from .caffe_nets import squeezenet
from .caffemodel import copy_weights
from .checkpoints import load_checkpoint
from .weight_files import WeightFile

PUBLISHED = "the Places365 authors (github.com/CSAILVision/places365)"

SQUEEZENET = "places/squeezenet1.1"

PLACES = {  # name -> the file; of the others it begins with torchvision's name
    f"places365/{name}": WeightFile((f"{name}_places365.pth.tar",), PUBLISHED)
    for name in ("resnet18", "resnet50", "densenet161")
} | {
    SQUEEZENET: WeightFile(
        ("squeezenet1.1_places365.safetensors",),
        "its trainers, by no public address; places365/resnet18 has one",
        ("6846eddea681d396e2ce27350ec197785c3b6c8dd44c2632f0254cd33453f74c",),
    )
}

# as its file says: BGR, (x - mean) / 255. Which mean it does not say; Caffe's is taken (those of
# torchvision, a unit or less away, change the best class of 8 % of Scene15's photos)
_SPEC = InputSpec(
    size=227, squash=True, channels="BGR", scale=1.0, mean=(104.0, 117.0, 123.0), std=(255.0,) * 3
)

LEAK = 0.55  # slope of every rectification below zero, of the class maps' too


def places_names() -> list[str]:
    """ "airfield", "airplane_cabin", ... "zen_garden": the authors' list of the 365 classes."""
    return Path(__file__).with_name("places365.txt").read_text(encoding="utf-8").split()


def load_places(name: str, root: str | Path | None) -> GapNetwork:
    """A network of `PLACES` in eval mode, its weights read from `<root>/weights/`.

    Raises:
        CamError: no network of this name. MissingData, BrokenWeights: the weight file.
    """
    if name not in PLACES:
        raise unknown("Places network", name, PLACES)
    file = PLACES[name]
    path = file.find(name, root)
    if name == SQUEEZENET:
        digest = file.checked(path, name)
        network = places_squeezenet(path)
        network.weights_hash = digest[:16]
    else:
        network = load_checkpoint(path, name.partition("/")[2], 365, places_names())
    network.name = name
    return network


def places_squeezenet(path: Path) -> GapNetwork:
    """SqueezeNet 1.1 with batch norm: (B, 3, 227, 227) to class maps (B, 365, 13, 13).

    Beside Caffe's: a batch norm behind every convolution but the last, leaky rectifications, and
    poolings that round down. Its score is the mean of the (leakily) rectified class map.

    Raises:
        BrokenWeights: damaged, or the weights of another network.
    """
    network = squeezenet(365)
    for module in network.modules():
        for name, layer in module.named_children():
            if isinstance(layer, nn.ReLU):
                setattr(module, name, nn.LeakyReLU(LEAK))
            elif isinstance(layer, nn.MaxPool2d):
                layer.ceil_mode = False
    try:
        layers = with_norms_folded(load_file(path))
    except (SafetensorError, KeyError) as error:
        raise BrokenWeights(
            f"{path} does not hold the weights of {SQUEEZENET}: {error}. Expected a safetensors "
            "file with weight, bias and batch norm of every layer; fetch it again."
        ) from error
    copy_weights(network, layers, path)
    network.input_spec, network.classes = _SPEC, places_names()
    return network.eval()


def with_norms_folded(state: dict[str, Tensor]) -> dict[str, list[Tensor]]:
    """Layer name to [weight, bias] with the batch norm behind the layer multiplied in.

    Args:
        state: "<layer>.weight" (out, in, h, w) and ".bias" (out,); where a batch norm follows also
            ".bn.mean", ".bn.inv_std" (one over the standard deviation), ".bn.gamma", ".bn.beta".
    """
    layers = {}
    for name in (key.removesuffix(".weight") for key in state if key.endswith(".weight")):
        weight, bias = state[f"{name}.weight"], state[f"{name}.bias"]
        if f"{name}.bn.mean" in state:
            mean, inv_std, gamma, beta = (
                state[f"{name}.bn.{part}"] for part in ("mean", "inv_std", "gamma", "beta")
            )
            factor = gamma * inv_std  # (out,)
            weight = torch.einsum("o,oihw->oihw", factor, weight)
            bias = (bias - mean) * factor + beta
        layers[name] = [weight, bias]
    return layers
