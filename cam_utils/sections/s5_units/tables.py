"""Section 5 in numbers: a class's top units, how pure and how shared they are, what they carry.

python -m cam_utils tables --profile mini --only units
python -m cam_utils tables --profile paper --only units --root $CAM_DATA
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.io import loadmat

from ...data import open_images
from ...data.joined import Joined
from ...features import Features, extract
from ...metrics.intervals import Rate, mean_interval
from ...networks.gap import GapNetwork, class_name
from . import (
    ReceptiveField,
    ablate,
    ablation_table,
    class_purity,
    empirical_field,
    half_of_score,
    part_overlap,
    purities,
    rank_units,
    shared_units,
    top_images,
)
from . import tables as rows
from .ablation import TOPS
from .ranking import class_rows
from .top import TopImages

OWN_UNITS = 3  # shown for each class in figure 13

FRACTIONS = (0.1, 0.2, 0.5)  # of the averaged discrepancy map's maximum

# the released weights of GoogLeNet-CAM, as the authors' repository ships them
RELEASED = ("weights/data_net.mat", "../golden/zhou/data_net.mat")


def top_table(
    network: GapNetwork, top: TopImages, labels, count: int = OWN_UNITS, show: int = 3
) -> pd.DataFrame:
    """The units of largest weight of some classes and what drives them.

    Args:
        top: top images of all these units. labels: the classes.
        count: units of each class. show: top images named.

    Returns:
        Columns class (index), name, rank (1 is the largest weight), unit, weight, purity (share of
        the unit's top images that show the class, 0..1), label (the most frequent class among
        them), purest (its share), images (ids of the `show` best, separated by spaces).
    """
    found = purities(top).set_index("unit")
    rows = []
    for label in labels:
        units, weights = (v[:count].tolist() for v in rank_units(network, label))
        for rank, (unit, weight) in enumerate(zip(units, weights, strict=True), 1):
            rows.append({
                "class": int(label), "name": class_name(network, int(label)), "rank": rank,
                "unit": unit, "weight": round(weight, 5),
                "purity": round(class_purity(top, unit, int(label)), 4),
                "label": class_name(network, int(found.loc[unit, "label"])),
                "purest": round(float(found.loc[unit, "purity"]), 4),
                "images": " ".join(top.ids[top.row(unit), :show]),
            })  # fmt: skip
    return pd.DataFrame(rows)


def purity_rows(table: pd.DataFrame, top: TopImages, shares: np.ndarray) -> list[dict]:
    """Purity in percent, means with 95 % intervals: of the classes' top units, and of any unit.

    Args:
        table: of `top_table`. shares: (C,) the share of each class among the pool's images, which
            is what a unit that does not look would have.
    """
    rows = []

    def add(metric: str, values) -> None:
        rows.append({"metric": metric} | mean_interval(100 * np.asarray(values, float)).as_row(2))

    for rank, some in table.groupby("rank"):
        add(f"purity of a class's unit {rank} for the class, %", some["purity"])
    by_class = table.groupby("class")["purity"].mean()
    add(f"purity of a class's {OWN_UNITS} units for the class, %", by_class)
    add("share of the class in the pool, %", shares[by_class.index])
    own = table["name"] == table["label"]
    add("top units whose most frequent class is the class, %", own.groupby(table["class"]).mean())
    everyone = purities(top)
    alive = everyone[everyone["alive"]]
    add("purity of any unit for its own most frequent class, %", alive["purity"])
    add("units that never react, %", ~everyone["alive"])
    return rows


def half_rows(pooled: np.ndarray, weights: np.ndarray, labels: np.ndarray) -> list[dict]:
    """How a class's positive score is spread over units: means with intervals over classes."""
    found = half_of_score(pooled, weights, labels)
    some = {
        "units that carry half of the positive score": found.units,
        "units that contribute positively": found.positive,
        "share of the positive score in the three units of largest weight, %": 100 * found.top3,
    }
    return [
        {"metric": name} | mean_interval(values[np.isfinite(values)]).as_row(2)
        for name, values in some.items()
    ]


def sharing_rows(weights: np.ndarray, tops=(3, 10), most: int = 3, seed: int = 0) -> list[dict]:
    """`shared_units` for several sizes of a class's top, up to `most` classes and the extreme."""
    rows = []
    for top in tops:
        table = shared_units(weights, top, seed=seed)
        kept = table[(table["classes"] <= most) | (table["classes"] == table["classes"].max())]
        rows += [{"top": top} | row for row in kept.round(2).to_dict("records")]
    return rows


def field_rows(
    network: GapNetwork, images, top: TopImages, units: dict[int, str],
    theory: ReceptiveField, count: int, stride: int | None = None, progress=None,
) -> list[dict]:  # fmt: skip
    """Empirical fields of some units beside the theoretical one.

    Args:
        units: {unit: why it was chosen}. count: top images of each. stride: of the occluders.
        progress: called with each row as soon as it is there.
    """
    rows = []
    for unit, why in units.items():
        found = empirical_field(network, images, top, unit, count, stride=stride, field=theory)
        row = {
            "network": network.name, "input": network.input_spec.size, "unit": unit, "chosen": why,
            "theoretical": theory.size, "stride": theory.stride, "images": found.n,
            "patch": found.patch, "grid": found.stride, "copies": found.copies,
        }  # fmt: skip
        row |= {f"side_{round(100 * f)}": round(found.side(f), 1) for f in FRACTIONS}
        rows.append(row)
        if progress:
            progress(row)
    return rows


