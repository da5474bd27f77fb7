"""Small trees in the official layout of every data set that a user brings; photos are 40 x 30.

Each function writes one data set under a root; `TREES` has them by name. Extensions are in upper
case here and there, as on disks that came by way of other systems.
"""

import json

import numpy as np
from PIL import Image
from scipy.io import savemat

WIDTH, HEIGHT = 40, 30


def photo(path, shade=90):
    path.parent.mkdir(parents=True, exist_ok=True)
    kind = "JPEG" if path.suffix.lower() in (".jpg", ".jpeg") else "PNG"
    Image.new("RGB", (WIDTH, HEIGHT), (shade, 120, 60)).save(path, kind)
    return path


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def lines(path, rows):
    return write(path, "\n".join(rows) + "\n")


# ---------------------------------------------------------------- section 3

WNIDS = [f"n{8 * k + 1:08}" for k in range(1000)]


def voc(*objects):
    """An annotation as PASCAL has it, of objects (name, (x0, y0, x1, y1))."""
    boxes = "".join(
        f"<object><name>{name}</name><bndbox><xmax>{x1}</xmax><xmin>{x0}</xmin><ymax>{y1}</ymax>"
        f"<ymin>{y0}</ymin></bndbox></object>"
        for name, (x0, y0, x1, y1) in objects
    )
    return f"<annotation><filename>x.jpg</filename>{boxes}</annotation>"


def ilsvrc(root):
    """As from Kaggle."""
    base = root / "ILSVRC"
    lines(base / "LOC_synset_mapping.txt", [f"{w} word {w}, other" for w in WNIDS])
    rows = [f"ILSVRC2012_val_{k:08},{WNIDS[k]} {k} 1 5 6" for k in (3, 2)]  # not sorted, as real
    lines(base / "LOC_val_solution.csv", ["ImageId,PredictionString", *rows])
    home = base / "ILSVRC"
    for k in (2, 3):
        photo(home / "Data" / "CLS-LOC" / "val" / f"ILSVRC2012_val_{k:08}.JPEG")
    for k, number in ((3, 11), (3, 12), (999, 5)):
        photo(home / "Data" / "CLS-LOC" / "train" / WNIDS[k] / f"{WNIDS[k]}_{number}.JPEG")
    path = home / "Annotations" / "CLS-LOC" / "train" / WNIDS[3] / f"{WNIDS[3]}_12.xml"
    write(path, voc((WNIDS[3], (1, 2, 3, 4))))


def imagenette(root):
    home = root / "imagenette2-160"
    for part, name in (("val", "n03888257/ILSVRC2012_val_00000001"), ("val", "n01440764/n0_5")):
        photo(home / part / f"{name}.JPEG")
    photo(home / "train" / "n01440764" / "n01440764_7.JPEG")
    row = "n03888257/ILSVRC2012_val_00000001.JPEG,80,120,10,20,79,119"
    header = "file,original_width,original_height,xmin,ymin,xmax,ymax"
    lines(home / "val_boxes.csv", [header, row])


# ---------------------------------------------------------------- sections 4 and 4.1


def scene15(root):
    for part, number in (("train", 1), ("test", 2)):
        for name in ("coast", "bedroom"):
            photo(root / "15-Scene" / part / name / f"image_{number:04d}.jpg")


BIRDS = ("001.Black_footed_Albatross/Albatross_1", "001.Black_footed_Albatross/Albatross_2")
BIRDS += ("002.Least_Auklet/Auklet_1", "002.Least_Auklet/Auklet_2")


