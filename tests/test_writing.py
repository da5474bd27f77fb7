"""Where results are written: checked before the work, nothing of others replaced, nothing lost."""

import json
import os
import resource
import stat
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
import torch
from command import refused, run
from PIL import Image
from safetensors.numpy import save_file

from cam_utils import CamError
from cam_utils.book.figures import read_manifest
from cam_utils.commands import evaluation, explain_command, methods_command, tables_command
from cam_utils.commands.command_line import _check_weights
from cam_utils.errors import CannotWrite
from cam_utils.keep import Keeper
from cam_utils.pictures import SHIPPED
from cam_utils.study import Ask, read_frames, stored_table, write_frames, write_rows
from cam_utils.writing import check_target, check_writable, locked, replacing, write_json

EXPLAIN = ("explain", "cat", "--network", "mini/googlenet-gap", "--classes", "1")
EVALUATE = (
    *("evaluate", "--network", "mini/googlenet-gap", "--data", "mini/objects"),
    *("--limit", "4", "--protocol", "paper"),
)


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    """An empty folder to work in, without data."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("CAM_DATA", raising=False)
    return tmp_path


@contextmanager
def files_of_at_most(size: int):
    """Writing beyond so many bytes fails, as on a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.fixture
def no_work(monkeypatch):
    """What takes long must not be begun."""

    def begun(*_, **__):
        raise AssertionError("the work was begun before its target was checked")

    monkeypatch.setattr(evaluation, "load_network", begun)
    monkeypatch.setattr(explain_command, "open_network", begun)
    monkeypatch.setattr(methods_command, "open_network", begun)
    monkeypatch.setattr("cam_utils.sections.s31_surgery.train_mini.train_mini", begun)
    monkeypatch.setattr("cam_utils.commands.tables_command.run", begun)


# --- one way to write -----------------------------------------------------------------------


def test_a_link_stays_a_link_and_permissions_stay(here):
    real, link = here / "real.json", here / "link.json"
    write_json(real, {"a": 1})
    assert stat.S_IMODE(real.stat().st_mode) == 0o644
    real.chmod(0o664)
    link.symlink_to(real)
    write_json(link, {"a": 2})
    assert link.is_symlink()
    assert json.loads(real.read_text(encoding="utf-8")) == {"a": 2}
    assert stat.S_IMODE(real.stat().st_mode) == 0o664


@pytest.mark.parametrize("target", ["/dev/null", "folder", "a\0b", "n" * 300, "no folder/x"])
def test_what_is_no_file_is_never_replaced(here, target):
    (here / "folder").mkdir()
    before = os.stat("/dev/null").st_rdev
    with pytest.raises(CannotWrite), replacing(target) as part:
        part.write_bytes(b"x")
    if "no folder" not in target:
        with pytest.raises(CannotWrite):
            check_writable(target)
    assert os.stat("/dev/null").st_rdev == before
    assert [p.name for p in here.iterdir() if p.name != "no folder"] == ["folder"]


def writers(here: Path):
    """Every kind of writer, by name."""
    big = np.random.default_rng(0).random(40_000)
    image = Image.fromarray((big[:30_000] * 255).astype(np.uint8).reshape(100, 100, 3))

    def with_torch(part):
        with part.open("wb") as file:
            torch.save(torch.from_numpy(big), file)

    import pandas as pd

    return {
        "json": lambda p: p.write_text(json.dumps(big.tolist()), encoding="utf-8"),
        "csv": lambda p: pd.DataFrame(big).to_csv(p, index=False),
        "png": lambda p: image.save(p, "png"),
        "npz": lambda p: np.savez_compressed(p.open("wb"), big),
        "safetensors": lambda p: save_file({"a": big}, p),
        "pt": with_torch,
    }


@pytest.mark.parametrize("kind", ["json", "csv", "png", "npz", "safetensors", "pt"])
def test_a_full_disk_is_said_and_keeps_what_was_there(here, kind):
    path = here / f"x.{kind}"
    path.write_bytes(b"before")
    with pytest.raises(CannotWrite, match="File too large"), files_of_at_most(4096):  # noqa: SIM117
        with replacing(path) as part:
            writers(here)[kind](part)
    assert path.read_bytes() == b"before"
    assert list(here.iterdir()) == [path]


