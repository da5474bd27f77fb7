"""Records of a data set with the maps of chosen classes, batch by batch."""

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor

from ..data.record import Record
from ..errors import CamError
from ..evaluate.streaming import ahead
from ..image_maps import maps_of_images
from ..networks.gap import GapNetwork

VIEW = "whole"  # nothing of the picture is cut off, so that every true region can be found


def records_with_maps(
    network: GapNetwork,
    images,
    indices,
    classes: Tensor,
    view: str = VIEW,
    batch: int = 32,
) -> Iterator[tuple[int, Record, np.ndarray]]:
    """Yields (index, record, maps (n, H, W) float32 in the picture's frame), in the given order.

    Args:
        images: data set of `Record`s; indices: (N,) positions in it.
        classes: (n,) LongTensor for all pictures, or (N, n): for each.

    Raises:
        CamError: classes for another number of pictures.
    """
    indices = np.asarray(indices, np.int64)
    if classes.dim() == 1:
        classes = classes.expand(len(indices), -1)
    if len(classes) != len(indices):
        raise CamError(
            f"Found classes for {len(classes)} pictures, expected for {len(indices)}: one row for "
            "each index, or one list (n,) for all."
        )
    jobs = [slice(a, a + batch) for a in range(0, len(indices), batch)]

    def load(part: slice) -> list[Record]:
        return [images[int(i)] for i in indices[part]]

    for part, records in ahead(load, jobs):
        pictures = [record.image for record in records]
        found = maps_of_images(network, pictures, view, classes=classes[part])
        for index, record, maps in zip(indices[part], records, found, strict=True):
            yield int(index), record, maps.maps.numpy()


def one_class(k: int) -> Tensor:
    """(1,) int64: the map of class k for every picture."""
    return torch.tensor([k])