def released_weights(root) -> np.ndarray | None:
    """(1000, 1024) class weights of the authors' GoogLeNet-CAM, or None where they are not."""
    for place in RELEASED:
        path = Path(root) / place
        if path.is_file():
            return np.ascontiguousarray(loadmat(path)["weights_LR"].T, np.float32)
    return None


def real_pool(network: GapNetwork, root) -> tuple[Joined, list[int]]:
    """Imagenette's validation photos and ILSVRC's as one pool, and Imagenette's ten classes.

    Photos that are in both count once, as Imagenette's.
    """
    ten = open_images("imagenette", "val", root)
    labels = list(ten.imagenet_indices)
    photos = [ten, open_images("ilsvrc", "val", root)]
    return Joined(photos, [labels, None], network.classes), labels


def class_shares(labels: np.ndarray, count: int) -> np.ndarray:
    """(C,) the share of each class among labels (N,); -1 counts for none."""
    return np.bincount(labels[labels >= 0], minlength=count) / len(labels)


def seeded_units(network: GapNetwork, labels, count: int, seed: int = 0) -> dict[int, str]:
    """{unit: text}: units of largest weight of classes drawn by seed, `count` different ones."""
    order = np.random.default_rng(seed).permutation(list(labels))
    found: dict[int, str] = {}
    weights = class_rows(network)
    for label in order:
        unit = int(weights[label].argmax())
        found.setdefault(unit, f"first unit of {class_name(network, int(label))}")
        if len(found) == count:
            break
    return found


TOP = 12  # images of each unit, as the released script keeps


@dataclass(frozen=True)
class World:
    """A network with its units' top images over a pool, and its features of a test set.

    Attributes:
        title: what the figures call it.
        pool: where top images come from. features: (N, K) pooled, of the test set.
    """

    title: str
    network: GapNetwork
    pool: object
    top: TopImages
    features: Features

    @property
    def weights(self) -> np.ndarray:
        """(C, K) float32."""
        return class_rows(self.network).numpy()

    @property
    def bias(self) -> np.ndarray:
        """(C,) float32."""
        return self.network.class_bias.detach().float().cpu().numpy()

    @cached_property
    def pool_labels(self) -> np.ndarray:
        """(M,) classes of the pool's images."""
        return np.array([self.pool.label(i) for i in range(len(self.pool))])

    @cached_property
    def table(self) -> pd.DataFrame:
        """`tables.units.top_table` of the classes that the pool has."""
        found = np.unique(self.pool_labels[self.pool_labels >= 0])
        return rows.top_table(self.network, self.top, found)

    def purity(self) -> pd.DataFrame:
        """`tables.units.purity_rows`."""
        shares = rows.class_shares(self.pool_labels, len(self.weights))
        return pd.DataFrame(rows.purity_rows(self.table, self.top, shares))

    def half(self) -> pd.DataFrame:
        """`tables.units.half_rows`."""
        f = self.features
        return pd.DataFrame(rows.half_rows(f.values, self.weights, f.labels))

    def sharing(self) -> pd.DataFrame:
        """`tables.units.sharing_rows`."""
        tops = [n for n in (rows.OWN_UNITS, 10) if n < self.weights.shape[1]]
        return pd.DataFrame(rows.sharing_rows(self.weights, tops))

    @cached_property
    def ablated(self) -> pd.DataFrame:
        """`units.ablate`: one row for each class, number of units and kind."""
        f, tops = self.features, tuple(n for n in TOPS if n < self.weights.shape[1])
        return ablate(f.values, self.weights, self.bias, f.labels, tops)

    def ablation(self) -> pd.DataFrame:
        """`units.ablation_table`."""
        return ablation_table(self.ablated)


def look(
    title: str, network: GapNetwork, pool, test, device="cpu", k: int = TOP, cache=None
) -> World:
    """One pass over the pool and one over the test set, both in the view "whole".

    Args:
        cache: as of `features.extract`: by default both are kept, and read by an equal call.
    """
    top = top_images(network, pool, k=k, device=device, cache=cache)
    features = extract(network, test, view="whole", device=device, cache=cache)
    return World(title, network, pool, top, features)


def part_table(world: World, rank: int = 1, threshold: float = 0.5) -> pd.DataFrame:
    """For the unit of `rank` of each class: the part that its segments overlap most.

    Returns:
        Columns class (name), unit, owner, part, iou (on images that did not choose the part),
        shuffled (the masks exchanged among the images), n; see `units.part_overlap`.
    """
    found = []
    for row in world.table[world.table["rank"] == rank].itertuples():
        o = part_overlap(world.pool, world.top, row.unit, threshold)
        found.append((row.name, row.unit, o.owner, o.part, o.iou, o.shuffled, o.n))
    return pd.DataFrame(found, columns=["class", "unit", "owner", "part", "iou", "shuffled", "n"])


def pick(table: pd.DataFrame, metric: str, **where) -> Rate:
    """One number of a table of this chapter as a Rate; columns beside `metric` narrow it down."""
    some = table[table["metric"] == metric]
    for column, value in where.items():
        some = some[some[column] == value]
    (row,) = some.itertuples()
    return Rate(row.measured, row.low, row.high, int(row.n))


def difference(first: Iterable, second: Iterable) -> Rate:
    """The mean of first minus second, pair by pair, with a 95 % bootstrap interval."""
    return mean_interval(np.subtract(list(first), list(second)))
