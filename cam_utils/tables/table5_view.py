"""Table 5 to read: the paper's numbers, real data and the drawn world side by side."""

import numpy as np
import pandas as pd

from .. import paper
from ..metrics import Rate
from .table5 import FEATURES
from .table5_rows import DOUBTFUL


def columns_of(profile: str) -> list[str]:
    """The data sets that the stored table of a profile has, in its order; [] without one."""
    found = paper.measured("table5", profile)
    return [] if found is None else list(dict.fromkeys(found[0]["data"]))


def side_by_side(columns: list[str] | None = None) -> pd.DataFrame:
    """A row for each feature; columns "paper: …", "real: …" and "mini: …" by data set.

    Cells of measured ones are "accuracy [95 % interval]"; random splits where there are some, else
    the given split. "?" marks the paper's doubtful number. "-": not measured.

    Args:
        columns: of the paper's table, which to show; None: those measured on real data.
    """
    columns = columns_of("paper") if columns is None else columns
    published = paper.table(5).set_index("feature")
    shown = {"feature": list(FEATURES)}
    for column in columns:
        shown[f"paper: {column}"] = [_published(published, row, column) for row in FEATURES]
    for word, profile, some in (("real", "paper", columns), ("mini", "mini", columns_of("mini"))):
        for column in some:
            shown[f"{word}: {column}"] = [_cell(profile, row, column) for row in FEATURES]
    table = pd.DataFrame(shown)
    return table[(table.drop(columns="feature") != "-").any(axis=1)].reset_index(drop=True)


def _published(published: pd.DataFrame, row: str, column: str) -> str:
    if row not in published.index:
        return "-"
    mark = " ?" if (row, column) == DOUBTFUL else ""
    return f"{float(published.loc[row, column]):.2f}{mark}"


def _cell(profile: str, row: str, column: str) -> str:
    found = paper.measured("table5", profile)
    if found is None:
        return "-"
    own = found[0][(found[0]["feature"] == row) & (found[0]["data"] == column)]
    if own.empty:
        return "-"
    own = own.sort_values("split", ascending=False).iloc[0]  # "random" before "given"
    return f"{own['measured']:.2f} [{own['low']:.2f}, {own['high']:.2f}]"


def mean_difference(rows: pd.DataFrame, first: str, second: str, without=()) -> Rate | None:
    """The mean over data sets of first - second, in points; None where no data set has both.

    Data sets count alike and are independent samples, so their intervals add up by squares.

    Args:
        rows: of `table5_rows.differences`. without: data sets that are left out.
    """
    own = rows[(rows["first"] == first) & (rows["second"] == second)]
    own = own[~own["data"].isin(list(without))]
    if own.empty:
        return None
    value, count = float(own["measured"].mean()), len(own)
    half = float(np.sqrt((((own["high"] - own["low"]) / 2) ** 2).sum()) / count)
    return Rate(value, value - half, value + half, int(own["n"].sum()))
