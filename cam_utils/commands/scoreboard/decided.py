"""The verdicts that the notebooks published, and the cell that decides each."""

from pathlib import Path

import nbformat
import pandas as pd

from ...book import published
from ...book.claims import line_of, read_record
from ...book.notebooks import notebooks

TOLD = ["claim", "kind", "on", "verdict", "statement", "source", "rule", "measured", "paper"]
COLUMNS = [*TOLD, "notebook", "cell"]


def verdicts(folder: Path | None = None) -> pd.DataFrame:
    """One row for each verdict, with COLUMNS.

    `kind` is "drawn", "real" or "arithmetic", as the verdict says of the data that decided it;
    `cell` the execution count of the stored notebook's code cell whose output holds its line.
    Notebooks that published nothing are left out.

    Args:
        folder: of the executed notebooks; default: those stored in the repository.
    """
    rows = []
    for path in notebooks():
        stored = nbformat.read(path, as_version=4)
        ran = folder / path.name if folder else path
        record = read_record(nbformat.read(ran, as_version=4)) if ran.exists() else None
        for found in (record or {"verdicts": {}})["verdicts"].values():
            place = {"notebook": path.stem, "cell": _cell(stored, line_of(found))}
            rows.append({name: found[name] for name in TOLD} | place)
    return pd.DataFrame(rows, columns=COLUMNS)


def _cell(notebook, line: str) -> str:
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            if line in str(output.get("text", "")):
                return str(cell.execution_count)
    return ""


def undecided(found: pd.DataFrame) -> list[str]:
    """Claims of the paper that no notebook decides."""
    return sorted(set(published.claims().index) - set(found["claim"]))
