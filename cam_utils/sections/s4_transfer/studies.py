"""What is behind Table 5: a linear SVM on every feature of every data set that is here.

For every feature, data set and split: features of each view, an SVM on the training part, its cost
and the view chosen by cross-validation there, and what it gets right of the test part. Control rows
have the features of the same network with random weights.
"""

from collections.abc import Callable, Iterator

import numpy as np
import pandas as pd
import torch

from ...book import published
from ...data import Subset, available_images
from ...errors import MissingData
from ...features import Features, extract, fit_attributes, fit_svm, joined, scores
from ...features.inputs import VIEWS
from ...features.splits import PROTOCOLS, SplitRule
from ...hashes import weights_digest
from ...networks import load_network
from ...networks.zoo.caffe import build_caffe
from ...networks.zoo.mini_weights import build_mini
from ...study import Ask, Frames, Opened, Study, Tables, open_rows, reason
from . import tables
from .tables import FEATURES, OWN_CLASSES, UNTRAINED
from .transfer import drawn_once, open_parts, split_at_random

MINI_SETS = (
    *OWN_CLASSES,  # a check, not a transfer
    "mini/scenes",
    "mini/actions",
    "mini/sketches",
    "mini/textures",
    "mini/birds",
)

PER_CLASS = 100  # drawn pictures of each class and part, at most

MINI_CLASSES = 24  # of an untrained mini network; its features do not depend on it

Split = tuple[str, dict[str, Features], dict[str, Features]]  # name, {view: features} of both parts


def rules_of(profile: str) -> dict[str, SplitRule]:
    """{column: how it is divided} of the data sets that this package can open."""
    known = available_images()
    if profile == "mini":
        given = (("train", "test"),)
        return {name: SplitRule(name, given=given) for name in MINI_SETS if name in known}
    columns = [c for c in published.table(5).columns[1:] if PROTOCOLS[c].data in known]
    return {column: PROTOCOLS[column] for column in columns}


def feature_network(name: str, root=None, seed: int = 0):
    """The network of that name; after UNTRAINED with random weights of a seed, in eval mode."""
    if not name.startswith(UNTRAINED):
        return load_network(name, root)
    name = name.removeprefix(UNTRAINED)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        if name.startswith("mini/"):
            network = build_mini(name.removeprefix("mini/"), MINI_CLASSES)
        else:
            network = build_caffe(name)
    network.weights_hash = f"random {weights_digest(network)}"
    return network.eval()


def _open(ask: Ask) -> Opened:
    """Parts: {data set: (train, test) of each given split, or (all,)}."""
    rows = {row: names for row, (_, names) in FEATURES.items() if names[ask.profile]}
    networks, missing = open_rows(rows, ask, feature_network)
    parts = {}
    for data, rule in rules_of(ask.profile).items():
        try:
            opened = open_parts(rule, ask.root)
            parts[data] = [tuple(_few(images, ask) for images in pair) for pair in opened]
        except MissingData as error:
            missing[data] = reason(error, ask.root)
    if not parts:
        why = "; ".join(missing.values())
        raise MissingData(f"None of the data sets of Table 5 is here. {why}")
    return Opened(networks, parts, missing)


def _few(images, ask: Ask):
    """The first pictures of each class, as many as the limit says."""
    most = min(ask.limit or PER_CLASS, PER_CLASS) if ask.profile == "mini" else ask.limit
    labels = pd.Series([images.label(i) for i in range(len(images))])
    return Subset(images, labels.groupby(labels).head(most).index) if most else images


def _measure(opened: Opened, ask: Ask) -> Frames:
    """ "<data>|<feature>|<split>|<view>": `tables.fits_of` says what is in them."""
    # pictures of the drawn world fill the network's input: both views are one
    views = ("whole",) if ask.profile == "mini" else VIEWS
    frames: Frames = {}
    for data, pairs in opened.parts.items():
        rule = rules_of(ask.profile)[data]
        pairs = [tuple(drawn_once(images) for images in pair) for pair in pairs]
        for feature, network in opened.networks.items():

            def features(images, view, layer=FEATURES[feature][0], network=network):
                return extract(network, images, layer, view, device=ask.device)

            for split, train, test in _splits(rule, pairs, features, views, ask.seed):
                found = {v: _fit(rule, pairs[0][0], train[v], test[v], ask.seed) for v in views}
                best = max(views, key=lambda v: found[v]["validated"][0])  # of equals the first
                frames |= {
                    f"{data}|{feature}|{split}|{view}": frame.assign(chosen=view == best)
                    for view, frame in found.items()
                }
    return frames


def _splits(rule, pairs, features: Callable, views, seed: int) -> Iterator[Split]:
    """The given splits, then the random ones, with the features of all views."""
    for k, pair in enumerate(pairs):
        if len(pair) == 2:
            name = "given" if len(pairs) == 1 else f"given {k + 1}"
            yield name, *({view: features(images, view) for view in views} for images in pair)
    if rule.random:
        whole = {view: joined([features(images, view) for images in pairs[0]]) for view in views}
        for k in range(seed, seed + rule.random):
            parts = split_at_random(rule, whole[views[0]].labels, k)
            yield f"random {k}", *({v: f.take(part) for v, f in whole.items()} for part in parts)


def _fit(rule: SplitRule, images, train: Features, test: Features, seed: int) -> pd.DataFrame:
    """id, hit: whether the image was right; of attributes their names and average precisions."""
    if rule.score == "average precision":
        truth = [np.stack([images.present(i) for i in part.places]) for part in (train, test)]
        svm = fit_attributes(train, truth[0], images.classes, seed)
        hits = scores.precisions(svm.decisions(test), truth[1])
        ids, column = images.classes, "average_precision"
    else:
        svm = fit_svm(train, train.labels, images.classes, seed)
        hits, ids, column = svm.predict(test) == test.labels, test.ids, "accuracy"
    validated = float(svm.folds.groupby("cost")[column].mean()[svm.cost])
    fitted = {"validated": validated, "cost": svm.cost, "n_train": len(train)}
    return pd.DataFrame({"id": list(ids), "hit": hits} | fitted)


def _tables(opened: Opened, frames: Frames) -> tuple[Tables, dict]:
    fits = tables.fits_of(frames, opened.networks)
    found = {
        "table5": tables.accuracy_rows(fits),
        "table5_differences": tables.difference_rows(fits),
    }
    divided_at_random = fits.loc[fits["split"].str.startswith("random"), "data"].unique()
    for data in divided_at_random:  # every split and view
        found[f"table5_{PROTOCOLS[data].data}"] = tables.fit_rows(fits[fits["data"] == data])
    note = {
        "weights": {row: n.weights_hash for row, n in opened.networks.items()},
        "images": ", ".join(fits["data"].unique()),
        "split": ", ".join(fits["split"].str.split().str[0].unique()),
        "n": int(fits["ids"].map(len).max()),
    }
    return found, note


STUDIES = (Study("table5", "Table 5", _open, _measure, _tables),)
