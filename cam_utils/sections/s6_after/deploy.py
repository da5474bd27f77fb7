"""A network and all of its class activation maps as one ONNX file, for places without PyTorch."""

import warnings
from pathlib import Path

import torch
from torch import Tensor, nn

from ...cam import class_activation_maps
from ...errors import CamError
from ...networks.exact import check_identity
from ...networks.gap import GapNetwork
from ...writing import replacing

INPUT, OUTPUTS = "images", ["logits", "maps"]


class LogitsAndMaps(nn.Module):
    """Images (B, 3, H, W) to logits (B, C) and the maps of all classes (B, C, h, w)."""

    def __init__(self, network: GapNetwork):
        super().__init__()
        self.network = network

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        logits, features = self.network.logits_and_features(images)
        return logits, class_activation_maps(features, self.network.class_weights)


def export(network: GapNetwork, path: str | Path, batch: int = 1, opset: int = 17) -> Path:
    """Write a network as ONNX with the inputs "images" and the outputs "logits" and "maps".

    `maps.mean((2, 3)) + class_bias == logits` holds in the file as it does here, for average
    pooling. Preprocessing is not in the file: it takes what `cam_utils.views` makes.

    Args:
        path: ends in .onnx; written whole or not at all.
        batch: pictures in a run of the file.

    Raises:
        CamError: another suffix, no `GapNetwork`, or the package onnx is not installed.
        NoClassActivationMap: the network's score is not the pooling of its maps.
    """
    path = Path(path)
    if path.suffix != ".onnx":
        raise CamError(f"Found the file name {path.name}, expected one that ends in .onnx.")
    if not isinstance(network, GapNetwork):
        raise CamError(
            f"Found a {type(network).__name__}, expected a network with maps; wrap it by "
            "as_gap_network first."
        )
    try:
        import onnx  # noqa: F401
    except ImportError as error:
        raise CamError("ONNX files need the package onnx: pip install onnx") from error
    side = network.input_spec.size
    generator = torch.Generator().manual_seed(0)
    images = torch.randn(batch, 3, side, side, generator=generator)
    images = images.to(next(network.parameters()))
    with torch.no_grad():
        check_identity(network, *network.logits_and_features(images))
    with replacing(path) as part, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the exporter's own future
        torch.onnx.export(
            LogitsAndMaps(network).eval(),
            (images,),
            str(part),
            input_names=[INPUT],
            output_names=OUTPUTS,
            opset_version=opset,
            dynamo=False,
        )
    return path
