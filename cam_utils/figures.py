"""Saving a figure: PNG, PDF and its entry in the manifest, whole or not at all."""

import io
import json
import re
from pathlib import Path

from matplotlib.figure import Figure
from PIL import Image

from .errors import CamError
from .params import Params
from .provenance import device_name, versions, write_json

MAX_PNG = 200_000  # bytes; larger figures are reduced to a palette, then refused


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
) -> Path:
    """Write `<figure_dir>/<name>.png` and `.pdf` and the entry in `manifest.json`.

    Equal inputs on one machine give equal bytes: dates are left out.

    Args:
        name: "fig03_two_classes".
        paper: what it regenerates: "Figure 3".
        network, images: what it was made with; their name and hash go into the manifest.
        n: number of images behind the figure.
        chosen: the rule that chose the images shown.

    Returns:
        The PNG's path.

    Raises:
        CamError: a name that is no file name, or a PNG that stays above 200 kB.
    """
    if not re.fullmatch(r"[a-z0-9_]+", name):
        raise CamError(f"Found figure name {name!r}, expected lower-case letters, digits and _.")
    folder = params.figure_dir
    folder.mkdir(parents=True, exist_ok=True)
    png = _png(fig, name)
    _write(folder / f"{name}.png", png)
    buffer = io.BytesIO()
    fig.savefig(buffer, format="pdf", metadata={"CreationDate": None, "Producer": None})
    _write(folder / f"{name}.pdf", buffer.getvalue())
    entry = {
        "paper": paper,
        "notebook": params.notebook,
        "parameters": params.values(),
        "network": getattr(network, "name", None),
        "weights": getattr(network, "weights_hash", None),
        "images": getattr(images, "name", None),
        "split": getattr(images, "split", None),
        "n": n,
        "chosen": chosen,
        "device": device_name(params.device),
        "versions": versions(),
    }
    manifest = folder / "manifest.json"
    entries = json.loads(manifest.read_text()) if manifest.exists() else {}
    write_json(manifest, entries | {name: entry})
    return folder / f"{name}.png"


def provenance_line(params: Params, network=None, images=None, n=None, chosen: str = "") -> str:
    """What stands under a figure: network and weights, data, how the images were chosen."""
    parts = [f"profile {params.profile}"]
    if network is not None:
        parts.append(f"{network.name} ({network.weights_hash[:8]})")
    if images is not None:
        parts.append(f"{images.name} {images.split}" + (f", n = {n}" if n else ""))
    if chosen:
        parts.append(chosen)
    return " | ".join(parts)


def _png(fig: Figure, name: str) -> bytes:
    buffer = io.BytesIO()
    fig.savefig(buffer, format="png", metadata={"Software": None})
    if buffer.tell() > MAX_PNG:
        picture = Image.open(buffer).convert("RGB").quantize(256, dither=Image.Dither.NONE)
        buffer = io.BytesIO()
        picture.save(buffer, format="png", optimize=True)
    if buffer.tell() > MAX_PNG:
        raise CamError(
            f"The figure {name} has {buffer.tell() / 1e3:.0f} kB as PNG, at most "
            f"{MAX_PNG / 1e3:.0f} allowed; draw fewer panels or smaller ones."
        )
    return buffer.getvalue()


def _write(path: Path, content: bytes) -> None:
    part = path.with_suffix(path.suffix + ".part")
    part.write_bytes(content)
    part.replace(path)
