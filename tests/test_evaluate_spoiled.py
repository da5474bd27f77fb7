"""Fifty spoiled photos in the layout of ILSVRC: each is evaluated or listed, none stops the run."""

import io
import json

import numpy as np
import pytest
import torch
from PIL import Image

from cam_utils import CamError, open_images
from cam_utils.evaluate import CLASSIFY, PAPER, RELEASED, evaluate
from cam_utils.networks import GapNetwork, InputSpec

COUNT = 50


def picture(seed, width=70, height=50, mode="RGB"):
    noise = np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)
    return Image.fromarray(noise).convert(mode)


def encoded(image, kind="JPEG", **options):
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def sixteen_bit(seed):
    values = np.random.default_rng(seed).integers(0, 65536, (40, 60)).astype(np.uint16)
    return encoded(Image.fromarray(values), "PNG")


def floats(seed):
    values = np.random.default_rng(seed).normal(size=(40, 60)).astype(np.float32)
    values[3, 4] = np.nan
    return encoded(Image.fromarray(values), "TIFF")


def animated(seed):
    frames = [picture(seed + k).convert("P") for k in range(3)]
    return encoded(frames[0], "GIF", save_all=True, append_images=frames[1:])


def broken_exif(seed):
    whole = encoded(picture(seed))
    block = b"Exif\0\0" + b"\xff" * 30
    return whole[:2] + b"\xff\xe1" + (len(block) + 2).to_bytes(2, "big") + block + whole[2:]


GOOD = {
    "1x1": lambda s: encoded(picture(s, 1, 1)),
    "1x4000": lambda s: encoded(picture(s, 1, 4000)),
    "4000x1": lambda s: encoded(picture(s, 4000, 1)),
    "cmyk": lambda s: encoded(picture(s, mode="CMYK")),
    "grey": lambda s: encoded(picture(s, mode="L")),
    "progressive": lambda s: encoded(picture(s), progressive=True),
    "16-bit PNG": sixteen_bit,
    "transparent PNG": lambda s: encoded(picture(s, mode="RGBA"), "PNG"),
    "palette PNG": lambda s: encoded(picture(s, mode="P"), "PNG", transparency=3),
    "two colours": lambda s: encoded(picture(s, mode="1"), "PNG"),
    "float TIFF": floats,
    "animated GIF": animated,
    "WebP": lambda s: encoded(picture(s), "WEBP"),
    "BMP": lambda s: encoded(picture(s), "BMP"),
    "broken EXIF": broken_exif,
    "bytes after the end": lambda s: encoded(picture(s)) + b"\0" * 1000,
}
BAD = {
    "empty": lambda s: b"",
    "text": lambda s: b"404 Not Found\n" * (s + 1),
    "half": lambda s: (lambda whole: whole[: len(whole) // 2])(encoded(picture(s))),
    "header alone": lambda s: encoded(picture(s))[:40],
    "last bytes missing": lambda s: encoded(picture(s))[:-300],
    "half a PNG": lambda s: (lambda whole: whole[: len(whole) // 2])(encoded(picture(s), "PNG")),
    "zeros": lambda s: bytes(5000),
    "noise": lambda s: np.random.default_rng(s).bytes(5000),
    "bomb": lambda s: encoded(Image.new("1", (20_000, 20_000)), "PNG"),
    "web page": lambda s: b"<!DOCTYPE html><html><body>Sign in to download</body></html>",
}


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    """(root, ids that can be read, ids that cannot): 48 files, a folder and a dead link."""
    root = tmp_path_factory.mktemp("ilsvrc")
    folder = root / "ILSVRC" / "ILSVRC" / "Data" / "CLS-LOC" / "val"
    folder.mkdir(parents=True)
    wnids = [f"n{k:08d}" for k in range(1000)]
    lines = [f"{wnid} thing {k}, object {k}" for k, wnid in enumerate(wnids)]
    (root / "ILSVRC" / "LOC_synset_mapping.txt").write_text(
        "\n".join(lines) + "\n", encoding="utf-8"
    )
    kinds = [*GOOD.items(), *BAD.items()]
    solution, good, bad = ["ImageId,PredictionString"], [], []
    for k in range(COUNT):
        id = f"ILSVRC2012_val_{k + 1:08d}"
        solution.append(f"{id},{wnids[k]} 0 0 0 0 {wnids[k]} 2 3 30 40")
        path = folder / f"{id}.JPEG"
        if k == COUNT - 2:
            path.mkdir()
        elif k == COUNT - 1:
            path.symlink_to(folder / "gone.JPEG")
        else:
            name, make = kinds[k % len(kinds)]
            path.write_bytes(make(k))
        (good if k < COUNT - 2 and name in GOOD else bad).append(id)
    (root / "ILSVRC" / "LOC_val_solution.csv").write_text(
        "\n".join(solution) + "\n", encoding="utf-8"
    )
    return root, good, bad


class Thousand(GapNetwork):
    """Random, with a thousand classes."""

    name = "random"
    input_spec = InputSpec(size=32, resize=36)
    squashed = InputSpec(size=32, resize=36, squash=True, kernel="opencv")

    def __init__(self):
        super().__init__()
        generator = torch.Generator().manual_seed(0)
        self.conv = torch.nn.Conv2d(3, 6, 3, stride=4)
        self.conv.weight.data = torch.randn(6, 3, 3, 3, generator=generator)
        self.class_weights = torch.nn.Parameter(torch.randn(1000, 6, generator=generator))
        self.class_bias = torch.nn.Parameter(torch.zeros(1000))

    def features(self, images):
        return self.conv(images).relu()


@pytest.mark.parametrize("protocol", [CLASSIFY, PAPER, RELEASED], ids=lambda p: p.name)
@pytest.mark.parametrize("squash", [False, True])
def test_all_are_evaluated_or_listed(tree, tmp_path, protocol, squash):
    root, good, bad = tree
    assert len(good) + len(bad) == COUNT
    network, out = Thousand(), tmp_path / "rows.csv"
    network.input_spec = network.squashed if squash else network.input_spec
    images = open_images("ilsvrc", "val", root)
    assert len(images) == COUNT
    table = evaluate(network, images, protocol, out, progress=False, shard=16)
    assert list(dict.fromkeys(table["id"])) == good
    assert set(table.groupby("id").size()) == {6 if protocol.rule else 5}
    listed = table.attrs["unreadable"]
    assert [one["id"] for one in listed] == bad
    assert all(one["path"].endswith(f"{one['id']}.JPEG") and one["reason"] for one in listed)
    assert (
        json.loads((tmp_path / "rows.csv.json").read_text(encoding="utf-8"))["unreadable"] == listed
    )
    if protocol.rule:
        size = {id: images[images.index(id)].image.size for id in good}
        for id, *box in table[["id", "x0", "y0", "x1", "y1"]].itertuples(index=False):
            assert 0 <= box[0] < box[2] <= size[id][0]
            assert 0 <= box[1] < box[3] <= size[id][1]
        assert table["iou"].between(0, 1).all()


def test_a_set_without_one_readable_image_is_an_error(tree, tmp_path):
    root, _, bad = tree
    from cam_utils.data import Subset

    images = open_images("ilsvrc", "val", root)
    images = Subset(images, [images.index(id) for id in bad])
    with pytest.raises(CamError, match=r"None of the \d+ images .* The first: .*empty"):
        evaluate(Thousand(), images, PAPER, tmp_path / "rows.csv", progress=False)
    assert not list(tmp_path.iterdir())  # a repaired set begins anew