def test_tables_and_kept_pieces_on_a_full_disk(here):
    rows = [{"a": k, "b": "x" * 50} for k in range(200)]
    made = {"versions": {"cam_utils": "1"}}
    write_rows(here / "t.csv", rows[:2], made)
    before = (here / "t.csv").read_bytes()
    keeper = Keeper.of("rows", {"a": 1}, here)
    import pandas as pd

    with files_of_at_most(4096):
        with pytest.raises(CannotWrite, match="File too large"):
            write_rows(here / "t.csv", rows, made)
        with pytest.raises(CannotWrite, match="File too large"):
            write_frames(here / "f.npz", {"a": pd.DataFrame(np.random.default_rng(0).random(3000))})
        with pytest.raises(CamError, match="goes on from the last piece"):
            keeper.put({"a": np.arange(3000.0)})
    assert (here / "t.csv").read_bytes() == before
    assert {p.name for p in here.iterdir()} == {"t.csv", "t.json"}


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to become somebody else")
def test_a_read_only_folder_as_an_ordinary_user(here):
    (here / "closed").mkdir(mode=0o555)
    pid = os.fork()
    if not pid:
        status = 1
        try:
            os.chmod(here, 0o755)
            os.setuid(65534)
            try:
                check_writable(here / "closed" / "x.csv")
            except CannotWrite as error:
                status = 0 if "Permission denied" in str(error) else 2
            except PermissionError:  # the test's own folder is closed to others
                status = 0
        finally:
            os._exit(status)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0


def test_a_name_that_is_not_utf8_is_written_as_json_escapes_it(here):
    write_json(here / "a.json", {"photo": "caf\udce9.jpg"})
    assert json.loads((here / "a.json").read_text(encoding="utf-8")) == {"photo": "caf\udce9.jpg"}


# --- every --out ----------------------------------------------------------------------------


@pytest.mark.usefixtures("no_work")
@pytest.mark.parametrize(
    "args",
    [
        (*EXPLAIN, "--out", "mine.png"),
        (*EXPLAIN, "--json", "mine.json"),
        (*EXPLAIN, "--csv", "mine.csv"),
        (*EXPLAIN, "--method", "cam", "--out", "mine.png"),
        (*EVALUATE, "--out", "mine.csv"),
        (*EVALUATE, "--summary", "mine.csv"),
        (*EVALUATE, "--out", "other.csv"),  # other.csv.json is not ours
        (*EVALUATE, "--summary", "mine2.csv"),  # mine2.json is not ours
        ("train", "--network", "mini/alexnet", "--out", "mine.safetensors"),
        ("train", "--network", "mini/alexnet", "--out", "mine2.safetensors"),
        ("tables", "--only", "table2", "--out", "."),
    ],
)
def test_what_others_wrote_is_kept(capsys, here, args):
    names = [
        "mine.png",
        "mine.json",
        "mine.csv",
        "mine.safetensors",
        "mine2.json",
        "other.csv.json",
    ]
    for name in names:
        (here / name).write_bytes(b"somebody's own work, not ours")
    assert "was not written by this program" in refused(capsys, *args)
    assert {(here / name).read_bytes() for name in names} == {b"somebody's own work, not ours"}
    assert sorted(p.name for p in here.iterdir()) == sorted(names)


