"""One concept from captions to maps: learnt, mined, ranked and scored where its place is known."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from ..features import svm_network
from ..metrics import Rate
from ..metrics.ranking import average_precision
from ..networks.gap import GapNetwork
from .concepts import Concept, Mining, contains, learn, shuffled
from .maps import one_class, records_with_maps
from .placement import place


@dataclass(frozen=True)
class Studied:
    """A concept on held-out pictures.

    Attributes:
        concept: learnt from the captions; fake: learnt in the same way from shuffled captions.
        shown: (N,) bool, what it is ranked by: the picture shows the concept, where that is known,
            else a caption has the phrase.
        values: (N, K) pooled features.
        placed, fake_placed: rows of `place` of the maps of both, for the pictures whose region is
            known; the same pictures.
    """

    concept: Concept
    fake: Concept
    shown: np.ndarray
    values: np.ndarray
    placed: pd.DataFrame
    fake_placed: pd.DataFrame

    def precision(self, round: int = -1) -> Rate:
        """Average precision of the ranking after a round, in percent."""
        return average_precision(self.concept.scores(self.values, round), self.shown)

    def mining_gain(self, seed: int = 0) -> Rate:
        """What the rounds of mining add to the average precision, in points (paired)."""
        last, first = (self.concept.scores(self.values, r) for r in (-1, 0))
        return average_precision(last, self.shown, first, seed)

    def fake_precision(self) -> Rate:
        """Average precision of what was learnt from shuffled captions."""
        return average_precision(self.fake.scores(self.values), self.shown)

    def ranked(self) -> np.ndarray:
        """(N,) the held-out pictures, best first."""
        return np.argsort(-self.concept.scores(self.values), kind="stable")


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
    concept = learn(values, captions, phrase, how)
    fake = learn(values, shuffled(captions, how.seed), phrase, how)
    regions = {}
    if hasattr(images, "concept_mask"):
        found = ((i, images.concept_mask(i, phrase)) for i in range(len(images)))
        regions = {i: mask for i, mask in found if mask is not None}
        shown = np.isin(np.arange(len(images)), list(regions))
    else:
        shown = np.array([contains(images.captions(i), phrase) for i in range(len(images))])
    chosen = list(regions)[:most]
    tables = [_placed(svm_network(network, c.svms[-1]), images, regions, chosen)
              for c in (concept, fake)]  # fmt: skip
    return Studied(concept, fake, shown, held, *tables)


def _placed(network: GapNetwork, images, regions: dict, chosen: list[int]) -> pd.DataFrame:
    maps = records_with_maps(network, images, chosen, one_class(0))
    return pd.DataFrame([place(map[0], regions[i]) for i, _, map in maps])
