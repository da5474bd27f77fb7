"""Features on the disk: whole files under a name that says what they are of, made in shards."""

import json
import re
import shutil
from pathlib import Path

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from ..errors import CamError
from ..provenance import project_root, replacing, source_hash, write_json

SHARD = 1000  # images; what a killed process may lose
Part = dict[str, np.ndarray]  # "values" (n, K) float32, "places" (n,) int64


def default_folder() -> Path | None:
    """`.build/features` of the checkout; None where the package is not in one."""
    root = project_root()
    return root / ".build" / "features" if root else None


class Cache:
    """The features of one identity, in a folder.

    `<name>.safetensors` is there when all is; until then `<name>.parts` holds shards, each whole or
    absent. Several processes may write the same: each keeps what it has in memory too.

    Args:
        folder: None: nothing is kept. identity: all that the features depend on, plain values.
        must: a folder that cannot be written is an error; else nothing is kept.
    """

    def __init__(self, folder: Path | None, identity: dict, must: bool = True):
        self.identity = identity
        self.folder = None
        if folder is None:
            return
        try:
            Path(folder).mkdir(parents=True, exist_ok=True)
            self.folder = Path(folder)
        except OSError as error:
            if must:
                raise CamError(
                    f"Cannot keep features in {folder}: {error.strerror}. Choose another folder, "
                    "or cache=False."
                ) from error
        key = source_hash(json.dumps(identity, sort_keys=True))
        words = (identity.get(k) for k in ("network", "layer", "images", "split", "view"))
        name = "-".join(re.sub(r"[^\w.]+", "_", str(w)) for w in words if w)
        self.name = f"{name[:80]}-{key}"

    def find(self) -> tuple[Part, dict] | None:
        """The complete features and their note, or None."""
        return self._read(self.folder / f"{self.name}.safetensors") if self.folder else None

    def find_shard(self, shard: int) -> tuple[Part, dict] | None:
        """One shard of an earlier, unfinished call, or None."""
        return self._read(self._shard(shard)) if self.folder else None

    def keep_shard(self, shard: int, part: Part, note: dict) -> None:
        if self.folder:
            self._shard(shard).parent.mkdir(exist_ok=True)
            self._write(self._shard(shard), part, note)

    def keep(self, whole: Part, note: dict) -> None:
        """Write all, with the identity beside it to read, and remove the shards."""
        if not self.folder:
            return
        path = self.folder / f"{self.name}.safetensors"
        write_json(path.with_suffix(".json"), self.identity | {"unreadable": note["unreadable"]})
        self._write(path, whole, note)
        self.drop()

    def drop(self) -> None:
        """Remove the shards."""
        if self.folder:
            shutil.rmtree(self._shard(0).parent, ignore_errors=True)

    def _shard(self, shard: int) -> Path:
        return self.folder / f"{self.name}.parts" / f"{shard:05d}.safetensors"

    def _write(self, path: Path, part: Part, note: dict) -> None:
        try:
            with replacing(path) as temporary:
                save_file(part, temporary, {"note": json.dumps(note)})
        except (OSError, SafetensorError) as error:
            raise CamError(
                f"Cannot write features to {path}: {error}. Make room, choose another folder, or "
                "use cache=False; the same call goes on from the last complete shard."
            ) from error

    def _read(self, path: Path) -> tuple[Part, dict] | None:
        try:
            with safe_open(path, "np") as file:
                note = json.loads(file.metadata()["note"])
                return {key: file.get_tensor(key) for key in ("values", "places")}, note
        except FileNotFoundError:
            return None
        except (OSError, SafetensorError, ValueError, KeyError, TypeError):
            path.unlink(missing_ok=True)  # damaged: made again
            return None
