"""What is decided of what came after, and by what rule; the rules were written before measuring."""

import pandas as pd

from ...book.claims import Verdict, decided_on
from ...metrics.intervals import Rate, all_of, pick
from . import entries
from .attention import ATTENTION
from .tables import MINUS, V1, V2

EQUAL = 1e-4  # of the map's largest value: rounding

MARGIN = 5.0  # points; intervals that reach beyond cannot exclude a gain of this size

Stored = tuple[pd.DataFrame, dict] | None


def same_map(error: float, on: str) -> Verdict:
    """Of `methods.one_map`."""
    return Verdict(
        "one-map-behind-pooling",
        f"Grad-CAM and HiResCAM times the number of places differ from CAM by less than {EQUAL:g} "
        "of its largest value",
        on,
        error < EQUAL,
        f"{error:.1e}",
    )


def successors(stored: Stored, where: str = "") -> list[Verdict]:
    """Of the table `after_methods`; none where it is not."""
    if not stored:
        return []
    rows, made = stored
    found = {
        name: _difference(rows, name, V2, "CAM")
        for name in entries.later_methods()
        if name != "CAM" and name in set(rows["entry"])
    }
    return [
        Verdict(
            "successors-beat-cam",
            "supported if the interval of some method's difference in MaxBoxAccV2 lies above zero, "
            "widened for so many comparisons; "
            f"not supported if all intervals lie below {MARGIN:g} points",
            decided_on(made),
            some_gain(list(found.values())),
            {name: f"{rate}" for name, rate in found.items()},
            where=where,
        )
    ]


def some_gain(differences: list[Rate]) -> bool | None:
    """Is one above zero, though the best of so many? False only if all exclude a gain of MARGIN."""
    if any(rate.one_of(len(differences)).low > 0 for rate in differences):
        return True
    return False if all(rate.high < MARGIN for rate in differences) else None


def attention(stored: Stored, where: str = "") -> list[Verdict]:
    """Of the table `after_attention`, one verdict for each kind of attention."""
    if not stored:
        return []
    rows, made = stored
    return [
        Verdict(
            "attention-localizes",
            "the interval of the difference to the centre Gaussian, boxes right at thresholds "
            "chosen on the other half, lies above zero",
            decided_on(made),
            (rate := _difference(rows, name, V1, entries.GAUSSIAN)).above(0),
            f"{rate}",
            variant=name.replace(" ", "-"),
            where=f"{name}{where}",
        )
        for name in ATTENTION
    ]


def larger_input_helps(stored: Stored, where: str = "") -> list[Verdict]:
    """Of the table `after_finer`."""
    if not stored:
        return []
    rows, made = stored
    rate = _difference(rows, "input twice as large", V1, entries.AS_IT_IS)
    return [
        Verdict(
            "larger-input-localizes-better",
            "the interval of the difference of right boxes, input twice as large minus as it is, "
            "lies above zero",
            decided_on(made),
            rate.above(0),
            f"{rate}",
            where=where,
        )
    ]


def scores_tell(stored: Stored) -> list[Verdict]:
    """Of the table `after_ranks`."""
    if not stored:
        return []
    rows, made = stored
    found = {
        name: Rate.of(pick(rows, score=name, **{"with": "truth"}))
        for name in ("average drop", "insertion", "deletion")
    }
    return [
        Verdict(
            "scores-tell-good-maps",
            "the intervals of all three rank correlations with the truth lie above 0.5; not "
            "supported if one lies below",
            decided_on(made),
            all_of(rate.above(0.5) for rate in found.values()),
            {name: f"{rate:.2f}" for name, rate in found.items()},
        )
    ]


def _difference(rows: pd.DataFrame, entry: str, metric: str, base: str) -> Rate:
    return Rate.of(pick(rows, entry=entry, metric=MINUS.format(metric, base)))
