"""Section 5 in numbers: a class's top units, how pure and how shared they are, what they carry."""

import numpy as np
import pandas as pd

from ...metrics.intervals import Rate, mean_interval, pick
from ...networks.gap import GapNetwork, class_name
from ...study import Frames
from .by_weight import linear_layer, shared_units, top_units

OWN_UNITS = 3  # shown for each class in figure 13

TOP = 12  # images of each unit, as the released script keeps

# metrics of the stored tables
PURITY = f"purity of a class's {OWN_UNITS} units for the class, %"

SHARE = "share of the class in the pool, %"
ANY = "purity of any unit for its own most frequent class, %"
HALF = "units that carry half of the positive score"


def purities(shown: pd.DataFrame) -> pd.DataFrame:
    """For each unit the class that is most frequent among its top images, and its share.

    Args:
        shown: of `TopImages.frame`.

    Returns:
        Index unit; columns label (of several equally frequent the smallest), purity (0..1),
        alive (the unit reacts to its best image).
    """
    counts = shown.groupby(["unit", "label"]).size().unstack(fill_value=0)
    best = counts.max(axis=1) / counts.sum(axis=1)
    alive = shown.groupby("unit")["score"].max() > 0
    return pd.DataFrame({"label": counts.idxmax(axis=1), "purity": best, "alive": alive})


def top_table(network: GapNetwork, shown: pd.DataFrame, labels, images: int = 3) -> pd.DataFrame:
    """The units of largest weight of some classes and what drives them.

    Args:
        shown: top images of all these units, of `TopImages.frame`. labels: the classes.
        images: top images named.

    Returns:
        Columns class (index), name, rank (1 is the largest weight), unit, weight, purity (share of
        the unit's top images that show the class, 0..1), label (the most frequent class among
        them), purest (its share), images (ids of the best, separated by spaces).
    """
    weights, _ = linear_layer(network)
    found, of_unit = purities(shown), dict(iter(shown.groupby("unit")))
    best, rows = top_units(weights, OWN_UNITS), []
    for label in map(int, labels):
        for rank, unit in enumerate(best[label].tolist(), 1):
            own, purest = of_unit[unit], found.loc[unit]
            rows.append({
                "class": label, "name": class_name(network, label), "rank": rank, "unit": unit,
                "weight": round(float(weights[label, unit]), 5),
                "purity": round(float((own["label"] == label).mean()), 4),
                "label": class_name(network, int(purest["label"])),
                "purest": round(float(purest["purity"]), 4),
                "images": " ".join(own["id"][:images]),
            })  # fmt: skip
    return pd.DataFrame(rows)


def purity_table(frames: Frames) -> pd.DataFrame:
    """Purity in percent, means with 95 % intervals: of the classes' top units, and of any unit.

    Beside it the share that a class has in the pool: the purity of a unit that does not look. Of a
    class with fewer pictures in the pool than a unit has top images no unit could be pure, so such
    classes are left out; n = 0 where none remains.

    Args:
        frames: "units" of `top_table`, "top" of `TopImages.frame`, "pool" (its images' labels).

    Returns:
        Columns metric, measured, low, high, n.
    """
    units, labels, every = frames["units"], frames["pool"]["label"], purities(frames["top"])
    enough = labels.value_counts().loc[lambda n: n >= frames["top"]["rank"].max()].index
    units = units[units["class"].isin(enough)]
    found = {
        f"purity of a class's unit {rank} for the class, %": pick(units, rank=rank)["purity"]
        for rank in range(1, OWN_UNITS + 1)
    }
    found[PURITY] = units.groupby("class")["purity"].mean()
    found[SHARE] = [(labels == c).mean() for c in found[PURITY].index]
    own = (units["name"] == units["label"]).groupby(units["class"])
    found["top units whose most frequent class is the class, %"] = own.mean()
    alive = every[every["alive"]]
    found[ANY] = alive["purity"]
    found["units that never react, %"] = ~every["alive"]
    return _means({metric: 100 * np.asarray(v, float) for metric, v in found.items()})


def spread_table(score: pd.DataFrame) -> pd.DataFrame:
    """How a class's positive score is spread over units: means with intervals over classes.

    Args:
        score: of `half_of_score`; images without a label do not count.

    Returns:
        Columns metric, measured, low, high, n.
    """
    terms = ["units", "positive", "top3"]
    means = score[score["label"] >= 0].groupby("label")[terms].mean()
    found = {
        HALF: means["units"],
        "units that contribute positively": means["positive"],
        "share of the positive score in the three units of largest weight, %": 100 * means["top3"],
    }
    return _means({metric: values.dropna() for metric, values in found.items()})


def _means(found: dict) -> pd.DataFrame:
    none = Rate(np.nan, np.nan, np.nan, 0)
    rates = {k: mean_interval(v) if len(v) else none for k, v in found.items()}
    return pd.DataFrame([{"metric": k} | rate.as_row(2) for k, rate in rates.items()])


def sharing_table(weights: np.ndarray, most: int = 3) -> pd.DataFrame:
    """`shared_units` of class weights (C, K), for the 3 and 10 units of largest weight: up to
    `most` classes, and the most shared unit; columns top, classes, units, expected, low, high."""
    tops = [n for n in (OWN_UNITS, 10) if n < weights.shape[1]]
    table = pd.concat(shared_units(weights, n).assign(top=n) for n in tops)
    last = table.groupby("top")["classes"].transform("max")
    table = table[(table["classes"] <= most) | (table["classes"] == last)]
    return table[["top", "classes", "units", "expected", "low", "high"]].round(2)
