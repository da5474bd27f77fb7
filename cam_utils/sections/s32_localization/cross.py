"""What beats what in Table 2: the saliency, or the rule that makes boxes of it? (the cross)

Every saliency goes through every box maker on the same pictures, in the same view. Only the box of
the picture's own class is made: it decides all three errors, together with the network's ranking
of classes. The recipes were fixed before these rows were measured: a Gaussian of 8 pixels at the
network's input, SmoothGrad's noise of 15 % of the input's range, a centre Gaussian of a quarter of
the picture's sides. That a Gaussian of 4 to 20 pixels helps the gradient was known from a trial on
some of the photos. SmoothGrad is here the mean of the copies' magnitudes, as the raw gradient is
one magnitude; the successors' section (s6_after) takes the magnitude of the mean.
"""

import numpy as np
import pandas as pd
import torch
from torch import Tensor, nn
from torchvision.transforms.functional import gaussian_blur

from ... import boxes
from ...distributed import World
from ...evaluate import CLASSIFY, evaluate
from ...identity import code_of, of_images, of_machine, of_network
from ...image_maps import maps_of_views, to_picture
from ...keep import Keeper
from ...metrics.intervals import rate
from ...metrics.localization import IOU, paired_difference
from ...saliency import backprop_saliency
from ...stream import Chunk, in_shards
from ...views import view_list
from .tables import METRICS, as_steps, of_steps

VIEW = "center"
SIGMA = 8  # pixels of the network's input
NOISE, NOISES = 0.15, 8  # of the input's range; noisy copies (Smilkov et al., arXiv 1706.03825)
CENTRE = 0.25  # of the picture's sides

CAM, CENTRE_GAUSSIAN = "CAM", "centre Gaussian, no network"
GRADIENTS = ("gradient", "gradient, smoothed", "SmoothGrad")
SALIENCIES = (CAM, *GRADIENTS, CENTRE_GAUSSIAN)
KINDS = {CAM: (CAM,), "gradient": GRADIENTS, CENTRE_GAUSSIAN: (CENTRE_GAUSSIAN,)}
BOXES = ("20 % component", "released rectangles", "GraphCut")
CHOSEN = "chosen on the other half"


def saliencies(network: nn.Module, images: list, labels: Tensor, seed: int = 0) -> list[dict]:
    """{saliency: map (H, W) in the picture's frame, not negative} of each picture's own class.

    The gradient's magnitude is its maximum over the colours, as Simonyan et al. take it.
    """
    spec, device = network.input_spec, next(network.parameters()).device
    views = [view_list(image, spec, VIEW) for image in images]
    found = {CAM: maps_of_views(network, views, labels[:, None])[2][:, 0].clamp(min=0)}
    inputs = torch.stack([v.tensor for (v,) in views])  # (N, 3, S, S)
    raw = _gradient(network, inputs.to(device), labels)
    found["gradient"] = raw
    found["gradient, smoothed"] = gaussian_blur(raw, 6 * SIGMA + 1, SIGMA)
    generator = torch.Generator().manual_seed(seed)
    spread = NOISE * (inputs.amax((1, 2, 3)) - inputs.amin((1, 2, 3)))[:, None, None, None]
    noisy = (
        inputs + spread * torch.randn(inputs.shape, generator=generator) for _ in range(NOISES)
    )
    found["SmoothGrad"] = sum(_gradient(network, x.to(device), labels) for x in noisy) / NOISES
    return [
        {
            name: to_picture(maps[k][None], views[k], image.size[::-1], "mean", spec)[0].clamp(
                min=0
            )
            for name, maps in found.items()
        }
        | {CENTRE_GAUSSIAN: _centre(image.size[::-1])}
        for k, image in enumerate(images)
    ]


def _gradient(network, inputs: Tensor, labels: Tensor) -> Tensor:
    """(N, 1, S, S) on the CPU."""
    return backprop_saliency(network, inputs, labels[:, None], reduce="max").maps.cpu()


def _centre(size: tuple[int, int]) -> Tensor:
    y, x = (torch.linspace(-0.5, 0.5, side) / CENTRE for side in size)
    return torch.exp(-(y[:, None] ** 2 + x**2) / 2)


def box_by(maker: str, image, saliency: Tensor) -> np.ndarray:
    """(4,) the first box that one of BOXES makes of a map (H, W)."""
    if maker == "GraphCut":
        return boxes.graph_cut(image, saliency)[0]
    rule = boxes.paper if maker == BOXES[0] else boxes.released
    return rule(saliency)[0]


