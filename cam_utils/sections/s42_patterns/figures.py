"""Figures 9 to 12: maps of scenes, concepts, text and answers, with what is truly there."""

import textwrap
from dataclasses import dataclass

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from PIL import Image

from ... import plots
from ...evaluate.maps import one_class, records_with_maps
from ...features import svm_network
from ...mini.drawn_once import Twins
from .answers import Answerer, answer_network, asked, image_share
from .concepts import Studied
from .informative import listing, lists
from .tally import NOISE, Rule, Tally
from .text_detector import WITH_TEXT, TextStudied

WRONG = "#d62728"
FREQUENT, INFORMATIVE = "0.55", "#2a6fbb"


@dataclass(frozen=True)
class Panel:
    """One picture with a map.

    Attributes:
        map: (H, W) in the picture's frame; None: the picture alone.
        mask: (H, W) bool, outlined in green: what is truly there. boxes: (m, 4), green too.
        note: under the picture. wrong: the title is red.
    """

    image: Image.Image
    map: np.ndarray | None
    title: str = ""
    mask: np.ndarray | None = None
    boxes: np.ndarray | None = None
    note: str = ""
    wrong: bool = False


def draw_rows(
    rows: dict[str, list[Panel]], label: str, size: float = 1.45, shared: bool = False
) -> Figure:
    """Rows of panels; the maps of a row (with `shared`: of all rows) have one scale and its bar.

    Args:
        rows: {text at the left: panels}; all rows are equally long.
        label: of the colour bars, in the maps' unit.
    """
    count = max(len(row) for row in rows.values())
    with plots.style():
        fig, axes = plots.panels(len(rows), count, size, titled=0)
        fig.set_figwidth(fig.get_figwidth() + 1.0)  # the colour bar's
        fig.set_figheight(fig.get_figheight() + sum(_text_height(r) for r in rows.values()))
        everything = [p for row in rows.values() for p in row]
        bar = None
        for line, (text, row) in zip(axes, rows.items(), strict=True):
            low, high = scale(everything if shared else row)
            for ax, panel in zip(line, row, strict=False):
                bar = draw_panel(ax, panel, low, high) or bar
            line[0].text(
                -0.06, 0.5, text, transform=line[0].transAxes, rotation=90, ha="right",
                va="center", fontsize=7.5,
            )  # fmt: skip
            if bar is not None and not shared:
                plots.colour_bar(fig, bar, line, label)
        if bar is not None and shared:
            plots.colour_bar(fig, bar, axes, label)
    return fig


def _text_height(row: list[Panel]) -> float:
    """Inches that the titles and notes of a row take."""
    titles = max(p.title.count("\n") + 1 if p.title else 0 for p in row)
    return 0.15 * titles + 0.2 * any(p.note for p in row) + 0.08


def scale(panels: list[Panel]) -> tuple[float, float]:
    """The range of the maps of several panels, zero included; from the 0.5th to the 99.5th
    percentile, so that one hot corner does not leave all else pale."""
    maps = [p.map for p in panels if p.map is not None]
    if not maps:
        return 0.0, 1.0
    low, high = np.quantile(np.concatenate([m.ravel() for m in maps]), [0.005, 0.995])
    return min(0.0, float(low)), max(float(high), 1e-6)


def draw_panel(ax: Axes, panel: Panel, low: float, high: float):
    """Draw one panel; returns the mappable of its map, or None."""
    bar = None
    if panel.map is None:
        plots.show_image(ax, panel.image, panel.title)
    else:
        bar = plots.show_cam(ax, panel.image, panel.map, panel.title, low, high, opacity=0.8)
    if panel.mask is not None and panel.mask.any():
        height, width = panel.mask.shape
        x, y = np.arange(width) + 0.5, np.arange(height) + 0.5
        for colour, thick in (("black", 1.8), (plots.TRUTH, 1.1)):
            ax.contour(x, y, panel.mask.astype(float), [0.5], colors=[colour], linewidths=thick)
        ax.set_xlim(0, width)
        ax.set_ylim(height, 0)
    if panel.boxes is not None:
        plots.show_boxes(ax, panel.boxes, plots.TRUTH, linewidth=1.2)
    ax.title.set_fontsize(8)
    if panel.wrong:
        ax.title.set_color(WRONG)
    if panel.note:
        ax.text(0.5, -0.03, panel.note, transform=ax.transAxes, ha="center", va="top", fontsize=7)
    return bar


def draw_scenes(
    network, images, counted: Tally, rule: Rule, scenes: list[str], seed: int = 0
) -> Figure:
    """For each scene four pictures with maps, and its most frequent and most informative objects.

    The same shares by a map of noise are ticks beside the informative bars.

    Args:
        network, images: what was counted.
    """
    shown = {s: scene_panels(network, images, counted.predicted, s, seed) for s in scenes}
    listed = lists(counted, rule)
    with plots.style():
        fig = plt.figure(figsize=(10.4, 3.5 * len(shown) + 0.2), layout="constrained")
        low, high = scale([p for row in shown.values() for p in row])
        blocks = fig.subfigures(len(shown), 1, squeeze=False)[:, 0]
        for block, (scene, row) in zip(blocks, shown.items(), strict=True):
            axes = block.subplot_mosaic([["a", "b", "F", "I"], ["c", "d", "F", "I"]],
                                        width_ratios=[1.35, 1.35, 1.7, 1.7])  # fmt: skip
            for key, panel in zip("abcd", row, strict=False):
                bar = draw_panel(axes[key], panel, low, high)
            for key in "abcd"[len(row) :]:
                axes[key].axis("off")
            plots.colour_bar(block, bar, [axes[k] for k in "abcd"], "map, decision units")
            frequent, telling = listed[scene]
            control = listing(counted, scene, rule, NOISE)
            bars(axes["F"], frequent, "frequent", FREQUENT)
            axes["F"].set_title(f"{scene}: frequent, P(object)", fontsize=8.5)
            bars(axes["I"], telling, "informative", INFORMATIVE, control)
            axes["I"].set_title("informative, P(overlap | object)", fontsize=8.5)
    return fig


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
        ax.plot(ticks, places, "|", color="black", ms=13, mew=2, label="smooth noise")
        ax.legend(loc="lower right", fontsize=6.5, frameon=True)
    ax.set_yticks(places, names, fontsize=8)
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


def text_panels(found: TextStudied, images, seed: int = 0, count: int = 4) -> dict[str, list]:
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
        note = f"score {found.scores[i]:+.2f}, {energy[i]:.0%} on words"
        rows["with text"].append(Panel(record.image, own[0], title, None, record.boxes, note))
    maps = records_with_maps(found.network, Twins(images), chosen, one_class(WITH_TEXT))
    rows["its words taken out"] = [Panel(record.image, own[0]) for _, record, own in maps]
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
        words = textwrap.fill(question.text, 26, break_long_words=False, break_on_hyphens=False)
        title = f"{words}\n{text}"
        panels.append(Panel(record.image, found[0], title, mask, note=note, wrong=wrong[k]))
    return panels
