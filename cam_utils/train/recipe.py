"""How to train, as a value: the recipe, its optimizer, its learning rate at each step."""

import math
from dataclasses import dataclass

import torch
from torch import nn

from ..errors import CamError

OPTIMIZERS = ("adamw", "sgd")

SCHEDULES = ("cosine", "step")

CROPS = ("random", "area", "center", "whole")


@dataclass(frozen=True)
class Recipe:
    """How to train.

    Attributes:
        epochs: passes over the images.
        iterations: steps in all; 0: as many as `epochs` take. Overrides `epochs`.
        batch: images in a step, over all processes.
        lr: peak learning rate.
        optimizer: "adamw", or "sgd" with `momentum` (`nesterov` or not).
        weight_decay: on weights; not on biases and normalisation.
        bias_lr: the biases' learning rate is this many times `lr` (lr_mult of Caffe's layers).
        schedule: "cosine": linear warm-up over the fraction `warmup` of all steps, then a half
            cosine to zero. "step": times `gamma` every `step_size` steps; no warm-up.
        smoothing: label smoothing.
        crop: how a photo becomes an input of the network's size: "random": resized as the network
            wants, then a random square; "area": 8 to 100 % of the photo's area with aspect 3/4 to
            4/3; "center": the centre of the resized photo; "whole": warped. Arrays have the size
            already and are not cropped.
        shift: largest random shift, pixels, edges repeated; only where `crop` draws no place.
        mirror: mirrored with probability 1/2, or never.
        seed: of the order of images, the augmentation and dropout; 0 or more.
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
    iterations: int = 0
    momentum: float = 0.9
    nesterov: bool = True
    bias_lr: float = 1.0
    schedule: str = "cosine"
    step_size: int = 40_000
    gamma: float = 0.1
    crop: str = "random"
    mirror: bool = True


# The released solver and train_val definition of GoogLeNet-CAM (zhoubolei/CAM): 47 layers with
# lr_mult 1 for weights and 2 for biases, decay_mult 0 for biases; the new layers are not boosted.
# Caffe multiplies the gradient by the rate before it enters the momentum, torch afterwards; the
# two differ only in the few steps after the rate has changed.
RELEASED = Recipe(
    iterations=160_000,
    batch=64,
    lr=1e-3,
    optimizer="sgd",
    nesterov=False,
    weight_decay=5e-4,
    bias_lr=2.0,
    schedule="step",
    warmup=0.0,
    smoothing=0.0,
    crop="random",
    shift=0,
)


def check_recipe(recipe: Recipe) -> None:
    """Refuse a recipe that cannot be carried out.

    Raises:
        CamError: the first value that is out of its range.
    """
    for name, known in (("optimizer", OPTIMIZERS), ("schedule", SCHEDULES), ("crop", CROPS)):
        if getattr(recipe, name) not in known:
            raise CamError(
                f"Unknown {name} {getattr(recipe, name)!r} in the recipe; expected "
                f"{' or '.join(known)}."
            )
    least = {
        "epochs": 0 if recipe.iterations else 1,
        "iterations": 0,
        "batch": 1,
        "seed": 0,
        "shift": 0,
        "step_size": 1,
        "weight_decay": 0,
        "momentum": 0,
    }
    for name, bound in least.items():
        if not getattr(recipe, name) >= bound:
            raise CamError(
                f"The recipe's {name} is {getattr(recipe, name)}; expected {bound} or more."
            )
    if not 0 < recipe.lr < math.inf:
        raise CamError(f"The recipe's learning rate is {recipe.lr}; expected a positive number.")


def steps_per_epoch(images: int, recipe: Recipe) -> int:
    """Steps of one pass; the last one of a pass may be smaller."""
    return math.ceil(images / recipe.batch)


def total_steps(images: int, recipe: Recipe) -> int:
    """Steps of the whole training."""
    return recipe.iterations or recipe.epochs * steps_per_epoch(images, recipe)


def images_shown(steps: int, images: int, recipe: Recipe) -> int:
    """How many images the network has seen after so many steps, each as often as it was seen."""
    epochs, rest = divmod(steps, steps_per_epoch(images, recipe))
    return epochs * images + rest * recipe.batch


def rate_factor(step: int, steps: int, recipe: Recipe) -> float:
    """What the learning rate is multiplied by at `step` (0 is the first) of `steps`."""
    if recipe.schedule == "step":
        return recipe.gamma ** (step // recipe.step_size)
    warm = max(1, round(recipe.warmup * steps))
    if step < warm:
        return (step + 1) / warm
    return 0.5 * (1 + math.cos(math.pi * (step - warm) / max(1, steps - warm)))


def set_rate(optimizer: torch.optim.Optimizer, factor: float) -> None:
    """Give every group its own base rate times `factor`."""
    for group in optimizer.param_groups:
        group["lr"] = group["base_lr"] * factor


def parameter_groups(network: nn.Module, recipe: Recipe) -> list[dict]:
    """Parameters that are trained, in three groups: weights, biases, scales of normalisation.

    Only weights decay; only biases have the multiplied rate. Empty groups are left out.
    """
    weights, biases, scales = [], [], []
    for name, parameter in network.named_parameters():
        if parameter.requires_grad:
            kind = weights if parameter.dim() > 1 else biases if name.endswith("bias") else scales
            kind.append(parameter)
    groups = [
        {"params": weights, "base_lr": recipe.lr, "weight_decay": recipe.weight_decay},
        {"params": biases, "base_lr": recipe.lr * recipe.bias_lr, "weight_decay": 0.0},
        {"params": scales, "base_lr": recipe.lr, "weight_decay": 0.0},
    ]
    return [group for group in groups if group["params"]]


def make_optimizer(network: nn.Module, recipe: Recipe) -> torch.optim.Optimizer:
    """The recipe's optimizer over the parameters that require a gradient.

    Raises:
        CamError: none does.
    """
    groups = parameter_groups(network, recipe)
    if not groups:
        raise CamError(
            "No parameter of the network requires a gradient, so there is nothing to train; "
            "set requires_grad_(True) on the layers that shall learn."
        )
    if recipe.optimizer == "adamw":
        return torch.optim.AdamW(groups, lr=recipe.lr)
    return torch.optim.SGD(groups, lr=recipe.lr, momentum=recipe.momentum, nesterov=recipe.nesterov)
