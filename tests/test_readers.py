"""What holds for every data set that a user brings, on small trees in the official layouts."""

import pickle
import shutil
import tomllib
from importlib import import_module
from inspect import getmembers, ismethod, signature

import numpy as np
import pytest
from PIL import Image
from trees import HEIGHT, TREES, WIDTH, icdar2015, lines, photo, write

from cam_utils.data import Subset, available_images, open_images, subset
from cam_utils.data.joined import InMemory, WithMirrored
from cam_utils.data.partial import OfClasses
from cam_utils.data.readiness import doctor_rows
from cam_utils.data.sources import SOURCES, described
from cam_utils.errors import BrokenImage, CamError, MissingData

PAIRS = [(name, split) for name, source in SOURCES.items() for split in source.splits]
PAIRS = [(n, s) for n, s in PAIRS if not s.endswith("2017") and s.partition("-")[2] in ("", "10")]


@pytest.fixture(autouse=True)
def no_data_root(monkeypatch):
    monkeypatch.delenv("CAM_DATA", raising=False)


def row(name, root, split=None):
    title = f"{name} {split or SOURCES[name].splits[0]}" if SOURCES[name].rows_by_split else name
    return next((there, text) for key, there, text in doctor_rows(root) if key == title)


def test_every_source_has_a_tree_and_a_name():
    assert set(TREES) == set(SOURCES)
    assert set(SOURCES) <= set(available_images())
    for name, source in SOURCES.items():
        assert set(source.counts) <= set(source.splits), name
        assert source.cited, name
        assert source.get.startswith("Get "), name
        assert "folder of data sets" in source.get, name
        module, _, kind = source.reader.rpartition(".")
        assert hasattr(import_module(f"cam_utils.data.{module}"), kind), name


def test_complete_numbers_fit_the_edition_and_add_up():
    assert SOURCES["cub"].complete("test", 0) == 5_794
    assert SOURCES["cub"].complete("all", 20) == 11_788
    assert SOURCES["svt"].complete("all", 0) == 349
    assert [SOURCES["imagenette"].complete("val", n) for n in (0, 500, 501, 9_999)] == [
        *(500, 500, 3_925, 3_925),
    ]
    assert SOURCES["labelme"].complete("all", 7) == 0  # not known


TOY = """
title = "Toy"
line = "a data set of lists, described and not programmed"
folders = ["toy"]
layout = "toy/ with lists/ and pictures/"
download = "toy.zip"
archives = ["toy*"]
used_by = "nothing"
counts = { train = 3 }
cited = "this test"
lists_in = ["lists/", ""]
classes = "kinds.txt"
named = 'kind_(.*)'
class_of = '(kind_.*?)-\\d+\\.jpg'
parts.train = { photos = "pictures", lists = ["train.lst"], annotation = "truth/{}.xml" }
parts.all = { photos = "pictures", lists = ["train.lst", "rest.lst"] }
"""


def test_a_new_data_set_needs_a_description_and_no_code(tmp_path, monkeypatch):
    monkeypatch.setitem(SOURCES, "toy", described("toy", tomllib.loads(TOY)))
    home = tmp_path / "toy"
    lines(home / "lists" / "kinds.txt", ["kind_b_c", "kind_a"])
    lines(home / "lists" / "train.lst", ["kind_a-1.jpg", "kind_b_c-7.jpg", "kind_a-2.jpg"])
    lines(home / "rest.lst", ["kind_a-9.jpg"])
    for name in ("kind_a-1.jpg", "kind_b_c-7.JPG", "kind_a-2.jpg"):
        photo(home / "pictures" / name)
    for name in ("kind_a-1", "kind_b_c-7"):
        write(home / "truth" / f"{name}.xml", "")
    images = open_images("toy", "train", tmp_path)
    assert images.classes == ["b c", "a"]
    assert images.ids == ["kind_a-1", "kind_b_c-7"]
    assert [images.label(i) for i in range(2)] == [1, 0]
    assert (images.missing, images.incomplete) == (1, {1})  # one has no annotation
    assert len(open_images("toy", "all", tmp_path)) == 3
    assert row("toy", tmp_path)[1].startswith("train: 2 of 3 photos, 1 more lack")
    with pytest.raises(TypeError, match="layuot"):
        described("toy", tomllib.loads(TOY.replace("layout", "layuot")))


