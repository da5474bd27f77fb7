"""What the sweep over all thresholds costs beside the loop over thresholds with OpenCV.

    python tests/bench_sweep.py

The loop finds the contours of each mask once and takes both V1 and V2 from them; the benchmark's
own code finds them once for each. It is timed over the 255 masks that differ and over the
benchmark's 1000 thresholds, on maps like those of a network, 224x224, that go from 0 to 255. Sweep
and loops take turns on every map, and must agree. Times are CPU time of this process, medians over
maps and rounds; ratios are medians of the ratios of neighbours.
"""

import argparse
import time

import cv2
import numpy as np
from tqdm.auto import tqdm
from wsol_loop import cam_like, loop

from cam_utils.sweep import TAUS, iou_at, sweep

LEVELS = {255: list(range(255)), 1000: [int(tau * 255) for tau in TAUS]}


def seconds(function, *args):
    start = time.process_time()
    result = function(*args)
    return time.process_time() - start, result


def measure(maps: int, rounds: int, side: int) -> dict[str, np.ndarray]:
    """Seconds of the sweep and of the loop over 255 and 1000 thresholds, (maps * rounds,) each."""
    rng = np.random.default_rng(0)
    pictures = [cam_like(rng, side) for _ in range(maps)]
    truth = np.array([[40, 50, 170, 190], [10, 10, 60, 40]])
    times = {"sweep": [], 255: [], 1000: []}
    for picture in tqdm(pictures * rounds, leave=False):
        took, found = seconds(sweep, picture, truth)
        times["sweep"].append(took)
        for count, levels in LEVELS.items():
            took, (iou_v1, iou_v2, _) = seconds(loop, picture, truth, levels)
            times[count].append(took)
        same_v1, same_v2 = iou_at(found)
        assert np.array_equal(iou_v1, same_v1)
        assert np.array_equal(iou_v2, same_v2)
    return {name: np.array(took) for name, took in times.items()}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--maps", type=int, default=10)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--side", type=int, default=224)
    args = parser.parse_args()
    cv2.setNumThreads(1)
    first, _ = seconds(sweep, np.eye(8, dtype=np.uint8), np.array([[0, 0, 1, 1]]))
    print(f"first call, compiling or loading: {first:.2f} s of CPU")
    times = measure(args.maps, args.rounds, args.side)
    print(f"{args.maps} maps of {args.side}x{args.side}, {args.rounds} rounds, V1 and V2")
    print(f"{'':24s}{'ms of CPU':>12s}{'x sweep':>10s}")
    for name, took in times.items():
        row = name if name == "sweep" else f"loop, {name} thresholds"
        ratio = np.median(took / times["sweep"])
        print(f"{row:24s}{1000 * np.median(took):12.2f}{ratio:10.1f}")


if __name__ == "__main__":
    main()
