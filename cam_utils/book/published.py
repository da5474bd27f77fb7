"""The paper's own numbers and claims, as printed (CVPR 2016 version)."""

from functools import cache
from pathlib import Path

import pandas as pd

from ..errors import CamError

FOLDER = Path(__file__).parent / "printed"

CAPTIONS = {
    1: "Classification error on the ILSVRC validation set, %",
    2: "Localization error on the ILSVRC validation set, %",
    3: "Localization error on the ILSVRC test set, %",
    4: "Fine-grained classification accuracy on CUB-200-2011, %",
    5: "Classification accuracy of deep features on eight data sets, %",
}


def table(n: int) -> pd.DataFrame:
    """Table n (1 to 5) of the paper; the first column names the row.

    Raises:
        CamError: the paper has no such table.
    """
    if n not in CAPTIONS:
        raise CamError(f"The paper has no table {n!r}; expected 1 to {len(CAPTIONS)}.")
    return pd.read_csv(FOLDER / f"table{n}.csv", keep_default_na=False)


def figure9() -> pd.DataFrame:
    """The two lists of figure 9 as printed: scene, list ("frequent", "informative"), object, share.

    The paper prints "window:73" among the dining room's frequent objects; it is read as 0.73.
    """
    return pd.read_csv(FOLDER / "figure9.csv")


def value(n: int, row: str, column: str) -> float:
    """One cell of table n, by the name of its row (first match) and column."""
    frame = table(n)
    rows = frame[frame.iloc[:, 0] == row]
    if rows.empty or column not in frame:
        raise CamError(
            f"Table {n} has no cell ({row!r}, {column!r}); rows: {', '.join(frame.iloc[:, 0])}; "
            f"columns: {', '.join(frame.columns[1:])}."
        )
    return float(rows.iloc[0][column])


@cache
def _claims() -> pd.DataFrame:
    return pd.read_csv(FOLDER / "claims.csv", index_col="name")


def claims() -> pd.DataFrame:
    """The paper's claims: index `name`, columns `source` and `statement`."""
    return _claims().copy()


def claim(name: str) -> pd.Series:
    """One claim: its `statement` and `source`.

    Raises:
        CamError: the paper's list has none of that name.
    """
    frame = _claims()
    if name not in frame.index:
        raise CamError(f"Unknown claim {name!r}; known: {', '.join(frame.index)}.")
    return frame.loc[name]


def figures() -> pd.DataFrame:
    """The paper's thirteen figures: `figure`, what it `shows`, what drawing it `needs`."""
    return pd.read_csv(FOLDER / "figures.csv", dtype=str, keep_default_na=False)


def entries() -> pd.DataFrame:
    """Errors and ambiguities of the paper: `entry`, `what`, the `claims` that decide it, `note`."""
    return pd.read_csv(FOLDER / "entries.csv", dtype=str, keep_default_na=False)


def later() -> pd.DataFrame:
    """What later work printed of CAM: method, data, network, metric, value, source.

    The main table of Choe et al., CVPR 2020, on ILSVRC; and top-1 localization as later papers
    quote it, accuracies turned into errors.
    """
    return pd.read_csv(FOLDER / "later.csv")
