"""Checkpoints: written whole or not at all, refused when they belong to another run."""

from dataclasses import asdict, dataclass, field
from pathlib import Path
from pickle import UnpicklingError

import torch
from torch import nn

from ..distributed import World
from ..errors import CamError
from ..identity import differences, key_of
from ..provenance import versions
from ..writing import check_writable, replacing
from .recipe import Recipe

FORMAT = 2


@dataclass
class Progress:
    """How far a training is.

    Attributes:
        step: steps done.
        log: one row for each finished epoch.
        sums: of the epoch that runs: loss, wrong, images, skipped, seconds.
    """

    step: int = 0
    log: list[dict] = field(default_factory=list)
    sums: dict[str, float] = field(default_factory=dict)


def identity(network: nn.Module, data: dict, recipe: Recipe) -> dict:
    """What a checkpoint must agree with: recipe, network and data, as nested plain values."""
    layers = {
        "modules": [(name, type(module).__name__) for name, module in network.named_modules()],
        "tensors": [(name, list(value.shape)) for name, value in network.state_dict().items()],
    }
    trained = {name: p.requires_grad for name, p in network.named_parameters()}
    return {
        "recipe": asdict(recipe),
        "network": {
            "name": getattr(network, "name", type(network).__name__),
            "pool": getattr(network, "pool", ""),
            "layers": key_of(layers),
            "trained parameters": key_of(trained),
        },
        "data": data,
    }


def usable(path: str | Path | None, every: int, resume: bool) -> Path | None:
    """The checkpoint's path after its folder was made and tried.

    Raises:
        CamError: it cannot be written, it exists and is not to be resumed, or `every` is below 1.
    """
    if every < 1:
        raise CamError(f"A checkpoint every {every} steps was asked for; expected 1 or more.")
    if path is None:
        if resume:
            raise CamError("Nothing to resume from: give the checkpoint's path as well.")
        return None
    path = Path(path)
    if path.exists() and not resume:
        raise CamError(
            f"The checkpoint {path} exists and would be overwritten; resume from it (--resume, "
            "resume=True), remove it, or choose another path."
        )
    return check_writable(path)


def seed_dropout(recipe: Recipe, rank: int) -> None:
    """Dropout draws from the global generator; each process has its own numbers."""
    torch.manual_seed(recipe.seed + 1_000_003 * rank)


def save(path: Path, who: dict, at: Progress, network, optimizer, world: World) -> None:
    """Write a checkpoint, whole or not at all; rank 0 writes for all.

    Raises:
        CamError: a weight is not finite (the file before is kept), or the disk is full.
    """
    generators = world.gather(_generators(world.device))
    if world.rank:
        return
    broken = [name for name, v in network.state_dict().items() if not torch.isfinite(v).all()]
    if broken:
        raise CamError(
            f"After step {at.step} the weights {broken[0]} are not finite; {path} keeps the state "
            "before. Lower the learning rate, or compute in float32."
        )
    content = {
        "format": FORMAT,
        "identity": who,
        "hash": key_of(who),
        "progress": asdict(at),
        "network": network.state_dict(),
        "optimizer": optimizer.state_dict(),
        "generators": generators,
        "versions": {name: str(version) for name, version in versions().items()},
    }
    try:
        with replacing(path) as part, part.open("wb") as file:
            torch.save(content, file)
    except OSError as error:
        raise CamError(
            f"Cannot write the checkpoint {path} after step {at.step}: {error.strerror}. Make room "
            "and resume; the checkpoint before is kept."
        ) from error


def restore(path: Path, who: dict, network, optimizer, world: World) -> Progress:
    """Put a checkpoint's state into network, optimizer and generators.

    With another number of processes than when it was written the run goes on, but dropout draws
    other numbers in the processes that are new.

    Raises:
        CamError: the file is damaged or of another recipe, network or data set.
    """
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
        found = content["identity"]
        if content["format"] != FORMAT or content["hash"] != key_of(found):
            raise KeyError("another format")
    except (OSError, RuntimeError, EOFError, KeyError, TypeError, UnpicklingError) as error:
        raise CamError(
            f"{path} is not a complete checkpoint of this program ({type(error).__name__}). Remove "
            "it to begin anew, or give another one."
        ) from error
    different = differences(who, found)
    if different:
        raise CamError(
            f"The checkpoint {path} belongs to another run: {'; '.join(different)}. Use the same "
            "recipe, network and data, or begin anew with another checkpoint."
        )
    network.load_state_dict(content["network"])
    optimizer.load_state_dict(content["optimizer"])
    if world.rank < len(content["generators"]):
        _restore(content["generators"][world.rank], world.device)
    return Progress(**content["progress"])


def _generators(device: torch.device) -> dict:
    states = {"cpu": torch.get_rng_state()}
    if device.type == "cuda":
        states["cuda"] = torch.cuda.get_rng_state(device)
    return states


def _restore(states: dict, device: torch.device) -> None:
    torch.set_rng_state(states["cpu"])
    if device.type == "cuda" and "cuda" in states:
        torch.cuda.set_rng_state(states["cuda"], device)
