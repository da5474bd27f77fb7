"""Truth boxes for crops and scores; those of drawn pictures are kept, since they must be drawn."""

import json
from pathlib import Path

import numpy as np

from ..data.truth import Truth, read_truth
from ..errors import CamError
from ..features.cache import default_folder
from ..features.sources import content
from ..mini.base import MiniSet
from ..provenance import replacing, source_hash


def kept_truth(images, cache: bool | str | Path | None = None, progress: bool = True) -> Truth:
    """`read_truth`, read from a file where the pictures are drawn and were drawn before.

    Args:
        cache: a folder; None: `.build/features` of the checkout, as for `extract`; False: none.
    """
    folder = default_folder() if cache is None or cache is True else cache
    if not folder or not isinstance(_origin(images), MiniSet):
        return read_truth(images, progress=progress)
    labels = [images.label(i) for i in range(len(images))]
    identity = [images.name, images.split, list(images.ids), labels, content(images)]
    path = Path(folder) / f"truth-{images.split}-{source_hash(json.dumps(identity))}.npz"
    try:
        with np.load(path) as found:
            return Truth(list(images.ids), *(found[k] for k in ("sizes", "boxes", "image")))
    except (OSError, ValueError, KeyError):  # absent, or damaged: made again
        truth = read_truth(images, progress=progress)
    if not truth.left_out:
        path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(path) as part, open(part, "wb") as file:
            np.savez(file, sizes=truth.sizes, boxes=truth.boxes, image=truth.image)
    return truth


def truth_boxes(images, cache=None, progress: bool = True) -> np.ndarray:
    """(N, 4) float32: the first (largest) truth box of the label of each image.

    Raises:
        CamError: an image has none.
    """
    truth = kept_truth(images, cache, progress)
    if truth.left_out:
        id, reason = next(iter(truth.left_out.items()))
        raise CamError(
            f"{len(truth.left_out)} of {len(images)} images have no truth box to be cropped to, "
            f"the first is {id}: {reason}. Leave them out."
        )
    first = np.searchsorted(truth.image, np.arange(len(truth)))
    return truth.boxes[first].astype(np.float32)


def _origin(images):
    """The data set under wrappers that show its own records."""
    while hasattr(images, "dataset"):
        images = images.dataset
    return images
