"""The table of `train_heads`: errors of each head, and differences photo by photo."""

import datetime
import os
import platform
from pathlib import Path

import numpy as np
import pandas as pd

from ..metrics import Rate, mean_interval, rate
from ..provenance import about, replacing, write_json
from ..train.heads import CUT, NAMES

UNCUT = "googlenet"


def table(misses: dict[tuple[str, int | None], np.ndarray]) -> pd.DataFrame:
    """Top-1 errors in percent and their differences in points, with 95 % intervals.

    Args:
        misses: (N,) bool for ("uncut", None) and for each (pooling, seed), of the same photos.

    Returns:
        Columns network, seed (a number, "mean", or empty), metric (unique), measured, low, high,
        n. Intervals of single networks are Wilson's; the others are bootstraps over the photos,
        with the given seeds: how much seeds differ is seen in their rows.
    """
    seeds = sorted({seed for pool, seed in misses if pool != "uncut"})
    uncut = misses["uncut", None]
    rows = [(UNCUT, "", f"top-1 error, {UNCUT} uncut, %", rate(uncut))]
    for pool, name in NAMES.items():
        for seed in seeds:
            error = rate(misses[pool, seed])
            rows.append((name, seed, f"top-1 error, {name}, seed {seed}, %", error))
        error = _points([misses[pool, seed] for seed in seeds])
        rows.append((name, "mean", f"top-1 error, {name}, mean of seeds, %", error))
    pairs = [
        (f"{NAMES['max']} - {NAMES['avg']}", lambda s: (misses["max", s], misses["avg", s])),
        (f"{NAMES['avg']} - {UNCUT}", lambda s: (misses["avg", s], uncut)),
        (f"{NAMES['max']} - {UNCUT}", lambda s: (misses["max", s], uncut)),
    ]
    for name, pair in pairs:
        differences = [np.subtract(*(m.astype(int) for m in pair(seed))) for seed in seeds]
        for seed, difference in zip(seeds, differences, strict=True):
            metric = f"top-1 error, {name}, seed {seed}, points"
            rows.append((name, seed, metric, _points([difference])))
        metric = f"top-1 error, {name}, mean of seeds, points"
        rows.append((name, "mean", metric, _points(differences)))
    keys = ("network", "seed", "metric")
    return pd.DataFrame([dict(zip(keys, row, strict=False)) | row[3].as_row(4) for row in rows])


def _points(values: list[np.ndarray]) -> Rate:
    """Mean over seeds and photos, times 100, its interval over photos."""
    return mean_interval(100 * np.mean(values, axis=0))


def write_table(misses: dict, study: dict, uncut, val, out: Path) -> str:
    """Write the table and, beside it, how it was made; returns it in words."""
    found = table(misses)
    with replacing(out) as part:
        found.to_csv(part, index=False)
    made = {
        "network": f"caffe/googlenet cut after {CUT}, new heads; and uncut, ten classes",
        "made": datetime.date.today().isoformat(),
        "n": int(found["n"].iloc[0]),
        "view": "whole",
        "machine": f"{platform.system()}, {os.cpu_count()} cores",
    }
    write_json(out.with_suffix(".json"), about(uncut, val, "cpu") | study | made)
    lines = [
        f"{r.metric}: {r.measured:.2f} [{r.low:.2f}, {r.high:.2f}]" for r in found.itertuples()
    ]
    return "\n".join([*lines, f"wrote {out}; {study['minutes of training']} minutes of training"])
