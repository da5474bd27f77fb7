"""The linear SVM on deep features, its cost, its maps; the splits it is tested on."""

import warnings

import numpy as np
import pytest
import torch
from sklearn.exceptions import ConvergenceWarning
from sklearn.svm import LinearSVC
from tiny_features import SPEC, TinyGap, Toy

from cam_utils import CamError, NoClassActivationMap, cams, load_network, open_images
from cam_utils.data import Subset
from cam_utils.features import (
    PROTOCOLS,
    LinearSvm,
    extract,
    fit_attributes,
    fit_svm,
    scores,
    split_indices,
    svm,
    svm_cams,
    svm_network,
)
from cam_utils.features.splits import halves
from cam_utils.image_maps import image_maps
from cam_utils.networks.zoo.mini_weights import build_mini
from cam_utils.views import center_crop


def blobs(n=60, classes=3, units=8, seed=0):
    """Features (n, units) that tell classes apart, not quite; labels (n,)."""
    rng = np.random.default_rng(seed)
    labels = np.arange(n) % classes
    centres = rng.normal(0, 3, (classes, units))
    return (centres[labels] + rng.normal(0, 2.0, (n, units)) + 5).astype(np.float32), labels


def scaled(values):
    """Centred, of mean squared length 1."""
    centred = values.astype(float) - values.mean(0, dtype=float)
    return centred / np.sqrt((centred**2).sum(1).mean())


NAMES = ["a", "b", "c"]


# --- the SVM -----------------------------------------------------------------------------------


def test_decisions_are_scikit_learns():
    """The centring and scaling that happen inside are folded into weights and bias."""
    values, labels = blobs()
    found = fit_svm(values, labels, NAMES, grid=[0.5])
    inside = scaled(values)
    theirs = LinearSVC(C=0.5, dual=False).fit(inside, labels)
    np.testing.assert_allclose(found.decisions(values), theirs.decision_function(inside), atol=1e-4)
    assert (found.predict(values) == theirs.predict(inside)).all()
    assert found.weights.shape == (3, 8)
    assert found.weights.dtype == found.bias.dtype == np.float32
    assert found.classes == NAMES
    assert found.cost == 0.5
    assert found.folds.empty


def test_two_classes_have_two_rows():
    values, labels = blobs(classes=2)
    found = fit_svm(values, labels, ["no", "yes"])
    assert found.weights.shape == (2, 8)
    np.testing.assert_array_equal(found.weights[0], -found.weights[1])
    np.testing.assert_array_equal(found.bias[0], -found.bias[1])
    assert (found.predict(values) == labels).mean() > 0.9


def test_the_cost_is_chosen_on_the_training_part_alone(tmp_path):
    """The same bytes, whatever the test images hold."""
    values, labels = blobs(90)
    train, test = split_indices(labels, 20)

    def bytes_of(values, labels, name):
        found = fit_svm(values[train], labels[train], NAMES, seed=3)
        return found.save(tmp_path / name).read_bytes()

    first = bytes_of(values, labels, "a")
    poisoned, wrong = values.copy(), labels.copy()
    poisoned[test], wrong[test] = np.nan, 2 - labels[test]
    assert bytes_of(poisoned, wrong, "b") == first
    assert bytes_of(values**2, labels, "c") != first


def test_the_best_cost_wins_and_the_smallest_of_equals():
    values, labels = blobs(120)
    found = fit_svm(values, labels, NAMES, grid=[100, 1e-6, 1.0], folds=4)
    means = found.folds.groupby("cost")["accuracy"].mean()
    assert len(found.folds) == 12
    assert found.cost == means.idxmax()
    assert means[found.cost] > means[1e-6]
    easy = np.eye(3, dtype=np.float32)[labels]
    assert fit_svm(easy, labels, NAMES, grid=[10.0, 1.0]).cost == 1.0


def test_units_of_the_features_do_not_matter():
    values, labels = blobs(90)
    small, large = (fit_svm(values * np.float32(s), labels, NAMES) for s in (1e-3, 1e3))
    assert small.cost == large.cost
    np.testing.assert_allclose(
        small.decisions(values * 1e-3), large.decisions(values * 1e3), atol=1e-3
    )


