"""What section 4 decides of classes that the network was never trained on."""

import pandas as pd

from ...book import published
from ...book.claims import ARITHMETIC, DEFINED, Verdict
from ...metrics.intervals import Rate, all_of, pick
from .tables import DOUBTFUL, OWN_CLASSES, mean_difference

GAP, POOL, FC7 = "gap, GoogLeNet-GAP", "ave pool, GoogLeNet", "fc7, AlexNet"

EXACT = 1e-4  # of the largest decision value

ALIKE = 2.0  # points of accuracy

Stored = tuple[pd.DataFrame, dict]  # rows and their provenance


def svm_maps(error: float, images) -> list[Verdict]:
    """Whether the SVM's maps add up to its decisions, and what was trained for them.

    Args:
        error: the largest difference of mean map plus intercept from the decision value, by the
            largest decision value.
    """
    return [
        Verdict(
            claim="svm-map-sums-to-decision",
            rule=f"mean map plus intercept is the decision value, within {EXACT:.0e} of the "
            "largest one",
            on=f"{images.name} {images.split}",
            holds=bool(error < EXACT),
            measured="below 1e-4" if error < EXACT else f"{error:.1e}",
        ),
        Verdict(
            claim="trained-end-to-end",
            rule="nothing to measure: in section 4 the network is frozen and an SVM is trained on "
            "its features, which are two stages",
            on=ARITHMETIC,
            holds=DEFINED,
        ),
    ]


def on_evidence(energy: pd.DataFrame, images, group: str) -> Verdict:
    """Whether maps lie on what tells the new classes apart.

    Args:
        energy: of `evidence.energy_table`. group: the parts that tell them apart.
    """
    told = pick(energy, group=group).iloc[0] if len(energy) else {}
    over = [told[k] for k in ("energy - area", "energy - other class's") if k in told]
    holds = all_of(r.above(0) for r in over)
    return Verdict(
        claim="generic-maps-on-evidence",
        rule=f"the intervals of the map's energy on {group}, less the area and less another "
        "class's map's, lie above zero; where one does not: on photos not supported if it lies "
        "below zero, else it cannot be told; on drawings never, for they may lack what photos have",
        on=f"{images.name} {images.split}",
        holds=holds or (None if images.name.startswith("mini/") else holds),
        measured=str(told["energy"]) if over else "no parts known",
    )


def features(pairs: Stored) -> list[Verdict]:
    """The paper's order of the three features, means over the data sets that are a transfer."""
    rows, made = pairs
    told = published.table(5).set_index("feature").astype(float).drop(columns=DOUBTFUL[1])
    sets = [name for name in rows["data"].unique() if name not in OWN_CLASSES]
    on = f"{', '.join(sets)}, {made['split']} splits"
    alike, *above = (
        mean_difference(rows, *pair, OWN_CLASSES) for pair in ((GAP, POOL), (GAP, FC7), (POOL, FC7))
    )
    printed = [f"{(told.loc[a] - told.loc[b]).mean():+.2f}"
               for a, b in ((GAP, POOL), (GAP, FC7), (POOL, FC7))]  # fmt: skip
    return [
        Verdict(
            claim="gap-features-like-ave-pool",
            rule=f"the interval of their mean difference lies within {ALIKE:g} points of zero",
            on=on,
            holds=alike.within(ALIKE),
            measured=str(alike),
            paper=printed[0],
        ),
        Verdict(
            claim="googlenet-features-beat-fc7",
            rule="the intervals of both mean differences from fc7 lie above zero",
            on=on,
            holds=all_of(r.above(0) for r in above),
            measured=[str(r) for r in above],
            paper=printed[1:],
        ),
    ]


def scene15(table: Stored) -> Verdict:
    """The paper's number for GoogLeNet's average pool on Scene15, on its photos."""
    own = pick(table[0], feature=POOL, data="Scene15", split="random")
    found, number = Rate.of(own), published.value(5, POOL, "Scene15")
    return Verdict(
        claim="scene15-ave-pool",
        rule="the 95 % interval reaches the paper's number, or lies above it",
        on="Scene15, random splits",
        holds=found.high >= number,
        measured=str(found),
        paper=number,
    )
