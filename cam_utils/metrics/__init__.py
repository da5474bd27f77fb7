"""Errors of the paper's tables, in percent, with intervals."""

from .classification import classification_errors, topk_misses, true_ranks
from .intervals import Rate, mean_interval, rate, within

__all__ = [
    "Rate",
    "classification_errors",
    "mean_interval",
    "rate",
    "topk_misses",
    "true_ranks",
    "within",
]
