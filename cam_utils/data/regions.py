"""Boxes and polygons in pixels of a picture; whatever a list counts, they are half-open from here.

The one place where boxes as data sets write them become boxes as this package has them.
"""

import cv2
import numpy as np


def half_open(inclusive, first: int = 0) -> np.ndarray:
    """Boxes whose maxima are the last pixel inside -> (m, 4) float32 xyxy, half-open.

    Args:
        inclusive: (m, 4) or (4,) x0, y0, x1, y1.
        first: the number of the first pixel in the list, 0 or (as in PASCAL VOC) 1.
    """
    boxes = np.array(inclusive, np.float32).reshape(-1, 4) - np.float32(first)
    boxes[:, 2:] += 1
    return boxes


def inside(boxes, size: tuple[int, int]) -> np.ndarray:
    """Boxes (m, 4) cut off at the borders of a picture of (width, height), float32."""
    boxes = np.array(boxes, np.float32).reshape(-1, 4)
    return boxes.clip(0, np.array([*size, *size], np.float32))


def hull(points) -> np.ndarray:
    """(4,) float32 xyxy, half-open, of (n, 2) points x, y that are the outermost pixels inside.

    It is the tight box of `polygon_mask` where the polygon lies inside of its picture.
    """
    points = np.rint(points)
    return half_open([*points.min(0), *points.max(0)])[0]


def hulls(polygons, size: tuple[int, int]) -> np.ndarray:
    """(m, 4) float32 boxes round m polygons, cut off at the borders of a picture."""
    return inside([hull(points) for points in polygons], size)


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
