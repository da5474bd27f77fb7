"""What section 5 asks of a network, in one pass over a pool and one over a test set."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from ..features import Features, extract
from ..metrics import Rate, mean_interval
from ..networks.gap import GapNetwork
from ..units import ablate, ablation_table, part_overlap, top_images
from ..units.ablation import TOPS
from ..units.ranking import class_rows
from ..units.top import TopImages
from . import units as rows

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
