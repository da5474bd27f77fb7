"""The experiment of section 4.1: predictions behind a wall, then scores.

    found = fine_grained(train, test, network)
    found.accuracy(CROP), found.difference(FULL, CROP)

(i) Features of whole images and an SVM. (ii) Features again on crops by the SVM's maps, and an SVM
again. (iii) The same with truth boxes. The leak-free reading, which is what `CROP` means: the crop
of a training image is made by the map of its true class, the crop of a test image by the map of the
class that the SVM on whole images predicts. `PREDICTED` and `LEAKY` change one of the two, to show
what it is worth.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ...boxes import iou
from ...data import Subset, open_images
from ...data.joined import HiddenTruth
from ...data.partial import with_photos
from ...errors import CamError, unknown
from ...features import Features, LinearSvm, extract, kept_svm
from ...metrics.intervals import Rate, rate
from ...metrics.localization import IOU, paired_difference
from ...networks import load_network
from ...networks.gap import GapNetwork
from ...study import first as first_of
from ..s4_transfer.transfer import drawn_once
from .crops import CamBoxes, cam_boxes, largest_truth_boxes, out_of_fold_boxes, with_margin

FULL, CROP, BOX = "full image", "CAM crop", "truth box"  # the paper's three

STEPS = (FULL, CROP, BOX)  # in the paper's order

PREDICTED = "CAM crop, predicted class in training too"

LEAKY = "CAM crop, true class in test (leaky)"

# whose class's map makes the crop: (in training, in test)
CROPS = {
    CROP: ("true", "predicted"),
    PREDICTED: ("predicted", "predicted"),
    LEAKY: ("true", "true"),
}


# by profile: the network, and the data set
BIRDS = {"mini": ("imagenet/efficientnet-lite0", "mini/birds"), "paper": ("caffe/googlenet", "cub")}


def open_birds(p) -> tuple:
    """What notebook 05 looks at: (network, train, test, the test pictures with all that is known).

    Train and test are those classes whose photos are complete, drawn sets kept in memory.

    Args:
        p: the notebook's `Params`.
    """
    own_network, data = BIRDS[p.profile]
    network = load_network(p.network or own_network, p.data_root).to(p.device)
    parts = with_photos(*(open_images(data, s, p.data_root) for s in ("train", "test")))
    kept = (drawn_once(first_of(part, p.limit)) for part in parts)
    return network, *kept, parts[1]


@dataclass(frozen=True)
class Setup:
    """What the paper does not state, as values.

    Attributes:
        threshold: of the box rule, fraction of the map's maximum (the paper's 20 %).
        margin: by which a crop is wider than its box on each side, fraction of the box.
        view: of the whole image; "whole" warps it as crops are warped, so that only the
            rectangle differs between the steps.
        folds: of the cross-fitted training boxes of `PREDICTED`.
        seed: of the SVMs and folds.
    """

    threshold: float = 0.2
    margin: float = 0.0
    view: str = "whole"
    folds: int = 5
    seed: int = 0


PAPER_SETUP = Setup()


@dataclass(frozen=True)
class Step:
    """One SVM: trained on one kind of feature, applied to the same kind.

    Attributes:
        svm: the classifier. predictions: (N,) int64 for the test images.
        train, test: the features, of the images that could be read.
    """

    svm: LinearSvm
    predictions: np.ndarray
    train: Features
    test: Features


@dataclass(frozen=True)
class FineGrained:
    """Section 4.1's experiment on N test images, ready to be scored.

    Attributes:
        rows: of each image id, label, iou (of the predicted class's CAM box with the largest truth
            box), empty (its map has no positive value), and for each step the predicted class.
        fits: of each step its name, the cost of its SVM, chosen on the training images, and empty:
            how many training images have a map without a positive value.
        first: the SVM on whole images, whose maps these are. boxes: of the test images, by the
            maps of the predicted classes. None where the rows were read from a file.
    """

    rows: pd.DataFrame
    fits: pd.DataFrame
    first: Step | None = None
    boxes: CamBoxes | None = None

    @property
    def steps(self) -> list[str]:
        return self.fits["step"].tolist()

    @property
    def empty(self) -> dict[str, int]:
        """{part: how many maps had no positive value; their box is the whole image}."""
        of_train = self.fits.set_index("step")["empty"]
        return {"test": int(self.rows["empty"].sum())} | {
            f"train, {which}": int(of_train[step])
            for step, (which, _) in CROPS.items()
            if step in of_train
        }

    def right(self, step: str) -> pd.Series:
        """bool by id: the step's prediction is the label."""
        if step not in self.steps:
            raise unknown("step", step, self.steps)
        rows = self.rows.set_index("id")
        return rows[step] == rows["label"]

    def accuracy(self, step: str) -> Rate:
        """Percent of test images classified rightly, Wilson's interval."""
        return rate(self.right(step).to_numpy())

    def difference(self, first: str, second: str, seed: int = 0) -> Rate:
        """Accuracy of `second` minus that of `first`, points, bootstrap over the same images."""
        return paired_difference(~self.right(first), ~self.right(second), seed=seed)

    @property
    def hits(self) -> pd.Series:
        """bool by id: the CAM box overlaps the truth box by half or more."""
        return self.rows.set_index("id")["iou"] >= IOU

    def located(self) -> Rate:
        """Percent of test images whose CAM box is such a hit, Wilson's interval."""
        return rate(self.hits.to_numpy())


