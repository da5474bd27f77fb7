"""The mini networks by name: built, or loaded with the weights that come with the package."""

from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import nn

from ..errors import BrokenWeights, CamError
from .mini_nets import BUILDERS, PARENTS
from .spec import InputSpec
from .weights import short_hash

__all__ = ["BUILDERS", "PARENTS", "SPEC", "WEIGHTS", "build_mini", "load_mini", "shipped_mini"]

WEIGHTS = Path(__file__).parents[1] / "mini" / "weights"
SPEC = InputSpec(size=112, resize=112, squash=True, mean=(0.5, 0.5, 0.5), std=(0.25, 0.25, 0.25))


def build_mini(name: str, num_classes: int) -> nn.Module:
    """The untrained network `name` (without "mini/"): a `GapNetwork` or a `MiniClassifier`."""
    if name not in BUILDERS:
        raise CamError(f"Unknown mini network {name!r}; known: {', '.join(BUILDERS)}.")
    network = BUILDERS[name](num_classes)
    network.input_spec, network.name = SPEC, f"mini/{name}"
    return network


def shipped_mini() -> list[str]:
    """Names of the mini networks whose trained weights come with the package."""
    return sorted(p.stem for p in WEIGHTS.glob("*.safetensors"))


def load_mini(name: str, path: Path | None = None) -> nn.Module:
    """The trained network `name`, in eval mode; weights shipped as float16, computed in float32.

    `path`: other weights of it than the shipped ones.
    """
    from ..mini.objects import CLASSES

    path = path or WEIGHTS / f"{name}.safetensors"
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
    # on a CPU the mini networks run twice as fast so; the numbers agree to 1e-6
    return network.to(memory_format=torch.channels_last).eval()
