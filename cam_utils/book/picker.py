"""Choose a class and see its map: with ipywidgets, and as plain HTML where nothing runs."""

import base64
import html
import io

import matplotlib.pyplot as plt
from torch import Tensor

from .. import plots
from ..explain import explain
from ..networks.gap import GapNetwork


def overlays(network: GapNetwork, image, count: int = 5) -> list[tuple[str, float, Tensor]]:
    """(name, probability, (H, W) map) of the best classes of a PIL image."""
    e = explain(network, image, str(min(count, network.class_bias.numel())))
    return list(zip(e.names, e.probabilities, e.maps, strict=True))


def picker(network: GapNetwork, images, indices: list[int], count: int = 5):
    """An ipywidgets box: image and class to choose, the overlay beside them."""
    import ipywidgets as widgets

    found = {i: overlays(network, images[i].image, count) for i in indices}
    which = widgets.Dropdown(options=[(images.ids[i], i) for i in indices], description="image")
    chosen = widgets.Dropdown(description="class")
    picture = widgets.HTML()

    def offer(_=None):
        chosen.options = [(f"{n} ({p:.3f})", k) for k, (n, p, _) in enumerate(found[which.value])]
        chosen.value = 0
        draw()

    def draw(_=None):
        name, p, map = found[which.value][chosen.value or 0]
        picture.value = _img(images[which.value].image, map, f"{name}, p = {p:.3f}")

    which.observe(offer, "value")
    chosen.observe(draw, "value")
    offer()
    return widgets.HBox([widgets.VBox([which, chosen]), picture])


def details_html(network: GapNetwork, image, count: int = 5) -> str:
    """One `<details>` for each of the best classes, the map inside; needs no running kernel."""
    blocks = [
        f'<details name="cam"{" open" if k == 0 else ""}><summary>{html.escape(name)} '
        f"(p = {p:.3f})</summary>{_img(image, map, f'class activation map of {name}')}</details>"
        for k, (name, p, map) in enumerate(overlays(network, image, count))
    ]
    return "\n".join(blocks)


def _img(image, map: Tensor, alt: str) -> str:
    with plots.style():
        fig, axes = plots.panels(1, 2, size=2.2)
        plots.show_image(axes[0, 0], image)
        bar = plots.show_cam(axes[0, 1], image, map)
        plots.colour_bar(fig, bar, axes)
        buffer = io.BytesIO()
        fig.savefig(buffer, format="jpg", dpi=100, pil_kwargs={"quality": 80})
        plt.close(fig)
    data = base64.b64encode(buffer.getvalue()).decode()
    return f'<img alt="{html.escape(alt)}" src="data:image/jpeg;base64,{data}">'
