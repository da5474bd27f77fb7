"""A long table made in pieces that survive the death of the process: atomic, resumable shards.

Each shard holds the rows of a fixed range of images, in a file of its own that is there whole or
not at all. What run the shards belong to stands beside them, so that no other run continues it.
"""

import json
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pandas as pd

from ..errors import CamError
from ..networks.weights import short_hash
from ..provenance import replacing, source_hash, write_json
from ..sweep.curves import CURVES
from .localize import LOOSE, TIGHT, rounded

TEXT = ("id", *CURVES)  # columns that are no numbers
_NOTE = "run.json"


class Shards:
    """The shards of one table, in the folder `<out>.parts`.

    Args:
        out: the table's file.
        identity: all that the rows depend on, as plain values.
        count: the number of shards.

    Raises:
        CamError: the folder holds another run's shards.
    """

    def __init__(self, out: Path, identity: dict, count: int):
        self.out, self.count = Path(out), count
        self.identity = json.loads(json.dumps(identity))  # as it will be read
        self.folder = self.out.with_name(f"{self.out.name}.parts")
        self._done = self.out.with_name(f"{self.out.name}.done")
        shutil.rmtree(self._done, ignore_errors=True)  # of a process that died while it tidied
        self._check_owner()

    @property
    def key(self) -> str:
        """A short name of the identity."""
        return source_hash(json.dumps(self.identity, sort_keys=True))

    def has(self, shard: int) -> bool:
        """Whether a shard is complete."""
        return self._file(shard).exists()

    def write(self, shard: int, table: pd.DataFrame, unreadable: list[dict]) -> None:
        """Keep a shard; the file appears when it is complete."""
        self.folder.mkdir(parents=True, exist_ok=True)
        if not (self.folder / _NOTE).exists():  # several processes may: all write the same
            write_json(self.folder / _NOTE, self.identity)
        with replacing(self._file(shard)) as part, open(part, "w", newline="") as file:
            file.write(json.dumps(unreadable) + "\n")
            table.to_csv(file, index=False)

    def read(self, shard: int) -> tuple[pd.DataFrame, list[dict]]:
        """The rows and the unreadable images of a shard."""
        try:
            with open(self._file(shard), newline="") as file:
                unreadable = json.loads(file.readline())
                return read_table(file), unreadable
        except (OSError, ValueError) as error:
            raise CamError(
                f"{self._file(shard)} is missing or damaged ({error}). Is a second run writing to "
                f"{self.out}? Remove that file and run again."
            ) from error

    def wait(self, tell: Callable[[int], None], seconds: float = 0.5) -> None:
        """Until the other processes have written their shards; `tell` is given what is missing."""
        while missing := sum(not self.has(k) for k in range(self.count)):
            tell(missing)
            time.sleep(seconds)

    def finish(self, table: pd.DataFrame, record: dict) -> None:
        """Write the table, `<out>.json` beside it, and remove the shards."""
        for stray in self.out.parent.glob(f"{self.out.name}.*.part"):  # of processes that died
            stray.unlink(missing_ok=True)
        with replacing(self.out) as part:
            table.to_csv(part, index=False)
        note = {"run": self.key, "rows": len(table), "table": short_hash(self.out)}
        write_json(note_of(self.out), record | note)
        self.drop()

    def drop(self) -> None:
        """Remove the shards."""
        if self.folder.exists():
            # first out of the way: a folder with some shards removed would be taken up again
            shutil.rmtree(self.folder.rename(self._done), ignore_errors=True)

    def finished(self) -> tuple[pd.DataFrame, list[dict]] | None:
        """The table of this very run if it is complete already."""
        try:
            note = json.loads(note_of(self.out).read_text())
            if note["run"] != self.key or note["table"] != short_hash(self.out):
                return None
            return read_table(self.out), note["unreadable"]
        except (OSError, ValueError, KeyError):
            return None

    def _file(self, shard: int) -> Path:
        return self.folder / f"{shard:05d}.csv"

    def _check_owner(self) -> None:
        try:
            found = json.loads((self.folder / _NOTE).read_text())
        except OSError:
            return
        except ValueError:
            found = {}
        keys = found.keys() | self.identity.keys()
        other = sorted(k for k in keys if found.get(k) != self.identity.get(k))
        if other:
            differ = ", ".join(
                f"{k} {found.get(k)} there, {self.identity.get(k)} now" for k in other
            )
            raise CamError(
                f"{self.folder} holds the unfinished work of another run: {differ}. Finish that "
                "run, remove the folder, or choose another --out."
            )


def read_table(file) -> pd.DataFrame:
    """A table of `evaluate` from its CSV, a path or an open file: exactly as it was in memory."""
    table = pd.read_csv(
        file,
        dtype=dict.fromkeys(TEXT, str),
        keep_default_na=False,  # an image may be called "NA"
        na_values={name: [""] for name in (*LOOSE, *TIGHT)},
    )
    return rounded(table)  # the parser may miss the last bit


def note_of(out: Path) -> Path:
    """Where the provenance of a table lies."""
    return out.with_name(out.name + ".json")
