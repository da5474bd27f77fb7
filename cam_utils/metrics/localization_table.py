"""Whether a table of an evaluation can be scored: one row for each image and rank."""

from collections.abc import Iterable

import numpy as np
import pandas as pd

from ..errors import CamError


def require_columns(table: pd.DataFrame, *columns: str) -> None:
    """CamError if a table of `evaluate` lacks a column."""
    if missing := [c for c in columns if c not in table]:
        raise CamError(
            f"The table has no column {', '.join(missing)}, only {', '.join(map(str, table))}; "
            "expected rows of evaluate() with a box rule, and for iou_b one that gives two boxes."
        )


def checked(table: pd.DataFrame, blacklist: Iterable[str]) -> pd.DataFrame:
    """The rows of the images that count, if there is one for each image and rank.

    Args:
        table: rows of `evaluate` with boxes, in any order and with any index.
        blacklist: ids to leave out; what is wrong with these images does not matter.

    Raises:
        CamError: a column is missing, an image occurs twice, lacks a rank, has no label or no
            overlap between 0 and 1; nothing is left.
    """
    require_columns(table, "id", "label", "rank", "class", "iou")
    black = {str(id) for id in blacklist}
    table = table[~table["id"].astype(str).isin(black)]
    if table.empty:
        raise CamError("No image is left to count: the table is empty or all are blacklisted.")
    twice = table[table.duplicated(["id", "rank"])]
    if not twice.empty:
        raise CamError(
            f"Image {twice['id'].iloc[0]} has rank {twice['rank'].iloc[0]} twice; expected one row "
            "for each image and rank: were two tables joined?"
        )
    images = table.groupby("id")
    if (images["label"].nunique() != 1).any() or (table["label"] < 0).any():
        raise CamError("An image has two labels or none; expected one class index for each image.")
    ranks = np.sort(table["rank"].unique())
    if not np.array_equal(ranks, np.arange(ranks[0], ranks[-1] + 1)) or ranks[0] not in (0, 1):
        raise CamError(f"The table has the ranks {ranks.tolist()}; expected 1, 2, … and maybe 0.")
    short = images.size() != len(ranks)
    if short.any():
        raise CamError(
            f"{int(short.sum())} of {len(short)} images, the first {short.idxmax()}, lack some of "
            f"the ranks {ranks.tolist()}; expected all of every image: was the run cut off?"
        )
    if not table["iou"].between(0, 1).all():
        bad = table[~table["iou"].between(0, 1)].iloc[0]
        raise CamError(
            f"Image {bad['id']} has the IoU {bad['iou']}; expected 0 to 1. An image without a "
            "truth box cannot be scored: leave it out or blacklist it."
        )
    if ((table["rank"] == 0) & (table["class"] != table["label"])).any():
        raise CamError("A row of rank 0 is not of the image's label; rank 0 is the true class.")
    return table.reset_index(drop=True)  # joined tables repeat index values
