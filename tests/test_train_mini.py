"""The mini networks are trained originals first, then cut; weights, log and errors are written."""

import json

import pytest
import torch

from cam_utils import CamError, MissingData, open_images
from cam_utils.metrics.classification import true_ranks
from cam_utils.mini.pencil.base import arrays
from cam_utils.mini.scenes.inventory import SCENES
from cam_utils.networks.zoo import mini_weights
from cam_utils.sections.s31_surgery import mini_results, train_mini
from cam_utils.train import Recipe, logits_of_arrays


def first_of(data, count):
    return arrays(data, range(count), progress=False)


@pytest.fixture
def short(monkeypatch, tmp_path):
    """One epoch on 48 pictures, weights in a folder of their own."""
    for name in ("ORIGINAL", "CLASSIFIER", "FINE_TUNED"):
        monkeypatch.setattr(train_mini, name, Recipe(epochs=1, batch=16))
    monkeypatch.setattr(train_mini, "FOLDER", tmp_path / "build")
    monkeypatch.setattr(train_mini, "arrays", lambda data, **_: first_of(data, 48))
    monkeypatch.setattr(train_mini, "SCENES", Recipe(epochs=1, batch=16))
    monkeypatch.setattr(train_mini, "WEIGHTS", tmp_path)
    monkeypatch.setattr(mini_weights, "WEIGHTS", tmp_path)
    return tmp_path


def test_the_original_is_trained_first_and_its_layers_are_kept(short):
    said = train_mini.train_mini("mini/alexnet-gap", None, 0, torch.device("cpu"))
    assert "alexnet-gap.safetensors" in said
    weights = {
        f"{n}.{kind}" for n in ("alexnet", "alexnet-gap") for kind in ("json", "safetensors")
    }
    assert {p.name for p in short.iterdir()} == weights | {"build", "ranks.npz", "results.csv"}
    assert not list((short / "build").iterdir())  # checkpoints of finished trainings
    log = json.loads((short / "alexnet-gap.json").read_text(encoding="utf-8"))
    original = json.loads((short / "alexnet.json").read_text(encoding="utf-8"))
    assert log["cut from"] == {"alexnet": original["weights"]}
    assert log["layers kept"] == 10  # five convolutions with their normalisations
    assert len(log["log"]) == 1
    assert log["errors"].keys() == {"val", "test"}
    network = mini_weights.load_mini("alexnet-gap")
    assert network.weights_hash == log["weights"]


def test_the_network_of_the_scenes_is_trained_on_scenes(short):
    train_mini.train_mini("mini/scenes-alexnetplus-gap", None, 0, torch.device("cpu"))
    log = json.loads((short / "scenes-alexnetplus-gap.json").read_text(encoding="utf-8"))
    assert log["images"] == "mini/scenes train, 48 images"
    assert log["layers kept"] == 8  # conv1 to conv4 with their normalisations
    network = mini_weights.load_mini("scenes-alexnetplus-gap")
    assert network.classes == list(SCENES)
    assert network.name == "mini/scenes-alexnetplus-gap"
    assert network(torch.zeros(1, 3, 112, 112)).shape == (1, 10)
    assert set(mini_results.logs(short)) == {"alexnet"}  # what it was cut from
    assert set(mini_results.logs(short, "mini/scenes")) == {"scenes-alexnetplus-gap"}


def test_unknown_networks_are_refused(short):
    with pytest.raises(CamError, match="known: mini/all, mini/alexnet"):
        train_mini.train_mini("mini/resnet", None, 0, torch.device("cpu"))
    assert not list(short.iterdir())


def test_half_precision_loses_nothing_that_is_measured():
    """What is measured after training is what the shipped file gives."""
    network = mini_weights.load_mini("googlenet-gap")
    for value in network.state_dict().values():
        if value.is_floating_point():
            assert torch.equal(value, value.half().float())


