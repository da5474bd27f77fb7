"""Heads on cached features: the whole study on ten colours, resumed, loaded again, refused."""

import json
from collections import OrderedDict
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image
from torch import nn

from cam_utils import CamError, cams, views
from cam_utils.__main__ import main
from cam_utils.book import published, results
from cam_utils.data import Record, open_images
from cam_utils.data.imagenette import CLASSES
from cam_utils.data.joined import WithMirrored, mirrored
from cam_utils.errors import BrokenWeights, MissingData
from cam_utils.networks import InputSpec, check_identity
from cam_utils.networks.zoo.caffe_layers import CaffeGapNetwork
from cam_utils.sections.s31_surgery import heads
from cam_utils.sections.s31_surgery import heads as head_runs
from cam_utils.sections.s31_surgery import heads_study as train_heads
from cam_utils.sections.s31_surgery.heads_study import table
from cam_utils.train.cached_features import scores
from cam_utils.train.feature_cache import cache_features

SPEC = InputSpec(size=16, resize=18, squash=True, mean=(0.5, 0.5, 0.5), std=(0.25, 0.25, 0.25))
GRID = tuple(replace(train_heads.RECIPE, lr=lr, epochs=6, batch=20) for lr in (1e-5, 0.03))
SEEDS = (0, 1)
SMALL = {"seeds": SEEDS, "grid": GRID, "units": 12, "workers": 0, "progress": False}


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
    for module in (heads, train_heads):
        monkeypatch.setattr(module, "load_network", parent)


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """The whole study, run once: its root folder, which holds heads/ and figures/paper/ too."""
    root = write_photos(tmp_path_factory.mktemp("study"))
    with pytest.MonkeyPatch.context() as patch:
        for module in (heads, train_heads):
            patch.setattr(module, "load_network", parent)
        said = run(root)
    assert "top-1 error, googlenet-gmp - googlenet-gap, mean of seeds, points" in said
    return root


def run(root, folder=None, **changes):
    out = root / "figures" / "paper" / "heads.csv"
    return train_heads.train_heads(root, out, folder or root / "heads", **(SMALL | changes))


def read(root):
    path = root / "figures" / "paper" / "heads.csv"
    return pd.read_csv(path), json.loads(path.with_suffix(".json").read_text())


# --- the study -------------------------------------------------------------------------------


def test_heads_learn_and_are_measured_beside_the_uncut_network(study):
    found, made = read(study)
    assert list(found) == ["network", "seed", "metric", "measured", "low", "high", "n"]
    assert found["metric"].is_unique
    assert set(found["n"]) == {40}
    errors = found.set_index("metric")["measured"]
    # ten colours are easily told apart, except by the untrained scores of the uncut network
    assert errors["top-1 error, googlenet uncut, %"] > 60
    for name in heads.NAMES.values():
        each = [errors[f"top-1 error, {name}, seed {seed}, %"] for seed in SEEDS]
        assert max(each) < 30
        assert errors[f"top-1 error, {name}, mean of seeds, %"] == pytest.approx(np.mean(each))
    assert made["n"] == 40
    assert (made["images"], made["split"], made["view"]) == ("imagenette", "val", "whole")
    assert made["weights"] == "0123"
    assert made["training photos"] == 100
    assert made["unreadable"] == {"imagenette": 0, "imagenette+mirrored": 0}


def test_the_recipe_is_chosen_on_held_out_training_photos(study):
    """Of 100 photos every fifth is held out; the tiny learning rate cannot win."""
    _, made = read(study)
    trials = made["grid, held-out training photos"]
    assert [(t["network"], t["lr"]) for t in trials] == [
        (name, lr) for name in heads.NAMES.values() for lr in (1e-5, 0.03)
    ]
    assert {t["n"] for t in trials} == {20}
    for name in heads.NAMES.values():
        assert made["recipe"][name]["lr"] == 0.03
        slow, fast = (t["error"] for t in trials if t["network"] == name)
        assert fast < slow


