"""What section 5's measurements decide of its claims, and by what rule."""

import pandas as pd

from ...book.claims import Verdict, decided_on
from ...metrics.intervals import Rate, mean_interval, pick
from ...study import Frames, stored_table
from .ablation import APART, MINUS, OWN, POSITIVE, ablation_table
from .halves import Half
from .tables import PURITY, SHARE, purity_table

PHOTOS = "GoogLeNet on real photos"


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
            "the interval of the mean purity of the classes' three units lies above 50 %",
            (
                on["purity"],
                pure.above(50),
                f"{pure:.1f} %; its share of the pool: {share.value:.1f} %",
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
