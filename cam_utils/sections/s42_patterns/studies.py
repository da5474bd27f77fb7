"""The study "text_icdar": how much of text a detector on street photos has learnt (figure 11)."""

from functools import partial
from itertools import product

import numpy as np
import pandas as pd

from ...data import Subset, open_images
from ...data.partial import OfClasses
from ...errors import CamError
from ...networks import load_network
from ...study import Ask, Frames, Opened, Study, Tables, first
from . import street
from .drawn_study import STUDY as DRAWN
from .street_view_study import STUDY as STREET_VIEW

OUTDOOR = ("street", "insidecity", "tallbuilding")


def street_study(
    name: str,
    network: str,
    photos: tuple[str, str],
    negatives: tuple[str, str],
    classes: tuple[str, ...],
) -> Study:
    """A study of text detectors on street photos; its table is called text_<data set of photos>.

    Args:
        network: with average pooling.
        photos: data set and split of photos whose boxes are words.
        negatives: data set and split of pictures without text, and the classes of it that are used.
    """
    opened = partial(_open, network, photos, negatives, classes)
    return Study(name, "figure 11 on street photos", opened, _measure, _tables, ("paper",))


def _open(network: str, photos, negatives, classes: tuple[str, ...], ask: Ask) -> Opened:
    """With a limit the first photos, and about as many negatives from all over the others."""
    net = load_network(network, ask.root)
    shown, others = (open_images(*some, ask.root) for some in (photos, negatives))
    others = OfClasses(others, [others.classes.index(c) for c in classes if c in others.classes])
    if not len(others):
        raise CamError(
            f"{others.name} has no pictures of {', '.join(classes)}; unpack the data set again."
        )
    if ask.limit:
        others = Subset(others, range(0, len(others), max(1, len(others) // ask.limit)))
    return Opened({network: net}, {"photos": first(shown, ask.limit), "negatives": others})


def _measure(opened: Opened, ask: Ask) -> Frames:
    """ "<colour>|<detector>", its negatives "...|against"; "photos", "negatives", "costs"."""
    (network,), (photos, others) = opened.networks.values(), opened.parts.values()
    used, maps = street.gather(network, photos, ask.seed, device=ask.device)
    places, pooled = street.without_text(network, others, device=ask.device)
    held = {
        (colour, detector): street.held_out(maps[:, k], pooled[:, k], detector, ask.seed)
        for k, colour in enumerate(street.COLOURS)
        for detector in street.DETECTORS
    }
    frames = {"|".join(k): f for k, f in street.on_word_boxes(photos, used, held).items()}
    frames |= {"|".join((*key, "against")): own.against for key, own in held.items()}
    readable = [photos.readable(i) for i in range(len(photos))]
    apart = np.abs(pooled[:, 0] - pooled[:, 1]).max(1) > 1e-3 * np.abs(pooled[:, 0]).max()
    costs = [(", ".join(key), cost, ask.seed) for key, own in held.items() for cost in own.costs]
    return frames | {
        "photos": pd.DataFrame({
            "id": photos.ids,
            "used": np.isin(np.arange(len(photos)), used),
            "words": [len(words) for words in readable],
            "unreadable words": [int((~words).sum()) for words in readable],
        }),
        "negatives": pd.DataFrame({
            "id": others.ids,
            "used": np.isin(np.arange(len(others)), places),
            "differs in colour": np.isin(np.arange(len(others)), places[apart]),
        }),
        "costs": pd.DataFrame(costs, columns=["detector", "cost", "seed"]),
    }  # fmt: skip


def _tables(opened: Opened, frames: Frames) -> tuple[Tables, dict]:
    rows = []
    for colour, detector in product(street.COLOURS, street.DETECTORS):
        own, style = (frames[f"{colour}|{d}"] for d in (detector, street.STYLE))
        against = frames[f"{colour}|{detector}|against"]
        for scored, halves in street.HALVES.items():
            kept, no = own["half"].isin(halves), against["half"].isin(halves)
            rates = street.detector_rates(detector, own[kept], against["score"][no], style[kept])
            head = {"colour": colour, "detector": detector, "scored": scored}
            rows += [head | {"metric": text} | found.as_row(4) for text, found in rates.items()]
    return {f"text_{opened.images.name}": rows}, _told(opened, frames)


def _told(opened: Opened, frames: Frames) -> dict:
    """For the provenance: both kinds of pictures, what was left out of them, the SVMs' costs."""
    (network,), (photos, others) = opened.networks.values(), opened.parts.values()
    listed, negatives, costs = frames["photos"], frames["negatives"], frames["costs"]
    used, wordless = listed[listed["used"]], listed["words"] == 0
    lost = [*listed["id"][~listed["used"] & ~wordless], *negatives["id"][~negatives["used"]]]
    return {
        "weights": network.weights_hash,
        "n": len(used),
        "images": f"{photos.name} and {others.name} ({', '.join(others.classes)})",
        "negatives": int(negatives["used"].sum()),
        "negatives differ in colour": bool(negatives["differs in colour"].any()),
        "words": int(used["words"].sum()),
        "unreadable words (###), which count as text": int(used["unreadable words"].sum()),
        "photos without words, left out": int(wordless.sum()),
        "unreadable photos": lost,
        "view": "whole",
        "seed": int(costs["seed"].iloc[0]),
        "costs of the SVMs of both halves": {
            detector: own["cost"].tolist() for detector, own in costs.groupby("detector")
        },
    }


# ICDAR's incidental photos, by the paper's own network; Street View Text is the paper's own data
STUDIES = (
    DRAWN,
    STREET_VIEW,
    street_study(
        "text_icdar", "caffe/googlenet", ("icdar2015", "all"), ("scene15", "all"), OUTDOOR
    ),
)
