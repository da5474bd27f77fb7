"""Deep features: which layer, which view, the cache, broken pictures, equal whatever the batch."""

import numpy as np
import pytest
import torch
from tiny_features import SPEC, TinyGap, Toy
from torch import nn

from cam_utils import CamError, NoClassActivationMap, keep, load_network, open_images
from cam_utils.data import Subset
from cam_utils.features import available_layers, extract, extraction
from cam_utils.features.layers import reader
from cam_utils.networks.zoo.caffe import build_caffe
from cam_utils.networks.zoo.mini_weights import build_mini
from cam_utils.views import box_crop, center_crop, whole


def plain(network, images, view, **options):
    return extract(network, images, view=view, cache=False, progress=False, **options)


@pytest.fixture(scope="module")
def network():
    return TinyGap()


@pytest.fixture(scope="module")
def drawn():
    return Subset(open_images("mini/objects", "val"), range(12))


# --- what the numbers are ---------------------------------------------------------------------


@pytest.mark.parametrize(("view", "make"), [("center", center_crop), ("whole", whole)])
@pytest.mark.parametrize("pool", ["avg", "max"])
def test_gap_features_enter_the_linear_layer(view, make, pool):
    network, images = TinyGap(pool=pool), Toy(7)
    found = plain(network, images, view)
    inputs = torch.stack([make(images[i].image, SPEC).tensor for i in range(7)])
    with torch.inference_mode():
        logits = network(inputs).numpy()
    again = found.values @ network.fc.weight.detach().numpy().T + network.fc.bias.detach().numpy()
    np.testing.assert_allclose(again, logits, atol=1e-5)
    assert found.values.shape == (7, 8)
    assert found.values.dtype == np.float32
    assert found.labels.tolist() == [0, 1, 2, 0, 1, 2, 0]
    assert found.labels.dtype == np.int64
    assert found.ids == images.ids


def test_features_of_boxes_are_those_of_the_crops(network):
    images = Toy(5)
    boxes = np.array([[1, 2, 11 + i, 20 - i] for i in range(5)], np.float32)
    found = extract(network, images, boxes=boxes, cache=False, progress=False)
    inputs = torch.stack([box_crop(images[i].image, boxes[i], SPEC).tensor for i in range(5)])
    with torch.inference_mode():
        expected = network.features(inputs).mean((2, 3)).numpy()
    np.testing.assert_allclose(found.values, expected, atol=1e-6)
    assert found.identity["view"] == "box"


def test_fc7_is_rectified_in_mini_networks(drawn):
    network = load_network("mini/alexnet")
    inputs = torch.stack([whole(drawn[i].image, network.input_spec).tensor for i in range(12)])
    with torch.inference_mode():
        vectors = network.pool5(network.trunk(inputs)).flatten(1)
        fc6 = network.fc6(vectors).relu()
        fc7 = network.fc7(fc6).relu()
    for layer, expected in (("fc6", fc6), ("fc7", fc7)):
        found = plain(network, drawn, "center", layer=layer)
        np.testing.assert_allclose(found.values, expected.numpy(), atol=1e-4)
        assert (found.values >= 0).all()
        assert (found.values == 0).any()


def test_fc7_is_rectified_in_caffe_networks():
    torch.manual_seed(0)
    network, images = build_caffe("caffe/caffenet").eval(), Toy(2)
    found = plain(network, images, "center", layer="fc7")
    inputs = torch.stack([center_crop(images[i].image, network.input_spec).tensor for i in (0, 1)])
    with torch.inference_mode():
        for name, layer in network.named_children():
            inputs = layer(inputs)
            if name == "relu7":
                break
    np.testing.assert_allclose(found.values, inputs.numpy(), atol=1e-5)
    assert found.values.shape == (2, 4096)


def test_fc7_of_torchvisions_alexnet(network):
    torchvision = pytest.importorskip("torchvision")
    torch.manual_seed(0)
    model = torchvision.models.alexnet(weights=None).eval()  # its ReLU works in place
    images = torch.rand(2, 3, 224, 224)
    with torch.inference_mode():
        vectors = model.avgpool(model.features(images)).flatten(1)
        expected = model.classifier[:6](vectors)
        found = reader(model, "fc7")(images)
    torch.testing.assert_close(found, expected)


