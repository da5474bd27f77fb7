"""What boxes cost: images/s of `evaluate` beside plain forward passes over the same photos.

    python tests/bench_evaluate.py --root ../shared/real

In turn, round after round: the network alone on photos that lie decoded and prepared in memory;
the network and the decoding, as a plain loop; `evaluate` without boxes; `evaluate` under the
protocol, with decoding, five maps and the class-given one, boxes and overlaps. The medians over
the rounds are printed, and the ratios to the network alone; "work" is the same ratio in processor
time, which a busy machine disturbs less. Then the peak memory of an evaluation
of n and of 4 n photos, each in a process of its own.
"""

import argparse
import resource
import statistics
import subprocess
import sys
import time

import torch
from tqdm.auto import tqdm

from cam_utils import load_network, open_images
from cam_utils.data import Subset
from cam_utils.evaluate import CLASSIFY, PROTOCOLS, evaluate
from cam_utils.views import center_crop

BATCH = 16


def forward(network, inputs, device):
    with torch.inference_mode():
        for part in inputs.split(BATCH):
            network(part.to(device)).cpu()


def plain_loop(network, images, device):
    with torch.inference_mode():
        for start in range(0, len(images), BATCH):
            some = range(start, min(start + BATCH, len(images)))
            views = [center_crop(images[i].image, network.input_spec).tensor for i in some]
            network(torch.stack(views).to(device)).cpu()


def rates(network, images, protocol, device, rounds: int) -> dict[str, list[tuple]]:
    """{what: (images/s, images per second of processor time) of each round}."""
    views = [center_crop(images[i].image, network.input_spec).tensor for i in range(len(images))]
    inputs = torch.stack(views)
    runs = {
        "network alone": lambda: forward(network, inputs, device),
        "plain loop with decoding": lambda: plain_loop(network, images, device),
        "evaluate, no boxes": lambda: evaluate(
            network, images, CLASSIFY, device=device, progress=False
        ),
        f"evaluate, {protocol.name}": lambda: evaluate(
            network, images, protocol, device=device, progress=False
        ),
    }
    found = {name: [] for name in runs}
    forward(network, inputs, device)
    for _ in tqdm(range(rounds), leave=False):
        for name, run in runs.items():
            start = time.perf_counter(), time.process_time()
            run()
            spent = time.perf_counter() - start[0], time.process_time() - start[1]
            found[name].append(tuple(len(images) / seconds for seconds in spent))
    return found


def peak(args, photos: int) -> float:
    """MB at the most, of a process that evaluates so many photos."""
    given = ["--network", args.network, "--data", args.data, "--protocol", args.protocol]
    given += ["--root", args.root, "--photos", str(photos), "--device", args.device, "--peak-only"]
    done = subprocess.run([sys.executable, __file__, *given], capture_output=True, text=True)
    if done.returncode:
        sys.exit(done.stderr)
    return float(done.stdout.split()[-1])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--network", default="caffe/googlenet")
    parser.add_argument("--data", default="ilsvrc")
    parser.add_argument("--root")
    parser.add_argument("--protocol", default="paper", choices=PROTOCOLS)
    parser.add_argument("--photos", type=int, default=64)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--no-peak", action="store_true", help="leave the memory out")
    parser.add_argument("--peak-only", action="store_true", help=argparse.SUPPRESS)
    args = parser.parse_args()
    network = load_network(args.network, args.root).to(args.device)
    images = Subset(open_images(args.data, "val", args.root), range(args.photos))
    protocol = PROTOCOLS[args.protocol]
    if args.peak_only:
        evaluate(network, images, protocol, device=args.device, progress=False)
        print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
        return
    print(f"{args.network}, {args.photos} photos, {args.device}, {torch.get_num_threads()} threads")
    found = rates(network, images, protocol, args.device, args.rounds)
    alone = found["network alone"]
    for name, values in found.items():
        rate = statistics.median(wall for wall, _ in values)
        wall, work = (
            statistics.median(v[k] / a[k] for v, a in zip(values, alone, strict=True))
            for k in (0, 1)
        )
        print(f"{name:26s}{rate:8.2f} images/s   ratio {wall:.3f}   work {work:.3f}")
    if not args.no_peak:
        few, many = peak(args, args.photos), peak(args, 4 * args.photos)
        print(
            f"peak memory: {few:.0f} MB at {args.photos}, {many:.0f} MB at {4 * args.photos} photos"
        )


if __name__ == "__main__":
    main()
