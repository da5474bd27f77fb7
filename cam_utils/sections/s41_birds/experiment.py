"""The experiment of section 4.1: predictions behind a wall, then scores."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from ...data.joined import HiddenTruth
from ...errors import unknown
from ...networks.gap import GapNetwork
from .crops import CamBoxes, truth_boxes
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
    Step,
    full_image,
    keep_readable,
    leaky_boxes,
    on_boxes,
    predicted_boxes,
    training_boxes,
)


@dataclass(frozen=True)
class Blind:
    """What is known before anything is scored; no test label and no test box went into it.

    Attributes:
        ids: of the N test images that could be read.
        predictions: {step: (N,) int64}. test: their CAM boxes.
        train_boxes: {"true" or "predicted": CamBoxes} of the training images.
        first: the SVM on whole images, whose maps these are. costs: {step: the SVM's cost}.
    """

    ids: list[str]
    predictions: dict[str, np.ndarray]
    test: CamBoxes
    train_boxes: dict[str, CamBoxes]
    first: Step
    costs: dict[str, float]


def predict(
    train,
    test,
    network: GapNetwork,
    setup: Setup = PAPER_SETUP,
    steps: Iterable[str] = (FULL, CROP),
    **how,
) -> Blind:
    """Steps (i) and (ii) without the test images' labels and boxes, which are hidden here.

    Args:
        train, test: data sets of `Record`s; of `test` the pictures alone are used.
        steps: of FULL, CROP, PREDICTED; FULL is always there, the others need it.
        how: `cache`, `device`, `progress` of the feature and box passes.
    """
    test = HiddenTruth(test)
    first = full_image(train, test, network, setup, **how)
    train, test = keep_readable(train, first.train), keep_readable(test, first.test)
    found = predicted_boxes(first, test, network, setup, **how)
    predictions, costs, of_train = {FULL: first.predictions}, {FULL: first.svm.cost}, {}
    for step in steps:
        if step == FULL:
            continue
        which = CROPS[step][0] if step in (CROP, PREDICTED) else None
        if which is None:
            raise unknown("step without truth", step, (FULL, CROP, PREDICTED))
        of_train[which] = training_boxes(which, first, train, network, setup, **how)
        own = on_boxes(train, test, network, of_train[which].boxes, found.boxes, setup, **how)
        predictions[step], costs[step] = own.predictions, own.svm.cost
    return Blind(list(test.ids), predictions, found, of_train, first, costs)


def run(
    train,
    test,
    network: GapNetwork,
    setup: Setup = PAPER_SETUP,
    steps: Iterable[str] = (*STEPS, PREDICTED, LEAKY),
    **how,
) -> FineGrained:
    """The experiment of section 4.1, scored.

    What needs no truth of the test images comes from `predict`, which cannot see it; `BOX` then
    uses their boxes and `LEAKY` their labels, as the names say.

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
    blind = predict(train, test, network, setup, [s for s in steps if s not in (BOX, LEAKY)], **how)
    first = blind.first
    train, test = keep_readable(train, first.train), keep_readable(test, first.test)
    kept = {key: how[key] for key in ("cache", "progress") if key in how}
    truth = truth_boxes(test, **kept)
    predictions, costs = dict(blind.predictions), dict(blind.costs)
    if BOX in steps:
        own = on_boxes(train, test, network, truth_boxes(train, **kept), truth, setup, **how)
        predictions[BOX], costs[BOX] = own.predictions, own.svm.cost
    if LEAKY in steps:
        leaky = leaky_boxes(first, test, network, setup, **how)
        of_train = blind.train_boxes["true"]
        own = on_boxes(train, test, network, of_train.boxes, leaky.boxes, setup, **how)
        predictions[LEAKY], costs[LEAKY] = own.predictions, own.svm.cost
    return FineGrained(
        ids=blind.ids,
        labels=np.array([test.label(i) for i in range(len(test))], np.int64),
        predictions={step: predictions[step] for step in steps},
        boxes=blind.test.boxes,
        truth=truth,
        empty={"test": int(blind.test.empty.sum())}
        | {f"train, {which}": int(b.empty.sum()) for which, b in blind.train_boxes.items()},
        first=first,
        setup=setup,
        costs=costs,
    )
