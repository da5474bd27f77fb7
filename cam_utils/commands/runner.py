"""Runs the notebooks with papermill: parameters checked first, one line for each."""

import logging
import os
import re
import sys
import time
from pathlib import Path

import nbformat

from ..book.claims import WORDS, read_record
from ..book.notebooks import code_hash, notebooks
from ..book.params import COMMON, check_profile, data_folder, refuse_unknown, typed
from ..errors import MissingData
from ..keep import project_root
from ..writing import check_writable, replacing
from .scoreboard.page import write

KINDS = {"str": str, "int": int, "float": float, "bool": bool}


def check_parameters(path: Path, given: dict) -> dict:
    """The given values in the types that the notebook declares.

    Raises:
        CamError: an unknown name or a value of another type.
    """
    import papermill

    declared = papermill.inspect_notebook(str(path))
    kinds = {n: KINDS.get(p["inferred_type_name"], COMMON.get(n, str)) for n, p in declared.items()}
    refuse_unknown(list(given), list(kinds))
    return {name: typed(name, value, kinds[name]) for name, value in given.items()}


def run_notebook(path: Path, given: dict, output: Path, timeout: int = 7200) -> dict:
    """Execute one notebook; its outcome: name, seconds, verdict counts, error (or None)."""
    import papermill
    from nbclient.exceptions import CellTimeoutError, DeadKernelError

    output.parent.mkdir(parents=True, exist_ok=True)
    logging.getLogger("papermill").setLevel(logging.ERROR)
    os.environ.setdefault("PYDEVD_DISABLE_FILE_VALIDATION", "1")
    # kernels import the checkout that they are started from, whatever else is installed
    here = [str(path.parents[1]), *filter(None, [os.environ.get("PYTHONPATH")])]
    os.environ["PYTHONPATH"] = os.pathsep.join(dict.fromkeys(here))
    start = time.perf_counter()
    error = None
    try:
        papermill.execute_notebook(
            str(path), str(output), given, kernel_name="python3", cwd=str(path.parent),
            progress_bar=sys.stderr.isatty(), execution_timeout=timeout,
            extra_arguments=["--IPKernelApp.log_level=40"],  # no warning about local sockets
        )  # fmt: skip
    except papermill.PapermillExecutionError as failure:
        error = f"{failure.ename}: {failure.evalue}"
    except (DeadKernelError, CellTimeoutError) as failure:
        error = f"{type(failure).__name__}: {failure}"
    record = read_record(nbformat.read(output, as_version=4)) or {"verdicts": {}}
    verdicts = [v["verdict"] for v in record["verdicts"].values()]
    return {
        "notebook": path.stem,
        "seconds": time.perf_counter() - start,
        "verdicts": {word: verdicts.count(word) for word in WORDS.values()},
        "error": error,
    }


def executed(profile: str) -> Path:
    """The folder of the notebooks as `run_all` last executed them."""
    return project_root() / ".build" / "notebooks" / profile


def run_all(profile: str, given: dict, only: list[str] | None, in_place: bool = False) -> int:
    """Run the notebooks and write the scoreboard; one line for each.

    A notebook that fails keeps neither the others nor the scoreboard from being written. One
    whose data or networks are not here is left out, with the reason, and is no failure.

    Returns:
        1 if one failed, else 0.
    """
    paths = notebooks(only)
    check_profile(profile)
    data_folder(profile, given.get("data_root", ""))
    given = {"profile": profile} | given if profile != "mini" or not in_place else given
    checked = {path: check_parameters(path, given) for path in paths}  # before any long work
    build = executed(profile)
    check_writable(build / paths[0].name)
    failed = 0
    for path, values in checked.items():
        outcome = run_notebook(path, values, build / path.name)
        counts = ", ".join(f"{n} {word}" for word, n in outcome["verdicts"].items() if n)
        left_out = (outcome["error"] or "").startswith(f"{MissingData.__name__}: ")
        state = "left out" if left_out else "failed" if outcome["error"] else "ok"
        print(
            f"{outcome['notebook']:34s} {outcome['seconds']:7.1f} s  {state}  {counts}", flush=True
        )
        if left_out:
            print(f"    {outcome['error'].partition(': ')[2]}", flush=True)
        elif outcome["error"]:
            failed += 1
            print(f"    {outcome['error']}\n    see {build / path.name}", flush=True)
        elif in_place:
            store(build / path.name, path)
    if not only and "limit" not in given:
        for path in write(profile, build):
            print(f"wrote {path}")
    if failed:
        print(f"{failed} of {len(paths)} notebooks failed")
    return int(failed > 0)


def _progress_bar(output) -> bool:
    """A finished progress bar: of no use to a reader."""
    text = output.get("text", "") or str(output.get("data", {}).get("text/plain", ""))
    return bool(re.match(r"[^\n]{0,60}?\d+%\|", text.lstrip()))


def _name_tables(notebook) -> None:
    """Number the tables' ids, which pandas draws anew in every run."""
    shown = [o["data"] for c in notebook.cells for o in c.get("outputs", []) if "data" in o]
    tables = [data for data in shown if "text/html" in data]
    for number, data in enumerate(tables):
        data["text/html"] = re.sub(r"\bT_[0-9a-f]{5}", f"T_{number:05d}", data["text/html"])


def _code(notebook) -> list[str]:
    return [c.source for c in notebook.cells if c.cell_type == "code"]


def store(executed: Path, target: Path) -> None:
    """Put an executed notebook into the repository, without what only this run knows."""
    notebook = nbformat.read(executed, as_version=4)
    for cell in notebook.cells:
        for key in ("papermill", "execution"):
            cell.metadata.pop(key, None)
        if cell.metadata.get("tags") == []:
            del cell.metadata["tags"]
        if "outputs" in cell:
            cell.outputs = [o for o in cell.outputs if not _progress_bar(o)]
            for output in cell.outputs:
                if "text" in output:  # a warning names the kernel's file of the cell
                    output.text = re.sub(r"\S*/ipykernel_\d+/\d+\.py:\d+: ", "", output.text)
    _name_tables(notebook)
    notebook.metadata = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
        "cam": {"source": code_hash(_code(notebook))},
    }
    with replacing(target) as part:
        nbformat.write(notebook, part)
