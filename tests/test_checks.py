"""Surveys, the causal check, Grad-CAM, tables beside real data, and saved figures."""

import json

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
import torch
import torchvision
from PIL import Image
from torch import nn

from cam_utils import CamError, boxes, cams, load_network, open_images, plots
from cam_utils.book import results
from cam_utils.book.figures import save_figure
from cam_utils.book.params import Params
from cam_utils.book.picker import details_html
from cam_utils.data import subset
from cam_utils.metrics.intervals import Rate, mean_interval, pick
from cam_utils.saliency import grad_cam
from cam_utils.sections.s2_maps import figures, measures, misreadings, studies, tables, verdicts
from cam_utils.sections.s2_maps.measures import erasure_drops, region_above
from cam_utils.sections.s2_maps.survey import correlation, network_and_images, survey
from cam_utils.study import Ask, Opened, stored_table
from cam_utils.views import paste_whole, whole

GOOD = {
    "profile": "mini",
    "data_root": "",
    "device": "cpu",
    "seed": 0,
    "limit": 0,
    "figure_dir": "",
}


@pytest.fixture(scope="module")
def network():
    return load_network("mini/googlenet-gap")


@pytest.fixture(scope="module")
def images():
    return open_images("mini/objects", "val")


@pytest.fixture(scope="module")
def seen(network, images):
    return survey(network, images, limit=48, seed=1)


def test_survey_agrees_with_cams(network, images, seen):
    assert len(seen) == 48
    assert np.all(np.diff(seen.indices) > 0)
    inputs = torch.stack(
        [whole(images[int(i)].image, network.input_spec).tensor for i in seen.indices[:4]]
    )
    result = cams(network, inputs, 5)
    torch.testing.assert_close(seen.maps[:4], result.maps, rtol=1e-4, atol=1e-4)
    assert torch.equal(seen.classes[:4], result.classes)
    own = cams(network, inputs, seen.labels[:4, None]).maps[:, 0]
    torch.testing.assert_close(seen.label_maps[:4], own, rtol=1e-4, atol=1e-4)


def test_unlabelled_photos_can_be_surveyed(network):
    found = survey(network, open_images("photos", "all"))
    assert (found.labels == -1).all()
    torch.testing.assert_close(found.label_maps, found.maps[:, 0])
    rates = tables.bias_rates(measures.without_bias(found, network.class_bias))
    assert list(rates) == ["images whose best class changes, %"]  # no labels, no errors
    regions = measures.marked_regions(network, open_images("photos", "all"), found)
    assert "peak" not in regions  # no boxes
    assert len(tables.region_rates(regions)) == 3
    assert not measures.two_classes(found)["other"].any()


