"""Classification errors (Table 1): from logits, or from the rows of `evaluate`."""

import numpy as np
import pandas as pd
from torch import Tensor

from .intervals import rate


def topk_misses(logits: Tensor, labels: Tensor, k: int) -> np.ndarray:
    """(N,) bool: the label is not among the k best. Table 1's error is their share.

    Args:
        logits: (N, C).
        labels: (N,) int64.
    """
    k = min(k, logits.shape[1])
    return ~(logits.topk(k, dim=1).indices == labels[:, None]).any(1).cpu().numpy()


def true_ranks(logits: Tensor, labels: Tensor) -> np.ndarray:
    """(N,) uint8 rank of each true class among the logits (N, C); 1 is best, 255 that or worse."""
    own = logits.gather(1, labels[:, None])
    return ((logits > own).sum(1) + 1).clamp(max=255).to("cpu").numpy().astype(np.uint8)


def classification_errors(table: pd.DataFrame) -> dict:
    """{"top1": Rate, "top5": Rate}: Table 1's errors from the rows of `evaluate`."""
    table = table[table["rank"] > 0]  # the class-given rows are no guesses
    hit = table["class"] == table["label"]
    return {
        f"top{k}": rate(~hit.where(table["rank"] <= k, False).groupby(table["id"]).any())
        for k in (1, 5)
    }
