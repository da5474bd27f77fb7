"""Faults, kind by kind: the right value, or an error that says what is wrong."""

import numpy as np
import pytest
import torch
import trees
from PIL import Image
from torch import nn
from torch.nn import functional as F

from cam_utils import CamError, NoClassActivationMap, as_gap_network, cams, paste, whole
from cam_utils.boxes import paper
from cam_utils.commands.doctor import weight_rows
from cam_utils.commands.explain_command import open_network
from cam_utils.data import Record, open_images
from cam_utils.errors import BrokenImage, BrokenWeights, MissingData
from cam_utils.hashes import damaged_member
from cam_utils.image_maps import image_maps
from cam_utils.networks import InputSpec
from cam_utils.pasting import Frame
from cam_utils.pictures import open_rgb, photo_path
from cam_utils.provenance import pick_device
from cam_utils.saliency import grad_cam
from cam_utils.study import first

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")

IMAGES = torch.randn(2, 3, 16, 16, generator=torch.Generator().manual_seed(0))


class Net(nn.Module):
    """A convolution, its rectifier, and a head of one's own."""

    def __init__(self, head, classes=5, channels=3):
        super().__init__()
        torch.manual_seed(0)
        self.body = nn.Sequential(nn.Conv2d(channels, 8, 3, padding=1), nn.ReLU())
        self.fc, self.after = nn.Linear(8, classes), nn.Conv2d(8, classes, 1)
        self.head = head

    def forward(self, x):
        return self.head(self, self.body(x))

    def expected(self, x, layer=None):
        """Logits by the definition: the linear layer of the mean."""
        return (layer or self.fc)(self.body(x).mean((2, 3)))


def explained(network, images=IMAGES):
    """What the maps say that the logits are."""
    maps = cams(network, images, None).maps
    return maps.flatten(2).mean(2) + network.class_bias


def plain(m, x):
    return m.fc(x.mean((2, 3)))


# --- the head is recognised by what it computes --------------------

SPELLINGS = {
    "flatten": lambda m, x: m.fc(x.flatten(2).mean(-1)),
    "view": lambda m, x: m.fc(x.view(len(x), 8, -1).mean(2)),
    "in two steps": lambda m, x: m.fc(x.mean(3).mean(2)),
    "sum": lambda m, x: m.fc(x.sum((2, 3)) / (x.shape[2] * x.shape[3])),
    "einsum": lambda m, x: m.fc(torch.einsum("bkhw->bk", x) / x[0, 0].numel()),
    "1-d pooling": lambda m, x: m.fc(F.adaptive_avg_pool1d(x.flatten(2), 1).flatten(1)),
    "matmul": lambda m, x: x.mean((2, 3)) @ m.fc.weight.T + m.fc.bias,
    "addmm": lambda m, x: torch.addmm(m.fc.bias, x.mean((2, 3)), m.fc.weight.T),
}


@pytest.mark.parametrize("name", SPELLINGS)
def test_every_spelling_of_the_same_head_gives_its_maps(name):
    model = Net(SPELLINGS[name])
    network = as_gap_network(model, example=IMAGES)
    torch.testing.assert_close(explained(network), model.expected(IMAGES), rtol=1e-5, atol=1e-5)
    want = torch.einsum("ck,bkhw->bchw", model.fc.weight, model.body(IMAGES))
    torch.testing.assert_close(cams(network, IMAGES, None).maps, want, rtol=1e-4, atol=1e-5)


