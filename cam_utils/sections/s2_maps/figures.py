"""Figures 2, 3 and 4 of the paper, drawn from real forward passes, and section 2's checks."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import torch
from matplotlib.figure import Figure
from torch import Tensor

from ... import plots, views
from ...book import results
from ...book.figures import captioned
from ...book.params import Params
from ...cam import class_activation_maps
from ...data import Subset, open_images
from ...explain import Explanation, explain
from ...metrics.intervals import Rate
from ...networks.gap import GapNetwork, class_name
from ...study import stored_table
from .survey import Survey, correlation

CAT = "the cat that scikit-image ships"
OF_FIGURE_3 = ("briard", "barbell")  # the paper's


def photo_and_answer(network: GapNetwork, image, probabilities: Tensor, count: int = 5) -> Figure:
    """A photo, and the best of the network's probabilities (C,) as bars."""
    best = probabilities.topk(count)
    with plots.style():
        fig, (left, right) = plt.subplots(1, 2, figsize=(6.4, 2.1), layout="constrained")
        plots.show_image(left, image, "the photo")
        bars = right.barh([class_name(network, int(c)) for c in best.indices], best.values)
        right.bar_label(bars, fmt="%.3f", padding=3, fontsize=8)
        right.invert_yaxis()
        right.set(title="what the network says", xlim=(0, 1), xlabel="probability")
    return captioned(
        fig, "real_fig02_answer", paper="Figure 2, the photo", network=network, n=1, chosen=CAT,
        alt="A cat's face, and bars: the probabilities of the five best classes",
    )  # fmt: skip


def map_by_hand(network: GapNetwork, image, map: Tensor, name: str) -> Figure:
    """A class's map (h, w) cell by cell, and enlarged over the photo."""
    with plots.style():
        fig, axes = plots.panels(1, 2, 2.6, image.height / image.width)
        cells = plots.show_map(axes[0, 0], map, f"the map of {name}, {len(map)} x {map.shape[1]}")
        axes[0, 0].set_aspect("auto")
        for (y, x), value in np.ndenumerate(map.numpy()):
            colour = "white" if value > 0.7 * map.max() else "black"
            at = {"ha": "center", "va": "center", "fontsize": 6, "color": colour}
            axes[0, 0].text(x, y, f"{value:.0f}", **at)
        plots.show_cam(axes[0, 1], image, _pasted(map, image), "over the photo")
        plots.colour_bar(fig, cells, axes[:, :1])
    return captioned(
        fig, "real_fig02_map", paper="Figure 2, the map", network=network, n=1,
        chosen=f"{CAT}, its best class",
        alt="A table of 7 x 7 numbers, and the same as colours over a cat's face",
    )  # fmt: skip


def best_classes(network: GapNetwork, found: Explanation) -> Figure:
    """The maps of a photo's best classes on one scale, with their 20 % boxes."""
    return captioned(
        found.figure(), "real_fig02_cat", paper="Figure 2", network=network, n=1,
        chosen=f"{CAT}, its three best classes",
        alt="A cat's face and where three kinds of cat have their evidence, with 20 % boxes",
    )  # fmt: skip


