"""Mini networks trained with further seeds, which do not come with the package."""

from torch import nn

from ..errors import MissingData
from ..networks.mini import load_mini
from .mini import FOLDER, SEEDS
from .mini_results import COMMAND

__all__ = ["SEEDS", "load_seed"]


def load_seed(name: str, seed: int) -> nn.Module:
    """The network `name` (without "mini/") trained with that seed; seed 0 is the shipped one.

    Raises:
        MissingData: it has not been trained here.
    """
    if seed == 0:
        return load_mini(name)
    path = FOLDER / f"{name}-seed{seed}.safetensors"
    if not path.exists():
        raise MissingData(
            f"{path} is not here; train it: python -m cam_utils train --network mini/{name} "
            f"--seed {seed}, or all of them: {COMMAND}."
        )
    return load_mini(name, path)
