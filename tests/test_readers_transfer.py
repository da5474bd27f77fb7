"""Readers of the data sets of sections 4 and 4.1: CUB, scenes, objects, actions."""

import numpy as np
import pytest
import trees
from scipy.io import savemat
from trees import HEIGHT, WIDTH, lines, photo, write

from cam_utils.data import open_images, subset
from cam_utils.data.partial import OfClasses, complete_classes, photos_on_disk, said, with_photos
from cam_utils.data.readiness import doctor_rows
from cam_utils.data.scene15 import CLASSES, class_of
from cam_utils.data.truth_reader import read_truth
from cam_utils.errors import BrokenImage, CamError, MissingData

# ---------------------------------------------------------------- CUB


def test_cub_boxes_end_at_the_last_pixel_and_inside_the_photo(tmp_path):
    trees.cub(tmp_path)
    images = open_images("cub", "all", tmp_path)
    assert images.classes == ["Black footed Albatross", "Least Auklet"]
    assert [images.label(i) for i in range(4)] == [0, 0, 1, 1]
    assert images.ids == list(trees.BIRDS)
    assert images.boxes(0).tolist() == [[0, 0, 40, 30]]  # x + width = 39 is the last pixel
    assert images.boxes(1).tolist() == [[5, 6, 16, 16]]
    assert images.boxes(2).tolist() == [[30, 20, 40, 24]]  # the list says 43
    assert images.path(1).suffix == ".JPG"
    assert open_images("cub", "train", tmp_path).ids == [trees.BIRDS[0], trees.BIRDS[2]]
    assert open_images("cub", "test", tmp_path).ids == [trees.BIRDS[1], trees.BIRDS[3]]


def test_cub_parts(tmp_path):
    trees.cub(tmp_path)
    images = open_images("cub", "all", tmp_path)
    assert images.part_names == ["back", "left eye"]
    assert images.part_points(0) == {"back": (7, 8)}
    assert images.part_points(1) == {"back": (9, 9), "left eye": (6, 7)}
    assert images.part_points(2) == {"back": (31, 22)}  # the eye lies under the photo
    assert images.part_points(3) == {}
    assert subset(images, 0).part_points(1) == images.part_points(1)
    (tmp_path / "CUB_200_2011" / "parts" / "part_locs.txt").unlink()
    images = open_images("cub", "all", tmp_path)
    assert images.part_names == []
    with pytest.raises(MissingData, match=r"part_locs\.txt.*Get CUB_200_2011\.tgz"):
        images.part_points(0)


def test_cub_without_photos_knows_boxes_labels_and_parts(tmp_path):
    trees.cub(tmp_path, photos=False)
    images = open_images("cub", "test", tmp_path)
    assert not photos_on_disk(images).any()
    assert (len(images), images.missing) == (2, 2)
    assert "0 of the 2 listed are there" in repr(images)
    assert (images.label(1), images.size(1)) == (1, (WIDTH, HEIGHT))
    assert images.boxes(0).tolist() == [[5, 6, 16, 16]]
    assert images.part_points(0) == {"back": (9, 9), "left eye": (6, 7)}
    with pytest.raises(MissingData, match=r"no CUB-200-2011 photo .*Get CUB_200_2011\.tgz"):
        images[0]
    truth = read_truth(images, progress=False)
    assert truth.sizes.tolist() == [[WIDTH, HEIGHT]] * 2
    assert truth.boxes.tolist() == [[5, 6, 16, 16], [1, 1, 6, 6]]
    with pytest.raises(MissingData, match="photos of 0 of 2 classes of cub are complete"):
        with_photos(images)
    # sizes unknown too: boxes as listed, their truth needs a size
    (tmp_path / "CUB_200_2011" / "extra" / "image_sizes.csv").unlink()
    images = open_images("cub", "all", tmp_path)
    assert images.boxes(2).tolist() == [[30, 20, 43, 24]]
    assert "left eye" in images.part_points(2)
    with pytest.raises(CamError, match=r"None of the 4 images .* There is no picture"):
        read_truth(images, progress=False)


