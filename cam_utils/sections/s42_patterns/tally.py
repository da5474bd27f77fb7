"""Which objects lie in the high-activation region of a scene's map (figure 9): the counting.

"For each scene category" the paper takes "the CAM of the predicted category" and counts "the
objects that most frequently overlap with the high CAM activation regions" (section 4.2). What is
high, what overlaps and what a count is divided by, it does not say: `Rule` says it here.
"""

from dataclasses import dataclass

import cv2
import numpy as np
import torch

from ...data.record import Record
from ...errors import CamError
from ...evaluate.maps import VIEW, records_with_maps
from ...features import extract, kept_svm, svm_network
from ...features.scores import accuracy
from ...metrics.intervals import Rate
from ...networks.gap import GapNetwork
from ...views import paste_whole

THRESHOLDS = (0.2, 0.5, 0.8)
PREDICTED, WRONG, OTHER, NOISE = SOURCES = (
    "map of the predicted scene",
    "map of a wrong scene",
    "another picture's map",
    "smooth noise",
)


@dataclass(frozen=True)
class Rule:
    """What the paper leaves open.

    Attributes:
        threshold: the high-activation region is where the map exceeds this fraction of its maximum
            (one of those that were counted: `THRESHOLDS` by default). The paper's boxes take 0.2,
            which is most of a scene; half of the maximum is "high".
        overlap: the least share of an object's visible area that lies in the region; 0: any pixel.
            By "any pixel" walls and floors would lead every list, and the paper's have none.
        denominator: "present": of the pictures where the object is; "all": of all of the category.
            By "all" no object could be more informative than frequent, and the paper's faucet is
            (0.80 against 0.74).
    """

    threshold: float = 0.5
    overlap: float = 0.5
    denominator: str = "present"

    def __post_init__(self):
        shares = 0 <= self.threshold < 1 and 0 <= self.overlap <= 1
        if not shares or self.denominator not in ("present", "all"):
            raise CamError(
                f"Found {self}; expected a threshold from 0 to below 1, an overlap from 0 to 1 and "
                'the denominator "present" or "all".'
            )


@dataclass(frozen=True)
class Tally:
    """Where the objects of N pictures lie with respect to the regions of several maps.

    All objects of one name in a picture count as one, with their joint area: else a name with many
    of them would overlap more easily.

    Attributes:
        names: O object names. classes: the scenes. labels: (N,) true scene. predicted: (N,).
        thresholds: T fractions of a map's maximum.
        inside: {source: (N, O, T) float32 share of the object's area in the region}; NaN where
            the picture has no such object.
        areas: (N, O) int64 visible pixels of the object, 0 where there is none.
    """

    names: list[str]
    classes: list[str]
    labels: np.ndarray
    predicted: np.ndarray
    thresholds: tuple[float, ...]
    inside: dict[str, np.ndarray]
    areas: np.ndarray

    @property
    def present(self) -> np.ndarray:
        """(N, O) bool: the picture shows the object."""
        return ~np.isnan(next(iter(self.inside.values()))[:, :, 0])

    def hits(self, rule: Rule, source: str = PREDICTED) -> np.ndarray:
        """(N, O) bool: the object is there and overlaps the region by the rule."""
        if rule.threshold not in self.thresholds:
            raise CamError(
                f"The threshold {rule.threshold} was not counted; counted: {self.thresholds}."
            )
        share = np.nan_to_num(self.inside[source][:, :, self.thresholds.index(rule.threshold)])
        return share >= rule.overlap if rule.overlap > 0 else share > 0


@dataclass(frozen=True)
class ScenesStudied:
    """Scenes by a linear SVM on a network's features, and what their maps lie on.

    Attributes:
        network: the frozen one with the SVM's weights. cost: of the SVM.
        predicted: (N,) scenes of the held-out pictures. right: percent of them.
        counted: where their objects lie.
    """

    network: GapNetwork
    cost: float
    predicted: np.ndarray
    right: Rate
    counted: Tally


def study_scenes(network, train, test, seed: int = 0, **options) -> ScenesStudied:
    """Train on some pictures, count on others; `options` go to `features.extract`."""
    learnt, held = (extract(network, s, **{"view": VIEW} | options) for s in (train, test))
    svm = kept_svm(learnt, train.classes, seed, options.get("cache"))
    scenes, predicted = svm_network(network, svm), svm.predict(held)
    right = accuracy(predicted, held.labels)
    return ScenesStudied(
        scenes, svm.cost, predicted, right, tally(scenes, test, predicted, seed=seed)
    )


