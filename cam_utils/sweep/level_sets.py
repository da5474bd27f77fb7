"""The connected components of all masks of an 8-bit map by union-find, compiled with numba.

Coming down from the brightest pixel, each mask `map > t` only adds pixels to the one before: a
component grows, joins others and is never cut. It stays the same over a span of thresholds, and one
row tells its box and this span. The dark components, of which the closed ones are holes, grow in
the same way from the darkest pixel up. There are at most as many rows as pixels.

Maps lie in a frame of one pixel that is in no mask, so that no neighbour is out of reach.
"""

import numba
import numpy as np

# neighbours anticlockwise from the east: odd directions are diagonal
DX = np.array([1, 1, 0, -1, -1, -1, 0, 1])

DY = np.array([0, -1, -1, -1, 0, 1, 1, 1])

# For each set of neighbours (bits in this order): how many half squares between pixel centres a new
# pixel closes. That is one in each of its four corners with two or three pixels present.
HALVES = np.array(
    [sum(((m | m << 8) >> k & 7).bit_count() >= 2 for k in (0, 2, 4, 6)) for m in range(256)]
)

# columns of a component's row
FIRST, LOW, HIGH, X0, Y0, X1, Y1, AREA = range(8)

OUTSIDE = 1  # number of the component of the frame


def jit(function):
    """Compile at the first call; keep the code beside the file or in the user's cache folder.

    Numba notices changes of a kernel's own file only: kernels call none of another file.
    """
    try:
        return numba.njit(cache=True, nogil=True)(function)
    except RuntimeError:  # neither can be written: compile anew in every process
        return numba.njit(nogil=True)(function)


@jit
def brightest_first(map):
    """(H * W,) int32: y << 16 | x of the pixels of a (H, W) uint8 map, by falling value."""
    height, width = map.shape
    place = np.zeros(257, np.int64)
    for value in map.ravel():
        place[255 - value + 1] += 1
    place = place.cumsum()
    order = np.empty(map.size, np.int32)
    for y in range(height):
        for x in range(width):
            key = 255 - map[y, x]
            order[place[key]] = y << 16 | x
            place[key] += 1
    return order


@jit
def components(map, order, bright):
    """The connected components of all masks of a map.

    Args:
        map: (H, W) uint8.
        order: its pixels as `brightest_first` gives them.
        bright: True for the 8-connected components of `map > t`; False for the 4-connected ones of
            `255 - map > t` without those that touch the border of the map.

    Returns:
        (n, 8) int32: FIRST pixel in raster order (index into the framed map); the span LOW .. HIGH
        of t over which the component stays the same; its box X0, Y0, X1, Y1 (inclusive); if bright,
        AREA: twice the area between its pixel centres, without that of its holes.
    """
    height, width = map.shape
    stride = width + 2
    # unsigned: numba need not ask whether an index counts from the end
    steps = (DX + DY * stride)[:: 1 if bright else 2].astype(np.uint64)
    framed = np.full((height + 2, stride), 0 if bright else OUTSIDE, np.int32)
    framed[1:-1, 1:-1] = 0  # in no mask yet
    label = framed.ravel()  # number of the component that a pixel came to
    parent = np.zeros(map.size + 2, np.int32)  # number of the component that a component came to
    growing = np.empty((map.size + 2, 8), np.int32)  # their rows, LOW still open
    rows = np.empty((map.size, 8), np.int32)
    parent[OUTSIDE] = number = OUTSIDE
    growing[OUTSIDE] = count = 0
    for i in range(len(order)):
        place = order[i] if bright else order[len(order) - 1 - i]
        y, x = np.int64(place >> 16), np.int64(place & 0xFFFF)
        value = np.int64(map[y, x]) ^ (0 if bright else 255)
        here = (y + 1) * stride + x + 1
        low, high, around = len(parent), 0, 0
        for k in range(len(steps)):  # without a branch, and most pixels meet one number only
            other = label[np.uint64(here) + steps[k]]
            low = min(low, other if other > 0 else len(parent))
            high = max(high, other)
            around |= (other > 0) << k
        if high == 0:
            number += 1
            root = parent[number] = number
            growing[root] = here, 0, 0, x, y, x, y, 0
        else:
            root = _root(parent, high)
            count = _close(growing, root, value, rows, count)
        if low < high:
            for step in steps:
                other = _root(parent, label[np.uint64(here) + step])
                if other != root and other > 0:
                    count = _close(growing, other, value, rows, count)
                    root, gone = min(root, other), max(root, other)  # OUTSIDE stays a root
                    parent[gone] = root
                    row = growing[gone]
                    _grow(growing, root, row[FIRST], row[X0], row[Y0], row[X1], row[Y1], row[AREA])
        _grow(growing, root, here, x, y, x, y, HALVES[around])
        growing[root, HIGH] = value - 1
        label[here] = root
    count = _close(growing, _root(parent, label[stride + 1]), 0, rows, count)
    return rows[:count]


@jit
def _grow(rows, i, first, x0, y0, x1, y1, area):
    """Add what joins a component to its row; most pixels widen nothing."""
    rows[i, AREA] += area
    if first < rows[i, FIRST]:
        rows[i, FIRST] = first
    if x0 < rows[i, X0]:
        rows[i, X0] = x0
    if y0 < rows[i, Y0]:
        rows[i, Y0] = y0
    if x1 > rows[i, X1]:
        rows[i, X1] = x1
    if y1 > rows[i, Y1]:
        rows[i, Y1] = y1


@jit
def _close(growing, i, value, rows, count):
    """Keep the row of a component that is another one as soon as pixels of `value` join it."""
    if i == OUTSIDE or growing[i, HIGH] < value:  # or they have already
        return count
    growing[i, LOW] = value
    for column in range(8):  # faster than the row at once
        rows[count, column] = growing[i, column]
    return count + 1


@jit
def _root(parent, i):
    while parent[i] != i:
        parent[i] = parent[parent[i]]
        i = parent[i]
    return i
