"""Which networks and data sets notebook 04 looks at, by profile, and what stands in for them."""

import numpy as np

from ...errors import MissingData
from ...features.splits import PROTOCOLS, SplitRule
from ...networks import load_network
from ...study import first_network, reason
from .transfer import Transfer, colour_hits, hits_of, learn_svms, parts_of

GENERIC, WEAK = "imagenet/efficientnet-lite0", "mini/googlenet-gap"

NETWORKS = {"mini": (GENERIC,), "paper": ("caffe/googlenet", GENERIC)}  # the first that is here

_DRAWN = ("mini/actions", "mini/scenes", "mini/sketches", "mini/textures")

SETS: dict[str, dict[str, SplitRule]] = {
    "mini": {name: SplitRule(name, given=(("train", "test"),)) for name in _DRAWN},
    "paper": {
        name: PROTOCOLS[name] for name in ("Action40", "Scene15", "Caltech256", "SUN397", "Event8")
    },
}

PICTURES = 300  # of each part of a data set, at most (ten of each class at least)


def open_first(p) -> tuple:
    """The frozen network, and of the first data set that is here both parts: (network, train,
    test). Drawn pictures where no photos are.

    Args:
        p: the notebook's `Params`.
    """
    network = first_network(NETWORKS[p.profile], p.data_root).to(p.device)
    for rule in (*SETS[p.profile].values(), *SETS["mini"].values()):
        try:
            return network, *parts_of(rule, p.data_root, p.limit or PICTURES, p.seed)
        except MissingData:
            continue


def learn_all(network, p, cache=None) -> dict[str, Transfer]:
    """An SVM for each data set that is here; a line for what is not.

    Where none of the photos is here, the drawn sets are taken, and it is said.

    Args:
        network: frozen. p: the notebook's `Params`. cache: as for `extract`.
    """
    how = {"device": p.device, "seed": p.seed, "limit": p.limit or PICTURES, "cache": cache}
    try:
        found, missing = learn_svms(network, SETS[p.profile], p.data_root, **how)
    except MissingData as error:
        if p.profile == "mini":
            raise
        print(f"Drawn pictures instead of photos. {reason(error, p.data_root)}")
        found, missing = learn_svms(network, SETS["mini"], p.data_root, **how)
    for column, why in missing.items():
        print(f"{column} is not here: {reason(why, p.data_root)}")
    return found


def actions_of(sets: dict[str, Transfer]) -> Transfer | None:
    """The data set of actions, for figure 1; None, after a line that says so, if none is here."""
    for name in ("Action40", "mini/actions"):
        if name in sets:
            return sets[name]
    print(
        "Figure 1 is not drawn: Action40, the paper's data set of actions, is not here. "
        "`python -m cam_utils doctor` says how to get it."
    )
    return None


def hits_by_feature(sets: dict[str, Transfer], device="cpu") -> dict[str, dict[str, np.ndarray]]:
    """{feature: {data set: (N,) bool, right on the test part}}: generic, weak, mean colours."""
    weak, generic = load_network(WEAK).to(device), next(iter(sets.values())).network.base.name
    return {
        f"{generic}, generic": {n: s.hits for n, s in sets.items()},
        f"{weak.name}, weak": {n: hits_of(s, weak, device=device) for n, s in sets.items()},
        "mean colours of 4 x 4 cells": {n: colour_hits(s) for n, s in sets.items()},
    }
