"""Does a class's map look at what defines the class? Only drawn birds can tell (figure 7)."""

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
import torch

from ...errors import CamError
from ...evaluate.maps import records_with_maps
from ...metrics.energy import looks
from ...metrics.intervals import Rate, mean_interval
from ...networks.gap import GapNetwork

BATCH = 16

OWN = "energy on the defining part, of that on the bird"

AREA = "area of the part, of the bird's"

OTHER = "energy on it in another species' map, of that on the bird"

ABOVE_AREA = "points above the part's area"

ABOVE_OTHER = "points above another species' map"

COLUMNS = ("part", "thing", "part_in_thing", "hit")


def part_looks(
    network: GapNetwork,
    images,
    places: Sequence[int],
    defining: Callable[[int], tuple[str, ...]],
    seed: int = 0,
    view: str = "whole",
    progress: bool = True,
) -> pd.DataFrame:
    """Where the map of the true class looks, and the map of another class on the same picture.

    The other class (the shuffled-species control) is drawn by seed from those that differ from
    their relatives in another part, so that it has no reason of its own to look at this one.

    Args:
        network: of `svm_network`, for the classes of the data set.
        images: records with a mask and parts; places: which of them.
        defining: the names of the parts that define a class (`MiniBirds.defining`).

    Returns:
        One row for each picture on which a defining part is visible: id, label, control (the
        other class), area_in_thing and area (of the part: in the object's and in the picture's
        area), then of `Looks` part, thing, part_in_thing, hit; the same with "control_" before it.

    Raises:
        CamError: no picture shows a defining part; records without masks and parts.
    """
    rng = np.random.default_rng(seed)
    parts_of = [set(defining(c)) for c in range(len(images.classes))]
    others = [[c for c, p in enumerate(parts_of) if not p & own] for own in parts_of]
    rows, places = [], [int(i) for i in places]
    if places and images[places[0]].parts is None:
        raise CamError(f"{images.name} does not know its parts; mini/birds does.")
    labels = [images.label(i) for i in places]
    controls = [int(rng.choice(others[label])) for label in labels]
    classes = torch.tensor(list(zip(labels, controls, strict=True)))
    how = {"view": view, "desc": "parts", "progress": progress}
    found = records_with_maps(network, images, places, classes, batch=BATCH, **how)
    for (_, record, maps), control in zip(found, controls, strict=True):
        masks = [m for name, m in record.parts[0].items() if name in parts_of[record.label]]
        if not masks:
            continue
        part, thing = np.any(masks, 0), record.masks[0]
        inside = (part & thing).sum()
        row = {"id": record.id, "label": record.label, "control": control}
        row |= {"area_in_thing": inside / thing.sum(), "area": inside / thing.size}
        for prefix, map in zip(("", "control_"), maps, strict=True):
            one = looks(map, part, thing)
            row |= {prefix + name: getattr(one, name) for name in COLUMNS}
        rows.append(row)
    if not rows:
        raise CamError(f"None of {len(places)} pictures of {images.name} shows a defining part.")
    return pd.DataFrame(rows)


def summary(rows: pd.DataFrame, seed: int = 0) -> dict[str, Rate]:
    """Means over pictures of the rows of `part_looks`, percent, bootstrap intervals.

    The last two are paired differences on the same pictures, in points; above zero the map of the
    true class looks more at the defining part than its share of the bird, or than the other map.
    """
    told = {
        OWN: rows["part_in_thing"],
        AREA: rows["area_in_thing"],
        OTHER: rows["control_part_in_thing"],
        "energy on the bird, of all": rows["thing"],
        "energy on the defining part, of all": rows["part"],
        "area of the part, of the picture's": rows["area"],
        "highest point on the defining part": rows["hit"],
        "highest point, map of another species": rows["control_hit"],
        ABOVE_AREA: rows["part_in_thing"] - rows["area_in_thing"],
        ABOVE_OTHER: rows["part_in_thing"] - rows["control_part_in_thing"],
    }
    return {
        name: mean_interval(100 * values.dropna().to_numpy(float), seed)
        for name, values in told.items()
    }
