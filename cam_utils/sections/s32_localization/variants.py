"""From the paper's words to the released code: what each difference is worth (the ablation)."""

from dataclasses import replace

import pandas as pd

from ...evaluate import PAPER, RELEASED, Protocol
from ...metrics.intervals import rate
from ...metrics.localization import misses, paired_difference
from .tables import METRICS

# From the paper's words to the released code, one change at a time.
STEPS: dict[str, Protocol] = {
    "paper: one centre view, largest component above 20 %": PAPER,
    "threshold 10 %": replace(PAPER, threshold=0.1),
    "threshold 15 %": replace(PAPER, threshold=0.15),
    "threshold 30 %": replace(PAPER, threshold=0.3),
    "threshold 40 %": replace(PAPER, threshold=0.4),
    "outside the view: the value at its border": replace(PAPER, outside="edge"),
    "outside the view: its map drawn over the whole photo": replace(PAPER, outside="stretch"),
    "view: the whole photo warped": replace(PAPER, view="whole"),
    "view: shorter side resized, then the centre crop": replace(PAPER, view="square"),
    "rule: the released code's rectangles": replace(PAPER, rule="released", threshold=None),
    "rule: largest contour (WSOL), 20 % of the range": replace(PAPER, rule="wsol_v1"),
    "ten crops, mean by coverage": replace(PAPER, view="ten"),
    "ten crops, plain sum": replace(PAPER, view="ten", merge="plain"),
    "ten crops, sum of absolute values": replace(PAPER, view="ten", merge="sum_abs"),
    "ten crops, mean, the released code's rectangles": replace(RELEASED, merge="mean"),
    "released: ten crops, sum of absolute values, its rectangles": RELEASED,
}

BASE = next(iter(STEPS))


def ablation(tables: dict[str, pd.DataFrame], base: str = BASE, blacklist=()) -> pd.DataFrame:
    """What each change does to the errors.

    Returns:
        One row for each protocol and error: step, metric, measured, low, high, n; and its
        difference to `base` on the same images, in points: difference, difference_low,
        difference_high.
    """
    rows = []
    for text, table in tables.items():
        for what, name in METRICS.items():
            row = {"step": text, "metric": name} | rate(misses(table, what, blacklist)).as_row(3)
            change = paired_difference(table, tables[base], what, blacklist).as_row(3)
            row |= {
                "difference": change["measured"],
                "difference_low": change["low"],
                "difference_high": change["high"],
            }
            rows.append(row)
    return pd.DataFrame(rows)


def table3(tables: dict[str, pd.DataFrame], val: dict[str, pd.DataFrame] | None, blacklist=()):
    """Table 3's two ways of guessing: one box on each of five classes, five boxes on three.

    Args:
        tables: {step: table} of the images reported on.
        val: the same steps on other images, on which the step with the lowest error is chosen for
            each way; None: there are none, so the paper's words and the released code stand.

    Returns:
        Rows guesses, step, chosen on, metric, measured, low, high, n (top-5 error, %).
    """
    two_boxes = [t for t, table in tables.items() if table["iou_b"].notna().any()]
    ways = {
        "one box on each of five classes": ("top5", list(tables), BASE),
        "five boxes on three classes": ("five_box", two_boxes, list(STEPS)[-1]),
    }
    rows = []
    for guesses, (what, steps, usual) in ways.items():
        found = {usual: "not chosen: as published"}
        if val is not None:
            wrong = {t: misses(val[t], what, blacklist).mean() for t in steps}
            best = min(wrong, key=wrong.get)
            found[best] = "other images" if best != usual else "as published; best on other images"
        for step, chosen in found.items():
            error = rate(misses(tables[step], what, blacklist))
            head = {"guesses": guesses, "step": step, "chosen on": chosen}
            rows.append(head | {"metric": METRICS["top5"]} | error.as_row(3))
    return rows
