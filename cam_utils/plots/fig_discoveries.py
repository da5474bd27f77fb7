"""The panels of figures 9 to 12: which pictures are shown, by what rule, and what is written."""

import numpy as np
import torch

from ..features import svm_network
from ..patterns.answers import asked
from ..patterns.concept_study import Studied
from ..patterns.maps import one_class, records_with_maps
from ..patterns.once import Twins
from ..vqa import Answerer, answer_network, image_share
from .fig_patterns import Panel


def scene_panels(
    network, images, predicted: np.ndarray, scene: int, seed: int = 0, count: int = 4
) -> list[Panel]:
    """Pictures of a scene by seed, those classified wrong in their measured share (one at least
    where there is any), each with the map of the scene that was predicted."""
    rng = np.random.default_rng([seed, scene])
    rows = np.array([i for i in range(len(images)) if images.label(i) == scene])
    wrong = predicted[rows] != scene
    bad = min(wrong.sum(), max(round(count * wrong.mean()), int(wrong.any())))
    chosen = np.concatenate([
        rng.choice(rows[~wrong], min(count - bad, (~wrong).sum()), replace=False),
        rng.choice(rows[wrong], bad, replace=False),
    ])  # fmt: skip
    classes = torch.from_numpy(predicted[chosen])[:, None]
    return [
        Panel(record.image, maps[0], images.classes[predicted[i]], wrong=predicted[i] != scene)
        for i, record, maps in records_with_maps(network, images, chosen, classes)
    ]


def concept_panels(network, images, studied: Studied, best: int = 4, worst: int = 2) -> list[Panel]:
    """The held-out pictures ranked first, then the last ranked of those that show the concept."""
    order = studied.ranked()
    missed = order[studied.shown[order]][-worst:]
    ranks = {int(i): n + 1 for n, i in enumerate(order)}
    chosen = [*order[:best], *missed]
    concept = svm_network(network, studied.concept.svms[-1])
    panels = []
    for i, record, maps in records_with_maps(concept, images, chosen, one_class(0)):
        mask = (
            images.concept_mask(i, studied.concept.phrase)
            if hasattr(images, "concept_mask")
            else None
        )
        title = f"rank {ranks[i]}" + ("" if studied.shown[i] else ": not there")
        panels.append(Panel(record.image, maps[0], title, mask, wrong=not studied.shown[i]))
    return panels


def text_panels(network, images, scores: np.ndarray, energy: dict[int, float], seed=0, count=4):
    """Two rows: pictures with text, `count` by seed and the two with the least energy on words,
    and the same pictures without their words.

    Args:
        network: its class 1 is "with text". images: `mini/text`, with twins.
        scores: (N,) decision values. energy: {picture: share of the map's energy on its words}.
    """
    rng = np.random.default_rng(seed)
    worst = sorted(energy, key=energy.get)[:2]
    others = [i for i in sorted(energy) if i not in worst]
    chosen = [*(int(i) for i in rng.choice(others, count, replace=False)), *worst]
    rows = {"with text": [], "its words taken out": []}
    for n, (i, record, maps) in enumerate(records_with_maps(network, images, chosen, one_class(1))):
        title = "least energy" if n >= count else "by seed"
        note = f"score {scores[i]:+.2f}, {energy[i]:.0%} on words"
        rows["with text"].append(Panel(record.image, maps[0], title, None, record.boxes, note))
    for _, record, maps in records_with_maps(network, Twins(images), chosen, one_class(1)):
        rows["its words taken out"].append(Panel(record.image, maps[0]))
    return rows


def answer_panels(
    network, answerer: Answerer, images, values: np.ndarray, seed: int = 0, count: int = 12
) -> list[Panel]:
    """Questions by seed, wrongly answered ones in their measured share, one for each picture.

    Args:
        values: (N, K) pooled features of the pictures.
    """
    questions, rows = asked(images, values)
    given = answerer.answer([q.text for q in questions], rows)
    wrong = np.array([a != q.answer for a, q in zip(given, questions, strict=True)])
    share = image_share(answerer, [q.text for q in questions], rows)
    rng = np.random.default_rng(seed)
    bad = round(count * wrong.mean())
    chosen, used = [], set()
    for rows_of, most in ((np.flatnonzero(~wrong), count - bad), (np.flatnonzero(wrong), bad)):
        order = [k for k in rng.permutation(rows_of) if questions[k].image not in used]
        firsts = list({questions[k].image: k for k in order[::-1]}.values())[::-1][:most]
        chosen += firsts
        used |= {questions[k].image for k in firsts}
    classes = torch.tensor([[answerer.answers.index(given[k])] for k in chosen])
    places = [questions[k].image for k in chosen]
    maps = records_with_maps(answer_network(network, answerer), images, places, classes)
    panels = []
    for k, (_, record, found) in zip(chosen, maps, strict=True):
        question = questions[k]
        text = given[k] if not wrong[k] else f"{given[k]} (truth: {question.answer})"
        mask = None
        if question.evidence and record.objects:
            mask = record.masks[np.array(record.objects) == question.evidence].any(0)
        note = f"picture's share {share[k]:.0%}"
        title = f"{_folded(question.text)}\n{text}"
        panels.append(Panel(record.image, found[0], title, mask, note=note, wrong=wrong[k]))
    return panels


def _folded(text: str, width: int = 26) -> str:
    """A text in lines of at most `width` characters, words whole."""
    lines = [""]
    for word in text.split():
        if lines[-1] and len(lines[-1]) + 1 + len(word) > width:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    return "\n".join(lines)
