"""The two lists of figure 9 from a tally, and what a list of no meaning would look like."""

import numpy as np
import pandas as pd
from scipy.stats import rankdata

from ...errors import CamError, unknown
from ...metrics.intervals import Rate, mean_interval, rate
from .tally import PREDICTED, Rule, Tally

LEAST = 10  # pictures with the object, for its share to count in a list or a rank
LISTS = ("frequent", "informative")


def listing(
    found: Tally, scene: str, rule: Rule | None = None, source: str = PREDICTED
) -> pd.DataFrame:
    """How frequent and how informative each object is in the pictures of one scene (true label).

    Returns:
        One row for each object seen in the scene: object, present (pictures), frequent and
        informative (shares, 0 to 1) with 95 % Wilson intervals frequent_low, ..., informative_high.
        Informative is P(overlap | present) by default.

    Raises:
        CamError: no such scene.
    """
    rule = rule or Rule()
    if scene not in found.classes:
        raise unknown("scene", scene, found.classes)
    own = found.labels == found.classes.index(scene)
    present, hits = found.present[own], found.hits(rule, source)[own]
    rows = []
    for k in np.flatnonzero(present.any(0)):
        there = present[:, k]
        pairs = {"frequent": there, "informative": hits[there, k]}
        if rule.denominator == "all":
            pairs["informative"] = hits[:, k]
        row = {"object": found.names[k], "present": int(there.sum())}
        for name, values in pairs.items():
            share = rate(values)
            row |= {name: share.value / 100}
            row |= {f"{name}_low": share.low / 100, f"{name}_high": share.high / 100}
        rows.append(row)
    return pd.DataFrame(rows)


def top(listed: pd.DataFrame, by: str, count: int = 6, least: int = LEAST) -> pd.DataFrame:
    """The `count` objects with the largest share `by` ("frequent" or "informative"), seen in at
    least `least` pictures; ties by name."""
    enough = listed[listed["present"] >= least]
    return enough.sort_values([by, "object"], ascending=[False, True]).head(count)


def lists(found: Tally, rule: Rule | None = None, count: int = 6) -> dict[str, tuple]:
    """{scene: (its most frequent objects, its most informative ones)}, rows of `top`."""
    listed = {scene: listing(found, scene, rule) for scene in found.classes}
    return {scene: tuple(top(table, by, count) for by in LISTS) for scene, table in listed.items()}


def overlap_gain(found: Tally, control: str, rule: Rule | None = None, seed: int = 0) -> Rate:
    """How much more often objects overlap the map's region than a control's of equal size.

    Mean over the objects of a picture, then over pictures; points, 95 % interval over pictures.
    """
    rule = rule or Rule()
    present = found.present
    own, other = (found.hits(rule, source) for source in (PREDICTED, control))
    difference = 100.0 * (own.astype(float) - other)
    seen = present.sum(1) > 0
    return mean_interval(difference[seen].sum(1) / present[seen].sum(1), seed)


def telling(found: Tally) -> np.ndarray:
    """(S, O) how much an object tells of the scene: P(scene | object), scenes equally frequent.

    The maps have no part in it, and how frequent the object is has none either: a chandelier in
    half of the dining rooms and nowhere else has 1, a wall in all of five kinds of rooms 0.2. NaN
    where the scene never shows the object.
    """
    of_scene = np.arange(len(found.classes))[:, None] == found.labels  # (S, N)
    counts = of_scene.astype(float) @ found.present  # (S, O)
    rates = counts / np.maximum(of_scene.sum(1, keepdims=True), 1)
    every = rates.sum(0)
    return np.divide(rates, every, out=np.full_like(rates, np.nan), where=rates > 0)


def region_telling(found: Tally, threshold: float = 0.5, source: str = PREDICTED) -> np.ndarray:
    """(N,) how telling for the predicted scene what a map's region shows is, 0 to 1.

    Mean over the region's pixels of `telling` of the object that each belongs to (0 for objects
    that the scene never has). No rule of overlap, no list and no rank comes into it: of "the
    high-activation regions frequently correspond to indicative objects" it is the plainest reading.
    A picture without a region scores as all of it.
    """
    worth = np.nan_to_num(telling(found))[found.predicted]
    share = np.nan_to_num(found.inside[source][:, :, found.thresholds.index(threshold)])
    pixels = share * found.areas
    empty = pixels.sum(1) == 0
    pixels[empty] = found.areas[empty]
    return (pixels * worth).sum(1) / np.maximum(pixels.sum(1), 1)


def telling_gain(found: Tally, control: str, threshold: float = 0.5, seed: int = 0) -> Rate:
    """How much more telling the predicted scene's region is than a control's of equal size.

    Points (of P(scene | object) in percent), 95 % interval over pictures.
    """
    own, other = (region_telling(found, threshold, source) for source in (PREDICTED, control))
    return mean_interval(100 * (own - other), seed)


def rank_agreement(
    found: Tally,
    source: str = PREDICTED,
    rule: Rule | None = None,
    by: str = "informative",
    least: int = LEAST,
    seed: int = 0,
    rounds: int = 500,
) -> Rate:
    """Do the objects that a map marks tell the scene? Spearman's correlation, mean over scenes.

    In each scene the objects are ranked by their share `by` and by how `telling` they are. A map of
    no meaning scores what object size and place alone give: compare the sources.

    Args:
        by: "informative" or "frequent".
        least: objects seen in fewer pictures of the scene are left out.

    Returns:
        -1 to 1, with a 95 % interval of 1.96 standard deviations of a bootstrap over the pictures
        of each scene. (Its percentiles would be off the value: redrawn pictures blur the ranks.)
    """
    present, truth = found.present, telling(found)
    hits = found.hits(rule or Rule(), source)
    rng = np.random.default_rng(seed)

    def agreement(draw: bool) -> float:
        values = []
        for scene in range(len(found.classes)):
            rows = np.flatnonzero(found.labels == scene)
            ranked = np.flatnonzero(present[rows].sum(0) >= least)
            if len(ranked) < 3:
                continue
            rows = rng.choice(rows, len(rows)) if draw else rows
            shares = there = present[rows][:, ranked].sum(0)
            if by == "informative":  # an object that a draw lost counts as never overlapping
                shares = hits[rows][:, ranked].sum(0) / np.maximum(there, 1)
            values.append(_spearman(shares, truth[scene, ranked]))
        if not values:
            raise CamError(
                f"No scene has three objects that are seen in {least} pictures or more; expected "
                "more pictures, or a smaller `least`."
            )
        return float(np.mean(values))

    value = agreement(False)
    half = 1.96 * float(np.std([agreement(True) for _ in range(rounds)]))
    return Rate(value, value - half, value + half, len(found.labels))


def shared_objects(listed: pd.DataFrame, count: int = 6) -> int:
    """How many of the `count` most frequent objects of a scene are among the most informative."""
    frequent, informative = (set(top(listed, by, count)["object"]) for by in LISTS)
    return len(frequent & informative)


def _spearman(a: np.ndarray, b: np.ndarray) -> float:
    """Spearman's correlation; 0 where one side is constant."""
    a, b = (rankdata(v) - (len(v) + 1) / 2 for v in (a, b))
    size = np.sqrt((a @ a) * (b @ b))
    return float(a @ b / size) if size > 0 else 0.0
