"""The numbered notebooks of a checkout, and the hash that tells whether one is stale."""

import json
from pathlib import Path

from ..errors import CamError, MissingData
from ..hashes import source_hash
from ..keep import project_root


def checkout() -> Path:
    """The checkout that this package runs from.

    Raises:
        MissingData: it is installed elsewhere, without notebooks and figures.
    """
    root = project_root()
    if root is None:
        raise MissingData(
            "The notebooks are not beside this installation of cam_utils; run this from a clone "
            "of the repository, installed with pip install -e ."
        )
    return root


def notebooks(only: list[str] | None = None) -> list[Path]:
    """The numbered notebooks of the checkout, or those whose name starts with one of `only`."""
    found = sorted((checkout() / "notebooks").glob("[0-9][0-9]_*.ipynb"))
    chosen = [p for p in found if not only or any(p.stem.startswith(o) for o in only)]
    if not chosen:
        names = ", ".join(p.stem for p in found)
        raise CamError(f"No notebook is called {' or '.join(only or [])}; there are: {names}.")
    return chosen


def notebook_hash(name: str) -> str | None:
    """Hash of the code of a notebook of this checkout; None where there is none."""
    root = project_root()
    path = root / "notebooks" / f"{name}.ipynb" if root else None
    if path is None or not path.exists():
        return None
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return code_hash(["".join(c["source"]) for c in cells if c["cell_type"] == "code"])


def code_hash(sources: list[str]) -> str:
    """Hash of code cells; stored with what they made, so that a stale notebook is recognised."""
    return source_hash("\0".join(sources))
