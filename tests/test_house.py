"""House rules: stored notebooks, figures and modules are what the project promises."""

import json
import re
import shutil
import subprocess
import sys

import house
import mutants
import nbformat
import pytest
from PIL import Image

from cam_utils.book.claims import check_metrics, read_record
from cam_utils.book.notebooks import notebook_hash, notebooks
from cam_utils.errors import CamError
from cam_utils.hashes import short_hash
from cam_utils.networks.zoo.mini_weights import ELSEWHERE

NOTEBOOKS = notebooks()


@pytest.fixture(params=NOTEBOOKS, ids=lambda p: p.stem)
def stored(request):
    return request.param, nbformat.read(request.param, as_version=4)


def test_notebooks_are_executed_in_order_without_errors(stored):
    path, notebook = stored
    code = [c for c in notebook.cells if c.cell_type == "code"]
    assert [c.execution_count for c in code] == list(range(1, len(code) + 1))
    outputs = [o for c in code for o in c.outputs]
    assert not [o for o in outputs if o.output_type == "error"]
    assert path.stat().st_size < 1_500_000


def test_notebooks_were_run_after_their_last_change(stored):
    path, notebook = stored
    assert notebook.metadata["cam"]["source"] == notebook_hash(path.stem), (
        f"{path.name} was changed after it was run: make notebooks"
    )


def test_notebooks_hold_nothing_of_one_machine(stored):
    _, notebook = stored
    assert notebook.metadata["kernelspec"]["name"] == "python3"
    assert "widgets" not in notebook.metadata
    text = json.dumps([c.get("outputs", []) for c in notebook.cells])
    text = re.sub(r'"image/(png|jpeg)": "[^"]*"|base64,[A-Za-z0-9+/=]*', "", text)
    assert not re.search(r"/(home|root|Users|work|tmp)/", text)
    assert not any("injected-parameters" in c.metadata.get("tags", []) for c in notebook.cells)


def test_pictures_have_alternative_texts(stored):
    _, notebook = stored
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            for kind in data.keys() & {"image/png", "image/jpeg"}:
                assert output["metadata"][kind]["alt"]
            for tag in re.findall(r"<img [^>]*>", str(data.get("text/html", ""))):
                assert 'alt="' in tag


def test_notebooks_hold_no_machinery(stored):
    _, notebook = stored
    code = [c for c in notebook.cells if c.cell_type == "code"]
    assert sum("parameters" in c.metadata.get("tags", []) for c in code) == 1
    for cell in code:
        assert not re.search(r"^\s*(def|class) ", cell.source, re.M)
        if "parameters" not in cell.metadata.get("tags", []):
            assert len(cell.source.splitlines()) <= 40


def test_metrics_agree_with_the_reference(stored, repo):
    """Stored metrics lie within the reference's tolerances, and every one has a reference."""
    path, notebook = stored
    check_metrics(read_record(notebook)["metrics"], reference_of(repo, path.stem))


def reference_of(repo, stem):
    return json.loads(
        (repo / "tests" / "reference" / f"{stem[:2]}.json").read_text(encoding="utf-8")
    )


def test_every_tolerance_can_fail(stored, repo):
    """An error of the size that `planted` names does not pass."""
    path, notebook = stored
    metrics, reference = read_record(notebook)["metrics"], reference_of(repo, path.stem)
    for name, entry in reference.items():
        wrong = metrics | {name: entry["value"] + entry["planted"]}
        with pytest.raises(CamError):
            check_metrics(wrong, reference)


def test_every_figure_is_in_the_manifest_and_small(repo):
    folder = repo / "figures" / "mini"
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    assert {p.stem for p in folder.glob("*.png")} == set(manifest)
    assert {p.stem for p in folder.glob("*.pdf")} == set(manifest)
    for name, entry in manifest.items():
        assert (folder / f"{name}.png").stat().st_size <= 500_000
        picture = Image.open(folder / f"{name}.png")
        assert picture.width >= 600
        assert picture.mode in ("RGB", "RGBA")  # true colour
        assert entry["weights"] or "without weights" in entry["chosen"]
        assert entry["chosen"]
        assert entry["source"] == notebook_hash(entry["notebook"]), "figure older than notebook"
        assert entry["paper"].startswith(("Figure", "Table"))


