"""Text detectors on street photos, each photo scored by one that never saw it (figure 11, E17).

Three detectors, of which only the first is the paper's. The second knows no text at all: it tells
the same photos, their words taken out, from the negatives, by camera and style alone. What the
first finds of the words beyond the second is due to text. The third tells photos from themselves
without words: nothing but text (and the traces of taking it out) differs.
"""

import datetime
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from tqdm.auto import tqdm

from ...data import Subset, open_images
from ...errors import CamError
from ...features import extract, fit_svm
from ...keep import check_writable, project_root, replacing, write_json
from ...metrics.intervals import Rate, mean_interval, rate
from ...metrics.ranking import roc_area
from ...networks import load_network
from ...provenance import about
from ...views import paste_whole
from .concepts import gain, placement_rates
from .street_photos import AS_IT_IS, COLOURS, ERASED, VERSIONS, Grey, Street, gather
from .text_detector import drop_rates, score_map, word_mask

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


NETWORK = "caffe/googlenet"  # the paper's own; its features before and after the average pooling

POSITIVES, NEGATIVES = ("icdar2015", "all"), ("scene15", "all")

OUTDOOR = ("street", "insidecity", "tallbuilding")

OUT = "figures/paper/text_icdar2015.csv"


def run_street(
    root=None,
    out: str | Path | None = None,
    device="cpu",
    seed: int = 0,
    limit: int = 0,
    cache: bool | str | Path | None = None,
    progress: bool = True,
) -> str:
    """Measure and write the table and, beside it, how it was made; returns it in words.

    Args:
        root: folder with ICDAR2015/, 15-Scene/ and weights/bvlc_googlenet.caffemodel.
        out: CSV; default figures/paper/text_icdar2015.csv of the checkout.
        limit: at most so many photos of each side, the first ones, for a trial; 0: all.
        cache: where features are kept, as of `extract`.

    Raises:
        MissingData: photos or weights are missing. CamError: `out` cannot be written.
    """
    out = check_writable(out or (project_root() or Path()) / OUT)
    network = load_network(NETWORK, root)
    photos = open_images(*POSITIVES, root)
    outdoor = outdoor_scenes(root)
    if limit:
        photos = Subset(photos, range(min(limit, len(photos))))
        outdoor = Subset(outdoor, range(0, len(outdoor), max(1, len(outdoor) // limit)))
    options = {"view": "whole", "device": device, "cache": cache, "progress": progress}
    negatives = {
        colour: extract(network, Grey(outdoor) if colour == "grey" else outdoor, **options)
        for colour in COLOURS
    }
    street = gather(network, photos, cache, seed, device, progress)
    values = {colour: features.values for colour, features in negatives.items()}
    table, costs = study(street, photos, values, seed, progress)
    with replacing(out) as part:
        table.to_csv(part, index=False)
    words = [photos.readable(int(i)) for i in street.places]
    made = {
        "command": "python -m cam_utils street --root <folder>",
        "made": datetime.date.today().isoformat(),
        "n": len(street.ids),
        "images": f"{POSITIVES[0]} and {NEGATIVES[0]} ({', '.join(OUTDOOR)})",
        "negatives": len(values["grey"]),
        "negatives differ in colour": bool(
            np.abs(values["grey"] - values["colour"]).max() > 1e-3 * np.abs(values["grey"]).max()
        ),
        "words": int(sum(map(len, words))),
        "unreadable words (###), which count as text": int(sum((~w).sum() for w in words)),
        "photos without words, left out": len(photos) - len(street.ids) - len(street.unreadable),
        "unreadable photos": street.unreadable + negatives["grey"].unreadable,
        "view": "whole",
        "seed": seed,
        "costs of the SVMs of both halves": costs,
    }
    write_json(out.with_suffix(".json"), about(network, photos, device) | made)
    shown = table[(table["scored"] == "both") & (table["colour"] == "grey")]
    lines = [
        f"{r.detector}: {r.metric}: {r.measured:.2f} [{r.low:.2f}, {r.high:.2f}]"
        for r in shown.itertuples()
    ]
    return "\n".join([*lines, f"wrote {out}"])


def outdoor_scenes(root) -> Subset:
    """The pictures of Scene15 that show streets and buildings, of both of its parts."""
    scenes = open_images(*NEGATIVES, root)
    names = [scenes.classes[scenes.label(i)] for i in range(len(scenes))]
    chosen = [i for i, name in enumerate(names) if name in OUTDOOR]
    if not chosen:
        raise CamError(
            f"Scene15 has no pictures of {', '.join(OUTDOOR)}; its classes are "
            f"{', '.join(scenes.classes)}. Unpack the data set again."
        )
    return Subset(scenes, chosen)