def test_other_layers_are_averaged_over_their_places(network):
    images = Toy(4)
    found = plain(network, images, "whole", layer="trunk.0")
    inputs = torch.stack([whole(images[i].image, SPEC).tensor for i in range(4)])
    with torch.inference_mode():
        expected = network.trunk[0](inputs).mean((2, 3)).numpy()
    np.testing.assert_allclose(found.values, expected, atol=1e-6)
    assert found.values.shape == (4, 6)


def test_inception_modules_have_the_papers_names():
    assert available_layers(build_mini("googlenet", 4))["inception_4e"].startswith("trunk.")
    assert available_layers(build_caffe("caffe/googlenet"))["inception_5b"] == "trunk.inception_5b"


def test_unknown_layer_lists_what_there_is(network):
    with pytest.raises(CamError, match=r"no layer of tiny 'fc77'.*Known: gap, .*fc"):
        plain(network, Toy(3), "whole", layer="fc77")
    with pytest.raises(CamError, match=r"no layer of mini/alexnet 'fc9'.*Did you mean 'fc"):
        plain(build_mini("alexnet", 3), Toy(3), "whole", layer="fc9")
    with pytest.raises(NoClassActivationMap, match="no global pooling"):
        plain(build_mini("alexnet", 3).eval(), Toy(3), "whole")


# --- how they are made -------------------------------------------------------------------------


@pytest.mark.parametrize("batch", [1, 3, 64])
def test_batches_do_not_matter(network, batch):
    images = Toy(10)
    one = plain(network, images, "center", batch=batch, workers=2)
    np.testing.assert_allclose(one.values, plain(network, images, "center").values, atol=1e-6)
    assert one.ids == images.ids


def test_arrays_give_what_their_pictures_give(drawn):
    network = load_network("mini/googlenet-gap")
    pixels = np.stack([np.asarray(drawn[i].image) for i in range(12)])
    labels = np.array([drawn.label(i) for i in range(12)])
    boxes = np.tile(np.float32([10, 10, 90, 100]), (12, 1))
    for options in ({"view": "center"}, {"view": "whole"}, {"boxes": boxes}):
        records, arrays = (
            extract(network, images, cache=False, progress=False, **options)
            for images in (drawn, (pixels, labels))
        )
        np.testing.assert_allclose(arrays.values, records.values, atol=1e-5)
        assert (arrays.labels == records.labels).all()


def test_broken_pictures_are_listed_and_left_out(network):
    images = Toy(9, broken=[0, 4])
    found = plain(network, images, "center", batch=4)
    assert found.unreadable == ["0/0", "0/4"]
    assert found.ids == [i for i in images.ids if i not in found.unreadable]
    assert found.places.tolist() == [1, 2, 3, 5, 6, 7, 8]
    good = plain(network, Toy(9), "center").take([1, 2, 3, 5, 6, 7, 8])
    np.testing.assert_allclose(found.values, good.values, atol=1e-6)
    assert (found.labels == good.labels).all()
    with pytest.raises(CamError, match=r"None of the 3 images.*toy/0.jpg: cut short"):
        plain(network, Toy(3, broken=range(3)), "center")


def test_wrong_calls_say_what_was_expected(network):
    with pytest.raises(CamError, match="Unknown view 'ten'"):
        plain(network, Toy(3), "ten")
    with pytest.raises(CamError, match="needs boxes"):
        plain(network, Toy(3), "box")
    with pytest.raises(CamError, match=r"expected \(3, 4\)"):
        extract(network, Toy(3), boxes=np.zeros((2, 4)), cache=False)
    with pytest.raises(CamError, match="x0 < x1"):
        extract(network, Toy(3), boxes=np.zeros((3, 4)), cache=False)
    with pytest.raises(CamError, match="data set is empty"):
        plain(network, Toy(0), "center")
    with pytest.raises(CamError, match="batch=0"):
        plain(network, Toy(3), "center", batch=0)
    sick = TinyGap()
    nn.init.constant_(sick.trunk[2].bias, float("nan"))
    with pytest.raises(CamError, match="NaN"):
        plain(sick, Toy(3), "center")


# --- the cache ---------------------------------------------------------------------------------


def kept(network, images, folder, **options):
    return extract(network, images, cache=folder, progress=False, **options)