def test_features_that_hardly_vary_are_not_lost():
    """Those of random weights: nearly the same vector for every image."""
    values, labels = blobs(90)
    flat = values + np.float32(2000)
    assert np.mean(fit_svm(flat, labels, NAMES).predict(flat) == labels) > 0.9


def test_a_solver_that_does_not_converge_is_reported(monkeypatch):
    values, labels = blobs(300, units=40)
    monkeypatch.setattr(svm, "STEPS", (1,))
    with pytest.warns(ConvergenceWarning, match="did not converge in 1 steps"):
        found = fit_svm(values, labels, NAMES, grid=[1e4])
    assert not found.converged
    monkeypatch.setattr(svm, "STEPS", (1, 100_000))  # the second try is quiet
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert fit_svm(values, labels, NAMES, grid=[1.0]).converged


def test_an_svm_is_kept(tmp_path):
    values, labels = blobs()
    found = fit_svm(values, labels, NAMES)
    again = LinearSvm.load(found.save(tmp_path / "folder" / "svm.safetensors"))
    np.testing.assert_array_equal(again.decisions(values), found.decisions(values))
    assert (again.classes, again.cost, again.converged) == (NAMES, found.cost, True)
    np.testing.assert_allclose(again.folds["accuracy"], found.folds["accuracy"])
    (tmp_path / "bad").write_bytes(b"not an svm")
    for name in ("bad", "absent"):
        with pytest.raises(CamError, match="holds no linear SVM"):
            LinearSvm.load(tmp_path / name)


def test_wrong_training_data_is_refused():
    values, labels = blobs()
    sick = values.copy()
    sick[4, 2] = np.nan
    cases = [
        ((sick, labels, NAMES), "1 of 60 images have NaN"),
        ((values, labels, ["a"]), "at least two"),
        ((values, labels, ["a", "b"]), "expected 0 to 1"),
        ((values, labels, [*NAMES, "d"]), "Class 3 has 0 training images and 5"),
        ((values, labels - 1, NAMES), "from -1 to 1"),
        ((values, labels[:5], NAMES), "expected .N, K. and N class indices"),
        ((values, labels / 2, NAMES), "class indices"),
        ((values[:13], labels[:13], NAMES), "has 4 training images and 5"),
    ]
    for args, message in cases:
        with pytest.raises(CamError, match=message):
            fit_svm(*args)
    for options, message in (
        ({"grid": []}, "positive"),
        ({"grid": [0, 1]}, "positive"),
        ({"folds": 1}, "folds=1"),
    ):
        with pytest.raises(CamError, match=message):
            fit_svm(values, labels, NAMES, **options)
    with pytest.raises(CamError, match="trained on 8 features"):
        fit_svm(values, labels, NAMES).decisions(values[:, :5])


# --- its maps ----------------------------------------------------------------------------------


def identity(network, images, seed=0):
    """An SVM on the "gap" features, its maps, and scikit-learn's own decision values."""
    found = extract(network, images, cache=False, progress=False)
    trained = fit_svm(found, found.labels, images.classes, seed, grid=[1.0])
    theirs = LinearSVC(C=1.0, dual=False).fit(scaled(found.values), found.labels)
    views = [center_crop(images[i].image, network.input_spec).tensor for i in range(len(images))]
    result = svm_cams(network, trained, torch.stack(views), classes=None)
    return result, theirs.decision_function(scaled(found.values)), trained


def test_the_mean_of_an_svms_map_plus_bias_is_the_decision_value():
    result, decisions, trained = identity(TinyGap(), Toy(30))
    again = result.maps.mean((2, 3)).numpy() + trained.bias
    np.testing.assert_allclose(again, decisions, atol=1e-4)
    np.testing.assert_allclose(result.logits.numpy(), decisions, atol=1e-4)


def test_the_identity_holds_in_the_papers_googlenet(shared):
    network = load_network("caffe/googlenet", shared / "real")
    photos = open_images("imagenette", "val", shared / "real")
    rows = [i for c in range(3) for i in np.flatnonzero(
        [photos.label(i) == c for i in range(len(photos))])[:4]]  # fmt: skip
    photos = Subset(photos, rows)
    photos.classes = photos.classes[:3]
    result, decisions, trained = identity(network, photos)
    assert result.maps.shape == (12, 3, 7, 7)
    again = result.maps.mean((2, 3)).numpy() + trained.bias
    np.testing.assert_allclose(again, decisions, atol=1e-4)


