"""Table 5: accuracy of a linear SVM on deep features, beside the paper's (section 4).

For every feature, data set and split: features of each view, an SVM on the training part, its cost
and the view chosen by cross-validation there, and its accuracy on the test part. Control rows have
the features of the same network with random weights.
"""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from ...data import Subset, open_images
from ...data.joined import InMemory
from ...errors import MissingData
from ...features import Features, extract, fit_attributes, fit_svm, joined, scores
from ...features.inputs import VIEWS
from ...features.splits import SplitRule, halves, split_indices

RANDOM = "random weights"

# row: layer, and the network in the profiles "mini" and "paper"; the first three are the paper's
FEATURES: dict[str, tuple[str, dict[str, str | None]]] = {
    "fc7, AlexNet": ("fc7", {"mini": "mini/alexnet", "paper": "caffe/alexnet"}),
    "ave pool, GoogLeNet": ("gap", {"mini": "mini/googlenet", "paper": "caffe/googlenet"}),
    "gap, GoogLeNet-GAP": ("gap", {"mini": "mini/googlenet-gap", "paper": "caffe/googlenet-cam"}),
    "gap, SqueezeNet": ("gap", {"mini": None, "paper": "caffe/squeezenet1.1"}),
    "fire9, SqueezeNet": ("fire9", {"mini": None, "paper": "caffe/squeezenet1.1"}),
    f"ave pool, GoogLeNet, {RANDOM}": (
        "gap",
        {"mini": "mini/googlenet", "paper": "caffe/googlenet"},
    ),
    f"gap, GoogLeNet-GAP, {RANDOM}": ("gap", {"mini": "mini/googlenet-gap", "paper": None}),
}

Split = tuple[str, dict[str, Features], dict[str, Features]]  # name, {view: features} of both parts


def measure(
    sets: dict[str, SplitRule],
    networks: dict[str, object],
    root=None,
    views=VIEWS,
    device="cpu",
    per_class: int = 0,
    cache=None,
    keep: bool = False,
    seed: int = 0,
) -> tuple[pd.DataFrame, dict[str, str]]:
    """Every fit: one row for each data set, feature, split and view.

    Args:
        sets: {column of the table: how it is divided}.
        networks: {row of FEATURES: network}.
        views: of which one is chosen. per_class: use at most so many images of each class in each
            part; 0: all. cache: as for `extract`. seed: of random splits and folds.
        keep: hold a data set's pictures in memory, for the networks after the first.

    Returns:
        Columns data, feature, layer, network, weights, split, view, validated (accuracy of the
        cross-validation, percent), cost, n_train, chosen (bool: the best validated view of its
        split, of equals the first); hits: (n,) float array, 1 where the test image was right (of
        attributes: the average precision of each); ids: what they belong to. And {data set: why it
        is missing}.
    """
    rows, missing = [], {}
    for data, rule in sets.items():
        try:
            parts = list(_parts(rule, root, per_class, keep))
        except MissingData as error:
            missing[data] = str(error).replace(str(root), "<folder>")
            continue
        for feature, network in networks.items():
            layer = FEATURES[feature][0]

            def features(images, view, layer=layer, network=network):
                return extract(network, images, layer, view, cache=cache, device=device)

            head = {"data": data, "feature": feature, "layer": layer}
            head |= {"network": network.name, "weights": network.weights_hash}
            for split in _splits(rule, parts, features, views, seed):
                rows += [head | row for row in _fits(rule, split, parts[0][0], seed)]
    table = pd.DataFrame(rows)
    if len(table):
        best = table.groupby(["data", "feature", "split"])["validated"].idxmax()
        table["chosen"] = table.index.isin(best)
    return table, missing


def _parts(rule: SplitRule, root, per_class: int, keep: bool) -> Iterator[tuple]:
    """(train, test) data sets of each given split; else (all,)."""
    names = [("all",)]
    if rule.given:
        try:
            names = list(rule.given)
            open_images(rule.data, names[0][0], root)
        except MissingData:
            if not rule.random:
                raise
            names = [("all",)]
    for pair in names:
        opened = [open_images(rule.data, split, root) for split in pair]
        parts = [_few(images, per_class) for images in opened]
        yield tuple(InMemory(part) if keep else part for part in parts)


def _few(images, per_class: int):
    if not per_class:
        return images
    labels = pd.Series([images.label(i) for i in range(len(images))])
    return Subset(images, labels.groupby(labels).head(per_class).index)


def _splits(rule: SplitRule, parts, features, views, seed: int) -> Iterator[Split]:
    """The given splits, then the random ones, with the features of all views."""
    for k, pair in enumerate(parts):
        if len(pair) == 2:
            name = "given" if len(parts) == 1 else f"given {k + 1}"
            yield name, *({view: features(images, view) for view in views} for images in pair)
    if rule.random:
        whole = {view: joined([features(images, view) for images in parts[0]]) for view in views}
        for k in range(seed, seed + rule.random):
            train, test = _divided(rule, next(iter(whole.values())), k)
            yield (
                f"random {k}",
                {view: found.take(train) for view, found in whole.items()},
                {view: found.take(test) for view, found in whole.items()},
            )


def _divided(rule: SplitRule, found: Features, seed: int):
    if rule.train is None:
        return halves(len(found), seed)
    return split_indices(found.labels, rule.train, rule.test, seed)


def _fits(rule: SplitRule, split: Split, images, seed: int) -> Iterator[dict]:
    name, train, test = split
    for view in train:
        if rule.score == "average precision":
            truth = [
                np.stack([images.present(i) for i in part.places])
                for part in (train[view], test[view])
            ]
            svm = fit_attributes(train[view], truth[0], images.classes, seed)
            hits = scores.precisions(svm.decisions(test[view]), truth[1])
            ids, column = list(images.classes), "average_precision"
        else:
            svm = fit_svm(train[view], train[view].labels, images.classes, seed)
            hits = (svm.predict(test[view]) == test[view].labels).astype(float)
            ids, column = test[view].ids, "accuracy"
        yield {
            "split": name,
            "view": view,
            "validated": float(svm.folds.groupby("cost")[column].mean()[svm.cost]),
            "cost": svm.cost,
            "n_train": len(train[view]),
            "hits": hits,
            "ids": ids,
        }
