"""The text detector on real photos: ICDAR 2015 against street scenes of Scene15 (figure 11).

python -m cam_utils street --root $CAM_DATA

Scene15 is grey and ICDAR is not, so that colour alone would tell them apart: the detector is
measured on grey pictures, and in colour beside it, to show what that confound is worth.
"""

import datetime
from pathlib import Path

import numpy as np

from ..data import Subset, open_images
from ..errors import CamError
from ..evaluate import check_writable
from ..features import extract
from ..networks import load_network
from ..provenance import about, project_root, replacing, write_json
from .detectors import study
from .street import COLOURS, Grey, gather

NETWORK = "caffe/googlenet"  # the paper's own; its features before and after the average pooling
POSITIVES, NEGATIVES = ("icdar2015", "all"), ("scene15", "all")
OUTDOOR = ("street", "insidecity", "tallbuilding")
OUT = "figures/paper/text_icdar2015.csv"


def run_street(
    root=None,
    out: str | Path | None = None,
    device="cpu",
    seed: int = 0,
    limit: int = 0,
    folder: Path | None = None,
    progress: bool = True,
) -> str:
    """Measure and write the table and, beside it, how it was made; returns it in words.

    Args:
        root: folder with ICDAR2015/, 15-Scene/ and weights/bvlc_googlenet.caffemodel.
        out: CSV; default figures/paper/text_icdar2015.csv of the checkout.
        limit: at most so many photos of each side, the first ones, for a trial; 0: all.
        folder: where features are kept; default .build of the checkout.

    Raises:
        MissingData: photos or weights are missing. CamError: `out` cannot be written.
    """
    out = check_writable(out or (project_root() or Path()) / OUT)
    network = load_network(NETWORK, root)
    photos = open_images(*POSITIVES, root)
    outdoor = outdoor_scenes(root)
    if limit:
        photos = Subset(photos, range(min(limit, len(photos))))
        outdoor = Subset(outdoor, range(0, len(outdoor), max(1, len(outdoor) // limit)))
    cache = folder / "features" if folder else None
    options = {"view": "whole", "device": device, "cache": cache, "progress": progress}
    negatives = {
        colour: extract(network, Grey(outdoor) if colour == "grey" else outdoor, **options)
        for colour in COLOURS
    }
    street = gather(network, photos, folder and folder / "street", seed, device, progress)
    values = {colour: features.values for colour, features in negatives.items()}
    table, costs = study(street, photos, values, seed, progress)
    with replacing(out) as part:
        table.to_csv(part, index=False)
    words = [photos.readable(int(i)) for i in street.places]
    made = {
        "command": "python -m cam_utils street --root <folder>",
        "made": datetime.date.today().isoformat(),
        "n": len(street.ids),
        "images": f"{POSITIVES[0]} and {NEGATIVES[0]} ({', '.join(OUTDOOR)})",
        "negatives": len(values["grey"]),
        "negatives differ in colour": bool(
            np.abs(values["grey"] - values["colour"]).max() > 1e-3 * np.abs(values["grey"]).max()
        ),
        "words": int(sum(map(len, words))),
        "unreadable words (###), which count as text": int(sum((~w).sum() for w in words)),
        "photos without words, left out": len(photos) - len(street.ids) - len(street.unreadable),
        "unreadable photos": street.unreadable + negatives["grey"].unreadable,
        "view": "whole",
        "seed": seed,
        "costs of the SVMs of both halves": costs,
    }
    write_json(out.with_suffix(".json"), about(network, photos, device) | made)
    shown = table[(table["scored"] == "both") & (table["colour"] == "grey")]
    lines = [
        f"{r.detector}: {r.metric}: {r.measured:.2f} [{r.low:.2f}, {r.high:.2f}]"
        for r in shown.itertuples()
    ]
    return "\n".join([*lines, f"wrote {out}"])


def outdoor_scenes(root) -> Subset:
    """The pictures of Scene15 that show streets and buildings, of both of its parts."""
    scenes = open_images(*NEGATIVES, root)
    names = [scenes.classes[scenes.label(i)] for i in range(len(scenes))]
    chosen = [i for i, name in enumerate(names) if name in OUTDOOR]
    if not chosen:
        raise CamError(
            f"Scene15 has no pictures of {', '.join(OUTDOOR)}; its classes are "
            f"{', '.join(scenes.classes)}. Unpack the data set again."
        )
    return Subset(scenes, chosen)
