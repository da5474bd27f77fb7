"""Figures 9 to 12: maps of scenes, concepts, text and answers, with what is truly there."""

import textwrap

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ... import plots
from ...book.figures import captioned
from ...data.record import Question, Record
from ...evaluate.maps import one_class, records_with_maps
from ...features import svm_network
from ...mini.drawn_once import Twins
from ...networks.gap import GapNetwork
from .answers import Answerer, answer_network, asked, image_share
from .choose import shown_scenes
from .concepts import Studied
from .informative import listing, lists
from .panels import Panel, draw_panel, draw_rows, scale
from .tally import NOISE, Rule, Tally
from .text_detector import WITH_TEXT, TextStudied

FREQUENT, INFORMATIVE = "0.55", "#2a6fbb"


def draw_map(network, images, record: Record, map: np.ndarray, scene: str) -> Figure:
    """A picture and its map (H, W) of a scene."""
    panels = [Panel(record.image, None, "the picture"), Panel(record.image, map, f"map: {scene}")]
    return captioned(
        draw_rows({"": panels}, "map, decision units", size=1.7), "fig09_map", network=network,
        paper="Figure 9, one picture", images=images, n=1, chosen="the first held-out picture",
        alt=f"A picture and its map of the scene {scene}",
    )  # fmt: skip


def draw_inside(
    network, images, record: Record, map: np.ndarray, region: np.ndarray, inside: dict, least: float
) -> Figure:
    """A map's highest region, outlined, and how much of each object lies in it.

    Args:
        map, region: (H, W). inside: {object: share of its area, 0 to 1}. least: what counts.
    """
    shares = pd.Series(inside).sort_values()
    panel = Panel(record.image, map, "the region", region)
    with plots.style():
        fig, (left, right) = plt.subplots(1, 2, figsize=(5.0, 2.2), layout="constrained")
        draw_panel(left, panel, *scale([panel]))
        colours = np.where(shares >= least, INFORMATIVE, FREQUENT)
        right.barh(shares.index, shares, color=colours, height=0.62)
        right.axvline(least, color="black", lw=0.8)
        right.set(xlim=(0, 1), xlabel="share of the object in the region")
        right.tick_params(labelsize=7)
    return captioned(
        fig, "fig09_region", paper="Figure 9, one picture", network=network, images=images, n=1,
        chosen="the first held-out picture",
        alt="A map with its highest region outlined, and the share of each labelled object that "
        "lies in it",
    )  # fmt: skip


def draw_scenes(network, images, counted: Tally, rule: Rule, seed: int = 0, by: str = "") -> Figure:
    """For each scene four pictures with maps, and its most frequent and most informative objects.

    The same shares by a map of noise are ticks beside the informative bars.

    Args:
        network, images: what was counted. by: "scenes" where the network was trained on them: the
            frequent objects, which are no network's, are then left out.
    """
    grid = [["a", "I"], ["b", "I"]] if by else [["a", "b", "F", "I"], ["c", "d", "F", "I"]]
    keys = "ab" if by else "abcd"
    shown = {
        s: scene_panels(network, images, counted.predicted, s, seed, len(keys))
        for s in shown_scenes(images)
    }
    listed = lists(counted, rule)
    with plots.style():
        ratios, wide = ([1.2, 1.8], 4.0) if by else ([1.2, 1.2, 1.8, 1.8], 6.2)
        fig = plt.figure(figsize=(wide, 2.15 * len(shown) + 0.2), layout="constrained")
        low, high = scale([p for row in shown.values() for p in row])
        blocks = fig.subfigures(len(shown), 1, squeeze=False)[:, 0]
        for block, (scene, row) in zip(blocks, shown.items(), strict=True):
            axes = block.subplot_mosaic(grid, width_ratios=ratios)
            for key, panel in zip(keys, row, strict=False):
                bar = draw_panel(axes[key], panel, low, high)
            for key in keys[len(row) :]:
                axes[key].axis("off")
            plots.colour_bar(block, bar, [axes[k] for k in keys], "map, decision units")
            frequent, telling = listed[scene]
            control = listing(counted, scene, rule, NOISE)
            if not by:
                bars(axes["F"], frequent, "frequent", FREQUENT)
                axes["F"].set_title(f"{scene}: frequent\nP(object)", fontsize=7.5)
            bars(axes["I"], telling, "informative", INFORMATIVE, control)
            title = f"{scene}: informative\nP(overlap | object)"
            axes["I"].set_title(title, fontsize=7.5)
    features = network.name.removesuffix("+svm") + f", trained on {by}" * bool(by)
    head = "linear SVMs on features of" + (" " if not by else "\n")  # that figure is narrow
    fig.suptitle(head + features, fontsize=8)
    return captioned(
        fig, "fig09_scene_network" if by else "fig09_informative_objects", network=network,
        paper="Figure 9" + f", by a network trained on {by}" * bool(by), images=images,
        n=len(images),
        chosen=f"{len(keys)} pictures of each scene by seed, wrong ones (red) in their share; "
        "black ticks: smooth noise",
        alt=f"{images.name}: maps of two scene categories by {features}, and their six most "
        "frequent and most informative objects with intervals, beside those of a random map",
    )  # fmt: skip


