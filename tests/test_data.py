"""Data sets: the real layouts, small trees of the other layouts, and strange picture files."""

import gc
import io
import pickle
import struct
import warnings
import zlib
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from trees import WNIDS, lines, voc, write

from cam_utils import pictures
from cam_utils.data import available_images, check_images, list_images, open_images, subset
from cam_utils.data.files import data_root
from cam_utils.data.photos import SHIPPED, Photos
from cam_utils.data.readiness import doctor_rows
from cam_utils.data.tiles import Tiles
from cam_utils.errors import BrokenImage, CamError, MissingData
from cam_utils.pictures import open_rgb

RED = (255, 0, 0)


@pytest.fixture(autouse=True)
def no_data_root(monkeypatch):
    monkeypatch.delenv("CAM_DATA", raising=False)


def save(path, image=None, **options):
    path.parent.mkdir(parents=True, exist_ok=True)
    (image or Image.new("RGB", (20, 10), RED)).save(path, **options)
    return path


def pixel(path, xy=(1, 1)):
    image = open_rgb(path)
    assert image.mode == "RGB"
    return image.getpixel(xy)


# ---------------------------------------------------------------- strange files


def test_grey_modes(tmp_path):
    grey = Image.new("L", (20, 10), 90)
    assert pixel(save(tmp_path / "l.png", grey)) == (90, 90, 90)
    assert pixel(save(tmp_path / "1.png", Image.new("1", (20, 10), 1))) == (255, 255, 255)
    deep = Image.fromarray(np.full((10, 20), 32768, np.uint16))
    for name in ("deep.png", "deep.tif", "deep.pgm"):
        assert pixel(save(tmp_path / name, deep))[0] in (127, 128)
    full = Image.fromarray(np.array([[0, 257, 65535]], np.uint16))
    shades = np.asarray(open_rgb(save(tmp_path / "full.png", full)))
    assert shades[0, :, 0].tolist() == [0, 1, 255]


def test_float_tiff_scales_by_its_range(tmp_path):
    values = np.array([[-2, 0, 2, np.nan]], np.float32)
    opened = np.asarray(open_rgb(save(tmp_path / "f.tif", Image.fromarray(values))))
    assert opened[0, :, 0].tolist() == [0, 128, 255, 0]
    for constant in (3.5, np.nan):
        flat = Image.fromarray(np.full((2, 2), constant, np.float32))
        assert pixel(save(tmp_path / "flat.tif", flat), (0, 0)) == (0, 0, 0)


def test_transparency_lies_on_white(tmp_path):
    assert pixel(save(tmp_path / "a.png", Image.new("RGBA", (9, 9), (0, 0, 0, 0)))) == (255,) * 3
    half = pixel(save(tmp_path / "h.png", Image.new("RGBA", (9, 9), (0, 0, 0, 128))))
    assert half[0] in (126, 127, 128)
    assert pixel(save(tmp_path / "la.png", Image.new("LA", (9, 9), (0, 0)))) == (255,) * 3
    palette = Image.new("RGB", (9, 9), RED).quantize(4)
    index = palette.getpixel((1, 1))
    assert pixel(save(tmp_path / "p.png", palette)) == RED
    assert pixel(save(tmp_path / "pt.png", palette, transparency=index)) == (255,) * 3
    assert pixel(save(tmp_path / "rgbt.png", transparency=RED)) == (255,) * 3


def test_cmyk_red_stays_red(tmp_path):
    ink = Image.new("CMYK", (16, 16), (0, 255, 255, 0))
    jpeg = save(tmp_path / "c.jpg", ink, quality=95)
    raw = jpeg.read_bytes()
    assert b"Adobe" in raw  # Pillow writes, like Photoshop, inverted inks with this mark
    for path in (jpeg, save(tmp_path / "c.tif", ink)):
        red, green, blue = pixel(path)
        assert red > 240
        assert green < 15
        assert blue < 15


