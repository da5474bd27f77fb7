"""Tables 2 and 3: who is in them, and what the rows of `evaluate` come to beside the paper's.

One table of `evaluate` for each row and protocol; here they become errors with intervals, null
baselines and differences on the same images.
"""

import itertools
from collections.abc import Iterable
from dataclasses import replace

import numpy as np
import pandas as pd

from ...book import published as paper
from ...boxes.truth import Truth
from ...evaluate.protocols import PAPER, RELEASED, Protocol
from ...metrics import baselines
from ...metrics.classification import classification_errors
from ...metrics.intervals import Rate, by_seed, in_words
from ...metrics.localization import (
    box_right_given_class,
    five_box_error,
    localization_errors,
    misses,
    paired_difference,
)
from ...study import stored_table
from ..s31_surgery.tables import NETWORKS
from . import extent

CAM, BACKPROP = "cam", "backprop"

# method, and the network in the profiles "mini" and "paper" (None: no weights exist)
ROWS: dict[str, tuple[str, dict]] = {
    "GoogLeNet-GAP": (CAM, NETWORKS["GoogLeNet-GAP"]),
    "VGGnet-GAP": (CAM, NETWORKS["VGGnet-GAP"]),
    "GoogLeNet": (CAM, NETWORKS["GoogLeNet"]),
    "AlexNet*-GAP": (CAM, NETWORKS["AlexNet*-GAP"]),
    "AlexNet-GAP": (CAM, NETWORKS["AlexNet-GAP"]),
    "NIN": (CAM, NETWORKS["NIN"]),
    "Backprop on GoogLeNet": (BACKPROP, NETWORKS["GoogLeNet"]),
    "Backprop on VGGnet": (BACKPROP, NETWORKS["VGGnet"]),
    "Backprop on AlexNet": (BACKPROP, NETWORKS["AlexNet"]),
    "GoogLeNet-GMP": (CAM, NETWORKS["GoogLeNet-GMP"]),
    # not in the paper: networks of global average pooling whose weights are small and public
    "SqueezeNet": (CAM, {"mini": None, "paper": "caffe/squeezenet1.1"}),
    "EfficientNet-Lite0": (CAM, {"mini": None, "paper": "imagenet/efficientnet-lite0"}),
    "EfficientNet-Lite0, 14x14": (
        CAM,
        {"mini": None, "paper": "imagenet/efficientnet-lite0-14x14"},
    ),
}

GAP = ("GoogLeNet-GAP", "VGGnet-GAP", "AlexNet*-GAP", "AlexNet-GAP")

FIGURE5 = (  # its columns, as printed
    *("GoogLeNet-GAP", "VGGnet-GAP", "AlexNet-GAP", "GoogLeNet", "NIN"),
    *("Backprop on AlexNet", "Backprop on GoogLeNet"),
)

BASELINES = ("GoogLeNet", "NIN", *(row for row, (method, _) in ROWS.items() if method == BACKPROP))

# How backprop's saliency becomes a box the paper does not say. The first two take the place of the
# map under the paper's and the released rule; the third is what [23], which it cites, does itself.
BACKPROP_RULES = {
    "backprop, 20 % component": replace(PAPER, name="backprop-paper", method="backprop"),
    "backprop, released rectangles": replace(
        PAPER, name="backprop-released", method="backprop", rule="released", threshold=None
    ),
    "backprop, GraphCut": replace(
        PAPER, name="backprop-cut", method="backprop_max", rule="graph_cut", threshold=None
    ),
}

CAM_RULES: dict[str, Protocol] = {"PAPER": PAPER, "RELEASED": RELEASED}

RELEASED_TOO = ("GoogLeNet-GAP", "GoogLeNet", "SqueezeNet")  # ten crops cost ten times as much

_STEPS, _NONE = 65_534, 65_535

METRICS = {
    "top1": "top-1 localization error, %",
    "top5": "top-5 localization error, %",
    "gt_known": "class-given localization error, %",
}


def protocols_of(row: str, backprop: Iterable[str]) -> dict[str, Protocol]:
    """How a row is evaluated, by name; `backprop`: the keys of BACKPROP_RULES for its rows."""
    if ROWS[row][0] == BACKPROP:
        return {name: BACKPROP_RULES[name] for name in backprop}
    return CAM_RULES if row in RELEASED_TOO else {"PAPER": PAPER}


