"""Figure 12 as a study: answers with and without the picture, and what the answers' maps lie on."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from ...data.record import Question
from ...evaluate.maps import VIEW
from ...features import Features, extract
from ...features.scores import accuracy_difference
from ...hashes import source_hash
from ...identity import code_of
from ...keep import Keeper
from ...metrics.intervals import Rate, rate
from ...networks.gap import GapNetwork
from . import answers
from .answers import Answerer


@dataclass(frozen=True)
class QuestionsStudied:
    """Answers to questions about held-out pictures.

    Attributes:
        answerer: of words and picture. costs: chosen on training pictures, for each of
            `answers.PARTS`. learnt_from: how many training questions.
        held: features of the held-out pictures. posed: the questions about them.
        accuracies: of `answers.accuracy_table`. over_question: what the picture adds to the words,
            points.
        share: (Q,) of `answers.image_share`. hangs: of `hangs_on_image`, percent.
        right, placed: of `answers.evidence`.
    """

    answerer: Answerer
    costs: dict[str, float]
    learnt_from: int
    held: Features
    posed: list[Question]
    accuracies: pd.DataFrame
    over_question: Rate
    share: np.ndarray
    hangs: Rate
    right: np.ndarray
    placed: dict[str, pd.DataFrame]


def study_questions(network: GapNetwork, train, test, seed: int = 0, **options) -> QuestionsStudied:
    """Train on the questions about some pictures, answer those about others.

    Blind answers, of the words alone and of the picture alone, have a cost of their own, chosen in
    the same way. `options` go to `features.extract`.
    """
    learnt, held = (extract(network, s, **{"view": VIEW} | options) for s in (train, test))
    asked, rows = answers.asked(train, learnt.values)
    posed, seen = answers.asked(test, held.values)
    models = {p: kept_answerer(learnt, asked, rows, p, options.get("cache")) for p in answers.PARTS}
    texts, truth = [q.text for q in posed], [q.answer for q in posed]
    given = {part: model.answer(texts, seen) for part, model in models.items()}
    given["most frequent answer"] = answers.top_answers([q.answer for q in asked], 1) * len(posed)
    own = models["both"]
    right, placed = answers.evidence(network, own, test, posed, seen, seed=seed)
    return QuestionsStudied(
        answerer=own,
        costs={part: model.cost for part, model in models.items()},
        learnt_from=len(asked),
        held=held,
        posed=posed,
        accuracies=answers.accuracy_table(given, posed, getattr(test, "human_answers", None)),
        over_question=accuracy_difference(given["both"], given["question"], truth),
        share=answers.image_share(own, texts, seen),
        hangs=rate(answers.hangs_on_image(own, texts, seen)),
        right=right,
        placed=placed,
    )


def kept_answerer(
    learnt: Features, asked: list[Question], rows: np.ndarray, parts: str, cache=None
) -> Answerer:
    """`answers.fit_answers` with the cost of `choose_cost`; read if it was fitted before.

    Args:
        learnt: features of the training pictures. asked, rows: of `answers.asked`.
        cache: as for `extract`.
    """
    texts, truth = [q.text for q in asked], [q.answer for q in asked]
    told = {"questions": source_hash(str([texts, truth])), "parts": parts}
    told["answers code"] = code_of(answers.__name__)
    keeper = Keeper.of("answers", learnt.identity | told, cache)
    if kept := keeper.get():
        return Answerer(**kept[0] | kept[1])
    cost = answers.choose_cost(asked, rows, parts)
    made = vars(answers.fit_answers(texts, rows, truth, cost, parts))
    note = {name: made[name] for name in ("answers", "vocabulary", "cost")}
    keeper.put({name: value for name, value in made.items() if name not in note}, note)
    return Answerer(**made)