def test_exif_rotation(tmp_path):
    image = Image.new("RGB", (20, 10), RED)
    image.paste((0, 0, 255), (0, 0, 10, 10))  # left half blue
    exif = Image.Exif()
    exif[0x0112] = 6  # show it turned a quarter clockwise
    for name in ("r.jpg", "r.png", "r.webp", "r.tif"):
        path = save(tmp_path / name, image, exif=exif)
        upright = open_rgb(path)
        assert upright.size == (10, 20), name
        assert upright.getpixel((5, 2))[2] > 200, name
        assert upright.getpixel((5, 17))[0] > 200, name
    assert open_rgb(tmp_path / "r.jpg", upright=False).size == (20, 10)
    exif[0x0112] = 0  # seen in ILSVRC; means nothing
    assert open_rgb(save(tmp_path / "zero.jpg", image, exif=exif)).size == (20, 10)


@pytest.mark.parametrize("name", ["a.gif", "a.webp", "a.tif", "a.png"])
def test_first_frame_of_several(tmp_path, name):
    more = [Image.new("RGB", (20, 10), (0, 0, 255))]
    path = save(
        tmp_path / name,
        save_all=True,
        append_images=more,
        **({"lossless": True} if name.endswith("webp") else {}),
    )
    assert pixel(path) == RED


def test_content_counts_not_the_name(tmp_path):
    assert pixel(save(tmp_path / "png.JPEG", format="PNG")) == RED
    red, green, _ = pixel(save(tmp_path / "jpeg.png", format="JPEG"))
    assert red > 240
    assert green < 15


def png_header(width, height):
    """A PNG that claims to be large."""
    chunk = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = struct.pack(">I", 13) + chunk + struct.pack(">I", zlib.crc32(chunk))
    return b"\x89PNG\r\n\x1a\n" + body


