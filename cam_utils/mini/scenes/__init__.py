"""The data set mini/scenes: ten types of scenes set up from objects, with captions and questions.

The counterpart of the scene categories of section 4.2 and figure 9 (objects that are frequent and
objects that are informative), of the captions of figure 10 and the questions of figure 12.
"""

from typing import ClassVar

import numpy as np
from PIL import Image
from tqdm.auto import tqdm

from ...data.record import Question, Record
from ...errors import CamError
from ..pencil.base import MiniSet, generator, run
from .captions import caption
from .facts import CONCEPTS, Facts, concept_region, facts_of
from .inventory import GROUND, OUTDOORS, ROOMS, SCENES
from .open_air import set_outdoors
from .questions import questions
from .rooms import set_room
from .stage import Stage

__all__ = ["CONCEPTS", "MiniScenes"]

CAPTIONS = 5  # sentences about a picture, as in COCO


def _object_names() -> tuple[str, ...]:
    names = {n for table in (ROOMS, OUTDOORS) for t in table.values() for n in t}
    names |= {n for shapes in GROUND.values() for _, kinds, _ in shapes for n in kinds}
    return tuple(sorted(names | {"wall", "floor", "ceiling", "sky", "view", "blind"}))


class MiniScenes(MiniSet):
    """Map-style data set of `Record`s; 112 x 112 RGB.

    `label` is the scene; `objects` names each box, `masks` are what is seen of every object,
    surfaces (wall, sky, ...) included; each pixel belongs to one object at most. Things of which
    fewer than 12 pixels, or 30 %, would be seen are not in the picture at all.

    Attributes:
        object_names: all names that `Record.objects` can have.
    """

    name = "mini/scenes"
    CLASSES = SCENES
    SPLITS: ClassVar[dict] = {"train": 2000, "val": 500, "test": 1000}
    object_names = _object_names()

    def __init__(self, split: str = "train"):
        super().__init__(split)
        self._last = (-1, None)
        self._facts: dict[int, Facts] = {}

    def draw(self, i: int):
        """Picture i as (image (112, 112, 3) uint8, things back to front, boxes (m, 4) float32)."""
        i = self.number(i)
        if self._last[0] != i:
            stage = Stage(generator(self.name, self.split, i))
            scene = self.CLASSES[self.label(i)]
            (set_room if scene in ROOMS else set_outdoors)(stage, scene)
            image, things = stage.finish()
            boxes = stage.boxes(things)
            self._facts[i] = facts_of(scene, things, boxes)
            self._last = i, (image, things, boxes)
        return self._last[1]

    def record(self, i: int) -> Record:
        image, things, boxes = self.draw(i)
        return Record(
            id=self.ids[i],
            image=Image.fromarray(image),
            label=self.label(i),
            boxes=boxes,
            masks=np.array([thing.mask for thing in things]),
            caption=self.captions(i)[0],
            objects=tuple(thing.name for thing in things),
        )

    def facts(self, i: int) -> Facts:
        """What is true of picture i: the visible things with colour, place and activity."""
        i = self.number(i)
        if i not in self._facts:
            self.draw(i)
        return self._facts[i]

    def prepare(self, indices=None, workers: int = 2, progress: bool = True) -> None:
        """Draw many pictures at once, so that their facts, captions and questions are ready.

        Args:
            indices: numbers of pictures; None: all. workers: processes; progress: show a bar.
        """
        wanted = [self.number(int(i)) for i in (range(len(self)) if indices is None else indices)]
        wanted = [i for i in wanted if i not in self._facts]
        jobs = [(self.split, wanted[a : a + 50]) for a in range(0, len(wanted), 50)]
        with tqdm(total=len(wanted), desc=f"{self.name} {self.split}", disable=not progress) as bar:
            for found in run(_read_facts, jobs, workers):
                self._facts |= found
                bar.update(len(found))

    def captions(self, i: int) -> tuple[str, ...]:
        """Five sentences about picture i; the record's caption is the first."""
        i = self.number(i)
        rng = generator(self.name, self.split, i, "captions")
        return tuple(caption(self.facts(i), rng) for _ in range(CAPTIONS))

    def questions(self, i: int) -> tuple[Question, ...]:
        """Up to four questions about picture i, each of another kind."""
        i = self.number(i)
        rng = generator(self.name, self.split, i, "questions")
        return questions(self.facts(i), rng, i, self.ids[i])

    def concept_mask(self, i: int, concept: str) -> np.ndarray | None:
        """(112, 112) bool region of picture i that shows the concept; None if it does not.

        Args:
            concept: one of CONCEPTS, e.g. "view out of the window".

        Raises:
            CamError: a concept that is not known.
        """
        if concept not in CONCEPTS:
            raise CamError(
                f"{self.name} knows no concept {concept!r}. Its concepts: {', '.join(CONCEPTS)}."
            )
        _, things, _ = self.draw(i)
        return concept_region(things, self.facts(i), concept)


def _read_facts(job) -> dict[int, Facts]:
    split, indices = job
    data = MiniScenes(split)
    return {i: data.facts(i) for i in indices}
