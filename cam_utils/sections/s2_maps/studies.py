"""Section 2 on the paper's own network and real photos: bias, marked regions, five classes."""

from ...data import open_images
from ...study import Ask, Frames, Opened, Study, Tables, first, open_rows
from . import measures, tables
from .survey import survey


def _open(ask: Ask) -> Opened:
    networks, _ = open_rows({"GoogLeNet": {"paper": "caffe/googlenet"}}, ask)
    return Opened(networks, {"val": first(open_images("ilsvrc", "val", ask.root), ask.limit)})


def _measure(opened: Opened, ask: Ask) -> Frames:
    """One survey; the keys are the tables' names."""
    ((_, network),) = opened.networks.items()
    seen = survey(network, opened.images, ask.device)
    erased = measures.marked_regions(network, opened.images, seen, ask.seed, device=ask.device)
    return {
        "01_bias": measures.without_bias(seen, network.class_bias),
        "01_regions": erased,
        "01_five_classes": measures.two_classes(seen),
    }


def _tables(opened: Opened, frames: Frames) -> tuple[Tables, dict]:
    return {
        name: [
            {"metric": text, "paper": None} | rate.as_row(4)
            for text, rate in tables.STORED[name](rows).items()
        ]
        for name, rows in frames.items()
    }, {}


STUDIES = (Study("maps", "section 2", _open, _measure, _tables, profiles=("paper",)),)
