"""What the surgery of section 3.1 takes away and adds, counted without any weights."""

import pandas as pd
import torch
from torch import nn

from ...networks.cut.describe import compare, describe
from ...networks.gap import GapNetwork
from ...networks.surgery import CUT_NETWORKS, gap_surgery
from ...networks.zoo.caffe import build_caffe

CUT = ("alexnet-gap", "vgg-gap", "googlenet-gap")

AS_PAPER = "as the paper says"

VARIANTS = {  # of the added layers
    AS_PAPER: {},
    "2 groups, as released": {"groups": 2},
    "without the convolution": {"units": None},
}


def shapes(name: str, **options) -> tuple[nn.Module, nn.Module]:
    """One of the paper's networks before and after the cut, as shapes on the meta device."""
    with torch.device("meta"):
        return build_caffe(CUT_NETWORKS[name][0]), gap_surgery(name, **options)


def parameter_table(names: tuple[str, ...] = CUT) -> pd.DataFrame:
    """What the surgery does to each network, and how much hangs on the added layers' details.

    Returns:
        One row for each network and variant: network, added layers, the columns of
        `networks.describe.compare`, and removed (convolutions that went; the added one not
        counted).
    """
    rows = []
    for name in names:
        for variant, options in VARIANTS.items():
            row = compare(*shapes(name, **options)).assign(network=name, added=variant)
            own = 0 if options.get("units", 1) is None else 1
            left = row["convolutions_after"] - own
            rows.append(row.assign(removed=row["convolutions_before"] - left))
    table = pd.concat(rows, ignore_index=True)
    first = ["network", "added"]
    return table[first + [c for c in table if c not in (*first, "cut")]]


def stages(network: nn.Module) -> pd.DataFrame:
    """`describe`, one row for each convolution, pooling, linear layer or inception module.

    The global pooling, which is no layer of its own everywhere, is put before the last layer.

    Returns:
        Columns: stage (name), kind ("conv", "pool", "linear"), side (of the maps, pixels; 1 for
        vectors), parameters.
    """
    table = describe(network)
    table["stage"] = table["name"].str.replace(r"^(trunk|head)\.", "", regex=True)
    inside = table["stage"].str.extract(r"^(inception_\d\w)")[0]
    table["stage"] = inside.fillna(table["stage"])
    words = table["kind"].str.split().str[0]
    table["kind"] = words.map({"max": "pool", "average": "pool"}).fillna(words)
    table.loc[inside.notna(), "kind"] = "conv"
    table = table[table["kind"].isin(["conv", "pool", "linear"])]
    side = table["resolution"].str.split("x").str[0].replace("", "1").astype(int)
    grouped = table.assign(side=side).groupby("stage", sort=False)
    found = grouped.agg({"kind": "first", "side": "last", "parameters": "sum"}).reset_index()
    if not isinstance(network, GapNetwork):
        return found
    name = "GMP" if network.pool == "max" else "GAP"
    pooling = pd.DataFrame([{"stage": name, "kind": "pool", "side": 1, "parameters": 0}])
    return pd.concat([found[:-1], pooling, found[-1:]], ignore_index=True)
