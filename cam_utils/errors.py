"""Errors that a user can mend. Each message says what was found, what was expected, what to do."""

from difflib import get_close_matches


class CamError(ValueError):
    """Bad input. The message is one paragraph for the user; the command line prints it bare."""


class MissingData(CamError, FileNotFoundError):
    """A data set, a weight file or a folder is not where it was looked for."""

    def __str__(self) -> str:  # OSError would show a tuple
        return str(self.args[0]) if self.args else ""


class BrokenImage(CamError):
    """A picture that cannot be decoded. `path` names it, so that long runs can list and skip it."""

    def __init__(self, path, reason: str):
        self.path, self.reason = str(path), reason
        super().__init__(
            f"Cannot read the picture {path}: {reason}. Expected a complete image file "
            "(JPEG, PNG, ...); replace or remove it, or let the evaluation skip it."
        )


class BrokenWeights(CamError):
    """A weight file that is truncated, of another format, or made for another network."""


class CannotWrite(CamError, OSError):
    """A file cannot be written; what was there before is kept. `reason`: what the system says."""

    def __init__(self, path, reason: str):
        self.path, self.reason = str(path), reason
        super().__init__(
            f"Cannot write {path}: {reason}. What was there before is kept; make room, or choose "
            "another place."
        )
        self.strerror = reason

    def __str__(self) -> str:  # OSError would show a tuple
        return self.args[0]


class NoClassActivationMap(CamError):
    """The network has no exact class activation map; the message says what stands in the way."""


def told_of(error: Exception) -> str:
    """What a user is told of an error: of ours its text, of the system's what and where."""
    if isinstance(error, CamError):
        return str(error)
    if isinstance(error, MemoryError):
        return (
            "The memory is full. Take smaller pictures, a smaller batch, or close other programs."
        )
    if isinstance(error, OSError) and error.strerror:
        where = f"{error.filename}: " if error.filename else ""
        return f"{where}{error.strerror}. Make room, mend the permissions, or choose another place."
    return f"{error or type(error).__name__} ({type(error).__name__})."


def unknown(kind: str, given, known) -> CamError:
    """The error for a name that is not among `known`, with the closest (up to two) as a hint."""
    known = [str(k) for k in known]
    by_lower = {k.lower(): k for k in known}
    ends = [k for k in by_lower if k.endswith(f"/{str(given).lower()}")]  # resnet18: which one?
    close = ends or get_close_matches(str(given).lower(), by_lower, n=2)
    hint = f" Did you mean {' or '.join(repr(by_lower[c]) for c in close)}?" if close else ""
    shown = ", ".join(known[:20]) + (f", … ({len(known):,} in all)" if len(known) > 20 else "")
    return CamError(f"There is no {kind} {given!r}.{hint} Known: {shown}.")