def test_cub_with_some_photos_keeps_its_lists_and_takes_complete_classes(tmp_path):
    trees.cub(tmp_path)
    before = open_images("cub", "all", tmp_path)
    before.path(0).unlink()
    images = open_images("cub", "all", tmp_path)
    assert images.ids == before.ids
    assert photos_on_disk(images).tolist() == [False, True, True, True]
    assert photos_on_disk(subset(images, 0)).tolist() == [False, True, True, True]
    assert "3 of the 4 listed are there" in repr(images)
    with pytest.raises(MissingData, match="3 of the 4 listed are there"):
        images[0]
    assert complete_classes(images) == [1]  # the first class lacks one of its two photos
    parts = [open_images("cub", split, tmp_path) for split in ("train", "test")]
    assert complete_classes(parts[1]) == [0, 1]
    assert complete_classes(*parts) == [1]
    kept = OfClasses(parts[1], [1])
    assert (len(kept), kept.classes, said(kept)) == (1, ["Least Auklet"], "1 of 2 classes")
    assert (parts[0].incomplete, kept.incomplete) == ({0}, set())
    assert OfClasses(parts[0], [1, 0]).incomplete == {1}
    assert kept.index(kept.ids[0]) == 0
    assert (kept.label(0), kept[0].label, kept.ids) == (0, 0, [trees.BIRDS[3]])
    assert kept.boxes(0).tolist() == [[1, 1, 6, 6]]
    assert said(parts[0]) == ""


@pytest.mark.parametrize(
    ("file", "content", "message"),
    [
        ("images.txt", "1 a/b.jpg\n3 a/c.jpg\n", r"images\.txt, line 2, .*'2 name'"),
        ("images.txt", "\n", r"images\.txt has no line"),
        ("bounding_boxes.txt", "1 0 0 9 9\n2 0 0 9\n3 0 0 9 9\n4 0 0 9 9\n", "line 2, .*x y w h"),
        ("bounding_boxes.txt", "1 0 0 9 9\n2 0 0 9 nan\n3 0 0 9 9\n4 0 0 9 9\n", "line 2, "),
        ("bounding_boxes.txt", "1 0 0 9 9\n2 0 0 9 9\n", "has 2 lines; expected 4"),
        ("bounding_boxes.txt", "1 0 0 9 9\n2 x 0 9 9\n", "line 2, has '2 x 0 9 9'"),
        ("image_class_labels.txt", "1 1\n2 1\n3 9\n4 2\n", "line 3, has 3 9; .* up to 2"),
        ("image_class_labels.txt", "1 1\n2 1\n4 2\n4 2\n", "line 3, has 4 2; expected image 3"),
        ("train_test_split.txt", "1 1\n2 0\n3 1\n4 2\n", "line 4, "),
        ("train_test_split.txt", "1 1\n2 1\n3 1\n4 1\n", "has no test photo"),
        ("parts/part_locs.txt", "1 1 0 0 0\n", "has 1 lines; expected 8"),
        ("parts/parts.txt", "1 back\n", "has 8 lines; expected 4"),
        ("extra/image_sizes.csv", "image,width\nx,3\n", r"image_sizes\.csv is damaged"),
    ],
)
def test_cub_lists_that_are_damaged(tmp_path, file, content, message):
    trees.cub(tmp_path)
    write(tmp_path / "CUB_200_2011" / file, content)
    with pytest.raises(CamError, match=message):
        open_images("cub", "test", tmp_path)


def test_a_cut_list_of_the_other_split_is_named_before_classes_get_wrong_numbers(tmp_path):
    trees.indoor67(tmp_path)
    lines(tmp_path / "indoorCVPR_09" / "TestImages.txt", ["kitchen/k2.jpg", "airport_in"])
    with pytest.raises(CamError, match=r"TestImages\.txt, line 2, has 'airport_in'"):
        open_images("indoor67", "train", tmp_path)


def test_lists_that_are_no_text_or_absent(tmp_path):
    trees.cub(tmp_path)
    path = tmp_path / "CUB_200_2011" / "classes.txt"
    path.write_bytes(b"1 001.Albatross\n2 002.Auk\xff\n")
    with pytest.raises(CamError, match=r"classes\.txt, line 2, has bytes that are not UTF-8"):
        open_images("cub", "test", tmp_path)
    path.unlink()
    with pytest.raises(MissingData, match=r"list .*classes\.txt"):
        open_images("cub", "test", tmp_path)


