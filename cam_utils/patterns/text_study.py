"""The text detector on drawn streets, where the same street exists with and without its words."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from ..features import extract, fit_svm, svm_network
from ..metrics import Rate
from ..metrics.ranking import roc_area
from ..networks.gap import GapNetwork
from .maps import VIEW, one_class, records_with_maps
from .once import DrawnOnce, Twins
from .text import score_map, word_mask

WITH_TEXT = 1  # the class of pictures with words


@dataclass(frozen=True)
class TextStudied:
    """A detector on held-out pictures.

    Attributes:
        network: class 1 is "with text". scores: (N,) decision values. labels: (N,).
        rows: (M,) the pictures with text, and placed: their maps' `score_map`.
        twin_scores: (M,) without their words; twin_energy: (M,) share of the twin's map's energy
            at the place where the words were.
    """

    network: GapNetwork
    scores: np.ndarray
    labels: np.ndarray
    rows: np.ndarray
    placed: pd.DataFrame
    twin_scores: np.ndarray
    twin_energy: np.ndarray

    def area(self) -> Rate:
        """Area under the ROC curve, percent, pictures with text against those without."""
        return roc_area(self.scores, self.labels == WITH_TEXT)

    def energy(self) -> dict[int, float]:
        """{picture with text: share of its map's energy on words}."""
        return dict(zip(self.rows.tolist(), self.placed["energy"], strict=True))


def study_text(
    network: GapNetwork, train: DrawnOnce, test: DrawnOnce, seed: int = 0, **options
) -> TextStudied:
    """Train on pictures with and without text, score by word boxes that training never sees.

    Words are scored by their boxes, as on real photos, not by their letters' ink. `options` go to
    `features.extract`.
    """
    options = {"view": VIEW} | options
    learnt, held = (extract(network, images, **options) for images in (train, test))
    twins = extract(network, Twins(test), **options)
    svm = fit_svm(learnt, learnt.labels, train.classes, seed)
    detector = svm_network(network, svm)
    scores, without = (svm.decisions(f.values)[:, WITH_TEXT] for f in (held, twins))
    rows = np.flatnonzero(held.labels == WITH_TEXT)
    placed, masks = [], []
    for _, record, maps in records_with_maps(detector, test, rows, one_class(WITH_TEXT)):
        masks.append(word_mask(record, by_box=True))
        placed.append(score_map(maps[0], record, masks[-1]))
    energy = [
        score_map(maps[0], test[int(row)], mask)["energy"]
        for row, mask, (_, _, maps) in zip(
            rows,
            masks,
            records_with_maps(detector, Twins(test), rows, one_class(WITH_TEXT)),
            strict=True,
        )
    ]
    return TextStudied(
        detector, scores, held.labels, rows, pd.DataFrame(placed), without[rows], np.array(energy)
    )