def test_maximum_pooling_keeps_the_score_but_not_the_sum():
    network, images = TinyGap(pool="max"), Toy(30)
    result, decisions, trained = identity(network, images)
    np.testing.assert_allclose(result.logits.numpy(), decisions, atol=1e-4)
    again = result.maps.mean((2, 3)).numpy() + trained.bias
    assert np.abs(again - decisions).max() > 0.1


def test_an_svm_network_works_as_any_network():
    network, images = TinyGap(), Toy(30)
    found = extract(network, images, cache=False, progress=False)
    trained = fit_svm(found, found.labels, images.classes)
    ready = svm_network(network, trained)
    assert {id(p) for p in network.trunk.parameters()} <= {id(p) for p in ready.parameters()}
    assert ready.classes == images.classes
    assert ready.name == "tiny+svm"
    shown = image_maps(ready, images[4].image, classes=2)
    assert shown.maps.shape == (2, 24, 30)
    assert int(shown.classes[0]) == int(trained.predict(found.values[4:5])[0])
    view = center_crop(images[4].image, SPEC).tensor[None]
    torch.testing.assert_close(cams(ready, view, 2).maps, svm_cams(ready, trained, view, 2).maps)
    before = ready.class_weights.clone()
    with torch.no_grad():
        network.fc.weight.zero_()
    torch.testing.assert_close(ready.class_weights, before)


def test_an_svm_of_other_features_is_refused():
    values, labels = blobs(units=5)
    trained = fit_svm(values, labels, NAMES)
    with pytest.raises(CamError, match="weights for 5 features and tiny pools 8"):
        svm_network(TinyGap(), trained)
    with pytest.raises(NoClassActivationMap, match="no global pooling"):
        svm_network(build_mini("alexnet", 3).eval(), trained)


def test_a_transfer_in_the_drawn_world_shows_where_the_object_is():
    """The features of a trained network, an SVM on a dozen pictures of each of three classes."""
    network = load_network("mini/googlenet-gap")
    objects = open_images("mini/objects", "val")
    few = Subset(objects, [c + 24 * k for k in range(12) for c in (0, 1, 2)])
    few.classes = objects.classes[:3]
    result, decisions, trained = identity(network, few)
    again = result.maps.mean((2, 3)).numpy() + trained.bias
    np.testing.assert_allclose(again, decisions, atol=1e-4)
    inside = outside = 0.0
    for i in range(12):
        record = few[i]
        heat = image_maps(svm_network(network, trained), record.image, classes=1).maps[0].numpy()
        mask = record.masks[0]
        inside, outside = inside + heat[mask].mean(), outside + heat[~mask].mean()
    assert inside > outside


# --- splits ------------------------------------------------------------------------------------


def test_splits_are_disjoint_and_of_the_size_asked_for():
    labels = np.random.default_rng(0).permutation(np.repeat([0, 1, 2], [30, 40, 50]))
    train, test = split_indices(labels, 20, 10, seed=1)
    assert np.bincount(labels[train]).tolist() == [20, 20, 20]
    assert np.bincount(labels[test]).tolist() == [10, 10, 10]
    assert not set(train) & set(test)
    rest = split_indices(labels, 20, seed=1)
    np.testing.assert_array_equal(rest[0], train)
    assert np.bincount(labels[rest[1]]).tolist() == [10, 20, 30]
    assert sorted([*rest[0], *rest[1]]) == list(range(120))


def test_a_seed_names_a_split():
    labels = np.arange(60) % 3
    first, again, other = (split_indices(labels, 10, seed=s)[0] for s in (4, 4, 5))
    np.testing.assert_array_equal(first, again)
    assert set(first) != set(other)


def test_impossible_splits_are_refused():
    labels = np.repeat([0, 1], [10, 4])
    with pytest.raises(CamError, match=r"1 of 2 classes .* first class 1 with 4"):
        split_indices(labels, 4)
    with pytest.raises(CamError, match="at least 1"):
        split_indices(labels, 0)
    with pytest.raises(CamError, match="none or -1"):
        split_indices(np.array([0, -1]), 1)