@pytest.mark.usefixtures("tiny")
def test_held_out_photos_are_not_learnt_nor_their_mirror_images(tmp_path, monkeypatch):
    parts = []

    def spy(network, learnt, judged, *_):
        parts.append((learnt, judged))
        raise Killed

    monkeypatch.setattr(train_heads, "try_recipe", spy)
    with pytest.raises(Killed):
        run(write_photos(tmp_path))
    learnt, judged = parts[0]
    assert judged.places.tolist() == list(range(0, 100, 5))
    assert len(learnt.places) == 160
    assert not set(learnt.places % 100) & set(judged.places)
    assert np.array_equal(np.bincount(judged.labels), [2] * 10)
    assert learnt.identity != judged.identity


def test_the_table_is_read_as_other_tables_of_real_data_are(study, monkeypatch):
    monkeypatch.setattr(published, "project_root", lambda: study)
    found = results.real_rate("heads", "top-1 error, googlenet-gmp - googlenet-gap, seed 1, points")
    assert found.n == 40
    assert found.low <= found.value <= found.high
    assert "python -m cam_utils heads" in results.origin("heads")


# --- what is finished is kept ----------------------------------------------------------------


@pytest.mark.usefixtures("tiny")
def test_a_second_run_trains_nothing(study, monkeypatch):
    before = (study / "figures" / "paper" / "heads.csv").read_bytes()
    monkeypatch.setattr(head_runs, "fit", None)
    run(study)
    assert (study / "figures" / "paper" / "heads.csv").read_bytes() == before


@pytest.mark.usefixtures("tiny")
def test_an_interrupted_run_goes_on_to_the_same_table(study, tmp_path, monkeypatch):
    write_photos(tmp_path)
    trained, fit = [], head_runs.fit

    def stops(network, features, recipe, **options):
        trained.append((network.name, recipe.lr, len(features.labels)))
        if len(trained) == 6:  # four runs of the grid, one head
            raise Killed
        return fit(network, features, recipe, **options)

    monkeypatch.setattr(head_runs, "fit", stops)
    with pytest.raises(Killed):
        run(tmp_path)
    assert not list((tmp_path / "figures").rglob("*.csv"))
    run(tmp_path)
    assert len(trained) == 6 + 3
    assert trained[5] == trained[6]
    assert len(set(trained)) == 8
    assert read(tmp_path)[0].equals(read(study)[0])


@pytest.mark.usefixtures("tiny")
def test_a_head_of_another_recipe_is_trained_again(study, tmp_path):
    network = heads.load_head("avg", 0, study, study / "heads")
    features = cache_features(
        network, WithMirrored(open_images("imagenette", "train", study)), tmp_path,
        "whole", workers=0, progress=False,
    )  # fmt: skip
    path = tmp_path / "head.safetensors"
    recipe = replace(GRID[1], epochs=1)
    hashes = []
    for changed in (recipe, recipe, replace(recipe, lr=0.01)):
        start = heads.new_head(parent(), "avg", 0, units=12)
        hashes.append(head_runs.train_head(start, features, changed, path, False).weights_hash)
    assert hashes[0] == hashes[1] != hashes[2]


# --- networks ----------------------------------------------------------------------------------