def test_real_cub_lists(shared):
    images = open_images("cub", "all", shared / "real")
    assert (len(images), len(images.classes), len(images.part_names)) == (11_788, 200, 15)
    sizes = np.array([images.size(i) for i in range(len(images))])
    boxes = np.concatenate([images.boxes(i) for i in range(len(images))])
    assert (boxes[:, :2] >= 0).all()
    assert (boxes[:, 2:] <= sizes).all()
    assert (boxes[:, 2:] > boxes[:, :2]).all()
    # what the reading rests on: ends of boxes, as listed, pile up on the last pixel
    listed = np.loadtxt(shared / "real" / "CUB_200_2011" / "bounding_boxes.txt")[:, 1:]
    for axis, count in ((0, (131, 14)), (1, (272, 37))):
        room = sizes[:, axis] - (listed[:, axis] + listed[:, axis + 2])
        assert ((room == 1).sum(), (room == 0).sum()) == count
        assert (room == 1).sum() > 2 * (room == 2).sum()
    listed[:, 2:] += listed[:, :2] + 1
    assert (boxes != listed).any(1).sum() == 78  # cut off at the border
    points = [images.part_points(i) for i in range(len(images))]
    marked = np.loadtxt(shared / "real" / "CUB_200_2011" / "parts" / "part_locs.txt")[:, 4]
    assert sum(map(len, points)) == marked.sum() - 1  # one lies under its photo
    inside = total = 0
    for box, found in zip(boxes, points, strict=True):
        xy = np.array(list(found.values())).reshape(-1, 2)
        inside += ((xy >= box[:2]) & (xy < box[2:])).all(1).sum()
        total += len(xy)
    assert inside / total > 0.999
    # photos are there for 20 classes, all of theirs
    there = photos_on_disk(images)
    parts = with_photos(
        *(open_images("cub", split, shared / "real") for split in ("train", "test"))
    )
    assert (there.sum(), [len(p) for p in parts]) == (1185, [600, 585])
    assert [said(p) for p in parts] == ["20 of 200 classes"] * 2
    assert {parts[0].label(i) for i in range(600)} == set(range(20))
    assert parts[1][7].image.size == parts[1].size(7)
    with pytest.raises(MissingData, match="1,185 of the 11,788 listed are there"):
        images[int(np.flatnonzero(~there)[0])]


# ---------------------------------------------------------------- Scene15


def scene15_row(root):
    return next(r[1:] for r in doctor_rows(root) if r[0] == "scene15")


def test_scene15_given_split(tmp_path):
    for name in CLASSES:
        photo(tmp_path / "15-Scene" / "train" / name / "image_0001.jpg")
        photo(tmp_path / "15-Scene" / "test" / name / "image_0002.jpg")
    train, test, every = (open_images("scene15", s, tmp_path) for s in ("train", "test", "all"))
    assert train.ids[1] == "train/coast/image_0001"
    assert [test.label(i) for i in range(15)] == list(range(15))
    assert every.ids == train.ids + test.ids
    assert train.classes == list(CLASSES)
    assert train.divided
    there, text = scene15_row(tmp_path)
    assert there
    assert text == "all: 30 of 4,485 photos; a part, or half unpacked; fine for a smaller run"


def test_scene15_original_layout_is_divided_at_random(tmp_path):
    for name in ("MITcoast", "CALsuburb", "PARoffice", "bedroom", "notes"):
        for i in range(3):
            photo(tmp_path / "scene_categories" / name / f"image_{i:04d}.jpg")
    images = open_images("scene15", "all", tmp_path)
    assert not images.divided
    labels = [images.classes[images.label(i)] for i in range(len(images))]
    assert labels == ["bedroom"] * 3 + ["coast"] * 3 + ["office"] * 3 + ["suburb"] * 3
    assert images.ids[3] == "MITcoast/image_0000"
    with pytest.raises(MissingData, match=r"Scene15 train photo .*divide it at random"):
        open_images("scene15", "train", tmp_path)
    there, text = scene15_row(tmp_path)
    assert there
    assert "12 of 4,485 photos, 4 of 15 classes, none of forest, highway, industrial; not" in text
    assert "half unpacked" in text


def test_scene15_names_of_classes():
    found = [class_of(n) for n in ("CALsuburb", "MITtallbuilding", "Bedroom", "inside_city", "cat")]
    assert found == ["suburb", "tallbuilding", "bedroom", "insidecity", None]


def test_real_scene15(shared):
    train, test = (open_images("scene15", s, shared / "real") for s in ("train", "test"))
    for images in (train, test):
        labels = [images.label(i) for i in range(len(images))]
        assert np.bincount(labels).tolist() == [100] * 15
    assert not {i.split("/", 1)[1] for i in train.ids} & {i.split("/", 1)[1] for i in test.ids}
    assert train[0].image.mode == "RGB"  # the file is grey


# ---------------------------------------------------------------- scenes


