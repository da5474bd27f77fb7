"""Which data each part of notebook 06 looks at: drawn, or real where it is there."""

from functools import cache

import numpy as np
from torch import nn

from ...book import published
from ...book.params import Params
from ...data import open_images
from ...data.partial import OfClasses
from ...errors import MissingData
from ...mini.drawn_once import DrawnOnce
from ...networks import available_networks
from ...study import first, first_network, reason

# SUN's fully annotated part and the captioned photos are not named closely enough to be opened
REAL = {"objects": "ade20k", "concepts": "coco_captions", "questions": "vqa"}
SCENES = "mini/scenes"  # has objects, captions and questions
COUNTS = {SCENES: {"train": 1200, "test": 400}, "mini/text": {"train": 400, "test": 200}}
GENERIC, FINER, WEAK = (
    "imagenet/efficientnet-lite0",
    "imagenet/efficientnet-lite0-14x14",
    "mini/googlenet-gap",
)
# the first that is here: generic features, as the paper's GoogLeNet gives them …
NETWORKS = {"mini": (GENERIC,), "paper": ("caffe/googlenet", GENERIC)}
# … and those of a network that was trained on scenes, as the paper's other one is on Places
SCENE_NETWORKS = {
    "mini": ("mini/scenes-alexnetplus-gap",),
    "paper": ("places/squeezenet1.1", "caffe/alexnetplus-cam-places205"),
}
# what the study "patterns" compares on drawings, as it calls them
COMPARED = {
    "generic, 7 x 7": GENERIC,
    "generic, 14 x 14": FINER,
    "weak": WEAK,
    "trained on scenes": SCENE_NETWORKS["mini"][0],
}
MOST, LEAST = 10, 200  # scene categories, and pictures of each, as in the paper


def opened_parts(p: Params) -> tuple[nn.Module, dict[str, list]]:
    """The network whose features are used, and {part: its training and held-out pictures}.

    Says which they are. A network named in the parameters goes before the profile's.
    """
    names = (p.network,) if p.network else NETWORKS[p.profile]
    net = first_network(names, p.data_root).to(p.device)
    parts = {part: open_part(part, p.profile, p.data_root, p.limit) for part in REAL}
    print(f"features of {net.name}, weights {net.weights_hash}; nothing of it is trained here")
    for part, (train, test) in parts.items():
        print(f"{part}: {train.name}, {len(train)} training and {len(test)} held-out pictures")
    return net, parts


def open_part(part: str, profile: str, root=None, limit: int = 0):
    """The training and the held-out pictures of one part: "objects", "concepts" or "questions".

    In profile "paper" real data where it is there; else the drawn set, and a line that says so.

    Args:
        limit: at most so many training pictures, and as many held-out ones; 0: all.
    """
    if profile == "paper":
        try:
            found = [open_images(REAL[part], split, root) for split in ("train", "val")]
            found = common_scenes(*found) if part == "objects" else found
            return [first(images, limit) for images in found]
        except MissingData as error:
            print(f"{part}: drawn pictures ({SCENES}) instead, for {reason(error, root)}")
    return [drawn(SCENES, split, limit) for split in ("train", "test")]


@cache
def drawn(name: str, split: str, limit: int = 0) -> DrawnOnce:
    """The first pictures of a drawn set, as many as notebook 06 takes, or at most `limit`."""
    count = COUNTS[name][split]
    count = min(limit or count, count)
    return DrawnOnce(open_images(name, split), count, twins=split == "test")


def shown_scenes(images) -> list[str]:
    """The scenes that figure 9 shows: the paper's two, or the first two of other data."""
    known = [s for s in published.figure9()["scene"].unique() if s in images.classes]
    return known or list(images.classes[:2])


def common_scenes(train, test, most: int = MOST, least: int = LEAST) -> list[OfClasses]:
    """Both splits without all but the `most` frequent categories with `least` training pictures.

    Raises:
        MissingData: fewer than two categories are left.
    """
    labels = np.array([train.label(i) for i in range(len(train))])
    counts = np.bincount(labels[labels >= 0], minlength=len(train.classes))
    kept = [int(k) for k in np.argsort(-counts, kind="stable")[:most] if counts[k] >= least]
    if len(kept) < 2:
        raise MissingData(
            f"{train.name} {train.split} has {len(kept)} scene categories of {least} pictures or "
            "more; expected at least two. Unpack the whole data set."
        )
    return [OfClasses(s, kept) for s in (train, test)]


def scene_network(profile: str, root=None):
    """The network that was trained on scenes; None, after a line that says so, if none is here."""
    known = [name for name in SCENE_NETWORKS[profile] if name in available_networks()]
    found = first_network(known, root)
    if found is None:
        print("No network that was trained on scenes is here; nothing stands in for it.")
    return found
