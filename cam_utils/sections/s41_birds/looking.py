"""Does a class's map look at what defines the class? Only drawn birds can tell (figure 7)."""

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd

from ...errors import CamError
from ...metrics.intervals import Rate
from ...networks.gap import GapNetwork
from ..s4_transfer.evidence import means, shares

ENERGY = "energy on the defining part, of that on the bird"

AREA = "area of the part, of the bird's"

OTHER = "energy on it in another species' map, of that on the bird"

ABOVE_AREA = "points above the part's area"

ABOVE_OTHER = "points above another species' map"


def part_looks(
    network: GapNetwork,
    images,
    places: Sequence[int],
    defining: Callable[[int], tuple[str, ...]],
    seed: int = 0,
    **how,
) -> pd.DataFrame:
    """Where the map of the true class looks, and the map of another class on the same picture.

    The other class (the shuffled-species control) is drawn by seed from those that differ from
    their relatives in another part, so that it has no reason of its own to look at this one.

    Args:
        network: of `svm_network`, for the classes of the data set.
        images: records with a mask and parts; places: which of them.
        defining: the names of the parts that define a class (`MiniBirds.defining`).
        how: further arguments of `evidence.shares`.

    Returns:
        One row for each picture on which a defining part is visible: id, label, control (the
        other class), area and area_in_thing (of the part: in the picture's and in the object's
        area), part, thing, part_in_thing (shares of the map's positive energy: on the part, on the
        object, on the part of what is on the object), hit (the highest pixel lies on the part);
        these four with "control_" before it for the other class's map.

    Raises:
        CamError: no picture shows a defining part; records without masks and parts.
    """
    rng = np.random.default_rng(seed)
    parts_of = [set(defining(c)) for c in range(len(images.classes))]
    others = [[c for c, p in enumerate(parts_of) if not p & own] for own in parts_of]
    if len(places) and images[places[0]].parts is None:
        raise CamError(f"{images.name} does not know its parts; mini/birds does.")
    controls = [int(rng.choice(others[images.label(int(i))])) for i in places]

    def regions(record) -> dict[str, np.ndarray]:
        own = [m for name, m in record.parts[0].items() if name in parts_of[record.label]]
        thing = record.masks[0]
        return {"part": np.any(own, 0) & thing, "thing": thing} if own else {}

    found = shares(network, images, places, controls, regions, **how)
    if found.empty:
        raise CamError(f"None of {len(places)} pictures of {images.name} shows a defining part.")
    part, thing = (found[found["group"] == g].reset_index() for g in ("part", "thing"))
    rows = part[["id", "label", "control", "area"]].copy()
    rows["area_in_thing"] = part["area"] / thing["area"]
    for of in ("", "control_"):
        rows[f"{of}part"], rows[f"{of}thing"] = part[f"{of}energy"], thing[f"{of}energy"]
        rows[f"{of}part_in_thing"] = part[f"{of}energy"] / thing[f"{of}energy"]
        rows[f"{of}hit"] = part[f"{of}peak"]
    return rows


def looks_table(rows: pd.DataFrame, seed: int = 0) -> dict[str, Rate]:
    """Means over pictures of the rows of `part_looks`, percent, bootstrap intervals.

    The last two are paired differences on the same pictures, in points; above zero the map of the
    true class looks more at the defining part than its share of the bird, or than the other map.
    """
    told = {
        ENERGY: rows["part_in_thing"],
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
    return means(told, seed)


def by_part(rows: pd.DataFrame, defining, seed: int = 0) -> dict[str, dict[str, Rate]]:
    """{part: {"the species' own map", "another species' map", "the part's area": Rate}}.

    Percent of what lies on the bird that lies on the part; the first entry is of all parts.

    Args:
        rows, defining: of and as for `part_looks`.
    """
    parts = np.array([defining(c)[0] for c in rows["label"]])
    groups = {"any part": rows} | {part: rows[parts == part] for part in np.unique(parts)}
    columns = {
        "the species' own map": "part_in_thing",
        "another species' map": "control_part_in_thing",
        "the part's area": "area_in_thing",
    }
    return {
        part: means({label: own[column] for label, column in columns.items()}, seed)
        for part, own in groups.items()
    }


def told_as_table(told: dict[str, Rate]) -> pd.DataFrame:
    """`looks_table` to read."""
    rows = [(name, str(found), found.n) for name, found in told.items()]
    return pd.DataFrame(rows, columns=["mean over pictures", "%", "n"])
