"""What a table of `evaluate` comes to, beside the paper's numbers."""

from collections.abc import Iterable

import pandas as pd

from ..metrics.classification import classification_errors
from ..metrics.intervals import Rate
from ..metrics.localization import localization_errors
from .curves import sweeps_of


def errors(table: pd.DataFrame, blacklist: Iterable[str] = ()) -> dict[str, Rate]:
    """All errors that a table of `evaluate` has rows for, by name, in percent.

    Classification, and where there are boxes localization; under `WSOL` the benchmark's scores,
    MaxBoxAcc and MaxBoxAccV2, which are accuracies. Images without truth boxes count in the first
    only: each Rate says its n.
    """
    found = {f"{k} classification error": v for k, v in classification_errors(table).items()}
    if "iou" in table:
        boxed = table[table["iou"].notna()]
        if len(boxed):
            names = {"gt_known": "class-given"}
            found |= {
                f"{names.get(k, k)} localization error": v
                for k, v in localization_errors(boxed, blacklist).items()
                if v.n
            }
    elif "curve_v1" in table and (table["curve_v1"] != "").any():
        from ..metrics.maxbox import max_box_acc

        scores = max_box_acc(sweep for _, sweep in sweeps_of(table))
        found |= {"MaxBoxAcc": scores.v1, "MaxBoxAccV2": scores.v2}
    return found
