"""One photo, one network: the best classes, their maps and boxes, as a value that shows itself."""

import base64
import html
import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from PIL import Image
from torch import Tensor, nn

from . import boxes, plots
from .cam import Classes, best_five
from .class_choice import wanted_classes
from .errors import CamError
from .image_maps import maps_of_views, spec_of, to_picture
from .networks import GapNetwork, as_gap_network, load_network
from .networks.gap import class_name
from .pictures import as_picture, open_rgb, photo_path
from .views import View, whole
from .writing import replacing

DEFAULT = "imagenet/efficientnet-lite0"

SCREEN = 640  # pixels of the longer side at which maps are drawn and boxes found

GUESS = 0.2  # a best class below this probability is little more than a guess

MADE_BY = "cam-companion"

CENTRE, LIKE_CENTRE = 0.71, 0.7  # the fixed centre box that fits ILSVRC's photos best; an IoU


def _exif() -> dict:
    exif = Image.Exif()
    exif[0x0131] = MADE_BY  # the program's name
    return {"pil_kwargs": {"exif": exif, "quality": 92}}


# how a file of each kind says who made it, so that only files of ours are replaced
_MARKS = {
    "png": lambda: {"metadata": {"Software": MADE_BY}},
    "jpg": _exif,
    "jpeg": _exif,
    "webp": _exif,
    "pdf": lambda: {"metadata": {"Creator": MADE_BY, "CreationDate": None}},
}


def picture_kind(path: Path) -> str:
    """ "png", "jpg", "jpeg", "webp" or "pdf", of a file's suffix; else CamError."""
    kind = path.suffix[1:].lower()
    if kind not in _MARKS:
        raise CamError(
            f"Found the suffix {path.suffix or 'none'!r} of {path}; expected "
            f"{', '.join('.' + k for k in _MARKS)}."
        )
    return kind


def save_marked(fig: Figure, path: str | Path) -> Path:
    """Write a figure to a file that says who made it, whole or not at all, and close it.

    Raises:
        CamError: a suffix that `picture_kind` does not know, or a place that cannot be written.
    """
    path = Path(path)
    kind = picture_kind(path)
    with replacing(path) as part:
        _draw(fig, part, kind)
    return path


def _draw(fig: Figure, file, kind: str) -> None:
    import matplotlib.pyplot as plt

    try:
        fig.savefig(file, format=kind, dpi=150, **_MARKS[kind]())
    finally:
        plt.close(fig)


@dataclass(frozen=True)
class Explanation:
    """What a network sees in a photo. In a notebook it shows itself.

    Attributes:
        name: of the photo's file, or "picture".
        image: the photo as it is drawn, at most `SCREEN` pixels long.
        size: (width, height) of the photo itself, pixels.
        network, weights: the network's name and its weights' hash.
        classes, names, probabilities: n of each, in the order asked for (best first).
        maps: (n, h, w) float32, signed, in the frame of `image`; zero where the network does not
            look.
        boxes: (n, 4) float32 xyxy, half-open, in pixels of the photo itself: the paper's 20 % rule.
        best: probability of the best class of all.
        notes: what has to be known to read it: a guess, a box that needs no network, ...
    """

    name: str
    image: Image.Image
    size: tuple[int, int]
    network: str
    weights: str
    classes: list[int]
    names: list[str]
    probabilities: list[float]
    maps: Tensor
    boxes: np.ndarray
    best: float
    notes: list[str] = field(default_factory=list)

    def to_frame(self) -> pd.DataFrame:
        """One row for each class: class, name, probability, x0, y0, x1, y1, maximum of the map."""
        table = pd.DataFrame(
            {"class": self.classes, "name": self.names, "probability": self.probabilities}
        )
        table[["x0", "y0", "x1", "y1"]] = self.boxes.round(1)
        return table.assign(maximum=self.maps.amax((1, 2)).tolist())

    def to_dict(self) -> dict:
        """Plain values, for JSON; boxes in pixels of the photo itself."""
        told = {"photo": self.name, "size": list(self.size), "network": self.network}
        rows = [
            {
                "class": c,
                "name": name,
                "probability": round(p, 6),
                "box": [round(float(v), 1) for v in box],
                "maximum": round(float(map.max()), 6),
            }
            for c, name, p, box, map in zip(
                self.classes, self.names, self.probabilities, self.boxes, self.maps, strict=True
            )
        ]
        return told | {"weights": self.weights, "classes": rows, "notes": self.notes}

    def figure(self, colours=plots.SIGNED) -> Figure:
        """The photo and one overlay for each class on a shared scale, with the boxes."""
        with plots.style():
            width, height = self.image.size
            shape = {"size": 2.4, "aspect": min(max(height / width, 0.4), 2.5)}
            fig, axes = plots.panels(1, len(self.names) + 1, **shape)
            plots.show_image(axes[0, 0], self.image, self.name)
            low, high = min(0.0, float(self.maps.min())), float(self.maps.max())
            drawn = self.boxes * width / self.size[0]
            for k, ax in enumerate(axes[0, 1:]):
                title = f"{self.names[k]}\np = {self.probabilities[k]:.3f}"
                of_map = {"vmin": low, "vmax": high, "colours": colours}
                bar = plots.show_cam(ax, self.image, self.maps[k], title, **of_map)
                plots.show_boxes(ax, drawn[k])
            plots.colour_bar(fig, bar, axes, "class activation")
            plots.caption(
                fig, f"{self.network}; boxes: largest component above 20 % of the maximum"
            )
        return fig

    def save(self, path: str | Path) -> Path:
        """Draw it to a file, whole or not at all; replaces what is there.

        Args:
            path: its suffix says how: .png, .jpg, .webp or .pdf.

        Raises:
            CamError: another suffix.
        """
        return save_marked(self.figure(), path)

    @cached_property
    def _png(self) -> bytes:
        buffer = io.BytesIO()
        _draw(self.figure(), buffer, "png")
        return buffer.getvalue()

    def _repr_png_(self) -> bytes:
        return self._png

    def _repr_html_(self) -> str:
        data = base64.b64encode(self._png).decode()
        alt = html.escape(f"{self.name}: maps of {', '.join(self.names)}")
        notes = "".join(f"<li>{html.escape(note)}</li>" for note in self.notes)
        return (
            f'<img alt="{alt}" src="data:image/png;base64,{data}" style="max-width:100%">'
            f"{self.to_frame().round(4).to_html(index=False, border=0)}<ul>{notes}</ul>"
        )

    def __repr__(self) -> str:
        best = ", ".join(
            f"{n} {p:.2f}" for n, p in zip(self.names, self.probabilities, strict=True)
        )
        return f"Explanation of {self.name} by {self.network}: {best}"


