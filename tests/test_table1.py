"""Table 1: ranks measured, differences on the same images, three-valued verdicts."""

import numpy as np
import pandas as pd
import pytest
import torch

from cam_utils import CamError, MissingData, load_network, open_images
from cam_utils.data import Subset
from cam_utils.metrics.classification import true_ranks
from cam_utils.metrics.intervals import Rate, by_seed, pick
from cam_utils.networks.surgery import gap_surgery
from cam_utils.sections.s31_surgery import (
    definitions,
    figures,
    mini_results,
    tables,
    verdicts,
)
from cam_utils.study import Ask, open_rows, stored_table


def test_ranks_of_true_classes():
    logits = torch.tensor([[3.0, 2.0, 1.0], [0.0, 5.0, 1.0], [1.0, 1.0, 0.0]])
    assert true_ranks(logits, torch.tensor([2, 1, 0])).tolist() == [3, 1, 1]


def test_measured_ranks_are_the_networks_own():
    data = Subset(open_images("mini/objects", "val"), range(30))
    nets = {"GoogLeNet": load_network("mini/googlenet"), "NIN": load_network("mini/nin")}
    ranks = tables.ranks_of(nets, data)
    for row, network in nets.items():
        for i in (0, 17, 29):
            image = np.asarray(data[i].image, np.float32)
            x = torch.from_numpy(image).permute(2, 0, 1)[None]
            x = (x / 255 - 0.5) / 0.25
            logits = network(x)[0]
            rank = int((logits > logits[data[i].label]).sum()) + 1
            assert ranks[row][i] == min(rank, tables.WORSE)
    errors = tables.errors_table(ranks, {}).set_index("network")
    assert errors.loc["NIN", "n"] == 30
    assert errors.loc["NIN", "measured top-5"] == f"{100 * (ranks['NIN'] > 5).mean():.1f}"


def test_classes_must_fit():
    network = load_network("mini/nin")
    network.classes = network.classes[:5]
    with pytest.raises(CamError, match="5 classes and mini/objects has 24"):
        tables.ranks_of({"NIN": network}, open_images("mini/objects", "val"))


def test_missing_networks_are_named(tmp_path):
    nets, missing = open_rows(tables.NETWORKS, Ask("mini"))
    assert list(nets) == list(tables.NETWORKS)
    assert not missing
    with pytest.raises(MissingData, match="GoogLeNet-GMP: no weights exist"):
        open_rows(tables.NETWORKS, Ask("paper", tmp_path))


def test_real_networks_that_are_here(shared):
    nets, missing = open_rows(tables.NETWORKS, Ask("paper", shared / "real"))
    assert list(nets) == ["GoogLeNet"]
    assert len(missing) == 8
    data = Subset(open_images("ilsvrc", "val", shared / "real"), range(4))
    assert tables.ranks_of(nets, data)["GoogLeNet"].shape == (4,)
    table = tables.errors_table(tables.ranks_of(nets, data), missing).set_index("network")
    assert table.loc["NIN", "measured top-1"] == "-"
    assert table.loc["GoogLeNet", "paper top-1"] == "31.9"


def test_drops_are_counted_image_by_image():
    ranks = {"AlexNet": np.array([1, 1, 2, 9]), "AlexNet-GAP": np.array([1, 2, 2, 1])}
    found = tables.drop(ranks, "AlexNet-GAP", 1)
    assert found.value == 0
    assert found.low < 0 < found.high
    assert tables.drop(ranks, "AlexNet-GAP", 5).value == -25
    assert tables.drop(ranks, "VGGnet-GAP", 1) is None
    assert tables.repaired(ranks) is None  # nothing was lost


def test_what_the_repair_wins_back():
    ranks = {"AlexNet": np.ones(40), "AlexNet-GAP": np.full(40, 2), "AlexNet*-GAP": np.ones(40)}
    assert tables.repaired(ranks).value == 100


def test_published_differences():
    assert tables.published_drop("AlexNet-GAP", 1) == 8.5
    assert [
        tables.published_drop(r, 5) for r in ("VGGnet-GAP", "GoogLeNet-GAP", "AlexNet*-GAP")
    ] == [0.8, 1.9, 1.4]


def test_verdicts_have_three_values():
    small, large, wide = Rate(1, 0.5, 1.5, 9), Rate(4, 3, 5, 9), Rate(2, -1, 5, 9)
    assert verdicts.mostly_small([small, small, large]) is True
    assert verdicts.mostly_small([small, large, large]) is False
    assert verdicts.mostly_small([small, wide, wide]) is None
    for told, holds in (((1.9, 2.0, 0.8, 6.8), True), ((2.2, 3.1, 2.3, 8.5), False)):
        assert verdicts.mostly_small([Rate(x, x, x, 0) for x in told]) is holds
    assert verdicts.largest({"a": large, "b": small}, "a") is True
    assert verdicts.largest({"a": small, "b": large}, "a") is False
    assert verdicts.largest({"a": wide, "b": small}, "a") is None


