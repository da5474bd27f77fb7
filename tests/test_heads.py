"""Heads on cached features: the whole study on ten colours, resumed, loaded again, refused."""

import json
import os
from collections import OrderedDict
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image
from torch import nn

from cam_utils import CamError, cams, study, views
from cam_utils.__main__ import main
from cam_utils.book import results
from cam_utils.data import Record, open_images
from cam_utils.data.imagenette import CLASSES
from cam_utils.data.joined import WithMirrored, mirrored
from cam_utils.errors import BrokenWeights, MissingData
from cam_utils.metrics import Rate, pick
from cam_utils.networks import InputSpec, check_identity
from cam_utils.networks.zoo.caffe_layers import CaffeGapNetwork
from cam_utils.sections.s31_surgery import heads, studies
from cam_utils.study import Ask, run
from cam_utils.train.cached_features import cache_features, scores

SPEC = InputSpec(size=16, resize=18, squash=True, mean=(0.5, 0.5, 0.5), std=(0.25, 0.25, 0.25))
GRID = tuple(replace(studies.HEAD_RECIPE, lr=lr, epochs=6, batch=20) for lr in (1e-5, 0.03))
SEEDS = (0, 1)


class Killed(Exception):
    """What a test raises in place of a killed process."""


def parent(*_):
    """A network with the layers' names of GoogLeNet and 1,000 classes, untrained."""
    torch.manual_seed(0)
    layers = {"conv1": (3, 8), "inception_4e": (8, 12), "inception_5b": (12, 10)}
    trunk = OrderedDict(
        (name, nn.Sequential(nn.Conv2d(*widths, 3, 2, 1), nn.ReLU()))
        for name, widths in layers.items()
    )
    network = CaffeGapNetwork(nn.Sequential(trunk), [("classifier", nn.Linear(10, 1000))])
    network.input_spec, network.name, network.weights_hash = SPEC, "caffe/googlenet", "0123"
    return network.eval()


def write_photos(root, train=10, val=4):
    """An Imagenette of ten colours; noise makes each photo another one."""
    rng = np.random.default_rng(0)
    colours = rng.integers(0, 200, (10, 3))
    for split, count in (("train", train), ("val", val)):
        for wnid, colour in zip(CLASSES, colours, strict=True):
            folder = root / "imagenette" / split / wnid
            folder.mkdir(parents=True)
            for i in range(count):
                pixels = colour + rng.integers(0, 40, (16, 16, 3))
                Image.fromarray(pixels.astype(np.uint8)).save(folder / f"{wnid}_{i}.png")
    return root


@pytest.fixture
def tiny(monkeypatch):
    for module in (heads, studies):
        monkeypatch.setattr(module, "load_network", parent)


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """The whole study, run once: its root folder, which holds heads/ and figures/paper/ too."""
    root = write_photos(tmp_path_factory.mktemp("study"))
    with pytest.MonkeyPatch.context() as patch:
        for module in (heads, studies):
            patch.setattr(module, "load_network", parent)
        assert train(root) == [root / "figures" / "paper" / "heads_imagenette.csv"]
    return root


def train(root, limit=0):
    """The study with small networks and a short grid; the files written."""
    what = studies.HeadTraining(root / "heads", SEEDS, GRID, units=12)
    return run(what.study(), Ask("paper", root, limit=limit), root / "figures" / "paper")


def read(root):
    path = root / "figures" / "paper" / "heads_imagenette.csv"
    return pd.read_csv(path), json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))


# --- the study -------------------------------------------------------------------------------


def test_heads_learn_and_are_measured_beside_the_uncut_network(trained):
    found, made = read(trained)
    assert list(found) == ["network", "seed", "metric", "measured", "low", "high", "n"]
    assert found["metric"].is_unique
    assert set(found["n"]) == {40}
    errors = found.set_index("metric")["measured"]
    # ten colours are easily told apart, except by the untrained scores of the uncut network
    assert errors["top-1 error, googlenet uncut, %"] > 60
    for name in heads.HEADS.values():
        each = [errors[f"top-1 error, {name}, seed {seed}, %"] for seed in SEEDS]
        assert max(each) < 30
        assert errors[f"top-1 error, {name}, mean of seeds, %"] == pytest.approx(np.mean(each))
    assert made["n"] == 40
    assert (made["images"], made["split"], made["view"]) == ("imagenette", "val", "whole")
    assert made["weights"] == "0123"
    assert made["training photos"] == 100
    assert made["unreadable"] == {"imagenette": 0, "imagenette+mirrored": 0}