def cub(root, photos=True):
    home = root / "CUB_200_2011"
    numbered = [f"{k} {bird}.jpg" for k, bird in enumerate(BIRDS, 1)]
    lines(home / "images.txt", numbered)
    lines(home / "classes.txt", ["1 001.Black_footed_Albatross", "2 002.Least_Auklet"])
    lines(home / "image_class_labels.txt", ["1 1", "2 1", "3 2", "4 2"])
    lines(home / "train_test_split.txt", ["1 1", "2 0", "3 1", "4 0"])
    boxes = ["1 0.0 0.0 39.0 29.0", "2 5.0 6.0 10.0 9.0", "3 30.0 20.0 12.0 3.0", "4 1.0 1.0 4 4"]
    lines(home / "bounding_boxes.txt", boxes)
    lines(home / "parts" / "parts.txt", ["1 back", "2 left eye"])
    locs = ["1 1 7.0 8.0 1", "1 2 0.0 0.0 0", "2 1 9.0 9.0 1", "2 2 6.0 7.0 1"]
    locs += ["3 1 31.0 22.0 1", "3 2 35.0 41.0 1", "4 1 0.0 0.0 0", "4 2 0.0 0.0 0"]
    lines(home / "parts" / "part_locs.txt", locs)
    if photos:
        for k, bird in enumerate(BIRDS):
            photo(home / "images" / f"{bird}.{'JPG' if k == 1 else 'jpg'}")
    else:
        rows = [f"{bird}.jpg,{WIDTH},{HEIGHT}" for bird in BIRDS]
        lines(home / "extra" / "image_sizes.csv", ["image,width,height", *rows])


def sun397(root):
    home = root / "SUN397"
    lines(home / "ClassName.txt", ["/a/abbey", "/c/chalet", "/c/chalet/indoor"])
    for part, numbers in (("Training", (1, 2)), ("Testing", (3,))):
        for k in range(1, 11):
            rows = [f"/a/abbey/sun_a{n}.jpg" for n in numbers]
            rows += [f"/c/chalet/indoor/sun_i{n}.jpg" for n in numbers]
            rows += [f"/c/chalet/sun_c{k}.jpg"]
            lines(home / "Partitions" / f"{part}_{k:02d}.txt", rows)
    for n in (1, 2, 3):
        photo(home / "a" / "abbey" / f"sun_a{n}.{'JPG' if n == 2 else 'jpg'}")
        photo(home / "c" / "chalet" / "indoor" / f"sun_i{n}.jpg")
    for k in range(1, 11):
        photo(home / "c" / "chalet" / f"sun_c{k}.jpg")


def indoor67(root):
    home = root / "indoorCVPR_09"
    lines(home / "TrainImages.txt", ["kitchen/k1.jpg", "airport_inside/a1.jpg"])
    write(home / "TestImages.txt", "kitchen/k2.jpg\r\nairport_inside/a2.jpg\r\n")
    for name in ("kitchen/k1", "kitchen/k2", "kitchen/k3", "airport_inside/a1"):
        photo(home / "Images" / f"{name}.jpg")
    photo(home / "Images" / "airport_inside" / "a2.JPG")


def sun_attribute(root):
    home = root / "SUNAttributeDB"
    files = ["a/abbey/sun_1.jpg", "c/chalet/sun_2.jpg", "c/chalet/sun_3.jpg"]
    home.mkdir(parents=True, exist_ok=True)
    savemat(home / "images.mat", {"images": cells(files)})
    savemat(home / "attributes.mat", {"attributes": cells(["sailing", "natural light"])})
    votes = np.array([[0, 1], [0.33, 2 / 3], [1, 0.67]])
    savemat(home / "attributeLabels_continuous.mat", {"labels_cv": votes})
    for file in files:
        photo(home / "images" / file)


def cells(texts):
    """A MATLAB cell array (n, 1)."""
    array = np.empty((len(texts), 1), object)
    array[:, 0] = texts
    return array


def caltech101(root):
    home = root / "caltech101" / "101_ObjectCategories"
    for name in ("accordion", "Faces", "BACKGROUND_Google"):
        for k in (1, 2):
            photo(home / name / f"image_{k:04d}.{'JPG' if k == 2 else 'jpg'}")
    write(home / "accordion" / "tmp", "")


def caltech256(root):
    home = root / "256_ObjectCategories"
    for name in ("001.ak47", "253.faces-easy-101", "257.clutter"):
        photo(home / name / f"{name[:3]}_0001.jpg")
    write(home / "001.ak47" / "RENAME2", "")


def event8(root):
    for name in ("RockClimbing", "polo", "rowing"):
        photo(root / "event_img" / name / "Easy.JPG")


