"""Notebook parameters are checked, verdicts are printed without noisy digits."""

import json

import nbformat
import pytest
import torch

from cam_utils import CamError, MissingData
from cam_utils.book import published
from cam_utils.book.claims import ARITHMETIC, Claims, Verdict, check_metrics, read_record
from cam_utils.book.params import COMMON, Params
from cam_utils.commands.runner import check_parameters
from cam_utils.metrics import Rate, all_of

GOOD = {
    "profile": "mini",
    "data_root": "",
    "device": "cpu",
    "seed": 0,
    "limit": 0,
    "figure_dir": "",
}


def given(**changes):
    return GOOD | changes


def test_good_parameters():
    p = Params(given(network="x", level=1), "01_x", network=str, level=float)
    assert (p.profile, p.seed, p.limit, p.data_root) == ("mini", 0, 0, None)
    assert p.device == torch.device("cpu")
    assert p.network == "x"
    assert p.level == 1.0
    assert p.values() == {"profile": "mini", "seed": 0, "limit": 0, "network": "x", "level": 1.0}
    with pytest.raises(AttributeError, match="no parameter 'levl'"):
        _ = p.levl


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"seed": "abc"}, "Parameter seed is 'abc' .* expected int"),
        ({"seed": True}, "Parameter seed is True"),
        ({"seed": 1.0}, "expected int"),
        ({"seed": -1}, "expected 0 or more"),
        ({"limit": "10"}, "expected int; for example -p limit 3"),
        ({"profile": "mni"}, "Unknown profile 'mni'; expected one of mini, paper"),
        ({"device": "gpu"}, "Cannot use device 'gpu'"),
        ({"device": "cuda:77"}, "Cannot use device 'cuda:77'"),
        ({"flag": "false"}, "Parameter flag is 'false' .* expected bool; for example -p flag True"),
    ],
)
def test_bad_values_are_refused(changes, message):
    own = {"flag": bool} if "flag" in changes else {}
    with pytest.raises(CamError, match=message):
        Params(given(**changes), "01_x", **own)


def test_a_parameter_that_papermill_injects_under_a_wrong_name_is_refused():
    cells = ["", "profile = 'mini'", '# Parameters\nprofil = "mini"\nseed = 3\n']
    with pytest.raises(CamError, match=r"no parameter 'profil': did you mean profile\?"):
        Params(given(In=cells), "01_x")


def test_paper_profile_needs_a_data_folder(monkeypatch, tmp_path):
    monkeypatch.delenv("CAM_DATA", raising=False)
    with pytest.raises(MissingData, match="CAM_DATA"):
        Params(given(profile="paper"), "01_x")
    monkeypatch.setenv("CAM_DATA", str(tmp_path / "nowhere"))
    with pytest.raises(MissingData, match="The environment variable CAM_DATA names"):
        Params(given(profile="paper"), "01_x")
    assert Params(given(profile="paper", data_root=str(tmp_path)), "01_x").data_root == tmp_path


def test_figure_folder(monkeypatch, tmp_path, repo):
    monkeypatch.delenv("CAM_FIGURES", raising=False)
    assert Params(given(), "01_x").figure_dir == repo / "figures" / "mini"
    monkeypatch.setenv("CAM_FIGURES", str(tmp_path))
    assert Params(given(), "01_x").figure_dir == tmp_path / "mini"
    assert Params(given(figure_dir=str(tmp_path / "a")), "01_x").figure_dir == tmp_path / "a"


@pytest.fixture(scope="module")
def notebook():
    from cam_utils.book.notebooks import notebooks

    return notebooks(["01"])[0]


def test_parameters_cells_declare_what_params_expects(notebook):
    import papermill

    declared = papermill.inspect_notebook(str(notebook))
    for name, kind in COMMON.items():
        assert declared[name]["inferred_type_name"] == kind.__name__
        assert declared[name]["help"]
    assert set(declared) == {*COMMON, "network", "images"}


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"seed": "abc"}, "Parameter seed is 'abc'"),
        ({"profil": "mini"}, "no parameter 'profil': did you mean profile"),
        ({"limit": 2.5}, "Parameter limit is 2.5"),
    ],
)
def test_the_runner_refuses_bad_parameters_before_any_work(notebook, values, message):
    with pytest.raises(CamError, match=message):
        check_parameters(notebook, values)


def test_papermill_alone_is_stopped_by_the_first_cells(notebook, tmp_path):
    """papermill only warns of an unknown name; the notebook itself refuses it."""
    import papermill

    with pytest.raises(papermill.PapermillExecutionError, match="did you mean profile"):
        papermill.execute_notebook(
            str(notebook), str(tmp_path / "out.ipynb"), {"profil": "mini"}, progress_bar=False
        )


def verdict(claim="single-pass", on="mini/objects test", holds=True, **more):
    return Verdict(claim, "one pass is counted", on, holds, **more)


