"""Files that are written whole or not at all, and nothing replaced that is not ours."""

import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .errors import CamError


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A temporary name beside `path`, renamed to it when the block ends without an error.

    So a file is there whole or not at all, also after a power cut, and what was there before stays
    until then.
    """
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        yield part
        with open(part, "rb+") as file:
            os.fsync(file.fileno())  # else the new name may outlive the content
        part.chmod(0o644)  # some writers let only the owner read
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def write_json(path: Path, content) -> None:
    """Write plain values as JSON, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(content, indent=1, sort_keys=True, ensure_ascii=False)
    with replacing(path) as part:
        part.write_text(text + "\n", encoding="utf-8")


def check_writable(out: str | Path) -> Path:
    """The path, once its folder exists and a file can be made there; else CamError."""
    out = Path(out)
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=out.parent).close()
    except OSError as error:
        raise CamError(f"Cannot write {out}: {error.strerror}. Choose another place.") from error
    return out


def check_target(out: str | Path, force: bool = False, ours: bytes = b"cam-companion") -> Path:
    """A file to be written: its folder exists, and what is there may be replaced.

    Args:
        force: replace a file that is not ours.
        ours: what a file of ours contains.

    Raises:
        CamError: the folder is missing or not writable; a folder or a device is there; a file that
            this program did not write, unless `force`.
    """
    out = Path(out)
    if not out.parent.is_dir():
        raise CamError(f"The folder {out.parent} of {out.name} does not exist; create it first.")
    if out.is_dir():
        raise CamError(f"{out} is a folder; expected the name of a file to write.")
    if out.exists() and not out.is_file():
        raise CamError(f"{out} is no ordinary file; expected the name of a file to write.")
    if out.is_file() and not force and out.stat().st_size and ours not in out.read_bytes():
        raise CamError(
            f"{out} is there already and was not written by this program; choose another name, or "
            "replace it with --force."
        )
    return check_writable(out)
