"""The training engine: recipes, exact resume, several processes, cached features, bad input."""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import tiny_training
import torch
from PIL import Image
from tiny_training import SGD, SPEC, Pictures, Tiny, data, tiny, weights
from torch import nn

from cam_utils.__main__ import main
from cam_utils.distributed import World
from cam_utils.errors import CamError
from cam_utils.networks.topped import CutNetwork
from cam_utils.sections.s31_surgery.train_paper import load_trained, released_recipe, save_trained
from cam_utils.train import RELEASED, Recipe, cached_features, fit
from cam_utils.train.augment import augment, crop, drawn_change, network_input
from cam_utils.train.batches import plan
from cam_utils.train.cached_features import cache_features
from cam_utils.train.cost import count_flops, estimate
from cam_utils.train.recipe import make_optimizer, rate_factor, set_rate
from cam_utils.views import view_list

ALONE = World(0, 1, torch.device("cpu"))


class Killed(Exception):
    """Stands for the end of a process at an arbitrary step."""


@pytest.fixture(autouse=True)
def _one_thread():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def kill_at(last):
    def on_step(step, loss):
        if step == last:
            raise Killed

    return on_step


def quiet(network, images, recipe=SGD, **options):
    return fit(network, images, recipe, progress=False, **({"workers": 0} | options))


# --- the recipe


@pytest.mark.parametrize(
    ("step", "rate"), [(0, 1e-3), (39_999, 1e-3), (40_000, 1e-4), (80_000, 1e-5), (159_999, 1e-6)]
)
def test_the_released_rate_falls_tenfold_every_40000_steps(step, rate):
    assert RELEASED.lr * rate_factor(step, 160_000, RELEASED) == pytest.approx(rate)


def test_the_cosine_rises_linearly_then_falls_to_zero():
    recipe = Recipe(warmup=0.1)
    factors = [rate_factor(step, 100, recipe) for step in range(101)]
    assert factors[:10] == pytest.approx([(i + 1) / 10 for i in range(10)])
    assert factors[10] == 1
    assert factors[55] == pytest.approx(0.5)
    assert factors[100] == pytest.approx(0)


def test_only_weights_decay_and_biases_learn_twice_as_fast():
    network = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Flatten(), nn.Linear(4, 2))
    optimizer = make_optimizer(network, RELEASED)
    set_rate(optimizer, 0.1)
    found = {
        id(p): (g["weight_decay"], g["lr"]) for g in optimizer.param_groups for p in g["params"]
    }
    conv, norm, _, linear = network
    for weight in (conv.weight, linear.weight):
        assert found[id(weight)] == pytest.approx((5e-4, 1e-4))
    for bias in (conv.bias, norm.bias, linear.bias):
        assert found[id(bias)] == pytest.approx((0, 2e-4))
    assert found[id(norm.weight)] == pytest.approx((0, 1e-4))
    assert optimizer.defaults["momentum"] == 0.9
    assert not optimizer.defaults["nesterov"]


def test_one_step_is_what_the_recipe_says():
    """Plain SGD by hand: mirrored, shifted and cropped by nothing."""
    recipe = replace(
        SGD, epochs=0, iterations=1, batch=37, mirror=False, shift=0, smoothing=0, momentum=0,
        nesterov=False, warmup=0,
    )  # fmt: skip
    network, by_hand = tiny(), tiny()
    quiet(network, data(), recipe, precision="float32")
    images = (torch.from_numpy(data()[0]).permute(0, 3, 1, 2) / 255 - 0.5) / 0.25
    nn.functional.cross_entropy(by_hand(images), torch.from_numpy(data()[1])).backward()
    for new, old in zip(network.parameters(), by_hand.parameters(), strict=True):
        decay, rate = (recipe.weight_decay, 0.05) if old.dim() > 1 else (0, 0.1)
        torch.testing.assert_close(new, old - rate * (old.grad + decay * old))


