"""Kill an evaluation at random moments, resume it each time, and compare with an undisturbed one.

    python tests/kill_evaluate.py            # ten kills

Each process gets SIGKILL, which nothing can catch, at a moment that a seed draws. The last one may
finish. There are 32 pictures for each kill, so that some are left for the last. Then two processes
share the same evaluation. Prints a line for each, and in the end whether all tables are the same,
byte by byte.
"""

import argparse
import os
import signal
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from cam_utils import load_network, open_images
from cam_utils.data import Subset
from cam_utils.evaluate import PAPER, evaluate


class Slow(Subset):
    """Pictures that take their time to be read."""

    pause = 0.0

    def __getitem__(self, i):
        time.sleep(self.pause)
        return super().__getitem__(i)


def start(out: Path, pictures: int, pause: float, **environment: str) -> int:
    """A process that evaluates some pictures in shards of eight; its id.

    Forked, so that nothing is imported anew; this process has not computed anything before.
    """
    pid = os.fork()
    if pid:
        return pid
    status = 1
    try:
        os.environ.update(environment)
        torch.set_num_threads(1)
        images = Slow(open_images("mini/objects", "val"), range(pictures))
        images.pause = pause
        network = load_network("mini/googlenet-gap")
        evaluate(network, images, PAPER, out, progress=False, batch=4, shard=8)
        status = 0
    finally:
        os._exit(status)


def ended(pid: int) -> int:
    """The exit status of a process, negative for a signal."""
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def kill_and_resume(out, pictures: int, kills: int, seed: int, pause: float, longest: float):
    """Each process is killed within `longest` seconds; the last one may finish."""
    rng = np.random.default_rng(seed)
    for k in range(kills):
        seconds = rng.uniform(0, longest)
        process = start(out, pictures, pause)
        time.sleep(seconds)
        os.kill(process, signal.SIGKILL)
        status = ended(process)
        complete = len(list(out.with_name(f"{out.name}.parts").glob("*.csv")))
        print(f"kill {k + 1}: after {seconds:.2f} s, status {status}, {complete} shards complete")
    print(f"last run: status {ended(start(out, pictures, 0))}", flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--pause", type=float, default=0.02, help="seconds to read a picture")
    parser.add_argument("--folder", type=Path, help="where the tables stay (default: nowhere)")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = args.folder or Path(temporary)
        plain, killed, shared = (folder / f"{name}.csv" for name in ("plain", "killed", "shared"))
        pictures, since = 32 * (args.kills + 2), time.monotonic()
        status = ended(start(plain, pictures, args.pause))
        seconds = time.monotonic() - since
        print(f"undisturbed: {seconds:.2f} s, status {status}", flush=True)
        longest = 1.6 * seconds / (args.kills + 2)
        kill_and_resume(killed, pictures, args.kills, args.seed, args.pause, longest)
        ranks = [{"RANK": str(r), "LOCAL_RANK": str(r), "WORLD_SIZE": "2"} for r in range(2)]
        two = [start(shared, pictures, 0, **rank) for rank in ranks]
        print(f"two processes: status {[ended(process) for process in two]}")
        rows = pd.read_csv(killed)
        twice, images = int(rows.duplicated(["id", "rank"]).sum()), rows["id"].nunique()
        print(f"{images} images, {len(rows)} rows, {twice} twice")
        same = plain.read_bytes() == killed.read_bytes() == shared.read_bytes()
    print("the same tables" if same else "NOT the same tables")
    return 0 if same and not twice else 1


if __name__ == "__main__":
    sys.exit(main())
