"""Records of a data set with the maps of chosen classes, batch by batch."""

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor

from ..data.record import Record
from ..errors import CamError
from ..hashes import digest
from ..identity import code_of, of_images, of_machine, of_network
from ..image_maps import like, maps_of_views, spec_of, to_picture
from ..keep import Keeper
from ..networks.gap import GapNetwork
from ..pictures import as_picture
from ..stream import batches, stream
from ..views import view_list

FEW = 8  # pictures; the maps of so few are not kept: figures ask for them
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

    The network's maps are kept (`keep.Keeper`): an equal call only pastes them into the pictures.

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
    spec, keeper, made = spec_of(network), _keeper(network, images, indices, classes, view), []
    kept = keeper.get() if keeper else None
    start, jobs = 0, batches(indices.tolist(), batch)
    for chunk in stream(images, images.__getitem__, jobs, desc=desc, progress=progress):
        if chunk.unreadable:
            lost = chunk.unreadable[0]
            raise CamError(
                f"{lost['path']} cannot be read ({lost['reason']}); leave the picture out."
            )
        own = slice(start, start + len(chunk.job))
        start = own.stop
        pictures = [as_picture(record.image) for record in chunk.items]
        views = [view_list(picture, spec, view) for picture in pictures]
        if kept:
            maps = torch.from_numpy(kept[0]["maps"][own])
        else:
            _, _, maps = maps_of_views(network, views, classes[own])  # (B, V, n, h, w)
            made.append(maps.numpy())
        parts = zip(chunk.places, chunk.items, maps, views, pictures, strict=True)
        for index, record, one, of_image, picture in parts:
            whole = to_picture(one, of_image, picture.size[::-1], "mean", spec)
            yield index, record, whole.numpy()
    if keeper and made:
        keeper.put({"maps": np.concatenate(made)})


def _keeper(network, images, indices: np.ndarray, classes: Tensor, view: str) -> Keeper | None:
    """Where the maps are kept; None: they are few, or the pictures' identity is not sure."""
    origin = images
    while not hasattr(origin, "content") and not hasattr(origin, "path"):
        origin = getattr(origin, "dataset", None)
        if origin is None:
            return None
    if len(indices) < FEW:
        return None
    identity = of_network(network) | of_images(images) | of_machine(like(network).device)
    identity |= {"layer": "class maps", "view": view, "code": code_of(__name__)}
    asked = digest(indices, np.ascontiguousarray(classes.numpy(force=True)))
    return Keeper.of("maps", identity | {"asked": asked})


def one_class(k: int) -> Tensor:
    """(1,) int64: the map of class k for every picture."""
    return torch.tensor([k])
