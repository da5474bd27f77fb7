"""Short names for files, texts, arrays and weights: what a result is recognised by."""

import hashlib
import zipfile
import zlib
from pathlib import Path

from torch import nn


def sha256(path: Path) -> str:
    """Hexadecimal sha256 of a file."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def damaged_member(path: Path) -> str | None:
    """The first member of a zip archive whose content is not what its sum says; None: intact.

    `torch.save` writes such archives, and `torch.load` does not look at the sums. Of other files
    and of members without a sum nothing is known: None.
    """
    if not zipfile.is_zipfile(path):
        return None
    name = "its list of members"
    try:
        with zipfile.ZipFile(path) as archive:
            for member in archive.infolist():
                name = member.filename
                if member.CRC:
                    with archive.open(member) as file:
                        while file.read(1 << 20):
                            pass
    except (zipfile.BadZipFile, zlib.error, EOFError, ValueError, RuntimeError, OSError):
        return name
    return None


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
