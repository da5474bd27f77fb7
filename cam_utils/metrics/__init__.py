"""Errors of the paper's tables, in percent, with intervals."""

from .classification import classification_errors, topk_misses, true_ranks
from .intervals import Rate, all_of, mean_interval, pick, rate

__all__ = [
    "Rate",
    "all_of",
    "classification_errors",
    "mean_interval",
    "pick",
    "rate",
    "topk_misses",
    "true_ranks",
]
