"""Stored tables as they are read: side by side, and what they decide."""

import pandas as pd

from ..errors import CamError
from ..metrics import Rate
from .table2 import METRICS


def wide(rows: pd.DataFrame) -> pd.DataFrame:
    """The stored rows as Table 2 reads: one line for each row, paper and measured side by side.

    Columns: method, network; for each of METRICS "paper" and "measured [95 % interval]"; n.
    """
    lines = []
    for (row, network), own in rows.groupby(["row", "network"], sort=False):
        line = {"method": row, "network": network}
        for metric in METRICS.values():
            short = metric.replace(" localization error, %", "")
            cell = own[own["metric"] == metric].iloc[0]
            if metric != METRICS["gt_known"]:
                line[f"paper {short}"] = "-" if pd.isna(cell["paper"]) else f"{cell['paper']:.1f}"
            line[short] = f"{cell['measured']:.1f} [{cell['low']:.1f}, {cell['high']:.1f}]"
        lines.append(line | {"n": int(own["n"].iloc[0])})
    return pd.DataFrame(lines)


def all_better(found: pd.DataFrame) -> bool | None:
    """Is the first of every pair better? False: one is worse; None: the intervals cannot tell.

    Args:
        found: rows of `differences`: low and high of first - second, in points of error.
    """
    if found.empty:
        return None
    if (found["high"] < 0).all():
        return True
    return False if (found["low"] > 0).any() else None


def pick(rows: pd.DataFrame, **values) -> pd.DataFrame:
    """Rows whose columns have these values, or one of several."""
    for column, wanted in values.items():
        wanted = [wanted] if isinstance(wanted, str | int | float) else list(wanted)
        rows = rows[rows[column].isin(wanted)]
    return rows


def as_rate(rows: pd.DataFrame) -> Rate:
    """The one row that is left, as a Rate.

    Raises:
        CamError: none is left, or several.
    """
    if len(rows) != 1:
        raise CamError(f"Found {len(rows)} rows, expected one; name row, protocol and metric.")
    row = rows.iloc[0]
    return Rate(float(row["measured"]), float(row["low"]), float(row["high"]), int(row["n"]))


def steps_table(steps: pd.DataFrame) -> pd.DataFrame:
    """The stored ablation: one line a step and network, differences to the first in points."""
    lines = []
    for (row, step), own in steps.groupby(["row", "step"], sort=False):
        line = {"network": row, "step": step}
        for metric in METRICS.values():
            cell = own[own["metric"] == metric].iloc[0]
            short = metric.replace(" localization error, %", "")
            line[short] = f"{cell['measured']:.1f}"
            low, high = cell["difference_low"], cell["difference_high"]
            line[f"{short}, change"] = f"{cell['difference']:+.1f} [{low:.1f}, {high:.1f}]"
        lines.append(line | {"n": int(own["n"].iloc[0])})
    return pd.DataFrame(lines)


def poolings_table(rows: pd.DataFrame) -> pd.DataFrame:
    """The stored comparison of poolings: one line for each network or difference and seed."""
    lines = []
    rows = rows[rows["metric"].isin(METRICS.values())]
    for (row, seed), own in rows.groupby(["row", "seed"], sort=False):
        line = {"": row, "seed": seed}
        for metric in METRICS.values():
            cell = own[own["metric"] == metric].iloc[0]
            text = f"{cell['measured']:.1f} [{cell['low']:.1f}, {cell['high']:.1f}]"
            line[metric.replace(" localization error, %", "")] = text
        lines.append(line | {"n": int(own["n"].iloc[0])})
    return pd.DataFrame(lines)
