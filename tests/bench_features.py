"""What feature extraction costs beside plain forward passes, and what the cache saves.

    python tests/bench_features.py                              # a mini network, from arrays
    python tests/bench_features.py --root ../shared/real        # and the paper's GoogLeNet, photos

In turn, round after round: the network alone on batches that lie prepared in memory; a plain loop
that decodes and prepares each batch, then runs the network; `extract`. The medians over the rounds
are printed, and the ratios to the two others; "work" is the ratio to the network alone in processor
time, which a busy machine disturbs less. Then the time of a second, cached call. Of arrays there is
nothing to decode: preparing is their normalisation.
"""

import argparse
import statistics
import tempfile
import time

import numpy as np
import torch
from tqdm.auto import tqdm

from cam_utils import load_network, open_images
from cam_utils.data import Subset
from cam_utils.features import extract
from cam_utils.mini.pencil.base import arrays
from cam_utils.views import center_crop, normalise

BATCH = 32


def prepared(network, images) -> torch.Tensor:
    """All inputs, (n, 3, S, S), in the layout that convolutions like."""
    spec = network.input_spec
    if isinstance(images, tuple):
        inputs = normalise(torch.from_numpy(images[0].copy()).permute(0, 3, 1, 2).float(), spec)
    else:
        inputs = torch.stack(
            [center_crop(images[i].image, spec).tensor for i in range(len(images))]
        )
    return inputs.contiguous(memory_format=torch.channels_last)


def forward(network, inputs, device):
    with torch.inference_mode():
        for part in inputs.split(BATCH):
            network.features(part.to(device)).mean((2, 3)).cpu()


def plain_loop(network, images, device):
    n = len(images[1]) if isinstance(images, tuple) else len(images)
    for start in range(0, n, BATCH):
        some = range(start, min(start + BATCH, n))
        if isinstance(images, tuple):
            part = images[0][some.start : some.stop], images[1][some.start : some.stop]
        else:
            part = Subset(images, some)
        forward(network, prepared(network, part), device)


def timed(run) -> tuple[float, float]:
    """Seconds on the clock, seconds of processor time."""
    start = time.perf_counter(), time.process_time()
    run()
    return time.perf_counter() - start[0], time.process_time() - start[1]


def report(network, images, device, rounds: int):
    n = len(images[1]) if isinstance(images, tuple) else len(images)
    inputs = prepared(network, images)
    options = {"device": device, "batch": BATCH, "progress": False}
    runs = {
        "network alone": lambda: forward(network, inputs, device),
        "plain loop": lambda: plain_loop(network, images, device),
        "extract": lambda: extract(network, images, cache=False, **options),
    }
    kind = "arrays" if isinstance(images, tuple) else "photos"
    print(f"{network.name}, {n} {kind}, {device}, {torch.get_num_threads()} threads")
    for run in runs.values():
        run()
    spent = {name: [] for name in runs}
    for _ in tqdm(range(rounds), leave=False):
        for name, run in runs.items():
            spent[name].append(timed(run))
    clock, work = ({name: [t[k] for t in times] for name, times in spent.items()} for k in (0, 1))
    for name in runs:
        network_alone, loop = (
            statistics.median(np.divide(clock[other], clock[name]))
            for other in ("network alone", "plain loop")
        )
        own_work = statistics.median(np.divide(work["network alone"], work[name]))
        print(
            f"  {name:15s}{n / statistics.median(clock[name]):9.1f} images/s   to the network "
            f"{network_alone:.3f}   to the plain loop {loop:.3f}   work {own_work:.3f}"
        )
    with tempfile.TemporaryDirectory() as folder:
        first, second = (
            timed(lambda: extract(network, images, cache=folder, **options))[0] for _ in range(2)
        )
    print(
        f"  kept: the first call {first:.2f} s, the second {second:.3f} s, {first / second:.0f} x"
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--root", help="folder with ILSVRC and weights; absent: mini only")
    parser.add_argument("--network", default="caffe/googlenet", help="for the photos")
    parser.add_argument("--photos", type=int, default=96)
    parser.add_argument("--pictures", type=int, default=960, help="drawn ones")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    args = parser.parse_args()
    drawn = arrays(open_images("mini/objects", "test"), range(args.pictures), progress=False)
    report(load_network("mini/googlenet-gap").to(args.device), drawn, args.device, args.rounds)
    if args.root:
        photos = Subset(open_images("ilsvrc", "val", args.root), range(args.photos))
        network = load_network(args.network, args.root).to(args.device)
        report(network, photos, args.device, args.rounds)


if __name__ == "__main__":
    main()
