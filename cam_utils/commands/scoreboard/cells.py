"""Every cell of Tables 1 to 5: the paper's number, the measured one, or why there is none."""

from dataclasses import dataclass, replace

import pandas as pd

from ...book import published as paper
from ...errors import CamError
from ...metrics.intervals import Rate, by_seed, pick
from ...networks.zoo.mini_weights import WEIGHTS
from ...sections.s4_transfer import tables as table5
from ...sections.s31_surgery import mini_results
from ...sections.s31_surgery import tables as table1
from ...sections.s32_localization import tables as table2
from ...sections.s41_birds import tables as table4
from ...study import stored_table

NO_WEIGHTS = "no weights of this network were published"

NOT_HERE = "not run: its weights or data were not here (make doctor says what is missing)"

CITED = "a result that the paper cites, of a method that is no part of it"

NOT_DRAWN = "this data set has no drawn counterpart"

COUNTERPARTS = {  # the drawn set of the same kind
    "Scene15": "mini/scenes",
    "Caltech256": "mini/sketches",
    "Action40": "mini/actions",
}

SERVER = "the test server's labels are not public"


@dataclass(frozen=True)
class Cell:
    """One number of the paper.

    Attributes:
        table: 1 to 5. row, column: as the paper names them.
        published: the paper's number.
        measured: in the same unit, or None.
        source: the file that holds it, from the top of the repository.
        note: how the measured one differs from the paper's, or why there is none.
    """

    table: int
    row: str
    column: str
    published: float
    measured: Rate | None
    source: str
    note: str


def cells(profile: str) -> list[Cell]:
    """All cells of the five tables, in the paper's order.

    Raises:
        CamError: unknown profile.
    """
    if profile not in ("mini", "paper"):
        raise CamError(f"The profile is {profile!r}; expected mini or paper.")
    return [cell for number, make in _TABLES.items() for cell in make(number, profile)]


def _printed(number: int):
    """(row, column, published) of a table, cell by cell; rows of one name are told apart."""
    frame = paper.table(number)
    texts = ("supervision", "annotation")
    for _, line in frame.iterrows():
        name = line.iloc[0]
        if (frame.iloc[:, 0] == name).sum() > 1:
            name = f"{name}, {line.iloc[1]}"
        for column in frame.columns[1:]:
            if column not in texts:
                yield name, column, float(line[column])


def _stored(name: str, profile: str) -> tuple[pd.DataFrame, str]:
    found = stored_table(name, profile)
    source = f"figures/{profile}/{name}.csv"
    return (pd.DataFrame(), source) if found is None else (found[0], source)


def _rate(rows: pd.DataFrame) -> Rate | None:
    if rows.empty:
        return None
    row = rows.iloc[0]
    return Rate(float(row["measured"]), float(row["low"]), float(row["high"]), int(row["n"]))


def _cell(number, row, column, printed, found, source, network, note="") -> Cell:
    """A measured cell, or one with the reason why its `network` (None: none exists) has none."""
    if found is None:
        return Cell(number, row, column, printed, None, "", NOT_HERE if network else NO_WEIGHTS)
    return Cell(number, row, column, printed, found, source, note)


def _table1(number: int, profile: str):
    if profile == "mini":
        frame = mini_results.results()
        frame = frame[(frame["seed"] == 0) & (frame["split"] == "test")]
        frame["network"] = "mini/" + frame["network"]
        source = f"cam_utils/mini/{WEIGHTS.name}/results.csv"
    else:
        frame, source = _stored("table2", profile)
        names = {f"top-{k} classification error, %": f"top{k}" for k in (1, 5)}
        frame = frame[frame["protocol"] == "PAPER"].replace({"metric": names})
    for row, column, printed in _printed(number):
        networks = table1.NETWORKS[row]
        rows = frame[(frame["network"] == networks[profile]) & (frame["metric"] == column)]
        yield _cell(number, row, column, printed, _rate(rows), source, networks[profile])


