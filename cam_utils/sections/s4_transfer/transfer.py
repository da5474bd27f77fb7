"""A data set that the network was never trained on: a linear SVM, its decisions and its maps.

Section 4: features of a frozen network, a linear SVM on them, and the SVM's weights in the place of
the softmax's. Nothing is trained on boxes; the SVM is a second stage, trained on labels.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch
from torch import Tensor, nn

from ...data import Subset, open_images
from ...data.joined import InMemory
from ...errors import CamError, MissingData
from ...features import Features, LinearSvm, extract, kept_svm, svm_network
from ...features.layers import GAP
from ...features.splits import SplitRule, halves, split_indices
from ...features.svm_maps import SvmNetwork
from ...metrics.intervals import Rate, rate
from ...networks.gap import InputSpec


def open_parts(rule: SplitRule, root=None) -> list[tuple]:
    """The data sets (train, test) of each given split of Table 5's rule; else one, (all,).

    Raises:
        MissingData: neither the given splits nor, if random ones are wanted, all pictures are here.
    """
    try:
        return [
            tuple(open_images(rule.data, s, root) for s in pair)
            for pair in rule.given or [("all",)]
        ]
    except MissingData:
        if not (rule.given and rule.random):
            raise
    return [(open_images(rule.data, "all", root),)]


def split_at_random(rule: SplitRule, labels, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Train and test: sorted places of a random split of pictures with these labels (N,)."""
    if rule.train is None:
        return halves(len(labels), seed)
    return split_indices(labels, rule.train, rule.test, seed)


def drawn_once(images):
    """A drawn data set in memory, for what looks at it later; photos stay on the disk."""
    return InMemory(images) if getattr(images, "drawn", False) else images


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


def learn_svm(
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
        limit: at most this many images of each part, drawn by seed (ten of each class at least); 0:
            all.
        cache: as for `extract`; the SVM is kept beside the features.

    Raises:
        MissingData: the data set is not here. CamError: as `extract` and `fit_svm`.
    """
    parts = parts_of(rule, root, limit, seed)
    kept = [drawn_once(images) for images in parts]
    train, test = (extract(network, images, cache=cache, device=device) for images in kept)
    svm = kept_svm(train, parts[0].classes, seed, cache)
    ready = svm_network(network, svm)
    return Transfer(ready, parts[1], *kept[::-1], svm, train, test, svm.decisions(test))


def parts_of(rule: SplitRule, root=None, limit: int = 0, seed: int = 0) -> list:
    """The data sets to train and to test on; arguments and errors as of `learn_svm`."""
    pair = open_parts(rule, root)[0]
    if len(pair) == 1:
        labels = [pair[0].label(i) for i in range(len(pair[0]))]
        pair = [Subset(pair[0], k) for k in split_at_random(rule, labels, seed)]
    return [some(images, limit, seed) for images in pair]


def some(images, limit: int, seed: int = 0):
    """At most `limit` pictures by seed, as many of each class as can be, ten at least; 0: all."""
    if not limit or limit >= len(images):
        return images
    labels = pd.Series([images.label(i) for i in range(len(images))])
    mixed = labels.sample(frac=1, random_state=seed)
    each = max(10, -(-limit // len(images.classes)))
    return Subset(images, sorted(mixed.groupby(mixed).head(each).index))


def learn_svms(network, rules: dict[str, SplitRule], root=None, **options):
    """`learn_svm` on every data set that is here: ({column: Transfer}, {column: why it is not}).

    Raises:
        MissingData: none of them is here.
    """
    found, missing = {}, {}
    for column, rule in rules.items():
        try:
            found[column] = learn_svm(network, rule, root, **options)
        except MissingData as error:
            missing[column] = str(error)
    if not found:
        raise MissingData(
            f"None of {', '.join(rules)} is here. The first: {next(iter(missing.values()), '')}"
        )
    return found, missing


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


class ColourGrid(nn.Module):
    """A control without any learning: the mean colours of a grid of cells, layer "means"."""

    def __init__(self, side: int = 4, size: int = 112):
        super().__init__()
        self.name, self.weights_hash = f"mean colours, {side} x {side} cells", "none"
        self.means = nn.Sequential(nn.AdaptiveAvgPool2d(side), nn.Flatten())
        self.input_spec = InputSpec(size=size, resize=size)
        self.register_buffer("nothing", torch.zeros(1))

    def forward(self, images: Tensor) -> Tensor:
        return self.means(images)


def hits_of(
    found: Transfer, network: nn.Module, layer: str = GAP, cache=None, seed: int = 0, device="cpu"
) -> np.ndarray:
    """(N,) bool: right on the test part by an SVM on another network's features of the same
    pictures."""
    parts = found.learnt_on, found.seen
    train, test = (extract(network, p, layer, cache=cache, device=device) for p in parts)
    return kept_svm(train, found.classes, seed, cache).predict(test) == test.labels


def colour_hits(found: Transfer, cache=None, seed: int = 0) -> np.ndarray:
    """`hits_of` mean colours."""
    return hits_of(found, ColourGrid().eval(), "means", cache, seed)