def test_the_recipe_is_chosen_on_held_out_training_photos(trained):
    """Of 100 photos every fifth is held out; the tiny learning rate cannot win."""
    _, made = read(trained)
    trials = made["grid, held-out training photos"]
    assert [(t["network"], t["lr"]) for t in trials] == [
        (name, lr) for name in heads.HEADS.values() for lr in (1e-5, 0.03)
    ]
    assert {t["n"] for t in trials} == {20}
    for name in heads.HEADS.values():
        assert made["recipe"][name]["lr"] == 0.03
        slow, fast = (t["error"] for t in trials if t["network"] == name)
        assert fast < slow


@pytest.mark.usefixtures("tiny")
def test_held_out_photos_are_not_learnt_nor_their_mirror_images(tmp_path, monkeypatch):
    parts = []

    def spy(network, learnt, recipe, *_):
        parts.append(learnt)
        return {"training loss": [0], "minutes": 0}

    def judge(network, judged):
        parts.append(judged)
        raise Killed

    monkeypatch.setattr(studies, "train_head", spy)
    monkeypatch.setattr(studies, "scores", judge)
    with pytest.raises(Killed):
        train(write_photos(tmp_path))
    learnt, judged = parts
    assert judged.places.tolist() == list(range(0, 100, 5))
    assert len(learnt.places) == 160
    assert not set(learnt.places % 100) & set(judged.places)
    assert np.array_equal(np.bincount(judged.labels), [2] * 10)
    assert learnt.identity != judged.identity


def test_the_table_is_read_as_other_tables_of_real_data_are(trained, monkeypatch):
    monkeypatch.setattr(study, "project_root", lambda: trained)
    metric = "top-1 error, googlenet-gmp - googlenet-gap, seed 1, points"
    found = Rate.of(pick(study.stored_table("heads_imagenette")[0], metric=metric))
    assert found.n == 40
    assert found.low <= found.value <= found.high
    assert "tables --profile paper --only heads" in results.origin("heads_imagenette")


# --- what is finished is kept ----------------------------------------------------------------


@pytest.mark.usefixtures("tiny")
def test_a_second_run_trains_nothing(trained, monkeypatch):
    before = (trained / "figures" / "paper" / "heads_imagenette.csv").read_bytes()
    monkeypatch.setattr(heads, "fit", None)
    train(trained)
    assert (trained / "figures" / "paper" / "heads_imagenette.csv").read_bytes() == before


@pytest.mark.usefixtures("tiny")
def test_an_interrupted_run_goes_on_to_the_same_table(trained, tmp_path, monkeypatch):
    write_photos(tmp_path)
    done, fit = [], heads.fit

    def stops(network, features, recipe, **options):
        done.append((network.name, recipe.lr, len(features.labels)))
        if len(done) == 6:  # four runs of the grid, one head
            raise Killed
        return fit(network, features, recipe, **options)

    monkeypatch.setattr(heads, "fit", stops)
    with pytest.raises(Killed):
        train(tmp_path)
    assert not list((tmp_path / "figures").rglob("*.csv"))
    train(tmp_path)
    assert len(done) == 6 + 3
    assert done[5] == done[6]
    assert len(set(done)) == 8
    assert read(tmp_path)[0].equals(read(trained)[0])


@pytest.mark.usefixtures("tiny")
def test_a_head_of_another_recipe_is_trained_again(trained, tmp_path):
    network = heads.load_head("avg", 0, trained, trained / "heads")
    features = cache_features(
        network, WithMirrored(open_images("imagenette", "train", trained)), tmp_path,
        "whole", progress=False,
    )  # fmt: skip
    path = tmp_path / "head.safetensors"
    recipe = replace(GRID[1], epochs=1)
    hashes = []
    for changed in (recipe, recipe, replace(recipe, lr=0.01)):
        start = heads.new_head(parent(), "avg", 0, units=12)
        hashes.append(heads.train_head(start, features, changed, path)["weights"])
    assert hashes[0] == hashes[1] != hashes[2]


# --- networks ----------------------------------------------------------------------------------