def test_a_convolution_after_the_pooling_and_a_scale_are_linear_too():
    for head, factor in (
        (lambda m, x: m.after(F.adaptive_avg_pool2d(x, 1)).flatten(1), 1),
        (lambda m, x: m.after(F.adaptive_avg_pool2d(x, 1)).flatten(1) * 3, 3),
    ):
        model = Net(head)
        truth = factor * model.after(model.body(IMAGES)).mean((2, 3))
        found = explained(as_gap_network(model, example=IMAGES))
        torch.testing.assert_close(found, truth, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(
    "head",
    [
        lambda m, x: m.fc(x.clamp(min=1e-6).pow(3).mean((2, 3)).pow(1 / 3)),
        lambda m, x: m.fc(F.normalize(x.mean((2, 3)))),
        lambda m, x: m.fc((x.mean((2, 3)) + x.amax((2, 3))) / 2),
        lambda m, x: m.fc((x * x.mean(1, keepdim=True).softmax(-1)).sum((2, 3))),
    ],
    ids=["generalised mean", "cosine", "average and maximum", "attention"],
)
def test_what_is_not_a_linear_map_of_the_mean_is_refused(head):
    with pytest.raises(NoClassActivationMap):
        as_gap_network(Net(head), example=IMAGES)


# --- a network that changes after it was wrapped --------------------


def replace_head(model):
    model.fc = nn.Linear(8, 5)


def assign(model):
    model.load_state_dict(
        {k: torch.randn_like(v) for k, v in model.state_dict().items()}, assign=True
    )


def write(model):
    nn.init.normal_(model.fc.weight)


@pytest.mark.parametrize("head", ["in two steps", "matmul"])
@pytest.mark.parametrize("change", [replace_head, assign, write])
def test_maps_follow_a_network_that_changes(head, change):
    model = Net(SPELLINGS[head])
    network = as_gap_network(model, example=IMAGES)
    before = explained(network)
    change(model)
    torch.testing.assert_close(explained(network), model.expected(IMAGES), rtol=1e-4, atol=1e-5)
    assert (explained(network) - before).abs().max() > 0.01


def test_weight_norm_may_be_trained_and_moved():
    model = Net(plain)
    nn.utils.parametrizations.weight_norm(model.fc)
    network = as_gap_network(model, example=IMAGES)
    explained(network)
    with torch.no_grad():
        model.fc.parametrizations.weight.original0.mul_(2)
    torch.testing.assert_close(explained(network), model.expected(IMAGES), rtol=1e-4, atol=1e-5)
    network.double()
    double = IMAGES.double()
    found = explained(network, double)
    torch.testing.assert_close(found, model.expected(double), rtol=1e-9, atol=1e-9)


# --- what the logits are --------------------


@pytest.mark.parametrize("end", ["sigmoid", "softmax"])
def test_what_ends_in_probabilities_is_explained_by_its_logits(end):
    def head(m, x):
        return plain(m, x).sigmoid() if end == "sigmoid" else plain(m, x).softmax(1)

    model = Net(head)
    with pytest.warns(UserWarning, match=f"ends in a {end}"):
        network = as_gap_network(model, example=IMAGES)
    torch.testing.assert_close(explained(network), model.expected(IMAGES), rtol=1e-5, atol=1e-5)
    found = cams(network, IMAGES, None).probabilities
    torch.testing.assert_close(found, model(IMAGES), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("squeezed", [False, True])
def test_one_logit_has_a_sigmoid_for_its_probability(squeezed):
    model = Net(lambda m, x: plain(m, x).squeeze(1) if squeezed else plain(m, x), classes=1)
    found = cams(as_gap_network(model, example=IMAGES), IMAGES)
    want = model.expected(IMAGES).sigmoid()
    torch.testing.assert_close(found.probabilities, want)


def test_the_scores_of_a_tuple_are_what_was_computed_last():
    def head(m, x):
        embedding = x.mean((2, 3))
        return embedding, m.fc(embedding)

    model = Net(head)
    found = cams(as_gap_network(model, example=IMAGES), IMAGES, None).logits
    torch.testing.assert_close(found, model.expected(IMAGES))


def test_a_dictionary_without_scores_is_told_so():
    with pytest.raises(NoClassActivationMap, match="returned a dict with maps"):
        as_gap_network(Net(lambda m, x: {"maps": x}), example=IMAGES)


@pytest.mark.parametrize("given", [{}, "resnet50", nn.Sequential])
def test_what_is_no_network_is_refused(given):
    for entry in (as_gap_network, lambda g: cams(g, IMAGES)):
        with pytest.raises(CamError, match="expected a torch module"):
            entry(given)


# --- not only colour squares --------------------


@pytest.mark.parametrize("dimensions", [1, 3])
def test_signals_and_volumes_have_maps(dimensions):
    torch.manual_seed(0)
    conv = {1: nn.Conv1d, 3: nn.Conv3d}[dimensions](1, 8, 3)
    pool = {1: nn.AdaptiveAvgPool1d, 3: nn.AdaptiveAvgPool3d}[dimensions](1)
    model = nn.Sequential(conv, nn.ReLU(), pool, nn.Flatten(), nn.Linear(8, 3)).eval()
    x = torch.randn(2, 1, *[9] * dimensions)
    network = as_gap_network(model, example=x)
    assert cams(network, x).maps.shape == (2, 3, *[7] * dimensions)
    torch.testing.assert_close(explained(network, x), model(x), rtol=1e-5, atol=1e-5)


def test_a_grey_network_from_picture_to_map():
    spec = InputSpec(size=16, resize=16, mean=(0.5,), std=(0.5,))
    network = as_gap_network(Net(plain, channels=1), spec)
    picture = Image.new("RGB", (40, 30), (200, 100, 50))
    seen = whole(picture, spec).tensor
    grey = (0.299 * 200 + 0.587 * 100 + 0.114 * 50) / 255
    torch.testing.assert_close(seen, torch.full((1, 16, 16), (grey - 0.5) / 0.5))
    assert image_maps(network, picture, classes=2).maps.shape == (2, 30, 40)


def test_a_network_of_another_precision_takes_pictures():
    network = as_gap_network(Net(plain).bfloat16(), InputSpec(size=16, resize=16))
    found = image_maps(network, Image.new("RGB", (40, 30), "red"), classes=2)
    assert (found.maps.dtype, found.maps.shape) == (torch.float32, (2, 30, 40))


def test_an_empty_batch_is_refused_and_two_classes_need_no_choice():
    network = as_gap_network(Net(plain, classes=2), example=IMAGES)
    with pytest.raises(CamError, match="at least one"):
        cams(network, IMAGES[:0])
    assert cams(network, IMAGES).maps.shape[1] == 2
    torch.testing.assert_close(
        grad_cam(network, IMAGES, torch.tensor([1])),
        cams(network, IMAGES, torch.tensor([1])).maps / 256,
    )


# --- boxes, maps, labels, files --------------------


@pytest.mark.parametrize("threshold", [20, -1, float("nan")])
def test_a_threshold_is_a_fraction(threshold):
    with pytest.raises(CamError, match="fraction"):
        paper(np.eye(4), threshold)


def test_maps_are_pasted_inside_and_integers_are_numbers():
    with pytest.raises(CamError, match="other way round"):
        paste(torch.ones(1, 7, 7), Frame(0, 0, 640, 480), (640, 480))
    found = paste(torch.full((1, 2, 2), 200), Frame(0, 0, 9, 5), (5, 9))
    torch.testing.assert_close(found, torch.full((1, 5, 9), 200.0))


@pytest.mark.parametrize("box", [[9, 0, 1, 5], [0, 0, float("nan"), 5]])
def test_a_reversed_box_is_refused(box):
    with pytest.raises(CamError, match="reversed or not finite"):
        Record("x", Image.new("RGB", (9, 9)), 0, np.array([box], np.float32))


@pytest.mark.parametrize("name", ["a" * 5000, "a\0b"])
def test_a_name_that_no_file_has_is_missing(name):
    with pytest.raises(MissingData, match="There is no file"):
        photo_path(name)


def test_a_truncated_weight_file_is_not_there(tmp_path):
    (tmp_path / "weights").mkdir()
    (tmp_path / "weights" / "bvlc_googlenet.caffemodel").write_bytes(b"x" * 1000)
    rows = {name: (there, detail) for name, there, detail in weight_rows(tmp_path)}
    there, detail = rows["caffe/googlenet"]
    assert not there
    assert "cut short" in detail


def test_a_checkpoint_with_a_flipped_bit_is_refused(tmp_path):
    """torch.load takes it: it does not look at the sums of its archive."""
    path = tmp_path / "net.pth"
    torch.save({"weight": torch.arange(1000.0)}, path)
    assert damaged_member(path) is None
    spoiled = bytearray(path.read_bytes())
    spoiled[spoiled.index(torch.arange(500.0, 600).numpy().tobytes())] ^= 1
    path.write_bytes(spoiled)
    assert torch.load(path)["weight"].shape == (1000,)
    with pytest.raises(BrokenWeights, match="not what its checksum says"):
        open_network("torchvision/resnet18", str(path), None)
    with pytest.raises(CamError, match="meta"):
        pick_device("meta")


# --- formats, sizes and places of pictures --------------------


def test_a_picture_is_of_a_format_that_is_meant(tmp_path):
    """Pillow would hand PostScript to Ghostscript, whatever the file is called."""
    path = tmp_path / "photo.jpg"
    path.write_bytes(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\nshowpage\n")
    for read in (open_rgb, lambda p: open_images("photos", root=p).size(0)):
        with pytest.raises(BrokenImage, match="PostScript"):
            read(path)
    Image.new("RGB", (16, 16)).save(tmp_path / "icon.jpg", "ICO", sizes=[(16, 16)])
    with pytest.raises(BrokenImage, match="no known picture format"):
        open_rgb(tmp_path / "icon.jpg")
    Image.new("RGB", (9, 9), "red").save(tmp_path / "web.jpg", "WEBP", lossless=True)
    assert open_rgb(tmp_path / "web.jpg").getpixel((0, 0)) == (255, 0, 0)


def test_a_picture_past_the_limit_gets_advice(tmp_path, monkeypatch):
    Image.new("RGB", (300, 200), "red").save(tmp_path / "large.png")
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 50_000)  # past it, within twice as many
    assert open_rgb(tmp_path / "large.png").size == (300, 200)
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 20_000)
    for read in (open_rgb, lambda p: open_images("photos", root=p).size(0)):
        with pytest.raises(BrokenImage, match=r"more than the 0 that are safe; save it with fewer"):
            read(tmp_path / "large.png")


@pytest.mark.parametrize("name", ["../secret.jpg", "/etc/passwd", "img/../../x.jpg", "C:\\x.jpg"])
def test_a_list_does_not_lead_out_of_its_folder(tmp_path, name):
    trees.svt(tmp_path)
    path = tmp_path / "svt1" / "train.xml"
    text = path.read_text(encoding="utf-8").replace("img/train_1.jpg", name)
    path.write_text(text, encoding="utf-8")
    with pytest.raises(CamError, match="leads out of"):
        open_images("svt", "train", tmp_path)


def test_every_list_of_photos_is_read_so(tmp_path):
    spoiled = {
        "cub": ("CUB_200_2011/images.txt", "1 ", "1 ../"),
        "coco_captions": ("annotations/captions_val2014.json", "COCO_val", "../COCO_val"),
    }
    for name, (file, old, new) in spoiled.items():
        trees.TREES[name](tmp_path)
        (path,) = tmp_path.rglob(file)
        path.write_text(path.read_text(encoding="utf-8").replace(old, new, 1), encoding="utf-8")
        with pytest.raises(CamError, match="leads out of"):
            open_images(name, "all" if name == "cub" else "val", tmp_path)


def test_a_list_with_a_hole_is_damaged(tmp_path):
    trees.indoor67(tmp_path)
    (path,) = tmp_path.rglob("TestImages.txt")
    content = path.read_bytes()
    path.write_bytes(content[:20] + bytes(10) + content[30:])
    with pytest.raises(CamError, match=r"TestImages\.txt, line \d, has zero bytes"):
        open_images("indoor67", "test", tmp_path)


# --- a limit --------------------


class Labelled:
    """Labels alone."""

    def __init__(self, labels):
        self.labels = labels

    def __len__(self):
        return len(self.labels)

    def label(self, i):
        return self.labels[i]


def test_a_limit_takes_each_class_in_turn():
    images = Labelled([0] * 10 + [1] * 2 + [2] * 10)
    assert first(images, 6).indices == [0, 1, 10, 11, 12, 13]
    assert first(images, 8).indices == [0, 1, 2, 10, 11, 12, 13, 14]
    assert first(images, 2).indices == [0, 10]
    assert first(images, 0) is images
    assert first(images, 99) is images
    turns = Labelled([k % 4 for k in range(20)])  # as the drawn sets are
    assert first(turns, 7).indices == list(range(7))
    with pytest.raises(CamError, match="limit is -1"):
        first(images, -1)
