"""The data sets of photos that a user brings: where they lie, where to get them, who uses them.

One table for the readers' messages, for `doctor` and for the README. A complete download's numbers
of photos are the ones that its authors state; where they state none, its own lists are counted.
"""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Source:
    """What there is to know of a data set without opening it.

    Attributes:
        title: its name in words.
        opener: (module in this package, class).
        splits: what `open_images` takes. checked: the splits that `doctor` opens.
        line: one line for `available_images`.
        folders: where it may lie under the folder of data sets.
        layout: what lies there, in words. get: what to download, and where to put it.
        archives: patterns of its archives' names.
        complete: {split: number of photos}, of the checked splits. n_classes: class folders.
        used_by: sections, tables and figures of the paper.
    """

    title: str
    opener: tuple[str, str]
    splits: tuple[str, ...]
    line: str
    folders: tuple[str, ...]
    layout: str
    get: str
    archives: tuple[str, ...]
    used_by: str
    checked: tuple[str, ...] = ("all",)
    complete: dict[str, int] = field(default_factory=dict)
    n_classes: int = 0


TRAIN_TEST = ("train", "test", "all")

PARTITIONS = tuple(f"{part}-{k:02d}" for k in range(1, 11) for part in ("train", "test"))

TRANSFER = {
    "cub": Source(
        "CUB-200-2011",
        (".cub", "CUB"),
        TRAIN_TEST,
        "200 species of birds with boxes and parts (from $CAM_DATA)",
        ("CUB_200_2011",),
        "CUB_200_2011/ with images.txt, bounding_boxes.txt, … and images/<class>/*.jpg",
        "Get CUB_200_2011.tgz (data.caltech.edu) and unpack it in the folder of data sets",
        ("CUB_200_2011*",),
        "section 4.1, Table 4, figure 7",
        ("train", "test"),
        {"train": 5_994, "test": 5_794},
    ),
    "sun397": Source(
        "SUN397",
        (".scene_lists", "SUN397"),
        (*TRAIN_TEST, *PARTITIONS),
        "397 kinds of scenes, ten partitions of 50 + 50 photos a class (from $CAM_DATA)",
        ("SUN397",),
        "SUN397/ with ClassName.txt, Training_01.txt … Testing_10.txt and a/abbey/*.jpg …",
        "Get SUN397.tar.gz and Partitions.zip (vision.princeton.edu/projects/2010/SUN) and unpack "
        "the first in the folder of data sets, the second in SUN397/",
        ("SUN397*", "Partitions*"),
        "section 4, Table 5, figure 8",
        ("all",),
        {"all": 108_754},
    ),
    "indoor67": Source(
        "MIT Indoor67",
        (".scene_lists", "Indoor67"),
        TRAIN_TEST,
        "67 kinds of rooms, 80 + 20 photos a class (from $CAM_DATA)",
        ("indoorCVPR_09", "indoor67"),
        "indoorCVPR_09/ with TrainImages.txt, TestImages.txt and Images/<class>/*.jpg",
        "Get indoorCVPR_09.tar, TrainImages.txt and TestImages.txt (web.mit.edu/torralba/www) and "
        "put all in indoorCVPR_09/ of the folder of data sets, the archive unpacked",
        ("indoorCVPR*",),
        "section 4, Table 5",
        ("train", "test"),
        {"train": 5_360, "test": 1_340},
    ),
    "sun_attribute": Source(
        "SUN Attribute",
        (".sun_attribute", "SUNAttribute"),
        ("all",),
        "scenes with votes for 102 attributes (from $CAM_DATA)",
        ("SUNAttributeDB",),
        "SUNAttributeDB/ with images.mat, attributes.mat, attributeLabels_continuous.mat, and "
        "SUNAttributeDB/images/a/abbey/*.jpg (or the same photos in SUN397/)",
        "Get SUNAttributeDB.tar.gz and SUNAttributeDB_Images.tar.gz "
        "(cs.brown.edu/~gmpatter/sunattributes.html), unpack the first in the folder of data sets "
        "and the second in SUNAttributeDB/",
        ("SUNAttribute*",),
        "section 4, Table 5",
        complete={"all": 14_340},
    ),
    "caltech101": Source(
        "Caltech101",
        (".class_folders", "Caltech101"),
        ("all",),
        "101 kinds of objects (from $CAM_DATA)",
        ("caltech101", "caltech-101", "Caltech101"),
        "caltech101/101_ObjectCategories/<class>/*.jpg",
        "Get caltech-101.zip (data.caltech.edu), unpack it, then the 101_ObjectCategories.tar.gz "
        "in it, in caltech101/ of the folder of data sets",
        ("caltech-101*", "101_ObjectCategories*"),
        "section 4, Table 5",
        complete={"all": 8_677},
        n_classes=101,
    ),
    "caltech256": Source(
        "Caltech256",
        (".class_folders", "Caltech256"),
        ("all",),
        "256 kinds of objects (from $CAM_DATA)",
        ("caltech256", "caltech-256", "Caltech256"),
        "caltech256/256_ObjectCategories/<class>/*.jpg",
        "Get 256_ObjectCategories.tar (data.caltech.edu) and unpack it in caltech256/ of the "
        "folder of data sets",
        ("256_ObjectCategories*",),
        "section 4, Table 5, figure 8",
        complete={"all": 29_780},
        n_classes=256,
    ),
    "action40": Source(
        "Stanford 40 Actions",
        (".action40", "Action40"),
        TRAIN_TEST,
        "40 actions with the box of the person (from $CAM_DATA)",
        ("Stanford40", "Stanford40Actions", "stanford_40"),
        "Stanford40/ with JPEGImages/, ImageSplits/<action>_train.txt and XMLAnnotations/",
        "Get Stanford40_JPEGImages.zip, Stanford40_ImageSplits.zip and "
        "Stanford40_XMLAnnotations.zip (vision.stanford.edu/Datasets/40actions.html) and unpack "
        "all in Stanford40/ of the folder of data sets",
        ("Stanford40*",),
        "section 4, Table 5, figures 1 and 8",
        ("train", "test"),
        {"train": 4_000, "test": 5_532},
        40,
    ),
    "event8": Source(
        "UIUC Event8",
        (".class_folders", "Event8"),
        ("all",),
        "eight kinds of sports events (from $CAM_DATA)",
        ("event8", "event_dataset"),
        "event_img/<event>/*.jpg",
        "Get event_dataset.rar (vision.stanford.edu/lijiali/event_dataset) and unpack it in the "
        "folder of data sets",
        ("event_dataset*", "event_img*"),
        "section 4, Table 5, figure 8",
        complete={"all": 1_579},
        n_classes=8,
    ),
}

