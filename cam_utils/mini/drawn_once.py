"""Drawn pictures with all that is known of them, drawn once and kept on the disk.

Drawing a scene takes longer than looking at it.
"""

from dataclasses import asdict
from pathlib import Path

import numpy as np
from PIL import Image
from tqdm.auto import tqdm

from ..data.record import Question, Record
from ..identity import code_of
from ..keep import Keeper, Piece
from .pencil.base import MiniSet, run
from .scenes import CONCEPTS

_CHUNK = 40


class DrawnOnce:
    """The first pictures of a drawn data set whose objects do not share pixels, kept.

    Records, labels, captions, questions, concept masks and twins are those of the data set, without
    drawing again.

    Args:
        dataset: `MiniScenes`, `MiniText` or the like.
        count: how many pictures, from the first; 0: all.
        twins: with the counterpart of each picture, where the data set has one.
        folder: where they are kept; None: `.build/kept` of the checkout, or nowhere.
        workers: processes that draw.
    """

    def __init__(
        self,
        dataset: MiniSet,
        count: int = 0,
        folder: Path | bool | None = None,
        twins: bool = True,
        workers: int = 2,
        progress: bool = True,
    ):
        self.dataset = dataset
        twins = twins and hasattr(dataset, "twin")
        size = min(count or len(dataset), len(dataset))
        self.name, self.split = dataset.name, dataset.split
        self.classes, self.ids = list(dataset.classes), dataset.ids[:size]
        identity = {"images": self.name, "split": self.split, "n": size, "twins": twins}
        identity |= {"content": dataset.content(), "code": code_of(__name__)}
        keeper = Keeper.of("drawn", identity, folder)
        if not (kept := keeper.get()):
            kept = _drawn(dataset, size, twins, workers, progress)
            keeper.put(*kept)
        self._all, self._told = kept[0], kept[1]["told"]
        kinds = [kind for kind in ("", "twin ") if f"{kind}counts" in self._all]
        self._start = {kind: _starts(self._all[f"{kind}counts"]) for kind in kinds}

    def __len__(self) -> int:
        return len(self.ids)

    def __getitem__(self, i: int) -> Record:
        return self._record(range(len(self))[i], "")

    def __repr__(self) -> str:
        return f"{len(self):,} of {self.dataset!r}, drawn once"

    def label(self, i: int) -> int:
        """The class index of picture i."""
        return self.dataset.label(i)

    def twin(self, i: int) -> Record:
        """The picture's counterpart of the other class (mini/text)."""
        return self._record(i, "twin ")

    def captions(self, i: int) -> tuple[str, ...]:
        """The sentences about picture i (mini/scenes)."""
        return tuple(self._told[i]["captions"])

    def questions(self, i: int) -> tuple[Question, ...]:
        """The questions about picture i (mini/scenes)."""
        return tuple(Question(**question) for question in self._told[i]["questions"])

    def concept_mask(self, i: int, concept: str) -> np.ndarray | None:
        """(H, W) bool region of picture i that shows the concept; None if it does not."""
        found = np.flatnonzero(self._all[f"concept {concept}"] == i)
        if not len(found):
            return None
        return self._unpacked(self._all[f"mask {concept}"][found])[0]

    def _record(self, i: int, kind: str) -> Record:
        own = slice(*self._start[kind][i : i + 2])
        told = self._told[i][f"{kind}record"]
        objects = tuple(told["objects"]) if told["objects"] is not None else None
        return Record(
            id=told["id"],
            image=Image.fromarray(self._all[f"{kind}images"][i]),
            label=told["label"],
            boxes=self._all[f"{kind}boxes"][own].copy(),
            masks=self._unpacked(self._all[f"{kind}masks"][own]),
            caption=told["caption"],
            objects=objects,
        )

    def _unpacked(self, packed: np.ndarray) -> np.ndarray:
        height, width = self._all["images"].shape[1:3]
        bits = np.unpackbits(packed, axis=1, count=height * width)
        return bits.reshape(-1, height, width).astype(bool)


def _drawn(dataset: MiniSet, size: int, twins: bool, workers: int, progress: bool) -> Piece:
    jobs = [
        (type(dataset), dataset.split, range(a, min(a + _CHUNK, size)), twins)
        for a in range(0, size, _CHUNK)
    ]
    parts = []
    with tqdm(total=size, desc=f"{dataset.name} {dataset.split}", disable=not progress) as bar:
        for job, part in zip(jobs, run(_draw, jobs, workers), strict=True):
            parts.append(part)
            bar.update(len(job[2]))
    told = [line for _, lines in parts for line in lines]
    arrays = {key: np.concatenate([part[key] for part, _ in parts]) for key in parts[0][0]}
    return arrays, {"told": told}


def _draw(job) -> tuple[dict[str, np.ndarray], list[dict]]:
    """One chunk, as arrays that can be joined, and what is told of each picture."""
    kind, split, indices, with_twins = job
    data = kind(split)
    records = [data[i] for i in indices]
    found = _packed(records, "")
    told = [{"record": _words(r), "captions": [], "questions": []} for r in records]
    if with_twins:
        twins = [data.twin(i) for i in indices]
        found |= _packed(twins, "twin ")
        for line, twin in zip(told, twins, strict=True):
            line["twin record"] = _words(twin)
    for line, i in zip(told, indices, strict=True):
        if hasattr(data, "captions"):
            line["captions"] = list(data.captions(i))
        if hasattr(data, "questions"):
            line["questions"] = [asdict(question) for question in data.questions(i)]
    for concept in CONCEPTS if hasattr(data, "concept_mask") else ():
        masks = {i: mask for i in indices if (mask := data.concept_mask(i, concept)) is not None}
        found[f"concept {concept}"] = np.array(list(masks), np.int64)
        found[f"mask {concept}"] = _bits(list(masks.values()), records[0].image.size)
    return found, told


def _packed(records: list[Record], kind: str) -> dict[str, np.ndarray]:
    masks = [mask for record in records for mask in record.masks]
    return {
        f"{kind}images": np.stack([np.asarray(record.image) for record in records]),
        f"{kind}counts": np.array([len(record.boxes) for record in records]),
        f"{kind}boxes": np.concatenate([record.boxes for record in records]).astype(np.float32),
        f"{kind}masks": _bits(masks, records[0].image.size),
    }


def _bits(masks: list[np.ndarray], size: tuple[int, int]) -> np.ndarray:
    pixels = size[0] * size[1]
    return np.packbits(np.array(masks, bool).reshape(len(masks), pixels), axis=1)


def _words(record: Record) -> dict:
    return {
        "id": record.id,
        "label": record.label,
        "caption": record.caption,
        "objects": list(record.objects) if record.objects is not None else None,
    }


def _starts(counts: np.ndarray) -> np.ndarray:
    return np.concatenate([[0], np.cumsum(counts)])


class Twins:
    """The twins of the pictures of a drawn set (mini/text), as a data set."""

    def __init__(self, dataset: DrawnOnce):
        self.dataset, self.split = dataset, dataset.split
        self.name = f"{dataset.name} twins"
        self.classes, self.ids = list(dataset.classes), [f"{id}-twin" for id in dataset.ids]

    def __len__(self) -> int:
        return len(self.ids)

    def __getitem__(self, i: int) -> Record:
        return self.dataset.twin(range(len(self))[i])

    def label(self, i: int) -> int:
        """The other one of the two classes."""
        return 1 - self.dataset.label(i)