@pytest.mark.usefixtures("tiny")
@pytest.mark.parametrize("pool", ["avg", "max"])
def test_a_trained_head_runs_from_photos(study, tmp_path, pool):
    network = heads.load_head(pool, 1, study, study / "heads")
    assert (network.pool, network.input_spec, network.training) == (pool, SPEC, False)
    assert network.classes == [name for name, _ in CLASSES.values()]
    assert network.weights_hash in [head["weights"] for head in read(study)[1]["heads"]]
    val = open_images("imagenette", "val", study)
    images = torch.stack([views.whole(val[i].image, SPEC).tensor for i in range(len(val))])
    with torch.no_grad():
        logits, features = network.logits_and_features(images)
    check_identity(network, logits, features)
    assert cams(network, images[:2], classes=None).maps.shape == (2, 10, 4, 4)
    cached = cache_features(network, val, tmp_path, "whole", workers=0, progress=False)
    # float16 keeps 11 bits of each feature
    torch.testing.assert_close(scores(network, cached), logits, rtol=1e-2, atol=1e-2)
    error = 100 * (logits.argmax(1) != torch.from_numpy(cached.labels)).float().mean()
    row = f"top-1 error, {heads.NAMES[pool]}, seed 1, %"
    assert read(study)[0].set_index("metric")["measured"][row] == pytest.approx(float(error))


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
    ("split", "message"), [("train", "no training image"), ("val", "val photos lack church")]
)
def test_a_missing_class_is_refused_before_any_work(tmp_path, monkeypatch, split, message):
    monkeypatch.setattr(train_heads, "cache_features", None)
    write_photos(tmp_path, 5, 1)
    folder = tmp_path / "imagenette" / split / "n03028079"
    for path in folder.iterdir():
        path.unlink()
    with pytest.raises(CamError, match=message):
        run(tmp_path)


@pytest.mark.usefixtures("tiny")
def test_features_of_different_photos_are_not_compared(tmp_path):
    """A photo that could be read for one network and not for the other ends the study."""
    write_photos(tmp_path, 5, 2)
    val = open_images("imagenette", "val", tmp_path)
    broken = val.path(3)
    whole = broken.read_bytes()
    broken.write_bytes(whole[:60])
    options = {"workers": 0, "progress": False}
    cache_features(heads.load_uncut(), val, tmp_path / "heads" / "features", "whole", **options)
    broken.write_bytes(whole)
    with pytest.raises(CamError, match="different photos"):
        run(tmp_path)


def test_missing_data_and_places_end_with_one_paragraph(tmp_path, capsys, monkeypatch):
    monkeypatch.delenv("CAM_DATA", raising=False)
    out = str(tmp_path / "x.csv")
    assert main(["heads", "--root", str(tmp_path), "--out", out]) == 2
    assert "There is no Imagenette under" in capsys.readouterr().err
    write_photos(tmp_path, 1, 1)
    assert main(["heads", "--root", str(tmp_path), "--out", out]) == 2
    assert "bvlc_googlenet.caffemodel" in capsys.readouterr().err
    assert main(["heads", "--root", str(tmp_path), "--out", "/proc/x/y.csv"]) == 2
    assert "Cannot write" in capsys.readouterr().err


@pytest.mark.usefixtures("tiny")
def test_heads_that_are_missing_damaged_or_of_another_kind_are_refused(study, tmp_path):
    with pytest.raises(MissingData, match="python -m cam_utils heads"):
        heads.load_head("avg", 0, study, tmp_path)
    with pytest.raises(CamError, match="'max'"):
        heads.load_head("mean", 0, study, tmp_path)
    whole = heads.head_file("max", 0, study / "heads").read_bytes()
    path = heads.head_file("avg", 0, tmp_path)
    path.write_bytes(whole)
    with pytest.raises(BrokenWeights, match="pool max, expected avg"):
        heads.load_head("avg", 0, study, tmp_path)
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(BrokenWeights, match="train it again"):
        heads.load_head("avg", 0, study, tmp_path)


def test_a_head_of_another_trunk_is_refused(study, monkeypatch):
    def other(*_):
        network = parent()
        network.trunk[0][0].bias.data += 1
        return network

    monkeypatch.setattr(heads, "load_network", other)
    with pytest.raises(BrokenWeights, match="trained with trunk"):
        heads.load_head("avg", 0, study, study / "heads")


# --- parts ---------------------------------------------------------------------------------------


def test_differences_are_paired_over_photos():
    """Of four photos two change for the worse and one for the better: 25 points, by photo."""
    gap = np.array([True, False, False, False])
    gmp = np.array([False, True, True, False])
    found = table({("uncut", None): gap, ("avg", 3): gap, ("max", 3): gmp})
    rows = found.set_index("metric")
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
