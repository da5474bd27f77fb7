"""Localization errors of Tables 2 and 3, from the rows of `evaluate`.

The table has one row for each (image, rank): columns id, label, rank (1 is best; rank 0 is the
true class's own map), class, score, the box and `iou`, its best overlap with any truth box of the
image's label; `iou_b` is that of a second, tighter box, NaN where there is none.

A guess is right if its class is the label and its IoU is at least 0.5; any one of several truth
boxes will do (the ILSVRC devkit, which the authors' released evaluation uses). Blacklisted images
leave the denominator of the localization error, not that of the classification error.

Intervals: an error of one table is a share of independent images, so it has Wilson's score
interval, which also holds near 0 and 100 % where a bootstrap's shrinks to a point. A difference of
two errors on the same images is a mean of -1, 0 and 1 whose two parts are not independent, so it
has a bootstrap interval over images.
"""

from collections.abc import Iterable

import numpy as np
import pandas as pd

from ..errors import CamError
from .intervals import Rate, mean_interval, rate


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


IOU = 0.5

ERRORS = ("top1", "top5", "gt_known", "five_box")

_RANKS = {"top1": 1, "top5": 5, "gt_known": 0, "five_box": 5}

_NOT_MEASURED = Rate(float("nan"), float("nan"), float("nan"), 0)


def localization_errors(table: pd.DataFrame, blacklist: Iterable[str] = ()) -> dict[str, Rate]:
    """The columns of Table 2 and the class-given error, in percent with 95 % Wilson intervals.

    Args:
        table: rows of `evaluate` with boxes.
        blacklist: ids that do not count (`ILSVRC.blacklist`).

    Returns:
        {"top1", "top5", "gt_known"}: Rate. What the table has no rows for (five ranks of more
        classes, rank 0) is NaN with n = 0.

    Raises:
        CamError: the table lacks columns, has an image twice, or images without truth boxes.
    """
    table = checked(table, blacklist)
    names = ("top1", "top5", "gt_known")
    return {k: rate(_misses(table, k)) if _has(table, k) else _NOT_MEASURED for k in names}


def five_box_error(table: pd.DataFrame, blacklist: Iterable[str] = ()) -> Rate:
    """Table 3's "heuristics": five boxes on three classes, in percent with Wilson's interval.

    The guesses are the loose and the tight box of the best and of the second class and the loose
    box of the third (section 3.2, "two bounding boxes, one tight and one loose"). As in the
    released evaluation that is the list of all classes' boxes cut to five, so where a class has no
    second box the next guess moves up (`boxes.five_box_guess`).

    Raises:
        CamError: as `localization_errors`; no column `iou_b`; fewer than five ranks.
    """
    return rate(misses(table, "five_box", blacklist))


def misses(table: pd.DataFrame, what: str, blacklist: Iterable[str] = ()) -> pd.Series:
    """For each image whether every guess was wrong.

    Args:
        what: "top1", "top5", "gt_known" (rank 0) or "five_box".

    Returns:
        bool, indexed by id, sorted; an error is its share (`metrics.rate`).

    Raises:
        CamError: unknown `what`; the table is wrong or has no rows for it.
    """
    if what not in ERRORS:
        raise CamError(f"Unknown error {what!r}; expected one of {', '.join(ERRORS)}.")
    table = checked(table, blacklist)
    if not _has(table, what):
        raise CamError(
            f"The table has the ranks {sorted(table['rank'].unique())}, which is not enough for "
            f"{what}: evaluate with five ranks and, for gt_known, the true class's map as rank 0."
        )
    return _misses(table, what)


def box_right_given_class(table: pd.DataFrame, blacklist: Iterable[str] = ()) -> dict[str, Rate]:
    """Of the images whose class is right, the share whose box is right too, in percent.

    What is left of Table 2 when the classifier is taken out: (100 - localization error) /
    (100 - classification error), on the same images for both.

    Returns:
        {"top1", "top5"}: Rate, n is the number of images whose class is right.
    """
    table = checked(table, blacklist)
    found = {}
    for name in ("top1", "top5"):
        if not _has(table, name):
            found[name] = _NOT_MEASURED
            continue
        named = table[table["rank"].between(1, _RANKS[name]) & (table["class"] == table["label"])]
        found[name] = rate(named["iou"] >= IOU)
    return found


def paired_difference(
    first: pd.DataFrame | pd.Series,
    second: pd.DataFrame | pd.Series,
    what: str = "top5",
    blacklist: Iterable[str] = (),
    seed: int = 0,
) -> Rate:
    """Error of the first minus error of the second on the same images, in points.

    Args:
        first, second: tables of `evaluate`, or what `misses` gives (a null baseline, for example).
        what: which error, for tables.
        seed: of the bootstrap over images.

    Returns:
        Rate: below 0 where the first is better; 95 % bootstrap interval.

    Raises:
        CamError: the two are not of the same images, or one is wrong.
    """
    blacklist = list(blacklist)
    a, b = (x if isinstance(x, pd.Series) else misses(x, what, blacklist) for x in (first, second))
    black = {str(id) for id in blacklist}
    a, b = (x[~x.index.astype(str).isin(black)].sort_index() for x in (a, b))
    if len(a) == 0 or not a.index.equals(b.index):
        odd = a.index.symmetric_difference(b.index)
        raise CamError(
            f"A paired difference needs the same images in both, found {len(a)} and {len(b)}, of "
            f"which {len(odd)} are in one alone ({', '.join(map(str, odd[:3]))}); evaluate both "
            "on the same images, or keep the common ids."
        )
    return mean_interval(100 * (a.to_numpy(float) - b.to_numpy(float)), seed)


def _misses(table: pd.DataFrame, what: str) -> pd.Series:
    if what == "five_box":
        hit = _five_boxes(table)
    else:
        hit = (table["iou"] >= IOU) & table["rank"].between(min(1, _RANKS[what]), _RANKS[what])
    hit &= table["class"] == table["label"]
    return ~hit.groupby(table["id"]).any()


def _five_boxes(table: pd.DataFrame) -> pd.Series:
    """For each row whether one of its boxes is in place and among the image's five guesses."""
    ranked = table[table["rank"] > 0].sort_values(["id", "rank"])
    tight = ranked["iou_b"].notna()
    used = (1 + tight).groupby(ranked["id"]).cumsum() - tight  # guesses up to this loose box
    hit = (ranked["iou"] >= IOU) & (used <= 5)
    hit |= (ranked["iou_b"] >= IOU) & (used <= 4)
    return hit.reindex(table.index, fill_value=False)


def _has(table: pd.DataFrame, what: str) -> bool:
    if what == "five_box":
        require_columns(table, "iou_b")
    if what == "gt_known":
        return bool((table["rank"] == 0).any())
    known = 1 + table[["label", "class"]].to_numpy().max()  # at least so many classes
    return bool(table["rank"].max() >= min(_RANKS[what], known))
