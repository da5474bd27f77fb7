"""How long an evaluation will take: measured on a few of the pictures."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import chain

import numpy as np
from torch import nn

from ..data import Subset
from ..errors import CamError
from ..evaluate import Protocol, evaluate
from ..evaluate.behind import BoxThreads
from ..evaluate.items import opened
from ..evaluate.localize import classified, localized, maps_under
from ..evaluate.ready import prepared
from ..stream import batches, decoders

PHOTOS = 64


@dataclass(frozen=True)
class Pace:
    """What was measured.

    Attributes:
        photos: how many of all the `total` pictures.
        seconds: for them, all stages at work at once, as in `evaluate`.
        stages: {name: (seconds for them in one thread, how many threads there are)}.
    """

    photos: int
    total: int
    seconds: float
    stages: dict[str, tuple[float, int]]

    def __str__(self) -> str:
        rate = self.photos / self.seconds
        lines = [
            f"{rate:.1f} photos/s, measured on {self.photos}; {self.total:,} would take "
            f"{self.total / rate / 3600:.2f} hours"
        ]
        for name, (seconds, threads) in self.stages.items():
            one = 1000 * seconds / self.photos
            where = "the main thread" if threads == 1 else f"{threads} threads"
            lines.append(
                f"  {name}: {one:.1f} ms a photo in {where}, {1000 * threads / one:.0f} photos/s "
                "if it were alone"
            )
        return "\n".join(lines)


def pace(network: nn.Module, images, protocol: Protocol, device, batch: int = 16) -> Pace:
    """Evaluate some pictures, spread over the data set, first together and then stage by stage.

    Raises:
        CamError: as `evaluate`; none of the pictures could be read.
    """
    count = min(PHOTOS, len(images))
    some = Subset(images, np.linspace(0, len(images) - 1, count).round().astype(int))
    how = {"device": device, "progress": False, "batch": batch}
    evaluate(network, Subset(some, range(min(count, batch))), protocol, **how)  # warms up
    together, _ = _timed(lambda: evaluate(network, some, protocol, **how))
    network = prepared(network, protocol).to(device).eval()
    spec = network.input_spec
    keep = protocol.rule == "graph_cut"

    def read() -> list:
        found = []
        for i in range(count):
            try:
                found.append(opened(some, i, spec, protocol.view, keep=keep))
            except (CamError, OSError):
                continue  # evaluate lists it
        return found

    reading, items = _timed(read)
    size = max(1, batch // (10 if protocol.view == "ten" else 1))
    parts = [[items[i] for i in part] for part in batches(len(items), size)]
    stages = {"decoding and views": (reading, decoders(images))}
    if not protocol.rule:
        passing, _ = _timed(lambda: [classified(network, p, protocol.top, device) for p in parts])
        return Pace(count, len(images), together, stages | {"network": (passing, 1)})
    passing, found = _timed(
        lambda: list(chain.from_iterable(maps_under(network, p, protocol) for p in parts))
    )
    boxing, _ = _timed(lambda: [localized(*one, spec, protocol) for one in found])
    stages |= {"network": (passing, 1), "maps and boxes": (boxing, BoxThreads().workers)}
    return Pace(count, len(images), together, stages)


def _timed(function: Callable) -> tuple[float, object]:
    start = time.perf_counter()
    found = function()
    return time.perf_counter() - start, found