def _table2(number: int, profile: str):
    frame, source = _stored("table2", profile)
    made = stored_table("table2", profile)
    chosen = made[1].get("backprop's rule, chosen") if made else None
    for row, column, printed in _printed(number):
        method, networks = table2.ROWS[row]
        protocol = "PAPER" if method == table2.CAM else chosen
        own = frame[(frame["row"] == row) & (frame["metric"] == table2.METRICS[column])]
        found = _rate(own[own["protocol"] == protocol])
        note = "" if method == table2.CAM else protocol
        cell = _cell(number, row, column, printed, found, source, networks[profile], note)
        yield replace(cell, note=cell.note + _of_heads(row, column, profile))


def _of_heads(row: str, column: str, profile: str) -> str:
    """What stands in for the networks whose weights are not here: new layers on GoogLeNet."""
    rows, source = _stored("poolings", profile)
    if profile == "mini" or rows.empty:
        return ""
    own = rows[(rows["row"] == row) & (rows["metric"] == table2.METRICS[column])]
    if len(own) < 2:
        return ""
    found = by_seed(own)
    return f"; new layers on GoogLeNet, ten classes of photos, {found.n} seeds: {found} ({source})"


def _table3(number: int, profile: str):
    frame, source = _stored("table3", profile)
    guesses = {
        "GoogLeNet-GAP (heuristics)": "five boxes on three classes",
        "GoogLeNet-GAP": "one box on each of five classes",
    }
    for row, column, printed in _printed(number):
        own = frame[frame["guesses"] == guesses[row]] if row in guesses else frame[:0]
        found = _rate(own[own["chosen on"].str.startswith("not chosen")])
        if row == "Backprop" and profile == "paper":
            yield _simonyan(number, row, column, printed)
            continue
        on = "mini/googlenet-gap" if profile == "mini" else "GoogLeNet"
        note = f"{SERVER}: {on} on validation pictures" if found else f"cited result; {SERVER}"
        yield Cell(number, row, column, printed, found, source if found else "", note)


def _simonyan(number: int, row: str, column: str, printed: float) -> Cell:
    """The cited "Backprop" is the gradient with GraphCut, which Table 2 has on GoogLeNet."""
    rows, source = _stored("cross", "paper")
    own = pick(rows, saliency="gradient", boxes="GraphCut", metric=table2.METRICS["top5"])
    note = f"the cited method, gradient and GraphCut, on GoogLeNet and validation photos; {SERVER}"
    return Cell(number, row, column, printed, _rate(own), source, note)


def _table4(number: int, profile: str):
    frame, source = _stored("table4", profile)
    part = stored_table("table4", profile)[1].get("classes", "") if len(frame) else ""
    for row, column, printed in _printed(number):
        if row not in table4.ROWS:
            yield Cell(number, row, column, printed, None, "", CITED)
            continue
        own = pick(frame, step=table4.ROWS[row], setup="paper") if len(frame) else frame
        note = part if profile == "paper" else "on mini/birds"
        yield _cell(number, row, column, printed, _rate(own), source, row, note)


def _table5(number: int, profile: str):
    frame, source = _stored("table5", profile)
    for row, column, printed in _printed(number):
        data = column if profile == "paper" else COUNTERPARTS.get(column)
        if data is None:
            yield Cell(number, row, column, printed, None, "", NOT_DRAWN)
            continue
        own = frame[(frame["data"] == data) & (frame["feature"] == row)] if len(frame) else frame
        own = own.sort_values("split", ascending=False) if len(own) else own  # random splits first
        note = "" if profile == "paper" else f"on {data}"
        network = table5.FEATURES[row][1][profile]
        cell = _cell(number, row, column, printed, _rate(own), source, network, note)
        if (row, column) == table5.DOUBTFUL:
            doubt = "the paper's number is doubtful: see its list of errors below"
            cell = replace(cell, note="; ".join(filter(None, (cell.note, doubt))))
        yield cell


_TABLES = {1: _table1, 2: _table2, 3: _table3, 4: _table4, 5: _table5}
