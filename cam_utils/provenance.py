"""What produced a number or a figure: versions, device, network, data set, seed."""

import platform
from importlib.metadata import version

import torch

from .errors import CamError

__version__ = "0.1.0"


def versions() -> dict[str, str]:
    """Versions of what can change a number."""
    return {
        "cam_utils": __version__,
        "python": platform.python_version(),
        "torch": torch.__version__,
        "torchvision": version("torchvision"),
        "numpy": version("numpy"),
        "matplotlib": version("matplotlib"),
    }


def device_name(device: torch.device | str) -> str:
    """A device in words, for example "cpu (x86_64)" or "cuda (NVIDIA H200)"."""
    device = torch.device(device)
    if device.type == "cuda":
        return f"cuda ({torch.cuda.get_device_name(device)})"
    return f"{device.type} ({platform.machine()})"


def pick_device(name: str = "auto") -> torch.device:
    """ "auto" (a GPU if there is one), "cpu", "cuda", "cuda:1", "mps".

    Raises:
        CamError: no such device here.
    """
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(name)
        torch.zeros(1, device=device).item()  # "meta" makes tensors, without numbers in them
    except (RuntimeError, AssertionError) as error:
        first = str(error).splitlines()[0]
        raise CamError(
            f"Cannot use device {name!r}: {first}. Expected auto, cpu, cuda, cuda:0 or mps, "
            "whichever this machine has."
        ) from error
    return device


def about(network, images, device: torch.device | str) -> dict:
    """What a result must be read with: network(s) and weights, data set, device, versions.

    Args:
        network: one, several, or {name: hash of its weights}.
    """
    one = not isinstance(network, list | tuple | dict)
    if isinstance(network, dict):
        names, hashes = list(network), list(network.values())
    else:
        nets = [network] if one else network
        names = [getattr(n, "name", None) for n in nets]
        hashes = [getattr(n, "weights_hash", None) for n in nets]
    return {
        "network": names[0] if one else names,
        "weights": hashes[0] if one else hashes,
        "images": getattr(images, "name", None),
        "split": getattr(images, "split", None),
        "device": device_name(device),
        "versions": versions(),
    }
