"""Short names for files, texts, arrays and weights: what a result is recognised by."""

import hashlib
from pathlib import Path

from torch import nn


def sha256(path: Path) -> str:
    """Hexadecimal sha256 of a file."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def short_hash(path: Path) -> str:
    """The first 16 digits of the sha256, as recorded with every result."""
    return sha256(path)[:16]


def digest(*parts) -> str:
    """The first 16 digits of the sha256 of bytes and contiguous arrays."""
    sha = hashlib.sha256()
    for part in parts:
        sha.update(memoryview(part).cast("B") if len(part) else b"")
    return sha.hexdigest()[:16]


def source_hash(text: str) -> str:
    """First 12 digits of the sha256 of a text."""
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def weights_digest(module: nn.Module) -> str:
    """The first 16 digits of the sha256 over all names, weights and buffers."""
    parts = []
    for name, value in sorted(module.state_dict().items()):
        parts += [name.encode(), value.detach().cpu().contiguous().numpy().reshape(-1)]
    return digest(*parts)
