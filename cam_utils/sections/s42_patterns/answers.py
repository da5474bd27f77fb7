"""Questions about pictures (figure 12): a linear answer classifier, how often it is right, and why.

iBOWIMG: the bag of a question's words and the pooled feature of its picture, one softmax over
answers. The paper shows four questions and one accuracy, which is that of the baseline; here
blind answers and the object that holds the true answer are beside it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import pandas as pd
import torch
from scipy import sparse
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression

from ...data.record import Question
from ...errors import CamError, unknown
from ...evaluate.maps import records_with_maps
from ...features import LinearSvm, svm_network
from ...metrics.energy import placement
from ...metrics.intervals import mean_interval, rate
from ...networks.gap import GapNetwork

PARTS = ("both", "question", "image")
COSTS = (0.1, 1.0, 10.0)
EVERY = 5  # one training picture of so many judges the costs
OWN, OTHER_ANSWER, OTHER_PICTURE = (
    "map of the answer",
    "map of another answer",
    "another picture's map",
)


@dataclass(frozen=True)
class Answerer:
    """A linear answer classifier; weights are for unscaled features.

    Attributes:
        answers: A answers. vocabulary: {word: column} of V words.
        word_weights: (A, V). image_weights: (A, K). bias: (A,). All float64.
        mean: (K,) the mean training feature: what a picture is compared with.
        cost: scikit-learn's C.
    """

    answers: list[str]
    vocabulary: dict[str, int]
    word_weights: np.ndarray
    image_weights: np.ndarray
    bias: np.ndarray
    mean: np.ndarray
    cost: float

    def word_part(self, texts: Sequence[str]) -> np.ndarray:
        """(N, A) what the words give to each answer; words outside of the vocabulary nothing."""
        counts = _counter(vocabulary=self.vocabulary).transform(texts)  # (N, V)
        return counts.astype(np.float64) @ self.word_weights.T

    def scores(self, texts: Sequence[str], values: np.ndarray) -> np.ndarray:
        """(N, A) answer scores of questions and the pooled features (N, K) of their pictures."""
        return self.word_part(texts) + values @ self.image_weights.T + self.bias

    def answer(self, texts: Sequence[str], values: np.ndarray) -> list[str]:
        """The best answer of each question."""
        return [self.answers[k] for k in self.scores(texts, values).argmax(1)]


def asked(images, values: np.ndarray) -> tuple[list[Question], np.ndarray]:
    """All questions about the pictures, and the pooled features (Q, K) of each one's picture."""
    questions = [q for i in range(len(images)) for q in images.questions(i)]
    return questions, values[[q.image for q in questions]]


def top_answers(answers: Sequence[str], most: int = 1000) -> list[str]:
    """The most frequent answers, at most `most`; ties by the alphabet."""
    names, counts = np.unique(list(answers), return_counts=True)
    return [str(names[k]) for k in np.lexsort((names, -counts))[:most]]


def fit_answers(
    texts: Sequence[str],
    values: np.ndarray,
    answers: Sequence[str],
    cost: float = 0.1,
    parts: str = "both",
    most: int = 1000,
) -> Answerer:
    """Train the classifier; questions whose answer is not among the most frequent are left out.

    Args:
        texts: N questions. values: (N, K) pooled features of each one's picture.
        answers: N answers. cost: inverse weight decay, of both parts alike.
        parts: "both", or "question" or "image" alone, which are the baselines.
        most: answers that are kept.

    Raises:
        CamError: unknown parts, or fewer than two answers.
    """
    if parts not in PARTS:
        raise unknown("part of a question", parts, PARTS)
    known = top_answers(answers, most)
    if len(known) < 2:
        raise CamError(f"Found {len(known)} answer(s) to train on; expected two or more.")
    kept = np.flatnonzero(np.isin(answers, known))
    texts, target = [texts[k] for k in kept], [known.index(answers[k]) for k in kept]
    values = np.asarray(values, np.float64)[kept]
    counter = _counter().fit(texts)
    mean, scale = values.mean(0), values.std(0) + 1e-6
    words, seen = counter.transform(texts).astype(np.float64), (values - mean) / scale
    # the words of a question and the K features weigh alike in the sum of squares
    balance = np.sqrt(words.multiply(words).sum(1).mean() / values.shape[1])
    blocks = [words * (parts != "image"), sparse.csr_matrix(seen * balance * (parts != "question"))]
    inputs = sparse.hstack(blocks).tocsr()  # (N, V + K)
    fitted = LogisticRegression(C=cost, max_iter=500, tol=1e-3)
    # float32 is precise enough for the solver's tolerance, and twice as fast
    fitted.fit(inputs if len(known) > 100 else inputs.toarray().astype(np.float32), target)
    weights, bias = (np.asarray(v, np.float64) for v in (fitted.coef_, fitted.intercept_))
    if len(known) == 2:  # scikit-learn keeps one row for two classes
        weights, bias = np.stack([-weights[0], weights[0]]) / 2, np.array([-bias[0], bias[0]]) / 2
    split = words.shape[1]
    image = weights[:, split:] * balance / scale
    vocabulary = {word: int(k) for word, k in counter.vocabulary_.items()}
    return Answerer(known, vocabulary, weights[:, :split], image, bias - image @ mean, mean, cost)


