"""Studies: experiments as values, and the one runner that keeps, writes and records them."""

from pathlib import Path

import pandas as pd

from .keep import replacing, write_json


def write_rows(path: Path, rows: list[dict], made: dict) -> Path:
    """Write a table as CSV, whole or not at all, and beside it how it was made, as JSON."""
    with replacing(path) as part:
        pd.DataFrame(rows).to_csv(part, index=False)
    write_json(path.with_suffix(".json"), made)
    return path
