"""A causal check: erase what the map marks, and a region of the same shape elsewhere."""

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F
from tqdm.auto import tqdm

from .. import views
from ..networks.gap import GapNetwork


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
    drops = []
    steps = range(0, len(indices), 32)
    for start in tqdm(steps, desc="erase", unit="batch"):
        part = slice(start, start + 32)
        spec = network.input_spec
        seen = [views.whole(images[int(i)].image, spec).tensor for i in indices[part]]
        tensors = torch.stack(seen)
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
