"""Where objects go and how large they are: the box statistics of ILSVRC's and CUB's photos.

Widths and heights come from a Gaussian copula through the measured quantiles; the correlation is
the one that gives the photos' areas, and the free room left and above is shared out so that the
centres fall as in the photos. All boxes here are xyxy fractions of the picture.
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr


@dataclass(frozen=True)
class BoxStatistics:
    """Quantiles of box sides as fractions of the picture, and where boxes lie.

    Attributes:
        width, height: the quantiles at 0, 5, 10, 25, 50, 75, 90, 95 and 100 %.
        correlation: of width and height, as normal scores.
        place_x, place_y: mean and spread of the centre's distance from the picture's.
        unit: of that distance: "room" (half the free room, so -1..1) or "picture". Photos of all
            kinds follow the first; birds are put near the middle however small they are.
    """

    width: tuple
    height: tuple
    correlation: float
    place_x: tuple
    place_y: tuple
    unit: str = "room"


# The tables are ILSVRC's quantiles, raised by a hundredth or two in the middle, which is what
# drawing takes away again: occlusion, rotated corners, and the correction of odd shapes below.
ILSVRC = BoxStatistics(
    width=(0.10, 0.15, 0.24, 0.415, 0.65, 0.865, 0.98, 1.0, 1.0),
    height=(0.11, 0.18, 0.27, 0.47, 0.705, 0.9, 0.98, 1.0, 1.0),
    correlation=0.6,
    place_x=(0.0, 0.55),
    place_y=(0.155, 0.56),
)

CUB = BoxStatistics(
    width=(0.2, 0.27, 0.314, 0.41, 0.546, 0.688, 0.806, 0.868, 1.0),
    height=(0.2, 0.327, 0.372, 0.472, 0.601, 0.732, 0.838, 0.886, 1.0),
    correlation=0.4,
    place_x=(-0.002, 0.1),
    place_y=(0.02, 0.068),
    unit="picture",
)

_SHARE = np.array([0, 5, 10, 25, 50, 75, 90, 95, 100]) / 100

_ASPECT_NOISE = 0.2  # so that a class is not bound to one rank of aspect

_MOST_MISMATCH = 0.42  # in log(width / height); a box further off is made to fit its object

_TOUCH = 0.012


def largest_boxes(rng: np.random.Generator, n: int, like: BoxStatistics = ILSVRC) -> np.ndarray:
    """(n, 4) float64 boxes distributed as the largest box of the label in a set's pictures."""
    z = rng.standard_normal((n, 4))
    z[:, 1] = like.correlation * z[:, 0] + np.sqrt(1 - like.correlation**2) * z[:, 1]
    w = np.interp(ndtr(z[:, 0]), _SHARE, like.width)
    h = np.interp(ndtr(z[:, 1]), _SHARE, like.height)
    centre = []
    for side, (mean, spread), normal in ((w, like.place_x, z[:, 2]), (h, like.place_y, z[:, 3])):
        room = (1 - side) / 2
        if like.unit == "room":
            centre.append(0.5 + room * np.clip(mean + spread * normal, -1, 1))
        else:
            centre.append(0.5 + np.clip(mean + spread * normal, -room, room))
    cx, cy = centre
    return np.stack([cx - w / 2, cy - h / 2, cx + w / 2, cy + h / 2], axis=1)