def test_each_epoch_shows_every_image_once_and_length_can_be_iterations():
    recipe = replace(SGD, epochs=0, iterations=12)
    steps = list(plan(37, recipe, 0, ALONE))
    assert [len(s) for s in steps] == [8, 8, 8, 8, 5] * 2 + [8, 8]
    first, second = steps[:5], steps[5:10]
    assert sorted(i for s in first for _, i in s) == list(range(37))
    assert [i for s in first for _, i in s] != [i for s in second for _, i in s]
    shares = [list(plan(37, recipe, 3, World(rank, 2, "cpu"))) for rank in range(2)]
    assert [sorted(a + b) for a, b in zip(*shares, strict=True)] == [sorted(s) for s in steps[3:]]


def test_it_learns_and_reports():
    network = tiny()
    log = quiet(network, data(), replace(SGD, epochs=12, mirror=False, shift=1))
    assert log["error"].iloc[-1] < 20 < log["error"].iloc[0]
    assert log["epoch"].tolist() == list(range(1, 13))
    assert (log["images"] == 37).all()
    rates = [0.05 * rate_factor(step, 60, SGD) for step in range(4, 60, 5)]
    assert log["lr"].tolist() == pytest.approx(rates)
    assert not network.training


# --- augmentation


def test_every_image_is_changed_anew_in_every_epoch_and_for_every_seed():
    recipe = replace(SGD, shift=1000)
    places = [(recipe, 0, 0), (recipe, 0, 1), (recipe, 1, 0), (replace(recipe, seed=6), 0, 0)]
    assert len({drawn_change(*place)[2:] for place in places}) == 4
    assert drawn_change(*places[0])[1:] == drawn_change(*places[0])[1:]
    mirrored = [drawn_change(recipe, 0, i)[1] for i in range(400)]
    assert 150 < sum(mirrored) < 250
    assert not any(drawn_change(replace(recipe, mirror=False), 0, i)[1] for i in range(50))


def test_mirror_and_shift_repeat_the_edge():
    image = torch.arange(12, dtype=torch.uint8).reshape(1, 1, 3, 4)
    moved = augment(image, torch.tensor([True]), torch.tensor([[1, -1]]))
    assert moved[0, 0].tolist() == [[7, 7, 6, 5], [11, 11, 10, 9], [11, 11, 10, 9]]


@pytest.mark.parametrize("policy", ["random", "area", "center", "whole"])
def test_crops_have_the_networks_size(policy):
    photo = Image.fromarray(np.random.default_rng(0).integers(0, 255, (40, 23, 3), dtype=np.uint8))
    crops = [crop(photo, SPEC, policy, np.random.default_rng(i)) for i in (1, 2, 2)]
    assert {(tuple(c.shape), c.dtype) for c in crops} == {((3, 16, 16), torch.uint8)}
    assert torch.equal(crops[1], crops[2])
    assert torch.equal(crops[0], crops[1]) == (policy in ("center", "whole"))


def test_records_workers_and_arrays_give_the_same_weights():
    recipe = replace(SGD, epochs=1, crop="whole")
    found = []
    for images, workers in ((data(), 0), (Pictures(), 0), (Pictures(), 2)):
        network = tiny(drop=0.3)  # its random numbers must not depend on the loading either
        quiet(network, images, recipe, workers=workers)
        found.append(weights(network))
    assert torch.equal(found[0], found[1])
    assert torch.equal(found[0], found[2])


# --- checkpoints


@pytest.mark.parametrize("optimizer", ["sgd", "adamw"])
@pytest.mark.parametrize("step", [1, 4, 5, 9, 15])  # before the first, at one, epoch's end, last
def test_a_killed_and_resumed_run_ends_with_the_same_bits(tmp_path, step, optimizer):
    recipe, file = replace(SGD, optimizer=optimizer), tmp_path / "run" / "c.pt"
    plain = tiny(drop=0.3)
    log = quiet(plain, data(), recipe)
    options = {"checkpoint": file, "every": 2, "on_step": kill_at(step)}
    with pytest.raises(Killed):
        quiet(tiny(drop=0.3), data(), recipe, **options)
    assert file.exists() == (step > 1)
    resumed = tiny(drop=0.3, seed=9)
    if step == 1:
        resumed = tiny(drop=0.3)  # nothing to resume from: begins anew, with its own weights
    again = quiet(resumed, data(), recipe, checkpoint=file, every=2, resume=True)
    assert torch.equal(weights(plain), weights(resumed))
    assert log.drop(columns="seconds").equals(again.drop(columns="seconds"))
    assert [p.name for p in file.parent.iterdir()] == ["c.pt"]