def test_correlation():
    a = torch.randn(3, 5, 6, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(correlation(a, 2 * a + 1), torch.ones(3).double())
    torch.testing.assert_close(correlation(a, -a), -torch.ones(3).double())


def test_erasing_the_marked_region_hurts_more_than_elsewhere(network, images, seen):
    best = seen.maps[:, 0], seen.classes[:, 0]
    drops = erasure_drops(network, images, seen.indices, *best)
    assert drops.shape == (48, 2)
    assert drops[:, 0].mean() > drops[:, 1].mean() + 0.3
    random_maps = torch.rand(seen.maps[:, 0].shape, generator=torch.Generator().manual_seed(0))
    control = erasure_drops(network, images, seen.indices, random_maps, seen.classes[:, 0])
    assert abs(control[:, 0].mean() - control[:, 1].mean()) < 0.1  # a random map marks nothing


def test_region_is_relative_to_each_map():
    maps = torch.zeros(2, 4, 4)
    maps[0, 0, 0], maps[1, 3, 3] = 1.0, 100.0
    found = region_above(maps, (16, 16), 0.5)
    assert found[0].sum() == found[1].sum() > 0


def test_another_object_is_found_by_its_own_class(seen):
    rows = measures.two_classes(seen)
    assert rows["other"].tolist() == [len(b) > 0 for b in seen.others]
    found = tables.class_rates(rows)
    own = found["map of another object's class peaks on that object, %"]
    label = found["map of the label peaks on that object, %"]
    assert own.low > label.high
    assert own.n == label.n == rows["other"].sum()


def test_the_map_of_another_object_is_that_of_its_class(network, images, seen):
    place = next(k for k, boxes in enumerate(seen.others) if len(boxes))
    record = images[int(seen.indices[place])]
    (other,) = {int(c) for c in record.box_labels if c != record.label}
    np.testing.assert_array_equal(seen.others[place], record.boxes_of(other))
    view = whole(record.image, network.input_spec).tensor[None]
    wanted = cams(network, view, torch.tensor([[other]])).maps[0, 0]
    torch.testing.assert_close(seen.other_maps[place], wanted, rtol=1e-4, atol=1e-4)


def test_the_study_gives_the_stored_tables(network, images):
    (study,) = studies.STUDIES
    opened = Opened({"GoogLeNet": network}, {"val": subset(images, 24, 0)})
    found, _ = study.tables(opened, study.measure(opened, Ask("paper")))
    for name, rows in found.items():
        stored = stored_table(name)[0]
        assert list(pd.DataFrame(rows)) == list(stored)
        assert [row["metric"] for row in rows][: len(stored)] == stored["metric"].tolist()


def test_rates_of_rows():
    rows = pd.DataFrame({"changed": [True, False], "top1": [False, True]})
    rows = rows.assign(top1_without=[True, True], top5=False, top5_without=False)
    found = tables.bias_rates(rows)
    assert found["images whose best class changes, %"].value == 50
    assert found[tables.BIAS].value == 50
    falls = pd.DataFrame({"marked": [0.5, 0.7, np.nan], "shifted": [0.1, 0.1, np.nan]})
    assert tables.region_rates(falls)[tables.FALLS].value == pytest.approx(0.5)
    assert tables.region_rates(falls)[tables.FALLS].n == 2


@pytest.mark.parametrize(
    ("decide", "metric", "answers"),
    [
        (verdicts.bias, tables.BIAS, (False, None, True)),
        (verdicts.causal, tables.FALLS, (True, True, None)),
        (verdicts.differ_by_class, tables.APART, (None, False, False)),
    ],
)
def test_a_verdict_has_three_answers(decide, metric, answers):
    rates = Rate(40, 30, 60, 9), Rate(1.5, 0.1, 3, 9), Rate(0, -0.5, 0.5, 9)
    for rate, holds in zip(rates, answers, strict=True):
        here, real = decide({metric: rate}, "mini/objects test")
        assert (here.holds, here.measured, here.on) == (holds, str(rate), "mini/objects test")
        assert real.name == f"{here.name}-real"
        assert real.on == "ilsvrc val"
    assert decide({}, "mini/objects test")[0].holds is None
    here, real = decide({metric: rate}, "ilsvrc val")
    assert here.name != real.name  # measured here, and stored


def test_verdicts_of_arithmetic():
    assert verdicts.map_sums(1e-7, "x").holds
    assert not verdicts.map_sums(1e-3, "x").holds
    assert verdicts.sum_is_mean(True, True, "x").holds
    assert not verdicts.sum_is_mean(True, False, "x").holds
    assert not verdicts.single_pass(10, "x").holds
    found = verdicts.published_errors()
    assert [v.name for v in found] == ["googlenet-table1-top1-real", "googlenet-table1-top5-real"]
    assert all(v.holds for v in found)


def test_misreadings_are_measured(network, images, seen):
    inputs = torch.stack([whole(images[i].image, network.input_spec).tensor for i in range(8)])
    table = misreadings.misread(network, seen, inputs)
    assert list(table) == misreadings.COLUMNS
    found = table["measured here"]
    assert found[1] == "24 scores, but 256 maps: w is 24 x 256"
    assert found[2].startswith("correlation with the map: copied 1.00, random")
    assert abs(float(found[2].split()[-1])) < 0.5
    assert found[6] == "maps of 14x14, pictures up to 112x112"


def test_misread_rules_give_other_boxes(network, images, seen):
    found = misreadings.boxes_by_way(seen)
    assert list(found) == list(misreadings.WAYS)
    rule, of_range, half, rounded, first = found.values()
    place = 3
    (map,) = paste_whole(seen.maps[place, :1], seen.sizes[place])
    np.testing.assert_array_equal(rule[place], boxes.paper(map)[0])
    np.testing.assert_array_equal(half[place], boxes.paper(map - map.min(), 0.5)[0])
    areas = [np.prod(b[:, 2:] - b[:, :2], 1) for b in (rule, of_range, half)]
    assert (areas[1] >= areas[0]).all()  # the least place is negative: the cut is lower
    assert (areas[2] < areas[0]).all()
    np.testing.assert_allclose(rounded, rule, atol=2)
    assert (first == rule).all(1).mean() > 0.8  # most maps have one component
    fig = misreadings.draw_misread(network, images, seen)
    assert fig.told["n"] == len(seen)
    plt.close(fig)


def test_grad_cam_is_cam_divided_by_places(network):
    images = torch.randn(3, 3, 112, 112, generator=torch.Generator().manual_seed(0))
    result = cams(network, images, 4)
    by_gradient = grad_cam(network, images, result.classes)
    torch.testing.assert_close(by_gradient * 14 * 14, result.maps, rtol=1e-3, atol=1e-3)
    assert not by_gradient.requires_grad


def test_grad_cam_of_any_layer():
    torch.manual_seed(0)
    model = torchvision.models.alexnet().eval()
    images = torch.randn(2, 3, 224, 224)
    maps = grad_cam(model, images, torch.tensor([[1, 2], [3, 4]]), layer=model.features[-1])
    assert maps.shape == (2, 2, 6, 6)
    assert not any(m._forward_hooks for m in model.modules())
    with pytest.raises(CamError, match="needs the layer"):
        grad_cam(model, images, torch.tensor([[1], [2]]))


def test_forward_passes_are_counted():
    model = nn.Sequential(nn.Conv2d(3, 2, 1))
    assert measures.forward_passes(model, lambda: model(torch.zeros(1, 3, 4, 4))) == 1


def test_choices_follow_their_rules(seen):
    tally = torch.bincount(seen.labels, minlength=24)
    chosen = figures.choose_classes(seen, [])
    assert tally[chosen[0]] == tally.max()
    assert figures.choose_classes(seen, [chosen[1], chosen[0]], least=1) == [chosen[1], chosen[0]]
    places = figures.choose_images(seen, chosen[0], 3, seed=0)
    assert places == figures.choose_images(seen, chosen[0], 3, seed=0)
    assert places[:-1] == sorted(places[:-1])
    p = seen.logits.softmax(1)[:, chosen[0]]
    assert all(p[places[-1]] <= p[k] for k in places)
    assert (seen.labels[places] == chosen[0]).all()


def test_the_network_is_sure_and_right(seen):
    place = figures.choose_sure(seen)
    p = seen.logits.softmax(1).amax(1)
    fits = (p > 0.9) & (seen.classes[:, 0] == seen.labels)
    assert fits[place]
    assert not fits[:place].any()


def test_figures_name_their_classes_and_images(network, images, seen):
    names = [images.classes[c] for c in figures.choose_classes(seen, [])]
    fig = figures.figure3(network, images, seen, 0)
    assert fig.told["alt"].startswith(f"Images of {names[0]} and {names[1]}")
    uncertain = seen.classes[figures.choose_uncertain(seen)]
    five = figures.figure4(network, images, seen)
    titles = [ax.get_title().split("\n")[0] for ax in five.axes]
    assert titles[1:6] == [images.classes[int(c)] for c in uncertain]
    plt.close("all")


def test_checks_are_drawn_beside_the_stored_numbers(network, images):
    centre = "centre of the image in a true box, %"
    found = {centre: Rate(40, 30, 50, 9), tables.FALLS: Rate(0.2, 0.1, 0.3, 9)}
    fig = figures.draw_checks("01_regions", found, network, images)
    shares, falls = fig.axes
    (here, real) = (c.lines[0].get_xdata()[0] for c in shares.containers)
    assert here == 40
    stored = pick(stored_table("01_regions")[0], metric=centre)
    assert real == Rate.of(stored).value
    assert [label.get_text() for label in falls.get_yticklabels()] == [tables.FALLS]
    assert fig.told["name"] == "fig03_checks"
    plt.close(fig)


def test_a_notebook_names_its_network_and_images(tmp_path):
    values = GOOD | {"figure_dir": str(tmp_path), "network": "", "images": ""}
    network, images = network_and_images(Params(values, "01_x", network=str, images=str))
    assert (network.name, images.name, images.split) == (
        "mini/googlenet-gap",
        "mini/objects",
        "test",
    )
    values |= {"network": "mini/nin", "images": "photos"}
    network, images = network_and_images(Params(values, "01_x", network=str, images=str))
    assert (network.name, images.name) == ("mini/nin", "photos")


def test_samples_end_with_the_lowest():
    values = pd.Series({2: 0.5, 5: 0.1, 7: 0.9, 8: 0.3})
    assert figures.sample_and_lowest(values, 2, 0)[-1] == 5
    assert figures.sample_and_lowest(values, 9, 0) == [2, 7, 8, 5]
    assert figures.sample_and_lowest(values, 2, 1) == figures.sample_and_lowest(values, 2, 1)


def test_means_have_intervals():
    found = mean_interval(np.arange(100.0), seed=0)
    assert found.low < found.value == 49.5 < found.high
    assert found == mean_interval(np.arange(100.0), seed=0)


def test_tables_carry_the_real_numbers_of_the_repository(monkeypatch):
    metric = "images whose best class changes, %"
    table = results.side_by_side("01_bias", {metric: Rate(1, 0, 2, 9), "more": Rate(3, 2, 4, 8)})
    real = Rate.of(pick(stored_table("01_bias")[0], metric=metric))
    assert table["measured"].tolist() == ["1.00", "3.00"]
    assert table["real: caffe/googlenet"].tolist() == [f"{real.value:.2f}", "-"]
    assert table["paper"].tolist() == ["-", "-"]
    assert "400 images" in results.origin("01_bias")
    alone = results.side_by_side("no_such_table", {"more": Rate(3, 2, 4, 8)})
    assert list(alone) == results.HEAD
    rows = pd.DataFrame([{"metric": "more", "paper": 3.5} | Rate(3, 2, 4, 8).as_row(2)])
    monkeypatch.setattr(results, "stored_table", lambda name: (rows, {"network": "x"}))
    assert results.side_by_side("t", {"more": Rate(3, 2, 4, 8)})["paper"].tolist() == [3.5]


def figure(name="fig09_test", noise=8, **kwargs):
    p = Params(GOOD | {"figure_dir": str(kwargs.pop("folder"))}, "01_x")
    with plots.style():
        fig, axes = plots.panels(1, 2)
        array = np.random.default_rng(0).integers(0, 255, (noise, noise, 3), np.uint8)
        plots.show_image(axes[0, 0], Image.fromarray(array), "noise")
    return save_figure(fig, name, p, paper="Figure 9", chosen="by rule", **kwargs)


def test_equal_figures_give_equal_bytes(tmp_path, network, images):
    first = figure(folder=tmp_path / "a", network=network, images=images, n=3)
    second = figure(folder=tmp_path / "b", network=network, images=images, n=3)
    for suffix in (".png", ".pdf"):
        a, b = (p.with_suffix(suffix).read_bytes() for p in (first, second))
        assert a == b
    entry = json.loads((tmp_path / "a" / "manifest.json").read_text(encoding="utf-8"))["fig09_test"]
    assert entry["weights"] == network.weights_hash
    assert entry["chosen"] == "by rule"
    assert not plt.get_fignums()
    assert not list(tmp_path.glob("**/*.part"))


def test_figures_stay_small_and_well_named(tmp_path):
    assert figure(folder=tmp_path, noise=700).stat().st_size <= 500_000
    with pytest.raises(CamError, match="expected lower-case"):
        figure("Fig 9", folder=tmp_path)


def test_details_work_without_a_kernel(network, images):
    html = details_html(network, images[0].image, 3)
    assert html.count("<details") == 3
    assert html.count('alt="class activation map of') == 3
    assert "<script" not in html


def test_subsets_are_seeded(images):
    assert subset(images, 5, 1).ids == subset(images, 5, 1).ids != subset(images, 5, 2).ids