@pytest.mark.parametrize(("name", "split"), PAIRS)
def test_records_are_whole(tmp_path, name, split):
    TREES[name](tmp_path)
    images = open_images(name, split, tmp_path)
    assert (images.name, images.split, images.missing) == (name, split, 0)
    assert len(images) == len(images.ids) == len(set(images.ids)) > 0
    assert all("." not in id.rpartition("/")[2] for id in images.ids)
    for i, id in enumerate(images.ids):
        record = images[i]
        assert (record.id, record.label) == (id, images.label(i))
        assert record.image.mode == "RGB"
        assert record.image.size == images.size(i) == (WIDTH, HEIGHT)
        assert -1 <= record.label < max(len(images.classes), 1)
        assert record.boxes.dtype == images.boxes(i).dtype == np.float32
        np.testing.assert_array_equal(record.boxes, images.boxes(i))
        assert record.boxes.shape == (len(record.boxes), 4)
        assert (record.boxes[:, :2] >= 0).all()
        assert (record.boxes[:, 2:] <= (WIDTH, HEIGHT)).all()
        assert (record.boxes[:, 2:] > record.boxes[:, :2]).all()
        if record.masks is not None:
            assert record.masks.shape == (len(record.boxes), HEIGHT, WIDTH)
            assert record.masks.dtype == bool
        assert (record.objects is not None) == images.objects_in_scenes
        if record.objects is not None:
            assert len(record.objects) == len(record.boxes) > 0
            assert len(record.boxes_of(record.label)) == 0
    with pytest.raises(IndexError):
        images[len(images)]


@pytest.mark.parametrize("name", TREES)
def test_a_copy_is_the_same_and_a_subset_keeps_its_pictures(tmp_path, name):
    TREES[name](tmp_path)
    images = open_images(name, SOURCES[name].splits[0], tmp_path)
    copy = pickle.loads(pickle.dumps(images))
    assert copy.ids == images.ids
    np.testing.assert_array_equal(copy[0].boxes, images[0].boxes)
    last = subset(images, 0)
    last.indices = last.indices[-1:]
    assert last[0].id == images.ids[-1]
    checked = set()
    for method, function in getmembers(images, ismethod):
        if method[0] != "_" and next(iter(signature(function).parameters), "") == "i":
            assert str(getattr(last, method)(0)) == str(function(len(images) - 1)), method
            checked.add(method)
    assert checked >= {"path", "label", "boxes", "size"}


def test_what_shows_another_set_s_pictures_takes_numbers_of_its_own(tmp_path):
    TREES["action40"](tmp_path)
    images = open_images("action40", "all", tmp_path)
    last = Subset(images, [5, 4])
    one = OfClasses(last, [1])
    both = WithMirrored(images)
    for data, i, number in ((last, 1, 4), (one, 0, 5), (InMemory(last), 1, 4), (both, 10, 4)):
        copy = pickle.loads(pickle.dumps(data))
        assert copy.path(i) == images.path(number)
        assert copy.on_disk(i)
        assert copy.size(i) == (WIDTH, HEIGHT)
        assert copy[i].image.size == (WIDTH, HEIGHT)
    assert last.index(images.ids[4]) == 1
    assert (one.label(0), images.label(5)) == (0, 1)
    np.testing.assert_array_equal(InMemory(last).boxes(0), images.boxes(5))
    assert InMemory(images)[0] is not images[0]
    kept = InMemory(images)
    assert kept[0] is kept[0]
    assert not hasattr(both, "boxes")  # those of the mirrored half lie elsewhere
    assert both.many_readers


@pytest.mark.parametrize("name", TREES)
def test_opening_decodes_nothing(tmp_path, name, monkeypatch):
    TREES[name](tmp_path)

    def refuse(*args, **kwargs):
        raise AssertionError("a picture was opened")

    monkeypatch.setattr(Image, "open", refuse)
    images = open_images(name, SOURCES[name].splits[0], tmp_path)
    assert images.label(0) >= -1
    assert str(len(images)) in repr(images)


@pytest.mark.parametrize("name", TREES)
def test_absent_data_say_what_to_get(tmp_path, name):
    source = SOURCES[name]
    with pytest.raises(MissingData, match="There is no") as error:
        open_images(name, source.splits[0], tmp_path)
    assert source.get in str(error.value)
    assert source.layout in str(error.value)
    with pytest.raises(CamError, match="There is no split"):
        open_images(name, "trane", tmp_path)
    there, text = row(name, tmp_path)
    assert not there
    assert text == f"absent. {source.get}"
    archive = source.archives[0].format(split=source.splits[0]).removesuffix("*")
    archive = archive.removesuffix(".zip").replace("*", "x") + ".zip"
    (tmp_path / archive).write_bytes(b"PK")
    assert "not unpacked" in row(name, tmp_path)[1]
    (tmp_path / archive).rename(tmp_path / f"{archive}.part")
    part = row(name, tmp_path)[1]
    assert "unfinished" in part or not source.archives[0].endswith("*")


