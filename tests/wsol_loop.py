"""The loop over thresholds with OpenCV that the sweep has to equal, as plain as possible."""

import cv2
import numpy as np


def contour_boxes(mask):
    """Inclusive boxes of all contours in OpenCV's order, and the index of the largest contour."""
    height, width = mask.shape
    contours, _ = cv2.findContours(mask.astype(np.uint8), cv2.RETR_TREE, cv2.CHAIN_APPROX_SIMPLE)
    if not contours:
        return np.zeros((1, 4), np.int64), 0
    areas = [cv2.contourArea(contour) for contour in contours]
    boxes = []
    for x, y, w, h in map(cv2.boundingRect, contours):
        boxes.append((x, y, min(x + w, width - 1), min(y + h, height - 1)))
    return np.array(boxes), areas.index(max(areas))


def overlaps(boxes, truth):
    """(n,) best IoU of inclusive boxes with any of the inclusive truth boxes."""
    corner = np.maximum(boxes[:, None, :2], truth[None, :, :2])
    end = np.minimum(boxes[:, None, 2:], truth[None, :, 2:])
    both = (end - corner + 1).clip(0).prod(2)
    area, other = ((b[:, 2:] - b[:, :2] + 1).prod(1) for b in (boxes, truth))
    return (both / (area[:, None] + other - both)).max(1)


def loop(map_uint8, truth, levels=range(256)):
    """IoU V1 and V2 at each level, and the boxes of V1: (T,), (T,), (T, 4)."""
    boxes, largest = zip(*(contour_boxes(map_uint8 > level) for level in levels), strict=True)
    iou = overlaps(np.concatenate(boxes), truth)  # all at once, as the benchmark does
    starts = np.cumsum([0, *map(len, boxes[:-1])])
    chosen = starts + largest
    return iou[chosen], np.maximum.reduceat(iou, starts), np.concatenate(boxes)[chosen]


def cam_like(rng, side=224, cells=14):
    """(side, side) uint8: a bump and clutter on a few cells, enlarged, from 0 to 255."""
    y, x = np.mgrid[:cells, :cells]
    at, spread = rng.uniform(0.2, 0.8, 2) * cells, rng.uniform(0.1, 0.3) * cells
    bump = 3 * np.exp(-((y - at[0]) ** 2 + (x - at[1]) ** 2) / (2 * spread**2))
    cells = (bump + 0.3 * rng.gamma(0.5, size=bump.shape)).astype(np.float32)
    map = cv2.resize(cells, (side, side), interpolation=cv2.INTER_CUBIC)
    return ((map - map.min()) / (map.max() - map.min()) * 255).astype(np.uint8)
