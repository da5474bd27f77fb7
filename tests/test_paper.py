"""The paper's numbers, as printed."""

import pytest

from cam_utils import CamError, paper


def test_tables_have_all_cells():
    shapes = {1: (9, 3), 2: (10, 3), 3: (6, 3), 4: (8, 3), 5: (3, 9)}
    for n, shape in shapes.items():
        assert paper.table(n).shape == shape
        assert not paper.table(n).isna().any().any()


def test_known_cells():
    assert paper.value(1, "GoogLeNet", "top1") == 31.9
    assert paper.value(2, "GoogLeNet-GAP", "top5") == 43.0
    assert paper.value(3, "GoogLeNet-GAP (heuristics)", "top5") == 37.1
    assert paper.value(4, "GoogLeNet-GAP on crop", "accuracy") == 67.8
    assert paper.value(5, "ave pool, GoogLeNet", "Scene15") == 88.02


def test_figure_9_settles_its_denominator():
    lists = paper.figure9()
    assert lists.groupby(["scene", "list"]).size().tolist() == [6] * 4
    assert lists["share"].between(0.5, 1).all()
    both = lists.pivot_table(index=["scene", "object"], columns="list", values="share").dropna()
    more = both[both["informative"] > both["frequent"]]
    assert {"faucet", "sink", "bathtub"} == {name for _, name in more.index}  # E16


def test_unknown_cells_and_claims_are_refused():
    with pytest.raises(CamError, match="no table 6"):
        paper.table(6)
    with pytest.raises(CamError, match="rows: VGGnet-GAP"):
        paper.value(1, "ResNet", "top1")
    with pytest.raises(CamError, match="Unknown claim"):
        paper.claim("nothing")


def test_claims_are_complete():
    claims = paper.claims()
    assert claims.index.is_unique
    assert claims.notna().all().all()
    assert paper.claim("map-sums-to-score").keys() == {"name", "statement", "source"}