@pytest.mark.usefixtures("tiny")
@pytest.mark.parametrize("pool", ["avg", "max"])
def test_a_trained_head_runs_from_photos(trained, tmp_path, pool):
    network = heads.load_head(pool, 1, trained, trained / "heads")
    assert (network.pool, network.input_spec, network.training) == (pool, SPEC, False)
    assert network.classes == [name for name, _ in CLASSES.values()]
    assert network.weights_hash in [head["weights"] for head in read(trained)[1]["heads"]]
    val = open_images("imagenette", "val", trained)
    images = torch.stack([views.whole(val[i].image, SPEC).tensor for i in range(len(val))])
    with torch.no_grad():
        logits, features = network.logits_and_features(images)
    check_identity(network, logits, features)
    assert cams(network, images[:2], classes=None).maps.shape == (2, 10, 4, 4)
    cached = cache_features(network, val, tmp_path, "whole", progress=False)
    # float16 keeps 11 bits of each feature
    torch.testing.assert_close(scores(network, cached), logits, rtol=1e-2, atol=1e-2)
    error = 100 * (logits.argmax(1) != torch.from_numpy(cached.labels)).float().mean()
    row = f"top-1 error, {heads.HEADS[pool]}, seed 1, %"
    assert read(trained)[0].set_index("metric")["measured"][row] == pytest.approx(float(error))


@pytest.mark.usefixtures("tiny")
def test_the_uncut_network_is_the_parent_with_ten_of_its_scores():
    images = torch.randn(3, 3, 16, 16, generator=torch.Generator().manual_seed(0))
    uncut = heads.load_uncut()
    with torch.no_grad():
        logits, features = uncut.logits_and_features(images)
        expected = parent()(images)[:, [index for _, index in CLASSES.values()]]
    torch.testing.assert_close(logits, expected)
    check_identity(uncut, logits, features)
    assert len(uncut.classes) == 10


def test_both_poolings_start_alike_and_seeds_do_not():
    one, other, third = (
        heads.new_head(parent(), pool, seed, units=12)
        for pool, seed in (("avg", 0), ("max", 0), ("avg", 1))
    )
    assert torch.equal(one.cam_conv.weight, other.cam_conv.weight)
    assert torch.equal(one.class_weights, other.class_weights)
    assert not torch.equal(one.cam_conv.weight, third.cam_conv.weight)
    trained = {name for name, p in one.named_parameters() if p.requires_grad}
    assert trained == {"cam_conv.weight", "cam_conv.bias", "cam_fc.weight", "cam_fc.bias"}


def test_googlenet_of_the_paper_gets_both_networks(shared):
    uncut = heads.load_uncut(shared / "real")
    image = views.whole(
        open_images("imagenette", "val", shared / "real")[0].image, uncut.input_spec
    )
    with torch.no_grad():
        logits, features = uncut.logits_and_features(image.tensor[None])
        head = heads.new_head(heads.load_network(heads.PARENT, shared / "real"), "max", 0)
        maps = head.features(image.tensor[None])
    assert (features.shape, maps.shape) == ((1, 1024, 7, 7), (1, 1024, 14, 14))
    assert uncut.classes[int(logits.argmax())] == "tench"  # the first folder's class


# --- bad input -----------------------------------------------------------------------------------


@pytest.mark.usefixtures("tiny")
@pytest.mark.parametrize(
    ("split", "message"), [("train", "no image"), ("val", r"no image \(church")]
)
def test_a_missing_class_is_refused_before_any_work(tmp_path, monkeypatch, split, message):
    monkeypatch.setattr(studies, "cache_features", None)
    write_photos(tmp_path, 5, 1)
    folder = tmp_path / "imagenette" / split / "n03028079"
    for path in folder.iterdir():
        path.unlink()
    with pytest.raises(CamError, match=message):
        train(tmp_path)


@pytest.mark.usefixtures("tiny")
def test_networks_are_compared_on_the_photos_that_both_could_read(tmp_path):
    write_photos(tmp_path, 5, 2)
    val = open_images("imagenette", "val", tmp_path)
    path = val.path(3)
    whole, at = path.read_bytes(), path.stat().st_mtime_ns
    path.write_bytes(whole[:60] + bytes(len(whole) - 60))
    os.utime(path, ns=(at, at))  # a disk that fails: size and time stay
    features = tmp_path / "heads" / "features"
    cache_features(heads.load_uncut(), val, features, "whole", progress=False)
    path.write_bytes(whole)
    os.utime(path, ns=(at, at))
    train(tmp_path)
    found, made = read(tmp_path)
    assert set(found["n"]) == {19}
    assert made["unreadable"]["imagenette"] == 1


@pytest.mark.usefixtures("tiny")
def test_a_trial_leaves_what_was_trained_on_all_photos(tmp_path):
    write_photos(tmp_path, 6, 4)
    with pytest.raises(CamError, match="no image"):
        train(tmp_path, limit=9)
    train(tmp_path, limit=39)
    made = read(tmp_path)[1]
    assert (made["n"], made["training photos"]) == (39, 39)
    assert made["command"].endswith("--only heads --root <folder> --limit 39")
    assert not heads.head_file("avg", 0, tmp_path / "heads").exists()
    assert heads.load_head("avg", 0, tmp_path, tmp_path / "heads" / "limit-39").pool == "avg"