def figure2(network: GapNetwork, image, features: Tensor, label: int, images=None) -> Figure:
    """How a map arises: the four units that add most to the class's score, the rest, their sum.

    Args:
        features: (K, h, w) of one forward pass in the view "whole".
        label: the class. images: the data set of the picture; None: it is the free photo.
    """
    weights = network.class_weights[label].detach().cpu()
    terms = weights[:, None, None] * features.cpu()  # w_k^c f_k(x, y)
    added = terms.mean((1, 2))
    order = added.argsort(descending=True)
    rest = terms[order[4:]].sum(0)
    total = class_activation_maps(features[None].cpu(), weights[None])[0, 0]
    bias = network.class_bias[label].item()
    name = class_name(network, label)
    few, all_of_it = float(terms[order[:4]].abs().max()), float(total.abs().max())
    with plots.style():
        fig, axes = plots.panels(2, 4, 1.55, titled=4)
        for ax, k in zip(axes[0], order[:4], strict=True):
            text = f"unit {int(k)}: $w$ = {weights[k]:.2f}\nadds {added[k]:.2f}"
            small = plots.show_map(ax, terms[k], text, few)
        others, sum_of_all, over, plain = axes[1]
        text = f"{len(order) - 4} other units\nadd {rest.mean():.2f}"
        plots.show_map(others, rest, text, all_of_it)
        score = f"{total.mean():.2f} {'+' if bias >= 0 else '−'} {abs(bias):.2f}"
        large = plots.show_map(sum_of_all, total, f"the map\nmean + b = {score}", all_of_it)
        plots.show_cam(
            over, image, _pasted(total, image), f"{name}\nscore {total.mean() + bias:.2f}"
        )
        plots.show_image(plain, image)
        for ax, sign in zip(axes.flat, ["", *"++++=", "", ""], strict=True):
            ax.text(-0.08, 0.5, sign, transform=ax.transAxes, ha="center", va="center", fontsize=13)
            ax.title.set_fontsize(8)
        plots.colour_bar(fig, small, axes[0])
        plots.colour_bar(fig, large, axes[1])
    drawn = images is not None
    return captioned(
        fig, f"{'' if drawn else 'real_'}fig02_class_activation_mapping", paper="Figure 2",
        network=network, images=images, n=1,
        chosen="first image whose best class is right with p > 0.9" if drawn
        else f"{CAT}, its best class",
        alt=f"The maps of the four units that add most to the score of {name}, the rest, their "
        "sum, which is the class activation map, and the sum over the picture",
    )  # fmt: skip


def figure3(network: GapNetwork, images, seen: Survey, seed: int, columns: int = 4) -> Figure:
    """Maps of the true class for several images of two classes, on one scale for each class.

    The classes are the paper's, or those with the most images (`choose_classes`); the last image
    of each is the one with the lowest probability.
    """
    known = {name: i for i, name in enumerate(network.classes or [])}
    classes = choose_classes(seen, [known[n] for n in OF_FIGURE_3 if n in known])
    shown = {c: choose_images(seen, c, columns, seed) for c in classes}
    names = [class_name(network, c) for c in classes]
    columns = max(len(v) for v in shown.values())
    pictures = [images[int(seen.indices[k])].image for v in shown.values() for k in v]
    probabilities = seen.logits.float().softmax(1)
    with plots.style():
        fig, axes = plots.panels(
            2 * len(classes), max(columns, 3), 1.4, _aspect(pictures), titled=len(classes)
        )
        for row, (label, places) in enumerate(shown.items()):
            high = float(seen.label_maps[places].max())
            for column, place in enumerate(places):
                record = images[int(seen.indices[place])]
                p = float(probabilities[place, label])
                worst = " (lowest)" if column == len(places) - 1 > 0 else ""
                plots.show_image(axes[2 * row, column], record.image, f"p = {p:.3f}{worst}")
                map = _pasted(seen.label_maps[place], record.image)
                bar = plots.show_cam(axes[2 * row + 1, column], record.image, map, "", 0, high)
                plots.show_boxes(axes[2 * row + 1, column], record.boxes_of(label), plots.TRUTH)
            plots.colour_bar(fig, bar, axes[2 * row : 2 * row + 2], f"map of {names[row]}")
    return captioned(
        fig, "fig03_two_classes", paper="Figure 3", network=network, images=images,
        n=len(pictures), chosen="seeded sample, last the lowest probability",
        alt=f"Images of {' and '.join(names)} with their class activation maps and true boxes",
    )  # fmt: skip


