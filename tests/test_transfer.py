"""A linear SVM on a new data set: what is chosen, how it is kept, and where its maps lie."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image

from cam_utils import CamError, MissingData, load_network, open_images
from cam_utils.data.record import Record
from cam_utils.features import fit_svm, svm_cams
from cam_utils.features import svm as linear_svm
from cam_utils.features.splits import SplitRule
from cam_utils.sections.s4_transfer import choose_sets, figures, transfer, verdicts
from cam_utils.sections.s4_transfer.evidence import (
    breadth,
    breadths,
    by_class,
    energy_table,
    regions_of,
    shares_of_parts,
)
from cam_utils.views import center_crop

RULE = SplitRule("mini/actions", given=(("train", "val"),))
PARTS = {"tool": ("tool", "target"), "person": ("head", "torso", "arm", "leg"), "seat": ("seat",)}


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    return tmp_path_factory.mktemp("features")


@pytest.fixture(scope="module")
def found(cache):
    network = load_network("mini/alexnet-gap")
    return transfer.learn_svm(network, RULE, limit=150, cache=cache)


def test_decisions_are_of_the_frozen_network(found):
    assert (len(found.train), len(found.test)) == (150, 150)
    assert found.name == "mini/actions"
    assert found.classes == found.images.classes
    assert found.accuracy.value > 40  # chance is 10
    np.testing.assert_array_equal(found.hits, found.predicted == found.test.labels)
    views = [
        center_crop(transfer.record_of(found, k).image, found.network.input_spec) for k in range(4)
    ]
    result = svm_cams(found.network, found.svm, torch.stack([v.tensor for v in views]), None)
    again = result.maps.mean((2, 3)).numpy() + found.svm.bias
    np.testing.assert_allclose(again, found.decisions[:4], atol=1e-4)


def test_boxes_and_parts_are_never_read(found, cache, monkeypatch):
    """Poisoned boxes and masks: features and SVM are the same."""
    draw = type(found.images.dataset).record

    def poisoned(self, i):
        record = draw(self, i)
        return Record(record.id, record.image, record.label, boxes=None, masks="none", parts=None)

    monkeypatch.setattr(type(found.images.dataset), "record", poisoned)
    network = load_network("mini/alexnet-gap")
    again = transfer.learn_svm(network, RULE, limit=60, cache=False)
    rows = [found.train.ids.index(id) for id in again.train.ids]  # the first ten of each class
    assert len(rows) == 100
    svm = fit_svm(found.train.values[rows], found.train.labels[rows], found.classes)
    np.testing.assert_allclose(again.svm.weights, svm.weights, rtol=1e-3, atol=1e-4)


def test_the_svm_is_kept_and_read_again(found, cache, monkeypatch):
    files = list(cache.glob("svm-*.safetensors"))
    assert len(files) == 1

    def refuse(*_args, **_kwargs):
        raise AssertionError("trained again")

    monkeypatch.setattr(linear_svm, "fit_svm", refuse)
    again = transfer.learn_svm(load_network("mini/alexnet-gap"), RULE, limit=150, cache=cache)
    np.testing.assert_array_equal(again.svm.weights, found.svm.weights)
    with pytest.raises(AssertionError, match="trained again"):  # other pictures, another SVM
        transfer.kept_svm(found.train.take(range(100)), found.classes, 0, cache)
    monkeypatch.undo()
    files[0].write_bytes(b"damaged")
    again = transfer.kept_svm(found.train, found.classes, 0, cache)
    np.testing.assert_allclose(again.weights, found.svm.weights, rtol=1e-4, atol=1e-5)
    assert isinstance(linear_svm.LinearSvm.load(files[0]), linear_svm.LinearSvm)


def test_pictures_are_chosen_by_seed_and_by_value(found):
    label = int(found.test.labels[found.hits][0])
    right = transfer.choose(found, label, 2, seed=3)
    assert right == transfer.choose(found, label, 2, seed=3)
    assert found.hits[right].all()
    assert (found.test.labels[right] == label).all()
    worst = transfer.worst(found, label)
    same = found.test.labels == label
    assert found.test.labels[worst] == label
    assert found.own()[worst] == found.decisions[same, label].min()
    wrong = transfer.mistaken(found, seed=1)
    assert not found.hits[wrong]
    with pytest.raises(CamError, match="classified correctly and 999"):
        transfer.choose(found, label, 999, seed=0)


def test_data_sets_that_are_not_here_are_named(tmp_path, cache):
    network = load_network("mini/alexnet-gap")
    rules = {
        "Event8": SplitRule("event8", 70, 60, random=5),
        "actions": RULE,
    }
    sets, missing = transfer.learn_svms(network, rules, tmp_path, limit=60, cache=cache)
    assert list(sets) == ["actions"]
    assert "event" in missing["Event8"].lower()
    with pytest.raises(MissingData, match="Event8"):
        transfer.learn_svms(network, {"Event8": rules["Event8"]}, tmp_path)


def test_mean_colours_are_mean_colours(found, cache):
    grid = transfer.ColourGrid(2, 4)
    image = torch.zeros(1, 3, 4, 4)
    image[0, 0, :2, :2] = 4.0  # red in the first quarter
    np.testing.assert_allclose(grid(image)[0], [4.0] + 11 * [0.0])
    hits = transfer.colour_hits(found, cache)
    assert hits.shape == found.hits.shape
    assert hits.mean() < found.hits.mean()


def record(parts, boxes=((0, 0, 4, 2),)):
    image = Image.new("RGB", (8, 6))
    return Record("a", image, 0, np.array(boxes, np.float32).reshape(-1, 4), parts=parts)


def test_regions():
    tool, head = np.zeros((6, 8), bool), np.zeros((6, 8), bool)
    tool[0, :3] = head[5, 5:] = True
    found = regions_of(record([{"tool": tool, "head": head}]), PARTS)
    assert [int(m.sum()) for m in found.values()] == [3, 3, 0]
    boxed = regions_of(record(None), PARTS)
    assert list(boxed) == ["true boxes"]
    assert boxed["true boxes"].sum() == 8
    assert regions_of(record(None, boxes=()), PARTS) == {}


def test_energy_of_parts(found):
    rows = shares_of_parts(found.network, found.images, [0, 1, 2, 13], PARTS, progress=False)
    assert len(rows) == 4 * len(PARTS)
    assert (rows["label"] != rows["control"]).all()
    again = shares_of_parts(found.network, found.images, [0, 1, 2, 13], PARTS, progress=False)
    assert rows.equals(again)
    one = rows.iloc[0]
    record = found.images[0]
    area = (record.parts[0]["tool"] | record.parts[0].get("target", False)).mean()
    assert one["area"] == pytest.approx(area)
    assert rows[["energy", "control_energy"]].stack().between(0, 1).all()
    table = energy_table(rows)
    assert table.loc[0, "n"] == 4
    own = rows[rows["group"] == "tool"]
    wanted = 100 * (own["energy"] - own["area"]).mean()
    assert table.loc[0, "energy - area"].value == pytest.approx(wanted)


def test_no_parts_no_rows(found):
    """Records without parts and boxes have no regions, and the claim cannot be tested."""

    class Bare(list):
        name, split, classes = "bare", "test", found.classes

        def label(self, i):
            return 0

    bare = Bare([record(None, boxes=())])
    rows = shares_of_parts(found.network, bare, [0], PARTS, progress=False)
    assert rows.empty
    assert energy_table(rows).empty
    verdict = verdicts.on_evidence(energy_table(rows), bare, "tool")
    assert (verdict.holds, verdict.measured) == (None, "no parts known")


def test_the_verdict_on_evidence_can_turn():
    """Three answers: above area and control, below one of them, too near to tell."""
    rng = np.random.default_rng(0)
    rows = pd.DataFrame({"group": "tool", "area": 0.2, "energy": rng.normal(0.4, 0.05, 50)})
    rows = rows.assign(control_energy=0.2, peak=True, control_peak=False)
    images = type("Some", (), {"name": "mini/actions", "split": "test"})
    verdict = verdicts.on_evidence(energy_table(rows), images, "tool")
    assert (verdict.holds, verdict.name) == (True, "generic-maps-on-evidence")
    assert verdict.measured.startswith("40")
    for control, holds in ((0.9, False), (rows["energy"].mean(), None)):
        changed = energy_table(rows.assign(control_energy=control))
        assert verdicts.on_evidence(changed, images, "tool").holds is None
        photos = type("Some", (), {"name": "action40", "split": "test"})
        assert verdicts.on_evidence(changed, photos, "tool").holds is holds


def test_breadth():
    assert breadth(np.ones((10, 10))) == pytest.approx(0.5)
    one = -np.ones((10, 10))
    one[2, 3] = 1.0
    assert breadth(one) == pytest.approx(0.01)
    assert np.isnan(breadth(-np.ones((4, 4))))


def test_breadth_of_sets(found):
    sets = {"actions": (found.network, found.images, found.test.places)}
    rates = breadths(sets, 6)
    assert 0 < rates["actions"].value < 50
    assert rates["actions"].n == 6


def test_figures_show_the_right_pictures(found):
    label = int(np.bincount(found.test.labels[found.hits]).argmax())
    name = found.classes[label]
    fig = figures.figure1(found, f"nothing, {name}", 2, seed=0)
    assert f"mini/actions ({name})" in fig.told["alt"]
    assert fig.told["n"] == 3
    titles = [ax.get_title() for ax in fig.axes]
    places = [*transfer.choose(found, label, 2, 0), transfer.worst(found, label)]
    for place in places:
        assert any(f"{found.own()[place]:+.2f}" in t for t in titles)
    one = figures.shown(found, places[:1])[0]
    assert one.map.shape == (160, 160)
    assert one.map.max() > 0
    eight = figures.figure8([found], 2, 2, seed=0)
    assert len([ax for ax in eight.axes if ax.images]) == 2 * (2 * 2 + 1)
    wrong = transfer.record_of(found, transfer.mistaken(found, 0))
    shown = [ax.get_title() for ax in eight.axes]
    assert found.classes[wrong.label] in shown


def test_figure_1_needs_actions(found, capsys):
    assert choose_sets.actions_of({"mini/scenes": found, "mini/actions": found}) is found
    assert choose_sets.actions_of({"Scene15": found}) is None
    assert "Figure 1 is not drawn" in capsys.readouterr().out


def test_some_pictures_of_every_class(found):
    images = open_images("mini/actions", "train")
    chosen = transfer.some(images, 40)
    counts = np.bincount([chosen.label(i) for i in range(len(chosen))])
    assert counts.tolist() == [10] * len(images.classes)
    assert transfer.some(images, 40, seed=1).ids != chosen.ids
    assert transfer.some(images, 0) is images


def params(profile, root, limit=0):
    return SimpleNamespace(profile=profile, data_root=root, limit=limit, seed=0, device="cpu")


def test_figure_1_shows_what_the_data_have(found):
    """Names that the data set lacks are neither shown nor told."""
    fig = figures.figure1(found, "tying a bow", 1, seed=0)
    assert " and ".join(found.classes[:2]) in fig.told["alt"]
    assert "bow" not in fig.told["alt"]


def test_the_first_data_set_that_is_here(tmp_path, found):
    network, train, test = choose_sets.open_first(params("paper", tmp_path, limit=40))
    assert network.name == choose_sets.GENERIC
    assert (train.name, train.split, test.split) == ("mini/actions", "train", "test")
    assert len(train) == 100  # ten of each class at least
    fig = figures.examples(train, 0)
    assert [ax.get_title() for ax in fig.axes if ax.images] == train.classes
    maps = {name: torch.eye(160) for name in train.classes[:2]}
    told = figures.draw_swapped(train[0], maps, found.network, train).told
    assert train.classes[train.label(0)] in told["alt"]


def test_accuracies_are_drawn_where_they_are(found):
    hits = {"one": {"a": found.hits}, "other": {"a": ~found.hits}}
    fig = figures.draw_accuracies(hits, {"a": found})
    drawn = [line.get_xdata()[0] for line in fig.axes[0].lines if line.get_marker() in "Ds"]
    assert drawn == pytest.approx([found.accuracy.value, 100 - found.accuracy.value])


def test_energy_is_drawn_and_told_class_by_class(found):
    rows = shares_of_parts(found.network, found.images, range(12), PARTS, progress=False)
    fig = figures.draw_energy(energy_table(rows), found)
    assert [t.get_text() for t in fig.axes[0].get_yticklabels()] == list(PARTS)
    table = by_class(rows, "tool", found.classes).set_index("class")
    own = rows[(rows["group"] == "tool") & (rows["label"] == 0)]
    assert table.loc[found.classes[0], "energy"] == round(100 * own["energy"].mean())


def test_drawings_stand_in_where_no_photo_is_here(tmp_path, monkeypatch, capsys):
    asked = []

    def learn(network, rules, root, **options):
        asked.append((network, list(rules), options["limit"]))
        if "Action40" in rules:
            raise MissingData(f"nothing in {root}")
        return {"mini/actions": "learnt"}, {}

    monkeypatch.setattr(choose_sets, "learn_svms", learn)
    sets = choose_sets.learn_all("network", params("paper", tmp_path))
    assert sets == {"mini/actions": "learnt"}
    told = capsys.readouterr().out
    assert "Drawn pictures instead of photos. nothing in <folder>" in told
    assert asked[1] == ("network", list(choose_sets.SETS["mini"]), choose_sets.PICTURES)
