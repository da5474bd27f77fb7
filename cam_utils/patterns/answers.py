"""Answers to questions judged: how often right, beside what blind answers get, and where they look.

The paper shows four questions (figure 12) and one accuracy, which is that of the baseline (E18).
"""

from collections.abc import Sequence

import cv2
import numpy as np
import pandas as pd
import torch

from ..data.questions import Question
from ..metrics import Rate, mean_interval, rate
from ..networks.gap import GapNetwork
from ..vqa import Answerer, answer_network, fit, top_answers, vqa_accuracy
from .maps import records_with_maps
from .placement import place

OWN, OTHER_ANSWER, OTHER_PICTURE = (
    "map of the answer",
    "map of another answer",
    "another picture's map",
)
COSTS = (0.1, 0.3, 1.0, 3.0, 10.0)
EVERY = 5  # one training picture of so many judges the costs


def asked(images, values: np.ndarray) -> tuple[list[Question], np.ndarray]:
    """All questions about the pictures, and the pooled features (Q, K) of each one's picture."""
    questions = [q for i in range(len(images)) for q in images.questions(i)]
    return questions, values[[q.image for q in questions]]


def choose_cost(
    questions: Sequence[Question],
    values: np.ndarray,
    parts: str = "both",
    costs: Sequence[float] = COSTS,
) -> float:
    """The inverse weight decay with the most right answers on a fifth of the training pictures."""
    held = np.array([q.image % EVERY == 0 for q in questions])
    texts, answers = [q.text for q in questions], np.array([q.answer for q in questions])
    scores = []
    for cost in costs:
        learnt = [t for t, h in zip(texts, held, strict=True) if not h]
        found = fit(learnt, values[~held], answers[~held], cost, parts)
        guessed = found.answer([t for t, h in zip(texts, held, strict=True) if h], values[held])
        scores.append(np.mean(np.array(guessed) == answers[held]))
    return float(costs[int(np.argmax(scores))])


def accuracy_table(
    answers: dict[str, Sequence[str]], questions: Sequence[Question], people=None
) -> pd.DataFrame:
    """Percent right, of all questions and of each kind, with 95 % intervals.

    Args:
        answers: {who: one answer for each question}.
        people: `human_answers(id)` of VQA: accuracy is then min(1, n / 3) of ten people.

    Returns:
        Columns kind, who, measured, low, high, n.
    """
    kinds = np.array([q.kind for q in questions])
    rows = []
    for kind in ("all", *sorted(set(kinds))):
        own = np.flatnonzero((kinds == kind) | (kind == "all"))
        for who, given in answers.items():
            if people:
                right = [vqa_accuracy(given[k], people(questions[k].id)) for k in own]
                found = mean_interval(100 * np.array(right))
            else:
                found = rate(np.array([given[k] == questions[k].answer for k in own]))
            rows.append({"kind": kind, "who": who} | found.as_row(2))
    return pd.DataFrame(rows)


def most_frequent(questions: Sequence[Question], count: int) -> list[str]:
    """The one most frequent training answer, for `count` questions."""
    return top_answers([q.answer for q in questions], 1) * count


def difference(one: Sequence[str], other: Sequence[str], questions: Sequence[Question]) -> Rate:
    """Accuracy of one minus that of the other on the same questions, in points."""
    truth = [q.answer for q in questions]
    right = [
        np.array([a == t for a, t in zip(given, truth, strict=True)]) for given in (one, other)
    ]
    return mean_interval(100 * (right[0].astype(float) - right[1]))


def evidence(
    network: GapNetwork,
    answerer: Answerer,
    images,
    questions: Sequence[Question],
    values: np.ndarray,
    most: int = 300,
    seed: int = 0,
) -> tuple[list[Question], np.ndarray, dict[str, pd.DataFrame]]:
    """Do the maps of the answers given lie on the object that holds the true answer?

    Controls: the map of another answer to questions of the same kind, and the map of another
    picture's answer.

    Args:
        questions, values: as of `asked`. most: questions at most, drawn by seed.

    Returns:
        The questions (with evidence) that were looked at; whether each was answered right (bool);
        {OWN, OTHER_ANSWER, OTHER_PICTURE: rows of `place`}.
    """
    rng = np.random.default_rng(seed)
    rows = [k for k, q in enumerate(questions) if q.evidence and q.answer in answerer.answers]
    rows = sorted(rng.choice(rows, min(most, len(rows)), replace=False))
    chosen = [questions[k] for k in rows]
    given = answerer.answer([q.text for q in chosen], values[rows])
    by_kind: dict[str, list[str]] = {}
    for question in questions:
        if question.answer in answerer.answers:
            by_kind.setdefault(question.kind, []).append(question.answer)
    classes = []
    for question, answer in zip(chosen, given, strict=True):
        others = sorted({a for a in by_kind[question.kind] if a != answer}) or [answer]
        names = answer, others[int(rng.integers(len(others)))]
        classes.append([answerer.answers.index(name) for name in names])
    maps = records_with_maps(
        answer_network(network, answerer), images, [q.image for q in chosen], torch.tensor(classes)
    )
    tables, masks, own = {OWN: [], OTHER_ANSWER: [], OTHER_PICTURE: []}, [], []
    for question, (_, record, (first, other)) in zip(chosen, maps, strict=True):
        named = np.array([name == question.evidence for name in record.objects])
        masks.append(record.masks[named].any(0))
        own.append(first)
        tables[OWN].append(place(first, masks[-1]))
        tables[OTHER_ANSWER].append(place(other, masks[-1]))
    tables[OTHER_PICTURE] = [
        place(cv2.resize(own[k - len(own) // 2], mask.shape[::-1]), mask)
        for k, mask in enumerate(masks)
    ]
    right = np.array([a == q.answer for a, q in zip(given, chosen, strict=True)])
    return chosen, right, {name: pd.DataFrame(table) for name, table in tables.items()}