@pytest.mark.usefixtures("no_work")
@pytest.mark.parametrize(
    ("args", "message"),
    [
        ((*EXPLAIN, "--json", "/dev/null"), "no ordinary file"),
        ((*EXPLAIN, "--csv", "folder"), "is a folder"),
        ((*EXPLAIN, "--csv", "a.csv", "--json", "a.csv"), "written twice"),
        ((*EXPLAIN, "--out", "/proc/x/y"), "Cannot write"),
        ((*EVALUATE, "--out", "/dev/null"), "ends in .csv"),
        ((*EVALUATE, "--out", "folder.csv"), "is a folder"),
        ((*EVALUATE, "--out", "null.csv"), "no ordinary file"),
        ((*EVALUATE, "--summary", "/proc/x/y.csv"), "Cannot write"),
        ((*EVALUATE, "--out", "a.csv", "--summary", "a.csv"), "written twice"),
        ((*EVALUATE, "--out", "x" * 300 + ".csv"), "name too long"),
        ((*EVALUATE, "--out", "a.json"), "ends in .csv"),
        (("train", "--network", "mini/alexnet", "--out", "a.json"), "ends in .safetensors"),
        (("train", "--network", "mini/alexnet", "--out", "/proc/x.safetensors"), "Cannot write"),
        (("tables", "--only", "table2", "--out", "null.csv"), "Cannot write"),
    ],
)
def test_what_cannot_be_written_is_refused_before_the_work(
    capsys, here, monkeypatch, args, message
):
    (here / "folder").mkdir()
    (here / "folder.csv").mkdir()
    (here / "null.csv").symlink_to("/dev/null")
    if args[0] == "tables":  # its runner checks
        monkeypatch.undo()
        monkeypatch.chdir(here)
    assert message in refused(capsys, *args)
    assert stat.S_ISCHR(os.stat("/dev/null").st_mode)


def test_what_we_wrote_may_be_written_again_and_force_replaces_the_rest(capsys, here):
    for args in (
        (*EXPLAIN, "--out", "a.png", "--json", "a.json", "--csv", "a.csv"),
        (*EXPLAIN, "--method", "cam", "--out", "b.png"),
        (*EVALUATE, "--out", "rows.csv", "--summary", "sum.csv"),
    ):
        assert run(capsys, *args)[0] == 0
        assert run(capsys, *args)[0] == 0
    assert {stat.S_IMODE(p.stat().st_mode) for p in here.iterdir()} == {0o644}
    for name in ("a.png", "rows.csv", "sum.csv", "sum.json"):
        (here / name).write_bytes(b"mine")
    assert run(capsys, *EXPLAIN, "--out", "a.png", "--force")[0] == 0
    assert Image.open(here / "a.png").format == "PNG"
    again = (*EVALUATE, "--out", "rows.csv", "--summary", "sum.csv")
    assert "was not written by this program" in refused(capsys, *again)
    assert run(capsys, *again, "--force")[0] == 0
    assert (here / "rows.csv").read_bytes().startswith(evaluation.ROWS)


def test_trained_weights_are_known_by_their_record(here):
    from cam_utils.hashes import short_hash

    weights = here / "net.safetensors"
    save_file({"a": np.zeros(3)}, weights)
    with pytest.raises(CamError, match="was not written by this program"):
        _check_weights(weights, False)
    _check_weights(weights, True)
    made = {"weights": short_hash(weights), "versions": {"cam_utils": "1"}}
    write_json(here / "net.json", made)
    _check_weights(weights, False)


@pytest.mark.usefixtures("no_work")
def test_a_read_only_package_is_said_before_a_mini_network_is_trained(capsys, monkeypatch):
    monkeypatch.setattr("cam_utils.networks.zoo.mini_weights.WEIGHTS", Path("/proc/x"))
    assert "Cannot write" in refused(capsys, "train", "--network", "mini/alexnet")


def test_a_folder_of_our_own_tables_is_taken(here, monkeypatch):
    monkeypatch.setattr(tables_command, "run", lambda study, ask, out: [study.name])
    write_rows(here / "table2.csv", [{"a": 1}], {"versions": {"cam_utils": "1"}})
    assert tables_command.run_studies(["table2"], Ask(), here) == ["table2"]
    (here / "holiday.csv").write_text("a\n1\n", encoding="utf-8")
    with pytest.raises(CamError, match="holiday"):
        tables_command.run_studies(["table2"], Ask(), here)
    assert tables_command.run_studies(["table2"], Ask(), here, force=True) == ["table2"]


