"""Section 2's claims as measurements: each returns {what: Rate}, ready for a table."""

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from ... import boxes, views
from ...metrics.classification import topk_misses
from ...metrics.intervals import Rate, mean_interval, rate
from ...networks.gap import GapNetwork
from ...stream import batches, stream
from .survey import Survey, correlation, inside, peaks, second_object


def bias_effect(seen: Survey, bias: Tensor, seed: int = 0) -> dict[str, Rate]:
    """What leaving out the linear layer's bias changes; errors only where labels are known."""
    without = seen.logits - bias.detach().cpu()
    changed = without.argmax(1) != seen.logits.argmax(1)
    found = {"images whose best class changes, %": rate(changed)}
    if (seen.labels >= 0).all():
        for k in (1, 5):
            missed = topk_misses(seen.logits, seen.labels, k)
            missed_without = topk_misses(without, seen.labels, k)
            found[f"top-{k} error with the bias, %"] = rate(missed)
            found[f"top-{k} error without, %"] = rate(missed_without)
            difference = 100.0 * missed_without - 100.0 * missed
            found[f"top-{k} error, difference"] = mean_interval(difference, seed)
    return found


def region_effect(
    network: GapNetwork, images, seen: Survey, seed: int = 0, limit: int = 240, device="cpu"
) -> dict[str, Rate]:
    """The pointing game beside the image's centre (where boxes are known), and the causal check:
    the fall in probability when the marked region or a shifted one is erased."""
    found = {}
    if all(len(b) for b in seen.boxes):
        hits = inside(peaks(seen.label_maps, seen.sizes), seen.boxes)
        centre = inside(seen.sizes[:, ::-1] / 2, seen.boxes)
        found["highest place of the map in a true box, %"] = rate(hits)
        found["centre of the image in a true box, %"] = rate(centre)
    part = slice(0, min(limit, len(seen)))
    best = seen.maps[part, 0], seen.classes[part, 0]
    drops = erasure_drops(network, images, seen.indices[part], *best, seed, device=device)
    found["fall in probability, marked region erased"] = mean_interval(drops[:, 0], seed)
    found["fall in probability, shifted region erased"] = mean_interval(drops[:, 1], seed)
    found["difference of the falls"] = mean_interval(drops[:, 0] - drops[:, 1], seed)
    return found


def class_differences(
    network: GapNetwork, images, seen: Survey, seed: int = 0, device="cpu"
) -> dict[str, Rate]:
    """How alike the maps of the two best classes are, and, where other objects' boxes are known,
    whether the map of another object's class finds that object."""
    alike = correlation(seen.maps[:, 0], seen.maps[:, 1]).numpy()
    found = {
        "correlation of the two best classes' maps, mean": mean_interval(alike, seed),
        "images where it is below 0.9, %": rate(alike < 0.9),
    }
    second = second_object(network, images, seen, device)
    if second is not None:
        found["map of another object's class peaks on that object, %"] = second[0]
        found["map of the label peaks on that object, %"] = second[1]
    return found


def forward_passes(network: torch.nn.Module, call) -> int:
    """How many forward passes of the network `call()` makes."""
    passes = []
    first = next(m for m in network.modules() if isinstance(m, torch.nn.Conv2d))
    handle = first.register_forward_hook(lambda *_: passes.append(1))
    try:
        call()
    finally:
        handle.remove()
    return len(passes)


def same_boxes(maps: Tensor, factor: float, size: int = 112) -> bool:
    """Whether multiplying (N, h, w) maps by a positive factor leaves every 20 % box in place."""
    large = views.paste_whole(maps.cpu(), (size, size))
    return all(np.array_equal(boxes.paper(m), boxes.paper(m * factor)) for m in large)


def erasure_drops(
    network: GapNetwork,
    images,
    indices: np.ndarray,
    maps: Tensor,
    classes: Tensor,
    seed: int = 0,
    level: float = 0.5,
    device="cpu",
) -> np.ndarray:
    """How far the class's probability falls when pixels are replaced by the mean colour.

    Args:
        indices: (N,) images of the data set. maps: (N, h, w), classes: (N,) of the same images.
        level: the marked region is where the map exceeds this fraction of its maximum.
        seed: of the shift (around the edges) that gives the control region.

    Returns:
        (N, 2): fall after erasing the marked region, and after erasing the shifted one.
    """
    generator = torch.Generator().manual_seed(seed)
    network = network.to(device)
    drops, done = [], 0

    def load(i: int) -> Tensor:
        return views.whole(images[i].image, network.input_spec).tensor

    for chunk in stream(images, load, batches([int(i) for i in indices], 32), desc="erase"):
        part = slice(done, done + len(chunk.items))
        done += len(chunk.items)
        tensors = torch.stack(chunk.items)
        marked = region(maps[part], tensors.shape[2:], level)
        shifted = torch.stack([_shift(m, generator) for m in marked])
        wanted = classes[part, None]
        with torch.inference_mode():
            before, after, control = (
                network(t.to(device)).float().softmax(1).cpu().gather(1, wanted)[:, 0]
                for t in (tensors, tensors * ~marked, tensors * ~shifted)
            )  # the normalised mean colour is zero
        drops.append(torch.stack([before - after, before - control], 1))
    return torch.cat(drops).numpy()


def region(maps: Tensor, size, level: float) -> Tensor:
    """(N, h, w) maps to (N, 1, *size) bool: above `level` of each map's maximum."""
    large = F.interpolate(maps[:, None], tuple(size), mode="bicubic", antialias=True)
    return large > level * large.amax((2, 3), keepdim=True)


def _shift(mask: Tensor, generator: torch.Generator) -> Tensor:
    """The region moved around the edges by a quarter to three quarters of the picture."""
    height, width = mask.shape[1:]
    dy, dx = (
        int(torch.randint(n // 4, 3 * n // 4, (1,), generator=generator)) for n in (height, width)
    )
    return mask.roll((dy, dx), (1, 2))