def action40(root):
    home = root / "Stanford40"
    actions = ["action_name\tnumber_of_images", "cutting_trees\t3", "applauding\t3"]
    lines(home / "ImageSplits" / "actions.txt", actions)
    for action in ("cutting_trees", "applauding"):
        for part, numbers in (("train", (1, 3)), ("test", (2,))):
            rows = [f"{action}_{n:03d}.jpg" for n in numbers]
            lines(home / "ImageSplits" / f"{action}_{part}.txt", rows)
        for n in (1, 2, 3):
            photo(home / "JPEGImages" / f"{action}_{n:03d}.{'JPG' if n == 3 else 'jpg'}")
            corners = [(1, 1, WIDTH, HEIGHT), (3, 4, 3, 4)][:n]
            path = home / "XMLAnnotations" / f"{action}_{n:03d}.xml"
            write(path, voc(*((action, box) for box in corners)))


# ---------------------------------------------------------------- section 4.2


def ade20k(root):
    home = root / "ADEChallengeData2016"
    rows = ["ADE_train_00000001 bedroom", "ADE_train_00000002 street", "ADE_val_00000001 bathroom"]
    lines(home / "sceneCategories.txt", rows)
    kinds = ["Idx\tRatio\tTrain\tVal\tStuff\tName"]
    for k, name in enumerate(("wall", "building, edifice", "screen, silver screen", "screen"), 1):
        kinds.append(f"{k}\t0.1576\t11664\t1172\t1\t{name}          ")
    lines(home / "objectInfo150.txt", kinds)
    values = np.zeros((HEIGHT, WIDTH), np.uint8)
    values[:10] = 1
    values[20:25, 30:], values[28, 2] = 4, 4
    for id, part in (
        ("ADE_train_00000001", "training"),
        ("ADE_train_00000002", "training"),
        ("ADE_val_00000001", "validation"),
    ):
        photo(home / "images" / part / f"{id}.jpg")
        path = home / "annotations" / part / f"{id}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(values).save(path)


def ade20k_full(root):
    home = root / "ADE20K_2016_07_26" / "images"
    for part, scene, id in (
        ("training", "a/apartment/outdoor", "ADE_train_00000001"),
        ("training", "misc", "ADE_train_00000002"),
        ("validation", "b/bedroom", "ADE_val_00000001"),
    ):
        folder = home / part / scene
        photo(folder / f"{id}.jpg")
        colours = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
        colours[5:10, 6:12] = (10, 3, 80)
        colours[15:, 20:] = (0, 9, 200)
        Image.fromarray(colours).save(folder / f"{id}_seg.png")
        rows = ['001 # 0 # 0 # wall # wall # ""', '002 # 0 # 1 # bed, couch # bed # "red, old"']
        lines(folder / f"{id}_atr.txt", [*rows, '001 # 1 # 0 # leg # leg # ""'])


def polygon(name, *points, deleted=0):
    corners = "".join(f"<pt><x>{x}</x><y>{y}</y></pt>" for x, y in points)
    return (
        f"<object><name>\n{name}\n</name><deleted>{deleted}</deleted>"
        f"<polygon><username>anonymous</username>{corners}</polygon></object>"
    )


def labelme(root):
    home = root / "LabelMe"
    found = [
        polygon("Mirror", (2, 3), (10, 3), (10, 8), (2, 8)),
        polygon("sink", (30, 20), (60, 20), (60, 25)),
        polygon("towel", (1, 1), (5, 1), (5, 5), deleted=1),
        polygon("crumb", (1, 1), (5, 1)),
        polygon("tower", (90, 90), (95, 90), (95, 99)),
    ]
    for folder, id in (("users/a/static_sun/b/bathroom", "sun_1"), ("street", "p2")):
        photo(home / "Images" / folder / f"{id}.{'JPG' if id == 'p2' else 'jpg'}")
        annotation = f"<annotation><filename>{id}.jpg</filename>{''.join(found)}</annotation>"
        write(home / "Annotations" / folder / f"{id}.xml", annotation)