def test_every_column_of_table_5_has_a_protocol():
    from cam_utils.book import published

    assert set(published.table(5).columns[1:]) <= set(PROTOCOLS)
    assert (PROTOCOLS["SUN397"].train, PROTOCOLS["SUN397"].test) == (50, 50)
    assert (PROTOCOLS["Event8"].train, PROTOCOLS["Event8"].test) == (70, 60)
    assert PROTOCOLS["SUN Attribute"].score == "average precision"


# --- scores ------------------------------------------------------------------------------------


def test_accuracy_has_wilsons_interval():
    found = scores.accuracy([0, 1, 2, 2], [0, 1, 1, 2])
    assert (found.value, found.n) == (75.0, 4)
    assert 0 < found.low < 75 < found.high < 100
    with pytest.raises(CamError, match="one class index"):
        scores.accuracy([0, 1], [0])


def test_differences_are_paired():
    labels = np.zeros(200, int)
    first, second = labels.copy(), labels.copy()
    first[:20], second[:30] = 1, 1  # the second is wrong wherever the first is
    found = scores.accuracy_difference(first, second, labels)
    assert found.value == pytest.approx(5.0)
    assert 2 < found.low < 5 < found.high < 9
    assert scores.accuracy_difference(first, first, labels).high == 0


def test_the_mean_over_splits():
    rng = np.random.default_rng(0)
    tests = [rng.permutation(100)[:40] for _ in range(5)]
    good = rng.random(100) < 0.8
    found = scores.over_splits(tests, [good[t] for t in tests], 100)
    assert found.value == pytest.approx(np.mean([100 * good[t].mean() for t in tests]))
    assert found.n == len(set(np.concatenate(tests)))
    assert found.low < found.value < found.high
    one = scores.over_splits(tests[:1], [good[tests[0]]], 100)
    wilson = scores.accuracy(good[tests[0]], np.ones(40, bool))
    assert one.value == pytest.approx(wilson.value)
    assert one.low == pytest.approx(wilson.low, abs=3)


def test_attributes_are_ranked_by_an_svm_each():
    values, labels = blobs(120)
    truth = np.stack([labels == 0, labels != 1], 1)
    trained = fit_attributes(values[:90], truth[:90], ["is a", "is not b"])
    assert trained.weights.shape == (2, 8)
    assert {"cost", "fold", "average_precision"} == set(trained.folds)
    found = scores.mean_average_precision(trained.decisions(values[90:]), truth[90:])
    assert found.value > 90
    assert found.n == 2
    mixed = scores.mean_average_precision(trained.decisions(values[90:])[:, ::-1], truth[90:])
    assert mixed.value < found.value - 5
    alone = fit_svm(values[:90], truth[:90, 0].astype(int), ["no", "yes"], grid=[trained.cost])
    np.testing.assert_array_equal(alone.weights[1], trained.weights[0])
    with pytest.raises(CamError, match="no positive"):
        scores.mean_average_precision(np.zeros((4, 1)), np.zeros((4, 1)))
    with pytest.raises(CamError, match="Attribute is a has only 3"):
        fit_attributes(values[:9], truth[:9], ["is a", "is not b"])


def test_the_readmes_example_runs(repo, monkeypatch):
    """As printed, on the first pictures of each part."""
    text = (repo / "README.md").read_text(encoding="utf-8").split("## Your own classes")[1]
    code = text.split("```python\n")[1].split("```")[0]
    few = {s: Subset(open_images("mini/actions", s), range(60)) for s in ("train", "test")}
    monkeypatch.setattr("cam_utils.open_images", lambda name, split: few[split])
    monkeypatch.setattr("cam_utils.keep.project_root", lambda: None)
    found = {}
    exec(compile(code, "README.md", "exec"), found)
    width, height = few["test"][0].image.size
    assert found["maps"].maps.shape == (5, height, width)
    assert found["svm"].weights.shape == (len(few["train"].classes), 256)


@pytest.mark.parametrize("n", [7, 40])
def test_two_halves_share_no_picture_and_lose_none(n):
    one, other = halves(n, seed=1)
    assert sorted([*one, *other]) == list(range(n))
    assert len(one) == n // 2
