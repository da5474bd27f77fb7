"""The compiled part of `cam_utils.sweep`: outlines and overlaps of the components of all masks."""

import numpy as np

from .level_sets import AREA, DX, DY, FIRST, HIGH, LOW, X0, X1, Y0, Y1, jit


@jit
def best_overlaps(map, bright, dark, truth):
    """IoU of the boxes of all masks `map > t` with the truth.

    Args:
        map: (H, W) uint8.
        bright, dark: its `level_sets.components`.
        truth: (m, 4) int64 inclusive xyxy.

    Returns:
        iou_v1 (256,) float64: of the component with the largest outline.
        iou_v2 (256,) float64: the best of all components and holes.
        largest (256, 4) int64: the box of iou_v1.
    """
    height, width = map.shape
    iou_v1, iou_v2 = np.zeros(256), np.zeros(256)
    largest = np.zeros((256, 4), np.int64)

    # An outline encloses the area of its component, and its holes, and not more than its box. So
    # seldom more than one component can have the largest, and few outlines must be walked.
    area, rivals, first = np.zeros(256, np.int64), np.zeros(256, np.int64), np.zeros(256, np.int64)
    for row in bright:
        for t in range(row[LOW], row[HIGH] + 1):
            area[t] = max(area[t], row[AREA])
    for row in bright:
        for t in range(row[LOW], row[HIGH] + 1):
            rivals[t] += _limit(row) >= area[t]

    for row in bright:
        box = _drawn(row[X0], row[Y0], row[X1], row[Y1], height, width)
        overlap = _best_iou(box, truth)
        limit = _limit(row)
        own = -1 if limit > 0 else 0  # -1: not known yet
        for t in range(row[LOW], row[HIGH] + 1):
            iou_v2[t] = max(iou_v2[t], overlap)
            if limit < area[t]:
                continue
            if rivals[t] > 1:
                if own < 0:
                    own = outline_area(map, row[FIRST], t)
                # of equal outlines OpenCV lists the one first that begins last
                if own < area[t] or (own == area[t] and row[FIRST] < first[t]):
                    continue
                area[t], first[t] = own, row[FIRST]
            iou_v1[t], largest[t] = overlap, box

    for row in dark:
        # a hole's contour runs through the bright pixels around it
        box = _drawn(row[X0] - 1, row[Y0] - 1, row[X1] + 1, row[Y1] + 1, height, width)
        overlap = _best_iou(box, truth)
        for t in range(254 - row[HIGH], 254 - row[LOW] + 1):  # 255 - map > s is map < 255 - s
            iou_v2[t] = max(iou_v2[t], overlap)

    nothing = _best_iou(largest[255], truth)  # [0, 0, 0, 0]: the box of an empty mask
    iou_v1[map.max() :] = nothing
    iou_v2[map.max() :] = nothing
    return iou_v1, iou_v2, largest


@jit
def outline_area(map, first, t):
    """Twice the area of the polygon through the centres of a component's outer border pixels.

    Args:
        map: (H, W) uint8.
        first: index into the framed map of the first pixel of a component of `map > t` that has
            more than one pixel.
    """
    height, width = map.shape
    y, x = first // (width + 2) - 1, first % (width + 2) - 1
    y_first, x_first, direction, start, area = y, x, 7, -1, 0
    while True:
        # walk anticlockwise: look first just behind the pixel we came from
        direction = (direction | 1) + 6
        while True:
            dx, dy = DX[direction & 7], DY[direction & 7]
            if 0 <= x + dx < width and 0 <= y + dy < height and map[y + dy, x + dx] > t:
                break
            direction += 1
        direction &= 7
        if y == y_first and x == x_first:
            if direction == start:  # not at the first return: thin parts are passed twice
                return abs(area)
            if start < 0:
                start = direction
        area += x * dy - y * dx
        x, y = x + dx, y + dy


@jit
def _limit(row):
    """Twice the area of the rectangle through the centres of a component's border pixels."""
    return 2 * (row[X1] - row[X0]) * (row[Y1] - row[Y0])


@jit
def _drawn(x0, y0, x1, y1, height, width):
    """The benchmark's box of a contour: its exclusive edge x0 + w, inside the map, as inclusive."""
    return np.array([x0, y0, min(x1 + 1, width - 1), min(y1 + 1, height - 1)])


@jit
def _best_iou(box, truth):
    """IoU of an inclusive box with the nearest of the inclusive truth boxes."""
    best = 0.0
    for k in range(len(truth)):
        w = min(box[2], truth[k, 2]) - max(box[0], truth[k, 0]) + 1
        h = min(box[3], truth[k, 3]) - max(box[1], truth[k, 1]) + 1
        if w > 0 and h > 0:
            both = (box[2] - box[0] + 1) * (box[3] - box[1] + 1)
            both += (truth[k, 2] - truth[k, 0] + 1) * (truth[k, 3] - truth[k, 1] + 1)
            best = max(best, w * h / (both - w * h))
    return best
