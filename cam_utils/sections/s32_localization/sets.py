"""What notebook 03 works on: networks and data by profile, and one pass's null baselines."""

from torch import nn

from ...book.params import Params
from ...data import open_images
from ...data.truth_reader import read_truth
from ...errors import MissingData
from ...evaluate import PAPER, WSOL, Protocol, curves, evaluate
from ...metrics import baselines, maxbox
from ...networks import load_network
from ...study import first
from . import tables

# networks of fine and of coarse maps and a plain one; data, the split reported on, one to tune on
NAMES = {
    "mini": ("mini/googlenet-gap", "mini/googlenet", "mini/alexnet", "mini/objects", "test", "val"),
    "paper": ("caffe/googlenet", "caffe/googlenet", "caffe/googlenet", "ilsvrc", "val", "val"),
}


def of(p: Params) -> tuple:
    """Three networks (fine maps, coarse maps, plain), the data reported on and those to tune on.

    Raises:
        MissingData: a network or the data is not here.
    """
    *names, data, test, val = NAMES[p.profile]
    networks = (load_network(name, p.data_root).to(p.device) for name in names)
    return *networks, *(first(open_images(data, s, p.data_root), p.limit) for s in (test, val))


def null_errors(table, images, tuning, seed: int) -> tuple[dict, baselines.CentreBox]:
    """{null baseline: errors} with the classes of a table of `evaluate`; the centre box's size.

    The size is chosen on `tuning`, or on the images themselves where there are no others.
    """
    truth = read_truth(images, progress=False)
    other = tuning.split != images.split
    chosen = baselines.best_centre_box(read_truth(tuning, progress=False), truth if other else None)
    hits = baselines.null_hits(truth, chosen.fraction, seed)
    return {name: baselines.with_classifier(hit, table) for name, hit in hits.items()}, chosen


def threshold_curves(
    fine: nn.Module, coarse: nn.Module, images, tuning, device
) -> tuple[dict[str, maxbox.BoxScores], dict]:
    """Class-given success of two networks at every threshold, the fine one's on both sets.

    Returns:
        {"<network>, <split>": scores}, and {the same: (thresholds, percent right at IoU 0.5)}.
    """
    scores = {}
    for network, part in ((fine, tuning), (fine, images), (coarse, images)):
        name = f"{network.name}, {part.split}"
        if name not in scores:
            found = evaluate(network, part, WSOL, device=device)
            scores[name] = maxbox.max_box_acc(s for _, s in curves.sweeps_of(found))
    half = maxbox.DELTAS.index(0.5)
    return scores, {name: (s.taus, s.curve_v1[half]) for name, s in scores.items()}


def networks_of_figure5(p: Params) -> tuple[dict[str, tuple[nn.Module, Protocol]], list[str]]:
    """{column of figure 5: (network, protocol)} of those that are here; why others are not."""
    backprop = tables.BACKPROP_RULES["backprop, released rectangles"]
    found, missing = {}, []
    for row in tables.FIGURE5:
        method, names = tables.ROWS[row]
        try:
            if names[p.profile]:
                network = load_network(names[p.profile], p.data_root).to(p.device)
                rule = PAPER if method == tables.CAM else backprop
                found[row.replace("Backprop on", "Backprop,")] = network, rule
        except MissingData as error:
            missing.append(f"{row}: {error}")
    return found, missing
