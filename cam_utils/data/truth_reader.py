"""The truth boxes of a data set, as far as they are known."""

from pathlib import Path

import numpy as np

from ..boxes.truth import Truth
from ..errors import CamError
from ..identity import code_of, of_images
from ..keep import Keeper
from ..stream import batches, decoders, nothing_read, stream


def read_truth(images, progress: bool = True, cache: bool | str | Path | None = None) -> Truth:
    """The sizes and truth boxes of a data set of `open_images`.

    Where the pixels are used as stored (all data sets of photos with boxes) at most the header of
    a photo is read; else the picture is opened or drawn. Images that cannot be read or have no box
    of their label are named in `.left_out`.

    Args:
        cache: as of `features.extract`: where the truth of drawn pictures is kept.

    Raises:
        CamError: no image of the data set has a box.
    """
    keeper = Keeper(None, {})
    if getattr(images, "drawn", False):
        identity = of_images(images) | {"code": code_of(__name__)}
        keeper = Keeper.of("truth", identity, cache)
    if kept := keeper.get():
        arrays, left_out = kept
        return Truth([id for id in images.ids if id not in left_out], **arrays, left_out=left_out)
    ids, sizes, boxes, left_out, unreadable = [], [], [], {}, []
    jobs = batches(len(images), 64)
    how = {"workers": decoders(images), "desc": "truth boxes", "progress": progress}
    for chunk in stream(images, lambda i: _size_and_boxes(images, i), jobs, **how):
        unreadable += chunk.unreadable
        for i, (size, found) in zip(chunk.places, chunk.items, strict=True):
            if len(found) == 0:
                left_out[images.ids[i]] = "no truth box"
                continue
            ids.append(images.ids[i])
            sizes.append(size)
            boxes.append(found)
    if len(unreadable) == len(images):
        raise nothing_read(images, unreadable)
    left_out |= {one["id"]: one["reason"] for one in unreadable}
    if not ids:
        raise CamError(
            f"None of the {len(images):,} images of {images.name} has a truth box; localization "
            "needs a data set with boxes (ilsvrc, imagenette val, cub, mini/objects)."
        )
    image = np.repeat(np.arange(len(ids)), [len(b) for b in boxes])
    truth = Truth(ids, np.array(sizes), np.concatenate(boxes), image, left_out)
    keeper.put({"sizes": truth.sizes, "boxes": truth.boxes, "image": truth.image}, left_out)
    return truth


def _size_and_boxes(images, i: int) -> tuple[tuple[int, int], np.ndarray]:
    if getattr(images, "objects_in_scenes", False):  # their boxes do not show the label
        return (0, 0), np.zeros((0, 4), np.float32)
    if getattr(images, "upright", True):
        record = images[i]
        return record.image.size, record.boxes_of(record.label)
    return images.size(i), images.boxes(i)