def test_a_second_call_reads_what_the_first_made(network, tmp_path):
    images = Toy(8, broken=[3])
    first = kept(network, images, tmp_path)
    passes, opened = network.passes, images.opened
    second = kept(network, images, tmp_path)
    assert network.passes == passes
    assert images.opened <= opened + 3  # those that tell this set from others of equal ids
    assert second.values.tobytes() == first.values.tobytes()
    assert second.ids == first.ids
    assert second.unreadable == first.unreadable == ["0/3"]
    assert second.identity == first.identity
    assert not list(tmp_path.glob("*.parts"))


def test_what_changes_the_features_is_not_read(tmp_path):
    boxes = np.tile(np.float32([0, 0, 9, 9]), (6, 1))
    calls = [
        (TinyGap(), Toy(6), {}),
        (TinyGap(seed=1), Toy(6), {}),
        (TinyGap(pool="max"), Toy(6), {}),
        (TinyGap(), Toy(6), {"view": "whole"}),
        (TinyGap(), Toy(6), {"layer": "trunk.0"}),
        (TinyGap(), Toy(6), {"boxes": boxes}),
        (TinyGap(), Toy(6), {"boxes": boxes + 1}),
        (TinyGap(), Toy(6, seed=1), {}),
        (TinyGap(), Toy(6, classes=2), {}),
    ]
    for network, images, options in calls:
        kept(network, images, tmp_path, **options)
        assert network.passes == 1
    assert len(list(tmp_path.glob("*.safetensors"))) == len(calls)
    renamed = Toy(6)
    renamed.seed = 5  # other pictures under the same ids
    kept(network, renamed, tmp_path)
    assert network.passes == 2


def test_an_interrupted_call_goes_on(network, tmp_path, monkeypatch):
    monkeypatch.setattr(extraction, "SHARD", 4)
    images = Toy(12, broken=[5])
    expected = plain(network, images, "center", batch=2)
    # three looks tell the set from others, then comes the work: eight pictures are two shards
    images.opened, images.interrupt_after = 0, 3 + 11
    with pytest.raises(KeyboardInterrupt):
        kept(network, images, tmp_path, batch=2)
    assert len(list(tmp_path.glob("*.parts/*.safetensors"))) >= 1
    assert not list(tmp_path.glob("*.safetensors"))
    images.interrupt_after, before = None, network.passes
    found = kept(network, images, tmp_path, batch=2)
    assert network.passes - before < 6
    assert found.values.tobytes() == expected.values.tobytes()
    assert (found.ids, found.unreadable) == (expected.ids, ["0/5"])
    assert not list(tmp_path.glob("*.parts"))


def test_a_damaged_file_is_made_again(network, tmp_path):
    first = kept(network, Toy(5), tmp_path)
    (path,) = tmp_path.glob("*.safetensors")
    path.write_bytes(path.read_bytes()[:40])
    assert kept(network, Toy(5), tmp_path).values.tobytes() == first.values.tobytes()


def test_outside_of_a_checkout_nothing_is_kept(network, monkeypatch, tmp_path):
    monkeypatch.setattr(keep, "project_root", lambda: None)
    assert len(extract(network, Toy(4), progress=False)) == 4
    file = tmp_path / "a file"
    file.write_text("", encoding="utf-8")
    with pytest.raises(CamError, match="Cannot keep features"):
        kept(network, Toy(4), file / "folder")


def test_photo_files_that_change_are_read_again(network, tmp_path):
    for i in range(3):
        Toy(3)[i].image.save(tmp_path / f"{i}.png")
    photos = open_images("photos", "all", tmp_path)
    first = kept(network, photos, tmp_path / "kept")
    Toy(3, seed=9)[1].image.save(tmp_path / "1.png")
    second = kept(network, photos, tmp_path / "kept")
    assert (first.values[1] != second.values[1]).any()
    assert first.labels.tolist() == [-1, -1, -1]


def test_take_keeps_rows_together(network):
    found = plain(network, Toy(9), "center")
    some = found.take(found.labels == 1)
    assert some.ids == ["0/1", "0/4", "0/7"]
    assert some.identity != found.identity
    np.testing.assert_array_equal(some.values, found.values[[1, 4, 7]])
    assert found.take([2, 0]).ids == ["0/2", "0/0"]
