"""Section 2's claims as measurements: rows image by image, of which `tables` makes rates."""

import numpy as np
import pandas as pd
import torch
from torch import Tensor
from torch.nn import functional as F

from ... import boxes, views
from ...metrics.classification import topk_misses
from ...metrics.energy import in_boxes, peak_points
from ...networks.gap import GapNetwork
from ...stream import batches, stream
from .survey import Survey, correlation

ERASED = 240  # images on which regions are erased


def without_bias(seen: Survey, bias: Tensor) -> pd.DataFrame:
    """What leaving out the linear layer's bias (C,) changes.

    Returns:
        Columns id, changed (bool: another best class), and where labels are known top1, top5,
        top1_without, top5_without (bool: the label is not among the k best).
    """
    without = seen.logits - bias.detach().cpu()
    columns = {"id": seen.ids, "changed": (without.argmax(1) != seen.logits.argmax(1)).numpy()}
    if (seen.labels >= 0).all():
        for k in (1, 5):
            columns[f"top{k}"] = topk_misses(seen.logits, seen.labels, k)
            columns[f"top{k}_without"] = topk_misses(without, seen.labels, k)
    return pd.DataFrame(columns)


def marked_regions(
    network: GapNetwork, images, seen: Survey, seed: int = 0, device="cpu"
) -> pd.DataFrame:
    """The pointing game beside the image's centre, and the causal check.

    Returns:
        Columns id; peak, centre (bool: in a true box) where all images have boxes; marked, shifted:
        the fall in probability when that region is erased, NaN but for the first `ERASED` images.
    """
    columns: dict = {"id": seen.ids}
    if all(len(b) for b in seen.boxes):
        columns["peak"] = in_boxes(peak_points(seen.label_maps, seen.sizes), seen.boxes)
        columns["centre"] = in_boxes(seen.sizes[:, ::-1] / 2, seen.boxes)
    part = slice(0, ERASED)
    best = seen.maps[part, 0], seen.classes[part, 0]
    drops = np.full((len(seen), 2), np.nan, np.float32)
    drops[part] = erasure_drops(network, images, seen.indices[part], *best, seed, device=device)
    return pd.DataFrame(columns | {"marked": drops[:, 0], "shifted": drops[:, 1]})


def two_classes(seen: Survey) -> pd.DataFrame:
    """How alike the maps of an image's two best classes are, and whether maps find other objects.

    Returns:
        Columns id; correlation; other (bool: the image holds an object of another class than the
        label, its box known); other_map, label_map (bool: the map of its class and that of the
        label peak on that object, False where there is none).
    """
    return pd.DataFrame({
        "id": seen.ids,
        "correlation": correlation(seen.maps[:, 0], seen.maps[:, 1]).numpy(),
        "other": [len(b) > 0 for b in seen.others],
        "other_map": in_boxes(peak_points(seen.other_maps, seen.sizes), seen.others),
        "label_map": in_boxes(peak_points(seen.label_maps, seen.sizes), seen.others),
    })  # fmt: skip


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
        marked = region_above(maps[part], tensors.shape[2:], level)
        shifted = torch.stack([_shift(m, generator) for m in marked])
        wanted = classes[part, None]
        with torch.inference_mode():
            before, after, control = (
                network(t.to(device)).float().softmax(1).cpu().gather(1, wanted)[:, 0]
                for t in (tensors, tensors * ~marked, tensors * ~shifted)
            )  # the normalised mean colour is zero
        drops.append(torch.stack([before - after, before - control], 1))
    return torch.cat(drops).numpy()


def region_above(maps: Tensor, size, level: float) -> Tensor:
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