def broken_files(folder):
    folder.mkdir(parents=True, exist_ok=True)
    noise = np.random.default_rng(0).integers(0, 255, (64, 64, 3), np.uint8)
    content = {}
    for kind in ("JPEG", "PNG", "GIF", "WEBP", "TIFF", "BMP"):
        file = io.BytesIO()
        Image.fromarray(noise).save(file, kind)
        content[f"cut.{kind.lower()}"] = file.getvalue()[: len(file.getvalue()) // 2]
    content["head.jpg"] = content["cut.jpeg"][:10]
    content["empty.jpg"] = b""
    content["text.jpg"] = b"<html>404 not found</html>"
    content["bomb.png"] = png_header(60_000, 60_000)
    for name, data in content.items():
        (folder / name).write_bytes(data)
    return [folder / name for name in content]


def test_broken_files_say_so(tmp_path):
    for path in broken_files(tmp_path):
        with pytest.raises(BrokenImage) as error:
            open_rgb(path)
        assert error.value.path == str(path)
        assert error.value.reason
        assert path.name in str(error.value)
    with pytest.raises(BrokenImage, match="folder"):
        open_rgb(tmp_path)
    with pytest.raises(BrokenImage, match="empty"):
        open_rgb(tmp_path / "empty.jpg")
    with pytest.raises(BrokenImage, match=r"bomb|limit"):
        open_rgb(tmp_path / "bomb.png")
    with pytest.raises(MissingData, match=r"absent\.jpg"):
        open_rgb(tmp_path / "absent.jpg")


def test_no_file_stays_open(tmp_path):
    good, *bad = [save(tmp_path / "good.gif"), *broken_files(tmp_path)]
    with warnings.catch_warnings():
        warnings.simplefilter("error", ResourceWarning)
        kept = open_rgb(good)
        for path in bad:
            with pytest.raises(BrokenImage):
                open_rgb(path)
        gc.collect()
    assert getattr(kept, "fp", None) is None
    good.unlink()
    assert kept.getpixel((0, 0)) == RED


def test_list_images(tmp_path):
    for name in ("b.JPG", "a.png", "sub/c.Tiff", "._a.png", "__MACOSX/a.png", ".hidden/d.png"):
        save(tmp_path / name, format="PNG")
    (tmp_path / "notes.txt").write_text("no picture", encoding="utf-8")
    (tmp_path / "sub" / "loop").symlink_to(tmp_path, target_is_directory=True)
    names = [p.relative_to(tmp_path).as_posix() for p in list_images(tmp_path)]
    assert names == ["a.png", "b.JPG", "sub/c.Tiff"]
    with pytest.raises(MissingData, match="nowhere"):
        list_images(tmp_path / "nowhere")


def test_check_images_lists_the_broken(tmp_path):
    save(tmp_path / "good.png")
    broken = broken_files(tmp_path)
    table = check_images(tmp_path, progress=False)
    assert list(table.columns) == ["id", "path", "reason"]
    assert set(table["path"]) == {str(p) for p in broken}
    assert "empty" in table.set_index("id").loc["empty.jpg", "reason"]
    assert len(check_images([tmp_path / "good.png"], progress=False)) == 0
    photos = open_images("photos", root=tmp_path)
    assert set(check_images(photos, progress=False)["id"]) == {p.name for p in broken}
    assert len(check_images(subset(photos, 3), progress=False)) >= 2


def test_data_root(tmp_path, monkeypatch):
    with pytest.raises(MissingData, match="CAM_DATA"):
        data_root()
    with pytest.raises(MissingData, match="CAM_DATA"):
        data_root("")
    monkeypatch.setenv("CAM_DATA", str(tmp_path))
    assert data_root() == tmp_path
    assert data_root(tmp_path / ".") == tmp_path
    with pytest.raises(MissingData, match="nowhere"):
        data_root(tmp_path / "nowhere")


# ---------------------------------------------------------------- opening by name


def test_unknown_names_get_a_hint():
    with pytest.raises(CamError, match="Did you mean 'imagenette'"):
        open_images("imagenete")
    with pytest.raises(CamError, match=r"Did you mean 'val'.*Known: val, train"):
        open_images("ilsvrc", "vall")
    assert set(available_images()) >= {"ilsvrc", "imagenette", "photos", "mini/objects", "cub"}


def test_shipped_photos():
    photos = open_images("photos")
    assert photos.ids == list(SHIPPED)
    assert not photos.absent
    record = photos[photos.index("cat")]
    assert (record.id, record.label, record.boxes.shape) == ("cat", -1, (0, 4))
    assert record.image.size == (451, 300)
    with pytest.raises(CamError, match="Did you mean 'coffee'"):
        photos.index("cofee")


def test_shipped_photos_that_are_absent(tmp_path, monkeypatch):
    (tmp_path / "data").mkdir()
    save(tmp_path / "data" / "coffee.png")
    elsewhere = SimpleNamespace(origin=str(tmp_path / "__init__.py"))
    monkeypatch.setattr(pictures, "find_spec", lambda package: elsewhere)
    photos = Photos()
    assert photos.ids == ["coffee"]
    assert "cat" in photos.absent
    with pytest.raises(MissingData, match=r"chelsea\.png.*pip install"):
        photos.index("cat")
    (tmp_path / "data" / "coffee.png").unlink()
    with pytest.raises(MissingData, match="pip install"):
        Photos()


def test_photos_of_a_folder(tmp_path):
    save(tmp_path / "a.png")
    save(tmp_path / "sub" / "a.png")
    assert Photos(tmp_path).ids == ["a.png", "sub/a.png"]
    single = Photos(tmp_path / "sub" / "a.png")
    assert single.ids == ["a.png"]
    assert single[0].image.getpixel((0, 0)) == RED
    (tmp_path / "none").mkdir()
    with pytest.raises(MissingData, match="no pictures"):
        Photos(tmp_path / "none")
    with pytest.raises(MissingData, match="nowhere"):
        Photos(tmp_path / "nowhere")


def test_subset(tmp_path):
    for k in range(20):
        save(tmp_path / f"{k:02}.png", Image.new("RGB", (4, 4), (k, 0, 0)))
    photos = Photos(tmp_path)
    few = subset(photos, 5, seed=3)
    assert len(few) == 5
    assert few.indices == sorted(set(few.indices))
    assert few.ids == subset(photos, 5, seed=3).ids != subset(photos, 5, seed=4).ids
    assert [r.id for r in few] == few.ids  # iteration ends by itself
    assert few.path(2).name == few.ids[2]
    assert few.index(few.ids[2]) == 2
    assert (few.name, few.classes) == ("photos", [])
    assert len(subset(photos, 0, 1)) == len(subset(photos, 99, 1)) == 20
    assert pickle.loads(pickle.dumps(few))[1].id == few.ids[1]
    with pytest.raises(CamError, match="-1"):
        subset(photos, -1)


# ---------------------------------------------------------------- small trees of each layout


def xml(wnid, *boxes):
    return voc(*((wnid, box) for box in boxes))


def write_meta(path, ids):
    """meta.mat in the devkit's shape: (n, 1) structs; the ids are in an order of their own."""
    from scipy.io import savemat

    kinds = [("ILSVRC2012_ID", "O"), ("WNID", "O"), ("words", "O"), ("gloss", "O")]
    kinds += [("num_children", "O"), ("children", "O"), ("wordnet_height", "O")]
    synsets = np.empty((1001, 1), [*kinds, ("num_train_images", "O")])
    rows = [(i, w, f"word {w}, other", "gloss", 0, [], 0, 1300) for i, w in ids.items()]
    rows.append((1001, "n99999999", "entity", "gloss", 2, [1, 2], 5, 0))  # not a leaf
    for k, (i, *rest) in enumerate(sorted(rows)):
        synsets[k, 0] = (float(i), *rest)
    path.parent.mkdir(parents=True, exist_ok=True)
    savemat(path, {"synsets": synsets})


@pytest.fixture
def devkit(tmp_path):
    """Three validation photos as image-net.org delivers them."""
    base = tmp_path / "ILSVRC"
    for k in (1, 2, 3):
        save(base / "ILSVRC2012_img_val" / f"ILSVRC2012_val_{k:08}.JPEG")
    shuffled = np.random.default_rng(0).permutation(1000)
    ids = {k + 1: WNIDS[w] for k, w in enumerate(shuffled)}
    truth = [7, 1000, 7, 5]  # the fourth photo is not on the disk
    data = base / "ILSVRC2012_devkit_t12" / "data"
    write_meta(data / "meta.mat", ids)
    write(data / "ILSVRC2012_validation_ground_truth.txt", "\n".join(map(str, truth)) + "\n")
    boxes = base / "ILSVRC2012_bbox_val_v3" / "val"
    write(boxes / "ILSVRC2012_val_00000001.xml", xml(ids[7], (0, 0, 19, 9), (2, 3, 2, 3)))
    write(boxes / "ILSVRC2012_val_00000002.xml", xml(ids[1000], (1, 1, 5, 5)))
    write(boxes / "ILSVRC2012_val_00000003.xml", xml(ids[7], (4, 4, 9, 9)))
    return tmp_path, base, ids


def test_devkit_layout(devkit):
    root, base, ids = devkit
    images = open_images("ilsvrc", "val", root)
    assert len(images) == 3
    assert images.missing == 1
    assert "1 listed" in repr(images)
    assert images.synsets == WNIDS
    assert [images.label(i) for i in range(3)] == [WNIDS.index(ids[n]) for n in (7, 1000, 7)]
    assert images.classes[images.label(0)] == f"word {ids[7]}"
    assert images.boxes(0).tolist() == [[0, 0, 20, 10], [2, 3, 3, 4]]
    assert images.blacklist == set()
    write(base / "ILSVRC2014_clsloc_validation_blacklist.txt", "2\n4\n")
    again = open_images("ilsvrc", "val", base)  # the inner folder will do
    assert again.blacklist == {"ILSVRC2012_val_00000002", "ILSVRC2012_val_00000004"}


def test_devkit_without_meta(devkit):
    root, base, ids = devkit
    (base / "ILSVRC2012_devkit_t12" / "data" / "meta.mat").unlink()
    with pytest.raises(MissingData, match="list of the 1,000 classes"):
        open_images("ilsvrc", "val", root)
    lines(base / "LOC_synset_mapping.txt", [f"{w} word {w}" for w in WNIDS])
    images = open_images("ilsvrc", "val", root)  # the XML files name the class
    assert [images.label(i) for i in range(3)] == [WNIDS.index(ids[n]) for n in (7, 1000, 7)]
    for path in (base / "ILSVRC2012_bbox_val_v3" / "val").iterdir():
        path.unlink()
    with pytest.raises(MissingData, match=r"ground_truth\.txt, whose .* meta\.mat"):
        open_images("ilsvrc", "val", root)


def test_damaged_lists(devkit):
    root, base, _ = devkit
    path = base / "ILSVRC2012_bbox_val_v3" / "val" / "ILSVRC2012_val_00000001.xml"
    path.write_text(path.read_text(encoding="utf-8")[:50], encoding="utf-8")
    with pytest.raises(CamError, match="00000001"):
        open_images("ilsvrc", "val", root).boxes(0)
    meta = base / "ILSVRC2012_devkit_t12" / "data" / "meta.mat"
    meta.write_bytes(meta.read_bytes()[:500])
    with pytest.raises(CamError, match=r"meta\.mat"):
        open_images("ilsvrc", "val", root)


def kaggle_train(tmp_path):
    base = tmp_path / "ILSVRC"
    lines(base / "LOC_synset_mapping.txt", [f"{w} word {w}" for w in WNIDS])
    folder = base / "ILSVRC" / "Data" / "CLS-LOC" / "train"
    for k, number in ((3, 11), (3, 12), (999, 5)):
        save(folder / WNIDS[k] / f"{WNIDS[k]}_{number}.JPEG")
    return base


def test_kaggle_train(tmp_path):
    base = kaggle_train(tmp_path)
    images = open_images("ilsvrc", "train", tmp_path)
    assert images.ids == [f"{WNIDS[3]}_11", f"{WNIDS[3]}_12", f"{WNIDS[999]}_5"]
    assert [images.label(i) for i in range(3)] == [3, 3, 999]
    assert images.boxes(0).shape == (0, 4)
    assert "no boxes" in repr(images)

    annotation = base / "ILSVRC" / "Annotations" / "CLS-LOC" / "train" / WNIDS[3]
    write(annotation / f"{WNIDS[3]}_12.xml", xml(WNIDS[3], (1, 2, 3, 4)))
    images = open_images("ilsvrc", "train", tmp_path)
    assert images.boxes(1).tolist() == [[1, 2, 4, 5]]
    assert len(images.boxes(0)) == 0

    row = f"{WNIDS[3]}_11,{WNIDS[3]} 5 5 6 6 {WNIDS[3]} 0 0 9 9 \n"
    write(base / "LOC_train_solution.csv", "ImageId,PredictionString\n" + row)
    images = open_images("ilsvrc", "train", tmp_path)
    assert images.boxes(0).tolist() == [[5, 5, 7, 7], [0, 0, 10, 10]]
    assert images[2].boxes.shape == (0, 4)


def test_kaggle_val_with_photos_missing(tmp_path):
    base = kaggle_train(tmp_path)
    folder = base / "ILSVRC" / "Data" / "CLS-LOC" / "val"
    for k in (2, 3):
        save(folder / f"ILSVRC2012_val_{k:08}.JPEG")
    save(folder / "._ILSVRC2012_val_00000001.JPEG")
    rows = [f"ILSVRC2012_val_{k:08},{WNIDS[k]} {k} 1 5 6" for k in (7, 2, 1)]  # not sorted, as real
    write(base / "LOC_val_solution.csv", "\n".join(["ImageId,PredictionString", *rows]))
    images = open_images("ilsvrc", "val", tmp_path)
    assert images.ids == ["ILSVRC2012_val_00000002"]
    assert (images.label(0), images.boxes(0).tolist()) == (2, [[2, 1, 6, 7]])
    assert (images.missing, images.unlabelled) == (2, 1)
    assert "2 listed photos are not" in repr(images)


def test_class_folders_in_val(tmp_path):
    base = kaggle_train(tmp_path)
    save(base / "val" / WNIDS[8] / "ILSVRC2012_val_00000009.JPEG")
    images = open_images("ilsvrc", "val", tmp_path)
    assert (images.ids, images.label(0)) == (["ILSVRC2012_val_00000009"], 8)
    assert images[0].image.size == (20, 10)


def test_ilsvrc_that_is_not_there(tmp_path):
    with pytest.raises(MissingData, match=r"no ILSVRC2012 val photo .*kaggle"):
        open_images("ilsvrc", "val", tmp_path)
    with pytest.raises(MissingData, match="CAM_DATA"):
        open_images("ilsvrc")
    base = kaggle_train(tmp_path)
    write(base / "LOC_val_solution.csv", "ImageId,PredictionString\n")
    save(base / "ILSVRC" / "Data" / "CLS-LOC" / "val" / "ILSVRC2012_val_00000001.JPEG")
    with pytest.raises(MissingData, match="no ILSVRC2012 label for any of the 1 photos"):
        open_images("ilsvrc", "val", tmp_path)
    write(base / "LOC_val_solution.csv", "something else\n")
    with pytest.raises(CamError, match="LOC_val_solution"):
        open_images("ilsvrc", "val", tmp_path)


def test_imagenette_scales_its_boxes(tmp_path):
    home = tmp_path / "imagenette2-160"
    save(home / "val" / "n03888257" / "ILSVRC2012_val_00000001.JPEG", Image.new("RGB", (50, 40)))
    save(home / "val" / "n01440764" / "n01440764_5.JPEG")
    header = "file,original_width,original_height,xmin,ymin,xmax,ymax\n"
    row = "n03888257/ILSVRC2012_val_00000001.JPEG,100,200,10,20,99,199\n"
    write(home / "val_boxes.csv", header + row)
    images = open_images("imagenette", "val", tmp_path)
    assert images.imagenet_indices == (0, 217, 482, 491, 497, 566, 569, 571, 574, 701)
    assert [images.label(i) for i in range(2)] == [0, 9]
    assert images.boxes(1).tolist() == [[5, 4, 50, 40]]  # (10, 20, 100, 200) halved and fifthed
    assert images.boxes(1).dtype == np.float32
    assert len(images.boxes(0)) == 0
    with pytest.raises(MissingData, match="imagenette2-320"):
        open_images("imagenette", "train", tmp_path)


def test_doctor_recognises_what_is_half_there(tmp_path, devkit):
    rows = {name: (there, text) for name, there, text in doctor_rows()}
    assert rows["mini/objects"][0]
    assert rows["photos"][0]
    assert not rows["ilsvrc val"][0]
    assert "CAM_DATA" in rows["ilsvrc val"][1]

    def row(name, root=tmp_path):
        return next(r for r in doctor_rows(root) if r[0] == name)

    assert row("ilsvrc val")[1]
    assert "3 of 50,000 photos" in row("ilsvrc val")[2]
    empty = tmp_path / "empty"
    empty.mkdir()
    assert "image-net.org" in row("ilsvrc val", empty)[2]
    write(empty / "LOC_val_solution.csv", "")
    assert "the photos are not" in row("ilsvrc val", empty)[2]
    write(empty / "ILSVRC2012_img_val.tar", "")
    assert "not unpacked" in row("ilsvrc val", empty)[2]
    write(empty / "imagenette2-320.tgz.part", "")
    assert row("imagenette val", empty)[1:2] == (False,)
    assert "unfinished" in row("imagenette val", empty)[2]


# ---------------------------------------------------------------- the real material


def test_real_ilsvrc(shared):
    images = open_images("ilsvrc", "val", shared / "real")
    assert len(images) == 400
    assert images.missing == images.unlabelled == 0
    assert len(images.classes) == len(images.synsets) == 1000
    first = images[0]
    assert first.id == "ILSVRC2012_val_00000001"
    assert first.image.size == (500, 375)
    assert first.boxes.tolist() == [[111, 108, 442, 194]]
    assert first.boxes.dtype == np.float32
    assert (first.label, images.classes[65], images.synsets[65]) == (65, "sea snake", "n01751748")
    assert open_images("ilsvrc", "val", shared / "real" / "ILSVRC" / "ILSVRC").ids == images.ids
    copy = pickle.loads(pickle.dumps(subset(images, 10, seed=1)))
    assert len(copy) == 10
    assert copy.boxes(3).tolist() == images.boxes(copy.indices[3]).tolist()


def test_real_boxes_equal_the_released_ones(shared):
    """The CSV has the very integers of the authors' list, which counts pixels from 0."""
    from scipy.io import loadmat

    images = open_images("ilsvrc", "val", shared / "real")
    path = shared / "golden" / "zhou" / "cache_groundtruth.mat"
    released = loadmat(path, struct_as_record=False)["rec"][0]
    sizes = pd.read_csv(shared / "real/ILSVRC/extra/val_image_sizes.csv", index_col="ImageId")
    classes, room, n = {}, [], 0
    for i, id in enumerate(images.ids):
        objects = released[int(id[-8:]) - 1].objects.ravel()
        truth = np.array([o.bbox.ravel() for o in objects], np.float32)
        boxes = images.boxes(i)
        assert np.array_equal(boxes - np.float32([0, 0, 1, 1]), truth)
        room.append((sizes.loc[id].to_numpy() - boxes[:, 2:]).min())
        classes.setdefault(int(objects[0].label.item()), set()).add(images.label(i))
        n += len(boxes)
    assert n == 612
    assert min(room) == 0  # half-open boxes end at the border, never beyond it
    assert all(len(labels) == 1 for labels in classes.values())  # one index for each devkit id


def test_real_imagenette(shared):
    images = open_images("imagenette", "val", shared / "real")
    assert len(images) == 500
    boxes = np.concatenate([images.boxes(i) for i in range(500)])
    assert len(boxes) == 813
    assert boxes.min() >= 0
    assert boxes.max() <= 224
    assert (boxes[:, 2:] > boxes[:, :2]).all()
    assert len(open_images("imagenette", "train", shared / "real")) == 2000
    assert images[0].image.size == (224, 224)
    assert images.classes[images[0].label] == "tench"


def test_real_photos_all_decode(shared):
    few = subset(open_images("ilsvrc", "val", shared / "real"), 40, seed=0)
    assert len(check_images(few, progress=False)) == 0


def test_tiles_cover_each_picture(tmp_path):
    save(tmp_path / "a.png", Image.new("RGB", (50, 20), RED))
    tiles = Tiles(Photos(tmp_path), sides=(1.0, 0.5), step=0.5)
    whole = [square for square in tiles.squares if square[3] == 20]
    assert [x for _, x, _, _ in whole] == [0, 10, 20, 30]  # the last one touches the border
    assert len(tiles) == 4 + 3 * 9
    assert tiles.ids[1] == "a.png@10,0+20"
    record = tiles[1]
    assert (record.image.size, record.label, len(record.boxes)) == ((20, 20), -1, 0)
    assert Tiles(Photos(tmp_path)).content() != tiles.content()
    with pytest.raises(CamError, match="fractions"):
        Tiles(Photos(tmp_path), sides=(2.0,))