def as_steps(overlaps) -> np.ndarray:
    """(n,) uint16: overlaps from 0 to 1 in steps of 1/65534 from below; NaN, no box, the last.

    0.5, at which a box is right, is one of the steps: no box changes sides.
    """
    steps = np.floor(np.asarray(overlaps, float) * _STEPS)
    return np.nan_to_num(steps, nan=_NONE).astype(np.uint16)


def of_steps(steps) -> np.ndarray:
    """(n,) float64 overlaps of `as_steps`."""
    steps = np.asarray(steps, float)
    return np.where(steps == _NONE, np.nan, steps / _STEPS)


def compact(table: pd.DataFrame) -> pd.DataFrame:
    """Of the rows of `evaluate` what the errors depend on, overlaps as of `as_steps`."""
    overlaps = {name: as_steps(table[name]) for name in ("iou", "iou_b")}
    return table[["id", "label", "rank", "class"]].assign(**overlaps)


def expanded(frame: pd.DataFrame) -> pd.DataFrame:
    """Rows of `compact` with overlaps from 0 to 1 again, NaN where there is no box."""
    overlaps = {name: of_steps(frame[name]) for name in ("iou", "iou_b")}
    return frame.assign(id=frame["id"].astype(str), **overlaps)


def errors_of(table: pd.DataFrame, blacklist=()) -> dict[str, Rate]:
    """Every number of one row: classification, localization, box given class, five-box guess."""
    found = {f"{k.replace('top', 'top-')} classification error, %": v
             for k, v in classification_errors(table).items()}  # fmt: skip
    loc = localization_errors(table, blacklist)
    found |= {METRICS[k]: v for k, v in loc.items() if v.n}
    right = box_right_given_class(table, blacklist)
    found |= {f"box right given the {k.replace('top', 'top-')} class, %": right[k] for k in right}
    if table["iou_b"].notna().any():
        found["top-5 localization error, five boxes on three classes, %"] = five_box_error(
            table, blacklist
        )
    return found


def published(row: str, metric: str) -> float | None:
    """The paper's number in Table 2 for one of METRICS, or None."""
    column = {v: k for k, v in METRICS.items()}.get(metric)
    frame = paper.table(2)
    if column not in ("top1", "top5") or row not in set(frame["method"]):
        return None
    return paper.value(2, row, column)


def table_rows(row: str, protocol: str, network: str, table: pd.DataFrame, blacklist=()):
    """Rows of the stored table: row, network, protocol, metric, paper, measured, low, high, n."""
    head = {"row": row, "network": network, "protocol": protocol}
    return [
        head | {"metric": metric, "paper": published(row, metric)} | found.as_row(3)
        for metric, found in errors_of(table, blacklist).items()
    ]


def null_rows(truth: Truth, fraction: float, chosen_on: str, table: pd.DataFrame, classes: str):
    """Rows of the null baselines, with the classes of the network that made `table`."""
    rows = []
    for name, hits in baselines.null_hits(truth, fraction).items():
        note = f", chosen on {chosen_on}" if name.startswith("centre box") else ""
        head = {"row": name + note, "network": f"classes of {classes}", "protocol": "baseline"}
        rows += [
            head | {"metric": METRICS[k], "paper": None} | found.as_row(3)
            for k, found in baselines.with_classifier(hits, table).items()
        ]
    return rows


def error_differences(
    tables: dict[str, pd.DataFrame], pairs, metrics=("top1", "top5", "gt_known"), blacklist=()
) -> list[dict]:
    """Rows first, second, metric, measured, low, high, n: first - second in points, paired.

    Args:
        tables: {row: table of `evaluate`, or {metric: misses}}; pairs with a missing one are left
            out.
    """
    rows = []
    for (first, second), what in itertools.product(pairs, metrics):
        if first in tables and second in tables:
            a, b = (_misses(tables[name], what, blacklist) for name in (first, second))
            found = paired_difference(a, b, what, blacklist)
            rows.append(
                {"first": first, "second": second, "metric": METRICS[what]} | found.as_row(3)
            )
    return rows


def _misses(table, what: str, blacklist):
    return table[what] if isinstance(table, dict) else misses(table, what, blacklist)


def wide(rows: pd.DataFrame) -> pd.DataFrame:
    """The stored rows as Table 2 reads: one line for each row, paper and measured side by side.

    Columns: method, network; for each of METRICS "paper" and "measured [95 % interval]"; n.
    """
    lines = []
    for (row, network), own in rows.groupby(["row", "network"], sort=False):
        line = {"method": row, "network": network}
        for metric in METRICS.values():
            short = metric.replace(" localization error, %", "")
            cell = own[own["metric"] == metric].iloc[0]
            if metric != METRICS["gt_known"]:
                line[f"paper {short}"] = "-" if pd.isna(cell["paper"]) else f"{cell['paper']:.1f}"
            line[short] = f"{cell['measured']:.1f} [{cell['low']:.1f}, {cell['high']:.1f}]"
        lines.append(line | {"n": int(own["n"].iloc[0])})
    return pd.DataFrame(lines)


