"""The paper's numbers, as printed."""

import pytest

from cam_utils import CamError
from cam_utils.book import published


def test_tables_have_all_cells():
    shapes = {1: (9, 3), 2: (10, 3), 3: (6, 3), 4: (8, 3), 5: (3, 9)}
    for n, shape in shapes.items():
        assert published.table(n).shape == shape
        assert not published.table(n).isna().any().any()


def test_known_cells():
    assert published.value(1, "GoogLeNet", "top1") == 31.9
    assert published.value(2, "GoogLeNet-GAP", "top5") == 43.0
    assert published.value(3, "GoogLeNet-GAP (heuristics)", "top5") == 37.1
    assert published.value(4, "GoogLeNet-GAP on crop", "accuracy") == 67.8
    assert published.value(5, "ave pool, GoogLeNet", "Scene15") == 88.02


def test_figure_9_settles_its_denominator():
    lists = published.figure9()
    assert lists.groupby(["scene", "list"]).size().tolist() == [6] * 4
    assert lists["share"].between(0.5, 1).all()
    both = lists.pivot_table(index=["scene", "object"], columns="list", values="share").dropna()
    more = both[both["informative"] > both["frequent"]]
    assert {"faucet", "sink", "bathtub"} == {name for _, name in more.index}  # E16


def test_unknown_cells_and_claims_are_refused():
    with pytest.raises(CamError, match="no table 6"):
        published.table(6)
    with pytest.raises(CamError, match="rows: VGGnet-GAP"):
        published.value(1, "ResNet", "top1")
    with pytest.raises(CamError, match="Unknown claim"):
        published.claim("nothing")


def test_claims_are_complete():
    claims = published.claims()
    assert claims.index.is_unique
    assert claims.notna().all().all()
    assert set(published.claim("map-sums-to-score").keys()) == {"statement", "source"}
