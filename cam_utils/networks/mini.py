"""Small networks of the paper's shapes for the mini world: 112x112 input, a quarter of the width.

Each keeps the places of the original's pooling and its map resolutions. Batch normalisation
replaces local response normalisation: it lets them learn in minutes.
"""

from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from ..errors import BrokenWeights, CamError
from .gap import GapNetwork
from .spec import InputSpec
from .surgery import CutNetwork
from .weights import short_hash

WEIGHTS = Path(__file__).parents[1] / "mini" / "weights"
SPEC = InputSpec(size=112, resize=112, squash=True, mean=(0.5, 0.5, 0.5), std=(0.25, 0.25, 0.25))

# channels of the original GoogLeNet: 1x1, 3x3 reduce, 3x3, 5x5 reduce, 5x5, pool projection
INCEPTION = {
    "3a": (64, 96, 128, 16, 32, 32),
    "3b": (128, 128, 192, 32, 96, 64),
    "4a": (192, 96, 208, 16, 48, 64),
    "4b": (160, 112, 224, 24, 64, 64),
    "4c": (128, 128, 256, 24, 64, 64),
    "4d": (112, 144, 288, 32, 64, 64),
    "4e": (256, 160, 320, 32, 128, 128),
    "5a": (256, 160, 320, 32, 128, 128),
    "5b": (384, 192, 384, 48, 128, 128),
}
SHRINK = 4


def conv(inputs: int, outputs: int, kernel: int, stride: int = 1) -> nn.Sequential:
    """Convolution (same padding), batch normalisation, ReLU."""
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU(inplace=True),
    )


class Inception(nn.Module):
    """Four branches, concatenated; the third is a 5x5 as in the paper's GoogLeNet."""

    def __init__(self, inputs: int, block: str):
        super().__init__()
        one, reduce3, three, reduce5, five, project = (c // SHRINK for c in INCEPTION[block])
        self.branches = nn.ModuleList([
            conv(inputs, one, 1),
            nn.Sequential(conv(inputs, reduce3, 1), conv(reduce3, three, 3)),
            nn.Sequential(conv(inputs, reduce5, 1), conv(reduce5, five, 5)),
            nn.Sequential(nn.MaxPool2d(3, 1, 1), conv(inputs, project, 1)),
        ])  # fmt: skip
        self.channels = one + three + five + project

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([branch(x) for branch in self.branches], 1)


def googlenet_trunk(last: str = "5b") -> tuple[nn.Sequential, int]:
    """GoogLeNet up to inception `last`, and its output channels. 4e: 14x14 maps, 5b: 7x7.

    The original's second pooling is left out, so that 112 pixels give the resolutions
    (28, 14, 7) that 224 pixels give there.
    """
    c1, c2 = 64 // SHRINK, 192 // SHRINK
    layers = [conv(3, c1, 7, 2), nn.MaxPool2d(3, 2, 1), conv(c1, c1, 1), conv(c1, c2, 3)]
    channels = c2
    for block in INCEPTION:
        if block in ("4a", "5a"):
            layers.append(nn.MaxPool2d(3, 2, 1))
        layers.append(Inception(channels, block))
        channels = layers[-1].channels
        if block == last:
            break
    return nn.Sequential(*layers), channels


class MiniGoogLeNet(GapNetwork):
    """GoogLeNet as it is: 7x7 maps, global average pooling, dropout, linear."""

    def __init__(self, num_classes: int):
        super().__init__()
        self.trunk, channels = googlenet_trunk("5b")
        self.dropout = nn.Dropout(0.2)
        self.fc = nn.Linear(channels, num_classes)

    @property
    def class_weights(self) -> Tensor:
        return self.fc.weight

    @property
    def class_bias(self) -> Tensor:
        return self.fc.bias

    def features(self, images: Tensor) -> Tensor:
        return self.trunk(images)

    def classify(self, features: Tensor) -> Tensor:
        return self.fc(self.dropout(features.mean((2, 3))))


def _googlenet_gap(num_classes: int) -> CutNetwork:
    trunk, channels = googlenet_trunk("4e")
    return CutNetwork(trunk, channels, num_classes, units=1024 // SHRINK)


BUILDERS = {"googlenet": MiniGoogLeNet, "googlenet-gap": _googlenet_gap}


def build_mini(name: str, num_classes: int) -> GapNetwork:
    """The untrained network `name` (without the prefix "mini/")."""
    if name not in BUILDERS:
        raise CamError(f"Unknown mini network {name!r}; known: {', '.join(BUILDERS)}.")
    network = BUILDERS[name](num_classes)
    network.input_spec, network.name = SPEC, f"mini/{name}"
    return network


def shipped_mini() -> list[str]:
    """Names of the mini networks whose trained weights come with the package."""
    return sorted(p.stem for p in WEIGHTS.glob("*.safetensors"))


def load_mini(name: str) -> GapNetwork:
    """The trained network `name`, in eval mode; weights shipped as float16, computed in float32."""
    from ..mini.objects import CLASSES

    path = WEIGHTS / f"{name}.safetensors"
    network = build_mini(name, len(CLASSES))
    if not path.exists():
        raise CamError(
            f"No weights for mini/{name} come with the package (shipped: "
            f"{', '.join(shipped_mini())}); train it: python -m cam_utils train --network "
            f"mini/{name}."
        )
    try:
        state = {k: v.float() if v.is_floating_point() else v for k, v in load_file(path).items()}
        network.load_state_dict(state)
    except (SafetensorError, RuntimeError) as error:
        raise BrokenWeights(
            f"{path} does not hold the weights of mini/{name}: {error}. Reinstall the package or "
            f"train again: python -m cam_utils train --network mini/{name}."
        ) from error
    network.classes, network.weights_hash = list(CLASSES), short_hash(path)
    return network.eval()
