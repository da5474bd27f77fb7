"""One question about a picture of a data set, with its answer."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Question:
    """A question in words.

    Attributes:
        id: unique within the data set.
        image: the picture's number in the data set.
        text: the question.
        answer: a word or two; "" where it is not known.
        kind: what sort of question it is.
        evidence: (H, W) bool, the pixels that answer it, or None where that is not known.
    """

    id: str
    image: int
    text: str
    answer: str
    kind: str
    evidence: np.ndarray | None = None
