"""Scores that are used to say how good a map is, beside the truth: drawn pictures have masks."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ...boxes.wsol import score_map, warp
from ...metrics.energy import energy_share, peak_inside
from ...metrics.maxbox import pixel_precision
from ...stream import batches, stream
from .scoring import TAUS, as_batch

STEPS = 8  # of insertion and deletion


@torch.no_grad()
def dropped(network: nn.Module, image: Tensor, score: Tensor, label: int) -> float:
    """Average drop: the share of the probability lost where the image (3, H, W) is dimmed by the
    map (H, W) in [0, 1]; a gain counts as no loss."""
    p, masked = network(torch.stack([image, image * score])).softmax(1)[:, label].tolist()
    return max(0.0, p - masked) / p


@torch.no_grad()
def insertion_and_deletion(
    network: nn.Module, image: Tensor, score: Tensor, label: int, steps: int = STEPS
) -> tuple[float, float]:
    """Mean probability while pixels come into a blurred image, and while they are greyed out.

    Petsiuk et al. (BMVC 2018): the map's highest pixels first, in `steps` equal steps.
    """
    size = 2 * (image.shape[-1] // 8) + 1
    blurred = F.avg_pool2d(image[None], size, 1, size // 2, count_include_pad=False)[0]
    order = score.flatten().argsort(descending=True, stable=True)
    rank = torch.empty_like(order)
    rank[order] = torch.arange(len(order), device=order.device)
    shares = torch.arange(steps + 1, device=image.device) / steps
    inside = (rank.view_as(score) < shares[:, None, None] * len(order))[:, None]
    coming = torch.where(inside, image, blurred)
    going = torch.where(inside, torch.zeros_like(image), image)
    p = network(torch.cat([coming, going])).softmax(1)[:, label]
    return p[: steps + 1].mean().item(), p[steps + 1 :].mean().item()


def true_precision(score: np.ndarray, mask: np.ndarray) -> float:
    """Average precision of one picture's pixels (0..1): do the mask's have the highest scores?"""
    edges = np.append(TAUS, (1.01, 2.0))  # above the highest score there is nothing
    counts = np.stack([np.histogram(score[m], edges)[0] for m in (mask, ~mask)])
    return float(pixel_precision(counts.astype(float))) / 100


def quality_table(
    network: nn.Module, images, entries: dict[str, Callable], device="cpu", batch: int = 8
) -> pd.DataFrame:
    """One row for each picture and entry: truth, drop, insertion, deletion, pointing, energy."""
    rows, side = [], network.input_spec.size
    jobs = batches(list(range(len(images))), batch)
    for chunk in stream(images, images.__getitem__, jobs, desc="scores", progress=True):
        inputs, classes = as_batch(network, chunk.items, device)
        for name, make in entries.items():
            maps = make(network, inputs, classes).detach()[:, 0].float().cpu().numpy()
            for k, (place, record) in enumerate(zip(chunk.places, chunk.items, strict=True)):
                mask, map = record.mask_of(record.label), warp(maps[k], side)
                score = score_map(map)
                own = inputs[k], torch.from_numpy(score).to(inputs), record.label
                inserted, deleted = insertion_and_deletion(network, *own)
                rows.append({
                    "image": place, "entry": name, "truth": true_precision(score, mask),
                    "drop": dropped(network, *own), "insertion": inserted, "deletion": deleted,
                    "pointing": float(peak_inside(map, mask)),
                    "energy": np.nan_to_num(energy_share(map, mask), nan=float(mask.mean())),
                })  # fmt: skip
    return pd.DataFrame(rows)
