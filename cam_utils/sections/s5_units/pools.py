"""Which pictures show what drives a unit (the pool), and which count right answers (the test)."""

import numpy as np

from ...data import Subset, open_images
from ...data.joined import Joined
from ...errors import MissingData
from ...study import first, reason

IN_POOL = 0.875  # of the ILSVRC photos: 350 of 400

MINI = {
    "objects": ("mini/alexnetplus-gap", "mini/objects"),
    "scenes": ("mini/scenes-alexnetplus-gap", "mini/scenes"),
}


def drawn_pair(title: str, limit: int = 0) -> tuple:
    """Pool and test of a drawn half: its splits "val" and "test"."""
    return tuple(first(open_images(MINI[title][1], split), limit) for split in ("val", "test"))


def photo_pair(classes: list[str], root=None, limit: int = 0) -> tuple:
    """Pool, test and the classes that have photos enough for both.

    Pool: Imagenette's training photos and the first seven eighths of the ILSVRC validation photos.
    Test: Imagenette's validation photos and the other ILSVRC ones. No photo is in both: those of
    Imagenette's validation are ILSVRC's, and are taken out of the pool. Without Imagenette only
    ILSVRC's are left, a line says so, and all classes that have a photo are looked at.

    Args:
        classes: the network's 1,000. limit: at most so many photos of each, from all over it.

    Returns:
        pool, test, and Imagenette's ten classes as numbers; None: all.
    """
    ilsvrc = open_images("ilsvrc", "val", root)
    cut = round(IN_POOL * len(ilsvrc))
    try:
        train, val = (open_images("imagenette", split, root) for split in ("train", "val"))
    except MissingData as error:
        print(f"No class has photos enough in the pool: {reason(error, root)}")
        pool, test = Subset(ilsvrc, range(cut)), Subset(ilsvrc, range(cut, len(ilsvrc)))
        return (*(_spread(part, limit) for part in (pool, test)), None)
    ten = list(val.imagenet_indices)
    tested = {_name(id) for id in val.ids}
    new = [i for i, id in enumerate(ilsvrc.ids) if _name(id) not in tested]
    pool = Joined([train, Subset(ilsvrc, [i for i in new if i < cut])], [ten, None], classes)
    test = Joined([val, Subset(ilsvrc, [i for i in new if i >= cut])], [ten, None], classes)
    return (*(_spread(part, limit) for part in (pool, test)), ten)


def _name(id: str) -> str:
    return id.rsplit("/", 1)[-1]


def _spread(images, limit: int):
    if not 0 < limit < len(images):
        return images
    return Subset(images, np.linspace(0, len(images) - 1, limit).astype(int))
