"""How the memory and the work of `evaluate` grow with the photos' number and size.

    python tests/bench_growth.py [--protocol released]

Every measurement is a process of its own, which evaluates JPEGs made of one free photo. Printed
are the peak memory, and that and the processor time of a photo as ratios to the first row's.
"""

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from PIL import Image

from cam_utils import load_network
from cam_utils.data.base import PhotoFiles
from cam_utils.evaluate import PROTOCOLS, evaluate
from cam_utils.pictures import SHIPPED, open_rgb

NUMBERS = [(64, 0.2), (256, 0.2), (1024, 0.2)]  # photos, megapixels

SIZES = [(48, 0.2), (48, 2), (48, 8), (48, 24)]


class Copies(PhotoFiles):
    """One file under many ids."""

    name = "copies"

    def __init__(self, file: Path, count: int, classes):
        super().__init__(
            file.parent, "all", classes, map(str, range(count)), [file.name] * count, [0] * count
        )


def one(name: str, protocol: str, file: Path, photos: int) -> None:
    """Evaluate and print the peak in MB and the milliseconds of processor time of a photo."""
    network = load_network(name)
    images = Copies(file, photos, network.classes)
    start = time.process_time()
    table = evaluate(network, images, PROTOCOLS[protocol], progress=False)
    spent = time.process_time() - start
    assert table["id"].nunique() == photos
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(peak, 1000 * spent / photos)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--network", default="mini/googlenet-gap")
    parser.add_argument("--protocol", default="paper", choices=PROTOCOLS)
    parser.add_argument("--one", nargs=2, help=argparse.SUPPRESS)  # file, photos
    args = parser.parse_args()
    if args.one:
        one(args.network, args.protocol, Path(args.one[0]), int(args.one[1]))
        return
    print(f"{args.network}, {args.protocol}: peak memory, its ratio, the ratio of work a photo")
    with tempfile.TemporaryDirectory() as folder:
        for rows in (NUMBERS, SIZES):
            first = None
            for photos, megapixels in rows:
                file = Path(folder) / f"{megapixels}.jpg"
                side = round((megapixels * 1e6 / 1.5) ** 0.5)
                picture = open_rgb(SHIPPED["rocket"].path)
                picture.resize((round(1.5 * side), side), Image.Resampling.BICUBIC).save(file)
                given = ["--network", args.network, "--protocol", args.protocol]
                given += ["--one", str(file), str(photos)]
                done = subprocess.run(
                    [sys.executable, __file__, *given], capture_output=True, text=True
                )
                if done.returncode:
                    sys.exit(done.stderr)
                peak, work = map(float, done.stdout.split())
                first = first or (peak, work)
                print(
                    f"{photos:6d} photos of {megapixels:4g} MP {peak:8.0f} MB"
                    f"{peak / first[0]:8.2f}{work / first[1]:8.2f}",
                    flush=True,
                )


if __name__ == "__main__":
    main()
