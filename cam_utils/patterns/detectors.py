"""Text detectors on street photos, each photo scored by one that never saw it (figure 11, E17).

Three detectors, of which only the first is the paper's. The second knows no text at all: it tells
the same photos, their words taken out, from the negatives, by camera and style alone. What the
first finds of the words beyond the second is due to text. The third tells photos from themselves
without words: nothing but text (and the traces of taking it out) differs.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch
from tqdm.auto import tqdm

from ..errors import CamError
from ..features import fit_svm
from ..metrics import Rate, mean_interval, rate
from ..metrics.ranking import roc_area
from ..views import paste_whole
from .placement import gain, placement_rates
from .street import AS_IT_IS, COLOURS, ERASED, VERSIONS, Street
from .text import drop_rates, score_map, word_mask

TEXT, STYLE, SAME = DETECTORS = "text", "style alone", "same photos"
CLASSES = ("without text", "with text")
HALVES = ("first", "second", "both")
IOU = 0.5


@dataclass(frozen=True)
class Held:
    """What detectors say of photos that they were not trained on.

    Attributes:
        half: (N,) 0 or 1, the half of each photo; it was scored by the detector of the other.
        scores: (N, 3) decision values of VERSIONS. maps: (N, 3, h, w).
        negatives: scores of the held-out negatives; negative_half: their halves.
        costs: of the two SVMs.
    """

    half: np.ndarray
    scores: np.ndarray
    maps: np.ndarray
    negatives: np.ndarray
    negative_half: np.ndarray
    costs: list[float]


def halves(count: int, seed: int) -> np.ndarray:
    """(count,) 0 or 1, drawn by seed, as many of each as there can be."""
    return np.random.default_rng(seed).permutation(np.arange(count) % 2)


def held_out(
    street: Street, negatives: np.ndarray, detector: str, colour: str, seed: int = 0
) -> Held:
    """Train on each half and score the other.

    Args:
        negatives: (M, K) pooled features of pictures without text, in the same colours; for
            "same photos" they are not used.
    """
    if detector not in DETECTORS:
        raise CamError(f"Unknown detector {detector!r}; expected one of {', '.join(DETECTORS)}.")
    without = street.pooled(colour, ERASED)
    yes = without if detector == STYLE else street.pooled(colour, AS_IT_IS)
    no = without if detector == SAME else np.asarray(negatives)
    half = halves(len(yes), seed)
    no_half = half if detector == SAME else halves(len(no), seed + 1)
    features = np.stack([street.features(colour, version) for version in VERSIONS], 1)
    scores, maps = (
        np.empty(features.shape[:2]),
        np.empty((*features.shape[:2], *features.shape[3:])),
    )
    against, costs = np.empty(len(no)), []
    for own in (0, 1):
        train = np.concatenate([no[no_half != own], yes[half != own]])
        labels = np.repeat([0, 1], [(no_half != own).sum(), (half != own).sum()])
        svm = fit_svm(train.astype(np.float32), labels, CLASSES, seed)
        weights, bias = svm.weights[1].astype(np.float64), float(svm.bias[1])
        maps[half == own] = np.einsum("k,nvkyx->nvyx", weights, features[half == own])
        scores[half == own] = maps[half == own].mean((2, 3)) + bias
        against[no_half == own] = no[no_half == own] @ weights + bias
        costs.append(svm.cost)
    return Held(half, scores, maps, against, no_half, costs)


def study(
    street: Street, photos, negatives: dict[str, np.ndarray], seed: int = 0, progress: bool = True
) -> tuple[pd.DataFrame, dict]:
    """The whole table: every detector, grey and in colour, for each half and for both together.

    Args:
        photos: the data set that `street` was made of. negatives: {colour: (M, K)}.

    Returns:
        Columns colour, detector, scored (half), metric, measured, low, high, n; and
        {"colour, detector": the two costs}.
    """
    found = {
        (colour, detector): held_out(street, negatives[colour], detector, colour, seed)
        for colour in COLOURS
        for detector in DETECTORS
    }
    placed = {key: [] for key in found}
    energy = {colour: [] for colour in COLOURS}
    for n, place in enumerate(
        tqdm(street.places, desc="word boxes", unit="img", disable=not progress)
    ):
        record = photos[int(place)]
        mask = word_mask(record)
        for (colour, detector), held in found.items():
            maps = torch.from_numpy(held.maps[n]).float()
            first, *others = paste_whole(maps.nan_to_num(), mask.shape).numpy()
            placed[colour, detector].append(score_map(first, record, mask))
            if detector == TEXT:
                shares = [score_map(m, record, mask)["energy"] for m in others]
                energy[colour].append([placed[colour, detector][-1]["energy"], *shares])
    rows = []
    for (colour, detector), held in found.items():
        style = pd.DataFrame(placed[colour, STYLE]) if detector == TEXT else None
        table, shares = pd.DataFrame(placed[colour, detector]), np.array(energy[colour])
        for k, half in enumerate(HALVES):
            own = held.half == k if k < 2 else np.ones(len(held.half), bool)
            no = held.negative_half == k if k < 2 else np.ones(len(held.negatives), bool)
            rates = _rates(held, table, own, no, detector, seed)
            if detector == TEXT:
                more = gain(table[own], style[own], seed=seed)
                rates["energy inside, %, text - style alone"] = more
                room = own & np.isfinite(held.scores).all(1)
                rates |= drop_rates(held.scores[room], shares[room], seed)
            rows += [
                {"colour": colour, "detector": detector, "scored": half, "metric": metric}
                | value.as_row(4)
                for metric, value in rates.items()
            ]
    costs = {f"{colour}, {detector}": held.costs for (colour, detector), held in found.items()}
    return pd.DataFrame(rows), costs


def _rates(held: Held, table, own, no, detector: str, seed: int) -> dict[str, Rate]:
    version = VERSIONS.index(ERASED if detector == STYLE else AS_IT_IS)
    against = "the same photos, words erased" if detector == SAME else "pictures without text"
    scores = np.concatenate([held.scores[own, version], held.negatives[no]])
    ranked = roc_area(scores, np.arange(len(scores)) < own.sum(), seed=seed)
    boxes = table[own]
    return (
        {f"area under the ROC curve, %, against {against}": ranked}
        | placement_rates(boxes, seed=seed)
        | {
            "best-box IoU with a word, %": mean_interval(100 * boxes["iou"].to_numpy(), seed),
            "IoU with the box around all words, %": mean_interval(
                100 * boxes["iou_all"].to_numpy(), seed
            ),
            "box right (a word's IoU at least 0.5), %": rate(boxes["iou"] >= IOU),
        }
    )