def coco_captions(root):
    home = root / "COCO"
    for part in ("val2014", "train2014"):
        rows = [
            {"id": k, "file_name": f"COCO_{part}_{k:012d}.jpg", "width": WIDTH, "height": HEIGHT}
            for k in (42, 73, 99)
        ]
        notes = [
            {"id": 1, "image_id": 42, "caption": "A mirror in a lake. "},
            {"id": 2, "image_id": 42, "caption": "A lake."},
            {"id": 3, "image_id": 73, "caption": "A window."},
        ]
        content = json.dumps({"info": {}, "images": rows, "annotations": notes})
        write(home / "annotations" / f"captions_{part}.json", content)
        for row in rows:
            photo(home / part / row["file_name"].replace("73.jpg", "73.JPG"))


def vqa(root, prefix=""):
    home = root / "VQA"
    for part in ("val2014", "train2014", "test2015"):
        rows = [
            {"image_id": 42, "question_id": 420, "question": "What colour is the horse?"},
            {"image_id": 73, "question_id": 730, "question": "Is it a sport?"},
            {"image_id": 42, "question_id": 421, "question": "How many cows?"},
        ]
        open_ended = home / f"{prefix}OpenEnded_mscoco_{part}_questions.json"
        write(open_ended, json.dumps({"questions": rows}))
        if not prefix:
            path = home / "Questions" / f"MultipleChoice_mscoco_{part}_questions.json"
            write(path, json.dumps({"questions": rows}))
        answers = {420: ("other", "brown"), 730: ("yes/no", "yes"), 421: ("number", "2")}
        notes = [
            {
                "question_id": id,
                "image_id": id // 10,
                "answer_type": kind,
                "answers": [{"answer": a} for a in ["white"] * 3 + [answer] * 6 + ["tan"]],
            }
            for id, (kind, answer) in answers.items()
        ]
        if part != "test2015":
            path = home / "Annotations" / f"{prefix}mscoco_{part}_annotations.json"
            write(path, json.dumps({"annotations": notes}))
        for k in (42, 73):
            photo(root / "COCO" / part / f"COCO_{part}_{k:012d}.jpg")


def vqa2(root):
    vqa(root, "v2_")


def svt(root):
    home = root / "svt1"
    words = [(10, 5, 8, 4, "LIVING"), (35, 25, 10, 10, "ROOM"), (90, 2, 3, 3, "FAR")]
    boxes = "".join(
        f'<taggedRectangle height="{h}" width="{w}" x="{x}" y="{y}"><tag>{t}</tag>'
        "</taggedRectangle>"
        for x, y, w, h, t in words
    )
    for part in ("train", "test"):
        nodes = "".join(
            f"<image><imageName>img/{part}_{k}.jpg</imageName><lex>A,B</lex>"
            f'<Resolution x="{WIDTH}" y="{HEIGHT}"/><taggedRectangles>{boxes}</taggedRectangles>'
            "</image>"
            for k in (1, 2)
        )
        write(home / f"{part}.xml", f"<tagset>{nodes}</tagset>")
        for k in (1, 2):
            photo(home / "img" / f"{part}_{k}.{'JPG' if k == 2 else 'jpg'}")


WORDS = "\ufeff10,5,17,6,17,9,10,8,GENAXIS, the first\r\n2,2,5,2,5,4,2,4,###\r\n"


def icdar2015(root, plain=False):
    home = root / "ICDAR2015"
    pairs = {
        "ch4_training_images": "ch4_training_localization_transcription_gt",
        "ch4_test_images": "Challenge4_Test_Task1_GT",
    }
    for photos, lists in ({"images": "gt"} if plain else pairs).items():
        for k in (2, 10):
            photo(home / photos / f"img_{k}.{'JPG' if k == 10 else 'jpg'}")
            write(home / lists / f"gt_img_{k}.txt", WORDS)


_LOCALIZATION = ilsvrc, imagenette
_TRANSFER = scene15, cub, sun397, indoor67, sun_attribute, caltech101, caltech256, action40, event8
_PATTERNS = ade20k, ade20k_full, labelme, coco_captions, vqa, vqa2, svt, icdar2015
TREES = {function.__name__: function for function in (*_LOCALIZATION, *_TRANSFER, *_PATTERNS)}
