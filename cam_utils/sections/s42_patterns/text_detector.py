"""The weakly supervised text detector (figure 11), scored by word boxes that training never sees.

The paper trains on all 350 pictures of SVT against random outdoor pictures and shows maps on the
same 350 (section 4.2). There the camera and the street tell as much as the text does. Two
controls: pictures whose words were taken out, and pictures where as much was taken out elsewhere.
"""

from dataclasses import dataclass

import cv2
import numpy as np
import pandas as pd
from PIL import Image

from ... import boxes
from ...boxes.null import gaussian_map
from ...data.record import Record
from ...errors import CamError
from ...evaluate.maps import VIEW, one_class, records_with_maps
from ...features import extract, kept_svm, svm_network
from ...metrics.energy import placement, placement_rates
from ...metrics.intervals import Rate, mean_interval
from ...metrics.ranking import roc_area
from ...mini.drawn_once import DrawnOnce, Twins
from ...networks.gap import GapNetwork

RADIUS = 5  # pixels around a hole that OpenCV's inpainting looks at
MARGIN = 0.08  # of a word's height, grown around it: no rim of a letter stays
WITH_TEXT = 1  # the class of pictures with words


def word_mask(record: Record, margin: float = 0.0, by_box: bool = False) -> np.ndarray:
    """(H, W) bool: the pixels of a picture's words: its masks, or, without them, its boxes.

    Args:
        margin: each word is grown on all sides by this fraction of its box's smaller side.
        by_box: the boxes in any case.

    Raises:
        CamError: a picture without words.
    """
    if not len(record.boxes):
        raise CamError(f"The picture {record.id} has no words; only pictures with text have any.")
    canvas = np.zeros(record.image.size[::-1], np.uint8)
    for k, box in enumerate(record.boxes):
        word = np.zeros_like(canvas)
        if by_box or record.masks is None:
            x0, y0, x1, y1 = np.round(box).astype(int).clip(0)
            word[y0:y1, x0:x1] = 1
        else:
            word[record.masks[k]] = 1
        if reach := round(margin * float(min(box[2] - box[0], box[3] - box[1]))):
            word = cv2.dilate(word, np.ones((2 * reach + 1,) * 2, np.uint8))
        canvas |= word
    return canvas.astype(bool)


def map_on_words(map: np.ndarray, record: Record, mask: np.ndarray) -> dict[str, float]:
    """One map against the words of its picture: `placement` on their pixels, and the map's box.

    Args:
        map: (H, W) in the picture's frame. mask: `word_mask(record)`.

    Returns:
        What `placement` returns, and iou: the overlap of the map's box (the paper's 20 % rule) with
        the best word, and with the box around all words (iou_all); iou_centre, iou_uniform: with
        the best word, of the boxes of the null maps.
    """
    words, box = record.boxes, boxes.paper(map)
    around = np.concatenate([words[:, :2].min(0), words[:, 2:].max(0)])
    height, width = map.shape
    nulls = {"centre": boxes.paper(gaussian_map(width, height)), "uniform": [0, 0, width, height]}
    return placement(map, mask) | {
        "iou": float(boxes.iou(box, words).max()),
        "iou_all": float(boxes.iou(box, around).max()),
        **{f"iou_{k}": float(boxes.iou(np.array(b), words).max()) for k, b in nulls.items()},
    }


def erased(image: Image.Image, mask: np.ndarray) -> Image.Image:
    """The picture with a region filled from what is around it (OpenCV's Telea inpainting)."""
    rgb = np.ascontiguousarray(np.asarray(image.convert("RGB")))
    return Image.fromarray(cv2.inpaint(rgb, mask.astype(np.uint8), RADIUS, cv2.INPAINT_TELEA))


def elsewhere(mask: np.ndarray, rng: np.random.Generator, tries: int = 200) -> np.ndarray | None:
    """The same shape at another place: shifted around the edges, and mirrored half of the time,
    where it meets as little of the mask as can be found.

    Returns:
        (H, W) bool; None where every try meets the mask in more than a tenth of its area.
    """
    height, width = mask.shape
    best, least = None, 0.1 * mask.sum()
    for _ in range(tries):
        moved = mask[:, ::-1] if rng.random() < 0.5 else mask
        moved = np.roll(moved, (rng.integers(0, height), rng.integers(0, width)), (0, 1))
        met = (moved & mask).sum()
        if met < least:
            best, least = moved, met
        if least == 0:
            break
    return best


