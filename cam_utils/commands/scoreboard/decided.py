"""The verdicts that the notebooks published, and the cell that decides each."""

from pathlib import Path

import nbformat
import pandas as pd

from ...book import published as paper
from ...book.claims import read_record
from ..runner import notebooks

REAL, ARITHMETIC = "-real", "-arithmetic"  # on real data; with the paper's printed numbers alone

_REAL_ONLY = ("googlenet-table", "backprop-table", "scene15-")  # claims about numbers on photos

COLUMNS = ["claim", "on", "verdict", "statement", "source", "measured", "paper", "notebook", "cell"]


def verdicts(run: str = "mini", folder: Path | None = None) -> pd.DataFrame:
    """One row for each verdict, with COLUMNS.

    `on` is "mini", "real" or "arithmetic"; `cell` the execution count of the stored notebook's
    code cell whose output holds the statement. Notebooks that published nothing are left out.

    Args:
        run: the profile that the notebooks were run in.
        folder: of the executed notebooks; default: those stored in the repository.
    """
    rows = []
    for path in notebooks():
        stored = nbformat.read(path, as_version=4)
        ran = folder / path.name if folder else path
        record = read_record(nbformat.read(ran, as_version=4)) if ran.exists() else None
        for name, found in (record or {"verdicts": {}})["verdicts"].items():
            claim, on = _base(name, run)
            rows.append(
                {"claim": claim, "on": on, "notebook": path.stem}
                | {"cell": _cell(stored, found["statement"])}
                | {k: found[k] for k in ("verdict", "statement", "source", "measured", "paper")}
            )
    return pd.DataFrame(rows, columns=COLUMNS)


def _base(name: str, run: str) -> tuple[str, str]:
    """The paper's claim that a verdict is about, and what it was decided on.

    A verdict's name is the claim's, and a word for a variant of it ("-scenes") or where from.
    """
    for suffix in (REAL, ARITHMETIC):
        if name.endswith(suffix):
            return _claim(name.removesuffix(suffix)), suffix[1:]
    return _claim(name), "real" if run == "paper" or name.startswith(_REAL_ONLY) else "mini"


def _claim(name: str) -> str:
    known = [c for c in paper.claims().index if name == c or name.startswith(f"{c}-")]
    return max(known, key=len, default=name)


def _cell(notebook, statement: str) -> str:
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            if statement in str(output.get("text", "")):
                return str(cell.execution_count)
    return ""


def undecided(found: pd.DataFrame) -> list[str]:
    """Claims of the paper that no notebook decides."""
    return sorted(set(paper.claims().index) - set(found["claim"]))