def test_modules_are_short_and_speak_of_the_subject(repo):
    for path in repo.glob("cam_utils/**/*.py"):
        source = path.read_text(encoding="utf-8")
        assert len(source.splitlines()) <= 320, f"{path.name} is too long to read in one sitting"
        assert source.startswith('"""'), f"{path.name} has no docstring"


def test_arrows_point_downwards_and_there_is_no_circle(repo):
    assert house.broken_rules(repo / "cam_utils") == []


@pytest.mark.parametrize(
    ("file", "line", "told"),
    [
        ("boxes/null.py", "from ..sections.s5_units import top", "upward: boxes.null"),
        ("views.py", "from .mini import objects", "upward: views"),
        ("metrics/intervals.py", "from ..keep import Keeper", "upward: metrics.intervals"),
        ("errors.py", "from .pictures import open_rgb", "files in a circle: errors pictures"),
        ("data/truth_reader.py", "from ..features import extract", "folders in a circle: data"),
        ("networks/gap.py", "from .zoo.caffe import CAFFE_NETWORKS", "files in a circle: networks"),
    ],
)
def test_a_planted_import_is_noticed(repo, tmp_path, file, line, told):
    package = tmp_path / "cam_utils"
    shutil.copytree(repo / "cam_utils", package, ignore=shutil.ignore_patterns("*.safetensors"))
    path = package / file
    path.write_text(f"{path.read_text(encoding='utf-8')}\n{line}\n", encoding="utf-8")
    assert any(text.startswith(told) for text in house.broken_rules(package))


@pytest.mark.parametrize("name", mutants.ERRORS)
def test_every_error_can_be_planted(repo, name):
    """The script that plants them is no part of this run; what it replaces must still be there."""
    error = mutants.ERRORS[name]
    text = (repo / "cam_utils" / error.file).read_text(encoding="utf-8")
    assert text.count(error.right) == 1
    assert all((repo / "tests" / test).is_file() for test in error.tests.split())


def test_names_are_given_once(repo):
    """No two modules of one name but those of every section; no public name defined twice."""
    where = {}
    for module in house.modules(repo / "cam_utils"):
        top, name = module.split(".")[0], module.rsplit(".", 1)[-1]
        if top == "mini" or name in house.OF_EVERY_SECTION:
            continue
        where.setdefault(f"module {name}", []).append(module)
    for module, path in house.modules(repo / "cam_utils").items():
        if module.split(".")[0] == "mini" or module.endswith("studies"):
            continue
        for name in house.public_names(path):
            where.setdefault(name, []).append(module)
    assert {name: places for name, places in where.items() if len(places) > 1} == {}


def test_shipped_weights_are_small(repo):
    weights = list((repo / "cam_utils" / "mini" / "weights").glob("*.safetensors"))
    sizes = {p.stem: p.stat().st_size for p in weights}
    assert sum(sizes.pop(name, 0) for name in ELSEWHERE) <= 1_500_000
    assert sum(sizes.values()) <= 10_000_000  # the nine networks of Table 1
    assert (weights[0].parent / "googlenet-gap.safetensors").stat().st_size <= 1_500_000
    for path in weights:
        log = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
        assert {"recipe", "log", "errors", "machine", "minutes"} <= log.keys()
        assert log["weights"] == short_hash(path)


def test_import_loads_nothing_that_a_map_does_not_need(repo):
    """`import cam_utils` costs little beyond torch: tables, plots and other libraries wait."""
    asked = "import sys, torch; before = set(sys.modules); import cam_utils; "
    asked += "print(*sorted(set(sys.modules) - before))"
    done = subprocess.run(
        [sys.executable, "-c", asked], cwd=repo, capture_output=True, text=True, check=True
    )
    loaded = done.stdout.split()
    assert "cam_utils.cam" in loaded
    heavy = ("torchvision", "timm", "pandas", "matplotlib", "scipy", "sklearn", "skimage", "numba")
    heavy += ("torch._dynamo", "torch._inductor", "IPython")
    assert [m for m in loaded if m.startswith(heavy)] == []
