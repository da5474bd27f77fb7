"""A measured number with its 95 % interval."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.stats import norm, t

from ..errors import CamError


@dataclass(frozen=True)
class Rate:
    """A number measured on n images with its 95 % interval; percent where it is a share."""

    value: float
    low: float
    high: float
    n: int

    def __str__(self) -> str:
        return f"{self:.1f}"

    def __format__(self, digits: str) -> str:
        """`f"{rate:.2f}"`: number and interval with so many digits; default: one."""
        value, low, high = (format(x, digits or ".1f") for x in (self.value, self.low, self.high))
        return f"{value} [{low}, {high}]"

    def as_row(self, digits: int) -> dict:
        """Columns of a stored table: measured, low, high (rounded), n."""
        numbers = {"measured": self.value, "low": self.low, "high": self.high}
        return {name: round(x, digits) for name, x in numbers.items()} | {"n": self.n}

    @classmethod
    def of(cls, rows: pd.DataFrame) -> "Rate":
        """The one row of a stored table that is left, with its columns as of `as_row`.

        Raises:
            CamError: none is left, or several.
        """
        if len(rows) != 1:
            raise CamError(f"Found {len(rows)} rows, expected one; name more columns.")
        row = rows.iloc[0]
        return cls(float(row["measured"]), float(row["low"]), float(row["high"]), int(row["n"]))

    def contains(self, published: float) -> bool:
        """Whether a published number lies inside the interval."""
        return self.low <= published <= self.high

    def one_of(self, comparisons: int) -> "Rate":
        """The interval as wide as it must be where the best of so many is pointed at.

        Bonferroni's correction; the interval's shape is kept, its ends scaled as a normal
        distribution's would be.
        """
        scale = norm.ppf(1 - 0.025 / comparisons) / norm.ppf(0.975)
        low, high = (self.value + scale * (end - self.value) for end in (self.low, self.high))
        return Rate(self.value, float(low), float(high), self.n)

    # Questions with three answers: True, False, None (so many images cannot tell).

    def below(self, bound: float) -> bool | None:
        """Is the number below a bound? Its whole interval must be, or be above it."""
        return True if self.high < bound else False if self.low > bound else None

    def above(self, bound: float) -> bool | None:
        """Is the number above a bound? Its whole interval must be, or be below it."""
        return True if self.low > bound else False if self.high < bound else None

    def within(self, margin: float) -> bool | None:
        """Is it negligible? Its whole interval must lie within +-margin, or outside of it."""
        if -margin <= self.low and self.high <= margin:
            return True
        return False if self.low > margin or self.high < -margin else None

    def agrees_with(self, published: float, resolution: float = 10.0) -> bool | None:
        """Does it agree with a published number? The interval must hold it, or exclude it.

        None: it holds it, but reaches more than `resolution` to a side, so that many numbers fit.
        """
        if not self.contains(published):
            return False if self.n else None
        wide = max(self.value - self.low, self.high - self.value) > resolution
        return None if wide else True


def rate(hits: np.ndarray) -> Rate:
    """The share of true values in a boolean array, in percent, with Wilson's score interval."""
    hits = np.asarray(hits, bool)
    n = hits.size
    if n == 0:
        return Rate(float("nan"), float("nan"), float("nan"), 0)
    z, p = 1.959964, hits.mean()
    centre = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z * np.sqrt(p * (1 - p) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    return Rate(100 * p, 100 * (centre - half), 100 * (centre + half), n)


def mean_interval(values: np.ndarray, seed: int = 0, rounds: int = 2000) -> Rate:
    """Mean of values (not percent) with a 95 % bootstrap interval over images."""
    values = np.asarray(values, float)
    rng, n = np.random.default_rng(seed), len(values)
    step = max(1, 1_000_000 // max(n, 1))  # rounds at a time: memory stays flat in n
    means = [
        values[rng.integers(0, n, (min(step, rounds - done), n))].mean(1)
        for done in range(0, rounds, step)
    ]
    low, high = np.quantile(np.concatenate(means), [0.025, 0.975])
    return Rate(float(values.mean()), float(low), float(high), len(values))


def seed_interval(values: Iterable[float]) -> Rate:
    """Mean of one number for each seed, with Student's 95 % interval over the seeds.

    Raises:
        CamError: fewer than two seeds.
    """
    values = np.asarray(list(values), float)
    if len(values) < 2:
        raise CamError(f"Found {len(values)} seeds; an interval over seeds needs at least two.")
    half = t.ppf(0.975, len(values) - 1) * values.std(ddof=1) / np.sqrt(len(values))
    return Rate(values.mean(), values.mean() - half, values.mean() + half, len(values))


def by_seed(rows: pd.DataFrame) -> Rate:
    """`seed_interval` of stored rows whose column `seed` is a number; others are left out."""
    return seed_interval(rows.loc[rows["seed"].astype(str).str.isdigit(), "measured"])


def in_words(rows: pd.DataFrame, digits: str = "") -> list[str]:
    """Each stored row as number and interval, `digits` as in `format(rate, digits)`."""
    return [format(Rate(r.measured, r.low, r.high, r.n), digits) for r in rows.itertuples()]


def pick(rows: pd.DataFrame, **values) -> pd.DataFrame:
    """Rows of a table whose columns have these values, or one of several."""
    for column, wanted in values.items():
        wanted = [wanted] if isinstance(wanted, str | int | float) else list(wanted)
        rows = rows[rows[column].isin(wanted)]
    return rows


def all_of(answers: Iterable[bool | None]) -> bool | None:
    """One answer of several: False if one is, True if all are, else None; None of none."""
    answers = list(answers)
    if any(a is False for a in answers):
        return False
    return True if answers and all(answers) else None
