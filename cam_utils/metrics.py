"""Errors of the paper's tables, in percent, with intervals."""

from dataclasses import dataclass

import numpy as np
from torch import Tensor


@dataclass(frozen=True)
class Rate:
    """A percentage of n trials with its 95 % interval (Wilson's score interval)."""

    percent: float
    low: float
    high: float
    n: int

    def __str__(self) -> str:
        return f"{self.percent:.1f} [{self.low:.1f}, {self.high:.1f}]"

    def contains(self, percent: float) -> bool:
        """Whether a published percentage lies inside the interval."""
        return self.low <= percent <= self.high


def rate(hits: np.ndarray) -> Rate:
    """The share of true values in a boolean array, as a `Rate`."""
    hits = np.asarray(hits, bool)
    n = hits.size
    if n == 0:
        return Rate(float("nan"), float("nan"), float("nan"), 0)
    z, p = 1.959964, hits.mean()
    centre = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z * np.sqrt(p * (1 - p) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    return Rate(100 * p, 100 * (centre - half), 100 * (centre + half), n)


def topk_misses(logits: Tensor, labels: Tensor, k: int) -> np.ndarray:
    """(N,) bool: the label is not among the k best. Table 1's error is their share.

    Args:
        logits: (N, C).
        labels: (N,) int64.
    """
    k = min(k, logits.shape[1])
    return ~(logits.topk(k, dim=1).indices == labels[:, None]).any(1).cpu().numpy()
