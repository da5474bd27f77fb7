"""Files that are written whole or not at all, and nothing replaced that is not ours."""

import json
import os
import stat
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from safetensors import SafetensorError

from .errors import CamError, CannotWrite

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None

MARK = b"cam-companion"  # what a file of ours contains, unless it is known by something else

_UMASK = os.umask(0)
os.umask(_UMASK)  # it cannot be asked for without setting it


@contextmanager
def replacing(path: str | Path) -> Iterator[Path]:
    """A temporary name beside `path`, renamed to it when the block ends without an error.

    So a file is there whole or not at all, also after a power cut, and what was there before stays
    until then. A link stays a link, to the new content. Who may read what is new, the user's umask
    says, whatever the writer thinks of it.

    Raises:
        CannotWrite: a folder or a device is there, the disk is full, the folder is read-only, …
    """
    path = _ordinary(path)
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        yield part
        with open(part, "rb+") as file:
            os.fsync(file.fileno())  # else the new name may outlive the content
        part.chmod(stat.S_IMODE(path.stat().st_mode) if path.exists() else 0o666 & ~_UMASK)
        part.replace(path)
    except CamError:
        raise
    except Exception as error:
        if reason := _disk_says(error):
            raise CannotWrite(path, reason) from error
        raise
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)


def _disk_says(error: BaseException | None) -> str | None:
    """Why a file could not be written, if that is what an error is about."""
    if isinstance(error, RuntimeError):  # torch's, raised while it closes what it could not write
        error = error.__context__
    if isinstance(error, OSError):
        return error.strerror or str(error)
    return str(error) if isinstance(error, SafetensorError) else None


def _ordinary(path: str | Path) -> Path:
    """Where a file is really written, links followed.

    Raises:
        CannotWrite: a folder or a device is there, or no file can be called so.
    """
    try:
        real = Path(os.path.realpath(path))
        kind = os.stat(real).st_mode
    except FileNotFoundError:
        return real
    except (OSError, ValueError) as error:
        raise CannotWrite(_shown(path), getattr(error, "strerror", None) or str(error)) from error
    if stat.S_ISDIR(kind):
        raise CannotWrite(path, "it is a folder, expected the name of a file to write")
    if not stat.S_ISREG(kind):
        raise CannotWrite(path, "it is no ordinary file, expected the name of a file to write")
    return real


def _shown(path: str | Path) -> str:
    text = str(path).replace("\0", "\\0")
    return text if len(text) < 200 else f"{text[:60]}… ({len(text):,} characters)"


def write_json(path: Path, content) -> None:
    """Write plain values as JSON, whole or not at all."""
    make_folder(path.parent)
    text = json.dumps(content, indent=1, sort_keys=True, ensure_ascii=False)
    with replacing(path) as part:
        # a file's name that is not UTF-8 has half characters, which JSON escapes in this very way
        part.write_text(text + "\n", encoding="utf-8", errors="backslashreplace")


def make_folder(folder: str | Path) -> Path:
    """The folder, made where it was not, with those above it; else CannotWrite."""
    try:
        os.makedirs(folder, exist_ok=True)
    except (OSError, ValueError) as error:
        raise CannotWrite(_shown(folder), getattr(error, "strerror", None) or str(error)) from error
    return Path(folder)


def check_writable(out: str | Path) -> Path:
    """The path, once its folder exists and a file of such a name can be made there.

    Raises:
        CannotWrite: it cannot, or a folder or a device is there.
    """
    out = Path(out)
    real = _ordinary(out)
    make_folder(real.parent)
    # the longest name that is used on the way, of what lies beside a table
    trial = real.with_name(f"{real.name}.json.{os.getpid()}.part")
    try:
        with trial.open("xb") as file:
            file.write(b"\0" * 512)  # a full disk still makes empty files
            file.flush()
    except OSError as error:
        raise CannotWrite(_shown(out), error.strerror) from error
    finally:
        with suppress(OSError):
            trial.unlink(missing_ok=True)
    return out


def check_target(
    out: str | Path, force: bool = False, ours: bytes | Callable[[Path], bool] = MARK
) -> Path:
    """A file to be written: it can be, and what is there may be replaced.

    Args:
        force: replace a file that is not ours.
        ours: what a file of ours contains, or whether a file is one.

    Raises:
        CamError: the folder is missing or not writable; a folder or a device is there; a file that
            this program did not write, unless `force`.
    """
    out = Path(out)
    real = _ordinary(out)
    if not real.parent.is_dir():
        raise CamError(f"The folder {out.parent} of {out.name} does not exist; create it first.")
    if real.exists() and not force and real.stat().st_size:
        try:
            known = ours(real) if callable(ours) else ours in real.read_bytes()
        except OSError as error:
            raise CannotWrite(out, error.strerror) from error
        if not known:
            raise CamError(
                f"{out} is there already and was not written by this program; choose another name, "
                "or replace it with --force."
            )
    return check_writable(out)


def check_distinct(paths: Iterable[str | Path]) -> None:
    """CamError if two of the files that are to be written are one and the same."""
    seen = set()
    for path in paths:
        real = os.path.realpath(path)
        if real in seen:
            raise CamError(f"{path} would be written twice, the second over the first; name two.")
        seen.add(real)


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Wait until no other process is in such a block for this folder: read, change, write.

    The lock ends with the process. Where the system has no such locks (Windows, some network
    disks) nothing is waited for.
    """
    handle = None
    if fcntl:
        try:
            handle = os.open(folder, os.O_RDONLY)
            fcntl.flock(handle, fcntl.LOCK_EX)
        except OSError:
            pass
    try:
        yield
    finally:
        if handle is not None:
            os.close(handle)
