"""The tables of notebook 08: every threshold chosen on one part, reported on another."""

import numpy as np
import pandas as pd
from scipy.stats import rankdata

from ...book import published
from ...metrics.intervals import Rate, in_words, mean_interval, pick, rate
from ...metrics.maxbox import DELTAS, ROUNDS, pixel_precision
from ...study import Frames
from .entries import GAUSSIAN, SAME_AS_CAM
from .methods import METHODS
from .scoring import TAUS, mask_overlaps, overlaps, pixels

V1, V2 = "box right, %", "MaxBoxAccV2, %"
PXAP, MASK = "PxAP, %", "mask IoU, %"
MINUS = "{} minus {}"  # a metric and the entry that is subtracted, paired


def entry_rows(
    frames: Frames, bases: tuple[str, ...], tuned: str = "val", told: str = "test"
) -> list[dict]:
    """Each entry's scores with intervals, and its paired differences to the entries `bases`.

    Args:
        frames: "<part>|<entry>", rows of `entries_scored`; entries may have fewer pictures than
            `bases`, the first ones: their differences are on those.

    Returns:
        Rows entry, metric, tau (chosen on `tuned`), measured, low, high, n (of `told`).
    """
    rows = []
    for key in frames:
        part, _, entry = key.partition("|")
        if part != told:
            continue
        own = _scores(frames[f"{tuned}|{entry}"], frames[key])
        found = [
            (metric, tau, rate(v > 0.5) if metric == V1 else mean_interval(100 * v))
            for metric, (v, tau) in own.items()
        ]
        masked = "object" in frames[key]
        counts = pixels(frames[key]) if masked else None
        if masked:
            found.append((PXAP, float("nan"), _pixel_ap(counts)))
        for base in bases:
            if base == entry:
                continue
            same = _first(frames[f"{told}|{base}"], frames[key])
            tuning = _first(frames[f"{tuned}|{base}"], frames[f"{tuned}|{entry}"])
            for metric, (values, tau) in _scores(tuning, same).items():
                apart = mean_interval(100 * (own[metric][0] - values))
                found.append((MINUS.format(metric, base), tau, apart))
            if masked:
                apart = _pixel_ap(counts, pixels(same))
                found.append((MINUS.format(PXAP, base), float("nan"), apart))
        rows += [{"entry": entry, "metric": m, "tau": t} | v.as_row(2) for m, t, v in found]
    return rows


def _first(frame: pd.DataFrame, like: pd.DataFrame) -> pd.DataFrame:
    """The rows of those pictures that the other frame has."""
    return frame[frame["image"].isin(like["image"].unique())]


def _scores(tuning: pd.DataFrame, told: pd.DataFrame) -> dict[str, tuple[np.ndarray, float]]:
    """{metric: (its value for each picture of `told`, threshold chosen on `tuning`)}."""
    right = [overlaps(f, "v1") >= 0.5 for f in (tuning, told)]
    best = right[0].mean(0).argmax()
    found = {V1: (right[1][:, best].astype(float), float(TAUS[best]))}
    v2 = [overlaps(f, "v2") for f in (tuning, told)]
    places = [(v2[0] >= d).mean(0).argmax() for d in DELTAS]
    each = [v2[1][:, p] >= d for p, d in zip(places, DELTAS, strict=True)]
    found[V2] = np.mean(each, 0), float(TAUS[places[1]])
    if "object" in told:
        masks = [mask_overlaps(f) for f in (tuning, told)]
        best = masks[0].mean(0).argmax()
        found[MASK] = masks[1][:, best], float(TAUS[best])
    return found


def _pixel_ap(counts: np.ndarray, minus: np.ndarray | None = None, seed: int = 0) -> Rate:
    """PxAP of (n, 2, T) counts in percent, bootstrapped over pictures; or a paired difference."""
    n = len(counts)
    times = np.random.default_rng(seed).multinomial(n, np.full(n, 1 / n), ROUNDS)
    value, repeated = 0.0, np.zeros(ROUNDS)
    for sign, some in ((1, counts), (-1, minus)):
        if some is not None:
            value += sign * float(pixel_precision(some.sum(0)))
            repeated += sign * pixel_precision(np.einsum("rn,nkt->rkt", times, some))
    return Rate(value, *np.quantile(repeated, [0.025, 0.975]).tolist(), n)


def readable(rows: pd.DataFrame, metrics=(V1, V2, PXAP)) -> pd.DataFrame:
    """A stored table to read: one line for each entry, value [interval] in each column."""
    taus = pick(rows, metric=V1).set_index("entry")
    rows = pick(rows, metric=list(metrics))
    wide = rows.assign(text=in_words(rows)).pivot(index="entry", columns="metric", values="text")
    order = [m for m in metrics if m in wide]
    wide = wide.loc[rows["entry"].unique(), order].fillna("")
    return wide.assign(threshold=taus["tau"], n=taus["n"]).rename_axis(None, axis=1)


