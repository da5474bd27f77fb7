"""Records of a data set with the maps of chosen classes, batch by batch."""

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor

from ..data.record import Record
from ..errors import CamError
from ..image_maps import maps_of_images
from ..networks.gap import GapNetwork
from ..stream import batches, stream

VIEW = "whole"  # nothing of the picture is cut off, so that every true region can be found


def records_with_maps(
    network: GapNetwork,
    images,
    indices,
    classes: Tensor,
    view: str = VIEW,
    batch: int = 32,
    desc: str = "maps",
    progress: bool | None = None,
) -> Iterator[tuple[int, Record, np.ndarray]]:
    """Yields (index, record, maps (n, H, W) float32 in the picture's frame), in the given order.

    Args:
        images: data set of `Record`s; indices: (N,) positions in it.
        classes: (n,) LongTensor for all pictures, or (N, n): for each.
        progress: show a bar; None: for more than two batches.

    Raises:
        CamError: classes for another number of pictures; a picture that cannot be read.
    """
    indices = np.asarray(indices, np.int64)
    if classes.dim() == 1:
        classes = classes.expand(len(indices), -1)
    if len(classes) != len(indices):
        raise CamError(
            f"Found classes for {len(classes)} pictures, expected for {len(indices)}: one row for "
            "each index, or one list (n,) for all."
        )
    progress = len(indices) > 2 * batch if progress is None else progress
    start, jobs = 0, batches(indices.tolist(), batch)
    for chunk in stream(images, images.__getitem__, jobs, desc=desc, progress=progress):
        if chunk.unreadable:
            lost = chunk.unreadable[0]
            raise CamError(
                f"{lost['path']} cannot be read ({lost['reason']}); leave the picture out."
            )
        wanted = classes[start : start + len(chunk.job)]
        start += len(chunk.job)
        pictures = [record.image for record in chunk.items]
        found = maps_of_images(network, pictures, view, classes=wanted)
        for index, record, maps in zip(chunk.places, chunk.items, found, strict=True):
            yield index, record, maps.maps.numpy()


def one_class(k: int) -> Tensor:
    """(1,) int64: the map of class k for every picture."""
    return torch.tensor([k])
