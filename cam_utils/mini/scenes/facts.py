"""What is true of a drawn scene, in words: names, colours, counts, who is where."""

from collections import Counter
from dataclasses import dataclass

import numpy as np

from .stage import Thing


@dataclass(frozen=True)
class Seen:
    """One visible thing; fields as of `scenes_stage.Thing`, `on` by name.

    `x`: middle of its visible box. `area`: its visible pixels.
    """

    name: str
    colour: str | None
    doing: str | None
    on: str | None
    place: str | None
    x: float
    area: int


class Facts:
    """The visible things of one picture, in the order of its boxes, with what follows from them."""

    def __init__(self, scene: str, seen: tuple[Seen, ...]):
        self.scene, self.seen = scene, seen
        self.counts = Counter(thing.name for thing in seen)

    def of(self, name: str) -> list[Seen]:
        """The things of that name."""
        return [thing for thing in self.seen if thing.name == name]

    def single(self, name: str) -> Seen | None:
        """The only thing of that name; None if there is none or more than one."""
        found = self.of(name)
        return found[0] if len(found) == 1 else None


def facts_of(scene: str, things: list[Thing], boxes: np.ndarray) -> Facts:
    """The facts of a finished stage; `boxes` (m, 4) are those of `things`."""
    return Facts(
        scene,
        tuple(
            Seen(
                thing.name,
                thing.colour,
                thing.doing,
                thing.on.name if thing.on else None,
                thing.place,
                float(box[0] + box[2]) / 2,
                int(thing.mask.sum()),
            )
            for thing, box in zip(things, boxes, strict=True)
        ),
    )


# What is shown by two objects together, and the phrase that captions use for it. Each occurs in
# several types of scenes, and each of its objects also occurs without the other.
CONCEPTS = {
    "view out of the window": "view out of the window",
    "boat on the water": "boat on the water",
    "flowers in a vase": "flowers in a vase",
    "cat on the chair": "cat on the chair",
}

_WHO = {  # concept -> what must be true of one of its things
    "view out of the window": lambda t: t.name == "view",
    "boat on the water": lambda t: t.name == "boat" and t.place == "water",
    "flowers in a vase": lambda t: t.name == "flowers" and t.on == "vase",
    "cat on the chair": lambda t: t.name == "cat" and t.on == "chair",
}

_AROUND = 4  # pixels of water around a boat that belong to the concept's region


def shows(facts: Facts, concept: str) -> list[int]:
    """Numbers of the things that make `concept` true of a picture; empty: it is not."""
    return [i for i, thing in enumerate(facts.seen) if _WHO[concept](thing)]


def concept_region(things: list[Thing], facts: Facts, concept: str) -> np.ndarray | None:
    """(H, W) bool region that shows the concept, or None.

    The view seen through the window; boats on the water with the water within 4 pixels of their
    boxes; flowers and their vase; the cat and its chair.
    """
    found = shows(facts, concept)
    if not found:
        return None
    region = np.zeros_like(things[0].mask)
    for i in found:
        region |= things[i].mask
        if concept in ("flowers in a vase", "cat on the chair"):
            region |= things[i].on.mask
        if concept == "boat on the water":
            rows, columns = np.nonzero(things[i].mask)
            near = np.zeros_like(region)
            near[
                max(rows.min() - _AROUND, 0) : rows.max() + 1 + _AROUND,
                max(columns.min() - _AROUND, 0) : columns.max() + 1 + _AROUND,
            ] = True
            for other in things:
                if other.name == "water":
                    region |= near & other.mask
    return region
