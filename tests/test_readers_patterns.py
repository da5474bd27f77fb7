"""Readers of the data sets of section 4.2: objects in scenes, captions, questions, text."""

import json

import numpy as np
import pytest
import trees
from PIL import Image
from trees import HEIGHT, WIDTH, lines, photo, write

from cam_utils.data import open_images, subset
from cam_utils.data.regions import half_open, hull, hulls, inside, polygon_mask, shows
from cam_utils.data.truth_reader import read_truth
from cam_utils.errors import BrokenImage, CamError, MissingData

# ---------------------------------------------------------------- boxes and polygons


def test_boxes_become_half_open_whatever_the_list_counts_from():
    assert half_open([[0, 0, 19, 9], [2, 3, 2, 3]]).tolist() == [[0, 0, 20, 10], [2, 3, 3, 4]]
    assert half_open([1, 1, 20, 10], first=1).tolist() == [[0, 0, 20, 10]]  # as PASCAL counts
    assert half_open([]).shape == hulls([], (WIDTH, HEIGHT)).shape == (0, 4)
    assert half_open([[0, 0, 1, 1]]).dtype == np.float32
    assert inside([[-3, 2, 50, 31]], (WIDTH, HEIGHT)).tolist() == [[0, 2, WIDTH, HEIGHT]]
    square = [(-2, 3), (5, 3), (5, 40)]
    assert hulls([square], (WIDTH, HEIGHT)).tolist() == [[0, 3, 6, HEIGHT]]


def test_a_polygon_s_box_is_the_tight_box_of_its_mask():
    rng = np.random.default_rng(0)
    for n in (3, 4, 9):
        points = rng.uniform(0, 29.4, (n, 2))
        mask = polygon_mask(points, (WIDTH, HEIGHT))
        y, x = np.nonzero(mask)
        assert hull(points).tolist() == [x.min(), y.min(), x.max() + 1, y.max() + 1]
    square = [(2, 3), (5, 3), (5, 4), (2, 4)]
    assert polygon_mask(square, (WIDTH, HEIGHT)).sum() == 8
    assert shows([(-3, 0), (0, 0), (0, 5)], (WIDTH, HEIGHT))
    assert not shows([(-3, 0), (-1, 0), (-1, 5)], (WIDTH, HEIGHT))
    assert not shows([(WIDTH, 0), (WIDTH + 2, 5)], (WIDTH, HEIGHT))


# ---------------------------------------------------------------- objects in scenes


def test_ade20k_kinds_masks_and_scenes(tmp_path):
    trees.ade20k(tmp_path)
    images = open_images("ade20k", "train", tmp_path)
    assert images.classes == ["bathroom", "bedroom", "street"]
    assert [images.label(i) for i in range(2)] == [1, 2]
    assert images.object_names == ["wall", "building", "screen, silver screen", "screen"]
    record = images[0]
    assert record.objects == ("wall", "screen")
    assert record.boxes.tolist() == [[0, 0, 40, 10], [2, 20, 40, 29]]
    assert record.masks.sum((1, 2)).tolist() == [400, 51]
    with pytest.raises(CamError, match="has a truth box"):
        read_truth(images, progress=False)  # objects are no truth for the scene


def test_ade20k_damaged_or_half_unpacked(tmp_path):
    trees.ade20k(tmp_path)
    home = tmp_path / "ADEChallengeData2016"
    images = open_images("ade20k", "train", tmp_path)
    first, second = sorted((home / "annotations" / "training").iterdir())
    Image.fromarray(np.full((HEIGHT, WIDTH), 9, np.uint8)).save(first)
    with pytest.raises(CamError, match=r"00000001\.png has values up to 9 .*0 to 4"):
        images.boxes(0)
    Image.fromarray(np.ones((HEIGHT, 7), np.uint8)).save(first)
    with pytest.raises(CamError, match="40x30 pixels, its annotation 7x30"):
        images[0]
    first.write_bytes(first.read_bytes()[:40])
    with pytest.raises(BrokenImage, match="00000001"):
        images[0]
    second.unlink()
    with pytest.raises(MissingData, match=r"annotation .*00000002\.png"):
        images.boxes(1)
    assert open_images("ade20k", "train", tmp_path).missing == 1
    lines(home / "sceneCategories.txt", ["ADE_train_00000001 bedroom", "ADE_val_00000001"])
    with pytest.raises(CamError, match=r"sceneCategories\.txt, line 2, has 'ADE_val_00000001'"):
        open_images("ade20k", "train", tmp_path)
    lines(home / "sceneCategories.txt", ["ADE_val_00000001 bedroom"])
    with pytest.raises(CamError, match="no ADE_train_00000001"):
        open_images("ade20k", "train", tmp_path)
    lines(home / "objectInfo150.txt", ["Idx\tName", "1\twall", "3\tsky"])
    with pytest.raises(CamError, match=r"objectInfo150\.txt, line 3, .*row 2"):
        open_images("ade20k", "val", tmp_path)


