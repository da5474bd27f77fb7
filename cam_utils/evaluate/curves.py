"""The sweep over all thresholds as columns of a table (the WSOL benchmark's protocol)."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from torch import Tensor

from ..boxes.wsol import minmax_levels, truth_boxes, warp
from ..errors import CamError
from .items import Item

if TYPE_CHECKING:  # the compiler that it needs takes a while to load
    from ..sweep import Sweep

CURVES = ["curve_v1", "curve_v2"]


def curves_of(map: Tensor, item: Item, side: int) -> tuple[str, str]:
    """The values of the columns `curve_v1` and `curve_v2` for one map of the whole image.

    Args:
        map: (h, w) raw map of the view "whole".
        item: the image with its truth.
        side: of the network's input, pixels; the frame of the comparison (the benchmark's is 224).

    Returns:
        Two texts that `sweeps_of` reads; empty where the image has no truth boxes.
    """
    from ..sweep import sweep

    if not len(item.truth):
        return "", ""
    found = sweep(minmax_levels(warp(map, side)), truth_boxes(item.truth, item.size, side))
    return _text(found.iou_v1), _text(found.iou_v2)


def sweeps_of(table: pd.DataFrame) -> Iterator[tuple[str, Sweep]]:
    """(id, Sweep) of every image in a table made under `WSOL`, bit for bit.

    Raises:
        CamError: the table has no such columns, or they are damaged.
    """
    from ..sweep import Sweep

    if not set(CURVES) <= set(table):
        raise CamError(
            f"The table has no columns {', '.join(CURVES)}; expected one that evaluate made under "
            "the protocol WSOL."
        )
    rows = table[(table["rank"] == 0) & (table[CURVES[0]] != "")]
    for id, *curves in zip(rows["id"], *(rows[c] for c in CURVES), strict=True):
        yield id, Sweep(*(_numbers(curve, id) for curve in curves))


def _text(values: np.ndarray) -> str:
    """256 numbers in base 64: exact, and shorter than their decimals."""
    return base64.b64encode(values.astype("<f8").tobytes()).decode()


def _numbers(text: str, id: str) -> np.ndarray:
    try:
        values = np.frombuffer(base64.b64decode(text, validate=True), "<f8")
    except (ValueError, TypeError):
        values = np.empty(0)
    if values.shape != (256,):
        raise CamError(f"The curves of the image {id} are damaged; evaluate again.")
    return values
