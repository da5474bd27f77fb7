"""One half of figure 13: a network, what drives its units over a pool, what they do on a test set.

half = look("objects", network, pool, test)
tables.purity_table(half.frames), ablation_table(half.frames["ablation"])  # with intervals
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from ...book.params import Params
from ...features import Features, extract
from ...networks import load_network
from ...networks.gap import GapNetwork
from ...study import Frames
from . import pools
from .ablation import ablate
from .by_weight import half_of_score, linear_layer
from .tables import TOP, sharing_table, top_table
from .top import TopImages, top_images


@dataclass(frozen=True)
class Half:
    """A network with its units' top images over a pool, and its pooled features of a test set.

    Attributes:
        title: what the figures call it.
        frames: "pool": label of each image. "top": of `TopImages.frame`. "units": of `top_table`.
            "score": of `half_of_score`. "sharing": of `sharing_table`. "ablation": of `ablate`.
    """

    title: str
    network: GapNetwork
    pool: object
    test: object
    top: TopImages
    features: Features
    frames: Frames


def look(
    title: str, network: GapNetwork, pool, test, device="cpu", k: int = TOP, classes=None,
    cache=None,
) -> Half:  # fmt: skip
    """One pass over the pool and one over the test set, both in the view "whole".

    Args:
        k: top images of each unit.
        classes: whose units are named and removed, if there are images; None: all.
        cache: as of `features.extract`: by default both are kept, and read by an equal call.
    """
    top = top_images(network, pool, k, device, cache=cache)
    features = extract(network, test, view="whole", device=device, cache=cache)
    weights, bias = linear_layer(network)
    pooled, labels = features.values, features.labels
    of_pool = np.array([pool.label(i) for i in range(len(pool))])
    removed = labels if classes is None else np.where(np.isin(labels, classes), labels, -1)
    named = np.unique(of_pool[of_pool >= 0])
    named = named if classes is None else [c for c in classes if c in named]
    frames = {
        "pool": pd.DataFrame({"label": of_pool}),
        "top": top.frame(),
        "units": top_table(network, top.frame(), named),
        "score": half_of_score(pooled, weights, labels),
        "sharing": sharing_table(weights),
        "ablation": ablate(pooled, weights, bias, removed),
    }
    return Half(title, network, pool, test, top, features, frames)


def open_halves(p: Params) -> dict[str, Half]:
    """Figure 13's halves by title: "objects" and "scenes" of drawings, or "photos".

    Raises:
        MissingData: a network or the photos are not here.
    """
    if p.profile == "paper":
        network = load_network(p.network or "caffe/googlenet", p.data_root).to(p.device)
        pool, test, ten = pools.photo_pair(network.classes, p.data_root, p.limit)
        return {"photos": look("photos", network, pool, test, p.device, classes=ten)}
    found = {}
    for title, (name, _) in pools.MINI.items():
        network = load_network((title == "objects" and p.network) or name).to(p.device)
        found[title] = look(title, network, *pools.drawn_pair(title, p.limit), device=p.device)
    return found
