"""The mini networks by name: built, or loaded with the weights that come with the package."""

import json
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import nn

from ...errors import BrokenWeights, CamError
from ...hashes import short_hash
from ..gap import InputSpec
from .mini_nets import BUILDERS, PARENTS

__all__ = ["BUILDERS", "ELSEWHERE", "PARENTS", "SPEC", "WEIGHTS"]

__all__ += ["build_mini", "load_mini", "shipped_mini"]

WEIGHTS = Path(__file__).parents[2] / "mini" / "weights"

# Networks trained on another drawn data set than mini/objects: architecture and data set. The
# paper's second network of section 5 is AlexNet*-GAP, trained on Places.
ELSEWHERE = {"scenes-alexnetplus-gap": ("alexnetplus-gap", "mini/scenes")}

SPEC = InputSpec(size=112, resize=112, squash=True, mean=(0.5, 0.5, 0.5), std=(0.25, 0.25, 0.25))


def build_mini(name: str, num_classes: int) -> nn.Module:
    """The untrained network `name` (without "mini/"): a `GapNetwork` or a `MiniClassifier`."""
    architecture, _ = ELSEWHERE.get(name, (name, None))
    if architecture not in BUILDERS:
        known = ", ".join((*BUILDERS, *ELSEWHERE))
        raise CamError(f"Unknown mini network {name!r}; known: {known}.")
    network = BUILDERS[architecture](num_classes)
    network.input_spec, network.name = SPEC, f"mini/{name}"
    return network


def shipped_mini() -> list[str]:
    """Names of the mini networks whose trained weights come with the package."""
    return sorted(p.stem for p in WEIGHTS.glob("*.safetensors"))


def load_mini(name: str, path: Path | None = None) -> nn.Module:
    """The trained network `name`, in eval mode; weights shipped as float16, computed in float32.

    Its classes stand in the training record beside the weights, `<name>.json`.

    `path`: other weights of it than the shipped ones.
    """
    path = path or WEIGHTS / f"{name}.safetensors"
    if not path.exists():
        raise CamError(
            f"No weights for mini/{name} come with the package (shipped: "
            f"{', '.join(shipped_mini())}); train it: python -m cam_utils train --network "
            f"mini/{name}."
        )
    try:
        classes = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))["classes"]
        network = build_mini(name, len(classes))
        state = {k: v.float() if v.is_floating_point() else v for k, v in load_file(path).items()}
        network.load_state_dict(state)
    except (OSError, ValueError, KeyError, SafetensorError, RuntimeError) as error:
        if isinstance(error, CamError):
            raise
        raise BrokenWeights(
            f"{path} and its .json do not hold the weights and classes of mini/{name}: {error}. "
            "Reinstall the package or train again: python -m cam_utils train --network "
            f"mini/{name}."
        ) from error
    network.classes, network.weights_hash = classes, short_hash(path)
    # on a CPU the mini networks run twice as fast so; the numbers agree to 1e-6
    return network.to(memory_format=torch.channels_last).eval()