def beside_later(photos: pd.DataFrame) -> pd.DataFrame:
    """MaxBoxAccV2 minus the centre Gaussian's, in points: Choe et al.'s networks and ours.

    Their set and ours are not the same photos, so only distances to the same null are compared.

    Args:
        photos: stored rows of the successors on ILSVRC photos.
    """
    told = pick(published.later(), metric=V2).pivot(
        index="method", columns="network", values="value"
    )
    told = (told.sub(told.loc["centre Gaussian", "none"])).drop(columns="none")
    told = told.drop("centre Gaussian").sort_values("ResNet-50", ascending=False)
    own = pick(photos, metric=MINUS.format(V2, GAUSSIAN)).set_index("entry")
    own = own.assign(text=in_words(own))["text"].rename("here: EfficientNet-Lite0")
    names = [n for n in own.index if n in METHODS]
    shown = told.map("{:+.1f}".format).join(own.loc[names], how="outer").fillna("")
    return shown.loc[["CAM", *(n for n in (*told.index, *names) if n != "CAM")]]


NEEDS = {
    "CAM": "global average pooling and one linear layer",
    "Score-CAM": "a layer with maps",
    "Ablation-CAM": "a layer with maps",
    "gradient": "derivatives",
    "SmoothGrad": "derivatives",
}


def which_when(
    times: dict[str, float], drawn: pd.DataFrame, photos: pd.DataFrame | None
) -> pd.DataFrame:
    """What each method asks for, costs and gives.

    Args:
        times: of `methods.costs`. drawn, photos: stored rows of the successors.
    """
    table = pd.DataFrame({"forward passes": pd.Series(times).map("{:.0f}".format)})
    table.insert(
        0, "needs", [NEEDS.get(name, "derivatives of a layer with maps") for name in times]
    )
    for title, rows, metric in (("drawn", drawn, PXAP), ("photos", photos, V2)):
        own = pick(drawn[:0] if rows is None else rows, metric=metric)
        texts = dict(zip(own["entry"], in_words(own), strict=True))
        names = ("CAM" if name in SAME_AS_CAM else name for name in times)
        table[f"{title}: {metric}"] = [texts.get(name, "not measured") for name in names]
    return table


# ---------------------------------------------------------------- scores of maps without truth

# name: (column, whether more is better, whether it knows the mask)
QUALITY = {
    "average drop": ("drop", False, False),
    "insertion": ("insertion", True, False),
    "deletion": ("deletion", False, False),
    "pointing": ("pointing", True, True),
    "energy in the mask": ("energy", True, True),
}
TRUTH = "average precision of the mask's pixels"


def quality_rows(frame: pd.DataFrame) -> list[dict]:
    """Means of each entry: rows entry, score, measured, low, high, n."""
    columns = {TRUTH: "truth"} | {name: column for name, (column, *_) in QUALITY.items()}
    return [
        {"entry": entry, "score": name} | mean_interval(100 * own[column]).as_row(2)
        for entry, own in frame.groupby("entry", sort=False)
        for name, column in columns.items()
    ]


def rank_rows(frame: pd.DataFrame, seed: int = 0) -> list[dict]:
    """Spearman's correlations of the scores' orders of the entries, with the truth's first.

    Bootstrapped over pictures, the same for all entries.

    Returns:
        Rows score, with, measured, low, high, n (pictures).
    """
    columns = ["truth"] + [column for column, *_ in QUALITY.values()]
    values = np.stack(
        [frame.pivot(index="image", columns="entry", values=c).to_numpy(float) for c in columns]
    )  # (columns, n, entries)
    for k, (_, more, _) in enumerate(QUALITY.values(), 1):
        values[k] *= 1 if more else -1
    n = values.shape[1]
    rng = np.random.default_rng(seed)
    draws = [np.arange(n), *rng.integers(0, n, (ROUNDS, n))]
    found = np.array([_spearman(values[:, some].mean(1)) for some in draws])
    names, rows = ["truth", *QUALITY], []
    for a, name in enumerate(names):
        for b in range(a):
            low, high = np.quantile(found[1:, a, b], [0.025, 0.975])
            own = Rate(found[0, a, b], low, high, n)
            rows.append({"score": name, "with": names[b]} | own.as_row(3))
    return rows


def _spearman(means: np.ndarray) -> np.ndarray:
    """(columns, entries) to (columns, columns)."""
    return np.corrcoef(rankdata(means, axis=1))