def test_a_resumed_run_over_photos_ends_with_the_same_bits(tmp_path):
    file, recipe = tmp_path / "c.pt", replace(SGD, epochs=2)
    plain, resumed = tiny(drop=0.3), tiny(drop=0.3)
    quiet(plain, Pictures(broken=[3]), recipe)
    options = {"checkpoint": file, "every": 1, "on_step": kill_at(3)}
    with pytest.raises(Killed):
        quiet(tiny(drop=0.3), Pictures(broken=[3]), recipe, **options)
    log = quiet(resumed, Pictures(broken=[3]), recipe, checkpoint=file, resume=True)
    assert torch.equal(weights(plain), weights(resumed))
    assert log["skipped"].tolist() == [1, 1]
    assert log["images"].tolist() == [36, 36]


def test_a_run_ended_by_sigkill_is_resumed_exactly(tmp_path):
    file = tmp_path / "c.pt"
    killed = _script(["kill", file])
    assert killed.returncode == -9, killed.stderr
    at = []
    resumed, plain = tiny(0.3, seed=9), tiny(0.3)
    quiet(resumed, data(), checkpoint=file, resume=True, on_step=lambda s, loss: at.append(s))
    assert at[0] == 7  # the checkpoint after step 6 was the last
    quiet(plain, data())
    assert torch.equal(weights(plain), weights(resumed))


def test_a_checkpoint_of_another_run_is_refused_and_says_why(tmp_path):
    file = tmp_path / "c.pt"
    quiet(tiny(), data(), checkpoint=file)
    images, labels = data()
    with pytest.raises(CamError, match=r"recipe lr is 0\.1 here and 0\.05 there"):
        quiet(tiny(), data(), replace(SGD, lr=0.1), checkpoint=file, resume=True)
    with pytest.raises(CamError, match="data content is"):
        quiet(tiny(), (images + 1, labels), checkpoint=file, resume=True)
    other = tiny()
    other.convs[2] = nn.Conv2d(8, 12, 1)
    with pytest.raises(CamError, match="network layers is"):
        quiet(other, data(), checkpoint=file, resume=True)
    frozen = tiny()
    frozen.convs[0].requires_grad_(False)
    with pytest.raises(CamError, match="network trained parameters is"):
        quiet(frozen, data(), checkpoint=file, resume=True)
    with pytest.raises(CamError, match="would be overwritten"):
        quiet(tiny(), data(), checkpoint=file)
    assert len(quiet(tiny(), data(), checkpoint=file, resume=True)) == 3  # the file is as it was


