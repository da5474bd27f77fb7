"""Training a classifier: the recipe as a value, one function that carries it out."""

import math
import time
from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch
from torch import Tensor, nn
from tqdm.auto import tqdm

from .errors import CamError


@dataclass(frozen=True)
class Recipe:
    """How to train.

    Attributes:
        epochs, batch: passes over the images, images in a step.
        lr: peak learning rate; linear warm-up over `warmup` of all steps, then cosine to zero.
        optimizer: "adamw" or "sgd" (momentum 0.9, Nesterov).
        weight_decay: on weights; not on biases and normalisation.
        smoothing: label smoothing.
        shift: largest random shift, pixels; mirrored with probability 1/2.
        seed: of the order of images and the augmentation.
    """

    epochs: int = 12
    batch: int = 64
    lr: float = 2e-3
    optimizer: str = "adamw"
    weight_decay: float = 0.02
    warmup: float = 0.08
    smoothing: float = 0.05
    shift: int = 8
    seed: int = 0


def fit(
    network: nn.Module,
    images: np.ndarray,
    labels: np.ndarray,
    recipe: Recipe,
    device: torch.device | str = "cpu",
    progress: bool = True,
) -> pd.DataFrame:
    """Train in place; the network ends in eval mode.

    Args:
        network: with `input_spec` (its normalisation is used), logits (B, C).
        images: (N, H, W, 3) uint8 RGB of the network's input size.
        labels: (N,) integer classes.

    Returns:
        One row for each epoch: epoch, loss, error (% of training images, as seen augmented),
        seconds.

    Raises:
        CamError: images and labels do not fit, or the loss stopped being finite.
    """
    _check(images, labels)
    device = torch.device(device)
    network.to(device, memory_format=torch.channels_last).train()
    data = torch.from_numpy(images).permute(0, 3, 1, 2)  # keeps the channels-last memory
    target = torch.as_tensor(labels, dtype=torch.int64)
    optimizer = _optimizer(network, recipe)
    steps = recipe.epochs * math.ceil(len(data) / recipe.batch)
    rate = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda s: _schedule(s, steps, recipe))
    loss_of = nn.CrossEntropyLoss(label_smoothing=recipe.smoothing)
    generator = torch.Generator().manual_seed(recipe.seed)
    torch.manual_seed(recipe.seed)  # dropout draws from the global generator
    log = []
    bar = tqdm(total=recipe.epochs * len(data), unit="img", disable=not progress)
    for epoch in range(1, recipe.epochs + 1):
        start, total, wrong = time.perf_counter(), 0.0, 0
        for chosen in torch.randperm(len(data), generator=generator).split(recipe.batch):
            batch = augment(data[chosen], recipe.shift, generator).to(device)
            answer = target[chosen].to(device)
            with torch.autocast(device.type, torch.bfloat16, enabled=fast_bfloat16(device)):
                logits = network(normalise(batch, network.input_spec))
            loss = loss_of(logits.float(), answer)
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()
            rate.step()
            total += loss.item() * len(chosen)
            wrong += int((logits.argmax(1) != answer).sum())
            bar.update(len(chosen))
            if not math.isfinite(total):
                raise CamError(
                    f"The loss is not finite in epoch {epoch}; lower the learning rate "
                    f"({recipe.lr:g}) or look for broken images."
                )
        row = {
            "epoch": epoch,
            "loss": total / len(data),
            "error": 100 * wrong / len(data),
            "seconds": time.perf_counter() - start,
        }
        log.append(row)
        bar.set_postfix_str(f"epoch {epoch}, loss {row['loss']:.3f}, error {row['error']:.1f} %")
    bar.close()
    network.eval()
    return pd.DataFrame(log)


@torch.inference_mode()
def predict(network: nn.Module, images: np.ndarray, device="cpu", batch: int = 128) -> Tensor:
    """Logits (N, C) of uint8 images (N, H, W, 3), in float32."""
    network.to(device).eval()
    data = torch.from_numpy(images).permute(0, 3, 1, 2)
    parts = [
        network(normalise(part.float().to(device), network.input_spec)).cpu()
        for part in data.split(batch)
    ]
    return torch.cat(parts)


def normalise(images: Tensor, spec) -> Tensor:
    """(B, 3, H, W) in 0..255 RGB to the network's scale, mean and deviation."""
    if spec.channels == "BGR":
        images = images.flip(1)
    mean, std = (
        torch.tensor(v, device=images.device)[:, None, None] for v in (spec.mean, spec.std)
    )
    return (images * spec.scale - mean) / std


def augment(images: Tensor, shift: int, generator: torch.Generator) -> Tensor:
    """(B, 3, H, W) uint8 to float: each image mirrored or not, and shifted, edges repeated."""
    batch, _, height, width = images.shape
    mirrored = torch.rand(batch, generator=generator) < 0.5
    images = torch.where(mirrored[:, None, None, None], images.flip(3), images).float()
    dy, dx = torch.randint(-shift, shift + 1, (2, batch), generator=generator)
    rows = (torch.arange(height)[None] + dy[:, None]).clamp(0, height - 1)
    columns = (torch.arange(width)[None] + dx[:, None]).clamp(0, width - 1)
    each = torch.arange(batch)[:, None, None]
    moved = images.permute(0, 2, 3, 1)[each, rows[:, :, None], columns[:, None, :]]
    return moved.permute(0, 3, 1, 2)


def fast_bfloat16(device: torch.device) -> bool:
    """Whether bfloat16 is faster than float32 there: GPUs, and CPUs with its instructions."""
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported()
    return device.type == "cpu" and bool(
        torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported()
    )


def _optimizer(network: nn.Module, recipe: Recipe) -> torch.optim.Optimizer:
    weights = [p for p in network.parameters() if p.requires_grad and p.dim() > 1]
    others = [p for p in network.parameters() if p.requires_grad and p.dim() <= 1]
    groups = [
        {"params": weights, "weight_decay": recipe.weight_decay},
        {"params": others, "weight_decay": 0.0},
    ]
    if recipe.optimizer == "adamw":
        return torch.optim.AdamW(groups, lr=recipe.lr)
    if recipe.optimizer == "sgd":
        return torch.optim.SGD(groups, lr=recipe.lr, momentum=0.9, nesterov=True)
    raise CamError(f"Unknown optimizer {recipe.optimizer!r}; expected adamw or sgd.")


def _schedule(step: int, steps: int, recipe: Recipe) -> float:
    warm = max(1, round(recipe.warmup * steps))
    if step < warm:
        return (step + 1) / warm
    return 0.5 * (1 + math.cos(math.pi * (step - warm) / max(1, steps - warm)))


def _check(images: np.ndarray, labels: np.ndarray) -> None:
    if (
        images.ndim != 4
        or images.dtype != np.uint8
        or len(images) != len(labels)
        or not len(labels)
    ):
        raise CamError(
            f"Found images {images.dtype} {images.shape} and {len(labels)} labels; expected uint8 "
            "(N, H, W, 3) and N labels, N > 0."
        )
