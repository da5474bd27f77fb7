"""Text detectors on street photos, each photo scored by one that never saw it (figure 11).

Three detectors, of which only the first is the paper's. The second knows no text at all: it tells
the same photos, their words taken out, from the negatives, by camera and style alone. What the
first finds of the words beyond the second is due to text. The third tells photos from themselves
without words: nothing but text (and the traces of taking it out) differs.

Each photo goes through the network six times: grey and in colour; as it is, without its words, and
with as much taken elsewhere. The features before the pooling are kept, so that every detector
trained afterwards is a product with them.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from threading import Lock

import numpy as np
import pandas as pd
import torch
from PIL import Image

from ...data import Subset
from ...data.record import Record
from ...errors import CamError, unknown
from ...features import extract, fit_svm
from ...features.layers import GAP, MAPS
from ...hashes import source_hash
from ...identity import code_of, content
from ...metrics.energy import energy_gain, placement, placement_rates
from ...metrics.intervals import Rate, mean_interval, rate
from ...metrics.ranking import roc_area
from ...networks.gap import GapNetwork
from ...stream import batches, decoders, stream
from ...views import paste_whole
from .text_detector import drop_rates, erase_words, map_on_words, word_mask

COLOURS = ("grey", "colour")
AS_IT_IS, ERASED, ELSEWHERE = VERSIONS = "as it is", "words erased", "as much erased elsewhere"
TEXT, STYLE, SAME = DETECTORS = "text", "style alone", "same photos"
CLASSES = ("without text", "with text")
HALVES = {"first": (0,), "second": (1,), "both": (0, 1)}
IOU = 0.5


class Versions:
    """Every picture of a data set in several versions, one after the other, as a data set.

    A version that a picture leaves no room for counts as unreadable.

    Args:
        kinds: what the versions are, with all that they depend on.
        make: of a record its versions as pictures (None: no room).
    """

    def __init__(
        self, dataset, kinds: Sequence[str], make: Callable[[Record], list[Image.Image | None]]
    ):
        self.dataset, self.kinds, self._make = dataset, kinds, make
        self.name, self.split = f"{dataset.name} in {len(kinds)} versions", dataset.split
        self.classes = list(dataset.classes)
        self.ids = [f"{id}: {kind}" for id in dataset.ids for kind in kinds]
        # of four pictures at a time the versions stay; a thread that comes second waits for them
        self._kept, self._locks = lru_cache(4)(self._versions), [Lock() for _ in range(4)]

    def __len__(self) -> int:
        return len(self.ids)

    def path(self, i: int) -> Path:
        """The file of the picture behind version i."""
        return self.dataset.path(i // len(self.kinds))

    def label(self, i: int) -> int:
        """Its class index."""
        return self.dataset.label(i // len(self.kinds))

    def content(self) -> str:
        """Hash of what the pictures depend on: the data set's, and the code that changes them."""
        return source_hash(content(self.dataset) + code_of(__name__))

    def __getitem__(self, i: int) -> Record:
        k, version = divmod(i, len(self.kinds))
        with self._locks[k % len(self._locks)]:
            record, made = self._kept(k)
        if made[version] is None:
            raise CamError(f"{self.ids[i]}: there is no room for it.")
        return replace(record, id=self.ids[i], image=made[version])

    def _versions(self, k: int) -> tuple[Record, list[Image.Image | None]]:
        record = self.dataset[k]
        return record, self._make(record)


def in_colours(pictures: Sequence[Image.Image | None], colours=COLOURS) -> list:
    """Pictures without their colours (still RGB), and with them, in the order of COLOURS."""
    grey = [p and p.convert("L").convert("RGB") for p in pictures] if "grey" in colours else []
    return grey + (list(pictures) if "colour" in colours else [])


