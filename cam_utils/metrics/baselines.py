"""Null baselines: how often a box is right that no network made, beside Tables 2 and 3.

A null baseline knows no class: its box is the same for every guess, so its top-k error follows from
its hits and the ranks of any classifier (`with_classifier`).
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ..boxes import null as null_boxes
from ..boxes.null import centre_box
from ..boxes.truth import Truth
from ..errors import CamError
from .intervals import Rate, rate
from .localization import IOU, localization_errors, misses, require_columns

FRACTIONS = np.round(np.arange(0.30, 1.001, 0.01), 2)


def best_iou(boxes: np.ndarray, truth: Truth) -> np.ndarray:
    """(n,) float64: the best overlap of each image's box with any of its truth boxes.

    Args:
        boxes: (n, 4) xyxy half-open, one for each image.
    """
    boxes = np.asarray(boxes, np.float64)
    if boxes.shape != (len(truth), 4):
        raise CamError(f"Found boxes of shape {boxes.shape}; expected ({len(truth)}, 4).")
    a, b = boxes[truth.image], truth.boxes
    sides = np.minimum(a[:, 2:], b[:, 2:]) - np.maximum(a[:, :2], b[:, :2])
    inter = sides.clip(min=0).prod(1)
    areas = [(v[:, 2:] - v[:, :2]).prod(1) for v in (a, b)]
    best = np.zeros(len(truth))
    np.maximum.at(best, truth.image, inter / (areas[0] + areas[1] - inter))
    return best


def hits(boxes: np.ndarray, truth: Truth, iou: float = IOU) -> pd.Series:
    """bool, indexed by id: the box overlaps a truth box by `iou` or more (class-given success)."""
    return pd.Series(best_iou(boxes, truth) >= iou, index=pd.Index(truth.ids, name="id"))


@dataclass(frozen=True)
class CentreBox:
    """The centre box that fits a set of images best.

    Attributes:
        fraction: of width and height.
        success: class-given success at this fraction, in percent, on the images reported on.
        curve: columns fraction, gt_known (percent): success on the images it was chosen on.
        chosen_on: "the same images" or "other images" than the success is reported on.
    """

    fraction: float
    success: Rate
    curve: pd.DataFrame
    chosen_on: str


def best_centre_box(
    truth: Truth, report: Truth | None = None, fractions: Iterable[float] = FRACTIONS
) -> CentreBox:
    """Choose the fraction with the most hits on `truth`; report its success on `report`.

    Without `report` both are the same images, which flatters it a little; `chosen_on` says so.
    Of equally good fractions the smallest wins.
    """
    fractions = np.sort(np.asarray(list(fractions), float)).round(6)  # arange ends above 1
    if len(fractions) == 0:
        raise CamError("No fractions to choose from; expected some between 0 and 1.")
    success = [100 * hits(centre_box(truth, f), truth).mean() for f in fractions]
    best = float(fractions[int(np.argmax(success))])
    on = truth if report is None else report
    return CentreBox(
        best,
        rate(hits(centre_box(on, best), on)),
        pd.DataFrame({"fraction": fractions, "gt_known": success}),
        "the same images" if report is None or report is truth else "other images",
    )


def null_hits(truth: Truth, fraction: float, seed: int = 0) -> dict[str, pd.Series]:
    """The hits of every null baseline, from the weakest kind of knowledge to the strongest.

    Args:
        fraction: of the fixed centre box; `best_centre_box` on other images chooses it.
        seed: of the three random ones.
    """
    boxes = {
        "random corners": null_boxes.random_corners(truth, seed),
        "random place, another's size": null_boxes.random_place(truth, seed),
        "another image's truth box": null_boxes.another_box(truth, seed),
        "whole image": null_boxes.whole_box(truth),
        f"centred Gaussian (sigma {null_boxes.SIGMA:g}), 20 %": null_boxes.gaussian_box(truth),
        f"centre box, {100 * fraction:.0f} % of the sides": centre_box(truth, fraction),
    }
    return {name: hits(b, truth) for name, b in boxes.items()}


def null_misses(
    hits: pd.Series, table: pd.DataFrame, what: str = "top5", blacklist: Iterable[str] = ()
) -> pd.Series:
    """`localization.misses` of a network whose boxes are replaced by a null baseline's.

    Args:
        hits: bool by id, of all images of the table; others are not used.
        table: rows of `evaluate`; only id, label, rank and class are read.
        what: "top1", "top5" or "gt_known".
    """
    return misses(_replaced(hits, table), what, blacklist)


def with_classifier(
    hits: pd.Series, table: pd.DataFrame, blacklist: Iterable[str] = ()
) -> dict[str, Rate]:
    """A null baseline's row of Table 2: its box with the classes of a network.

    Returns:
        {"top1", "top5", "gt_known"}: Rate, errors in percent, as `localization_errors`.
    """
    return localization_errors(_replaced(hits, table), blacklist)


def _replaced(hits: pd.Series, table: pd.DataFrame) -> pd.DataFrame:
    """The table with the baseline's success as its overlap, for every rank and for rank 0."""
    require_columns(table, "id", "label", "rank", "class")
    lacking = table["id"][~table["id"].isin(hits.index)]
    if not hits.index.is_unique or not lacking.empty:
        what = f"no entry for {lacking.iloc[0]}" if len(lacking) else "an image twice"
        raise CamError(
            f"The baseline's hits have {what}; expected each image of the table once: read the "
            "truth of the same data set."
        )
    ranked = table.loc[table["rank"] > 0, ["id", "label", "rank", "class"]]
    own = table.drop_duplicates("id")[["id", "label"]]
    # one box for all classes, so the class-given guess needs no map of the true class
    ranked = pd.concat([own.assign(rank=0, **{"class": own["label"]}), ranked])
    return ranked.assign(iou=ranked["id"].map(hits).astype(float))
