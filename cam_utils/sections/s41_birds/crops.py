"""Boxes from the maps of a linear SVM, and the crops made of them (section 4.1)."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from sklearn.model_selection import StratifiedKFold

from ...data import Subset
from ...data.truth_reader import read_truth
from ...errors import CamError
from ...evaluate import PAPER, evaluate
from ...evaluate.localize import GIVEN, LOOSE
from ...features import Features, LinearSvm, fit_svm, svm_network
from ...image_maps import image_maps
from ...networks.gap import GapNetwork

# which class's map makes the box -> the rank of its row in the table of `evaluate`
WHICH = {"true": GIVEN, "predicted": 1}


@dataclass(frozen=True)
class CamBoxes:
    """One box from one map for each of N images.

    Attributes:
        boxes: (N, 4) float32 xyxy, half-open, pixels of the original image.
        classes: (N,) int64, the class of the map.
        empty: (N,) bool: the map has no positive value, so that the box is the whole image.
    """

    boxes: np.ndarray
    classes: np.ndarray
    empty: np.ndarray


def cam_boxes(
    network: GapNetwork,
    svm: LinearSvm,
    images,
    which: str = "predicted",
    threshold: float = 0.2,
    view: str = "whole",
    cache: bool | str | Path | None = None,
    device="cpu",
    progress: bool = True,
) -> CamBoxes:
    """Boxes of the largest component above a fraction of the maximum of each image's map.

    The maps are class activation maps with the SVM's weights in place of the softmax's, the rule is
    that of section 3.2.

    Args:
        svm: of `fit_svm` on this network's features; its classes are the data set's.
        which: "predicted": the map of the class that the SVM gives the image; no label is read.
            "true": the map of the image's label.
        threshold: fraction of the map's maximum.
        view: what the network sees of an image (`cam_utils.views`).
        cache: folder where the boxes are kept and a killed run goes on; None: `.build/kept`
            of the checkout, as for `extract`; False: nowhere.

    Raises:
        CamError: an unknown `which`; "true" for images without labels; an unreadable image.
    """
    if which not in WHICH:
        raise CamError(f"Found which={which!r}; expected {' or '.join(WHICH)}.")
    if which == "true" and any(images.label(i) < 0 for i in range(len(images))):
        raise CamError(
            f"The boxes of the true class need labels, and {images.name} {images.split} has images "
            "without; use which='predicted'."
        )
    network = svm_network(network, svm)
    protocol = replace(PAPER, name=f"{which} class's box", view=view, top=1, threshold=threshold)
    table = evaluate(network, images, protocol, None, device, progress, cache=cache)
    if broken := table.attrs["unreadable"]:
        raise CamError(
            f"{len(broken)} images cannot be read, the first is {broken[0]['path']}: "
            f"{broken[0]['reason']}. Leave them out (`extract` names them)."
        )
    rows = table[table["rank"] == WHICH[which]]
    classes = rows["class"].to_numpy(np.int64)
    boxes = rows[LOOSE[:4]].to_numpy(np.float32)
    return CamBoxes(boxes, classes, _empty(network, images, boxes, classes, view))


def _empty(network, images, boxes, classes, view) -> np.ndarray:
    """Which maps have no positive value; only a box of the whole image can come from one."""
    empty = np.zeros(len(boxes), bool)
    for i in np.flatnonzero((boxes[:, :2] == 0).all(1)):
        image = images[int(i)].image
        if tuple(boxes[i, 2:]) == image.size:
            found = image_maps(network, image, view, classes=torch.tensor([int(classes[i])]))
            empty[i] = bool(found.maps.max() <= 0)
    return empty


def out_of_fold_boxes(
    network: GapNetwork, features: Features, images, cost: float, folds: int, seed: int = 0, **how
) -> CamBoxes:
    """Boxes of training images from the class that an SVM predicts which has not seen them.

    An SVM has seen its training images, so its predictions for them are far better than those for
    test images. Here each image gets prediction and map from the SVM of the other folds, which have
    equal shares of each class.

    Args:
        features: of the images. cost: of the SVMs, as chosen on all of them.
        how: further arguments of `cam_boxes`.
    """
    boxes, classes = np.zeros((len(images), 4), np.float32), np.zeros(len(images), np.int64)
    empty = np.zeros(len(images), bool)
    splits = StratifiedKFold(folds, shuffle=True, random_state=seed)
    for kept, fold in splits.split(features.values, features.labels):
        part = features.take(kept)
        svm = fit_svm(part, part.labels, images.classes, seed=seed, grid=(cost,))
        found = cam_boxes(network, svm, Subset(images, fold), "predicted", **how)
        boxes[fold], classes[fold], empty[fold] = found.boxes, found.classes, found.empty
    return CamBoxes(boxes, classes, empty)


def largest_truth_boxes(images, cache=None, progress: bool = True) -> np.ndarray:
    """(N, 4) float32: the first (largest) truth box of the label of each image.

    Raises:
        CamError: an image has none.
    """
    truth = read_truth(images, progress, cache)
    if truth.left_out:
        id, reason = next(iter(truth.left_out.items()))
        raise CamError(
            f"{len(truth.left_out)} of {len(images)} images have no truth box to be cropped to, "
            f"the first is {id}: {reason}. Leave them out."
        )
    first = np.searchsorted(truth.image, np.arange(len(truth)))
    return truth.boxes[first].astype(np.float32)


def with_margin(boxes: np.ndarray, margin: float) -> np.ndarray:
    """(N, 4) boxes, each side moved out by a fraction of the box's width or height.

    `views.box_crop` cuts them at the image's border.
    """
    if not 0 <= margin <= 10:
        raise CamError(f"Found the margin {margin}; expected a fraction of the box from 0.")
    grown = (boxes[:, 2:] - boxes[:, :2]) * np.float32(margin)
    return np.concatenate([boxes[:, :2] - grown, boxes[:, 2:] + grown], 1).astype(np.float32)