RANKS = {
    **{row: np.array([1] * 60 + [9] * 40) for row in ("VGGnet", "GoogLeNet", "AlexNet")},
    **{row: np.array([1] * 59 + [9] * 41) for row in ("VGGnet-GAP", "GoogLeNet-GAP")},
    "AlexNet*-GAP": np.array([1] * 50 + [9] * 50),
    "AlexNet-GAP": np.array([1] * 10 + [9] * 90),
}  # fmt: skip


def test_the_drops_are_judged_on_the_data_and_by_the_papers_numbers():
    told, found, *_ = verdicts.small_drops(RANKS, "mini/objects test")
    assert (told.name, told.holds) == ("small-drop-top1-arithmetic", False)
    assert told.measured["AlexNet-GAP"] == 8.5
    assert (found.name, found.holds) == ("small-drop-top1", False)  # two of four lost ten or more
    assert found.measured["VGGnet-GAP"].startswith("1.0 [0.0, ")
    unclear = RANKS | {"AlexNet*-GAP": RANKS["VGGnet-GAP"]}  # 1 of 100: up to 3 points
    assert verdicts.small_drops(unclear, "x")[1].holds is None
    level = RANKS | dict.fromkeys(("VGGnet-GAP", "GoogLeNet-GAP"), RANKS["VGGnet"])
    level["AlexNet*-GAP"] = level["AlexNet"]
    assert [v.holds for v in verdicts.small_drops(level, "x")] == [False, True, True, True]


def test_alexnets_drop_and_its_repair_are_judged():
    most, repair = verdicts.most_affected(RANKS, "ilsvrc val")
    assert (most.name, most.holds) == ("alexnet-most-affected-real", True)
    assert (repair.holds, repair.measured[:4]) == (True, "40.0")
    assert repair.paper == pytest.approx(6.2)
    unharmed = RANKS | {"AlexNet-GAP": RANKS["AlexNet"], "VGGnet-GAP": RANKS["AlexNet*-GAP"]}
    assert [v.holds for v in verdicts.most_affected(unharmed, "x")] == [False, None]
    lasting = RANKS | {"AlexNet*-GAP": RANKS["AlexNet-GAP"]}
    assert verdicts.most_affected(lasting, "x")[1].holds is False


def test_counts_of_the_definitions_are_arithmetic():
    budget = definitions.parameter_table()
    found = verdicts.surgery(budget)
    assert [v.holds for v in found] == [False, True, False]
    assert {v.kind for v in found} == {"arithmetic"}
    assert found[0].measured == [85.2, 86.9, 89.0]
    more = budget.assign(saved=budget["saved"] + 5, removed=1)
    assert [v.holds for v in verdicts.surgery(more)] == [True, True, True]


def test_scratch_and_pooling_are_similar_within_a_margin():
    verdict, change = verdicts.from_scratch()
    assert verdict.holds is True
    assert verdict.measured == str(change)
    alike = [verdicts.pooling(Rate(x, x - 0.5, x + 0.5, 9)).holds for x in (0.2, 0.9, -2.0)]
    assert alike == [True, None, False]


def test_real_photos_are_judged_from_the_stored_table():
    rows, made = stored_table("heads_imagenette")
    pooled, drop = verdicts.new_layers((rows, made))
    assert (pooled.on, pooled.holds) == ("imagenette val", None)
    assert (drop.name, drop.holds) == ("small-drop-top1-new-layers-real", None)
    harmless = rows.assign(measured=0.5, low=0.2, high=0.9)
    assert [v.holds for v in verdicts.new_layers((harmless, made))] == [True, True]


def test_poolings_have_an_interval_over_the_seeds():
    made = {("googlenet-gap", s): np.array([1, 1, 1, 1]) for s in range(3)}
    made |= {("googlenet-gmp", s): np.array([2, 1, 1, 1 + s]) for s in range(3)}
    made["googlenet", 0] = np.array([1, 2, 1, 1])
    rows = tables.drawn_heads([0, 1, 2], lambda name, seed: made[name, seed])
    difference = by_seed(pick(rows, network="googlenet-gmp - googlenet-gap"))
    assert difference.n == 3
    assert difference.value == pytest.approx(100 * (1 + 2 / 3) / 4, abs=1e-3)
    # 25, 50 and 50 points: Student's quantile 4.3027 of two degrees of freedom, times 25 / 3
    assert difference.high - difference.value == pytest.approx(4.3027 * 25 / 3, abs=0.01)
    assert by_seed(pick(rows, network="googlenet-gap - googlenet")).value == -25


