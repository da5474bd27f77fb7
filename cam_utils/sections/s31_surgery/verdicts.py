"""What Table 1 and the counts of section 3.1 decide, and by what rule."""

import numpy as np
import pandas as pd

from ...book.claims import ARITHMETIC, DEFINITIONS, Verdict, decided_on
from ...metrics.intervals import Rate, by_seed, mean_interval, pick
from . import mini_results
from .definitions import AS_PAPER
from .tables import drop, published_drop, repaired

CUTS = ("VGGnet-GAP", "GoogLeNet-GAP", "AlexNet*-GAP", "AlexNet-GAP")

SMALL = 2.0  # points of error, of the paper's "1-2 %"

MINI = "mini/objects test"  # what the stored ranks of the mini networks are of

MOSTLY_SMALL = (
    "in more than half of the pairs the cut network's error is at most 2 points above the "
    "original's, by the upper end of its 95 % interval"
)


def surgery(budget: pd.DataFrame) -> list[Verdict]:
    """What the cut does to parameters and maps, from the rows of `definitions.parameter_table`."""
    saved = budget.loc[budget["network"] == "vgg-gap", "saved"]
    after = budget[budget["added"] == AS_PAPER].set_index("network")
    sides, lost = after["resolution_after"].to_dict(), after["removed"]
    return [
        Verdict(
            claim="vgg-90-percent-fewer",
            rule="VGGnet-GAP has, rounded, at least 90 % fewer parameters than VGGnet, with one of "
            "the ways in which its new layers are described",
            on=DEFINITIONS,
            holds=bool(saved.round().ge(90).any()),
            measured=[round(v, 1) for v in saved],
            paper=90,
        ),
        Verdict(
            claim="mapping-resolution",
            rule="the maps that are pooled have these sides",
            on=DEFINITIONS,
            holds=list(sides.values()) == ["13x13", "14x14", "14x14"],
            measured=sides,
        ),
        Verdict(
            claim="conv-layers-removed",
            rule="more than one of the three networks loses a convolution",
            on=DEFINITIONS,
            holds=int((lost > 0).sum()) > 1,
            measured=lost.to_dict(),
        ),
    ]


def small_drops(ranks: dict[str, np.ndarray], on: str) -> list[Verdict]:
    """Whether the surgery costs 1-2 % in most cases, in the paper's table and as measured.

    Args:
        ranks: of `tables.ranks_of`. on: the data that they are of.
    """
    verdicts = []
    for k in (1, 5):
        told = {row: published_drop(row, k) for row in CUTS}
        exact = [Rate(points, points, points, 0) for points in told.values()]
        found = {row: drop(ranks, row, k) for row in CUTS}
        verdicts += [
            Verdict(
                claim=f"small-drop-top{k}",
                rule="the printed drop is at most 2 points in more than half of the pairs",
                on=ARITHMETIC,
                holds=mostly_small(exact),
                measured=told,
                where="the paper's own Table 1",
            ),
            Verdict(
                claim=f"small-drop-top{k}",
                rule=MOSTLY_SMALL,
                on=on,
                holds=mostly_small(found.values()),
                measured={row: str(points) for row, points in found.items()},
                paper=told,
            ),
        ]
    return verdicts


def most_affected(ranks: dict[str, np.ndarray], on: str) -> list[Verdict]:
    """Whether AlexNet loses most, and whether AlexNet*-GAP wins most of it back (top-1)."""
    told = {row: published_drop(row, 1) for row in CUTS if row != "AlexNet*-GAP"}
    found = {row: drop(ranks, row, 1) for row in told}
    lost, won = found["AlexNet-GAP"], repaired(ranks)
    return [
        Verdict(
            claim="alexnet-most-affected",
            rule="the 95 % interval of its drop lies above those of the others",
            on=on,
            holds=largest(found, "AlexNet-GAP"),
            measured={row: str(points) for row, points in found.items()},
            paper=told,
        ),
        Verdict(
            claim="alexnet-star-repairs",
            rule="more than half of AlexNet-GAP's drop is won back; untested where the interval of "
            "that drop reaches zero",
            on=on,
            holds=None if won is None else won.value > lost.value / 2,
            measured=str(won),
            paper=published_drop("AlexNet-GAP", 1) - published_drop("AlexNet*-GAP", 1),
        ),
    ]


def mostly_small(found, margin: float = SMALL) -> bool | None:
    """Are more than half of the drops at most `margin` points? None: the intervals cannot tell."""
    found = [points for points in found if points is not None]
    small = sum(points.high <= margin for points in found)
    large = sum(points.low > margin for points in found)
    if not found or (2 * small <= len(found) and 2 * large < len(found)):
        return None
    return 2 * small > len(found)


def largest(found: dict[str, Rate | None], name: str) -> bool | None:
    """Is the drop of `name` larger than every other one? None: the intervals overlap."""
    if any(points is None for points in found.values()):
        return None
    own, others = found[name], [points for row, points in found.items() if row != name]
    if all(own.low > other.high for other in others):
        return True
    return False if any(own.high < other.low for other in others) else None


def from_scratch() -> tuple[Verdict, Rate]:
    """Trained from its random start or fine-tuned, as long; and the difference in top-1 error."""
    scratch, tuned = (mini_results.ranks(f"googlenet-gap{kind}") for kind in ("-scratch", ""))
    change = mean_interval(100.0 * (scratch > 1) - 100.0 * (tuned > 1))
    verdict = Verdict(
        claim="scratch-is-similar",
        rule="the 95 % interval of the paired difference in top-1 error lies within +-2 points",
        on=MINI,
        holds=change.within(SMALL),
        measured=str(change),
    )
    return verdict, change


def pooling(change: Rate, on: str = MINI, where: str = "") -> Verdict:
    """Whether GMP - GAP in top-1 error, over seeds, is negligible."""
    return Verdict(
        claim="gap-gmp-classify-alike",
        rule="the 95 % interval of GMP - GAP in top-1 error over the seeds lies within +-1 point",
        on=on,
        holds=change.within(1),
        measured=str(change),
        paper=0.6,
        where=where,
    )


def new_layers(stored: tuple[pd.DataFrame, dict]) -> list[Verdict]:
    """The same two questions on real photos, from the stored table of the study "heads"."""
    rows, made = stored
    where = "new layers on the paper's GoogLeNet, real photos of ten classes"
    pooled, lost = (
        by_seed(pick(rows, network=pair))
        for pair in ("googlenet-gmp - googlenet-gap", "googlenet-gap - googlenet")
    )
    return [
        pooling(pooled, decided_on(made), where),
        Verdict(
            claim="small-drop-top1",
            rule=MOSTLY_SMALL,
            on=decided_on(made),
            holds=mostly_small([lost]),
            measured=str(lost),
            paper=3.1,
            variant="new-layers",
            where=where,
        ),
    ]