def version_features(
    network: GapNetwork, images: Versions, layer: str, **options
) -> tuple[np.ndarray, np.ndarray]:
    """Features of every version of a picture, view "whole"; `options` go to `extract`.

    Returns:
        (N,) places of the readable pictures; (N, V, K) features, (N, V, K, h, w) of layer "maps",
        NaN for a version that there is not.
    """
    found, count = extract(network, images, layer, "whole", **options), len(images.kinds)
    places, rows = np.unique(found.places // count, return_inverse=True)
    values = np.full((len(places), count, *found.values.shape[1:]), np.nan, np.float32)
    values[rows, found.places % count] = found.values
    return places, values


def gather(
    network: GapNetwork, photos, seed: int = 0, colours=COLOURS, **options
) -> tuple[np.ndarray, np.ndarray]:
    """The features of every photo as it is, without its words, and with as much taken elsewhere.

    Args:
        network: with average pooling. photos: data set whose boxes (or masks) are words; those
            without words are left out.
        seed: of the places elsewhere. colours: some of COLOURS. options: of `extract`.

    Returns:
        (N,) positions in the data set; (N, colours, 3, K, h, w) float32 features of VERSIONS,
        NaN for the last version of a photo whose words leave no room elsewhere.

    Raises:
        CamError: no photo with words, or maximum pooling.
    """
    if network.pool != "avg":
        raise CamError(f"{network.name} pools maxima; expected average pooling, as GoogLeNet has.")
    places = np.array([i for i in range(len(photos)) if len(photos.boxes(i))], np.int64)
    if not len(places):
        raise CamError(f"None of the {len(photos)} photos of {photos.name} has words to erase.")

    def make(record: Record) -> list[Image.Image | None]:
        rng = np.random.default_rng([seed, *record.id.encode()])
        return in_colours([record.image, *erase_words(record, rng)], colours)

    kinds = [f"{colour}, {version}, seed {seed}" for colour in colours for version in VERSIONS]
    six = Versions(Subset(photos, places), kinds, make)
    good, maps = version_features(network, six, MAPS, batch=len(kinds), **options)
    return places[good], maps.reshape(len(good), len(colours), -1, *maps.shape[2:])


def without_text(network: GapNetwork, images, **options) -> tuple[np.ndarray, np.ndarray]:
    """Places (M,) and pooled features (M, 2, K) in COLOURS of pictures without text."""
    both = Versions(images, COLOURS, lambda record: in_colours([record.image]))
    return version_features(network, both, GAP, **options)


@dataclass(frozen=True)
class Held:
    """What detectors say of photos that they were not trained on.

    Attributes:
        half: (N,) 0 or 1, the half of each photo; it was scored by the detector of the other.
        scores: (N, 3) decision values of VERSIONS. maps: (N, 3, h, w).
        against: half and score of each held-out negative.
        costs: of the two SVMs.
    """

    half: np.ndarray
    scores: np.ndarray
    maps: np.ndarray
    against: pd.DataFrame
    costs: list[float]


def held_out(features: np.ndarray, negatives: np.ndarray, detector: str, seed: int = 0) -> Held:
    """Train on each half and score the other.

    Args:
        features: (N, 3, K, h, w) of VERSIONS in one of COLOURS.
        negatives: (M, K) pooled features of pictures without text, in the same colours; for
            "same photos" they are not used.
    """
    if detector not in DETECTORS:
        raise unknown("detector", detector, DETECTORS)
    whole, without = (features[:, VERSIONS.index(v)].mean((2, 3)) for v in (AS_IT_IS, ERASED))
    yes = without if detector == STYLE else whole
    no = without if detector == SAME else np.asarray(negatives)
    half = halved(len(yes), seed)
    no_half = half if detector == SAME else halved(len(no), seed + 1)
    return by_the_other_half(features, half, (yes, half), (no, no_half), seed)


Side = tuple[np.ndarray, np.ndarray]  # pooled features (M, K) and the half of each (M,)


def by_the_other_half(
    features: np.ndarray, half: np.ndarray, yes: Side, no: Side, seed: int = 0
) -> Held:
    """Scores and maps of pictures by a detector that was trained on the other half.

    Args:
        features: (N, V, K, h, w) of what is scored, V versions of each. half: (N,).
        yes, no: what the detectors are trained on, with and without text; "no" is scored, too.
    """
    maps = np.empty((*features.shape[:2], *features.shape[3:]))
    scores, against, costs = np.empty(maps.shape[:2]), np.empty(len(no[0])), []
    for own in (0, 1):
        sides = [values[of != own] for values, of in (no, yes)]
        labels = np.repeat([0, 1], [len(values) for values in sides])
        svm = fit_svm(np.concatenate(sides).astype(np.float32), labels, CLASSES, seed)
        weights, bias = svm.weights[1].astype(np.float64), float(svm.bias[1])
        maps[half == own] = np.einsum("k,nvkyx->nvyx", weights, features[half == own])
        scores[half == own] = maps[half == own].mean((2, 3)) + bias
        against[no[1] == own] = no[0][no[1] == own] @ weights + bias
        costs.append(svm.cost)
    return Held(half, scores, maps, pd.DataFrame({"half": no[1], "score": against}), costs)


def halved(count: int, seed: int) -> np.ndarray:
    """(count,) 0 or 1, drawn by seed, as many of each as there can be."""
    return np.random.default_rng(seed).permutation(np.arange(count) % 2)


def on_word_boxes(
    photos, places, held: dict[tuple[str, str], Held], progress: bool = True
) -> dict[tuple[str, str], pd.DataFrame]:
    """What the detectors say of each photo, and where their maps lie.

    Args:
        places: (N,) of the photos in `held`, {(colour, detector): Held}.

    Returns:
        For each detector N rows: half; "score, <version>" of VERSIONS; what `map_on_words` says of
        the photo as it is; of the detector "text" also "energy, <version>" of the others.
    """
    rows = {key: [] for key in held}
    jobs = batches(np.asarray(places).tolist(), 8)
    how = {"workers": decoders(photos), "desc": "word boxes", "progress": progress}
    chunks = stream(photos, photos.__getitem__, jobs, **how)
    records = (record for chunk in chunks for record in chunk.items)
    for n, record in zip(range(len(places)), records, strict=True):
        mask = word_mask(record)
        for (colour, detector), found in held.items():
            count = min(len(VERSIONS) if detector == TEXT else 1, found.maps.shape[1])
            maps = torch.from_numpy(found.maps[n, :count]).float().nan_to_num()
            first, *others = paste_whole(maps, mask.shape).numpy()
            row = {"half": found.half[n]}
            row |= {f"score, {v}": s for v, s in zip(VERSIONS, found.scores[n], strict=False)}
            row |= map_on_words(first, record, mask)
            for version, map in zip(VERSIONS[1:], others, strict=False):
                row[f"energy, {version}"] = placement(map, mask)["energy"]
            rows[colour, detector].append(row)
    return {key: pd.DataFrame(some) for key, some in rows.items()}


def detector_rates(
    detector: str, photos: pd.DataFrame, against: np.ndarray, style: pd.DataFrame
) -> dict[str, Rate]:
    """The numbers of one detector; of "text" also what its maps have beyond those of style alone,
    and how far they fall without the words.

    Args:
        photos, style: rows of `on_word_boxes` of this detector and of "style alone".
        against: scores of the pictures without text.
    """
    no = "the same photos, words erased" if detector == SAME else "pictures without text"
    scores = photos[[f"score, {v}" for v in VERSIONS]].to_numpy()  # (N, 3)
    own = scores[:, VERSIONS.index(ERASED if detector == STYLE else AS_IT_IS)]
    every = np.concatenate([own, against])
    found = {
        f"area under the ROC curve, %, against {no}": roc_area(
            every, np.arange(len(every)) < len(own)
        ),
        **placement_rates(photos),
        "best-box IoU with a word, %": mean_interval(100 * photos["iou"]),
        "IoU with the box around all words, %": mean_interval(100 * photos["iou_all"]),
        "box right (a word's IoU at least 0.5), %": rate(photos["iou"] >= IOU),
    }
    if detector == TEXT:
        room = np.isfinite(scores).all(1)
        energy = photos[["energy", *(f"energy, {v}" for v in VERSIONS[1:])]].to_numpy()
        found["energy inside, %, text - style alone"] = energy_gain(photos, style)
        found |= drop_rates(scores[room], energy[room])
    return found
