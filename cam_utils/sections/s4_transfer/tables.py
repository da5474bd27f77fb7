"""Table 5: the features in it, and its stored rows, from the fits that the study made."""

import numpy as np
import pandas as pd

from ...book import published as paper
from ...features import scores
from ...metrics.intervals import Rate
from ...study import stored_table

RANDOM = "random weights"

UNTRAINED = "untrained "  # before a network's name: with random weights

# row: layer, and the network in the profiles "mini" and "paper"; the first three are the paper's
FEATURES: dict[str, tuple[str, dict[str, str | None]]] = {
    "fc7, AlexNet": ("fc7", {"mini": "mini/alexnet", "paper": "caffe/alexnet"}),
    "ave pool, GoogLeNet": ("gap", {"mini": "mini/googlenet", "paper": "caffe/googlenet"}),
    "gap, GoogLeNet-GAP": ("gap", {"mini": "mini/googlenet-gap", "paper": "caffe/googlenet-cam"}),
    "gap, SqueezeNet": ("gap", {"mini": None, "paper": "caffe/squeezenet1.1"}),
    "fire9, SqueezeNet": ("fire9", {"mini": None, "paper": "caffe/squeezenet1.1"}),
    f"ave pool, GoogLeNet, {RANDOM}": (
        "gap",
        {"mini": f"{UNTRAINED}mini/googlenet", "paper": f"{UNTRAINED}caffe/googlenet"},
    ),
    f"gap, GoogLeNet-GAP, {RANDOM}": (
        "gap",
        {"mini": f"{UNTRAINED}mini/googlenet-gap", "paper": None},
    ),
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

OWN_CLASSES = ("mini/objects",)  # the mini networks have learnt these: no transfer

FITTED = ("validated", "cost", "n_train", "chosen")  # numbers that are one fit's


def fits_of(frames: dict[str, pd.DataFrame], networks: dict) -> pd.DataFrame:
    """The rows picture by picture of the study as a table with a row for each fit.

    Args:
        frames: {"<data>|<feature>|<split>|<view>": id, hit, and FITTED in every row}.
        networks: {feature: network}.

    Returns:
        Columns data, feature, layer, network, weights, split, view, FITTED, hits ((n,) float), ids.
    """
    rows = []
    for key, frame in frames.items():
        data, feature, split, view = key.split("|")
        network = networks[feature]
        row = {"data": data, "feature": feature, "layer": FEATURES[feature][0]}
        row |= {"network": network.name, "weights": network.weights_hash}
        row |= {"split": split, "view": view} | {name: frame[name].iloc[0] for name in FITTED}
        rows.append(row | {"hits": frame["hit"].to_numpy(float), "ids": frame["id"].tolist()})
    return pd.DataFrame(rows)


def fit_rows(table: pd.DataFrame) -> list[dict]:
    """Rows for the stored table of one data set: every feature, split and view."""
    names = ["feature", "network", "layer", "split", "view", "chosen", "cost", "validated"]
    return [
        fit[names].to_dict()
        | {"validated": round(fit["validated"], 3)}
        | _rate([fit["hits"]], [fit["ids"]]).as_row(3)
        | {"n_train": fit["n_train"]}
        for _, fit in table.iterrows()
    ]


def accuracy_rows(table: pd.DataFrame) -> list[dict]:
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


def difference_rows(table: pd.DataFrame, pairs=PAIRS) -> list[dict]:
    """Rows data, split, first, second, measured, low, high, n: first - second, points, paired."""
    groups = table[table["chosen"]].groupby(["data", "feature"])
    chosen = {key: fits.set_index("split") for key, fits in groups}
    rows = []
    for data in table["data"].unique():
        for first, second in pairs:
            both = [chosen[data, name] for name in (first, second) if (data, name) in chosen]
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


def columns_of(profile: str) -> list[str]:
    """The data sets that the stored table of a profile has, in its order; [] without one."""
    found = stored_table("table5", profile)
    return [] if found is None else list(dict.fromkeys(found[0]["data"]))


def table5_beside_paper(columns: list[str] | None = None) -> pd.DataFrame:
    """A row for each feature; columns "paper: …", "real: …" and "mini: …" by data set.

    Cells of measured ones are "accuracy [95 % interval]"; random splits where there are some, else
    the given split. "?" marks the paper's doubtful number. "-": not measured.

    Args:
        columns: of the paper's table, which to show; None: those measured on real data.
    """
    columns = columns_of("paper") if columns is None else columns
    printed = paper.table(5).set_index("feature")
    shown = pd.DataFrame(index=pd.Index(FEATURES, name="feature"))
    for column in columns:
        marks = [" ?" if (row, column) == DOUBTFUL else "" for row in printed.index]
        shown[f"paper: {column}"] = printed[column].map("{:.2f}".format) + marks
    for word, profile, some in (("real", "paper", columns), ("mini", "mini", columns_of("mini"))):
        for column in some:
            shown[f"{word}: {column}"] = _measured(profile, column)
    return shown.dropna(how="all").fillna("-").reset_index()


def _measured(profile: str, column: str) -> pd.Series:
    """{feature: "accuracy [low, high]"} of one data set."""
    found = stored_table("table5", profile)
    rows = found[0][found[0]["data"] == column].sort_values("split").itertuples() if found else ()
    # of a feature the last counts, and "random" comes after "given"
    cells = {r.feature: f"{r.measured:.2f} [{r.low:.2f}, {r.high:.2f}]" for r in rows}
    return pd.Series(cells, dtype=object)


def mean_difference(rows: pd.DataFrame, first: str, second: str, without=()) -> Rate | None:
    """The mean over data sets of first - second, in points; None where no data set has both.

    Data sets count alike and are independent samples, so their intervals add up by squares.

    Args:
        rows: of `difference_rows`. without: data sets that are left out.
    """
    own = rows[(rows["first"] == first) & (rows["second"] == second)]
    own = own[~own["data"].isin(list(without))]
    if own.empty:
        return None
    value, count = float(own["measured"].mean()), len(own)
    half = float(np.sqrt((((own["high"] - own["low"]) / 2) ** 2).sum()) / count)
    return Rate(value, value - half, value + half, int(own["n"].sum()))


def differences_table(rows: pd.DataFrame, pairs=PAIRS) -> pd.DataFrame:
    """`mean_difference` of pairs to read, over the data sets that are a transfer.

    Args:
        rows: of `difference_rows`. Pairs that no data set has are left out.
    """
    sets = [name for name in rows["data"].unique() if name not in OWN_CLASSES]
    printed = paper.table(5).set_index("feature").astype(float).drop(columns=DOUBTFUL[1])
    lines = []
    for first, second in pairs:
        found = mean_difference(rows, first, second, OWN_CLASSES)
        if found is not None:
            both = {first, second} <= set(printed.index)
            told = f"{(printed.loc[first] - printed.loc[second]).mean():+.1f}" if both else "-"
            lines.append((first, second, told, f"{found:+.1f}"))
    head = ["feature", "less", "paper, seven data sets", f"drawn, {len(sets)} data sets"]
    return pd.DataFrame(lines, columns=head)