def measure(network: nn.Module, images, device="cpu", seed: int = 0) -> pd.DataFrame:
    """Rows id, label, rank (1 to 5; 0: not among them) and each recipe's overlap, by `as_steps`."""

    def step(rows: list | None, chunk: Chunk) -> list:
        labels = torch.tensor([record.label for record in chunk.items])
        pictures = [record.image for record in chunk.items]
        found = saliencies(network, pictures, labels, seed + chunk.places[0])
        new = [
            [
                boxes.iou(box_by(maker, r.image, of[name]), r.boxes_of(r.label)).max(initial=0.0)
                for name in SALIENCIES
                for maker in BOXES
            ]
            for r, of in zip(chunk.items, found, strict=True)
        ]
        return (rows or []) + [(k, *row) for k, row in zip(chunk.places, new, strict=True)]

    identity = of_network(network) | of_images(images) | of_machine(device)
    identity |= {"view": "cross", "seed": seed, "code": code_of(__name__)}
    network = network.to(device).eval()
    pieces, _ = in_shards(
        images,
        images.__getitem__,
        step,
        lambda rows: {"overlaps": np.array(rows or np.zeros((0, 1)), float)},
        Keeper.of("cross", identity),
        shard=40,
        batch=10,
        world=World(0, 1, torch.device(device)),
        desc="saliency x boxes",
    )
    overlaps = np.concatenate(
        [arrays["overlaps"] for arrays, _ in pieces if len(arrays["overlaps"])]
    )
    places = overlaps[:, 0].astype(int)
    names = [f"{name}|{maker}" for name in SALIENCIES for maker in BOXES]
    columns = {n: as_steps(overlaps[:, k + 1]) for k, n in enumerate(names)}
    table = evaluate(network, images, CLASSIFY, device=device, cache=None)
    hit = table[table["class"] == table["label"]].set_index("id")["rank"]
    ids = [images.ids[k] for k in places]
    head = {"id": ids, "label": [images.label(k) for k in places]}
    return pd.DataFrame(head | {"rank": [int(hit.get(i, 0)) for i in ids]} | columns)


def as_misses(rows: pd.DataFrame) -> dict[str, dict[str, pd.Series]]:
    """{"<saliency>|<boxes>": {"top1", "top5", "gt_known": (n,) bool by id}} of `measure`'s rows."""
    rank = rows["rank"].to_numpy()
    named = {"top1": rank == 1, "top5": rank >= 1, "gt_known": np.ones(len(rank), bool)}
    ids = rows["id"].astype(str)
    return {
        recipe: {
            what: pd.Series(~(hit & (of_steps(rows[recipe]) >= IOU)), index=ids)
            for what, hit in named.items()
        }
        for recipe in (c for c in rows if "|" in c)
    }


def cross_rows(wrong: dict) -> list[dict]:
    """Rows saliency, boxes, metric, measured, low, high, n; with what is chosen elsewhere, last."""
    chosen = {f"{name}|{CHOSEN}": chosen_elsewhere(wrong, of)[0] for name, of in KINDS.items()}
    return [
        dict(zip(("saliency", "boxes"), recipe.split("|"), strict=True))
        | {"metric": METRICS[what]}
        | rate(found).as_row(3)
        for recipe, own in (wrong | chosen).items()
        for what, found in own.items()
    ]


def chosen_elsewhere(wrong: dict, saliencies: tuple[str, ...]) -> tuple[dict, list[str]]:
    """Misses of the best of some recipes, chosen on the other half of the pictures.

    The pictures are split into two halves by turns; on each the recipe with the fewest class-given
    errors of the other half is used, so that no picture is judged by a recipe that it chose.

    Returns:
        {"top1", "top5", "gt_known": (n,) bool by id}, and the recipes used, of each half.
    """
    own = {recipe: found for recipe, found in wrong.items() if recipe.split("|")[0] in saliencies}
    parts, used = [], []
    for half in (0, 1):
        here, other = slice(half, None, 2), slice(1 - half, None, 2)
        used.append(min(own, key=lambda r: own[r]["gt_known"].iloc[other].mean()))
        parts.append({what: found.iloc[here] for what, found in own[used[-1]].items()})
    return {what: pd.concat([part[what] for part in parts]).sort_index() for what in parts[0]}, used


def cross_differences(wrong: dict) -> tuple[list[dict], dict]:
    """Rows first, second, boxes, metric, measured, low, high, n: paired differences in points.

    CAM against every other saliency by each box maker, and, "chosen on the other half", CAM with
    its best box maker against the gradient (any of GRADIENTS) with its own.
    """
    pairs = [(m, wrong[f"{CAM}|{m}"], n, wrong[f"{n}|{m}"]) for m in BOXES for n in SALIENCIES[1:]]
    chosen = {name: chosen_elsewhere(wrong, of) for name, of in KINDS.items()}
    cam, *others = chosen
    pairs += [(CHOSEN, chosen[cam][0], name, chosen[name][0]) for name in others]
    rows = [
        {"first": CAM, "second": name, "boxes": maker, "metric": METRICS[what]}
        | paired_difference(one[what].sort_index(), other[what].sort_index(), what).as_row(3)
        for maker, one, name, other in pairs
        for what in METRICS
    ]
    return rows, {name: used for name, (_, used) in chosen.items()}