def erase_words(record: Record, rng: np.random.Generator) -> tuple[Image.Image, Image.Image | None]:
    """The picture without its words, and the picture with as much taken elsewhere.

    The second is None where the words leave no room elsewhere.
    """
    hole = word_mask(record, MARGIN)
    other = elsewhere(hole, rng)
    control = None if other is None else erased(record.image, other & ~hole)
    return erased(record.image, hole), control


def drop_rates(score: np.ndarray, energy: np.ndarray, seed: int = 0) -> dict[str, Rate]:
    """How far score and energy fall when the words go, and when as much goes elsewhere.

    Args:
        score: (N, 3) decision values: as it is, without its words, with as much taken elsewhere;
            or (N, 2) without the last.
        energy: the same shape: the share of the map's positive energy at the words' place.

    Returns:
        Falls of the score in standard deviations of `score[:, 0]` (its unit means nothing), falls
        of the energy share in points; 95 % intervals over pictures.
    """
    spread = float(score[:, 0].std()) or 1.0
    falls = {"score, in its standard deviations": (score[:, :1] - score[:, 1:]) / spread}
    falls["energy at the words' place, points"] = 100 * (energy[:, :1] - energy[:, 1:])
    found = {}
    for what, fall in falls.items():
        found[f"fall of the {what}: words erased"] = mean_interval(fall[:, 0], seed)
        if fall.shape[1] > 1:
            found[f"fall of the {what}: elsewhere"] = mean_interval(fall[:, 1], seed)
            found[f"fall of the {what}: difference"] = mean_interval(fall[:, 0] - fall[:, 1], seed)
    return found


@dataclass(frozen=True)
class TextStudied:
    """A detector on held-out pictures.

    Attributes:
        network: class 1 is "with text". scores: (N,) decision values.
        placed: `map_on_words` of the pictures with text, their numbers as index.
        rates: how well they are told from those without, where the maps lie, and how far score and
            energy fall without the words.
    """

    network: GapNetwork
    scores: np.ndarray
    placed: pd.DataFrame
    rates: dict[str, Rate]


def study_text(
    network: GapNetwork, train: DrawnOnce, test: DrawnOnce, seed: int = 0, **options
) -> TextStudied:
    """Train on pictures with and without text, score by word boxes that training never sees.

    Words are scored by their boxes, as on real photos, not by their letters' ink. `options` go to
    `features.extract`.
    """
    options, twins = {"view": VIEW} | options, Twins(test)
    learnt, held, without = (extract(network, images, **options) for images in (train, test, twins))
    svm = kept_svm(learnt, train.classes, seed, options.get("cache"))
    detector, text = svm_network(network, svm), one_class(WITH_TEXT)
    scores, erased_scores = (svm.decisions(f.values)[:, WITH_TEXT] for f in (held, without))
    rows = np.flatnonzero(held.labels == WITH_TEXT)
    placed, energy = [], []
    pairs = (records_with_maps(detector, images, rows, text) for images in (test, twins))
    for (_, record, own), (_, _, twin) in zip(*pairs, strict=True):
        mask = word_mask(record, by_box=True)
        placed.append(map_on_words(own[0], record, mask))
        energy.append(placement(twin[0], mask)["energy"])
    table = pd.DataFrame(placed, index=rows)
    falls = (
        np.stack(p, 1) for p in ((scores[rows], erased_scores[rows]), (table["energy"], energy))
    )
    rates = (
        {"area under the ROC curve, %": roc_area(scores, held.labels == WITH_TEXT)}
        | placement_rates(table, seed)
        | {"best-box IoU with a word, %": mean_interval(100 * table["iou"])}
        | drop_rates(*falls, seed)
    )
    return TextStudied(detector, scores, table, rates)
