"""Section 4.1, fine-grained birds: whole image, crop by the class activation map, truth box.

    found = run(train, test, network)
    found.accuracy(CROP), found.difference(FULL, CROP), found.ordering()

The leak-free reading, which is what `CROP` means: the crop of a training image is made by the map
of its true class, the crop of a test image by the map of the class that the SVM on whole images
predicts. `PREDICTED` and `LEAKY` change one of the two, to show what it is worth.
"""

from .crops import CamBoxes, cam_boxes, cam_boxes_of, with_margin
from .experiment import Blind, predict, run
from .scores import STEPS, FineGrained
from .steps import BOX, CROP, CROPS, FULL, LEAKY, PAPER_SETUP, PREDICTED, Setup, full_image
from .truths import kept_truth, truth_boxes

__all__ = [
    "BOX",
    "CROP",
    "CROPS",
    "FULL",
    "LEAKY",
    "PAPER_SETUP",
    "PREDICTED",
    "STEPS",
    "Blind",
    "CamBoxes",
    "FineGrained",
    "Setup",
    "cam_boxes",
    "cam_boxes_of",
    "full_image",
    "kept_truth",
    "predict",
    "run",
    "truth_boxes",
    "with_margin",
]
