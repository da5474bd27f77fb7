"""A data set that the network was never trained on: a linear SVM, its decisions and its maps.

Section 4: features of a frozen network, a linear SVM on them, and the SVM's weights in the place of
the softmax's. Nothing is trained on boxes; the SVM is a second stage, trained on labels.
"""

from dataclasses import dataclass

import numpy as np
from torch import nn

from ...data import Subset, open_images
from ...data.joined import InMemory
from ...errors import CamError, MissingData
from ...features import Features, LinearSvm, extract, kept_svm, split_indices, svm_network
from ...features.splits import SplitRule
from ...features.svm_maps import SvmNetwork
from ...metrics.intervals import Rate, rate


@dataclass(frozen=True)
class Transfer:
    """What was learnt from the training part, and what it says of the test part.

    Attributes:
        network: the frozen network with the SVM's weights as class weights.
        images: the test part; seen, learnt_on: the same and the training part, as the networks see
            them: drawn sets keep their pictures, without masks. svm: trained on `train`.
        train, test: features. decisions: (N, C) decision values of `test`.
    """

    network: SvmNetwork
    images: object
    seen: object
    learnt_on: object
    svm: LinearSvm
    train: Features
    test: Features
    decisions: np.ndarray

    @property
    def name(self) -> str:
        """The data set's name."""
        return self.images.name

    @property
    def classes(self) -> list[str]:
        return self.svm.classes

    @property
    def predicted(self) -> np.ndarray:
        """(N,) the class of the highest decision value."""
        return self.decisions.argmax(1)

    @property
    def hits(self) -> np.ndarray:
        """(N,) bool: classified correctly."""
        return self.predicted == self.test.labels

    @property
    def accuracy(self) -> Rate:
        """Percent, with Wilson's interval."""
        return rate(self.hits)

    def own(self) -> np.ndarray:
        """(N,) decision value of each picture's true class."""
        return self.decisions[np.arange(len(self.test)), self.test.labels]


def learn(
    network: nn.Module,
    rule: SplitRule,
    root=None,
    device="cpu",
    limit: int = 0,
    seed: int = 0,
    cache=None,
) -> Transfer:
    """Features of both parts of a data set and an SVM on the training part.

    Args:
        network: with global pooling. rule: the data set, and how it is divided; its given split is
            used where it has one, else the random split of `seed`.
        limit: at most this many images of each part, the first ones; 0: all.
        cache: as for `extract`; the SVM is kept beside the features.

    Raises:
        MissingData: the data set is not here. CamError: as `extract` and `fit_svm`.
    """
    parts = [_first(images, limit) for images in _divided(rule, root, seed)]
    drawn = rule.data.startswith("mini/")  # is drawn once for all that look at it
    kept = [InMemory(part) if drawn else part for part in parts]
    train, test = (extract(network, p, cache=cache, device=device) for p in kept)
    svm = kept_svm(train, parts[0].classes, seed, cache)
    ready = svm_network(network, svm)
    return Transfer(ready, parts[1], *kept[::-1], svm, train, test, svm.decisions(test))


def learn_all(network, rules: dict[str, SplitRule], root=None, **options):
    """`learn` on every data set that is here: ({column: Transfer}, {column: why it is missing}).

    Raises:
        MissingData: none of them is here.
    """
    found, missing = {}, {}
    for column, rule in rules.items():
        try:
            found[column] = learn(network, rule, root, **options)
        except MissingData as error:
            missing[column] = str(error)
    if not found:
        raise MissingData(
            f"None of {', '.join(rules)} is here. The first: {next(iter(missing.values()), '')}"
        )
    return found, missing


def _divided(rule: SplitRule, root, seed: int):
    if rule.given:
        try:
            return [open_images(rule.data, split, root) for split in rule.given[0]]
        except MissingData:
            if not rule.random:
                raise
    images = open_images(rule.data, "all", root)
    labels = [images.label(i) for i in range(len(images))]
    return [Subset(images, k) for k in split_indices(labels, rule.train, rule.test, seed)]


def _first(images, limit: int):
    return Subset(images, range(limit)) if 0 < limit < len(images) else images


def choose(found: Transfer, label: int, count: int, seed: int) -> list[int]:
    """`count` places of the test part: pictures of a class that were classified correctly, by seed.

    Raises:
        CamError: there are not so many.
    """
    right = np.flatnonzero(found.hits & (found.test.labels == label))
    if len(right) < count:
        raise CamError(
            f"{found.name}: {len(right)} test pictures of {found.classes[label]} are classified "
            f"correctly and {count} are to be shown; show fewer, or another class."
        )
    return sorted(np.random.default_rng([seed, label]).choice(right, count, replace=False).tolist())


def worst(found: Transfer, label: int) -> int:
    """The test picture of a class whose own decision value is the lowest."""
    own = np.where(found.test.labels == label, found.own(), np.inf)
    return int(own.argmin())


def mistaken(found: Transfer, seed: int) -> int | None:
    """A wrongly classified test picture by seed, None if there is none."""
    wrong = np.flatnonzero(~found.hits)
    return int(np.random.default_rng(seed).choice(wrong)) if len(wrong) else None


def record_of(found: Transfer, place: int):
    """The record of a row of the test features."""
    return found.images[int(found.test.places[place])]
