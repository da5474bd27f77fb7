"""One photo, one network: predicted classes, their maps and boxes, in one figure."""

import difflib
from dataclasses import dataclass

import torch
from matplotlib.figure import Figure
from PIL import Image

from . import boxes, plots, views
from .cam import cams
from .errors import CamError, MissingData
from .networks import GapNetwork, load_network
from .networks.gap import class_name


@dataclass(frozen=True)
class Explanation:
    """What a network sees in a photo.

    Attributes:
        names, scores: class names and softmax probabilities, n of each.
        maps: (n, H, W) maps in the photo's frame, zero where the network does not look.
        boxes: (n, 4) float32 xyxy, half-open: the paper's 20 % rule.
    """

    image: Image.Image
    names: list[str]
    scores: list[float]
    maps: torch.Tensor
    boxes: list
    network: str


def explain(network: GapNetwork, image: Image.Image, classes="5") -> Explanation:
    """Maps of the n best classes, or of the classes named (comma-separated names or indices)."""
    view = views.whole(image, network.input_spec)
    device = next(network.parameters()).device
    wanted = _classes(network, str(classes))
    result = cams(network, view.tensor[None].to(device), wanted)
    maps = views.paste(result.maps[0].float().cpu(), view.frame, image.size[::-1])
    return Explanation(
        image=image,
        names=[class_name(network, int(c)) for c in result.classes[0]],
        scores=result.probabilities[0].tolist(),
        maps=maps,
        boxes=[boxes.paper(m)[0] for m in maps],
        network=network.name,
    )


def draw_explanation(explanation: Explanation) -> Figure:
    """The photo and one overlay for each class on a shared scale, with the boxes."""
    e = explanation
    with plots.style():
        fig, axes = plots.panels(1, len(e.names) + 1, size=2.4)
        plots.show_image(axes[0, 0], e.image, "photo")
        low, high = min(0.0, float(e.maps.min())), float(e.maps.max())
        for ax, name, score, m, box in zip(
            axes[0, 1:], e.names, e.scores, e.maps, e.boxes, strict=True
        ):
            bar = plots.show_cam(ax, e.image, m, f"{name}\np = {score:.3f}", low, high)
            plots.show_boxes(ax, box)
        plots.colour_bar(fig, bar, axes, "class activation")
        plots.caption(fig, f"{e.network}; boxes: largest component above 20 % of the maximum")
    return fig


def default_network(root: str | None) -> GapNetwork:
    """The paper's GoogLeNet if its weights are there, else the mini network that ships."""
    try:
        return load_network("caffe/googlenet", root)
    except MissingData:
        return load_network("mini/googlenet-gap")


def _classes(network, text: str) -> int | torch.Tensor:
    if text.isdigit():
        return int(text)
    if not network.classes:
        raise CamError(f"{network.name} has no class names; give a number of classes.")
    return torch.tensor([_class_index(network.classes, t.strip()) for t in text.split(",")])


def _class_index(names: list[str], text: str) -> int:
    lower = [n.lower() for n in names]
    exact = [i for i, n in enumerate(lower) if n == text.lower()]
    if len(exact) == 1:
        return exact[0]
    if text.startswith("#") and text[1:].isdigit() and int(text[1:]) < len(names):
        return int(text[1:])
    if exact:
        found = ", ".join(f"#{i}" for i in exact)
        raise CamError(f"Several classes are called {text!r}; choose one by index: {found}.")
    near = [n for n in names if text.lower() in n.lower()][:5]
    near = near or difflib.get_close_matches(text, names, n=3, cutoff=0.5)
    hint = f"did you mean {', '.join(near)}? " if near else ""
    raise CamError(
        f"Unknown class {text!r}: {hint}The network has {len(names)} classes, such as "
        f"{names[0]} and {names[-1]}; an index is written #3."
    )
