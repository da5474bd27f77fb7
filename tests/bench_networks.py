"""What a Caffe network's forward pass costs beside the same layers as torch has them, on a CPU.

    python tests/bench_networks.py

The peer has torch's own local response norm and its input with the channels first. Untrained
networks: the weights do not matter. Both take turns; the least processor time of several rounds
counts.
"""

import argparse
import time

import torch
from plain_caffe import plain_copy

from cam_utils.networks.zoo.caffe import build_caffe

NETWORKS = ["caffe/googlenet", "caffe/googlenet-cam", "caffe/alexnet", "caffe/nin"]


def least(functions, rounds: int, clock) -> list[float]:
    """The least seconds of each, called in turns after a first time."""
    found = [float("inf")] * len(functions)
    for k in range(rounds + 1):
        for i, function in enumerate(functions):
            start = clock()
            function()
            if k:
                found[i] = min(found[i], clock() - start)
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--batch", type=int, default=4)
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args()
    torch.manual_seed(0)
    torch.set_num_threads(1)  # threads that wait for each other would count as work
    print(f"one thread, {args.batch} views, least of {args.rounds} rounds")
    for name in NETWORKS:
        network = build_caffe(name).eval()
        size = network.input_spec.size
        images = 50 * torch.randn(args.batch, 3, size, size)
        pair = [network, plain_copy(network)]
        with torch.inference_mode():
            calls = [lambda own=own, images=images: own(images) for own in pair]
            own, plain = least(calls, args.rounds, time.process_time)
        print(
            f"{name:22s}{1000 * own / args.batch:8.1f} ms of CPU a view, plain / own "
            f"{plain / own:.2f}",
            flush=True,
        )


if __name__ == "__main__":
    main()