@pytest.mark.parametrize("name", TREES)
def test_doctor_counts_what_is_there(tmp_path, name):
    TREES[name](tmp_path)
    source = SOURCES[name]
    for split in source.counts:
        there, text = row(name, tmp_path, split)
        assert there, text
        images = open_images(name, split, tmp_path)
        number = source.complete(split, len(images)) or len(images)
        assert f"{len(images):,} of {number:,} photos" in text
        assert source.rows_by_split != (f"{split}: {len(images):,} of" in text)
        assert ("a part, or half unpacked" in text) == (name != "labelme")


@pytest.mark.parametrize("name", TREES)
def test_without_a_single_photo(tmp_path, name):
    TREES[name](tmp_path)
    for path in list(tmp_path.rglob("*")):
        if path.suffix.lower() in (".jpg", ".jpeg"):
            path.unlink()
    there, text = row(name, tmp_path)
    assert not there
    assert SOURCES[name].get in text
    if name != "cub":
        with pytest.raises(MissingData, match="There is no"):
            open_images(name, SOURCES[name].splits[0], tmp_path)


LISTED = ("ilsvrc", "sun397", "indoor67", "sun_attribute", "action40")
LISTED += ("coco_captions", "vqa", "svt")


@pytest.mark.parametrize("name", LISTED)
def test_listed_photos_that_are_not_there_are_left_out_and_counted(tmp_path, name):
    TREES[name](tmp_path)
    split = "all" if "all" in SOURCES[name].splits else "val"
    if name == "sun397":
        split = "train"  # "all" goes by what is there
    if name == "indoor67":
        split = "test"
    before = open_images(name, split, tmp_path)
    before.path(0).unlink()
    images = open_images(name, split, tmp_path)
    assert images.missing == 1
    assert images.ids == before.ids[1:]
    if images.ids:
        assert images.label(0) == before.label(1)
    shown = row(name, tmp_path)[1]
    if name not in ("sun397", "indoor67"):
        assert "1 more lack" in shown


@pytest.mark.parametrize("name", TREES)
def test_a_broken_photo_is_named(tmp_path, name):
    TREES[name](tmp_path)
    images = open_images(name, SOURCES[name].splits[0], tmp_path)
    images.path(0).write_bytes(images.path(0).read_bytes()[:200])
    with pytest.raises(BrokenImage) as error:
        images[0]
    assert error.value.path == str(images.path(0))


def test_layouts_nested_in_their_own_name_and_given_themselves(tmp_path):
    TREES["cub"](tmp_path / "CUB_200_2011")
    assert len(open_images("cub", "train", tmp_path)) == 2
    assert len(open_images("cub", "train", tmp_path / "CUB_200_2011" / "CUB_200_2011")) == 2
    shutil.rmtree(tmp_path / "CUB_200_2011" / "CUB_200_2011")
    with pytest.raises(MissingData, match=r"CUB_200_2011 is there, but has no images\.txt"):
        open_images("cub", "train", tmp_path)
    assert "is there, but has no" in row("cub", tmp_path)[1]


def test_a_part_of_no_split_shows_in_doctor(tmp_path):
    icdar2015(tmp_path, plain=True)
    assert row("icdar2015", tmp_path) == (
        True,
        "all: 2 of 1,500 photos; not divided into splits: divide it at random; "
        "a part, or half unpacked; fine for a smaller run",
    )


def test_one_split_alone(tmp_path):
    TREES["svt"](tmp_path)
    (tmp_path / "svt1" / "test.xml").unlink()
    there, text = row("svt", tmp_path)
    assert there
    assert "train: 2 of 100 photos; test: There is no Street View Text" in text


def test_photos_turned_by_exif_have_their_upright_size(tmp_path):
    path = photo(tmp_path / "a.jpg")
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.open(path).save(path, exif=exif)
    images = open_images("photos", root=tmp_path)
    assert images.size(0) == images[0].image.size == (HEIGHT, WIDTH)


def test_readme_lists_every_data_set(repo):
    text = (repo / "README.md").read_text(encoding="utf-8")
    for name, source in SOURCES.items():
        where = "" if source.unpack.startswith("unpack it in the folder") else f"; {source.unpack}"
        counts = {k: [n] if isinstance(n, int) else n for k, n in source.counts.items()}
        counts = {k: " or ".join(f"{n:,}" for n in some) for k, some in counts.items()}
        photos = ", ".join(f"{k} {text}".strip() for k, text in counts.items())
        cells = (source.layout, source.download + where, f"{photos} ({source.cited})")
        row = f"| `{name}` | {' | '.join((*cells, source.used_by))} |"
        row = row.replace("<", "&lt;").replace("*", r"\*")
        assert row in text.splitlines(), row