def figure4(network: GapNetwork, images, seen: Survey) -> Figure:
    """The maps of one image's five best classes: each on its own scale, and all on one.

    The image is that of `choose_uncertain`.
    """
    place = choose_uncertain(seen)
    record = images[int(seen.indices[place])]
    classes = seen.classes[place].tolist()
    maps = torch.stack([_pasted(m, record.image) for m in seen.maps[place]])
    scores = seen.logits[place].float().softmax(0)[classes]
    low, high = min(0.0, float(maps.min())), float(maps.max())
    with plots.style():
        fig, axes = plots.panels(2, len(classes) + 1, 1.5, _aspect([record.image]))
        truth = f"truth: {class_name(network, record.label)}" if record.label >= 0 else "image"
        plots.show_image(axes[0, 0], record.image, truth)
        for column, (label, score, map) in enumerate(zip(classes, scores, maps, strict=True)):
            title = f"{class_name(network, label)}\np = {score:.3f}"
            plots.show_cam(axes[0, column + 1], record.image, map, title)
            bar = plots.show_cam(axes[1, column + 1], record.image, map, "", low, high)
        plots.colour_bar(fig, bar, axes, "shared scale (lower row)")
        for ax, text in zip(axes[:, 1], ("own scales", "one scale"), strict=True):
            plots.name_row(ax, text)
        _correlations(axes[1, 0], seen.maps[place])
    real = images.name == "photos"
    return captioned(
        fig, "real_fig04_five_classes" if real else "fig04_five_classes", paper="Figure 4",
        network=network, images=images, n=1,
        chosen="the free photo whose best class is least certain but above p = 0.2" if real
        else "first image with the truth second and the best class under p = 0.5",
        alt="One image and the class activation maps of its five best classes, on their own scales "
        "and on a shared one, with the table of their correlations",
    )  # fmt: skip


def draw_checks(stored: str, found: dict[str, Rate], network: GapNetwork, images) -> Figure:
    """Numbers with intervals: what was measured here, and on real photos; shares apart.

    Args:
        stored: the table of real data, "01_regions" or "01_five_classes".
        found: {metric of that table: what was measured here}.
    """
    here = pd.DataFrame({"metric": m} | r.as_row(4) for m, r in found.items())
    parts = {f"{network.name}, {images.name}": here}
    if table := stored_table(stored):
        parts[f"{table[1]['network']}, {table[1]['images']} (stored)"] = table[0]
    shares = [m for m in found if m.endswith(", %")]
    others = [m for m in found if m not in shares]
    groups = sorted(filter(None, (shares, others)), key=lambda g: list(found).index(g[0]))
    with plots.style():
        fig, axes = plt.subplots(
            len(groups), 1, squeeze=False, figsize=(7, 0.34 * len(found) + 1.2),
            layout="constrained", height_ratios=[len(g) + 1 for g in groups],
        )  # fmt: skip
        for ax, group in zip(axes[:, 0], groups, strict=True):
            for (title, rows), shift in zip(parts.items(), (-0.13, 0.13), strict=False):
                own = rows.set_index("metric").reindex(group)
                ends = own["measured"] - own["low"], own["high"] - own["measured"]
                y = np.arange(len(group)) + shift
                ax.errorbar(own["measured"], y, xerr=ends, fmt="o", ms=5, lw=2, label=title)
            ax.set_yticks(range(len(group)), [m.removesuffix(", %") for m in group])
            ax.set(ylim=(len(group) - 0.5, -0.5), xlabel="% of images" if group is shares else "")
            ax.axvline(0, color="0.7", lw=0.8)
        fig.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside upper right", ncols=2)
    figure = {"01_regions": "3", "01_five_classes": "4"}[stored]
    return captioned(
        fig, f"fig0{figure}_checks", paper=f"Figure {figure}, checks", network=network,
        images=images, n=max(r.n for r in found.values()),
        chosen="all images; erased regions and second objects: the first 240",
        alt=f"Dots with intervals: {'; '.join(found)}; here and on real photos",
    )  # fmt: skip