COCO_LAYOUT = "COCO/val2014/*.jpg"

PATTERNS = {
    "ade20k": Source(
        "ADE20K (scene parsing challenge)",
        (".ade20k", "ADE20K"),
        ("train", "val"),
        "scenes with a mask for each of 150 kinds of objects (from $CAM_DATA)",
        ("ADEChallengeData2016",),
        "ADEChallengeData2016/ with images/, annotations/, objectInfo150.txt, sceneCategories.txt",
        "Get ADEChallengeData2016.zip (sceneparsing.csail.mit.edu) and unpack it in the folder of "
        "data sets",
        ("ADEChallengeData2016*",),
        "section 4.2, figure 9 (in place of SUN's annotated part)",
        ("train", "val"),
        {"train": 20_210, "val": 2_000},
    ),
    "ade20k_full": Source(
        "ADE20K (full annotation)",
        (".ade20k_full", "ADE20KFull"),
        ("train", "val"),
        "scenes with a mask for each object (from $CAM_DATA)",
        ("ADE20K_2016_07_26",),
        "ADE20K_2016_07_26/images/training/a/abbey/*.jpg, each with *_seg.png and *_atr.txt",
        "Get ADE20K_2016_07_26.zip (groups.csail.mit.edu/vision/datasets/ADE20K) and unpack it in "
        "the folder of data sets",
        ("ADE20K_2016*",),
        "section 4.2, figure 9 (in place of SUN's annotated part)",
        ("train", "val"),
        {"train": 20_210, "val": 2_000},
    ),
    "labelme": Source(
        "LabelMe or SUN photos with polygons",
        (".labelme", "LabelMe"),
        ("all",),
        "scenes with a polygon for each object (from $CAM_DATA)",
        ("LabelMe", "labelme", "SUN2012"),
        "LabelMe/ with Images/<folder>/*.jpg and Annotations/<folder>/*.xml",
        "Get SUN2012.tar.gz (groups.csail.mit.edu/vision/SUN) or a collection of LabelMe "
        "(labelme.csail.mit.edu) and unpack Images/ and Annotations/ to LabelMe/ in the folder of "
        "data sets",
        ("SUN2012*", "LabelMe*"),
        "section 4.2, figure 9",
    ),
    "coco_captions": Source(
        "COCO captions",
        (".coco", "CocoCaptions"),
        ("val", "train", "val2017", "train2017"),
        "photos with five captions each (from $CAM_DATA)",
        ("COCO", "coco", "mscoco"),
        f"COCO/annotations/captions_val2014.json and {COCO_LAYOUT}",
        "Get annotations_trainval2014.zip, val2014.zip and train2014.zip (cocodataset.org) and "
        "unpack all in COCO/ of the folder of data sets",
        ("annotations_trainval201*", "captions_*.zip", "val201*.zip", "train201*.zip"),
        "section 4.2, figure 10",
        ("val", "train"),
        {"val": 40_504, "train": 82_783},
    ),
    "vqa": Source(
        "VQA v1",
        (".vqa_files", "VQA1"),
        ("val", "train", "test"),
        "questions about COCO photos with ten answers each, version 1 (from $CAM_DATA)",
        ("VQA", "vqa"),
        "VQA/ with OpenEnded_mscoco_val2014_questions.json, mscoco_val2014_annotations.json, and "
        f"{COCO_LAYOUT}",
        "Get the questions and annotations of VQA v1 (visualqa.org, 'VQA v1'), unpack them in "
        "VQA/ of the folder of data sets; the photos (cocodataset.org) go to COCO/",
        ("Questions_*mscoco*.zip", "Annotations_*mscoco*.zip"),
        "section 4.2, figure 12",
        ("val", "train"),
        {"val": 40_504, "train": 82_783},
    ),
    "vqa2": Source(
        "VQA v2",
        (".vqa_files", "VQA2"),
        ("val", "train", "test"),
        "the same, version 2: questions in pairs with different answers (from $CAM_DATA)",
        ("VQA", "vqa"),
        "VQA/ with v2_OpenEnded_mscoco_val2014_questions.json, "
        f"v2_mscoco_val2014_annotations.json, and {COCO_LAYOUT}",
        "Get the questions and annotations of VQA v2 (visualqa.org), unpack them in VQA/ of the "
        "folder of data sets; the photos (cocodataset.org) go to COCO/",
        ("v2_Questions_*.zip", "v2_Annotations_*.zip"),
        "section 4.2, figure 12",
        ("val", "train"),
        {"val": 40_504, "train": 82_783},
    ),
    "svt": Source(
        "Street View Text",
        (".street_text", "SVT"),
        TRAIN_TEST,
        "street photos with boxes of words (from $CAM_DATA)",
        ("svt1", "svt", "SVT"),
        "svt1/ with train.xml, test.xml and img/*.jpg",
        "Get svt.zip (vision.ucsd.edu/~kai/svt) and unpack it in the folder of data sets",
        ("svt*.zip",),
        "section 4.2, figure 11",
        ("train", "test"),
    ),
    "icdar2015": Source(
        "ICDAR 2015 incidental text",
        (".street_text", "ICDAR2015"),
        TRAIN_TEST,
        "street photos with quadrilaterals of words (from $CAM_DATA)",
        ("ICDAR2015", "icdar2015"),
        "ICDAR2015/ with ch4_training_images/img_1.jpg and "
        "ch4_training_localization_transcription_gt/gt_img_1.txt, or images/ and gt/",
        "Get task 4.1 of the challenge 'Incidental Scene Text' (rrc.cvc.uab.es) and unpack each "
        "archive to the folder of its name in ICDAR2015/ of the folder of data sets",
        ("ch4_*.zip", "Challenge4_*.zip"),
        "section 4.2, figure 11",
        ("train", "test"),
        {"train": 1_000, "test": 500},
    ),
}

SOURCES = {**TRANSFER, **PATTERNS}