def match_aspects(rng: np.random.Generator, boxes: np.ndarray, aspects: np.ndarray) -> np.ndarray:
    """Hand out boxes to objects so that wide boxes go to wide objects.

    Args:
        boxes: (n, 4), one for each object.
        aspects: (n,) natural width / height of the objects.

    Returns:
        (n, 4) the boxes in the objects' order. The few that would still stretch their object too
        much keep their area and centre but change their shape; the statistics hardly notice.
    """
    wanted = np.log(aspects) + _ASPECT_NOISE * rng.standard_normal(len(boxes))
    offered = np.log((boxes[:, 2] - boxes[:, 0]) / (boxes[:, 3] - boxes[:, 1]))
    matched = np.empty_like(boxes)
    matched[np.argsort(wanted)] = boxes[np.argsort(offered)]
    side = matched[:, 2:] - matched[:, :2]
    off = np.log(side[:, 0] / side[:, 1]) - np.log(aspects)
    # a picture-wide box can show a part of its object, so only boxes inside are corrected
    excess = np.where(side.max(1) < 0.97, off - np.clip(off, -_MOST_MISMATCH, _MOST_MISMATCH), 0)
    side = np.minimum(side * np.exp(np.outer(excess, (-0.5, 0.5))), 1)
    centre = np.clip((matched[:, :2] + matched[:, 2:]) / 2, side / 2, 1 - side / 2)
    return np.concatenate([centre - side / 2, centre + side / 2], axis=1)


def overflow(rng: np.random.Generator, box: np.ndarray, aspect: float) -> np.ndarray:
    """(4,) the box of the whole object, of which `box` is what the picture shows.

    A side that touches the picture's edge may lie beyond it: a little at random, and more where
    that spares the object a stretch away from its natural `aspect` (width / height).
    """
    x0, y0, x1, y1 = box
    w, h = x1 - x0, y1 - y0
    stretch = aspect / (w / h)
    beyond = rng.uniform(0.0, 0.07, 4)
    left, right = (x0 < _TOUCH) * beyond[0], (x1 > 1 - _TOUCH) * beyond[1]
    top, bottom = (y0 < _TOUCH) * beyond[2], (y1 > 1 - _TOUCH) * beyond[3]
    if stretch > 1.15 and left + right > 0:
        more = min(stretch / 1.15, 1.35) / (left + right)
        more = 1 + (more * (left + right) - 1) / (left + right)
        left, right = left * more, right * more
    if stretch < 1 / 1.15 and top + bottom > 0:
        more = min(1 / (1.15 * stretch), 1.35)
        more = 1 + (more - 1) / (top + bottom)
        top, bottom = top * more, bottom * more
    return np.array([x0 - left * w, y0 - top * h, x1 + right * w, y1 + bottom * h])


def instance_count(rng: np.random.Generator, area: float) -> int:
    """How many objects of the label: 77 % one, 12 % two, 5 % three, 6 % more, over all pictures.

    Pictures with room have company more often; the median area is 0.41.
    """
    if rng.random() > (0.36 if area < 0.41 else 0.06):
        return 1
    return int(rng.choice((2, 3, 4, 5, 6), p=(0.53, 0.22, 0.13, 0.08, 0.04)))


def _covered(box: np.ndarray, others: np.ndarray) -> np.ndarray:
    """(m,) the share of each of `others` (m, 4) that `box` covers, or of `box`, if more."""
    w = np.minimum(box[2], others[:, 2]) - np.maximum(box[0], others[:, 0])
    h = np.minimum(box[3], others[:, 3]) - np.maximum(box[1], others[:, 1])
    both = np.maximum(w, 0) * np.maximum(h, 0)
    area = (others[:, 2] - others[:, 0]) * (others[:, 3] - others[:, 1])
    return both / np.minimum(area, (box[2] - box[0]) * (box[3] - box[1]))


def free_box(rng: np.random.Generator, size: float, aspect: float, taken: list, tries=14):
    """A box of the larger side `size` where it overlaps the boxes `taken` least.

    Returns ((4,) box, share 0..1 of the worst overlap). Up to a tenth may leave the picture.
    """
    w, h = (size, size / aspect) if aspect > 1 else (size * aspect, size)
    centres = rng.uniform((0.4 * w, 0.4 * h), (1 - 0.4 * w, 1 - 0.4 * h), (tries, 2))
    half = np.array([w, h]) / 2
    boxes = np.concatenate([centres - half, centres + half], axis=1)
    occupied = np.array(taken)
    worst = [_covered(box, occupied).max() for box in boxes]
    best = int(np.argmin(worst))
    return boxes[best], float(worst[best])
