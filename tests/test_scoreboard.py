"""The scoreboard: nothing of the paper is left out, every number has its place, and it is fresh."""

import re

import nbformat
import pytest

from cam_utils.book import published
from cam_utils.book.claims import ARITHMETIC, RECORD, WORDS, Verdict, line_of
from cam_utils.commands.scoreboard import cells as cells_module
from cam_utils.commands.scoreboard import decided as verdicts_module
from cam_utils.commands.scoreboard import page as page_module
from cam_utils.commands.scoreboard.cells import cells
from cam_utils.errors import CamError
from cam_utils.study import stored_table

PROFILES = ("mini", "paper")


@pytest.mark.parametrize("profile", PROFILES)
def test_every_cell_of_every_table_is_measured_or_has_the_reason(profile):
    found = cells(profile)
    for number in published.CAPTIONS:
        frame = published.table(number)
        numbers = frame.iloc[:, 1:].drop(columns=["supervision", "annotation"], errors="ignore")
        own = [c for c in found if c.table == number]
        assert len(own) == numbers.size
        assert sorted(c.published for c in own) == sorted(numbers.to_numpy().ravel().tolist())
    for cell in found:
        if cell.measured is None:
            assert len(cell.note) > 10
        else:
            assert cell.source
            assert cell.measured.low <= cell.measured.value <= cell.measured.high
            assert cell.measured.n > 0


def test_cells_hold_the_stored_numbers():
    stored, _ = stored_table("table2", "mini")
    row = stored[(stored["row"] == "NIN") & (stored["metric"] == "top-1 localization error, %")]
    cell = next(c for c in cells("mini") if (c.table, c.row, c.column) == (2, "NIN", "top1"))
    assert cell.measured.value == float(row["measured"].iloc[0])
    assert cell.published == 65.47


def test_unknown_profile():
    with pytest.raises(CamError, match="expected mini or paper"):
        cells("real")


@pytest.mark.parametrize("profile", PROFILES)
def test_page_has_all_figures_and_entries(profile):
    text = page_module.page(profile)
    for n in range(1, 14):
        assert re.search(rf"^\| {n} \| \w", text, re.M)
    for n in range(1, 26):
        line = re.search(rf"^\| E{n} \|.*$", text, re.M).group()
        verdict, note = line.split(" | ")[2:4]
        assert verdict.strip() != "no verdict" or len(note.strip()) > 10, line


def test_every_claim_has_a_verdict_and_a_cell():
    found = verdicts_module.verdicts()
    assert verdicts_module.undecided(found) == []
    assert set(found["verdict"]) <= set(WORDS.values())
    assert (found["cell"] != "").all(), found[found["cell"] == ""]
    named = {name for line in published.entries()["claims"] for name in line.split()}
    assert named <= set(found["claim"])


def test_stored_pages_are_those_that_the_stored_notebooks_give(repo):
    """Digits aside, which another machine may turn."""
    for profile in PROFILES:
        stored = (repo / "figures" / profile / page_module.NAME).read_text(encoding="utf-8")
        assert _words(stored) == _words(page_module.page(profile)), "python -m cam_utils scoreboard"
    readme = (repo / "README.md").read_text(encoding="utf-8")
    for profile in PROFILES:
        assert _words(page_module.head(profile)) in _words(readme)


def _words(text: str) -> str:
    return re.sub(r"-?\d[\d.,e-]*", "#", text)


def _notebook(folder, name, record, printed):
    output = nbformat.v4.new_output("stream", text=printed)
    shown = nbformat.v4.new_output("display_data", {RECORD: record, "text/plain": ""})
    cells = [
        nbformat.v4.new_code_cell("1", execution_count=7, outputs=[output]),
        nbformat.v4.new_code_cell("2", execution_count=8, outputs=[shown]),
    ]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), folder / name)


