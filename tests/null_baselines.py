"""The null baselines of localization, on truth boxes alone.

    python tests/null_baselines.py [folder]   # default: shared/ beside the checkout

Class-given success at IoU 0.5 in percent with 95 % intervals. The centre box is chosen on another
split; ILSVRC has none with all its boxes here, so there it is chosen on the first half of the
images and reported on the second too. "curve" is its success over the fraction of width and height.
"""

import sys
from pathlib import Path

import numpy as np
from truth_files import ilsvrc_truth

from cam_utils import open_images
from cam_utils.boxes.truth import Truth
from cam_utils.data.truth_reader import read_truth
from cam_utils.metrics.baselines import best_centre_box, null_hits
from cam_utils.metrics.intervals import rate


def report(name: str, truth: Truth, chosen_on: Truth | None = None) -> None:
    """Print every baseline of one set. `chosen_on`: images of another split, if there is one."""
    count = np.bincount(truth.image)
    print(f"\n{name}: {truth}, {100 * (count > 1).mean():.1f} % with more than one")
    if chosen_on is None:
        half = len(truth) // 2
        chosen_on, tested = truth.take(range(half)), truth.take(range(half, len(truth)))
    else:
        tested = truth
    best = best_centre_box(chosen_on, tested)
    for baseline, found in null_hits(truth, best.fraction).items():
        print(f"  {baseline:40s} {rate(found)}")
    print(f"  centre box {best.fraction:.0%}, chosen on {len(chosen_on):,} other images, reported")
    print(f"  on {len(tested):,}: {best.success}; chosen on all and reported on all:", end=" ")
    same = best_centre_box(truth)
    print(f"{same.fraction:.0%} {same.success}")
    steps = same.curve[np.isclose(same.curve["fraction"] * 20 % 1, 0, atol=1e-6)]
    print("  curve " + " ".join(f"{f:.0%}:{v:.1f}" for f, v in steps.itertuples(index=False)))


def main() -> None:
    default = Path(__file__).resolve().parents[2] / "shared"
    shared = Path(sys.argv[1]) if len(sys.argv) > 1 else default
    if shared.is_dir():
        report("ILSVRC val", ilsvrc_truth(shared))
        birds = [open_images("cub", split, shared / "real") for split in ("test", "train")]
        report("CUB-200-2011 test", *(read_truth(b, progress=False) for b in birds))
    else:
        print(f"No folder {shared}: the drawn set alone.")
    val, test = (read_truth(open_images("mini/objects", split)) for split in ("val", "test"))
    report("mini/objects test", test, val)


if __name__ == "__main__":
    main()