def test_ade20k_full_names_each_object(tmp_path):
    trees.ade20k_full(tmp_path)
    images = open_images("ade20k_full", "train", tmp_path)
    assert images.classes == ["apartment/outdoor", "bedroom", "misc"]
    assert [images.label(i) for i in range(2)] == [0, 2]
    assert open_images("ade20k_full", "val", tmp_path).label(0) == 1
    record = images[0]
    assert record.objects == ("wall", "bed")  # numbered by blue values; the leg is a part
    assert record.boxes.tolist() == [[6, 5, 12, 10], [20, 15, 40, 30]]
    assert record.masks.sum((1, 2)).tolist() == [30, 300]
    path = images.path(0)
    lines(path.with_name("ADE_train_00000001_atr.txt"), ["001 # 0 # 0 # wall # wall #"])
    with pytest.raises(CamError, match=r"_seg\.png has object 2"):
        images.boxes(0)
    lines(path.with_name("ADE_train_00000001_atr.txt"), ["001 # 0 # 0 # wall # wall #", "two"])
    with pytest.raises(CamError, match=r"_atr\.txt, line 2, has 'two'"):
        images.boxes(0)
    path.with_name("ADE_train_00000001_atr.txt").unlink()
    with pytest.raises(MissingData, match=r"_atr\.txt"):
        images.boxes(0)
    path.with_name("ADE_train_00000001_seg.png").unlink()
    assert open_images("ade20k_full", "train", tmp_path).missing == 1


def test_labelme_polygons(tmp_path):
    trees.labelme(tmp_path)
    images = open_images("labelme", "all", tmp_path)
    assert images.classes == ["bathroom", "street"]
    i = images.index("users/a/static_sun/b/bathroom/sun_1")
    assert images.classes[images.label(i)] == "bathroom"
    record = images[i]
    assert record.objects == ("mirror", "sink")  # not the deleted, the line, the one beyond
    assert record.boxes.tolist() == [[2, 3, 11, 9], [30, 20, 40, 26]]
    assert record.masks[0].sum() == 54
    path = tmp_path / "LabelMe" / "Annotations" / f"{images.ids[i]}.xml"
    text = path.read_text(encoding="utf-8")
    write(path, text.replace("<x>2</x>", "<x>two</x>", 1))
    with pytest.raises(CamError, match=r"sun_1\.xml has a polygon of 'mirror' .* no number"):
        images.boxes(i)
    write(path, text.replace("</annotation>", ""))
    with pytest.raises(CamError, match=r"sun_1\.xml, line \d+, has no complete XML"):
        images.boxes(i)
    write(path, "<annotation></annotation>")
    assert images[i].boxes.shape == (0, 4)
    assert images[i].masks.shape == (0, HEIGHT, WIDTH)
    path.unlink()
    assert open_images("labelme", "all", tmp_path).missing == 1


# ---------------------------------------------------------------- captions and questions


