"""What the box rules cost beside the plain way to the same boxes, on maps like a network's.

    python tests/bench_boxes.py

The plain ways: labelling every pixel, for the paper's rule; distances over the whole map, for the
released one. Both take turns on every map and must give the same boxes; the least processor time
of several rounds counts, and the ratio is of the sums over all maps.
"""

import argparse
import time

import cv2
import numpy as np
import torch
from tqdm.auto import tqdm

from cam_utils import boxes
from cam_utils.boxes import released_code
from cam_utils.boxes.components import checked_map, whole_image
from cam_utils.pasting import Frame, paste


def maps(count: int, height: int, width: int, cells: int = 14) -> list[torch.Tensor]:
    """(height, width) maps of a bump and clutter on a few cells; every second nearly clean."""
    rng = np.random.default_rng(0)
    y, x = np.mgrid[:cells, :cells]
    found = []
    for k in range(count):
        at, spread = rng.uniform(0.2, 0.8, 2) * cells, rng.uniform(0.1, 0.3) * cells
        bump = 3 * np.exp(-((y - at[0]) ** 2 + (x - at[1]) ** 2) / (2 * spread**2))
        noise = (0.05, 0.3)[k % 2] * rng.standard_normal(bump.shape)
        small = torch.from_numpy((bump + noise).astype(np.float32))[None]
        found.append(paste(small, Frame(0, 0, width, height), (height, width))[0])
    return found


def labelled(mask: np.ndarray) -> np.ndarray:
    _, _, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=8)
    if len(stats) < 2:
        return whole_image(mask)
    x, y, w, h = stats[1 + stats[1:, cv2.CC_STAT_AREA].argmax(), :4]
    return np.array([[x, y, x + w, y + h]], np.float32)


def paper_plain(map) -> np.ndarray:
    array = checked_map(map)
    return labelled(array > 0.2 * array.max())


def eroded_plain(mask: np.ndarray) -> np.ndarray:
    distance = cv2.distanceTransform(mask.astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    return np.floor(distance.astype(np.float64) * (255 / float(distance.max())) + 0.5) > 10


def released_plain(map) -> np.ndarray:
    own, released_code._eroded = released_code._eroded, eroded_plain
    try:
        return boxes.released(map, most=2)
    finally:
        released_code._eroded = own


RULES = {
    "paper": (boxes.paper, paper_plain),
    "released": (lambda map: boxes.released(map, most=2), released_plain),
}


def seconds(function, map) -> tuple[float, np.ndarray]:
    start = time.process_time()
    found = function(map)
    return time.process_time() - start, found


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--maps", type=int, default=30)
    parser.add_argument("--rounds", type=int, default=7)
    args = parser.parse_args()
    cv2.setNumThreads(1)
    print(f"{'':10s}{'map':>12s}{'ms of CPU':>12s}{'plain / own':>14s}")
    for height, width in ((224, 224), (375, 500), (1000, 1500)):
        some = maps(args.maps, height, width)
        for rule, pair in RULES.items():
            least = np.full((len(some), 2), np.inf)
            for _ in tqdm(range(args.rounds), leave=False):
                for k, map in enumerate(some):
                    took, found = zip(*(seconds(function, map) for function in pair), strict=True)
                    assert np.array_equal(*found)
                    least[k] = np.minimum(least[k], took)
            own, plain = least.sum(0)
            size = f"{height} x {width}"
            print(f"{rule:10s}{size:>12s}{1000 * own / len(some):12.2f}{plain / own:14.1f}")


if __name__ == "__main__":
    main()