def test_parts_of_others_stay(here):
    keeper = Keeper(here / "rows.csv", {"a": 1})
    keeper.put({"k": np.zeros(2)}, part="00000")
    (here / "rows.csv.parts" / "notes.txt").write_text("mine", encoding="utf-8")
    (here / "rows.csv.done").mkdir()
    (here / "rows.csv.done" / "more.txt").write_text("mine", encoding="utf-8")
    keeper.drop_parts()
    assert keeper.parts() == []
    assert sorted(p.name for p in here.rglob("*.txt")) == ["more.txt", "notes.txt"]


# --- several at once --------------------------------------------------------------------------


def test_processes_that_change_one_file_lose_nothing(here):
    def add(names):
        for name in names:
            with locked(here):
                write_json(here / "manifest.json", read_manifest(here) | {name: {}})

    children = []
    for k in range(3):
        if not (pid := os.fork()):
            add([f"{k}-{n}" for n in range(15)])
            os._exit(0)
        children.append(pid)
    assert [os.waitpid(pid, 0)[1] for pid in children] == [0, 0, 0]
    assert len(read_manifest(here)) == 45


@pytest.mark.parametrize("name", ["t.csv", "t.json", "f.npz"])
def test_a_damaged_stored_table_is_said(here, monkeypatch, name):
    monkeypatch.setattr("cam_utils.study.project_root", lambda: here)
    folder = here / "figures" / "mini"
    write_rows(folder / "t.csv", [{"a": 1}], {"n": 1})
    write_frames(folder / "f.npz", {"k": stored_table("t", "mini")[0]})
    assert read_frames(folder / "f.npz")["k"]["a"].tolist() == [1]
    content = (folder / name).read_bytes()
    for spoiled in (b"", content[: len(content) // 2] if name != "t.csv" else b'"'):
        (folder / name).write_bytes(spoiled)
        with pytest.raises(CamError, match=f"{name} is damaged"):
            read_frames(folder / "f.npz") if name == "f.npz" else stored_table("t", "mini")


def test_a_damaged_manifest_is_said(here):
    (here / "manifest.json").write_text('{"a": ', encoding="utf-8")
    with pytest.raises(CamError, match=r"manifest\.json is damaged"):
        read_manifest(here)


# --- other places and alphabets --------------------------------------------------------------


def test_without_a_checkout_and_in_ascii(here, repo):
    """As installed from a wheel, under the C locale without UTF-8 mode."""
    code = (
        "import cam_utils.keep as keep; keep.project_root = lambda: None;"
        "import cam_utils.book.notebooks as n; n.project_root = keep.project_root;"
        "import sys; from cam_utils.__main__ import main; sys.exit(main(sys.argv[1:]))"
    )
    paths = os.pathsep.join([str(repo), *filter(None, sys.path)])
    environment = {"PYTHONPATH": paths, "LC_ALL": "C", "PYTHONCOERCECLOCALE": "0"}
    environment |= {"PYTHONUTF8": "0", "PATH": os.environ["PATH"], "HOME": str(here)}

    def said(*args):
        command = [sys.executable, "-c", code, *args]
        done = subprocess.run(command, env=environment, capture_output=True, check=False)
        return done.returncode, done.stderr.decode("ascii")

    status, text = said("scoreboard")
    assert status == 2
    assert "not beside this installation" in text
    photo = os.path.join(os.fsencode(here), b"caf\xe9.png")
    with open(photo, "wb") as file:
        file.write(SHIPPED["coffee"].path.read_bytes())
    status, text = said(*EXPLAIN[:1], os.fsdecode(photo), *EXPLAIN[2:], "--json", "a.json")
    assert (status, "Traceback" in text) == (0, False)
    told = json.loads((here / "a.json").read_text(encoding="utf-8"))["photos"][0]["photo"]
    assert os.fsencode(told) == photo


def test_check_target_needs_its_folder(here):
    with pytest.raises(CamError, match="create it first"):
        check_target(here / "no" / "x.png")
