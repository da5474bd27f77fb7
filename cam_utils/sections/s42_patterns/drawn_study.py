"""The study "patterns": figures 9 to 12 on drawn pictures, by generic, finer and weak features.

The paper's premise is a network that was trained on a thousand kinds of photos. EfficientNet-Lite0
was; its maps are 7 x 7, and 14 x 14 without its last stride. The mini network knows 24 kinds of
drawings and stays as the weak feature.
"""

import numpy as np
import pandas as pd

from ...metrics.intervals import Rate
from ...study import Ask, Frames, Opened, Study, Tables, open_rows
from . import choose, concepts, tables, text_detector
from .questions import study_questions
from .tally import PREDICTED, Rule, study_scenes

SCENES_ONLY = "trained on scenes"
NETWORKS = {title: {"mini": name} for title, name in choose.COMPARED.items()}


def _open(ask: Ask) -> Opened:
    networks, missing = open_rows(NETWORKS, ask)
    parts = {
        f"{name} {split}": choose.drawn(name, split, ask.limit)
        for name in choose.COUNTS
        for split in ("test", "train")
    }
    return Opened(networks, parts, missing)


def _measure(opened: Opened, ask: Ask) -> Frames:
    """ "rates": network, figure, what, measured, low, high, n."""
    rows = []
    for name, network in opened.networks.items():
        for figure, measure in FIGURES.items():
            if figure == "9" or name != SCENES_ONLY:
                found = measure(network, opened.parts, ask)
                head = {"network": name, "figure": figure}
                rows += [head | {"what": k} | r.as_row(3) for k, r in found.items()]
    return {"rates": pd.DataFrame(rows)}


def object_rates(network, parts: dict, ask: Ask) -> dict[str, Rate]:
    """Figure 9: scenes right; the region's lead in what it tells; the list's agreement."""
    found = study_scenes(network, *_sets(parts, choose.SCENES), ask.seed, device=ask.device)
    _, agreement, lead = tables.controls9(found.counted, Rule(), ask.seed)
    return (
        {"scenes right, %": found.right}
        | {f"region tells more than {control}'s, points": r for control, r in lead.items()}
        | {"informative list's agreement with what is telling": agreement[PREDICTED]}
        | {"frequent list's agreement with what is telling": agreement["frequent"]}
    )


def phrases(network, parts: dict, ask: Ask) -> dict[str, Rate]:
    """Figure 10: where the maps of all phrases lie."""
    studied = concepts.study_concepts(network, *_sets(parts, choose.SCENES), device=ask.device)
    precision = np.mean([s.rates["AP %, mined"].value for s in studied.values()])
    found = tables.places10(studied, ask.seed)[1]
    wanted = ("energy inside, %, map", "energy inside, %, map - uniform",
              "energy inside, %, map - centre", "over shuffled captions")  # fmt: skip
    mean = Rate(precision, np.nan, np.nan, len(studied))
    return {"average precision, %": mean} | {k: found[k] for k in wanted if k in found}


def word_rates(network, parts: dict, ask: Ask) -> dict[str, Rate]:
    """Figure 11: whether text is told, and where the maps lie."""
    found = text_detector.study_text(
        network, *_sets(parts, "mini/text"), ask.seed, device=ask.device
    )
    wanted = ("area under the ROC curve, %", "energy inside, %, map",
              "energy inside, %, map - uniform", "energy inside, %, map - centre",
              "pointing game, %, map", "best-box IoU with a word, %",
              "fall of the score, in its standard deviations: words erased")  # fmt: skip
    return {k: found.rates[k] for k in wanted}


def answered(network, parts: dict, ask: Ask) -> dict[str, Rate]:
    """Figure 12: what the picture adds, and where the answers' maps lie."""
    found = study_questions(network, *_sets(parts, choose.SCENES), ask.seed, device=ask.device)
    return {"picture and words - words alone, points": found.over_question} | {
        k: r for k, r in tables.evidence12(found.placed, found.right, ask.seed)[0].items()
        if k.startswith("all")
    }  # fmt: skip


FIGURES = {"9": object_rates, "10": phrases, "11": word_rates, "12": answered}


def _sets(parts: dict, name: str) -> list:
    return [parts[f"{name} {split}"] for split in ("train", "test")]


def _tables(opened: Opened, frames: Frames) -> tuple[Tables, dict]:
    sizes = {name: len(images) for name, images in opened.parts.items()}
    note = {"images": ", ".join(choose.COUNTS), "split": "test", "pictures": sizes}
    return {"patterns": frames["rates"].to_dict("records")}, note


STUDY = Study("patterns", "figures 9 to 12 on drawings", _open, _measure, _tables, ("mini",))
