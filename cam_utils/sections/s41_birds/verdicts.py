"""What section 4.1 decides: whether crops help, whether birds are found, what the maps look at."""

from itertools import pairwise

import pandas as pd

from ...book import published
from ...book.claims import Verdict, decided_on
from ...boxes.truth import Truth
from ...metrics import baselines
from ...metrics.intervals import Rate, all_of, mean_interval, pick, rate
from .experiment import CROP, FULL, STEPS, FineGrained
from .looking import ABOVE_AREA, ABOVE_OTHER
from .tables import ROWS, STATED

GAIN = (
    "the 95 % interval of the paired difference of accuracies lies above zero; where it does not, "
    "it refutes nothing unless the map's boxes are right as often as the paper's, 41.0 %"
)

Stored = tuple[pd.DataFrame, dict]  # rows and their provenance


def gains(gain: Rate, located: Rate) -> bool | None:
    """Is a crop worth something? No only where the premise holds: boxes as good as the paper's."""
    holds = gain.above(0)
    return None if holds is False and located.high < STATED["located"] else holds


def crops_help(found: FineGrained, images) -> list[Verdict]:
    """The paper's order: whole image, crop by the map, truth box."""
    printed = pairwise(published.value(4, row, "accuracy") for row in ROWS)
    names = ("crop-beats-full-image", "truth-box-beats-crop")
    verdicts = []
    for name, pair, (before, after) in zip(names, pairwise(STEPS), printed, strict=True):
        gain = found.difference(*pair)
        verdicts.append(
            Verdict(
                claim=name,
                rule=GAIN,
                on=f"{images.name} {images.split}",
                holds=gains(gain, found.located()),
                measured=f"{gain:.1f} points; the map's box is right in {found.located():.1f} %",
                paper=round(after - before, 1),
            )
        )
    return verdicts


def stored_crops_help(table: Stored, pairs: Stored, setup: str, variant: str = "", where: str = ""):
    """The same from the stored rows of one setup: tuned, or of another network."""
    (steps, _), (rows, made) = table, pairs
    gain = Rate.of(pick(rows, setup=setup, first=FULL, second=CROP))
    located = Rate.of(pick(steps, setup=setup, step="CAM box, IoU 0.5"))
    return Verdict(
        claim="crop-beats-full-image",
        rule=GAIN,
        on=decided_on(made),
        holds=gains(gain, located),
        measured=f"{gain:.1f} points; the map's box is right in {located:.1f} %",
        variant=variant,
        where=where,
    )


def crops_help_on_photos(table: Stored | None, pairs: Stored | None) -> list[Verdict]:
    """`stored_crops_help` of each network that CUB's photos were measured with; none without."""
    if not table or not pairs:
        return []
    nets = dict(zip(table[0]["setup"].unique(), table[1]["weights"], strict=True))
    where = f"{table[1].get('classes', 'all classes')} of CUB's photos"
    return [
        stored_crops_help(table, pairs, setup, f"photos-{name.split('/')[-1]}", f"{name}, {where}")
        for setup, name in nets.items()
    ]


def above_chance(
    found: FineGrained, truth: Truth, fraction: float, images, seed=0
) -> list[Verdict]:
    """Whether the CAM's boxes are right more often than boxes that never look.

    Args:
        truth: of the test images. fraction: of the fixed box in the middle. seed: of random boxes.
    """
    nulls = baselines.null_hits(truth, fraction, seed)
    *_, centre = nulls
    verdicts = []
    for null, variant, where in (
        ("random corners", "", ""),
        (centre, "middle", "against a fixed box in the middle"),
    ):
        own, other = (hits.to_numpy(float) for hits in (found.hits, nulls[null]))
        verdicts.append(
            Verdict(
                claim="birds-above-chance",
                rule="the 95 % interval of the paired difference of right boxes lies above zero",
                on=f"{images.name} {images.split}",
                holds=mean_interval(100 * (own - other), seed).above(0),
                measured=f"{found.located()}, {rate(nulls[null])} by the {null}",
                paper=STATED["located"],
                variant=variant,
                where=where,
            )
        )
    return verdicts


def stated_chance(table: Stored) -> list[Verdict]:
    """The paper's 41.0 % and its chance of 5.5 %, beside boxes that never look at CUB's birds."""
    rows, made = table
    rates = {name: Rate.of(pick(rows, baseline=name)) for name in rows["baseline"]}
    best = max(rates.values(), key=lambda r: r.value)
    return [
        Verdict(
            claim="birds-above-chance",
            rule="the paper's number lies above the 95 % interval of the best null baseline",
            on=decided_on(made),
            holds=best.below(STATED["located"]),
            measured=f"{best} without looking",
            paper=STATED["located"],
            where="a box in the middle, CUB's own boxes",
        ),
        Verdict(
            claim="chance-is-5.5",
            rule="the 95 % interval of one of the null baselines holds the number",
            on=decided_on(made),
            holds=any(r.contains(STATED["chance"]) for r in rates.values()),
            measured={name: str(r) for name, r in rates.items()},
            paper=STATED["chance"],
            where="any of seven null baselines, CUB's own boxes",
        ),
    ]


def finds_part(told: dict[str, Rate], images) -> Verdict:
    """Whether a species' map looks at the part that defines it.

    Args:
        told: of `looking.looks_table`; {} where nobody knows which part defines a class.
    """
    over = [told[k] for k in (ABOVE_AREA, ABOVE_OTHER) if k in told]
    unknown = "no data set of photographs says which part defines a class"
    return Verdict(
        claim="map-finds-defining-part",
        rule="the intervals of the map's energy on the defining part, less the area and less "
        "another species' map's, lie above zero",
        on=f"{images.name} {images.split}",
        holds=all_of(r.above(0) for r in over),
        measured=[f"{r} points" for r in over] if over else unknown,
    )
