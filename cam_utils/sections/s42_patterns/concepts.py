"""Concepts from captions (figure 10): positives by phrase, hard negatives mined in rounds.

The paper names ConceptLearner's "hard-negative mining approach" and no numbers. Positives are "all
images that contain the short phrase in their text caption"; the first negatives are random images
whose captions have none of its words (section 4.2).
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from ...errors import CamError
from ...evaluate.maps import VIEW, one_class, records_with_maps
from ...features import GRID, LinearSvm, extract, fit_svm, svm_network
from ...metrics.energy import placement
from ...metrics.intervals import Rate
from ...metrics.ranking import average_precision
from ...mini.scenes import CONCEPTS
from ...networks.gap import GapNetwork

# words that say nothing of what is seen: a caption with "in" may be a negative of "mirror in lake"
STOP = frozenset({
    "a", "an", "and", "are", "at", "by", "from", "in", "is", "near", "of", "on", "or", "out",
    "over", "the", "to", "under", "with",
})  # fmt: skip

PHRASES = ("mirror in lake", "view out of window")  # figure 10

FOLDS = 5  # of the cross-validation


@dataclass(frozen=True)
class Mining:
    """How a concept is learnt; the paper states none of it.

    Attributes:
        rounds: rounds of mining after the first training; 0: none.
        start: random negatives of the first training, for each positive.
        add: negatives added in a round, for each positive: those with the highest scores.
        costs: of the linear SVM; of several the one chosen by cross-validation in the first
            training is kept for all rounds (the middle one where there are too few pictures).
        seed: of the random negatives.
    """

    rounds: int = 4
    start: float = 1.0
    add: float = 0.5
    costs: tuple[float, ...] = GRID
    seed: int = 0


@dataclass(frozen=True)
class Concept:
    """A linear detector of a phrase.

    Attributes:
        svms: after each of rounds + 1 trainings, with the phrase as their one class.
        positives: how many pictures had the phrase. negatives: how many were used each time.
        entered: for each round the indices of the negatives that it added.
    """

    phrase: str
    svms: list[LinearSvm]
    positives: int
    negatives: list[int]
    entered: list[np.ndarray]

    def scores(self, values: np.ndarray, round: int = -1) -> np.ndarray:
        """(N,) decision values of pooled features (N, K), after a round (default the last)."""
        return self.svms[round].decisions(values)[:, 0]


def words(text: str) -> list[str]:
    """The words of a text: lower case, letters and digits only."""
    return re.findall(r"[a-z0-9]+", text.lower())


def contains(caption: str | Sequence[str], phrase: str) -> bool:
    """Whether a caption (or one of several) has the phrase: its words, in a row."""
    wanted = f" {' '.join(words(phrase))} "
    return any(wanted in f" {' '.join(words(text))} " for text in _texts(caption))


def free_of(caption: str | Sequence[str], phrase: str) -> bool:
    """Whether no caption has any of the phrase's words, those of `STOP` aside."""
    tabu = set(words(phrase)) - STOP
    return not any(tabu & set(words(text)) for text in _texts(caption))


def split_by_phrase(captions: Sequence, phrase: str) -> tuple[np.ndarray, np.ndarray]:
    """Indices of the positives, and of the pictures that may serve as negatives.

    Args:
        captions: for each picture a sentence, or several.

    Raises:
        CamError: no caption has the phrase, or none is free of its words.
    """
    yes = np.flatnonzero([contains(c, phrase) for c in captions])
    no = np.flatnonzero([free_of(c, phrase) for c in captions])
    if not len(yes) or not len(no):
        raise CamError(
            f"Of {len(captions)} captions {len(yes)} have {phrase!r} and {len(no)} none of its "
            "words; expected some of both. Choose another phrase."
        )
    return yes, no


