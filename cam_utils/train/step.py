"""One training step of all processes, and the modes of the network around it."""

import math

import torch
from torch import nn
from torch.nn import functional as F

from ..distributed import World
from .batches import Batch
from .recipe import Recipe


def train_step(
    model: nn.Module,
    optimizer: torch.optim.Optimizer,
    batch: Batch,
    source,
    network: nn.Module,
    recipe: Recipe,
    world: World,
    autocast: bool,
) -> dict[str, float]:
    """One step of all processes; nothing is changed if the loss is not finite.

    Returns:
        Sums over the global batch: loss, wrong, images, skipped.
    """
    inputs = source.prepare(batch.inputs.to(world.device, non_blocking=True), network.input_spec)
    labels, weights = batch.labels.to(world.device), batch.weights.to(world.device)
    with torch.autocast(world.device.type, torch.bfloat16, enabled=autocast):
        logits = model(inputs)
    losses = F.cross_entropy(
        logits.float(), labels, reduction="none", label_smoothing=recipe.smoothing
    )
    loss = (losses * weights).sum()
    wrong = ((logits.argmax(1) != labels) * weights).sum()
    local = torch.stack([loss.detach(), wrong, weights.sum(), weights.new_tensor(batch.skipped)])
    sums = dict(zip(("loss", "wrong", "images", "skipped"), world.sum(local), strict=True))
    if math.isfinite(sums["loss"]) and sums["images"]:
        optimizer.zero_grad(set_to_none=True)
        # the processes' gradients are averaged, the loss is a mean over the global batch
        (loss * (world.size / sums["images"])).backward()
        optimizer.step()
    return sums


def fast_bfloat16(device: torch.device) -> bool:
    """Whether bfloat16 is faster than float32 there: GPUs, and CPUs with its instructions."""
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    return device.type == "cpu" and bool(
        torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported()
    )


def training_mode(model: nn.Module) -> nn.Module:
    """Training mode, except where all parameters are frozen: no dropout, no new statistics."""
    model.train()
    for module in model.modules():
        parameters = list(module.parameters())
        if parameters and not any(p.requires_grad for p in parameters):
            module.eval()
    return model