def test_coco_captions(tmp_path):
    trees.coco_captions(tmp_path)
    images = open_images("coco_captions", "val", tmp_path)
    assert images.ids == ["COCO_val2014_000000000042", "COCO_val2014_000000000073"]
    assert images.captions(0) == ("A mirror in a lake.", "A lake.")
    assert images[0].caption == "A mirror in a lake.\nA lake."
    assert images.label(0) == -1
    assert subset(images, 0).captions(1) == ("A window.",)
    path = tmp_path / "COCO" / "annotations" / "captions_val2014.json"
    content = path.read_text(encoding="utf-8")
    write(tmp_path / "COCO" / "annotations" / "captions_val2017.json", content)
    (tmp_path / "COCO" / "val2014").rename(tmp_path / "COCO" / "val2017")
    assert len(open_images("coco_captions", "val2017", tmp_path)) == 2
    with pytest.raises(MissingData, match=r"COCO captions photo .*val2014"):
        open_images("coco_captions", "val", tmp_path)
    write(path, content[: len(content) // 2])
    with pytest.raises(CamError, match=r"captions_val2014\.json, line 1, has no complete JSON"):
        open_images("coco_captions", "val", tmp_path)
    write(path, json.dumps({"images": []}))
    with pytest.raises(CamError, match="has no list 'annotations'"):
        open_images("coco_captions", "val", tmp_path)
    write(path, json.dumps({"images": [{"id": 1}], "annotations": [{"image_id": 1}]}))
    with pytest.raises(CamError, match="a row without 'caption'"):
        open_images("coco_captions", "val", tmp_path)


@pytest.mark.parametrize("name", ["vqa", "vqa2"])
def test_vqa_questions(tmp_path, name):
    trees.TREES[name](tmp_path)
    images = open_images(name, "val", tmp_path)
    assert images.ids == ["COCO_val2014_000000000042", "COCO_val2014_000000000073"]
    asked = images.question_list
    assert [(q.id, q.image, q.answer, q.kind) for q in asked] == [
        ("420", 0, "brown", "other"),
        ("730", 1, "yes", "yes/no"),
        ("421", 0, "2", "number"),
    ]
    assert [q.text for q in images.questions(0)] == ["What colour is the horse?", "How many cows?"]
    assert asked[0].evidence is None
    assert len(images.human_answers("420")) == 10
    assert images.human_answers("420").count("brown") == 6
    test = open_images(name, "test", tmp_path)
    assert [q.answer for q in test.question_list] == [""] * 3
    # only the questions of photos that are there; photos are numbered as they lie in the set
    images.path(0).unlink()
    images = open_images(name, "val", tmp_path)
    assert [(q.id, q.image) for q in images.question_list] == [("730", 0)]


def test_vqa_equally_frequent_answers_and_damaged_files(tmp_path):
    trees.vqa(tmp_path)
    path = tmp_path / "VQA" / "Annotations" / "mscoco_val2014_annotations.json"
    content = json.loads(path.read_text(encoding="utf-8"))
    for note in content["annotations"]:
        note["answers"] = [{"answer": a} for a in ("no", "yes", "yes", "no")]
    write(path, json.dumps(content))
    assert open_images("vqa", "val", tmp_path).question_list[0].answer == "no"
    content["annotations"] = content["annotations"][:2]
    write(path, json.dumps(content))
    with pytest.raises(CamError, match=r"annotations\.json has no answer to question 421"):
        open_images("vqa", "val", tmp_path)
    write(path, json.dumps({"annotations": [{"question_id": 420}]}))
    with pytest.raises(CamError, match=r"annotations\.json has a row without 'answer_type'"):
        open_images("vqa", "val", tmp_path)
    path.unlink()
    with pytest.raises(MissingData, match=r"file .*mscoco_val2014_annotations\.json"):
        open_images("vqa", "val", tmp_path)
    # multiple choice alone will do
    (tmp_path / "VQA" / "OpenEnded_mscoco_test2015_questions.json").unlink()
    assert len(open_images("vqa", "test", tmp_path).question_list) == 3


# ---------------------------------------------------------------- text


def test_svt_words(tmp_path):
    trees.svt(tmp_path)
    images = open_images("svt", "test", tmp_path)
    assert images.ids == ["img/test_1", "img/test_2"]
    assert (images.classes, images.label(0)) == (["text"], 0)
    assert images.boxes(0).tolist() == [[10, 5, 18, 9], [35, 25, 40, 30]]  # cut off, one left out
    assert images.words(0) == ("LIVING", "ROOM")
    assert images.readable(0).tolist() == [True, True]
    assert len(open_images("svt", "all", tmp_path)) == 4
    assert len(read_truth(images, progress=False).boxes) == 4
    path = tmp_path / "svt1" / "test.xml"
    text = path.read_text(encoding="utf-8")
    write(path, text.replace('width="8"', 'width="wide"', 1))
    with pytest.raises(CamError, match=r"test\.xml has the rectangle .*'wide'.* 'img/test_1\.jpg'"):
        open_images("svt", "test", tmp_path)
    write(path, text[:-20])
    with pytest.raises(CamError, match=r"test\.xml, line 1, has no complete XML"):
        open_images("svt", "test", tmp_path)
    write(path, "<tagset></tagset>")
    with pytest.raises(CamError, match="has no <image>"):
        open_images("svt", "test", tmp_path)


def test_icdar2015_words(tmp_path):
    trees.icdar2015(tmp_path)
    images = open_images("icdar2015", "train", tmp_path)
    assert images.ids == ["img_2", "img_10"]  # by number
    assert images.words(0) == ("GENAXIS, the first", "###")
    assert images.readable(0).tolist() == [True, False]
    assert images.quads(0).tolist()[0] == [[10, 5], [17, 6], [17, 9], [10, 8]]
    record = images[0]
    assert record.boxes.tolist() == [[10, 5, 18, 10], [2, 2, 6, 5]]
    assert record.masks[1].sum() == 12
    every = open_images("icdar2015", "all", tmp_path)
    assert every.ids[0] == "ch4_training_images/img_2"
    assert len(every) == 4
    path = tmp_path / "ICDAR2015" / "ch4_training_localization_transcription_gt" / "gt_img_2.txt"
    write(path, "1,2,3,4,5,6,7,8,GOOD\n1,2,3,4,5,6,7,BAD\n")
    with pytest.raises(CamError, match=r"gt_img_2\.txt, line 2, has '1,2,3,4,5,6,7,BAD'"):
        images.boxes(0)
    write(path, "")
    assert images[0].boxes.shape == (0, 4)
    path.unlink()
    assert open_images("icdar2015", "train", tmp_path).missing == 1


def test_icdar2015_in_plain_folders(tmp_path):
    trees.icdar2015(tmp_path, plain=True)
    assert open_images("icdar2015", "all", tmp_path).ids == ["img_2", "img_10"]
    with pytest.raises(MissingData, match="not divided into splits there: open 'all'"):
        open_images("icdar2015", "train", tmp_path)
    for path in (tmp_path / "ICDAR2015" / "gt").iterdir():
        path.unlink()
    photo(tmp_path / "ICDAR2015" / "images" / "img_3.jpg")
    with pytest.raises(MissingData, match="photo with its annotation in"):
        open_images("icdar2015", "all", tmp_path)


def test_real_icdar2015(shared):
    images = open_images("icdar2015", "all", shared / "real")
    assert (len(images), images.missing) == (150, 0)
    numbers = [int(id.removeprefix("img_")) for id in images.ids]
    assert numbers == sorted(numbers)
    boxes = [images.boxes(i) for i in range(150)]
    assert sum(map(len, boxes)) == 1606
    every = np.concatenate(boxes)
    assert (every[:, 2:] > every[:, :2]).all()
    assert every.min() >= 0
    readable = np.concatenate([images.readable(i) for i in range(150)])
    lists = (shared / "real" / "ICDAR2015" / "gt").iterdir()
    unreadable = sum(path.read_text(encoding="utf-8-sig").count(",###\n") for path in lists)
    assert unreadable > 0
    assert (~readable).sum() == pytest.approx(unreadable, abs=3)  # or without a line end
    for i in (0, 40, 149):
        record = images[i]
        assert record.image.size == images.size(i) == (1280, 720)
        for box, mask in zip(record.boxes, record.masks, strict=True):
            y, x = np.nonzero(mask)
            assert box.tolist() == [x.min(), y.min(), x.max() + 1, y.max() + 1]
