"""Studies: experiments as values, and the one runner that keeps, writes and records them.

A study opens networks and data, measures rows picture by picture, and makes of these the rows of
the stored tables. `python -m cam_utils tables`, the notebooks and the scoreboard read studies; a
new experiment adds one, and nothing else. What takes long inside a study is kept between calls
(`keep`), so a second call is quick.
"""

import datetime
import json
from collections.abc import Callable, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
import pandas as pd
import torch
from torch import nn

from .data import Subset
from .errors import CamError, MissingData
from .keep import project_root
from .networks import load_network
from .provenance import about
from .writing import check_writable, make_folder, replacing, write_json

RECORD_MARK = b'"cam_utils"'  # in every record of how a table was made, among the versions

Frames = dict[str, pd.DataFrame]  # rows picture by picture, by what they are of
Tables = dict[str, list[dict]]  # rows of stored tables, by file name


@dataclass(frozen=True)
class Ask:
    """What a study is run for.

    Attributes:
        profile: "mini" or "paper". root: folder of the data sets and weights/.
        limit: pictures at most, for a trial; 0: all. seed: of random choices.
    """

    profile: str = "mini"
    root: str | Path | None = None
    device: torch.device | str = "cpu"
    limit: int = 0
    seed: int = 0


@dataclass(frozen=True)
class Opened:
    """What a study found.

    Attributes:
        networks: by the row that they are in.
        parts: data sets by name; the first is the one that is reported on.
        missing: {row or data set: why it is not here}.
    """

    networks: dict[str, nn.Module]
    parts: dict[str, Any]
    missing: dict[str, str] = field(default_factory=dict)

    @property
    def images(self):
        """The data set that is reported on."""
        return next(iter(self.parts.values()), None)


@dataclass(frozen=True)
class Study:
    """An experiment.

    Attributes:
        name: as `tables --only` takes it. shows: what of the paper it measures.
        open: networks and data, checked, before any long work.
        measure: rows picture by picture; what takes long.
        tables: the rows of the stored tables, from what was measured alone; and a note of what was
            chosen on the way, for the provenance. What the note has under a table's name is that
            table's alone.
        profiles: in which it can be run.
    """

    name: str
    shows: str
    open: Callable[[Ask], Opened]
    measure: Callable[[Opened, Ask], Frames]
    tables: Callable[[Opened, Frames], tuple[Tables, dict]]
    profiles: tuple[str, ...] = ("mini", "paper")


def run(study: Study, ask: Ask, out: str | Path | None = None) -> list[Path]:
    """Measure a study and write its tables, each with its provenance; returns the files.

    Args:
        out: folder; default: figures/<profile> of the checkout.

    Raises:
        CamError: `out` cannot be written. MissingData: nothing to measure is here.
    """
    out = Path(out) if out else (project_root() or Path()) / "figures" / ask.profile
    check_writable(out / study.name)
    opened = study.open(ask)
    frames = study.measure(opened, ask)
    tables, note = study.tables(opened, frames)
    made = record(study, ask, opened) | {k: v for k, v in note.items() if k not in tables}
    written = [
        write_rows(out / f"{name}.csv", rows, made | note.get(name, {}))
        for name, rows in tables.items()
    ]
    if ask.profile == "mini" and frames:
        written.append(write_frames(out / "rows" / f"{study.name}.npz", frames))
    return written


def record(study: Study, ask: Ask, opened: Opened) -> dict:
    """The provenance of a study's tables."""
    options = " --root <folder>" if ask.profile == "paper" else ""
    options += f" --limit {ask.limit}" if ask.limit else ""
    nets = {n.name: n.weights_hash for n in opened.networks.values()}
    return about(next(iter(opened.networks.values()), None), opened.images, ask.device) | {
        "network": ", ".join(nets) or None,
        "weights": nets or None,
        "n": len(opened.images) if opened.images is not None else 0,
        "seed": ask.seed,
        "missing": opened.missing,
        "command": f"python -m cam_utils tables --profile {ask.profile} --only {study.name}"
        + options,
        "made": datetime.date.today().isoformat(),
    }


# ---------------------------------------------------------------- opening


