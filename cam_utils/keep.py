"""The keeper: finished work stays, whole or not at all, under a name for all that it depends on.

A keeper holds pieces, arrays with a note of plain values, in one file each. A piece comes back only
if it is of the same identity (weights, data, protocol, code, torch, device, batch) and its checksum
is right; a damaged one is removed and made again.
"""

import json
import re
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from .errors import CamError, CannotWrite, MissingData
from .hashes import digest
from .identity import differences, key_of, plain
from .writing import check_target, check_writable, make_folder, replacing, write_json

__all__ = [
    "Keeper",
    "check_target",
    "check_writable",
    "project_root",
    "read_piece",
    "replacing",
    "write_json",
    "write_piece",
]

Piece = tuple[dict[str, np.ndarray], dict]  # arrays, note


def project_root() -> Path | None:
    """The checkout that this package runs from, or None when it is installed elsewhere."""
    root = Path(__file__).parents[1]
    return root if (root / "notebooks").is_dir() else None


# ---------------------------------------------------------------- the keeper


@dataclass(frozen=True)
class Keeper:
    """The kept pieces of one piece of work.

    Attributes:
        place: a path without suffix: the whole lies in `<place>.safetensors`, parts of it in the
            folder `<place>.parts`. None: nothing is kept.
        identity: all that the work depends on, as plain values.
    """

    place: Path | None
    identity: dict

    @classmethod
    def of(cls, kind: str, identity: dict, cache: bool | str | Path | None = None) -> "Keeper":
        """The keeper of an identity, in a folder of many.

        Args:
            kind: what is kept, in one word: the name's beginning.
            cache: the folder; None: `.build/kept` of the checkout, if the package is in one; True:
                the same, or an error; False: nothing is kept.

        Raises:
            CamError: a folder that was asked for cannot be made.
        """
        folder, root = cache, project_root()
        if cache is None or cache is True:
            if root is None and cache:
                raise CamError("This package is in no checkout; expected cache=folder, or False.")
            folder = root / ".build" / "kept" if root else False
        if folder is False:
            return cls(None, identity)
        try:
            make_folder(folder)
        except CannotWrite as error:
            if cache is None:
                return cls(None, identity)
            raise CamError(
                f"Cannot keep {kind} in {folder}: {error.reason}. Choose another folder, or "
                "cache=False."
            ) from error
        words = (kind, *(identity.get(k) for k in ("network", "layer", "images", "split", "view")))
        name = "-".join(re.sub(r"[^\w.]+", "_", str(w)) for w in words if w)
        return cls(Path(folder) / f"{name[:80]}-{key_of(identity)}", identity)

    def get(self, part: str = "") -> Piece | None:
        """A piece as it was put: the whole, or a part; None where it is not, or was damaged."""
        path = self._path(part)
        if path is None or not path.exists():
            return None
        try:
            arrays, about = read_piece(path)
        except BrokenPiece:
            path.unlink(missing_ok=True)  # made again
            return None
        return (arrays, about["note"]) if about["identity"] == plain(self.identity) else None

    def rows(self, name: str, part: str = ""):
        """An array of a piece that is there, read from the disk only where it is sliced."""
        return safe_open(self._path(part), "np").get_slice(name)

    def has(self, part: str = "") -> bool:
        """Whether a piece is there and intact."""
        return self.get(part) is not None

    def put(self, arrays: dict[str, np.ndarray], note: dict | None = None, part: str = "") -> None:
        """Keep a piece: arrays of numbers and a note of plain values.

        Raises:
            CamError: it cannot be written; what was kept before stays.
        """
        path = self._path(part)
        if path is None:
            return
        try:
            write_piece(path, arrays, note or {}, self.identity)
        except CannotWrite as error:
            raise CamError(
                f"Cannot keep {path}: {error.reason}. Make room or choose another folder; the same "
                "call goes on from the last piece that was kept."
            ) from error

    def parts(self) -> list[str]:
        """The names of the parts that are there."""
        folder = self._path("x").parent if self.place else Path()
        return sorted(p.stem for p in folder.glob("*.safetensors")) if self.place else []

    def drop_parts(self) -> None:
        """Remove the parts, when the whole is kept; also what a process left that died at it."""
        if self.place is None:
            return
        folder, done = self._path("x").parent, self.place.with_name(f"{self.place.name}.done")
        _remove_pieces(done)
        with suppress(OSError):  # a user's own files may be in the way
            # first out of the way: a folder with some parts removed would be taken up again
            _remove_pieces(folder.rename(done))
        _remove_pieces(folder)

    def refuse_others(self) -> None:
        """CamError if the parts that are there belong to work of another identity."""
        for part in self.parts():
            try:
                found = read_piece(self._path(part))[1]["identity"]
            except BrokenPiece:
                continue
            if other := differences(plain(self.identity), found):
                raise CamError(
                    f"{self._path(part).parent} holds the unfinished work of another run: "
                    f"{'; '.join(other)}. Finish that run, remove the folder, or choose another "
                    "place for this one."
                )
            return

    def _path(self, part: str) -> Path | None:
        if self.place is None:
            return None
        if part:
            return self.place.with_name(f"{self.place.name}.parts") / f"{part}.safetensors"
        return self.place.with_name(f"{self.place.name}.safetensors")


def _remove_pieces(folder: Path) -> None:
    """Remove the pieces of a folder, whole or half written, and the folder if nothing else is in
    it: a user's own files stay."""
    with suppress(OSError):  # read-only by now: what is whole is kept all the same
        for path in (*folder.glob("*.safetensors"), *folder.glob("*.safetensors.*.part")):
            path.unlink(missing_ok=True)
        folder.rmdir()


class BrokenPiece(CamError):
    """A kept file that is damaged, or nothing that a keeper wrote."""


def write_piece(path: Path, arrays: dict[str, np.ndarray], note: dict, identity: dict) -> None:
    """Write arrays, a note and an identity to a file that says whether it is intact."""
    note = plain(note)
    arrays = {name: np.ascontiguousarray(array) for name, array in arrays.items()}
    about = {"identity": plain(identity), "note": note}
    about["sum"] = _sum(arrays, about)
    make_folder(path.parent)
    with replacing(path) as temporary:
        save_file(arrays, temporary, {"about": json.dumps(about, sort_keys=True)})


def read_piece(path: Path) -> tuple[dict[str, np.ndarray], dict]:
    """The arrays of a file of `write_piece` and what stands in it: identity, note.

    Raises:
        MissingData: there is no such file. BrokenPiece: it is damaged, or of another kind.
    """
    if not path.exists():
        raise MissingData(f"There is no kept file {path}.")
    try:
        with safe_open(path, "np") as file:
            about = json.loads(file.metadata()["about"])
            arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        if about.pop("sum") != _sum(arrays, about):
            raise ValueError("its checksum is wrong")
    except (OSError, SafetensorError, ValueError, KeyError, TypeError) as error:
        raise BrokenPiece(f"{path} is damaged ({error}); remove it, it is made again.") from error
    return arrays, about


def _sum(arrays: dict[str, np.ndarray], about: dict) -> str:
    shapes = [(name, str(a.dtype), a.shape) for name, a in sorted(arrays.items())]
    text = json.dumps([shapes, about], sort_keys=True).encode()
    return digest(text, *(a.reshape(-1).view(np.uint8) for _, a in sorted(arrays.items())))
