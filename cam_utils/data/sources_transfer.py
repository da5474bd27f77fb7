"""Data sets of section 4 and 4.1: deep features for generic and fine-grained recognition."""

from .source import TRAIN_TEST, Source

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
