"""The paper's printed numbers, typed a second time; and what network each of its rows is."""

import pytest
import torch

from cam_utils.book import published
from cam_utils.networks.cut.describe import describe
from cam_utils.networks.gap import GapNetwork
from cam_utils.networks.zoo.caffe import build_caffe
from cam_utils.networks.zoo.mini_weights import build_mini
from cam_utils.sections.s4_transfer.tables import FEATURES, UNTRAINED
from cam_utils.sections.s31_surgery import tables as table1
from cam_utils.sections.s32_localization import tables as table2

# read from the paper row by row, not from the files that the package reads
PRINTED = {
    1: """
        VGGnet-GAP | 33.4 12.2
        GoogLeNet-GAP | 35.0 13.2
        AlexNet*-GAP | 44.9 20.9
        AlexNet-GAP | 51.1 26.3
        GoogLeNet | 31.9 11.3
        VGGnet | 31.2 11.4
        AlexNet | 42.6 19.5
        NIN | 41.9 19.6
        GoogLeNet-GMP | 35.6 13.9
    """,
    2: """
        GoogLeNet-GAP | 56.40 43.00
        VGGnet-GAP | 57.20 45.14
        GoogLeNet | 60.09 49.34
        AlexNet*-GAP | 63.75 49.53
        AlexNet-GAP | 67.19 52.16
        NIN | 65.47 54.19
        Backprop on GoogLeNet | 61.31 50.55
        Backprop on VGGnet | 61.12 51.46
        Backprop on AlexNet | 65.17 52.64
        GoogLeNet-GMP | 57.78 45.26
    """,
    3: """
        GoogLeNet-GAP (heuristics) | 37.1
        GoogLeNet-GAP | 42.9
        Backprop | 46.4
        GoogLeNet | 26.7
        OverFeat | 29.9
        AlexNet | 34.2
    """,
    4: """
        GoogLeNet-GAP on full image | 63.0
        GoogLeNet-GAP on crop | 67.8
        GoogLeNet-GAP on BBox | 70.5
        Alignments | 53.6
        Alignments | 67.0
        DPD | 51.0
        DeCAF+DPD | 65.0
        PANDA R-CNN | 76.4
    """,
    5: """
        fc7, AlexNet | 42.61 56.79 84.23 84.23 87.22 67.23 54.92 94.42
        ave pool, GoogLeNet | 51.68 66.63 88.02 92.85 92.05 78.99 72.03 95.42
        gap, GoogLeNet-GAP | 51.31 66.61 88.30 92.21 91.98 78.07 70.62 95.00
    """,
}

WORDS = {3: ["supervision"], 4: ["annotation"]}  # columns that are no numbers


@pytest.mark.parametrize("number", PRINTED)
def test_every_number_of_the_tables(number):
    lines = [line.split("|") for line in PRINTED[number].strip().splitlines()]
    table = published.table(number).drop(columns=WORDS.get(number, []))
    assert table.iloc[:, 0].tolist() == [row.strip() for row, _ in lines]
    assert table.iloc[:, 1:].values.tolist() == [
        [float(x) for x in numbers.split()] for _, numbers in lines
    ]


def test_whose_numbers_tables_3_and_4_print():
    assert published.table(3)["supervision"].tolist() == ["weak"] * 3 + ["full"] * 3
    bird_boxes = ["n/a", "n/a", "BBox", "n/a", "BBox", "BBox+Parts", "BBox+Parts", "BBox+Parts"]
    assert published.table(4)["annotation"].tolist() == bird_boxes


# row: how it pools (None: not globally), side of its maps, its convolutions. Section 3.1: GAP rows
# are cut after conv5 (13x13), conv5_3 and inception 4e (14x14) and have one convolution more;
# AlexNet*-GAP has two more; the others are the networks as they were, 7x7 for GoogLeNet.
NETWORKS = {
    "VGGnet-GAP": ("avg", 14, 13 + 1),
    "GoogLeNet-GAP": ("avg", 14, 3 + 6 * 7 + 1),
    "AlexNet*-GAP": ("avg", 11, 5 + 2),
    "AlexNet-GAP": ("avg", 13, 5 + 1),
    "GoogLeNet": ("avg", 7, 3 + 6 * 9),
    "VGGnet": (None, 7, 13),
    "AlexNet": (None, 6, 5),
    "NIN": ("avg", 6, 12),
    "GoogLeNet-GMP": ("max", 14, 3 + 6 * 7 + 1),
}


def facts(name: str) -> tuple:
    """(pool, side of the maps, convolutions) of a network of any profile, from its shapes."""
    with torch.device("meta"):
        family, _, short = name.partition("/")
        network = build_mini(short, 5) if family == "mini" else build_caffe(name)
    found = describe(network).attrs
    pool = network.pool if isinstance(network, GapNetwork) else None
    return pool, int(found["resolution"].split("x")[0]), found["convolutions"]


def named(rows: dict, profile: str):
    return [(row, names[profile]) for row, names in rows.items() if names[profile]]


@pytest.mark.parametrize("profile", ["mini", "paper"])
def test_each_row_is_its_network(profile):
    rows1, rows2 = table1.NETWORKS, {row: names for row, (_, names) in table2.ROWS.items()}
    features = {row: names for row, (_, names) in FEATURES.items()}
    for row, name in [*named(rows1, profile), *named(rows2, profile), *named(features, profile)]:
        if "SqueezeNet" in row or "EfficientNet" in row:  # not the paper's
            continue
        # "Backprop on VGGnet", "ave pool, GoogLeNet, random weights"
        own = next(k for k in NETWORKS if k in row.removeprefix("Backprop on ").split(", "))
        found = facts(name.removeprefix(UNTRAINED))
        assert found == NETWORKS[own], f"{row} is measured with {name}"


def test_every_row_of_the_paper_is_there():
    assert list(table1.NETWORKS) == published.table(1)["network"].tolist()
    assert list(table2.ROWS)[:10] == published.table(2)["method"].tolist()
    assert [row for row, (method, _) in table2.ROWS.items() if method == table2.BACKPROP] == [
        row for row in table2.ROWS if row.startswith("Backprop on ")
    ]
    assert list(FEATURES)[:3] == published.table(5)["feature"].tolist()
    assert [FEATURES[row][0] for row in published.table(5)["feature"]] == ["fc7", "gap", "gap"]