def tally(
    network: GapNetwork,
    images,
    predicted,
    thresholds: tuple[float, ...] = THRESHOLDS,
    seed: int = 0,
    progress: bool = True,
) -> Tally:
    """Count over pictures: the map of each one's predicted scene, and three maps for control.

    The controls: the map of another scene, drawn by `seed`; the map of the picture before it with
    the same prediction (what place alone explains); smooth noise with as many cells as the map
    (what size alone explains). Their regions are as large as the predicted map's own: the highest
    pixels, as many as that one has, so that a control never wins by a larger region.

    Args:
        network: with the scenes as classes (`features.svm_network`).
        images: N pictures whose records have `objects` and masks.
        predicted: (N,) the scene of each by the same network.

    Raises:
        CamError: records without objects or masks.
    """
    predicted = np.asarray(predicted, np.int64)
    rng = np.random.default_rng(seed)
    count = len(images.classes)
    wrong = (predicted + rng.integers(1, count, len(predicted))) % count
    classes = torch.from_numpy(np.stack([predicted, wrong], 1))
    how = {"desc": "objects", "progress": progress}
    maps = records_with_maps(network, images, range(len(images)), classes, **how)
    rows = {source: [] for source in SOURCES}
    labels, areas_of, last, first = [], [], {}, {}
    for n, (_, record, (own, other_scene)) in enumerate(maps):
        masks, scene = object_masks(record), int(predicted[n])
        labels.append(record.label)
        areas_of.append({name: [int(mask.sum())] for name, mask in masks.items()})
        levels = [high_region(own, t) for t in thresholds]
        areas = [int(level.sum()) for level in levels]
        rows[PREDICTED].append(_shares(levels, masks))
        for source, map in ((WRONG, other_scene), (NOISE, noise(own.shape, rng))):
            rows[source].append(_shares(highest(map, areas), masks))
        if scene in last:
            rows[OTHER].append(_shares(highest(_resized(last[scene][1], own), areas), masks))
        else:  # its turn comes when the scene's last picture is known
            first[scene] = n, own, masks, areas
            rows[OTHER].append({})
        last[scene] = n, own
    for scene, (n, own, masks, areas) in first.items():
        others = [last[scene], *last.values()]
        giver = next((map for k, map in others if k != n), own)  # own: of one picture alone
        rows[OTHER][n] = _shares(highest(_resized(giver, own), areas), masks)
    names = sorted({name for row in rows[PREDICTED] for name in row})
    inside = {s: _table(rows[s], names, len(thresholds)) for s in SOURCES}
    pixels = np.nan_to_num(_table(areas_of, names, 1)[:, :, 0]).astype(np.int64)
    scenes = list(images.classes)
    return Tally(names, scenes, np.array(labels), predicted, thresholds, inside, pixels)


def object_masks(record: Record) -> dict[str, np.ndarray]:
    """{object name: (H, W) bool, all pixels of the objects of that name}."""
    if not record.objects or record.masks is None:
        raise CamError(
            f"The picture {record.id} has no named objects with masks; expected a data set of "
            "scenes whose records have `objects` and `masks` (mini/scenes, ADE20K, LabelMe)."
        )
    found: dict[str, np.ndarray] = {}
    for name, mask in zip(record.objects, record.masks, strict=True):
        found[name] = found[name] | mask if name in found else np.asarray(mask, bool)
    return {name: mask for name, mask in found.items() if mask.any()}


def high_region(map: np.ndarray, threshold: float) -> np.ndarray:
    """(H, W) bool: above a fraction of the map's maximum; nowhere if no value is positive."""
    peak = float(map.max())
    return map > threshold * peak if peak > 0 else np.zeros(map.shape, bool)


def highest(map: np.ndarray, areas: list[int]) -> list[np.ndarray]:
    """For each area the (H, W) bool mask of so many highest pixels, ties in raster order."""
    order = np.argsort(-map, axis=None, kind="stable")
    found = np.zeros((len(areas), map.size), bool)
    for chosen, area in zip(found, areas, strict=True):
        chosen[order[:area]] = True
    return list(found.reshape(-1, *map.shape))


def noise(shape: tuple[int, int], rng: np.random.Generator, cells: int = 14) -> np.ndarray:
    """(H, W) float32: normal noise of cells x cells, brought to the picture as a map is."""
    values = rng.standard_normal((1, cells, cells)).astype(np.float32)
    return paste_whole(torch.from_numpy(values), shape)[0].numpy()


def _resized(map: np.ndarray, like: np.ndarray) -> np.ndarray:
    """Another picture's map in a picture of another shape."""
    return cv2.resize(map, like.shape[::-1], interpolation=cv2.INTER_AREA)


def _shares(regions: list[np.ndarray], masks: dict[str, np.ndarray]) -> dict[str, list[float]]:
    return {name: [float(r[mask].mean()) for r in regions] for name, mask in masks.items()}


def _table(rows: list[dict], names: list[str], thresholds: int) -> np.ndarray:
    table = np.full((len(rows), len(names), thresholds), np.nan, np.float32)
    for n, row in enumerate(rows):
        for name, shares in row.items():
            table[n, names.index(name)] = shares
    return table