def test_verdicts_say_what_they_were_decided_on(capsys):
    claims = Claims("01_x")
    claims.decide(
        verdict(measured=0.123456),
        verdict(on="ilsvrc val", holds=False, where="GoogLeNet"),
        verdict(on=ARITHMETIC, holds=None),
    )
    told = published.claim("single-pass")
    assert capsys.readouterr().out.splitlines() == [
        f"supported: {told.statement} ({told.source}; decided on mini/objects test)",
        f"not supported: {told.statement}; GoogLeNet ({told.source}; decided on ilsvrc val)",
        f"cannot be tested here: {told.statement} ({told.source}; decided on {ARITHMETIC})",
    ]
    kinds = {name: v["kind"] for name, v in claims.verdicts.items()}
    assert kinds == {
        "single-pass": "drawn",
        "single-pass-real": "real",
        "single-pass-arithmetic": "arithmetic",
    }
    assert claims.verdicts["single-pass"]["rule"] == "one pass is counted"
    with pytest.raises(CamError, match="name a variant"):
        claims.decide(verdict())
    claims.decide(verdict(variant="scenes"))
    assert "single-pass-scenes" in claims.verdicts
    with pytest.raises(CamError, match="Unknown claim"):
        claims.decide(verdict("single-past"))
    with pytest.raises(CamError, match="finite"):
        claims.record(error=float("nan"))


def test_a_run_is_compared_with_the_reference(tmp_path, monkeypatch):
    """Numbers that moved, are missing, or are new stop the notebook that measured them."""
    reference = {"error": {"value": 3.7, "tolerance": 0.1, "why": "counts"}}
    check_metrics({"error": 3.79}, reference)
    for metrics, words in (
        ({"error": 3.81}, "error is 3.81, expected 3.7 within 0.1"),
        ({}, "error was not measured"),
        ({"error": 3.7, "other": 1.0}, "other has no reference"),
    ):
        with pytest.raises(CamError, match=words):
            check_metrics(metrics, reference)
    (tmp_path / "01.json").write_text(json.dumps(reference), encoding="utf-8")
    claims = Claims("01_x")
    claims.record(error=4)
    claims.publish()
    monkeypatch.setenv("CAM_REFERENCE", str(tmp_path))
    with pytest.raises(CamError, match="not the reference's"):
        claims.publish()


def test_three_answers():
    low, high, both = Rate(-2, -3, -1, 9), Rate(2, 1, 3, 9), Rate(0.5, -1, 2, 9)
    assert [r.below(0) for r in (low, high, both)] == [True, False, None]
    assert [r.above(0) for r in (low, high, both)] == [False, True, None]
    assert [r.within(1.5) for r in (low, Rate(0, -1, 1, 9), Rate(9, 8, 10, 9))] == [
        None, True, False,
    ]  # fmt: skip
    assert [Rate(60, 56, 65, 400).agrees_with(x) for x in (60.09, 70)] == [True, False]
    assert Rate(60, 30, 90, 9).agrees_with(60.09) is None  # many numbers would fit
    nothing = Rate(float("nan"), float("nan"), float("nan"), 0)
    assert nothing.agrees_with(1) is None
    assert nothing.below(0) is None
    assert all_of([True, True]) is True
    assert all_of([True, None]) is None
    assert all_of([True, None, False]) is False
    assert all_of([]) is None


def test_published_record_is_found_again():
    content = {"notebook": "01_x", "verdicts": {}, "metrics": {"a": 1.5}}
    output = nbformat.v4.new_output(
        "display_data", {"application/vnd.cam-companion+json": content, "text/plain": ""}
    )
    cell = nbformat.v4.new_code_cell("claims.publish()", outputs=[output])
    assert read_record(nbformat.v4.new_notebook(cells=[cell])) == content
    assert read_record(nbformat.v4.new_notebook()) is None


def test_a_stored_notebook_has_nothing_that_only_its_run_knows(tmp_path):
    import nbformat

    from cam_utils.commands.runner import store

    table = '<style>#T_3fa12_row0 {}</style><table id="T_3fa12"></table>'
    outputs = [
        nbformat.v4.new_output("stream", name="stderr", text="maps:  10%|#  | 1/10"),
        nbformat.v4.new_output("display_data", {"text/html": table}),
        nbformat.v4.new_output("display_data", {"text/html": table.replace("3fa12", "00bcd")}),
    ]
    cell = nbformat.v4.new_code_cell("1", outputs=outputs, metadata={"papermill": {"duration": 1}})
    nbformat.write(nbformat.v4.new_notebook(cells=[cell]), tmp_path / "run.ipynb")
    store(tmp_path / "run.ipynb", tmp_path / "kept.ipynb")
    kept = nbformat.read(tmp_path / "kept.ipynb", as_version=4).cells[0]
    assert kept.metadata == {}
    shown = [o["data"]["text/html"] for o in kept.outputs]
    assert shown == [table.replace("3fa12", "00000"), table.replace("3fa12", "00001")]