def explain(network: nn.Module | str | None, image, classes="5") -> Explanation:
    """What a network sees in one photo.

    Args:
        network: any that `as_gap_network` takes, a name of `load_network`, or None: `DEFAULT`.
        image: a path, a PIL image, an array or a tensor (`cam_utils.pictures.as_picture`).
        classes: how many of the best ones, or which: "tabby, lynx" (names, WordNet synonyms of
            ImageNet's classes, or numbers such as "#281").

    Raises:
        CamError: a class that is unknown or ambiguous; no such photo; a network without maps.
    """
    ready = ready_network(network)
    wanted = wanted_classes(ready, classes)
    return explain_pictures(ready, [on_screen(ready, image)], wanted)[0]


def ready_network(network: nn.Module | str | None, root=None) -> GapNetwork:
    """The network by name (its weight file under `root`), wrapped if it must be; in eval mode."""
    if network is None or isinstance(network, str):
        network = load_network(network or DEFAULT, root)
    return network if isinstance(network, GapNetwork) else as_gap_network(network)


@dataclass(frozen=True)
class OnScreen:
    """A photo at screen size with what the network sees of it."""

    name: str
    image: Image.Image
    size: tuple[int, int]
    view: View


def on_screen(network: GapNetwork, image) -> OnScreen:
    """A photo, decoded at screen size and brought to the network's input, whole."""
    name = "picture"
    if isinstance(image, str | Path):
        path = photo_path(str(image))
        name, image = path.name, open_rgb(path, side=2 * max(SCREEN, network.input_spec.size))
    picture = as_picture(image)
    size = picture.info.get("full size", picture.size)
    view = whole(picture, spec_of(network))
    shrink = SCREEN / max(picture.size)
    if shrink < 1:
        small = tuple(max(1, round(side * shrink)) for side in picture.size)
        picture = picture.resize(small, Image.Resampling.BOX)
    return OnScreen(name, picture, size, view)


def explain_pictures(
    network: GapNetwork, pictures: Sequence[OnScreen], classes: Classes = best_five
) -> list[Explanation]:
    """Several photos in one forward pass. See `explain`."""
    kept = {}

    def chosen(probabilities: Tensor) -> Classes:
        kept["best"] = probabilities.amax(1).tolist()
        return classes(probabilities) if callable(classes) else classes

    scores, found, maps = maps_of_views(network, [[p.view] for p in pictures], chosen)
    return [
        _explanation(network, *of_one)
        for of_one in zip(pictures, scores, found, maps, kept["best"], strict=True)
    ]


def _explanation(network, photo: OnScreen, scores, classes, maps, best: float) -> Explanation:
    width, height = photo.image.size
    # the view shows the whole photo, so its frame in the smaller one is the whole of that
    frame = [View(photo.view.tensor, type(photo.view.frame)(0, 0, width, height))]
    pasted = to_picture(maps, frame, (height, width), "mean", network.input_spec)
    scale = np.array([photo.size[0] / width, photo.size[1] / height] * 2, np.float32)
    found = np.concatenate([boxes.paper(map) for map in pasted])
    return Explanation(
        name=photo.name,
        image=photo.image,
        size=tuple(photo.size),
        network=network.name,
        weights=network.weights_hash,
        classes=classes.tolist(),
        names=[class_name(network, int(c)) for c in classes],
        probabilities=scores.tolist(),
        maps=pasted,
        boxes=found * scale,
        best=best,
        notes=_notes(network, photo, best, found),
    )


def _notes(network, photo: OnScreen, best: float, found: np.ndarray) -> list[str]:
    notes = []
    if network.name.startswith("mini/"):
        count = len(network.classes)
        notes.append(f"{network.name} knows {count} drawn classes, and photos of none of them")
    if best < GUESS:
        notes.append(f"the best class has a probability of {best:.2f}: little more than a guess")
    width, height = photo.image.size
    margin = (1 - CENTRE) / 2
    centre = np.array([[width, height] * 2]) * [margin, margin, 1 - margin, 1 - margin]
    if boxes.iou(found[:1], centre)[0, 0] >= LIKE_CENTRE:
        notes.append(
            "the first box is nearly the fixed centre box, which needs no network: it tells little "
            "of where the object is"
        )
    return notes
