"""Networks of Places365, and weight files in torchvision's format."""

import hashlib
import pickle

import numpy as np
import pytest
import torch
import torchvision
from safetensors.torch import load_file, save_file
from torch.nn import functional as F

from cam_utils import (
    BrokenWeights,
    CamError,
    MissingData,
    NoClassActivationMap,
    cams,
    load_network,
    open_images,
)
from cam_utils.commands.doctor import weight_rows
from cam_utils.networks import available_networks
from cam_utils.networks.zoo.checkpoints import load_checkpoint
from cam_utils.networks.zoo.places import places_names, places_squeezenet, with_norms_folded
from cam_utils.views import center_crop


def checkpoint(model, path, legacy=True, prefix="module.", **more):
    """As the Places365 authors saved theirs: DataParallel's names, old batch norms, old format."""
    state = {
        prefix + k: v for k, v in model.state_dict().items() if not k.endswith("batches_tracked")
    }
    content = {"epoch": 90, "arch": "resnet18", "best_prec1": 54.2, "state_dict": state} | more
    torch.save(content, path, _use_new_zipfile_serialization=not legacy)


@pytest.fixture(scope="module")
def places(tmp_path_factory):
    root = tmp_path_factory.mktemp("places")
    (root / "weights").mkdir()
    torch.manual_seed(1)
    model = torchvision.models.resnet18(num_classes=365)
    checkpoint(model, root / "weights" / "resnet18_places365.pth.tar")
    return root, model.eval()


