"""Polygons in pixels of a picture: the box around one, and its mask."""

import cv2
import numpy as np


def hull(points) -> np.ndarray:
    """(4,) float32 xyxy, half-open, of (n, 2) points x, y that are the outermost pixels inside.

    It is the tight box of `polygon_mask` where the polygon lies inside of its picture.
    """
    points = np.rint(points)
    return np.concatenate([points.min(0), points.max(0) + 1]).astype(np.float32)


def shows(points, size: tuple[int, int]) -> bool:
    """Whether the box around the points has a pixel of a picture of (width, height)."""
    x0, y0, x1, y1 = hull(points)
    return bool(x1 > 0 and y1 > 0 and x0 < size[0] and y0 < size[1])


def polygon_mask(points, size: tuple[int, int]) -> np.ndarray:
    """(H, W) bool of the (n, 2) points x, y in a picture of (width, height), the rim included."""
    canvas = np.zeros(size[::-1], np.uint8)
    cv2.fillPoly(canvas, [np.rint(points).astype(np.int32)], 1)
    return canvas.astype(bool)


def polygon_masks(polygons, size: tuple[int, int]) -> np.ndarray:
    """(m, H, W) bool of m polygons."""
    masks = [polygon_mask(points, size) for points in polygons]
    return np.array(masks, bool).reshape(-1, size[1], size[0])