def test_the_drawn_seeds_are_the_stored_ones():
    rows = tables.drawn_heads()
    told = mini_results.results().query("network == 'googlenet-gmp' and split == 'test'")
    told = told[told["metric"] == "top1"].set_index("seed")["measured"]
    found = pick(rows, network="googlenet-gmp").set_index("seed")["measured"].drop("mean")
    assert found.to_dict() == pytest.approx(told.to_dict(), abs=1e-3)


def test_costs_are_counted_for_the_released_recipe():
    costs = tables.cost_table().set_index("network")
    assert costs.loc["googlenet-gap", "PFLOP in all"] == pytest.approx(179.7, abs=0.1)
    # VGG-16's trunk has 15.3 G multiplications and additions, and the added convolution 0.9 G
    assert costs.loc["vgg-gap", "GFLOP forward"] == pytest.approx(2 * 16.27, abs=0.05)
    assert np.allclose(costs["hours"] * 36, costs["PFLOP in all"])  # at 10 TFLOP/s


@pytest.fixture(scope="module")
def drawn():
    return Subset(open_images("mini/objects", "test"), range(3))


def test_dots_stand_where_the_numbers_are(drawn):
    """The paper's and the measured numbers, row by row, with what is missing left out."""
    fig = figures.draw_errors(RANKS, {}, drawn)
    top1 = fig.axes[0]
    labels = [text.get_text() for text in top1.get_yticklabels()]
    measured, told = (dict(zip(labels, line.get_xdata(), strict=True)) for line in top1.lines)
    assert measured["AlexNet-GAP"] == 90
    assert np.isnan(measured["NIN"])
    assert told["AlexNet-GAP"] == 51.1
    drops = figures.draw_drops(RANKS, {}, drawn).axes
    assert len(drops) == 3
    measured, told, _ = (line.get_xdata() for line in drops[0].lines)
    place = list(tables.CUT_FROM).index("AlexNet-GAP")
    assert (measured[place], told[place]) == (50, 8.5)


def test_seeds_are_drawn_with_both_means():
    rows = pick(tables.drawn_heads(), network="googlenet-gmp - googlenet-gap")
    fig = figures.draw_seeds({"one": (rows, 0.6), "two": (rows, 3.1)})
    labels = [text.get_text() for text in fig.axes[0].get_yticklabels()]
    assert labels == ["seed 0", "seed 1", "seed 2", "over pictures", "over seeds"]
    assert fig.axes[1].lines[-1].get_xdata()[0] == 3.1


def test_places_are_lost_after_pool5_and_maps_keep_them(drawn):
    fig = figures.draw_lost(load_network("mini/alexnet"), drawn[0], drawn)
    assert [ax.get_title() for ax in fig.axes] == [
        "the picture", "after conv5: 13x13 places", "after pool5: 6x6 places",
        "after fc6: 256 numbers",
    ]  # fmt: skip
    networks = {"coarse": load_network("mini/googlenet"), "fine": load_network("mini/vgg-gap")}
    fig = figures.draw_class_maps(networks, drawn, [0, 2], "some_maps", "any")
    sides = [ax.images[-1].get_array().shape[:2] for ax in fig.axes[:3]]
    assert sides == [(112, 112), (7, 7), (14, 14)]
    assert len(fig.axes) == 6


def test_the_live_curve_joins_the_stored_ones():
    live = pd.DataFrame({"images": [100, 100], "error": [50.0, 25.0]})
    records = mini_results.logs()
    fig = figures.draw_curves(records, ("mine", live))
    *_, line = fig.axes[1].lines
    assert line.get_xdata().tolist() == [0.1, 0.2]  # thousands
    assert len(fig.axes[0].lines) + len(fig.axes[1].lines) == len(records) + 1


def test_the_surgery_in_numbers():
    table = definitions.parameter_table().set_index(["network", "added"])
    assert table.loc[("vgg-gap", "as the paper says"), "saved"] == pytest.approx(85.21, abs=0.01)
    assert table["removed"].groupby(level=0).first().to_dict() == {
        "alexnet-gap": 0, "googlenet-gap": 12, "vgg-gap": 0,
    }  # fmt: skip
    with torch.device("meta"):
        stages = definitions.stages(gap_surgery("googlenet-gap"))
    assert stages["stage"].tolist()[-4:] == ["inception_4e", "cam_conv", "GAP", "cam_fc"]
    assert stages["parameters"].sum() == 12_179_752
    assert stages.set_index("stage")["side"]["inception_4e"] == 14
