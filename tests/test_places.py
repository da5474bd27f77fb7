"""Weight files in torchvision's format: Places365's and anybody's."""

import pickle

import pytest
import torch
import torchvision

from cam_utils import BrokenWeights, CamError, MissingData, NoClassActivationMap, cams, load_network
from cam_utils.commands.doctor import weight_rows
from cam_utils.networks import available_networks
from cam_utils.networks.zoo.checkpoints import load_checkpoint


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
    lines = [f"/{'abc'[i % 3]}/scene_{i}{'/outdoor' if i == 9 else ''} {i}" for i in range(365)]
    (root / "weights" / "categories_places365.txt").write_text(
        "\n".join(lines) + "\n", encoding="utf-8"
    )
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
    assert (network.classes[0], network.classes[9]) == ("scene_0", "scene_9/outdoor")
    assert network.name == "places365/resnet18"
    assert len(network.weights_hash) == 16
    assert not network.training
    assert network.input_spec.size == 224


def test_without_the_list_classes_have_no_names_and_a_bad_list_is_refused(places, tmp_path):
    root, _ = places
    (tmp_path / "weights").mkdir()
    file = "resnet18_places365.pth.tar"
    (tmp_path / "weights" / file).symlink_to(root / "weights" / file)
    assert load_network("places365/resnet18", tmp_path).classes is None
    (tmp_path / "weights" / "categories_places365.txt").write_text(
        "/a/airfield 0\n", encoding="utf-8"
    )
    with pytest.raises(BrokenWeights, match="365 lines"):
        load_network("places365/resnet18", tmp_path)


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
    (tmp_path / "text.pth").write_text("not found", encoding="utf-8")
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