def learn_concept(
    values: np.ndarray, captions: Sequence, phrase: str, how: Mining | None = None
) -> Concept:
    """Train the detector of a phrase.

    First against random negatives; then, in each round, every picture that may be a negative is
    scored, those with the highest scores are added, and the detector is trained again.

    Args:
        values: (N, K) pooled features of the training pictures; captions: theirs, in order.
    """
    how = how or Mining()
    yes, pool = split_by_phrase(captions, phrase)
    rng = np.random.default_rng(how.seed)
    size = min(len(pool), max(1, round(how.start * len(yes))))
    negatives, costs = rng.choice(pool, size, replace=False), how.costs
    if min(len(yes), size) < FOLDS:
        costs = (sorted(how.costs)[len(how.costs) // 2],)
    svms, counts, entered = [], [], []
    for turn in range(how.rounds + 1):
        if turn:
            hardest = pool[np.argsort(-svms[-1].decisions(values[pool])[:, 0], kind="stable")]
            fresh = hardest[~np.isin(hardest, negatives)][: max(1, round(how.add * len(yes)))]
            negatives = np.concatenate([negatives, fresh])
            entered.append(fresh)
        rows = np.concatenate([yes, negatives])
        labels = np.repeat([1, 0], [len(yes), len(negatives)])
        both = fit_svm(values[rows], labels, ["none", phrase], how.seed, costs, FOLDS)
        costs = (both.cost,)
        svms.append(replace(both, weights=both.weights[1:], bias=both.bias[1:], classes=[phrase]))
        counts.append(len(negatives))
    return Concept(phrase, svms, len(yes), counts, entered)


def shuffled(captions: Sequence, seed: int = 0) -> list:
    """The captions, each given to another picture: what is learnt of them must be nothing."""
    order = np.random.default_rng(seed).permutation(len(captions))
    return [captions[i] for i in order]


def _texts(caption: str | Sequence[str]) -> Sequence[str]:
    return [caption] if isinstance(caption, str) else caption


@dataclass(frozen=True)
class Studied:
    """A concept on held-out pictures.

    Attributes:
        concept: learnt from the captions.
        shown: (N,) bool, what it is ranked by: the picture shows the concept, where that is known,
            else a caption has the phrase.
        order: (N,) the pictures, best first.
        rates: average precisions in percent: before and after mining, what mining adds (points,
            paired), and of what was learnt in the same way from shuffled captions.
        placed, fake_placed: rows of `placement` of the maps of both, for the pictures whose region
            is known; the same pictures.
    """

    concept: Concept
    shown: np.ndarray
    order: np.ndarray
    rates: dict[str, Rate]
    placed: pd.DataFrame
    fake_placed: pd.DataFrame


def study_concept(
    network: GapNetwork,
    train: tuple[np.ndarray, list],
    test: tuple[np.ndarray, object],
    phrase: str,
    how: Mining | None = None,
    most: int = 100,
) -> Studied:
    """Learn a phrase from training captions and score it on held-out pictures.

    Args:
        network: whose "gap" features the values are (view "whole").
        train: (N, K) values and the captions of the same pictures.
        test: (M, K) values and the data set; regions are taken from its `concept_mask(i, phrase)`,
            where it has one.
        how: of the mining; the same for the shuffled captions.
        most: pictures at most whose maps are scored, the first ones that show the concept.
    """
    how = how or Mining()
    (values, captions), (held, images) = train, test
    concept = learn_concept(values, captions, phrase, how)
    fake = learn_concept(values, shuffled(captions, how.seed), phrase, how)
    regions = {}
    if hasattr(images, "concept_mask"):
        found = ((i, images.concept_mask(i, phrase)) for i in range(len(images)))
        regions = {i: mask for i, mask in found if mask is not None}
        shown = np.isin(np.arange(len(images)), list(regions))
    else:
        shown = np.array([contains(images.captions(i), phrase) for i in range(len(images))])
    chosen = list(regions)[:most]
    placed = []
    for found in (concept, fake):
        maps = records_with_maps(svm_network(network, found.svms[-1]), images, chosen, one_class(0))
        placed.append(pd.DataFrame([placement(map[0], regions[i]) for i, _, map in maps]))
    start, last, other = (c.scores(held, k) for c, k in ((concept, 0), (concept, -1), (fake, -1)))
    rates = {
        "AP %, random negatives": average_precision(start, shown),
        "AP %, mined": average_precision(last, shown),
        "mining, points": average_precision(last, shown, start, how.seed),
        "AP %, shuffled captions": average_precision(other, shown),
    }
    return Studied(concept, shown, np.argsort(-last, kind="stable"), rates, *placed)


def study_concepts(network: GapNetwork, train, test, phrases=None, **options) -> dict[str, Studied]:
    """`study_concept` of several phrases; `options` go to `features.extract`.

    Args:
        train, test: data sets with captions. phrases: None: those of figure 10.
    """
    learnt, held = (extract(network, s, **{"view": VIEW} | options).values for s in (train, test))
    captions = [train.captions(i) for i in range(len(train))]
    return {
        phrase: study_concept(network, (learnt, captions), (held, test), phrase)
        for phrase in phrases or phrases_of(test)
    }


def phrases_of(images) -> tuple[str, ...]:
    """The phrases of figure 10: those whose regions are known, else the paper's two."""
    return tuple(CONCEPTS) if hasattr(images, "concept_mask") else PHRASES
