"""Marks on a curved surface: the area between two edges, with coordinates t along, d across.

The edges are (41, 2) arrays of points; t runs along them from 0 to 1, d from the first to the
second, 0 to 1 as well.
"""

import numpy as np

from .geometry import smooth_path


def edge(points) -> np.ndarray:
    """(41, 2) points of an open smooth curve, evenly in its parameter."""
    return smooth_path(np.array(points), 40)[:: len(points) - 1]


def on(low: np.ndarray, high: np.ndarray, t, d) -> np.ndarray:
    """(n, 2) points of the surface between two edges of 41 points each.

    t (0..1) runs along the edges, d (0..1) from `low` to `high`; numbers or arrays of n.
    """
    at, d = np.clip(np.asarray(t, float), 0, 1) * 40, np.asarray(d, float)
    k = np.arange(41)
    one, other = (np.stack([np.interp(at, k, e[:, j]) for j in (0, 1)], -1) for e in (low, high))
    return np.atleast_2d(one + (other - one) * d[..., None])


def across(low, high, t0, t1, d0=0.0, d1=1.0, bow=0.0) -> np.ndarray:
    """A band across the surface from d0 to d1, its middle shifted along t by `bow`."""
    d = np.linspace(d0, d1, 9)
    bow = bow * np.sin(np.linspace(0, np.pi, 9))
    return np.concatenate([on(low, high, t0 + bow, d), on(low, high, t1 + bow, d)[::-1]])


def along(low, high, t0, t1, d0, d1) -> np.ndarray:
    """A band along the surface from t0 to t1, between d0 and d1."""
    t = np.linspace(t0, t1, 9)
    zero = np.zeros(9)
    return np.concatenate([on(low, high, t, zero + d0), on(low, high, t, zero + d1)[::-1]])