def choose_cost(
    questions: Sequence[Question],
    values: np.ndarray,
    parts: str = "both",
    costs: Sequence[float] = COSTS,
) -> float:
    """The inverse weight decay with the most right answers on a fifth of the training pictures."""
    held = np.array([q.image % EVERY == 0 for q in questions])
    texts, answers = np.array([(q.text, q.answer) for q in questions]).T
    scores = []
    for cost in costs:
        found = fit_answers(list(texts[~held]), values[~held], answers[~held], cost, parts)
        scores.append(np.mean(found.answer(texts[held], values[held]) == answers[held]))
    return float(costs[int(np.argmax(scores))])


def image_share(answerer: Answerer, texts: Sequence[str], values: np.ndarray) -> np.ndarray:
    """(N,) the share of the best answer's lead over the second best that the picture carries.

    A softmax score has no zero, so only differences of scores mean something. The lead is the sum
    of a picture's part, w_image (v - mean v) for the two answers' weights, and the rest (words,
    and what a mean picture gives). Above 1: the words were against it; below 0: the picture was.
    """
    scores = answerer.scores(texts, values)
    best, second = np.argsort(-scores, axis=1, kind="stable")[:, :2].T
    row = np.arange(len(scores))
    weights = answerer.image_weights[best] - answerer.image_weights[second]
    part = (weights * (values - answerer.mean)).sum(1)
    return part / np.maximum(scores[row, best] - scores[row, second], 1e-12)


def hangs_on_image(answerer: Answerer, texts: Sequence[str], values: np.ndarray) -> np.ndarray:
    """(N,) bool: with the mean picture in place of its own the answer would be another."""
    own = answerer.scores(texts, values).argmax(1)
    return own != answerer.scores(texts, np.broadcast_to(answerer.mean, values.shape)).argmax(1)


def answer_network(
    network: GapNetwork, answerer: Answerer, question: str | None = None
) -> GapNetwork:
    """The network with the answers as classes, so that maps, boxes and scores work as with any.

    The words of a question are the same all over the picture: they join the bias, and the mean of
    an answer's map, plus the words' part, plus the bias is its score. So two questions with the
    same answer have the same map: the words choose the answer, they do not steer the look.

    Args:
        question: None: the words' part is left out (maps are the same).
    """
    bias = answerer.bias
    if question is not None:
        bias = bias + answerer.word_part([question])[0]
    weights = np.ascontiguousarray(answerer.image_weights, np.float32)
    folds = pd.DataFrame()  # no cross-validation
    linear = LinearSvm(weights, bias.astype(np.float32), answerer.answers, answerer.cost, folds)
    return svm_network(network, linear)


def vqa_accuracy(answer: str, given: Sequence[str]) -> float:
    """The VQA benchmark's accuracy of one answer: min(1, n / 3), n of the (ten) people said so."""
    return min(1.0, sum(answer == other for other in given) / 3)


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


def evidence(
    network: GapNetwork,
    answerer: Answerer,
    images,
    questions: Sequence[Question],
    values: np.ndarray,
    most: int = 300,
    seed: int = 0,
) -> tuple[np.ndarray, dict[str, pd.DataFrame]]:
    """Do the maps of the answers given lie on the object that holds the true answer?

    Controls: the map of another answer to questions of the same kind, and the map of another
    picture's answer.

    Args:
        questions, values: as of `asked`. most: questions at most, drawn by seed, of those whose
            evidence is known.

    Returns:
        (M,) bool: whether each of these was answered right; {OWN, OTHER_ANSWER, OTHER_PICTURE: M
        rows of `placement`}.
    """
    rng = np.random.default_rng(seed)
    known = [k for k, q in enumerate(questions) if q.answer in answerer.answers]
    by_kind: dict[str, set[str]] = {}
    for k in known:
        by_kind.setdefault(questions[k].kind, set()).add(questions[k].answer)
    rows = [k for k in known if questions[k].evidence]
    rows = sorted(rng.choice(rows, min(most, len(rows)), replace=False))
    chosen = [questions[k] for k in rows]
    given = answerer.answer([q.text for q in chosen], values[rows])
    classes = []
    for question, answer in zip(chosen, given, strict=True):
        others = sorted(by_kind[question.kind] - {answer}) or [answer]
        names = answer, others[int(rng.integers(len(others)))]
        classes.append([answerer.answers.index(name) for name in names])
    maps = records_with_maps(
        answer_network(network, answerer), images, [q.image for q in chosen], torch.tensor(classes)
    )
    tables, masks, own = {OWN: [], OTHER_ANSWER: [], OTHER_PICTURE: []}, [], []
    for question, (_, record, (first, other)) in zip(chosen, maps, strict=True):
        masks.append(record.masks[np.array(record.objects) == question.evidence].any(0))
        own.append(first)
        tables[OWN].append(placement(first, masks[-1]))
        tables[OTHER_ANSWER].append(placement(other, masks[-1]))
    for k, mask in enumerate(masks):
        another = cv2.resize(own[k - len(own) // 2], mask.shape[::-1])
        tables[OTHER_PICTURE].append(placement(another, mask))
    right = np.array([a == q.answer for a, q in zip(given, chosen, strict=True)], bool)
    return right, {name: pd.DataFrame(table) for name, table in tables.items()}


def _counter(**kwargs) -> CountVectorizer:
    return CountVectorizer(lowercase=True, token_pattern=r"[a-z0-9]+", **kwargs)