def bars(
    ax: Axes, listed: pd.DataFrame, by: str, colour: str, control: pd.DataFrame | None = None
) -> None:
    """Horizontal bars of shares with their intervals; a control's shares as black ticks."""
    names, shares = list(listed["object"]), listed[by].to_numpy()
    errors = np.stack([shares - listed[f"{by}_low"], listed[f"{by}_high"] - shares]).clip(0)
    places = np.arange(len(names))
    ax.barh(places, shares, xerr=errors, color=colour, height=0.62, error_kw={"lw": 0.9})
    if control is not None:
        ticks = control.set_index("object")[by].reindex(names).to_numpy()
        ax.plot(ticks, places, "|", color="black", ms=11, mew=2)
    ax.set_yticks(places, names, fontsize=7)
    ax.invert_yaxis()
    ax.set_xlim(0, 1)
    ax.tick_params(axis="x", labelsize=7)
    for place, share, high in zip(places, shares, listed[f"{by}_high"], strict=True):
        inside = share >= 0.15  # a short bar has no room for its number
        x, ink = (0.015, "white") if inside else (min(high, 0.88) + 0.015, "black")
        ax.text(x, place, f"{share:.2f}", va="center", fontsize=7, color=ink)


def scene_panels(
    network, images, predicted: np.ndarray, scene: str, seed: int = 0, count: int = 4
) -> list[Panel]:
    """Pictures of a scene by seed, those classified wrong in their measured share (one at least
    where there is any), each with the map of the scene that was predicted."""
    label = images.classes.index(scene)
    rng = np.random.default_rng([seed, label])
    rows = np.array([i for i in range(len(images)) if images.label(i) == label])
    wrong = predicted[rows] != label
    bad = min(wrong.sum(), max(round(count * wrong.mean()), int(wrong.any())))
    chosen = np.concatenate([
        rng.choice(rows[~wrong], min(count - bad, (~wrong).sum()), replace=False),
        rng.choice(rows[wrong], bad, replace=False),
    ])  # fmt: skip
    classes = torch.from_numpy(predicted[chosen])[:, None]
    return [
        Panel(record.image, maps[0], images.classes[predicted[i]], wrong=predicted[i] != label)
        for i, record, maps in records_with_maps(network, images, chosen, classes)
    ]


def draw_concepts(network: GapNetwork, images, studied: dict[str, Studied]) -> Figure:
    """Figure 10: for each phrase the pictures ranked first, and the last that show the concept."""
    rows = {phrase: concept_panels(network, images, found) for phrase, found in studied.items()}
    return captioned(
        draw_rows(rows, "map, decision units", size=1.0), "fig10_concepts", paper="Figure 10",
        network=network, images=images, n=len(images),
        chosen="ranks 1 to 3 of the held-out pictures and the two last ranked that show the "
        "concept",
        alt=f"{images.name}: held-out pictures ranked first and last for each phrase, with the map "
        "of each phrase and the true region outlined",
    )  # fmt: skip


def concept_panels(network, images, studied: Studied, best: int = 3, worst: int = 2) -> list[Panel]:
    """The held-out pictures ranked first, then the last ranked of those that show the concept."""
    order = studied.order.tolist()
    missed = [i for i in order if studied.shown[i]][-worst:]
    chosen = [*order[:best], *missed]
    concept = svm_network(network, studied.concept.svms[-1])
    panels = []
    for i, record, maps in records_with_maps(concept, images, chosen, one_class(0)):
        known = hasattr(images, "concept_mask")
        mask = images.concept_mask(i, studied.concept.phrase) if known else None
        title = f"rank {order.index(i) + 1}" + ("" if studied.shown[i] else ": not there")
        panels.append(Panel(record.image, maps[0], title, mask, wrong=not studied.shown[i]))
    return panels


