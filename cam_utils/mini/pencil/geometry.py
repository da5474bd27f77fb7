"""Curves as arrays of points. Everything the mini world draws is a polygon made here.

Points are (n, 2) float64, x to the right and y DOWN; angles in degrees, 0 to the right and
growing clockwise on the screen, so the upper half of a circle runs from 180 to 360.
"""

from functools import lru_cache

import numpy as np


@lru_cache(maxsize=512)
def _unit_arc(start: float, stop: float, n: int) -> np.ndarray:
    t = np.radians(np.linspace(start, stop, n))
    points = np.stack([np.cos(t), np.sin(t)], axis=1)
    points.flags.writeable = False  # shared between calls
    return points


def arc(cx, cy, rx, ry=None, start=0.0, stop=360.0, n=None) -> np.ndarray:
    """(n, 2) points on an ellipse's arc, both ends included."""
    if n is None:
        n = max(4, int(abs(stop - start) / 15) + 1)
    return _unit_arc(float(start), float(stop), n) * (rx, rx if ry is None else ry) + (cx, cy)


def ellipse(cx, cy, rx, ry=None, angle=0.0, n=26) -> np.ndarray:
    """(n, 2) points of a whole ellipse, turned by `angle`."""
    points = _unit_arc(0.0, 360.0 - 360.0 / n, n) * (rx, rx if ry is None else ry)
    return (points @ rotation(angle).T if angle else points) + (cx, cy)


def box(x0, y0, x1, y1) -> np.ndarray:
    """(4, 2) corners of a rectangle."""
    return np.array([(x0, y0), (x1, y0), (x1, y1), (x0, y1)], dtype=float)


def rounded(x0, y0, x1, y1, r) -> np.ndarray:
    """(20, 2) points of a rectangle with corners rounded by radius `r`."""
    r = min(r, abs(x1 - x0) / 2, abs(y1 - y0) / 2)
    quarter = [
        (x1 - r, y0 + r, 270),
        (x1 - r, y1 - r, 0),
        (x0 + r, y1 - r, 90),
        (x0 + r, y0 + r, 180),
    ]
    return np.concatenate([arc(x, y, r, r, a, a + 90, 5) for x, y, a in quarter])


def rotation(angle: float) -> np.ndarray:
    """(2, 2) matrix that turns points clockwise on the screen."""
    c, s = np.cos(np.radians(angle)), np.sin(np.radians(angle))
    return np.array([[c, -s], [s, c]])


def moved(points, x=0.0, y=0.0, scale=1.0, angle=0.0) -> np.ndarray:
    """Points scaled, turned about the origin, then moved to (x, y)."""
    points = np.asarray(points, dtype=float) * scale
    return (points @ rotation(angle).T if angle else points) + (x, y)


def ribbon(points, width, end_width=None) -> np.ndarray:
    """(2n, 2) outline of a band along a path; its width runs from `width` to `end_width`."""
    points = np.asarray(points, dtype=float)
    step = np.empty_like(points)
    step[0], step[-1] = points[1] - points[0], points[-1] - points[-2]
    step[1:-1] = points[2:] - points[:-2]
    step /= np.sqrt((step**2).sum(1, keepdims=True)) + 1e-9
    half = np.linspace(width, width if end_width is None else end_width, len(points))[:, None] / 2
    normal = np.stack([-step[:, 1], step[:, 0]], axis=1) * half
    return np.concatenate([points + normal, (points - normal)[::-1]])


@lru_cache(maxsize=8)
def _catmull_rom(per: int) -> np.ndarray:
    t = np.arange(per)[:, None] / per
    return 0.5 * np.hstack(
        [-t + 2 * t**2 - t**3, 2 - 5 * t**2 + 3 * t**3, t + 4 * t**2 - 3 * t**3, t**3 - t**2]
    )


def smooth(points, per=5) -> np.ndarray:
    """(n * per, 2) closed curve through n points (Catmull-Rom)."""
    p = np.asarray(points, dtype=float)
    around = np.stack([np.roll(p, 1, 0), p, np.roll(p, -1, 0), np.roll(p, -2, 0)])
    return np.einsum("tk,knc->ntc", _catmull_rom(per), around).reshape(-1, 2)


def smooth_path(points, per=5) -> np.ndarray:
    """((n - 1) * per + 1, 2) open curve through n points."""
    p = np.asarray(points, dtype=float)
    p = np.concatenate([2 * p[:1] - p[1:2], p, 2 * p[-1:] - p[-2:-1]])
    around = np.stack([p[:-3], p[1:-2], p[2:-1], p[3:]])
    curve = np.einsum("tk,knc->ntc", _catmull_rom(per), around).reshape(-1, 2)
    return np.concatenate([curve, p[-2:-1]])