def open_rows(
    rows: dict[str, dict[str, str | None]], ask: Ask, load=load_network
) -> tuple[dict[str, nn.Module], dict[str, str]]:
    """The networks of a table's rows that are here, and why the others are not.

    Args:
        rows: {row: {profile: network's name; None: no weights exist}}.
        load: (name, root) to the network.

    Raises:
        MissingData: none is here.
    """
    found, missing = {}, {}
    for row, names in rows.items():
        try:
            if names.get(ask.profile) is None:
                raise MissingData("no weights exist")
            found[row] = load(names[ask.profile], ask.root)
        except MissingData as error:
            missing[row] = reason(error, ask.root)
    if not found:
        reasons = "; ".join(f"{row}: {reason}" for row, reason in missing.items())
        raise MissingData(f"None of the networks is here. {reasons}")
    return found, missing


def first_network(names: Sequence[str], root=None) -> nn.Module | None:
    """The first of several networks whose weights are here; None, if none. What is missing is
    printed."""
    for name in names:
        try:
            return load_network(name, root)
        except MissingData as error:
            print(f"{name} is not here: {reason(error, root)} (`python -m cam_utils doctor`)")
    return None


def reason(error: object, root=None) -> str:
    """Why something is not here, without the name of this machine's folder."""
    return str(error).replace(str(root), "<folder>") if root else str(error)


def first(images, limit: int):
    """A data set's first pictures of each class, for a trial; limit 0: all.

    As many of each class as can be: no class has two more than another one that has more left. In
    the order of the data set; where classes take turns in it, as in the drawn ones, these are the
    first pictures of all.

    Raises:
        CamError: a negative limit.
    """
    if limit < 0:
        raise CamError(f"The limit is {limit} pictures; expected 0 (all) or more.")
    if not limit or limit >= len(images):
        return images
    labels = pd.Series([images.label(i) for i in range(len(images))])
    turns = labels.groupby(labels).cumcount().to_numpy()
    return Subset(images, np.sort(np.argsort(turns, kind="stable")[:limit]))


# ---------------------------------------------------------------- stored tables


def write_rows(path: Path, rows: list[dict], made: dict) -> Path:
    """Write a table as CSV, whole or not at all, and beside it how it was made, as JSON."""
    make_folder(path.parent)
    with replacing(path) as part:
        pd.DataFrame(rows).to_csv(part, index=False)
    write_json(path.with_suffix(".json"), made)
    return path


def stored_table(name: str, profile: str = "paper") -> tuple[pd.DataFrame, dict] | None:
    """A table that was measured before, on real data by default, and its provenance.

    Read from `figures/<profile>/<name>.csv` and `.json` of the checkout; None where there is none.

    Raises:
        CamError: one of the two is damaged, or there without the other.
    """
    root = project_root()
    path = root / "figures" / profile / f"{name}.csv" if root else None
    if path is None or not path.exists():
        return None
    record = path.with_suffix(".json")
    with _whole(path):
        table = pd.read_csv(path)
    with _whole(record):
        return table, json.loads(record.read_text(encoding="utf-8"))


@contextmanager
def _whole(path: Path):
    """CamError for a stored file that cannot be read, from whatever reads it."""
    try:
        yield
    except (OSError, ValueError, EOFError, BadZipFile) as error:
        raise CamError(
            f"{path} is damaged ({error or type(error).__name__}); restore it from the repository, "
            "or run `python -m cam_utils tables` again."
        ) from error


def write_frames(path: Path, frames: Frames) -> Path:
    """Write rows picture by picture, compressed, each column in the smallest whole numbers."""
    make_folder(path.parent)
    columns = {
        f"{key}|{name}": _smallest(frame[name]) for key, frame in frames.items() for name in frame
    }
    with replacing(path) as part, part.open("wb") as file:
        np.savez_compressed(file, **columns)
    return path


def read_frames(path: Path) -> Frames:
    """What `write_frames` wrote."""
    columns: dict[str, dict[str, np.ndarray]] = {}
    with _whole(path), np.load(path, allow_pickle=False) as kept:
        for name in kept.files:
            key, _, column = name.rpartition("|")
            columns.setdefault(key, {})[column] = kept[name]
    return {key: pd.DataFrame(found) for key, found in columns.items()}


def _smallest(values: pd.Series) -> np.ndarray:
    array = values.to_numpy()
    if array.dtype.kind in "iu" and len(array):
        return array.astype(
            np.promote_types(np.min_scalar_type(array.min()), np.min_scalar_type(array.max()))
        )
    return array.astype(str) if array.dtype == object else array