def test_missing_data_and_places_end_with_one_paragraph(tmp_path, capsys, monkeypatch):
    monkeypatch.delenv("CAM_DATA", raising=False)
    argv = ["tables", "--profile", "paper", "--only", "heads", "--root", str(tmp_path), "--out"]
    out = str(tmp_path / "out")
    assert main([*argv, out]) == 2
    assert "There is no Imagenette under" in capsys.readouterr().err
    write_photos(tmp_path, 1, 1)
    assert main([*argv, out]) == 2
    assert "bvlc_googlenet.caffemodel" in capsys.readouterr().err
    assert main([*argv, "/proc/x"]) == 2
    assert "Cannot write" in capsys.readouterr().err
    assert main(["tables", "--only", "heads"]) == 2
    assert "not one of profile mini" in capsys.readouterr().err


@pytest.mark.usefixtures("tiny")
def test_heads_that_are_missing_damaged_or_of_another_kind_are_refused(trained, tmp_path):
    with pytest.raises(MissingData, match="tables --profile paper --only heads"):
        heads.load_head("avg", 0, trained, tmp_path)
    with pytest.raises(CamError, match="'max'"):
        heads.load_head("mean", 0, trained, tmp_path)
    whole = heads.head_file("max", 0, trained / "heads").read_bytes()
    path = heads.head_file("avg", 0, tmp_path)
    path.write_bytes(whole)
    with pytest.raises(BrokenWeights, match="pool is avg here and max there"):
        heads.load_head("avg", 0, trained, tmp_path)
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(BrokenWeights, match="Train it again"):
        heads.load_head("avg", 0, trained, tmp_path)


def test_a_head_of_another_trunk_is_refused(trained, monkeypatch):
    def other(*_):
        network = parent()
        network.trunk[0][0].bias.data += 1
        return network

    monkeypatch.setattr(heads, "load_network", other)
    with pytest.raises(BrokenWeights, match=r"trunk is .* here and .* there"):
        heads.load_head("avg", 0, trained, trained / "heads")


# --- parts ---------------------------------------------------------------------------------------


def test_differences_are_paired_over_photos():
    """Of four photos two change for the worse and one for the better: 25 points, by photo."""
    gap = np.array([True, False, False, False])
    gmp = np.array([False, True, True, False])
    misses = pd.DataFrame({"googlenet": gap, "avg|3": gap, "max|3": gmp})
    rows = pd.DataFrame(studies.head_rows(misses)).set_index("metric")
    paired = rows.loc["top-1 error, googlenet-gmp - googlenet-gap, seed 3, points"]
    assert paired["measured"] == 25.0
    assert paired["low"] < 0 < paired["high"]
    same = rows.loc["top-1 error, googlenet-gap - googlenet, mean of seeds, points"]
    assert (same["measured"], same["low"], same["high"]) == (0, 0, 0)
    assert rows.loc["top-1 error, googlenet-gmp, seed 3, %", "measured"] == 50


def test_mirrored_records_have_mirrored_boxes_and_masks():
    pixels = np.arange(4 * 6 * 3, dtype=np.uint8).reshape(4, 6, 3)
    mask = np.zeros((1, 4, 6), bool)
    mask[0, 1, :2] = True
    boxes = np.array([[0, 1, 2, 2]], np.float32)
    record = Record("a", Image.fromarray(pixels), 3, boxes, mask)
    other = mirrored(record, "b")
    assert (other.id, other.label) == ("b", 3)
    assert np.array_equal(np.array(other.image), pixels[:, ::-1])
    assert other.boxes.tolist() == [[4, 1, 6, 2]]
    assert other.masks[0, 1].tolist() == [False] * 4 + [True] * 2
    assert record.boxes.tolist() == [[0, 1, 2, 2]]


def test_every_picture_comes_twice(tmp_path):
    photos = open_images("imagenette", "val", write_photos(tmp_path, 1, 1))
    both = WithMirrored(photos)
    assert len(both) == len(set(both.ids)) == 20
    assert [both.label(i) for i in range(20)] == 2 * [photos.label(i) for i in range(10)]
    plain, turned = np.array(both[2].image), np.array(both[12].image)
    assert np.array_equal(turned, plain[:, ::-1])
    assert both[12].id == both.ids[12] == photos.ids[2] + "/mirrored"
