"""Table 4 and the numbers of section 4.1: the paper's, the measured ones, the null baselines."""

import pandas as pd

from ...book import published
from ...boxes.truth import Truth
from ...metrics import baselines
from ...metrics.intervals import Rate, rate
from ...study import stored_table
from .. import s41_birds

# the rows of Table 4 that are the paper's own
ROWS = {
    "GoogLeNet-GAP on full image": s41_birds.FULL,
    "GoogLeNet-GAP on crop": s41_birds.CROP,
    "GoogLeNet-GAP on BBox": s41_birds.BOX,
}

STATED = {"located": 41.0, "chance": 5.5}  # section 4.1, IoU 0.5, percent

CAM = "CAM, predicted class"

ABSENT = "not run: CUB photos not present"

PARTED = "Part-based R-CNN [31], printed as PANDA R-CNN"


def accuracies(found: s41_birds.FineGrained) -> list[dict]:
    """Rows step, paper, measured, low, high, n of every step of the experiment."""
    own = {step: published.value(4, row, "accuracy") for row, step in ROWS.items()}
    return [
        {"step": step, "paper": own.get(step)} | found.accuracy(step).as_row(3)
        for step in found.predictions
    ]


def differences(found: s41_birds.FineGrained) -> list[dict]:
    """Rows first, second, measured, low, high, n: accuracy of the second minus the first."""
    pairs = [
        (s41_birds.FULL, s41_birds.CROP),
        (s41_birds.CROP, s41_birds.BOX),
        (s41_birds.FULL, s41_birds.BOX),
    ]
    pairs += [
        (s41_birds.CROP, s41_birds.PREDICTED),
        (s41_birds.CROP, s41_birds.LEAKY),
        (s41_birds.FULL, s41_birds.LEAKY),
    ]
    return [
        {"first": a, "second": b} | found.difference(a, b).as_row(3)
        for a, b in pairs
        if a in found.predictions and b in found.predictions
    ]


def side_by_side(found: dict[str, Rate], real: dict[str, Rate] | None = None) -> pd.DataFrame:
    """Table 4 to read: the paper's rows with the measured accuracies beside its own.

    Args:
        found: {step: accuracy} on the drawn birds. real: on CUB's photos, None where absent.
    """
    table = published.table(4)
    lines = []
    for row in table.itertuples():
        step = ROWS.get(row.method)
        method = PARTED if row.method.startswith("PANDA") else row.method
        line = {"method": method, "annotation": row.annotation, "paper, CUB": f"{row.accuracy:.1f}"}
        line["drawn birds"] = str(found.get(step, "-"))
        line["real, CUB"] = "-" if step is None else ABSENT
        if real is not None:
            line["real, CUB"] = str(real.get(step, "-"))
        lines.append(line)
    return pd.DataFrame(lines)


def located(found: s41_birds.FineGrained, truth: Truth, fraction: float, seed: int = 0) -> dict:
    """How often a box overlaps the truth by 0.5: the CAM's, and every null baseline's.

    Args:
        truth: of the test images. fraction: of the centre box, chosen on other images.

    Returns:
        {name: Rate}, percent; the CAM first.
    """
    return {CAM: found.located()} | null_rates(truth, fraction, seed)


def null_rates(truth: Truth, fraction: float, seed: int = 0) -> dict[str, Rate]:
    """{null baseline: Rate}: how often a box that never looks overlaps the truth by 0.5."""
    return {name: rate(hit) for name, hit in baselines.null_hits(truth, fraction, seed).items()}


def stored_rates(name: str, column: str, profile: str = "paper") -> dict[str, Rate] | None:
    """A stored table as {value of its column: Rate}; None where the checkout has none."""
    stored = stored_table(name, profile)
    if stored is None:
        return None
    return {
        getattr(row, column): Rate(row.measured, row.low, row.high, int(row.n))
        for row in stored[0].itertuples()
    }
