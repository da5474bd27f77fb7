"""The WSOL benchmark's scores of a set (Choe et al., CVPR 2020): MaxBoxAcc, MaxBoxAccV2, PxAP.

They are added up image by image, so that memory does not grow with the set. The intervals come from
a bootstrap that runs along: in each of `ROUNDS` repetitions an image counts as often as a Poisson
number of mean 1 says, and the threshold is chosen anew.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from ..errors import CamError
from ..sweep import TAUS, Sweep, iou_at
from .intervals import Rate

DELTAS = (0.3, 0.5, 0.7)  # IoU from which on a box is right

ROUNDS = 500

BLOCK = 64  # images whose repetitions are added in one product


@dataclass(frozen=True)
class BoxScores:
    """Scores of a set, in percent.

    Attributes:
        v1: MaxBoxAcc: images whose largest contour has IoU >= 0.5, at the best threshold.
        v2: MaxBoxAccV2: images of which any contour has IoU >= delta, at the best threshold of each
            delta; the mean over the deltas.
        curve_v1: (3, T) for each delta and threshold: images whose largest contour is right.
        curve_v2: (3, T), images of which any contour is right.
        taus: (T,) thresholds, fractions of a map's maximum.
    """

    v1: Rate
    v2: Rate
    curve_v1: np.ndarray
    curve_v2: np.ndarray
    taus: np.ndarray

    @property
    def best_tau(self) -> float:
        """The (lowest) threshold of `v1`."""
        return float(self.taus[self.curve_v1[DELTAS.index(0.5)].argmax()])


class MaxBoxAcc:
    """Adds up which images are right at which threshold; `taus` (T,) as in `sweep.iou_at`."""

    def __init__(self, taus: np.ndarray = TAUS, seed: int = 0):
        self.taus = np.asarray(taus, np.float64)
        self.n = 0
        shape = 2, len(DELTAS), len(self.taus)  # V1 and V2
        self._hits = np.zeros(shape, np.int64)
        self._repeated = np.zeros((ROUNDS, self._hits.size), np.float32)
        self._images = np.zeros(ROUNDS)
        self._waiting = []
        self._rng = np.random.default_rng(seed)

    def accumulate(self, found: Sweep) -> None:
        """Add one image, or the n images of `sweep.sweeps`."""
        overlaps = np.stack(iou_at(found, self.taus)).reshape(2, -1, 1, len(self.taus))
        hits = overlaps >= np.array(DELTAS)[:, None]  # (2, n, 3, T)
        self.n += hits.shape[1]
        self._hits += hits.sum(1)
        for image in range(hits.shape[1]):
            self._waiting.append(hits[:, image].ravel())
            if len(self._waiting) == BLOCK:
                self._repeat()

    def compute(self) -> BoxScores:
        """The scores of the images so far.

        Raises:
            CamError: no image was added.
        """
        if self.n == 0:
            raise CamError(
                "Found no image to score, expected at least one: accumulate sweeps first."
            )
        self._repeat()
        shares = 100 * self._hits / self.n
        repeated = self._repeated.reshape(ROUNDS, *shares.shape).astype(np.float64)
        repeated *= (100 / self._images.clip(min=1))[:, None, None, None]
        repeated = repeated[self._images > 0].max(-1)  # (rounds, 2, 3)
        half = DELTAS.index(0.5)
        best = shares.max(-1)
        return BoxScores(
            _rate(best[0, half], repeated[:, 0, half], self.n),
            _rate(best[1].mean(), repeated[:, 1].mean(-1), self.n),
            shares[0],
            shares[1],
            self.taus,
        )

    def _repeat(self) -> None:
        if self._waiting:
            times = self._rng.poisson(1, (ROUNDS, len(self._waiting)))
            self._images += times.sum(1)
            self._repeated += times.astype(np.float32) @ np.array(self._waiting, np.float32)
            self._waiting.clear()


def max_box_acc(found: Iterable[Sweep], taus: np.ndarray = TAUS, seed: int = 0) -> BoxScores:
    """MaxBoxAcc and MaxBoxAccV2 of a set from the sweeps of its images (a generator will do)."""
    scores = MaxBoxAcc(taus, seed)
    for one in found:
        scores.accumulate(one)
    return scores.compute()


class PixelAP:
    """PxAP: average precision of all pixels of all images together, in the benchmark's bins."""

    # scores up to 1 in steps of 0.001; then [1, 2) and [2, 3], which end the benchmark's list
    EDGES = np.append(TAUS, (1.0, 2.0, 3.0))

    def __init__(self, seed: int = 0):
        self.n = 0
        self._counts = np.zeros((2, len(self.EDGES) - 1))  # object, background
        self._repeated = np.zeros((ROUNDS, *self._counts.shape))
        self._rng = np.random.default_rng(seed)

    def accumulate(self, scores: np.ndarray, mask: np.ndarray, ignore: np.ndarray | None = None):
        """Add one image.

        Args:
            scores: (H, W) floats in [0, 1]; `boxes.wsol.score_map` makes them from a raw map.
            mask: (H, W) bool, the object.
            ignore: (H, W) bool, pixels that do not count where they are outside of `mask`.

        Raises:
            CamError: shapes differ, or scores are not in [0, 1].
        """
        scores, mask = np.asarray(scores), np.asarray(mask).astype(bool)
        ignore = np.zeros_like(mask) if ignore is None else np.asarray(ignore).astype(bool)
        if not scores.shape == mask.shape == ignore.shape:
            raise CamError(
                f"Found scores {scores.shape}, a mask {mask.shape} and an ignored region "
                f"{ignore.shape}; expected one shape: resize the map to the mask first."
            )
        if not ((scores >= 0) & (scores <= 1)).all():
            raise CamError(
                f"Found scores from {scores.min()} to {scores.max()}, expected finite ones in "
                "[0, 1]; cam_utils.boxes.wsol.score_map scales a raw map."
            )
        background = ~mask & ~ignore
        counts = np.stack([np.histogram(scores[m], self.EDGES)[0] for m in (mask, background)])
        self.n += 1
        self._counts += counts
        self._repeated += self._rng.poisson(1, (ROUNDS, 1, 1)) * counts

    def compute(self) -> Rate:
        """PxAP in percent, with its interval.

        Raises:
            CamError: no image with an object was added.
        """
        if not self._counts[0].any():
            raise CamError("Found no object pixel in any mask, expected at least one.")
        some = self._repeated[self._repeated[:, 0].any(-1)]
        return _rate(pixel_precision(self._counts), pixel_precision(some), self.n)


def pixel_precision(counts: np.ndarray) -> np.ndarray:
    """(..., 2, bins) counts of object and background, scores rising, to (...) percent."""
    hits, false = np.moveaxis(counts[..., ::-1].cumsum(-1), -2, 0)
    seen = hits + false
    precision = np.divide(hits, seen, out=np.zeros_like(hits), where=seen > 0)
    recall = hits / hits[..., -1:]
    return 100 * (precision[..., 1:] * np.diff(recall)).sum(-1)


def _rate(value: float, repeated: np.ndarray, n: int) -> Rate:
    low, high = np.quantile(repeated, [0.025, 0.975])
    return Rate(float(value), float(low), float(high), n)
