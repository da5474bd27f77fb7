"""A question about a picture and its answer, as in visual question answering."""

from dataclasses import dataclass

KINDS = ("colour", "count", "object", "place", "activity", "yes/no")  # of mini/scenes


@dataclass(frozen=True)
class Question:
    """One question.

    Attributes:
        id: unique within the data set.
        image: number of the picture in the data set.
        text: the question.
        answer: one or a few words, lower case; "" where it is not known.
        kind: what sort of question it is; one of KINDS in mini/scenes.
        evidence: name of the object whose mask holds the answer, or None where no single object
            does, or it is not known.
    """

    id: str
    image: int
    text: str
    answer: str
    kind: str
    evidence: str | None = None