def test_results_are_kept_image_by_image_and_replaced(short):
    for _ in range(2):
        train_mini.train_mini("mini/alexnet", None, 0, torch.device("cpu"))
    train_mini.train_mini("mini/alexnet", None, 1, torch.device("cpu"))
    table = mini_results.results(short)
    assert len(table) == 2 * 2 * 2  # seeds, splits, metrics
    assert mini_results.seeds("alexnet", short) == [0, 1]
    ranks = mini_results.ranks("alexnet", 1, "val", short)
    row = table.query("seed == 1 and split == 'val' and metric == 'top5'").iloc[0]
    assert row["measured"] == pytest.approx(100 * (ranks > 5).mean(), abs=1e-3)
    assert row["n"] == len(ranks) == 48
    assert not (short / "alexnet-seed1.safetensors").exists()  # only seed 0 is shipped
    assert (short / "build" / "alexnet-seed1.safetensors").exists()
    with pytest.raises(MissingData, match="mini/all"):
        mini_results.ranks("alexnet", 7, "val", short)


def test_an_interrupted_training_goes_on(short, monkeypatch):
    """Killed after two of three steps, then run again: the same weights as without."""
    train_mini.train_mini("mini/alexnet", None, 1, torch.device("cpu"))
    path = short / "build" / "alexnet-seed1.safetensors"
    whole = path.read_bytes()
    path.unlink()
    steps = []

    def stop(step, _loss):
        steps.append(step)
        if len(steps) == 2:
            raise KeyboardInterrupt

    plain = train_mini.fit
    monkeypatch.setattr(
        train_mini, "fit", lambda *a, **k: plain(*a, **k | {"every": 1, "on_step": stop})
    )
    with pytest.raises(KeyboardInterrupt):
        train_mini.train_mini("mini/alexnet", None, 1, torch.device("cpu"))
    train_mini.train_mini("mini/alexnet", None, 1, torch.device("cpu"))
    assert steps == [1, 2, 3]
    assert path.read_bytes() == whole


def test_controls_start_where_they_say():
    network, recipe, _ = train_mini._start("alexnet-longer", 3)
    original = mini_weights.load_mini("alexnet").state_dict()
    state = network.state_dict()
    assert all(torch.equal(state[k], v) for k, v in original.items())
    assert recipe.seed == 3
    assert recipe.epochs == train_mini.FINE_TUNED.epochs
    assert train_mini._start("googlenet-gap-scratch", 0)[2] == []
    assert len(train_mini._start("googlenet-gap", 0)[2]) > 40


def test_the_live_training_learns(monkeypatch):
    monkeypatch.setattr(
        train_mini, "arrays", lambda data, some=range(120), **_: first_of(data, len(some))
    )
    live = train_mini.fine_tune_live("googlenet-gap", 480, 2, 0)
    assert len(live.log) == 2
    assert live.before.value > 80  # 24 classes: chance is 95.8
    assert live.after.value < 40
    assert not torch.equal(live.start.class_weights, live.network.class_weights)
    assert live.network.classes == open_images("mini/objects", "train").classes


def test_every_shipped_network_has_its_results():
    """The stored ranks and the logs speak of the shipped weights."""
    table = mini_results.results()
    for name in mini_weights.shipped_mini():
        rows = table[(table["network"] == name) & (table["seed"] == 0)]
        assert set(rows["weights"]) == {mini_weights.load_mini(name).weights_hash}
        ranks = mini_results.ranks(name)
        assert len(ranks) == (1000 if name in mini_weights.ELSEWHERE else 2400)
        top1 = rows[(rows["split"] == "test") & (rows["metric"] == "top1")]["measured"].item()
        assert top1 == pytest.approx(100 * (ranks > 1).mean(), abs=1e-3)
    assert {mini_results.seeds(f"googlenet-{p}") == [0, 1, 2] for p in ("gap", "gmp")} == {True}


@pytest.mark.parametrize("name", ["vgg-gap", "nin"])
def test_stored_ranks_are_what_the_weights_give(name):
    images, labels = first_of(open_images("mini/objects", "val"), 240)
    found = true_ranks(
        logits_of_arrays(mini_weights.load_mini(name), images), torch.from_numpy(labels.copy())
    )
    stored = mini_results.ranks(name, 0, "val")[:240]
    assert (found == stored).mean() > 0.97  # other machines' float32 sums turn borderline images