def draw_text(found: TextStudied, images, seed: int = 0) -> Figure:
    """Figure 11: pictures with text and the detector's maps; below, the same without the words."""
    return captioned(
        draw_rows(text_panels(found, images, seed), "map, decision units", 1.0, shared=True),
        "fig11_text", paper="Figure 11", network=found.network, images=images,
        n=len(found.placed),
        chosen="three by seed and the two with the least energy on words; numbers: score, and "
        "energy on words",
        alt="Drawn streets with the map of a text detector and the true word boxes; below, the "
        "same streets without their words",
    )  # fmt: skip


def text_panels(found: TextStudied, images, seed: int = 0, count: int = 3) -> dict[str, list]:
    """Two rows: pictures with text, `count` by seed and the two with the least energy on words,
    and the same pictures without their words.

    Args:
        images: the held-out pictures of `mini/text`, with twins.
    """
    energy, rng = found.placed["energy"], np.random.default_rng(seed)
    worst = energy.sort_values(kind="stable").index[:2].tolist()
    others = [i for i in energy.index if i not in worst]
    chosen = [*(int(i) for i in rng.choice(others, count, replace=False)), *worst]
    rows = {"with text": [], "its words taken out": []}
    maps = records_with_maps(found.network, images, chosen, one_class(WITH_TEXT))
    for n, (i, record, own) in enumerate(maps):
        title = "least energy" if n >= count else "by seed"
        note = f"{found.scores[i]:+.2f}, {energy[i]:.0%} on words"
        rows["with text"].append(Panel(record.image, own[0], title, None, record.boxes, note))
    maps = records_with_maps(found.network, Twins(images), chosen, one_class(WITH_TEXT))
    rows["its words taken out"] = [Panel(record.image, own[0]) for _, record, own in maps]
    return rows


def draw_question(
    network, images, record: Record, question: Question, maps: dict[str, np.ndarray]
) -> Figure:
    """One question, and the maps of two answers to it on one scale.

    Args:
        maps: {title: (H, W)}.
    """
    panels = [Panel(record.image, None, question.text, _evidence(record, question))]
    panels += [Panel(record.image, map, title) for title, map in maps.items()]
    return captioned(
        draw_rows({"": panels}, "map, score units", size=1.5), "fig12_question", network=network,
        paper="Figure 12, one question", images=images, n=1,
        chosen="the first question whose answer is an object of the picture",
        alt="A picture with a question about it, the object that holds the true answer outlined, "
        "and the maps of the best and the second best answer",
    )  # fmt: skip


def draw_answers(
    network: GapNetwork, answerer: Answerer, images, values: np.ndarray, seed: int = 0
) -> Figure:
    """Figure 12: questions with the answers given and their maps; arguments of `answer_panels`."""
    panels = answer_panels(network, answerer, images, values, seed)
    rows = {"": panels[:4], " ": panels[4:]}
    return captioned(
        draw_rows(rows, "map, score units", 1.1, shared=True), "fig12_answers", paper="Figure 12",
        network=network, images=images, n=sum(len(images.questions(i)) for i in range(len(images))),
        chosen="questions by seed, wrongly answered ones (red) in their measured share",
        alt=f"Questions about {images.name} with the answers given, the maps of the answers and "
        "the object that holds the true answer",
    )  # fmt: skip


def _percent(share: float, low: float = -2.0, high: float = 3.0) -> str:
    """A share of a lead; where the lead is next to nothing, its quotient is not worth reading."""
    sign = "< " if share < low else "> " if share > high else ""
    return f"{sign}{min(max(share, low), high):.0%}"


def _evidence(record: Record, question: Question) -> np.ndarray | None:
    """(H, W) bool: the objects that hold the true answer; None where that is not known."""
    if not (question.evidence and record.objects):
        return None
    return record.masks[np.array(record.objects) == question.evidence].any(0)


def answer_panels(
    network, answerer: Answerer, images, values: np.ndarray, seed: int = 0, count: int = 8
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
        text = given[k] if not wrong[k] else f"{given[k]}\n(truth: {question.answer})"
        note = f"picture's share {_percent(share[k])}"
        words = textwrap.fill(question.text, 22, break_long_words=False, break_on_hyphens=False)
        title = f"{words}\n{text}"
        panels.append(
            Panel(
                record.image,
                found[0],
                title,
                _evidence(record, question),
                note=note,
                wrong=wrong[k],
            )
        )
    return panels