def test_a_damaged_checkpoint_is_refused(tmp_path):
    file = tmp_path / "c.pt"
    quiet(tiny(), data(), checkpoint=file)
    whole = file.read_bytes()
    for content in (b"", b"not a checkpoint", whole[: len(whole) // 2]):
        file.write_bytes(content)
        with pytest.raises(CamError, match="is not a complete checkpoint"):
            quiet(tiny(), data(), checkpoint=file, resume=True)


def test_a_checkpoint_is_written_whole_or_not_at_all(tmp_path, monkeypatch):
    file = tmp_path / "c.pt"
    write = torch.save

    def full_disk(content, stream):
        write(content, stream)
        if content["progress"]["step"] == 4:
            stream.truncate(100)
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(torch, "save", full_disk)
    with pytest.raises(CamError, match="after step 4: No space left"):
        quiet(tiny(), data(), checkpoint=file, every=2)
    assert torch.load(file, weights_only=True)["progress"]["step"] == 2
    assert [p.name for p in tmp_path.iterdir()] == ["c.pt"]


def test_an_unwritable_folder_is_found_before_any_work(tmp_path):
    (tmp_path / "file").touch()
    pictures = Pictures()
    with pytest.raises(CamError, match=r"Cannot write .*c\.pt"):
        quiet(tiny(), pictures, checkpoint=tmp_path / "file" / "c.pt")
    assert not pictures.opened


# --- several processes


def test_two_processes_train_like_one(tmp_path):
    torchrun = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    done = _script(["fit", tmp_path / "two.pt"], torchrun)
    assert done.returncode == 0, done.stderr
    network = tiny()
    quiet(network, data(), precision="float32")
    two = torch.load(tmp_path / "two.pt", weights_only=True)
    torch.testing.assert_close(two, weights(network), rtol=1e-5, atol=1e-6)
    assert (weights(network) - weights(tiny())).abs().max() > 0.05  # it moved at all


def _script(arguments, launcher=()):
    root, script = Path(__file__).parents[1], tiny_training.__file__
    keep = {k: v for k, v in os.environ.items() if not k.startswith(("RANK", "WORLD", "MASTER"))}
    path = os.pathsep.join([str(root), os.environ.get("PYTHONPATH", "")])
    command = [sys.executable, *launcher, script, *map(str, arguments)]
    environment = keep | {"PYTHONPATH": path, "OMP_NUM_THREADS": "1"}
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)


# --- cached features


class Rounded(nn.Module):
    """Rounds to float16, as the cache does, so that both ways give the same numbers."""

    def forward(self, maps):
        return maps.half().float()


def cut(seed=0):
    torch.manual_seed(seed)
    trunk = nn.Sequential(nn.Conv2d(3, 6, 3, 2, 1), nn.BatchNorm2d(6), nn.Dropout(0.5), Rounded())
    network = CutNetwork(trunk, 6, 4, units=8)
    network.input_spec = SPEC
    network.trunk.requires_grad_(False)
    return network


def test_training_on_cached_features_equals_training_through_the_frozen_trunk(tmp_path):
    recipe = replace(SGD, crop="center", mirror=False, shift=0)
    through, cached = cut(), cut()
    before = weights(through.trunk)
    log = quiet(through, Pictures(), recipe, precision="float32")
    features = cache_features(cached, Pictures(), tmp_path, progress=False)
    maps = features.maps(range(37))
    assert (maps.dtype, tuple(maps.shape)) == (torch.float16, (37, 6, 8, 8))
    again = quiet(cached, features, recipe, precision="float32")
    torch.testing.assert_close(weights(cached), weights(through), rtol=1e-5, atol=1e-6)
    assert log["loss"].tolist() == pytest.approx(again["loss"].tolist(), rel=1e-5)
    assert torch.equal(weights(through.trunk), before)  # nor its statistics
    assert (through.cam_fc.weight - cut().cam_fc.weight).abs().max() > 0.01


def test_caching_goes_on_where_it_was_interrupted(tmp_path, monkeypatch):
    monkeypatch.setattr(cached_features, "_SHARD", 8)
    network, options = cut(), {"batch": 4, "progress": False}
    plain = cache_features(network, Pictures(broken=[1, 20]), tmp_path / "a", **options)
    pictures = Pictures(broken=[1])
    monkeypatch.setattr(pictures, "__class__", type("Stops", (Pictures,), {"__getitem__": _stop}))
    with pytest.raises(Killed):
        cache_features(network, pictures, tmp_path / "b", **options)
    again = Pictures(broken=[1, 20])
    resumed = cache_features(network, again, tmp_path / "b", **options)
    assert again.opened[0] == 16  # two shards of eight were kept
    assert torch.equal(plain.maps(range(35)), resumed.maps(range(35)))
    assert plain.unreadable == resumed.unreadable == ["001", "020"]
    assert plain.places.tolist() == [i for i in range(37) if i not in (1, 20)]
    assert np.array_equal(plain.labels, again.labels[plain.places])
    again.opened.clear()
    cache_features(network, again, tmp_path / "b", **options)
    assert not again.opened


def test_a_damaged_shard_is_made_again_and_no_other(tmp_path, monkeypatch):
    monkeypatch.setattr(cached_features, "_SHARD", 8)
    network, pictures = cut(), Pictures(broken=[9])
    whole = cache_features(network, pictures, tmp_path, progress=False).maps(range(36))
    path = sorted(tmp_path.rglob("*.safetensors"))[1]
    content = bytearray(path.read_bytes())
    content[-3] ^= 1
    path.write_bytes(content)
    pictures.opened.clear()
    again = cache_features(network, pictures, tmp_path, progress=False)
    assert pictures.opened == list(range(8, 16))
    assert torch.equal(again.maps(range(36)), whole)
    some = again.take(np.array([9, 30, 2]))
    assert some.places.tolist() == [2, 30]
    assert torch.equal(some.maps([1]), whole[29:30])


@pytest.mark.parametrize("kernel", ["opencv", "bilinear", "bicubic"])
@pytest.mark.parametrize("policy", ["center", "whole"])
@pytest.mark.parametrize("squash", [True, False])
def test_cached_features_see_the_pixels_of_training(kernel, policy, squash):
    """Crops are kept as uint8 and views as float32: to the last bit the same numbers."""
    spec = replace(SPEC, kernel=kernel, squash=squash, channels="BGR")
    rng = np.random.default_rng(0)
    for height, width in ((40, 23), (17, 90), (16, 16), (301, 200)):
        photo = Image.fromarray(rng.integers(0, 256, (height, width, 3), dtype=np.uint8))
        trained = network_input(crop(photo, spec, policy, rng)[None], spec)
        assert torch.equal(trained[0], view_list(photo, spec, policy)[0].tensor)


def _stop(self, i):
    if i == 20:
        raise Killed
    return Pictures.__getitem__(self, i)


def test_features_of_another_trunk_and_networks_without_trunk_are_refused(tmp_path):
    features = cache_features(cut(), data(), tmp_path, progress=False)
    with pytest.raises(CamError, match="were made with the trunk"):
        quiet(cut(seed=1), features)
    with pytest.raises(CamError, match="has no trunk"):
        cache_features(tiny(), data(), tmp_path)
    (tmp_path / "file").touch()
    with pytest.raises(CamError, match="Cannot keep trunk features"):
        cache_features(cut(), data(), tmp_path / "file" / "x", progress=False)


# --- bad input


def test_data_that_cannot_teach_all_classes_is_refused():
    images, labels = data()
    with pytest.raises(CamError, match="the data set is empty"):
        quiet(tiny(), (images[:0], labels[:0]))
    with pytest.raises(CamError, match="the data set is empty"):
        quiet(tiny(), Pictures(n=0))
    with pytest.raises(CamError, match=r"1 of 4 classes have no image \(2\)"):
        quiet(tiny(), (images[labels != 2], labels[labels != 2]))
    with pytest.raises(CamError, match="labels from -1 to 2"):
        quiet(tiny(), (images, labels - 1))
    with pytest.raises(CamError, match="expected \\(array, labels\\)"):
        quiet(tiny(), images)
    pictures = Pictures()
    pictures.classes = pictures.classes[:3]
    with pytest.raises(CamError, match="network has 4 classes and the data set 3"):
        quiet(tiny(), pictures)


def test_broken_photos_are_skipped_and_counted_but_not_all_of_them():
    log = quiet(tiny(), Pictures(broken=range(0, 37, 9)), replace(SGD, epochs=1))
    assert (log["images"][0], log["skipped"][0]) == (32, 5)
    with pytest.raises(CamError, match="None of the first 37 of 37 images could be decoded"):
        quiet(tiny(), Pictures(broken=range(37)))


def test_a_loss_that_is_not_finite_stops_and_keeps_the_checkpoint(tmp_path):
    class Breaks(Tiny):
        calls = 0

        def forward(self, images):
            self.calls += 1
            return super().forward(images) * (float("nan") if self.calls == 9 else 1)

    torch.manual_seed(0)
    network, file = Breaks(), tmp_path / "c.pt"
    with pytest.raises(CamError, match=r"not finite in epoch 2, step 9; .* keeps the state before"):
        quiet(network, data(), checkpoint=file, every=4)
    assert torch.load(file, weights_only=True)["progress"]["step"] == 8
    assert torch.isfinite(weights(network)).all()  # the step that failed changed nothing


def test_weights_that_are_not_finite_are_not_written(tmp_path):
    network, file = tiny(), tmp_path / "c.pt"
    network.register_buffer("spare", torch.zeros(1))  # the loss does not show it

    def spoil(step, loss):
        if step == 3:
            network.spare.fill_(float("inf"))

    with pytest.raises(CamError, match="After step 4 the weights spare are not finite"):
        quiet(network, data(), checkpoint=file, every=2, on_step=spoil)
    assert torch.load(file, weights_only=True)["progress"]["step"] == 2


@pytest.mark.parametrize(
    "change",
    [
        {"optimizer": "adam"}, {"schedule": "linear"}, {"crop": "none"}, {"epochs": 0},
        {"batch": 0}, {"lr": 0.0}, {"lr": float("nan")}, {"seed": -1},
    ],
)  # fmt: skip
def test_recipes_that_cannot_be_carried_out_are_refused(change):
    with pytest.raises(CamError, match=next(iter(change)).replace("lr", "learning rate")):
        quiet(tiny(), data(), replace(SGD, **change))


def test_a_network_without_trainable_parameter_is_refused():
    with pytest.raises(CamError, match="nothing to train"):
        quiet(tiny().requires_grad_(False), data())


# --- cost and command line


def test_operations_are_counted_as_by_hand():
    first, second, linear = 2 * 8 * 27 * 64, 2 * 12 * 72 * 64, 2 * 12 * 4
    forward, backward = count_flops(tiny())
    assert forward == first + second + linear
    assert backward == first + 2 * second + 2 * linear  # nothing flows back into the image
    cost = estimate(tiny(), 37, SGD)
    assert cost.total == 3 * 37 * (forward + backward)
    assert "a count" in str(cost)
    assert "not a measurement" in str(cost)


def test_the_command_line_has_the_released_defaults_and_counts(capsys, monkeypatch):
    monkeypatch.delenv("CAM_DATA", raising=False)
    assert released_recipe(epochs=None, lr=None) == RELEASED
    assert released_recipe(epochs=2).iterations == 0
    assert released_recipe(iterations=120_000).step_size == 40_000
    argv = ["train", "--network", "googlenet-gap", "--device", "cpu"]
    assert main([*argv, "--estimate"]) == 0
    assert "5.93 GFLOP forward" in capsys.readouterr().out
    assert main(argv) == 2  # no data folder is set
    assert main(["train", "--network", "mini/googlenet-gap", "--lr", "1"]) == 2
    assert "leave out --lr" in capsys.readouterr().err
    assert main(["train", "--network", "resnet50"]) == 2


def test_a_trained_network_is_read_back(tmp_path):
    from cam_utils.sections.s31_surgery.train_paper import _build

    network = _build("googlenet-gmp", 3, 2).eval()
    network.classes = ["a", "b", "c"]
    save_trained(network, tmp_path / "n.safetensors", "googlenet-gmp", 2)
    again = load_trained(tmp_path / "n.safetensors")
    assert (again.pool, again.classes) == ("max", network.classes)
    assert torch.equal(weights(again), weights(network))
    (tmp_path / "bad.safetensors").write_bytes(b"x")
    with pytest.raises(CamError, match="is not a network"):
        load_trained(tmp_path / "bad.safetensors")
