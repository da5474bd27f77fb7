"""Which networks and data sets notebook 04 looks at, by profile, and what stands in for them."""

from ...errors import MissingData
from ...features.splits import PROTOCOLS, SplitRule
from ...study import first_network, reason
from .transfer import Transfer, learn_svms

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


def learn_all(profile: str, root=None, limit: int = 0, **options) -> dict[str, Transfer]:
    """An SVM for each data set that is here, on the profile's network; a line for what is not.

    Where none of the photos is here, the drawn sets are taken, and it is said.

    Args:
        limit: pictures of each part; 0: PICTURES. options: of `transfer.learn_svm`.
    """
    network = first_network(NETWORKS[profile], root).to(options.get("device", "cpu"))
    options |= {"limit": limit or PICTURES}
    try:
        found, missing = learn_svms(network, SETS[profile], root, **options)
    except MissingData as error:
        if profile == "mini":
            raise
        print(f"Drawn pictures instead of photos. {reason(error, root)}")
        found, missing = learn_svms(network, SETS["mini"], root, **options)
    for column, why in missing.items():
        print(f"{column} is not here: {reason(why, root)}")
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
