"""Augmentation: which part of a photo the network sees, mirrored or not.

Every random number is drawn from (seed, epoch, index of the image) alone. So a run depends neither
on the number of processes and workers nor on whether it was interrupted, and there is no state of
a generator to keep.
"""

import math

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from .. import views
from ..networks.gap import InputSpec
from ..views import resize, resized_shape, to_tensor
from .recipe import Recipe


def drawn_change(
    recipe: Recipe, epoch: int, index: int
) -> tuple[np.random.Generator, bool, int, int]:
    """The generator of one image in one epoch, and its mirroring and shift (dy, dx)."""
    rng = np.random.default_rng([1, recipe.seed, epoch, index])
    mirrored = bool(rng.random() < 0.5) and recipe.mirror
    dy, dx = rng.integers(-recipe.shift, recipe.shift + 1, 2).tolist()
    return rng, mirrored, dy, dx


def augment(images: Tensor, mirrored: Tensor, shift: Tensor) -> Tensor:
    """(B, 3, H, W): mirrored where (B,) bool says so, shifted by (B, 2) pixels, edges repeated."""
    images = torch.where(mirrored[:, None, None, None], images.flip(3), images)
    batch, _, height, width = images.shape
    rows = (torch.arange(height) + shift[:, :1]).clamp(0, height - 1)
    columns = (torch.arange(width) + shift[:, 1:]).clamp(0, width - 1)
    each = torch.arange(batch)[:, None, None]
    moved = images.permute(0, 2, 3, 1)[each, rows[:, :, None], columns[:, None, :]]
    return moved.permute(0, 3, 1, 2)


def crop(image: Image.Image, spec: InputSpec, policy: str, rng: np.random.Generator) -> Tensor:
    """A photo as (3, S, S) uint8 RGB; the policies are those of `Recipe.crop`."""
    size = spec.size
    if policy == "area":
        box = _area_box(*image.size, rng)
        return resize(to_tensor(image.crop(box)), (size, size), spec.kernel).to(torch.uint8)
    if policy == "whole":
        return resize(to_tensor(image), (size, size), spec.kernel).to(torch.uint8)
    height, width = shape = resized_shape(image.height, image.width, spec)
    if policy == "random":
        top, left = rng.integers(0, [height - size + 1, width - size + 1]).tolist()
    else:
        top, left = round((height - size) / 2), round((width - size) / 2)
    resized = resize(to_tensor(image), shape, spec.kernel).to(torch.uint8)
    return resized[:, top : top + size, left : left + size]


def _area_box(width: int, height: int, rng: np.random.Generator) -> tuple[int, int, int, int]:
    """8 to 100 % of the area, aspect 3/4 to 4/3 (Szegedy et al., CVPR 2015, section 6)."""
    for _ in range(10):
        area = width * height * rng.uniform(0.08, 1)
        aspect = math.exp(rng.uniform(math.log(3 / 4), math.log(4 / 3)))
        w, h = round(math.sqrt(area * aspect)), round(math.sqrt(area / aspect))
        if 0 < w <= width and 0 < h <= height:
            left, top = rng.integers(0, [width - w + 1, height - h + 1]).tolist()
            return left, top, left + w, top + h
    return 0, 0, width, height


def network_input(batch: Tensor, spec: InputSpec) -> Tensor:
    """(B, 3, H, W) uint8 RGB to the network's channel order, scale, mean and deviation.

    Cached features (B, K, h, w) float16 are what they are, in float32.
    """
    batch = views.normalise(batch.float(), spec) if batch.dtype == torch.uint8 else batch.float()
    return batch.contiguous(memory_format=torch.channels_last)