def test_verdicts_are_shown_where_they_were_decided(tmp_path, monkeypatch):
    """On drawn pictures, on real ones, by arithmetic: as each verdict says."""
    decided = [
        Verdict("single-pass", "r", "mini/objects test", True, measured=1.0),
        Verdict("single-pass", "r", "ilsvrc val", False, where="on photos"),
        Verdict("googlenet-table1-top1", "r", "ilsvrc val", None),
        Verdict("small-drop-top1", "r", ARITHMETIC, False),
    ]
    record = {"notebook": "01_x", "verdicts": {v.name: v.record() for v in decided}, "metrics": {}}
    printed = "".join(f"{line_of(v.record())}\n" for v in decided[:2])
    _notebook(tmp_path, "01_x.ipynb", record, printed)
    monkeypatch.setattr(verdicts_module, "notebooks", lambda: [tmp_path / "01_x.ipynb"])
    found = verdicts_module.verdicts()
    assert sorted(found[["claim", "kind", "cell"]].to_numpy().tolist()) == [
        ["googlenet-table1-top1", "real", ""],
        ["single-pass", "drawn", "7"],
        ["single-pass", "real", "7"],
        ["small-drop-top1", "arithmetic", ""],
    ]
    assert verdicts_module.verdicts(folder=tmp_path / "none").empty
    claims = {p: page_module.page(p).split("## Claims")[1] for p in PROFILES}
    told = published.claim("single-pass").statement
    assert f"supported | {told} |" in claims["mini"]
    assert "on photos" not in claims["mini"]
    assert f"not supported | {told}; on photos |" in claims["paper"]
    assert f"| supported | {told} |" not in claims["paper"]


def test_write_keeps_the_rest_of_the_readme(tmp_path, monkeypatch):
    for profile in PROFILES:
        (tmp_path / "figures" / profile).mkdir(parents=True)
    marks = f"{page_module.START}\nold\n{page_module.END}"
    (tmp_path / "README.md").write_text(f"before\n{marks}\nend\n", encoding="utf-8")
    monkeypatch.setattr(page_module, "checkout", lambda: tmp_path)
    written = page_module.write()
    assert [p.name for p in written] == ["SCOREBOARD.md", "SCOREBOARD.md", "README.md"]
    text = (tmp_path / "README.md").read_text(encoding="utf-8")
    assert text.startswith("before\n")
    assert text.endswith(f"{page_module.END}\nend\n")
    assert "old" not in text
    assert page_module.head("mini") in text
    page_module.write()
    assert (tmp_path / "README.md").read_text(encoding="utf-8") == text
    assert [p.parent.name for p in page_module.write("paper")] == ["paper"]
    (tmp_path / "README.md").write_text("no marks", encoding="utf-8")
    with pytest.raises(CamError, match="no lines"):
        page_module.write()


def test_figures_are_found_in_the_manifest(tmp_path, monkeypatch):
    folder = tmp_path / "figures" / "mini"
    folder.mkdir(parents=True)
    (folder / "manifest.json").write_text(
        '{"fig01_a": {"paper": "Figure 1"}, "fig10_b": {"paper": "Figure 10, ranks"},'
        ' "fig08_c": {"paper": "Figures 1 and 8"}, "table1_d": {"paper": "Table 1"}}',
        encoding="utf-8",
    )
    monkeypatch.setattr(page_module, "checkout", lambda: tmp_path)
    assert page_module._drawn("1", "mini") == ["[fig01_a](fig01_a.png)", "[fig08_c](fig08_c.png)"]
    assert page_module._drawn("8", "mini") == ["[fig08_c](fig08_c.png)"]
    assert page_module._drawn("10", "mini") == ["[fig10_b](fig10_b.png)"]
    assert page_module._drawn("2", "mini") == page_module._drawn("1", "paper") == []


def test_reasons_are_told_apart():
    by_row = {c.row: c.note for c in cells("paper") if c.table == 1 and c.measured is None}
    assert by_row["AlexNet-GAP"] == cells_module.NO_WEIGHTS
    assert by_row["VGGnet"] == cells_module.NOT_HERE
