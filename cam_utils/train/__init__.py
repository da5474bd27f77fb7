"""Training a classifier: one function that carries a recipe out, in one process or in several."""

import math
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from torch import Tensor, nn
from tqdm.auto import tqdm

from ..distributed import processes
from ..errors import CamError
from . import checkpoint as state
from .augment import normalise
from .batches import Arrays, Photos, check_labels, plan
from .cached_features import CachedFeatures
from .recipe import (
    RELEASED,
    Recipe,
    check_recipe,
    make_optimizer,
    rate_factor,
    set_rate,
    steps_per_epoch,
    total_steps,
)
from .step import fast_bfloat16, train_step, training_mode

__all__ = ["RELEASED", "Recipe", "fast_bfloat16", "fit", "normalise", "predict"]


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
        model = training_mode(source.model(network))
        optimizer = make_optimizer(model, recipe)
        state.seed_dropout(recipe, world.rank)
        at = state.Progress()
        if checkpoint and checkpoint.exists():
            at = state.load(checkpoint, who, network, optimizer, world)
        parallel = world.parallel(model)
        autocast = precision == "auto" and fast_bfloat16(world.device)
        chosen = plan(n, recipe, at.step, world)
        batches = source.batches(chosen, recipe, network.input_spec, workers)
        bar = tqdm(
            total=_images(steps, n, recipe),
            initial=_images(at.step, n, recipe),
            unit="img",
            disable=not progress or world.rank > 0,
        )
        while at.step < steps:
            start, epoch = time.perf_counter(), at.step // per_epoch + 1
            set_rate(optimizer, rate_factor(at.step, steps, recipe))
            sums = train_step(
                parallel, optimizer, next(batches), source, network, recipe, world, autocast
            )
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
            bar.update(_images(at.step, n, recipe) - bar.n)
            bar.set_postfix(epoch=epoch, loss=f"{loss:.3f}", refresh=False)
            if checkpoint and (last or at.step % every == 0):
                state.save(checkpoint, who, at, network, optimizer, world)
            if on_step:
                on_step(at.step, loss)
        bar.close()
        world.barrier()  # the checkpoint is written when any process returns
    network.eval()
    return pd.DataFrame(at.log)


def open_source(images, network: nn.Module) -> Arrays | Photos | CachedFeatures:
    """What `fit` takes as images, checked against the network.

    Raises:
        CamError: it is nothing of the kind, or its labels do not fit the network.
    """
    names = None
    if isinstance(images, CachedFeatures):
        source = images
    elif isinstance(images, tuple) and len(images) == 2 and isinstance(images[0], np.ndarray):
        source = Arrays(*images)
    elif all(hasattr(images, name) for name in ("label", "ids", "classes", "__getitem__")):
        source, names = Photos(images), list(images.classes)
    else:
        raise CamError(
            f"Found images as {type(images).__name__}; expected (array, labels), a data set of "
            "cam_utils.data.open_images, or cached features."
        )
    check_labels(source.labels, network, names)
    return source


@torch.inference_mode()
def predict(network: nn.Module, images: np.ndarray, device="cpu", batch: int = 128) -> Tensor:
    """Logits (N, C) of uint8 images (N, H, W, 3), in float32."""
    network.to(device).eval()
    parts = []
    for start in range(0, len(images), batch):
        part = torch.tensor(images[start : start + batch]).permute(0, 3, 1, 2)
        parts.append(network(normalise(part.to(device), network.input_spec)).cpu())
    return torch.cat(parts)


def _images(step: int, n: int, recipe: Recipe) -> int:
    """Images in the first `step` steps."""
    epochs, rest = divmod(step, steps_per_epoch(n, recipe))
    return epochs * n + rest * recipe.batch


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
