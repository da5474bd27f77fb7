"""What section 5's measurements decide of its claims, and by what rule."""

import numpy as np
import pandas as pd

from ...book.claims import Verdict, decided_on
from ...metrics.intervals import Rate, mean_interval, pick
from ...study import Frames, stored_table
from .ablation import APART, CHANGE, MINUS, OWN, POSITIVE, ablation_table
from .halves import Half
from .tables import HALF, PURITY, SHARE, purity_table, spread_table

PHOTOS = "GoogLeNet on real photos"


def of_section(halves: dict[str, Half], parts: dict[str, pd.DataFrame]) -> list[Verdict]:
    """All of the section: of each half, of the stored rows on photos, and of parts.

    Args:
        parts: {title of a half: `part_table`}, of those that know their parts.
    """
    found = [verdict for half in halves.values() for verdict in of_half(half)]
    return [
        *found,
        *(on_photos() if all(verdict.kind == "drawn" for verdict in found) else ()),
        *(detect_parts(halves[title], rows) for title, rows in parts.items()),
    ]


def numbers(halves: dict[str, Half], parts: dict[str, pd.DataFrame]) -> dict[str, float]:
    """The numbers behind the verdicts under their recorded names; those that were measured."""
    found = {f"{title}_part_iou": rows["iou"].mean() for title, rows in parts.items()}
    for title, half in halves.items():
        pure, spread = purity_table(half.frames), spread_table(half.frames["score"])
        removed = ablation_table(half.frames["ablation"])
        found[f"{title}_purity"] = Rate.of(pick(pure, metric=PURITY)).value
        found[f"{title}_half_units"] = Rate.of(pick(spread, metric=HALF)).value
        for count in (3, 10):
            change = pick(removed, metric=CHANGE, removed=count, units=OWN)
            found[f"{title}_without_{count}"] = Rate.of(change).value
    return {name: float(value) for name, value in found.items() if np.isfinite(value)}


def of_half(half: Half) -> list[Verdict]:
    """What the top images, the weights and the removal of units say of one half's network."""
    pool, test = (f"{data.name} {data.split}" for data in (half.pool, half.test))
    on = {"purity": pool, "ablation": test}
    found = {
        "purity": purity_table(half.frames),
        "ablation": ablation_table(half.frames["ablation"]),
    }
    return _verdicts(found, on, variant=half.title, where=half.title)


def on_photos() -> list[Verdict]:
    """The same of the stored rows of the paper's GoogLeNet; none where they are not."""
    stored = {name: stored_table(f"units_{name}") for name in ("purity", "ablation")}
    if not all(stored.values()):
        return []
    on = {name: decided_on(made) for name, (_, made) in stored.items()}
    found = {name: rows for name, (rows, _) in stored.items()}
    found["ablation"] = pick(found["ablation"], among="1000 classes")
    return _verdicts(found, on, where=PHOTOS)


def _verdicts(found: Frames, on: dict[str, str], **more) -> list[Verdict]:
    """Of tables "purity" and "ablation", and what each was measured on."""
    pure, share = (Rate.of(pick(found["purity"], metric=metric)) for metric in (PURITY, SHARE))
    minus, apart = (
        Rate.of(pick(found["ablation"], metric=metric, removed=count, units=OWN))
        for metric, count in ((MINUS.format(POSITIVE), 3), (APART, 10))
    )
    decided = [
        (
            "units-are-class-specific",
            "the interval of the mean purity of the classes' three units lies above 50 %; of "
            "classes with at least as many pictures in the pool as are looked at of a unit",
            (
                on["purity"],
                pure.above(50) if pure.n else None,
                f"{pure:.1f} % of {pure.n} classes; by chance, their share of the pool: "
                f"{share.value:.1f} %"
                if pure.n
                else "no class has enough pictures in the pool",
            ),
        ),
        (
            "units-discriminate-by-weight",
            "without its three a class loses more than without three random units of positive "
            "weight: the interval of the difference lies below zero",
            (on["ablation"], minus.below(0), str(minus)),
        ),
        (
            "units-guide-classification",
            "without its ten a class loses more than the others do: the interval of the difference "
            "lies below zero",
            (on["ablation"], apart.below(0), str(apart)),
        ),
    ]
    return [Verdict(claim, rule, *rest, **more) for claim, rule, rest in decided]


def detect_parts(half: Half, rows: pd.DataFrame) -> Verdict:
    """Whether segments fit parts better than place and size do; rows of `part_table`."""
    return Verdict(
        "units-detect-parts",
        "the interval of the mean IoU minus that of exchanged segments lies above zero",
        f"{half.pool.name} {half.pool.split}",
        mean_interval(rows["iou"] - rows["shuffled"]).above(0),
        f"IoU {rows['iou'].mean():.2f}, exchanged {rows['shuffled'].mean():.2f}",
        variant=half.title,
        where=half.title,
    )