def fine_grained(
    train,
    test,
    network: GapNetwork,
    setup: Setup = PAPER_SETUP,
    steps: Iterable[str] = (*STEPS, PREDICTED, LEAKY),
    **how,
) -> FineGrained:
    """The experiment of section 4.1, scored.

    All features, maps and predictions of test images are of `HiddenTruth`, which has no labels and
    no boxes. `BOX` is given their truth boxes and `LEAKY` boxes by their labels, as the names say.

    Args:
        train, test: data sets whose records have labels and truth boxes.
        network: its pooled features are classified, its maps make the boxes; nothing is trained
            but SVMs.
        steps: of FULL, CROP, BOX, PREDICTED, LEAKY; FULL and CROP are always there.
        how: `cache`: folder of features and boxes; `device`; `progress`.

    Raises:
        CamError: an unknown step; images without truth boxes; nothing readable.
    """
    steps = list(dict.fromkeys((FULL, CROP, *steps)))
    for step in steps:
        if step not in (FULL, BOX, *CROPS):
            raise unknown("step", step, (FULL, BOX, *CROPS))
    hidden = HiddenTruth(test)
    first = _step(train, hidden, network, setup, **how)
    train, test = _readable(train, first.train), _readable(test, first.test)
    hidden = HiddenTruth(test)
    maps = {"threshold": setup.threshold, "view": setup.view} | how
    of_test = {"predicted": cam_boxes(network, first.svm, hidden, "predicted", **maps)}
    if LEAKY in steps:
        of_test["true"] = cam_boxes(network, first.svm, test, "true", **maps)
    of_train = {"true": cam_boxes(network, first.svm, train, "true", **maps)}
    if PREDICTED in steps:
        folds = {"cost": first.svm.cost, "folds": setup.folds, "seed": setup.seed}
        of_train["predicted"] = out_of_fold_boxes(network, first.train, train, **folds, **maps)
    kept = {key: how[key] for key in ("cache", "progress") if key in how}
    truth = largest_truth_boxes(test, **kept)
    overlaps = [iou(*pair)[0, 0] for pair in zip(of_test["predicted"].boxes, truth, strict=True)]
    rows = {"id": first.test.ids, "label": [test.label(i) for i in range(len(test))]}
    rows |= {"iou": overlaps, "empty": of_test["predicted"].empty, FULL: first.predictions}
    fits = [(FULL, first.svm.cost, 0)]
    for step in steps[1:]:
        boxes, empty = (largest_truth_boxes(train, **kept), truth) if step == BOX else None, 0
        if step in CROPS:
            own, other = CROPS[step]
            boxes, empty = (of_train[own].boxes, of_test[other].boxes), of_train[own].empty.sum()
        found = _step(train, hidden, network, setup, *boxes, **how)
        rows[step] = found.predictions
        fits.append((step, found.svm.cost, int(empty)))
    fits = pd.DataFrame(fits, columns=["step", "cost", "empty"])
    return FineGrained(pd.DataFrame(rows), fits, first, of_test["predicted"])


def _readable(images, found: Features):
    """The images that features were computed of, as a data set."""
    return Subset(images, found.places) if found.unreadable else images


def _step(train, test, network, setup: Setup, train_boxes=None, test_boxes=None, **how) -> Step:
    """Features of whole images, or of crops to boxes (N, 4), and an SVM on them."""
    parts = []
    for images, boxes in ((train, train_boxes), (test, test_boxes)):
        crops = None if boxes is None else with_margin(boxes, setup.margin)
        parts.append(extract(network, images, view=setup.view, boxes=crops, **how))
        if crops is not None and (lost := parts[-1].unreadable):
            raise CamError(
                f"{len(lost)} images of {images.name} cannot be read any more, the first is "
                f"{lost[0]}; leave them out."
            )
    svm = kept_svm(parts[0], train.classes, setup.seed, how.get("cache"))
    return Step(svm, np.asarray(svm.predict(parts[1].values), np.int64), *parts)
