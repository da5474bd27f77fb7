"""Boxes in threads of their own: of one batch while the network sees the next."""

import os
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Barrier

import torch
from torch import nn

from ..errors import CamError
from .items import Item
from .localize import localized, maps_under
from .protocols import Protocol


class BoxThreads:
    """Threads that make rows of maps; a context manager.

    The box rules, the pasting and the sweep leave the interpreter alone while they compute, so
    that threads do as well as processes, without copies. At most one batch is waited for, so that
    memory does not grow where the boxes are the slower part.
    """

    def __init__(self, workers: int | None = None):
        """`workers`: threads; None: one for each core, at most 16; else a CamError."""
        if workers is not None and (not isinstance(workers, int) or workers < 1):
            raise CamError(f"Found workers={workers!r}; expected a whole number from 1, or None.")
        self.workers = workers or min(16, os.cpu_count() or 1)
        self._last: list[Future] = []

    def __enter__(self) -> "BoxThreads":
        before = torch.get_num_threads()
        barrier = Barrier(self.workers)
        # each computes alone: torch would give every one of them as many threads as there are cores
        self._pool = ThreadPoolExecutor(
            self.workers, "boxes", initializer=torch.set_num_threads, initargs=(1,)
        )
        for started in [self._pool.submit(barrier.wait) for _ in range(self.workers)]:
            started.result()
        torch.set_num_threads(before)
        return self

    def __exit__(self, *_) -> None:
        self._pool.shutdown(cancel_futures=True)

    def rows(
        self, network: nn.Module, items: list[Item], protocols: list[Protocol]
    ) -> list[list[Future]]:
        """For each protocol the rows to come of each image; the forward pass is done.

        Args:
            protocols: of one view, method and top.
        """
        found = list(maps_under(network, items, protocols[0]))
        for future in self._last:
            future.result()  # of the batch before, with its error if there was one
        spec = network.input_spec
        rows = [
            [self._pool.submit(localized, *one, spec, protocol) for one in found]
            for protocol in protocols
        ]
        self._last = [future for own in rows for future in own]
        return rows
