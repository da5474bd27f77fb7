"""Table 5: accuracy of a linear SVM on deep features, beside the paper's (section 4).

For every feature, data set and split: features of each view, an SVM on the training part, its cost
and the view chosen by cross-validation there, and its accuracy on the test part. Control rows have
the features of the same network with random weights.
"""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from .. import paper
from ..data import InMemory, Subset, open_images
from ..errors import MissingData
from ..features import Features, extract, fit_attributes, fit_svm, joined, scores
from ..features.sources import VIEWS
from ..features.splits import SplitRule, halves, split_indices
from ..metrics import Rate

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
PAIRS = (  # what the paper says of its rows, and the controls
    ("gap, GoogLeNet-GAP", "ave pool, GoogLeNet"),
    ("gap, GoogLeNet-GAP", "fc7, AlexNet"),
    ("ave pool, GoogLeNet", "fc7, AlexNet"),
    ("ave pool, GoogLeNet", "gap, SqueezeNet"),
    ("ave pool, GoogLeNet", "fire9, SqueezeNet"),
    ("ave pool, GoogLeNet", f"ave pool, GoogLeNet, {RANDOM}"),
    ("gap, GoogLeNet-GAP", f"gap, GoogLeNet-GAP, {RANDOM}"),
)
DOUBTFUL = ("fc7, AlexNet", "SUN Attribute")  # equals the cell beside it: probably a copy slip

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


def each_fit(table: pd.DataFrame) -> list[dict]:
    """Rows for the stored table of one data set: every feature, split and view."""
    rows = []
    for fit in table.itertuples():
        head = {name: getattr(fit, name) for name in ("feature", "network", "layer", "split")}
        head |= {"view": fit.view, "chosen": fit.chosen, "cost": fit.cost}
        head |= {"validated": round(fit.validated, 3)}
        rows.append(head | _rate([fit.hits], [fit.ids]).as_row(3) | {"n_train": fit.n_train})
    return rows


def accuracies(table: pd.DataFrame) -> list[dict]:
    """Rows of the stored table: each feature on each data set, given and random splits apart.

    Columns data, feature, network, weights, layer, split, score, view and cost (as chosen, of all
    splits), validated, paper, note, measured, low, high, n, n_train, splits, spread (standard
    deviation over the splits, points).
    """
    rows = []
    chosen = table[table["chosen"]]
    kind = chosen["split"].str.split().str[0]
    for (data, feature, split), fits in chosen.groupby(["data", "feature", kind], sort=False):
        found = _rate(fits["hits"], fits["ids"])
        each = [100 * h.mean() for h in fits["hits"]]
        first, column = fits.iloc[0], paper.table(5)
        known = data in column and feature in set(column["feature"])
        rows.append(
            {"data": data, "feature": feature, **first[["network", "weights", "layer"]]}
            | {"split": split, "view": _words(fits["view"]), "cost": _words(fits["cost"])}
            | {"validated": round(fits["validated"].mean(), 3)}
            | {"paper": paper.value(5, feature, data) if known else None}
            | {"note": "doubtful" if (feature, data) == DOUBTFUL else ""}
            | found.as_row(3)
            | {"n_train": int(first["n_train"]), "splits": len(fits)}
            | {"spread": round(float(np.std(each, ddof=1)), 3) if len(each) > 1 else None}
        )
    return rows


def differences(table: pd.DataFrame, pairs=PAIRS) -> list[dict]:
    """Rows data, split, first, second, measured, low, high, n: first - second, points, paired."""
    chosen = table[table["chosen"]].set_index(["data", "feature", "split"])
    rows = []
    for data in table["data"].unique():
        for first, second in pairs:
            both = [
                chosen.loc[(data, name)] for name in (first, second) if (data, name) in chosen.index
            ]
            if len(both) < 2:
                continue
            for kind in dict.fromkeys(split.split()[0] for split in both[0].index):
                names = [s for s in both[0].index if s.split()[0] == kind]
                hits, ids = zip(*(_common(*(b.loc[s] for b in both)) for s in names), strict=True)
                rows.append(
                    {"data": data, "split": kind, "first": first, "second": second}
                    | _rate(hits, ids).as_row(3)
                )
    return rows


def _common(first: pd.Series, second: pd.Series) -> tuple[np.ndarray, list[str]]:
    """Hits of the first minus those of the second on the images of both, and these."""
    a, b = (pd.Series(x["hits"], index=x["ids"]) for x in (first, second))
    ids = a.index.intersection(b.index)
    return (a[ids] - b[ids]).to_numpy(), list(ids)


def _rate(hits, ids) -> Rate:
    """Of one split Wilson's interval where hits are 0 or 1; else a bootstrap over images."""
    hits, ids = list(hits), list(ids)
    if len(hits) == 1 and set(np.unique(hits[0])) <= {0.0, 1.0}:
        return scores.accuracy(hits[0].astype(int), np.ones(len(hits[0]), int))
    places = {name: i for i, name in enumerate(dict.fromkeys(n for some in ids for n in some))}
    return scores.over_splits([[places[n] for n in some] for some in ids], hits, len(places))


def _words(values: pd.Series) -> str:
    return ", ".join(f"{v:g}" if isinstance(v, float) else str(v) for v in values.unique())