def test_places365_by_name(places):
    root, model = places
    network = load_network("places365/resnet18", root)
    images = torch.randn(2, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        torch.testing.assert_close(network(images), model(images))
    result = cams(network, images, 3)
    again = result.maps.mean((2, 3)) + network.class_bias[result.classes]
    torch.testing.assert_close(again, result.logits.gather(1, result.classes), rtol=1e-4, atol=1e-4)
    assert network.class_weights.shape == (365, 512)
    assert (network.classes[8], network.classes[364]) == (
        "apartment_building/outdoor",
        "zen_garden",
    )
    assert network.name == "places365/resnet18"
    assert len(network.weights_hash) == 16
    assert not network.training
    assert network.input_spec.size == 224


def test_the_list_of_classes_is_the_authors():
    """The size and md5 of their categories_places365.txt, which adds folder and number."""
    names = places_names()
    lines = "\n".join(f"/{name[0]}/{name} {k}" for k, name in enumerate(names)).encode()
    assert (len(names), len(set(names)), len(lines)) == (365, 365, 6833)
    assert hashlib.md5(lines).hexdigest() == "06c963b85866bd0649f97cb43dd16673"


def plain_squeezenet(state, x):
    """The scores (B, 365) as the file's own words say, layer by layer, nothing folded."""

    def layer(name, x, **options):
        x = F.conv2d(x, state[f"{name}.weight"], state[f"{name}.bias"], **options)
        mean, inv_std, gamma, beta = (
            state[f"{name}.bn.{part}"][:, None, None]
            for part in ("mean", "inv_std", "gamma", "beta")
        )
        return F.leaky_relu((x - mean) * inv_std * gamma + beta, 0.55)

    x = layer("conv1", x, stride=2)
    for fire in range(2, 10):
        if fire in (2, 4, 6):
            x = F.max_pool2d(x, 3, 2)
        x = layer(f"fire{fire}/squeeze1x1", x)
        narrow = layer(f"fire{fire}/expand1x1", x)
        x = torch.cat([narrow, layer(f"fire{fire}/expand3x3", x, padding=1)], 1)
    maps = F.leaky_relu(F.conv2d(x, state["conv10.weight"], state["conv10.bias"]), 0.55)
    return maps.mean((2, 3))


# classes of Places365 that fit a class of Scene15, written down before the network saw a photo
FITTING = {
    "bedroom": "bedroom bedchamber hotel_room",
    "coast": "coast beach ocean wave",
    "forest": "forest/broadleaf forest_path forest_road rainforest",
    "highway": "highway bridge desert_road",
    "industrial": "industrial_area oilrig junkyard",
    "insidecity": "street alley downtown shopfront building_facade",
    "kitchen": "kitchen galley restaurant_kitchen",
    "livingroom": "living_room television_room",
    "mountain": "mountain mountain_snowy mountain_path glacier",
    "office": "office home_office office_cubicles",
    "opencountry": "field/wild field/cultivated hayfield pasture farm",
    "store": "supermarket general_store/indoor clothing_store gift_shop shopping_mall/indoor",
    "street": "street downtown crosswalk residential_neighborhood",
    "suburb": "residential_neighborhood house yard",
    "tallbuilding": "skyscraper office_building tower downtown",
}


def test_squeezenet_of_places_knows_scenes(shared):
    """Layer by layer the same scores; the identity; and it names photos of fifteen scenes."""
    network = load_network("places/squeezenet1.1", shared / "real")
    photos = open_images("scene15", "test", shared / "real")
    labels = np.array([photos.label(i) for i in range(len(photos))])
    chosen = np.concatenate([np.flatnonzero(labels == k)[:4] for k in range(15)])
    x = torch.stack([center_crop(photos[int(i)].image, network.input_spec).tensor for i in chosen])
    result = cams(network, x, 5)  # checks the identity
    assert result.maps.shape == (60, 5, 13, 13)
    torch.testing.assert_close(result.maps.mean((2, 3)), result.logits.topk(5).values)
    state = load_file(shared / "real/weights/squeezenet1.1_places365.safetensors")
    torch.testing.assert_close(result.logits, plain_squeezenet(state, x), rtol=1e-3, atol=1e-3)
    fits = np.array([
        [network.classes[k] in FITTING[photos.classes[labels[i]]].split() for k in best]
        for i, best in zip(chosen, result.classes.tolist(), strict=True)
    ])  # fmt: skip
    # five guesses at random: in one photo of twenty
    assert fits[:, 0].mean() > 0.25
    assert fits.any(1).mean() > 0.55
    assert len(network.weights_hash) == 16


def test_batch_norm_multiplied_in():
    g = torch.Generator().manual_seed(3)
    weight, bias = torch.randn(2, 3, 3, 3, generator=g), torch.randn(2, generator=g)
    norm = {
        f"a.bn.{part}": torch.rand(2, generator=g) + 0.5
        for part in ("mean", "inv_std", "gamma", "beta")
    }
    layers = with_norms_folded(
        {"a.weight": weight, "a.bias": bias, "b.weight": weight, "b.bias": bias} | norm
    )
    x = torch.randn(1, 3, 5, 5, generator=g)
    torch.testing.assert_close(F.conv2d(x, *layers["b"]), F.conv2d(x, weight, bias))
    expected = F.batch_norm(
        F.conv2d(x, weight, bias),
        norm["a.bn.mean"],
        norm["a.bn.inv_std"] ** -2,
        norm["a.bn.gamma"],
        norm["a.bn.beta"],
        eps=0.0,
    )
    torch.testing.assert_close(F.conv2d(x, *layers["a"]), expected)


def test_another_file_under_its_name_is_refused(tmp_path):
    (tmp_path / "weights").mkdir()
    path = tmp_path / "weights" / "squeezenet1.1_places365.safetensors"
    save_file({"conv1.weight": torch.zeros(1)}, path)
    with pytest.raises(BrokenWeights, match="not the published weight file"):
        load_network("places/squeezenet1.1", tmp_path)
    with pytest.raises(BrokenWeights, match="does not hold the weights"):
        places_squeezenet(path)


def test_other_files_of_torchvision_networks(tmp_path):
    torch.manual_seed(2)
    model = torchvision.models.mobilenet_v2(num_classes=7).eval()
    torch.save(model.state_dict(), tmp_path / "plain.pth")
    names = [f"class {i}" for i in range(7)]
    network = load_checkpoint(tmp_path / "plain.pth", "mobilenet_v2", 7, names)
    images = torch.randn(2, 3, 64, 64)
    with torch.inference_mode():
        torch.testing.assert_close(network(images), model(images))
    assert network.classes == names
    with pytest.raises(CamError, match="3 class names for 7"):
        load_checkpoint(tmp_path / "plain.pth", "mobilenet_v2", 7, names[:3])
    with pytest.raises(BrokenWeights, match="with 8 classes"):
        load_checkpoint(tmp_path / "plain.pth", "mobilenet_v2", 8)
    with pytest.raises(CamError, match="resnet19"):
        load_checkpoint(tmp_path / "plain.pth", "resnet19", 7)


def test_old_densenet_names(tmp_path):
    model = torchvision.models.DenseNet(8, (2, 2), 16, num_classes=5)
    old = {k.replace(".norm1.", ".norm.1.").replace(".conv2.", ".conv.2."): v
           for k, v in model.state_dict().items()}  # fmt: skip
    from cam_utils.networks.zoo.checkpoints import _state

    assert any(".norm.1." in k for k in old)
    model.load_state_dict(_state({"state_dict": {"module." + k: v for k, v in old.items()}}))


def test_no_pooling_no_maps(tmp_path):
    with torch.device("cpu"):
        model = torchvision.models.alexnet(num_classes=3)
    torch.save(model.state_dict(), tmp_path / "a.pth")
    with pytest.raises(NoClassActivationMap, match="surgery"):
        load_checkpoint(tmp_path / "a.pth", "alexnet", 3)


class Evil:
    def __reduce__(self):
        return (print, ("code of the file was run",))


def test_missing_damaged_and_dangerous_files(places, tmp_path, capsys):
    root, _ = places
    with pytest.raises(MissingData, match=r"resnet50_places365.pth.tar.*Places365 authors"):
        load_network("places365/resnet50", root)
    with pytest.raises(MissingData, match="There is no weight file"):
        load_checkpoint(tmp_path / "no.pth", "resnet18", 3)
    whole = (root / "weights" / "resnet18_places365.pth.tar").read_bytes()
    (tmp_path / "cut.pth").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "text.pth").write_text("not found")
    torch.save([1, 2], tmp_path / "list.pth")
    (tmp_path / "evil.pth").write_bytes(pickle.dumps(Evil(), 2))
    for name in ("cut", "text", "list", "evil"):
        with pytest.raises(BrokenWeights, match=f"{name}.pth does not hold the weights"):
            load_checkpoint(tmp_path / f"{name}.pth", "resnet18", 365)
    assert "code of the file" not in capsys.readouterr().out


def test_they_are_listed(places):
    assert "places365/resnet18" in available_networks()
    with pytest.raises(CamError, match="places365/resnet18"):
        load_network("places365/resnet19")
    rows = {name: (there, detail) for name, there, detail in weight_rows(places[0])}
    assert rows["places365/resnet18"][0]
    assert "densenet161_places365" in rows["places365/densenet161"][1]
    assert "caffe/googlenet-places365" in rows
