"""Saving a figure: PNG, PDF and its entry in the manifest, whole or not at all."""

import base64
import io
import json
import re
from pathlib import Path

import matplotlib.pyplot as plt
from matplotlib.figure import Figure
from PIL import Image

from .. import plots
from ..errors import CamError
from ..provenance import about
from ..writing import replacing, write_json
from .notebooks import notebook_hash
from .params import Params

MAX_PNG = 500_000  # bytes

DPI, LEAST_DPI = 200, 70

SHOWN = 1600  # pixels of width in a notebook

FLAT = 2048  # colours at most in a chart; a photo has more


def captioned(fig: Figure, name: str, *, paper: str, alt: str, **more) -> Figure:
    """A figure that knows what it is, so that `show` needs nothing else.

    Args:
        name, paper, alt: as for `save_figure`. more: its network, images, n, chosen.
    """
    fig.told = {"name": name, "paper": paper, "alt": alt} | more
    return fig


def show(fig: Figure, params: Params) -> None:
    """Save a figure that was `captioned`, and display it where a notebook runs."""
    save_figure(fig, params=params, **fig.told)


def save_figure(
    fig: Figure,
    name: str,
    params: Params,
    *,
    paper: str,
    network=None,
    images=None,
    n: int | None = None,
    chosen: str = "",
    alt: str = "",
) -> Path:
    """Write `<figure_dir>/<name>.png` and `.pdf` and the entry in `manifest.json`.

    Equal inputs on one machine give equal bytes: dates are left out.

    Args:
        name: "fig03_two_classes".
        paper: what it regenerates: "Figure 3".
        network, images: what it was made with; their name and hash go into the manifest. Several
            networks as a list.
        n: number of images behind the figure.
        chosen: the rule that chose the images shown.
        alt: what the figure shows, for readers who cannot see it; the figure is displayed with it
            where a notebook runs, and closed.

    Returns:
        The PNG's path.

    Raises:
        CamError: a name that is no file name, or a PNG that stays above 500 kB.
    """
    if not re.fullmatch(r"[a-z0-9_]+", name):
        raise CamError(f"Found figure name {name!r}, expected lower-case letters, digits and _.")
    folder = params.figure_dir
    folder.mkdir(parents=True, exist_ok=True)
    plots.caption(fig, provenance_line(params, network, images, n, chosen))
    png = _png(fig, name)
    _write(folder / f"{name}.png", png)
    buffer = io.BytesIO()
    fig.savefig(buffer, format="pdf", metadata={"CreationDate": None, "Producer": None})
    _write(folder / f"{name}.pdf", buffer.getvalue())
    entry = {
        "paper": paper,
        "notebook": params.notebook,
        "source": notebook_hash(params.notebook),
        "parameters": params.values(),
        "n": n,
        "chosen": chosen,
    } | about(network, images, params.device)
    manifest = folder / "manifest.json"
    entries = json.loads(manifest.read_text(encoding="utf-8")) if manifest.exists() else {}
    write_json(manifest, entries | {name: entry})
    if alt:
        display_picture(png, alt)
    plt.close(fig)
    return folder / f"{name}.png"


def provenance_line(params: Params, network=None, images=None, n=None, chosen: str = "") -> str:
    """What stands under a figure: network and weights, data, how the images were chosen."""
    parts = [f"profile {params.profile}"]
    many = network if isinstance(network, list | tuple | dict) else [network]
    if len(many) > 1:
        parts.append(f"{len(many)} networks")
    elif isinstance(many, dict):
        parts += [f"{name} ({weights[:8]})" for name, weights in many.items()]
    else:
        parts += [f"{one.name} ({one.weights_hash[:8]})" for one in many if one is not None]
    if images is not None:
        parts.append(f"{images.name} {images.split}" + (f", n = {n}" if n else ""))
    if chosen:
        parts.append(chosen)
    return " | ".join(parts)


def _png(fig: Figure, name: str) -> bytes:
    """In true colour; what is too large is drawn with fewer pixels, not with fewer colours."""
    dpi = float(DPI)
    for _ in range(6):
        buffer = io.BytesIO()
        how = {"metadata": {"Software": None}, "pil_kwargs": {"optimize": True}}
        fig.savefig(buffer, format="png", dpi=dpi, **how)
        if buffer.tell() <= MAX_PNG:
            return buffer.getvalue()
        # the file grows as the square of the resolution
        dpi = float(int(0.97 * dpi * (MAX_PNG / buffer.tell()) ** 0.5))
        if dpi < LEAST_DPI:
            break
    raise CamError(
        f"The figure {name} has {buffer.tell() / 1e3:.0f} kB as PNG and would need {dpi:.0f} dots "
        f"an inch to fit into {MAX_PNG / 1e3:.0f}; draw fewer panels or smaller ones."
    )


def display_picture(png: bytes, alt: str) -> None:
    """The figure in the notebook's output, with its alternative text.

    Smaller than the file, so that a notebook with many pictures stays small: photos as JPEG, charts
    of few colours as PNG with a palette. Shown at half its pixels, sharp on fine screens.
    """
    from IPython.display import display

    picture = Image.open(io.BytesIO(png)).convert("RGB")
    shrink = min(1, SHOWN / picture.width)
    size = tuple(round(side * shrink) for side in picture.size)
    buffer = io.BytesIO()
    small, kind = picture.resize(size, Image.Resampling.LANCZOS), "image/jpeg"
    if picture.getcolors(FLAT):
        kind = "image/png"
        small.quantize(256).save(buffer, "png", optimize=True)
    else:
        small.save(buffer, "jpeg", quality=85, progressive=True)
    shown = dict(zip(("width", "height"), (side // 2 for side in size), strict=True))
    display(
        {
            kind: base64.b64encode(buffer.getvalue()).decode(),
            "text/plain": f"<figure: {alt}>",
        },
        raw=True,
        metadata={kind: {"alt": alt} | shown},
    )


def _write(path: Path, content: bytes) -> None:
    with replacing(path) as part:
        part.write_bytes(content)
