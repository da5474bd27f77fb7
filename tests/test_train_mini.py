"""The mini networks are trained originals first, then cut; weights, log and errors are written."""

import json
from functools import partial

import pytest
import torch

from cam_utils import CamError, train_mini
from cam_utils.mini.objects import arrays
from cam_utils.networks import mini
from cam_utils.train import Recipe


@pytest.fixture
def short(monkeypatch, tmp_path):
    """One epoch on 48 pictures, weights in a folder of their own."""
    few = partial(arrays, indices=list(range(48)), progress=False)
    for name in ("ORIGINAL", "FINE_TUNED"):
        monkeypatch.setattr(train_mini, name, Recipe(epochs=1, batch=16))
    monkeypatch.setattr(train_mini, "arrays", few)
    monkeypatch.setattr(train_mini, "WEIGHTS", tmp_path)
    monkeypatch.setattr(mini, "WEIGHTS", tmp_path)
    return tmp_path


def test_the_original_is_trained_first_and_its_layers_are_kept(short):
    said = train_mini.train_mini("mini/alexnet-gap", None, 0, torch.device("cpu"))
    assert "alexnet-gap.safetensors" in said
    assert {p.name for p in short.iterdir()} == {
        f"{n}.{kind}" for n in ("alexnet", "alexnet-gap") for kind in ("json", "safetensors")
    }
    log = json.loads((short / "alexnet-gap.json").read_text())
    original = json.loads((short / "alexnet.json").read_text())
    assert log["cut from"] == {"alexnet": original["weights"]}
    assert log["layers kept"] == 10  # five convolutions with their normalisations
    assert len(log["log"]) == 1
    assert log["errors"].keys() == {"val", "test"}
    network = mini.load_mini("alexnet-gap")
    assert network.weights_hash == log["weights"]


def test_unknown_networks_are_refused(short):
    with pytest.raises(CamError, match="known: mini/alexnet"):
        train_mini.train_mini("mini/resnet", None, 0, torch.device("cpu"))
    assert not list(short.iterdir())


def test_half_precision_loses_nothing_that_is_measured():
    """What is measured after training is what the shipped file gives."""
    network = mini.load_mini("googlenet-gap")
    for value in network.state_dict().values():
        if value.is_floating_point():
            assert torch.equal(value, value.half().float())
