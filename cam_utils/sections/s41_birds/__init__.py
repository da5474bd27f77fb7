"""Section 4.1, fine-grained birds: whole image, crop by the class activation map, truth box.

    found = run(train, test, network)
    found.accuracy(CROP), found.difference(FULL, CROP), found.ordering()

The leak-free reading, which is what `CROP` means: the crop of a training image is made by the map
of its true class, the crop of a test image by the map of the class that the SVM on whole images
predicts. `PREDICTED` and `LEAKY` change one of the two, to show what it is worth.
"""

from .crops import CamBoxes, cam_boxes, cam_boxes_of, truth_boxes, with_margin
from .experiment import Blind, predict, run
from .steps import (
    BOX,
    CROP,
    CROPS,
    FULL,
    LEAKY,
    PAPER_SETUP,
    PREDICTED,
    STEPS,
    FineGrained,
    Setup,
    full_image,
)

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
    "predict",
    "run",
    "truth_boxes",
    "with_margin",
]
