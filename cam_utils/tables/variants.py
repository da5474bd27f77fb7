"""Several protocols at once, and what each of their differences is worth (the ablation)."""

from dataclasses import replace

import pandas as pd
from torch import nn
from tqdm.auto import tqdm

from ..errors import CamError
from ..evaluate.localize import rows_under, table_of
from ..evaluate.protocols import PAPER, RELEASED, Protocol
from ..evaluate.ready import check_classes, prepared
from ..evaluate.streaming import ahead, load
from ..metrics import rate
from ..metrics.localization import misses, paired_difference
from .table2 import METRICS

# From the paper's words to the released code, one change at a time.
STEPS: dict[str, Protocol] = {
    "paper: one centre view, largest component above 20 %": PAPER,
    "threshold 10 %": replace(PAPER, threshold=0.1),
    "threshold 15 %": replace(PAPER, threshold=0.15),
    "threshold 30 %": replace(PAPER, threshold=0.3),
    "threshold 40 %": replace(PAPER, threshold=0.4),
    "rule: the released code's rectangles": replace(PAPER, rule="released", threshold=None),
    "rule: largest contour (WSOL), 20 % of the range": replace(PAPER, rule="wsol_v1"),
    "ten crops, mean by coverage": replace(PAPER, view="ten"),
    "ten crops, plain sum": replace(PAPER, view="ten", merge="plain"),
    "ten crops, sum of absolute values": replace(PAPER, view="ten", merge="sum_abs"),
    "ten crops, mean, the released code's rectangles": replace(RELEASED, merge="mean"),
    "released: ten crops, sum of absolute values, its rectangles": RELEASED,
}
BASE = next(iter(STEPS))


def evaluate_all(
    network: nn.Module, images, protocols: dict[str, Protocol], device="cpu", batch: int = 16
) -> dict[str, pd.DataFrame]:
    """`evaluate` under several protocols; those with one view and method share a forward pass.

    Tables stay in memory; unreadable images are left out of all of them.

    Args:
        protocols: {text: Protocol}, each with a rule that makes boxes.

    Returns:
        {text: rows as of `evaluate`}, in the order given.

    Raises:
        CamError: a protocol without boxes; classes that do not fit; nothing readable.
    """
    check_classes(network, images)
    groups: dict[tuple, list[str]] = {}
    for text, protocol in protocols.items():
        if protocol.rule in ("", "sweep"):
            raise CamError(
                f"{text!r} makes no boxes (rule {protocol.rule!r}); expected one that does."
            )
        prepared(network, protocol)
        groups.setdefault((protocol.view, protocol.method, protocol.top), []).append(text)
    network = network.to(device).eval()
    rows: dict[str, list] = {text: [] for text in protocols}
    for (view, method, _), texts in groups.items():
        same = [protocols[text] for text in texts]
        size = max(1, batch // (10 if view == "ten" else 1))
        jobs = [range(a, min(a + size, len(images))) for a in range(0, len(images), size)]
        bar = tqdm(total=len(images), unit="img", desc=f"{view}, {method}, {len(same)} protocols")
        for indices, (items, _) in ahead(
            lambda job, view=view: load(images, job, network.input_spec, view), jobs
        ):
            if items:
                for text, found in zip(texts, rows_under(network, items, same), strict=True):
                    rows[text] += found
            bar.update(len(indices))
        bar.close()
    if not all(rows.values()):
        raise CamError(f"None of the {len(images)} images of {images.name} could be read.")
    return {text: table_of(rows[text], protocols[text]) for text in protocols}


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