def test_sun397_partitions(tmp_path):
    trees.sun397(tmp_path)
    images = open_images("sun397", "train-03", tmp_path)
    assert images.classes == ["abbey", "chalet", "chalet/indoor"]
    assert images.class_folders == ["a/abbey", "c/chalet", "c/chalet/indoor"]
    expected = ["a/abbey/sun_a1", "c/chalet/indoor/sun_i1", "a/abbey/sun_a2"]
    assert set(expected) < set(images.ids)
    assert {images.ids[i]: images.label(i) for i in range(5)}["c/chalet/indoor/sun_i2"] == 2
    assert "c/chalet/sun_c3" in images.ids
    assert open_images("sun397", "train", tmp_path).ids == (
        open_images("sun397", "train-01", tmp_path).ids
    )
    every = open_images("sun397", "all", tmp_path)
    assert len(every) == 16
    # a chalet's folder holds the folder of another class
    assert np.bincount([every.label(i) for i in range(16)]).tolist() == [3, 10, 3]
    path = tmp_path / "SUN397" / "Partitions" / "Testing_02.txt"
    write(path, "/a/abbey/sun_a1.jpg\n/z/zoo/sun_z.jpg\n")
    with pytest.raises(CamError, match=r"Testing_02\.txt, line 2, has '/z/zoo/sun_z.jpg'"):
        open_images("sun397", "test-02", tmp_path)
    write(path, "/a/abbey/sun_a1.jpg\n" * 2)
    with pytest.raises(CamError, match="lists a photo twice"):
        open_images("sun397", "test-02", tmp_path)
    path.unlink()
    with pytest.raises(MissingData, match=r"list .*Testing_02\.txt.*Partitions\.zip"):
        open_images("sun397", "test-02", tmp_path)


def test_indoor67_keeps_class_numbers_when_half_unpacked(tmp_path):
    trees.indoor67(tmp_path)
    images = open_images("indoor67", "test", tmp_path)
    assert images.classes == ["airport inside", "kitchen"]
    assert images.ids == ["kitchen/k2", "airport_inside/a2"]
    assert [images.label(i) for i in range(2)] == [1, 0]
    assert images.path(1).name == "a2.JPG"
    assert len(open_images("indoor67", "all", tmp_path)) == 5
    home = tmp_path / "indoorCVPR_09" / "Images"
    for path in (home / "airport_inside").iterdir():
        path.unlink()
    (home / "airport_inside").rmdir()
    images = open_images("indoor67", "test", tmp_path)
    assert (images.missing, images.label(0), len(images.classes)) == (1, 1, 2)
    assert images.incomplete == {0}  # a photo that was left out counts, too
    assert complete_classes(images) == [1]
    assert subset(images, 0).incomplete == {0}
    home.rename(home.with_name("Pictures"))
    with pytest.raises(MissingData, match="folder"):
        open_images("indoor67", "test", tmp_path)


def test_sun_attribute_votes(tmp_path):
    trees.sun_attribute(tmp_path)
    images = open_images("sun_attribute", "all", tmp_path)
    assert images.classes == ["sailing", "natural light"]
    assert images.ids[0] == "a/abbey/sun_1"
    assert images.label(0) == -1
    np.testing.assert_allclose(images.votes * 3, [[0, 3], [1, 2], [3, 2]], atol=1e-6)
    assert images.votes.dtype == np.float32
    assert images.present(1).tolist() == [False, True]  # two votes and more
    assert subset(images, 0).present(2).tolist() == [True, True]
    home = tmp_path / "SUNAttributeDB"
    home.joinpath("images").rename(tmp_path / "SUN397")  # the same photos, where SUN397 has them
    assert open_images("sun_attribute", "all", tmp_path)[2].image.size == (WIDTH, HEIGHT)
    savemat(home / "attributeLabels_continuous.mat", {"labels_cv": np.zeros((3, 3))})
    with pytest.raises(
        CamError, match=r"Labels_continuous\.mat .*shape \(3, 3\); expected \(3, 2\)"
    ):
        open_images("sun_attribute", "all", tmp_path)
    savemat(home / "attributeLabels_continuous.mat", {"labels_cv": np.full((3, 2), 0.5)})
    with pytest.raises(CamError, match="no thirds"):
        open_images("sun_attribute", "all", tmp_path)
    (home / "attributes.mat").write_bytes((home / "attributes.mat").read_bytes()[:150])
    with pytest.raises(CamError, match=r"attributes\.mat has no readable 'attributes'"):
        open_images("sun_attribute", "all", tmp_path)
    (home / "attributes.mat").unlink()
    with pytest.raises(MissingData, match=r"attributes\.mat.*SUNAttributeDB\.tar\.gz"):
        open_images("sun_attribute", "all", tmp_path)


# ---------------------------------------------------------------- folders of classes


