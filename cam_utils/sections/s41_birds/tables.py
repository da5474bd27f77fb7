"""Table 4 and the numbers of section 4.1: the paper's, the measured ones, the null baselines."""

import pandas as pd

from ...book import published
from ...boxes.truth import Truth
from ...metrics import baselines
from ...metrics.intervals import Rate, pick, rate
from ...metrics.localization import paired_difference
from ...study import stored_table
from .experiment import BOX, CROP, FULL, LEAKY, PREDICTED, FineGrained

# the rows of Table 4 that are the paper's own
ROWS = {
    "GoogLeNet-GAP on full image": FULL,
    "GoogLeNet-GAP on crop": CROP,
    "GoogLeNet-GAP on BBox": BOX,
}

GAINS = ((FULL, CROP), (CROP, BOX), (FULL, BOX), (CROP, PREDICTED), (CROP, LEAKY), (FULL, LEAKY))

STATED = {"located": 41.0, "chance": 5.5}  # section 4.1, IoU 0.5, percent

CAM = "CAM, predicted class"

ABSENT = "not run: CUB photos not present"

PARTED = "Part-based R-CNN [31], printed as PANDA R-CNN"


def step_rows(found: dict[str, FineGrained]) -> list[dict]:
    """Rows setup, step, paper, measured, low, high, n: accuracies; how often CAM's box is right.

    Args:
        found: the experiment by its setup's name.
    """
    printed = printed_steps()
    rows = []
    for setup, one in found.items():
        told = {step: one.accuracy(step) for step in one.steps} | {
            "CAM box, IoU 0.5": one.located()
        }
        head = {"setup": setup}
        rows += [
            head | {"step": step, "paper": printed.get(step)} | measured.as_row(3)
            for step, measured in told.items()
        ]
    return rows


def gain_rows(found: dict[str, FineGrained]) -> list[dict]:
    """Rows setup, first, second, measured, low, high, n: accuracy of the second minus the first."""
    return [
        {"setup": setup, "first": a, "second": b} | one.difference(a, b).as_row(3)
        for setup, one in found.items()
        for a, b in GAINS
        if {a, b} <= set(one.steps)
    ]


def table4_beside_paper(
    found: dict[str, Rate], real: dict[str, Rate] | None = None
) -> pd.DataFrame:
    """Table 4 to read: the paper's rows with the measured accuracies beside its own.

    Args:
        found: {step: accuracy} on the drawn birds. real: on CUB's photos, None where absent.
    """
    lines = []
    for row in published.table(4).itertuples():
        step = ROWS.get(row.method)
        method = PARTED if row.method.startswith("PANDA") else row.method
        line = {"method": method, "annotation": row.annotation, "paper, CUB": f"{row.accuracy:.1f}"}
        line["drawn birds"] = str(found.get(step, "-"))
        line["real, CUB"] = ABSENT if step and real is None else str((real or {}).get(step, "-"))
        lines.append(line)
    return pd.DataFrame(lines)


def null_rates(truth: Truth, fraction: float, seed: int = 0) -> dict[str, Rate]:
    """{null baseline: Rate}: how often a box that never looks overlaps the truth by 0.5."""
    return {name: rate(hit) for name, hit in baselines.null_hits(truth, fraction, seed).items()}


def stored_rates(name: str, column: str, profile: str = "paper") -> dict[str, Rate] | None:
    """A stored table as {value of its column: Rate}; None where the checkout has none."""
    stored = stored_table(name, profile)
    if stored is None:
        return None
    rows = pick(stored[0], setup="paper") if "setup" in stored[0] else stored[0]
    return {value: Rate.of(pick(rows, **{column: value})) for value in rows[column]}


def printed_steps() -> dict[str, float]:
    """The paper's accuracies on CUB-200-2011 by step."""
    return {step: published.value(4, row, "accuracy") for row, step in ROWS.items()}


def gains_table(found: FineGrained) -> pd.DataFrame:
    """What each step adds, points, on all test images and where the CAM's box is right or wrong."""
    parts = {"all": found.hits | True, "box right": found.hits, "box wrong": ~found.hits}
    lines = []
    for a, b in ((FULL, CROP), (CROP, BOX)):
        line = {"points, paired": f"{a} -> {b}"}
        for name, part in parts.items():
            gain = paired_difference(*(~found.right(step)[part] for step in (a, b)))
            line[f"{name}, n = {part.sum()}"] = f"{gain:+.1f}"
        lines.append(line)
    return pd.DataFrame(lines)


def stored_steps(rows: pd.DataFrame, setup: str) -> dict[str, Rate]:
    """{step: accuracy} of one setup of the stored table, the leaky step last."""
    own = pick(rows, setup=setup).set_index("step")
    steps = [s for s in (FULL, CROP, BOX, PREDICTED, LEAKY) if s in own.index]
    return {step: Rate.of(own.loc[[step]]) for step in steps}
