"""The scoreboard as a page of Markdown, one for each profile."""

import re
from pathlib import Path

import pandas as pd

from ...book import published
from ...book.claims import WORDS
from ...book.figures import read_manifest
from ...book.notebooks import checkout
from ...errors import CamError
from ...writing import replacing
from .cells import Cell, cells
from .decided import undecided, verdicts

NAME = "SCOREBOARD.md"

START, END = "<!-- scoreboard: start -->", "<!-- scoreboard: end -->"

_KINDS = {"mini": ("drawn",), "paper": ("real", "arithmetic")}

_WHAT = {
    "mini": "Measured on the drawn world (profile `mini`): never the paper's own numbers.",
    "paper": "Measured on real photos (profile `paper`), as far as data and weights were here; "
    "claims marked *arithmetic* are decided with the paper's printed numbers, or counted in its "
    "networks' definitions, alone.",
}


def page(profile: str, folder: Path | None = None) -> str:
    """The whole page.

    Args:
        profile: "mini" (what was decided on drawn pictures) or "paper".
        folder: of executed notebooks; default: those stored in the repository.

    Raises:
        CamError: unknown profile. MissingData: no checkout around this installation.
    """
    board, found = cells(profile), verdicts(folder)
    own = found[found["kind"].isin(_KINDS[profile])]
    parts = [
        f"# Scoreboard, profile {profile}",
        _WHAT[profile] + " `python -m cam_utils scoreboard` writes this page; nothing in it is "
        "typed by hand. Brackets hold 95 % intervals.",
        _head(profile, board, own),
        "## Tables",
        *(_table(number, [c for c in board if c.table == number]) for number in published.CAPTIONS),
        "## Figures",
        _figures(profile),
        "## Claims",
        _claims(own, undecided(found) if profile == "mini" else []),
        "## Errors and ambiguities of the paper",
        _entries(found),
    ]
    return "\n\n".join(parts) + "\n"


def head(profile: str, folder: Path | None = None) -> str:
    """The counts at the top, as a list."""
    found = verdicts(folder)
    return _head(profile, cells(profile), found[found["kind"].isin(_KINDS[profile])])


def _head(profile: str, board: list[Cell], found: pd.DataFrame) -> str:
    drawn = [n for n in published.figures()["figure"] if _drawn(n, profile)]
    counts = ", ".join(f"{(found['verdict'] == w).sum()} {w}" for w in WORDS.values())
    measured = sum(c.measured is not None for c in board)
    lines = [
        f"- cells of Tables 1-5: {measured} of {len(board)} measured, the rest with the reason",
        f"- figures: {len(drawn)} of {len(published.figures())} drawn",
        f"- claims: {counts}",
    ]
    return "\n".join(lines if drawn or profile == "mini" else lines[::2])


def write(run: str = "mini", folder: Path | None = None) -> list[Path]:
    """Write the pages that a run of the notebooks can change; the files that were written.

    A run in profile mini: both pages, and the counts in the README; in profile paper: its page.
    """
    root = checkout()
    written = []
    for profile in _KINDS if run == "mini" else ("paper",):
        path = root / "figures" / profile / NAME
        _replace(path, page(profile, folder))
        written.append(path)
    if run != "mini":
        return written
    readme = root / "README.md"
    text = readme.read_text(encoding="utf-8")
    if START not in text or END not in text:
        raise CamError(f"{readme.name} has no lines {START} and {END} to put the counts between.")
    before, after = text.split(START)[0], text.split(END)[1]
    heads = [
        f"Profile `{p}` ([the whole page](figures/{p}/{NAME})):\n\n{head(p, folder)}\n"
        for p in _KINDS
    ]
    _replace(readme, "\n".join([before + START, *heads, END + after]))
    return [*written, readme]


def _replace(path: Path, text: str) -> None:
    with replacing(path) as part:
        part.write_text(text, encoding="utf-8")


