"""What produced a number or a figure: versions, device, network, data set, seed."""

import hashlib
import json
import os
import platform
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch

from .errors import CamError


def versions() -> dict[str, str]:
    """Versions of what can change a number."""
    import matplotlib
    import numpy
    import torchvision

    from . import __version__

    return {
        "cam_utils": __version__,
        "python": platform.python_version(),
        "torch": torch.__version__,
        "torchvision": torchvision.__version__,
        "numpy": numpy.__version__,
        "matplotlib": matplotlib.__version__,
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
        torch.zeros(1, device=device)
    except (RuntimeError, AssertionError) as error:
        first = str(error).splitlines()[0]
        raise CamError(
            f"Cannot use device {name!r}: {first}. Expected auto, cpu, cuda, cuda:0 or mps, "
            "whichever this machine has."
        ) from error
    return device


def project_root() -> Path | None:
    """The checkout that this package runs from, or None when it is installed elsewhere."""
    root = Path(__file__).parents[1]
    return root if (root / "notebooks").is_dir() else None


def source_hash(text: str) -> str:
    """First 12 digits of the sha256 of a text."""
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def notebook_hash(name: str) -> str | None:
    """Hash of the code of a notebook of this checkout; None where there is none."""
    root = project_root()
    path = root / "notebooks" / f"{name}.ipynb" if root else None
    if path is None or not path.exists():
        return None
    cells = json.loads(path.read_text())["cells"]
    return code_hash(["".join(c["source"]) for c in cells if c["cell_type"] == "code"])


def package_hash() -> str:
    """Hash of this package's code: a long run is not continued by other code."""
    folder = Path(__file__).parent
    files = sorted(folder.rglob("*.py"))
    return source_hash("\0".join(f"{p.relative_to(folder)}\0{p.read_text()}" for p in files))


def code_hash(sources: list[str]) -> str:
    """Hash of code cells; stored with what they made, so that a stale notebook is recognised."""
    return source_hash("\0".join(sources))


def about(network, images, device: torch.device | str) -> dict:
    """What a result must be read with: network(s) and weights, data set, device, versions."""
    several = isinstance(network, list | tuple)
    return {
        "network": [n.name for n in network] if several else getattr(network, "name", None),
        "weights": [n.weights_hash for n in network]
        if several
        else getattr(network, "weights_hash", None),
        "images": getattr(images, "name", None),
        "split": getattr(images, "split", None),
        "device": device_name(device),
        "versions": versions(),
    }


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A temporary name beside `path`, renamed to it when the block ends without an error.

    So a file is there whole or not at all, and what was there before stays until then.
    """
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        yield part
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def write_json(path: Path, content) -> None:
    """Write plain values as JSON, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path) as part:
        part.write_text(json.dumps(content, indent=1, sort_keys=True, ensure_ascii=False) + "\n")
