"""Several processes at one piece of work: what torchrun started, or this process alone."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor, distributed, nn

from .errors import CamError


@dataclass(frozen=True)
class World:
    """The processes that work together.

    Attributes:
        rank: this process, 0 ... size - 1. size: how many there are.
        device: what this process computes on.
    """

    rank: int
    size: int
    device: torch.device

    def share(self, indices: list) -> list:
        """This process's part of a global batch; the parts differ by at most one in length."""
        return indices[self.rank :: self.size]

    def sum(self, values: Tensor) -> list[float]:
        """Sums of (n,) numbers over all processes."""
        if self.size > 1:
            values = values.detach().clone()
            distributed.all_reduce(values)
        return values.tolist()

    def gather(self, value) -> list:
        """The values of all processes, by rank."""
        if self.size == 1:
            return [value]
        values = [None] * self.size
        distributed.all_gather_object(values, value)
        return values

    def barrier(self) -> None:
        """Wait for all processes."""
        if self.size > 1:
            distributed.barrier()

    def parallel(self, model: nn.Module) -> nn.Module:
        """The model, with gradients averaged over the processes; all start from rank 0's weights.

        Batch normalisation uses the statistics of each process's own part, and the running
        statistics are rank 0's, so networks with it depend on the number of processes.
        """
        if self.size == 1:
            return model
        ids = [self.device.index] if self.device.type == "cuda" else None
        return nn.parallel.DistributedDataParallel(model, device_ids=ids)


def place(device: torch.device | str = "cpu") -> World:
    """This process among those that torchrun started, without joining them.

    It can `share` work, but neither gather nor wait: enough where the processes meet in files.

    Raises:
        CamError: fewer GPUs than processes, or a device that cannot be shared.
    """
    device = torch.device(device)
    size = int(os.environ.get("WORLD_SIZE", 1))
    if size == 1:
        return World(0, 1, device)
    rank, local = int(os.environ["RANK"]), int(os.environ.get("LOCAL_RANK", 0))
    if device.type == "cuda":
        if local >= torch.cuda.device_count():
            raise CamError(
                f"Process {local} of this machine has no GPU: it has {torch.cuda.device_count()}. "
                "Start at most that many: torchrun --nproc-per-node <number of GPUs>."
            )
        device = torch.device("cuda", local)
        torch.cuda.set_device(device)
    elif device.type != "cpu":
        raise CamError(f"Several processes cannot share {device}; expected cuda or cpu.")
    return World(rank, size, device)


@contextmanager
def processes(device: torch.device | str = "cpu") -> Iterator[World]:
    """Join the processes that torchrun started, if it did; a process alone needs nothing.

    Args:
        device: "cuda" gives each process of a machine its own GPU and joins them by NCCL; "cpu"
            joins by Gloo. Inside another `processes` the group is shared, not made again.

    Raises:
        CamError: fewer GPUs than processes, or a device that cannot be shared.
    """
    world = place(device)
    mine = world.size > 1 and not distributed.is_initialized()
    if mine:
        distributed.init_process_group("nccl" if world.device.type == "cuda" else "gloo")
    yield world
    # not after an error: the others may wait for this process, and torchrun ends them
    if mine:
        distributed.destroy_process_group()