def test_caltech_leaves_clutter_out(tmp_path):
    trees.caltech101(tmp_path)
    images = open_images("caltech101", "all", tmp_path)
    assert images.class_folders == ["Faces", "accordion"]  # as torchvision sorts them
    assert images.ids == [f"{c}/image_000{k}" for c in images.class_folders for k in (1, 2)]
    trees.caltech256(tmp_path)
    images = open_images("caltech256", "all", tmp_path)
    assert images.classes == ["ak47", "faces easy"]
    assert images.ids == ["001.ak47/001_0001", "253.faces-easy-101/253_0001"]


def test_caltech_agrees_with_torchvision(tmp_path):
    from torchvision.datasets import Caltech101, Caltech256

    trees.caltech101(tmp_path)
    home = tmp_path / "caltech101" / "101_ObjectCategories"
    (home / "accordion" / "tmp").unlink()  # torchvision counts every file, and wants small letters
    for path in home.rglob("*.JPG"):
        path.rename(path.with_suffix(".jpg"))
    other = Caltech101(tmp_path)
    ours = open_images("caltech101", "all", tmp_path)
    assert ours.class_folders == other.categories
    assert [ours.label(i) for i in range(len(ours))] == other.y
    trees.caltech256(tmp_path / "caltech256")
    other = Caltech256(tmp_path)
    ours = open_images("caltech256", "all", tmp_path)
    assert [*ours.class_folders, "257.clutter"] == other.categories
    assert [ours.label(i) for i in range(len(ours))] == other.y[:-1]


def test_event8_ids_hold_the_event(tmp_path):
    trees.event8(tmp_path)  # two photos of one name
    images = open_images("event8", "all", tmp_path)
    assert images.ids == ["RockClimbing/Easy", "polo/Easy", "rowing/Easy"]
    assert [images.label(i) for i in range(3)] == [0, 1, 2]
    photo(tmp_path / "event_img" / "._polo" / "x.jpg")  # what macOS leaves in archives
    assert len(open_images("event8", "all", tmp_path)) == 3


# ---------------------------------------------------------------- actions


def test_action40_boxes(tmp_path):
    trees.action40(tmp_path)
    images = open_images("action40", "train", tmp_path)
    assert images.classes == ["applauding", "cutting trees"]
    assert images.ids[:2] == ["applauding_001", "applauding_003"]
    assert [images.label(i) for i in range(4)] == [0, 0, 1, 1]
    # VOC counts from 1, maxima inside
    assert images.boxes(0).tolist() == [[0, 0, WIDTH, HEIGHT]]
    assert images.boxes(1).tolist() == [[0, 0, WIDTH, HEIGHT], [2, 3, 3, 4]]
    assert images[1].boxes_of(0).shape == (2, 4)
    assert len(open_images("action40", "all", tmp_path)) == 6
    home = tmp_path / "Stanford40"
    path = home / "XMLAnnotations" / "applauding_001.xml"
    path.write_text(path.read_text(encoding="utf-8")[:60], encoding="utf-8")
    with pytest.raises(CamError, match=r"applauding_001\.xml, line 1, has no complete XML"):
        images.boxes(0)
    write(path, trees.voc(("applauding", (5, 5, 2, 9))))
    with pytest.raises(CamError, match=r"applauding_001\.xml has the box \['5', '5', '2', '9'\]"):
        images.boxes(0)
    write(path, trees.voc(("applauding", ("", 5, 2, 9))))
    with pytest.raises(CamError, match=r"applauding_001\.xml has the box"):
        images.boxes(0)
    path.unlink()
    assert images.boxes(0).shape == (0, 4)


def test_action40_half_unpacked(tmp_path):
    trees.action40(tmp_path)
    home = tmp_path / "Stanford40"
    (home / "XMLAnnotations").rename(home / "elsewhere")
    assert open_images("action40", "test", tmp_path).boxes(0).shape == (0, 4)
    splits = home / "ImageSplits"
    lines(splits / "applauding_test.txt", ["applauding_002.jpg", "running_001.jpg"])
    with pytest.raises(CamError, match=r"applauding_test\.txt, line 2, has 'running_001.jpg'"):
        open_images("action40", "test", tmp_path)
    (splits / "applauding_train.txt").unlink()
    with pytest.raises(MissingData, match=r"applauding_train\.txt, named in .*actions\.txt:3"):
        open_images("action40", "test", tmp_path)


def test_a_truth_box_needs_a_readable_header(tmp_path):
    trees.action40(tmp_path)
    images = open_images("action40", "test", tmp_path)
    images.path(0).write_bytes(b"no picture")
    with pytest.raises(BrokenImage):
        images.size(0)
    truth = read_truth(images, progress=False)
    assert truth.ids == images.ids[1:]
    assert list(truth.left_out) == images.ids[:1]
