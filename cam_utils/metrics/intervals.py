"""A measured number with its 95 % interval."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Rate:
    """A number measured on n images with its 95 % interval; percent where it is a share."""

    value: float
    low: float
    high: float
    n: int

    def __str__(self) -> str:
        return f"{self.value:.1f} [{self.low:.1f}, {self.high:.1f}]"

    def as_row(self, digits: int) -> dict:
        """Columns of a stored table: measured, low, high (rounded), n."""
        numbers = {"measured": self.value, "low": self.low, "high": self.high}
        return {name: round(x, digits) for name, x in numbers.items()} | {"n": self.n}

    def contains(self, published: float) -> bool:
        """Whether a published number lies inside the interval."""
        return self.low <= published <= self.high


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


def within(difference: Rate | None, margin: float) -> bool | None:
    """Is a difference negligible? True if its interval lies within +-margin, False if its
    interval lies outside, None if it was not measured or
    this many images cannot tell."""
    if difference is None:
        return None
    if -margin <= difference.low and difference.high <= margin:
        return True
    if difference.low > margin or difference.high < -margin:
        return False
    return None