def show_photos(network: GapNetwork, params: Params, count: int = 3) -> None:
    """Display the free photos with the maps of their best classes, each photo on one scale, with
    the 20 % boxes: drawn in profile `paper`, else as it stored them."""
    free = Subset(open_images("photos", "all"), range(4))  # the first four have free licences

    def draw() -> Figure:
        found = [(record, explain(network, record.image, str(count))) for record in free]
        with plots.style():
            aspect = _aspect([record.image for record, _ in found])
            fig, axes = plots.panels(len(found), count + 1, 1.9, aspect)
            for row, (record, e) in zip(axes, found, strict=True):
                plots.show_image(row[0], record.image, record.id)
                low, high = min(0.0, float(e.maps.min())), float(e.maps.max())
                for ax, name, p, map, box in zip(
                    row[1:], e.names, e.probabilities, e.maps, e.boxes, strict=True
                ):
                    bar = plots.show_cam(ax, e.image, map, f"{name}, p = {p:.3f}", low, high)
                    plots.show_boxes(ax, box)
                plots.colour_bar(fig, bar, row)
        return fig

    results.picture(
        "photos_googlenet", params, network, draw, paper="Figure 4", images=free, n=4,
        chosen="all photos with a free licence",
        alt="A cat, a cup of coffee, a rocket and an astronaut with the maps and boxes of their "
        "three best ImageNet classes",
    )  # fmt: skip


def _aspect(images: list) -> float:
    """The mean of height by width, within sensible bounds."""
    return float(np.clip(np.mean([i.height / i.width for i in images]), 0.5, 1.5))


def _correlations(ax, maps: Tensor) -> None:
    """The correlation of every pair of the maps, as a small table of colours and numbers."""
    table = correlation(maps[:, None], maps[None]).numpy()
    ax.imshow(table, cmap=plots.SIGNED, vmin=-1, vmax=1, aspect="auto")
    for (i, j), value in np.ndenumerate(table):
        colour = "white" if abs(value) > 0.6 else "black"
        ax.text(j, i, f"{value:.1f}", ha="center", va="center", fontsize=6, color=colour)
    ax.set_title("correlations")
    ax.axis("off")


def _pasted(map: Tensor, image) -> Tensor:
    return views.paste_whole(map[None], image.size[::-1])[0]


def choose_classes(seen: Survey, wanted: list[int], count: int = 2, least: int = 3) -> list[int]:
    """The wanted classes if each has `least` images here, else those with the most images.

    Images without labels count for their best class. Equal counts are settled by class index.
    """
    labels = torch.where(seen.labels >= 0, seen.labels, seen.classes[:, 0])
    tally = torch.bincount(labels, minlength=seen.logits.shape[1])
    if wanted and all(tally[c] >= least for c in wanted):
        return wanted[:count]
    return tally.argsort(descending=True, stable=True)[:count].tolist()


def choose_images(seen: Survey, label: int, count: int, seed: int) -> list[int]:
    """A seeded sample of a class's images, and as the last the one with the lowest probability."""
    labels = torch.where(seen.labels >= 0, seen.labels, seen.classes[:, 0])
    places = torch.nonzero(labels == label)[:, 0].numpy()
    p = seen.logits[places].float().softmax(1)[:, label].numpy()
    return sample_and_lowest(pd.Series(p, places), count - 1, seed)


def sample_and_lowest(values: pd.Series, count: int, seed: int) -> list[int]:
    """`count` of the values' indices by seed, in order, and as the last that of the lowest."""
    lowest = int(values.idxmin())
    others = np.sort(values.index[values.index != lowest].to_numpy())
    chosen = np.random.default_rng(seed).choice(others, min(count, len(others)), replace=False)
    return [*np.sort(chosen).tolist(), lowest]


def choose_sure(seen: Survey) -> int:
    """The first image whose best class has a probability above 0.9, and is right where known."""
    sure = seen.logits.float().softmax(1).amax(1) > 0.9
    right = (seen.classes[:, 0] == seen.labels) | (seen.labels < 0)
    return int((sure & right).int().argmax())


def choose_uncertain(seen: Survey, below: float = 0.5) -> int:
    """The first image like figure 4's: best class under `below`, the truth second; else the least
    certain image."""
    best = seen.logits.float().softmax(1).amax(1)
    second = (seen.labels < 0) | (seen.labels == seen.classes[:, 1])
    places = torch.nonzero((best < below) & second)[:, 0]
    return int(places[0]) if len(places) else int(best.argmin())
