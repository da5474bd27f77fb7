"""Training a classifier: one function that carries a recipe out, in one process or in several."""

import math
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from tqdm.auto import tqdm

from ..distributed import World, processes
from ..errors import CamError
from ..networks.gap import InputSpec
from . import checkpoint as state
from .augment import network_input
from .batches import ArrayBatches, Batch, PhotoBatches, check_labels, plan
from .cached_features import CachedFeatures
from .recipe import (
    RELEASED,
    Recipe,
    check_recipe,
    images_shown,
    make_optimizer,
    rate_factor,
    set_rate,
    steps_per_epoch,
    total_steps,
)

__all__ = ["RELEASED", "Recipe", "fast_bfloat16", "fit", "logits_of_arrays"]


def fit(
    network: nn.Module,
    images,
    recipe: Recipe,
    *,
    device: torch.device | str = "cpu",
    checkpoint: str | Path | None = None,
    every: int = 1000,
    resume: bool = False,
    workers: int | None = None,
    precision: str = "auto",
    progress: bool = True,
    on_step: Callable[[int, float], None] | None = None,
) -> pd.DataFrame:
    """Train in place; the network ends in eval mode.

    A run that was interrupted and resumed ends with the same weights as one that was not (to the
    bit on the CPU with the same number of threads). Started by `torchrun`, all processes share
    the work of every step. A layer whose parameters are all frozen stays in eval mode.

    Args:
        network: with `input_spec`, logits (B, C); those parameters are trained that require a
            gradient.
        images: one of
            - (images, labels): (N, H, W, 3) uint8 RGB of the network's input size, (N,) integers;
            - a data set of `open_images`, with `.label(i)`, `.ids`, `.classes`;
            - `CachedFeatures` of the network's trunk: only the layers after it are trained.
        checkpoint: file to write every `every` steps and at the end.
        resume: go on from the checkpoint, if there is one.
        workers: processes that decode photos; None: one for each core, at most 8.
        precision: "auto": bfloat16 autocast where the device is fast at it; or "float32".
        progress: show a bar (rank 0).
        on_step: called after each step, and after its checkpoint, with the number of steps done
            and the step's loss.

    Returns:
        One row for each epoch: epoch, steps, lr, loss, error (% of training images, as seen
        augmented), images, skipped (that could not be decoded), seconds.

    Raises:
        CamError: data, recipe or checkpoint cannot be used; no image can be decoded; the loss is
            no longer finite. The last checkpoint is kept.
    """
    check_recipe(recipe)
    if precision not in ("auto", "float32"):
        raise CamError(f"Unknown precision {precision!r}; expected auto or float32.")
    checkpoint = state.usable(checkpoint, every, resume)
    source = open_source(images, network)
    who = state.identity(network, source.identity, recipe)
    n = len(source.labels)
    per_epoch, steps = steps_per_epoch(n, recipe), total_steps(n, recipe)
    with processes(device) as world:
        network.to(world.device, memory_format=torch.channels_last)
        cached = isinstance(source, CachedFeatures)
        model = _training_mode(source.model(network) if cached else network)
        optimizer = make_optimizer(model, recipe)
        state.seed_dropout(recipe, world.rank)
        at = state.Progress()
        if checkpoint and checkpoint.exists():
            at = state.restore(checkpoint, who, network, optimizer, world)
        parallel = world.parallel(model)
        autocast = precision == "auto" and fast_bfloat16(world.device)
        chosen = plan(n, recipe, at.step, world)
        spec = network.input_spec
        batches = source.batches(chosen, recipe, spec, workers)
        bar = tqdm(
            total=images_shown(steps, n, recipe),
            initial=images_shown(at.step, n, recipe),
            unit="img",
            disable=not progress or world.rank > 0,
        )
        while at.step < steps:
            start, epoch = time.perf_counter(), at.step // per_epoch + 1
            set_rate(optimizer, rate_factor(at.step, steps, recipe))
            sums = _train_step(parallel, optimizer, next(batches), spec, recipe, world, autocast)
            loss = sums["loss"] / max(1, sums["images"])
            if not math.isfinite(loss):
                raise CamError(_not_finite(epoch, at.step, recipe, checkpoint))
            at.step += 1
            sums["seconds"] = time.perf_counter() - start
            at.sums = {key: at.sums.get(key, 0) + value for key, value in sums.items()}
            last = at.step == steps
            _check_readable(at.sums, n, last)
            if at.step % per_epoch == 0 or last:
                at.log.append(_row(epoch, at, optimizer))
                at.sums = {}
            bar.update(images_shown(at.step, n, recipe) - bar.n)
            bar.set_postfix(epoch=epoch, loss=f"{loss:.3f}", refresh=False)
            if checkpoint and (last or at.step % every == 0):
                state.save(checkpoint, who, at, network, optimizer, world)
            if on_step:
                on_step(at.step, loss)
        bar.close()
        world.barrier()  # the checkpoint is written when any process returns
    network.eval()
    return pd.DataFrame(at.log)