def _grid(columns: list[str], rows: list[tuple]) -> str:
    lines = ["| " + " | ".join(columns) + " |", "|" + "---|" * len(columns)]
    lines += ["| " + " | ".join(_text(v) for v in row) + " |" for row in rows]
    return "\n".join(lines)


def _text(value) -> str:
    if value is None or (isinstance(value, float) and pd.isna(value)):
        return ""
    if value == "None":
        return ""
    if isinstance(value, float):
        value = f"{value:.4g}"
    if isinstance(value, dict):
        value = "; ".join(f"{k}: {_text(v)}" for k, v in value.items())
    if isinstance(value, list):
        value = "; ".join(_text(v) for v in value)
    return str(value).replace("|", "\\|").replace("\n", " ")


def _table(number: int, board: list[Cell]) -> str:
    """A table of the paper, the measured number right of each of its own."""
    rows, columns = (list(dict.fromkeys(getattr(c, k) for c in board)) for k in ("row", "column"))
    turned = len(columns) > len(rows)
    if turned:
        rows, columns = columns, rows
    at = {(c.column, c.row) if turned else (c.row, c.column): c for c in board}
    lines = []
    for row in rows:
        own = [at[row, column] for column in columns]
        numbers = [v for c in own for v in (f"{c.published:g}", c.measured)]
        counts = " / ".join(dict.fromkeys(f"{c.measured.n:,}" for c in own if c.measured))
        notes = "; ".join(dict.fromkeys(c.note for c in own if c.note))
        lines.append((row, *numbers, counts, notes))
    names = [v for c in columns for v in (f"paper: {c}", f"measured: {c}")]
    sources = ", ".join(dict.fromkeys(f"`{c.source}`" for c in board if c.source))
    return (
        f"### Table {number}: {published.CAPTIONS[number]}\n\n"
        + _grid(["", *names, "n", "note"], lines)
        + (f"\n\nMeasured numbers from {sources}." if sources else "")
    )


def _drawn(figure: str, profile: str) -> list[str]:
    """The files that draw a figure, as links beside the page."""
    folder = checkout() / "figures" / profile
    wanted = re.compile(rf"Figures? {figure}\b|\band {figure}\b")
    entries = read_manifest(folder)
    return [f"[{n}]({n}.png)" for n, e in sorted(entries.items()) if wanted.search(e["paper"])]


def _figures(profile: str) -> str:
    rows = []
    for line in published.figures().itertuples():
        files = ", ".join(_drawn(line.figure, profile))
        if not files and profile == "paper":
            files = (
                "not kept: pictures of data sets stay out of the repository; "
                f"`make paper` draws it from {line.needs}"
            )
        rows.append((line.figure, line.shows, files))
    return _grid(["figure", "shows", "files"], rows)


def _claims(found: pd.DataFrame, elsewhere: list[str]) -> str:
    rows = [
        (v.verdict, v.statement, v.source, v.measured, v.paper, v.on, _place(v))
        for v in found.itertuples()
    ]
    columns = ["verdict", "statement", "source", "measured", "paper", "on", "notebook [cell]"]
    text = _grid(columns, rows)
    return text + (f"\n\nNo verdict yet: {', '.join(elsewhere)}." if elsewhere else "")


def _place(verdict) -> str:
    """The notebook and its cell, as a link."""
    link = f"../../notebooks/{verdict.notebook}.ipynb"
    return f"[{verdict.notebook[:2]}]({link})" + (f" [{verdict.cell}]" if verdict.cell else "")


def _entries(found: pd.DataFrame) -> str:
    rows = []
    for line in published.entries().itertuples():
        own = found[found["claim"].isin(line.claims.split())]
        words = "; ".join(
            f"{v.claim} ({v.kind}): {v.verdict}, notebook {_place(v)}" for v in own.itertuples()
        )
        rows.append((line.entry, line.what, words or "no verdict", line.note))
    return _grid(["", "what", "verdicts", "what is done here"], rows)
