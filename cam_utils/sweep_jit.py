"""The compiled part of `cam_utils.sweep`: union-find over the masks of an 8-bit map.

Coming down from the brightest pixel, each mask `map > t` only adds pixels to the one before: a
component grows, joins others and is never cut. It stays the same over a span of thresholds, and one
row tells its box and this span. The dark components, of which the closed ones are holes, grow in
the same way in the inverted map. There are at most as many rows as pixels.

Maps lie in a frame of one pixel that is in no mask, so that no neighbour is out of reach. All
kernels are in one file because numba's stored code only notices changes of its own file.
"""

import numba
import numpy as np

# neighbours anticlockwise from the east: odd directions are diagonal
DX = np.array([1, 1, 0, -1, -1, -1, 0, 1])
DY = np.array([0, -1, -1, -1, 0, 1, 1, 1])

# columns of a component's row
FIRST, LOW, HIGH, X0, Y0, X1, Y1 = range(7)


def _jit(function):
    """Compile at the first call; keep the code beside the file or in the user's cache folder."""
    try:
        return numba.njit(cache=True, nogil=True)(function)
    except RuntimeError:  # neither can be written: compile anew in every process
        return numba.njit(nogil=True)(function)


@_jit
def best_overlaps(map, truth):
    """IoU of the boxes of all masks `map > t` with the truth.

    Args:
        map: (H, W) uint8.
        truth: (m, 4) int64 inclusive xyxy.

    Returns:
        iou_v1 (256,) float64: of the component with the largest outline.
        iou_v2 (256,) float64: the best of all components and holes.
        largest (256, 4) int64: the box of iou_v1.
    """
    height, width = map.shape
    padded = np.zeros((height + 2, width + 2), np.uint8)
    padded[1:-1, 1:-1] = map
    flat = padded.ravel()
    iou_v1, iou_v2 = np.zeros(256), np.zeros(256)
    largest = np.zeros((256, 4), np.int64)
    area = np.full(256, -1, np.int64)  # of the largest outline at each threshold, and where
    first = np.zeros(256, np.int64)  # its component begins
    for row in components(map, True)[::-1]:  # from the largest on, so that few outlines are walked
        box = _drawn(row[X0], row[Y0], row[X1], row[Y1], height, width)
        overlap = _best_iou(box, truth)
        limit = 2 * (row[X1] - row[X0]) * (row[Y1] - row[Y0])  # the outline's box
        own = 0 if limit == 0 else -1  # -1: not known yet
        for t in range(row[LOW], row[HIGH] + 1):
            iou_v2[t] = max(iou_v2[t], overlap)
            if limit < area[t]:
                continue
            if own < 0:
                own = outline_area(flat, width + 2, row[FIRST], t)
            # of equal outlines OpenCV lists the one first that begins last
            if own > area[t] or (own == area[t] and row[FIRST] > first[t]):
                area[t], first[t] = own, row[FIRST]
                iou_v1[t], largest[t] = overlap, box

    for row in components(~map, False):
        # a hole's contour runs through the bright pixels around it
        box = _drawn(row[X0] - 1, row[Y0] - 1, row[X1] + 1, row[Y1] + 1, height, width)
        overlap = _best_iou(box, truth)
        for t in range(254 - row[HIGH], 254 - row[LOW] + 1):  # ~map > s is map < 255 - s
            iou_v2[t] = max(iou_v2[t], overlap)

    nothing = _best_iou(largest[255], truth)  # [0, 0, 0, 0]: the box of an empty mask
    for t in range(256):
        if area[t] < 0:
            iou_v1[t] = iou_v2[t] = nothing
    return iou_v1, iou_v2, largest


@_jit
def outline_area(flat, stride, first, t):
    """Twice the area of the polygon through the centres of a component's outer border pixels.

    Args:
        flat: the framed map, in raster order; `stride` pixels in a row.
        first: index of the first pixel of a component of `map > t` that has more than one.
    """
    here, direction, start = first, 7, -1
    x = y = area = 0
    while True:
        # walk anticlockwise: look first just behind the pixel we came from
        direction = (direction | 1) + 6
        while flat[here + DX[direction & 7] + DY[direction & 7] * stride] <= t:
            direction += 1
        direction &= 7
        if here == first:
            if direction == start:  # not at the first return: thin parts are passed twice
                return abs(area)
            if start < 0:
                start = direction
        dx, dy = DX[direction], DY[direction]
        area += x * dy - y * dx
        x, y, here = x + dx, y + dy, here + dx + dy * stride


@_jit
def _drawn(x0, y0, x1, y1, height, width):
    """The benchmark's box of a contour: its exclusive edge x0 + w, inside the map, as inclusive."""
    return np.array([x0, y0, min(x1 + 1, width - 1), min(y1 + 1, height - 1)])


@_jit
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


@_jit
def components(map, bright):
    """The connected components of all masks `map > t`, t = 0 .. 254.

    Args:
        map: (H, W) uint8.
        bright: True for 8-connected components; False for 4-connected ones without those that
            touch the border of the map.

    Returns:
        (n, 7) int32: FIRST pixel in raster order (index into the framed map), the span LOW .. HIGH
        of thresholds over which the component stays the same, its box X0, Y0, X1, Y1 (inclusive).
    """
    height, width = map.shape
    stride = width + 2
    parent = np.full((height + 2, stride), -1 if bright else 0, np.int32)
    parent[1:-1, 1:-1] = -1  # not in the mask yet; the dark frame is one component, of root 0
    parent = parent.ravel()
    growing = np.zeros((parent.size, 7), np.int32)  # the row of each root, its LOW still open
    rows = np.empty((height * width, 7), np.int32)
    count = 0
    for pixel in _brightest_first(map):
        y, x = pixel // width, pixel % width
        value = int(map[y, x])
        here = root = (y + 1) * stride + x + 1
        parent[root] = root
        growing[root] = root, 0, value - 1, x, y, x, y
        for direction in range(0, 8, 1 if bright else 2):
            other = here + DX[direction] + DY[direction] * stride
            if parent[other] < 0:
                continue
            other = _root(parent, other)
            if other == root:
                continue
            if other != 0 and growing[other, HIGH] >= value:  # from here on it is another one
                growing[other, LOW] = value
                rows[count] = growing[other]
                count += 1
            root, gone = min(root, other), max(root, other)  # a root is its component's FIRST
            parent[gone] = root
            growing[root, HIGH] = value - 1
            for low, high in ((X0, X1), (Y0, Y1)):
                growing[root, low] = min(growing[root, low], growing[gone, low])
                growing[root, high] = max(growing[root, high], growing[gone, high])
    root = _root(parent, stride + 1)
    if root != 0 and growing[root, HIGH] >= 0:  # the whole map, brighter than 0
        growing[root, LOW] = 0
        rows[count] = growing[root]
        count += 1
    return rows[:count]


@_jit
def _brightest_first(map):
    """Raster indices of the pixels in the order of falling values."""
    flat = map.ravel()
    place = np.zeros(257, np.int64)
    for value in flat:
        place[255 - value + 1] += 1
    for i in range(256):
        place[i + 1] += place[i]
    order = np.empty(flat.size, np.int32)
    for i in range(flat.size):
        key = 255 - flat[i]
        order[place[key]] = i
        place[key] += 1
    return order


@_jit
def _root(parent, i):
    while parent[i] != i:
        parent[i] = parent[parent[i]]
        i = parent[i]
    return i
