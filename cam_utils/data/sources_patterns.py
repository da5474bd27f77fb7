"""Data sets of section 4.2: objects in scenes, captions, questions, text."""

from .source import TRAIN_TEST, Source

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