def open_source(images, network: nn.Module) -> ArrayBatches | PhotoBatches | CachedFeatures:
    """What `fit` takes as images, checked against the network.

    Raises:
        CamError: it is nothing of the kind, or its labels do not fit the network.
    """
    if isinstance(images, CachedFeatures):
        source = images
    elif isinstance(images, tuple) and len(images) == 2 and isinstance(images[0], np.ndarray):
        source = ArrayBatches(*images)
    elif all(hasattr(images, name) for name in ("label", "ids", "classes", "__getitem__")):
        source = PhotoBatches(images)
    else:
        raise CamError(
            f"Found images as {type(images).__name__}; expected (array, labels), a data set of "
            "cam_utils.data.open_images, or cached features."
        )
    check_labels(source.labels, network, getattr(images, "classes", None))
    return source


def _train_step(
    model: nn.Module,
    optimizer: torch.optim.Optimizer,
    batch: Batch,
    spec: InputSpec,
    recipe: Recipe,
    world: World,
    autocast: bool,
) -> dict[str, float]:
    """One step of all processes; nothing is changed if the loss is not finite.

    Returns:
        Sums over the global batch: loss, wrong, images, skipped.
    """
    inputs = network_input(batch.inputs.to(world.device, non_blocking=True), spec)
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


def _training_mode(model: nn.Module) -> nn.Module:
    """Training mode, except where all parameters are frozen: no dropout, no new statistics."""
    model.train()
    for module in model.modules():
        parameters = list(module.parameters())
        if parameters and not any(p.requires_grad for p in parameters):
            module.eval()
    return model


@torch.inference_mode()
def logits_of_arrays(
    network: nn.Module, images: np.ndarray, device: torch.device | str = "cpu", batch: int = 128
) -> Tensor:
    """Logits (N, C) of uint8 images (N, H, W, 3), in float32."""
    network.to(device).eval()
    parts = []
    for start in range(0, len(images), batch):
        part = torch.tensor(images[start : start + batch]).permute(0, 3, 1, 2)
        parts.append(network(network_input(part.to(device), network.input_spec)).cpu())
    return torch.cat(parts)


def _row(epoch: int, at: state.Progress, optimizer) -> dict:
    sums, images = at.sums, max(1, at.sums["images"])
    return {
        "epoch": epoch,
        "steps": at.step,
        "lr": optimizer.param_groups[0]["lr"],
        "loss": sums["loss"] / images,
        "error": 100 * sums["wrong"] / images,
        "images": int(sums["images"]),
        "skipped": int(sums["skipped"]),
        "seconds": sums["seconds"],
    }


def _check_readable(sums: dict, n: int, last: bool) -> None:
    if not sums["images"] and (last or sums["skipped"] >= min(1000, n)):
        raise CamError(
            f"None of the first {sums['skipped']:.0f} of {n} images could be decoded, so there is "
            "nothing to learn from. cam_utils.data.check_images(data set) lists what is wrong."
        )


def _not_finite(epoch: int, step: int, recipe: Recipe, checkpoint: Path | None) -> str:
    kept = "; no checkpoint was written"
    if checkpoint and checkpoint.exists():
        kept = f"; {checkpoint} keeps the state before"
    return (
        f"The loss is not finite in epoch {epoch}, step {step + 1}{kept}. Lower the learning rate "
        f"({recipe.lr:g}) and begin anew, or look for broken images."
    )
