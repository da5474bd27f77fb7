"""What a training costs, counted instead of measured."""

import copy
from dataclasses import dataclass

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from .recipe import Recipe, images_shown, total_steps


@dataclass(frozen=True)
class Cost:
    """A count of arithmetic, no time.

    Attributes:
        forward, backward: floating-point operations of one image; a multiplication and an addition
            are two. Convolutions and matrix products only: they are nearly all.
        images: how many images the recipe shows the network.
        epochs: passes over the data set.
    """

    forward: int
    backward: int
    images: int
    epochs: float

    @property
    def total(self) -> int:
        """Operations of the whole training."""
        return self.images * (self.forward + self.backward)

    def __str__(self) -> str:
        hours = self.total / 1e13 / 3600
        return (
            f"{self.forward / 1e9:.2f} GFLOP forward and {self.backward / 1e9:.2f} backward for "
            f"each image, {self.images:,} images ({self.epochs:.1f} epochs): "
            f"{self.total / 1e15:,.1f} PFLOP. This is a count of the convolutions and matrix "
            "products, not a measurement; at a sustained 10 TFLOP/s it would be "
            f"{hours:.1f} hours, if reading the photos keeps up."
        )


def count_flops(network: nn.Module) -> tuple[int, int]:
    """Operations (forward, backward) of one image of the network's input size.

    Nothing is computed: the network is copied to the meta device, which knows shapes only.
    """
    model = copy.deepcopy(network).to("meta").train()
    size = network.input_spec.size
    with FlopCounterMode(display=False) as counter:
        logits = model(torch.zeros(2, 3, size, size, device="meta"))  # batch norm wants two
        forward = counter.get_total_flops()
        logits.sum().backward()
    return forward // 2, (counter.get_total_flops() - forward) // 2


def estimate(network: nn.Module, images: int, recipe: Recipe) -> Cost:
    """The count for training on a data set of so many images."""
    shown = images_shown(total_steps(images, recipe), images, recipe)
    return Cost(*count_flops(network), shown, shown / images)