def main_rows(rows: pd.DataFrame, made: dict) -> pd.DataFrame:
    """Of the stored rows those by the paper's words, and the null baselines."""
    return rows[rows["protocol"].isin(["PAPER", made["backprop's rule, chosen"], "baseline"])]


def labelled(rows: pd.DataFrame) -> pd.DataFrame:
    """The stored rows of localization errors, each method named with its protocol."""
    rows = rows[rows["metric"].isin(METRICS.values())]
    own = rows["protocol"] == "baseline"
    return rows.assign(row=rows["row"].where(own, rows["row"] + ", " + rows["protocol"]))


def short(rows: pd.DataFrame) -> pd.DataFrame:
    """What to read first: methods by CAM beside the paper's numbers, and the best null baseline."""
    cams = rows[rows["protocol"].isin(CAM_RULES)]
    return wide(labelled(pd.concat([cams, rows[rows["protocol"] == "baseline"].tail(3)]))).drop(
        columns="network"
    )


def cam_differences(rows: pd.DataFrame) -> pd.DataFrame:
    """Stored differences between CAM and others, in points: a line a pair and box maker."""
    own = rows.assign(difference=in_words(rows, "+.1f"))
    own["metric"] = own["metric"].str.replace(" localization error, %", "")
    own["CAM minus"] = own["second"]
    wide_rows = own.pivot(index=["boxes", "CAM minus"], columns="metric", values="difference")
    return wide_rows[["top-1", "top-5", "class-given"]]


def guesses_table() -> pd.DataFrame:
    """Table 3's two ways of guessing, in both worlds: top-5 error in percent."""
    parts = []
    for profile in ("mini", "paper"):
        rows, made = stored_table("table3", profile)
        parts.append(rows.assign(network=made["network"], top5=in_words(rows)))
    columns = ["network", "guesses", "step", "chosen on", "top5", "n"]
    return pd.concat(parts, ignore_index=True)[columns]


def steps_tables() -> pd.DataFrame:
    """The stored ablations of both worlds, one line a network and step."""
    return pd.concat(steps_table(stored_table("ablation", k)[0]) for k in ("mini", "paper"))


def steps_table(steps: pd.DataFrame) -> pd.DataFrame:
    """The stored ablation: one line a step and network, differences to the first in points."""
    lines = []
    for (row, step), own in steps.groupby(["row", "step"], sort=False):
        line = {"network": row, "step": step}
        for metric in METRICS.values():
            cell = own[own["metric"] == metric].iloc[0]
            short = metric.replace(" localization error, %", "")
            line[short] = f"{cell['measured']:.1f}"
            low, high = cell["difference_low"], cell["difference_high"]
            line[f"{short}, change"] = f"{cell['difference']:+.1f} [{low:.1f}, {high:.1f}]"
        lines.append(line | {"n": int(own["n"].iloc[0])})
    return pd.DataFrame(lines)


def poolings_table(rows: pd.DataFrame) -> pd.DataFrame:
    """The stored comparison of poolings: one line for each network or difference and seed."""
    lines = []
    rows = rows[rows["metric"].isin(METRICS.values())]
    for (row, seed), own in rows.groupby(["row", "seed"], sort=False):
        line = {"": row, "seed": seed}
        for metric in METRICS.values():
            cell = own[own["metric"] == metric].iloc[0]
            text = f"{cell['measured']:.1f} [{cell['low']:.1f}, {cell['high']:.1f}]"
            line[metric.replace(" localization error, %", "")] = text
        lines.append(line | {"n": int(own["n"].iloc[0])})
    return pd.DataFrame(lines)


def extent_table(rows: pd.DataFrame) -> pd.DataFrame:
    """What the maps mark of the object, networks and differences: over the seeds, if several."""
    lines = []
    for row, own in rows[rows["metric"].isin(extent.METRICS.values())].groupby("row", sort=False):
        line = {"": row}
        for metric, some in own[own["seed"].astype(str) != "mean"].groupby("metric", sort=False):
            line[metric] = f"{by_seed(some) if len(some) > 1 else Rate.of(some):.1f}"
        lines.append(line)
    return pd.DataFrame(lines)
