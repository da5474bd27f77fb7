"""How fast and how large `explain` is on a folder of photos of mixed kinds, ten of them broken.

python tests/bench_explain.py [photos]

The peer is the plain forward pass of the same network on prepared inputs, in the same run.
"""

import contextlib
import io
import resource
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from cam_utils import load_network
from cam_utils.__main__ import main as command
from cam_utils.explain import DEFAULT
from cam_utils.pictures import SHIPPED

SIZES = [(320, 240), (640, 480), (1024, 768), (1600, 1200), (3000, 2000)]

KINDS = ["jpg", "jpg", "jpg", "png", "webp", "gif"]


def make(folder: Path, count: int) -> None:
    """Photos made of the free ones at several sizes, in several formats; every twentieth broken."""
    sources = [Image.open(photo.path).convert("RGB") for photo in SHIPPED.values()]
    rng = np.random.default_rng(0)
    for k in range(count):
        image = sources[k % len(sources)]
        size = SIZES[int(rng.choice(len(SIZES), p=[0.2, 0.35, 0.25, 0.15, 0.05]))]
        kind = KINDS[k % len(KINDS)]
        path = folder / f"p{k:04d}.{kind}"
        image.resize(size).convert("L" if k % 7 == 0 else "RGB").save(path)
        if k % 20 == 19:
            path.write_bytes(path.read_bytes()[: 200 + 10 * k])


def plain(network, count: int) -> float:
    """Seconds of the bare forward pass of `count` prepared pictures."""
    batch = torch.randn(16, 3, network.input_spec.size, network.input_spec.size)
    with torch.inference_mode():
        network(batch)
        start = time.perf_counter()
        for _ in range(-(-count // 16)):
            network(batch)
    return time.perf_counter() - start


def main(count: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        make(Path(folder), count)
        network = load_network(DEFAULT)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        peer = plain(network, count)
        told = io.StringIO()
        out = Path(folder).parent / "bench_explain.json"
        start = time.perf_counter()
        with contextlib.redirect_stdout(told):
            status = command(["explain", folder, "--json", str(out), "--force"])
        took = time.perf_counter() - start
        out.unlink()
    lines = told.getvalue().splitlines()
    broken = sum(line.startswith("unreadable:") for line in lines)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(f"status {status}; {count} photos, {broken} unreadable and listed")
    print(f"explain {count / took:.1f} photos/s, plain forward pass {count / peer:.1f}")
    print(f"ratio {peer / took:.2f}; peak memory {peak / 1024:.0f} MB, {before / 1024:.0f} before")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 200)
