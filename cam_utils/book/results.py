"""Tables of a notebook: the paper's number, the measured one, and the one on real data."""

import html

import pandas as pd
from IPython.display import HTML

from ..keep import project_root
from ..metrics.intervals import Rate
from ..study import stored_table
from .figures import display_picture, save_figure
from .params import Params

HEAD = ["", "paper", "measured", "95 % interval", "n"]


def side_by_side(name: str, found: dict[str, Rate]) -> pd.DataFrame:
    """A table to read: what was measured beside the paper's number, if it gives one.

    Where the repository holds the table `name` of real data, it is shown in further columns.

    Args:
        found: {metric of that table: what was measured}.
    """
    rows, made = stored_table(name) or (pd.DataFrame(columns=["metric", "paper"]), {})
    real = {row.metric: Rate(row.measured, row.low, row.high, row.n) for row in rows.itertuples()}
    told = rows.set_index("metric")["paper"].dropna()
    lines = [(text, told.get(text, "-"), *_words(rate)) for text, rate in found.items()]
    table = pd.DataFrame(lines, columns=HEAD)
    if made:
        head = [f"real: {made['network']}", "interval", "images"]
        table[head] = [_words(real.get(text)) for text in found]
    return table


def folded(title: str, table: pd.DataFrame) -> HTML:
    """A wide table behind a title that opens it; works wherever HTML is shown."""
    rows = table.to_html(index=False, na_rep="", border=0, float_format="{:.2f}".format)
    return HTML(f"<details><summary>{html.escape(title)}</summary>{rows}</details>")


def localization_table(rows: dict[str, dict[str, Rate]]) -> pd.DataFrame:
    """{row: {"top1", "top5", "gt_known": Rate}} as a table to read, localization errors in %."""
    lines = [(n, *(f"{e[k]}" for k in ("top1", "top5", "gt_known"))) for n, e in rows.items()]
    head = ["localization error, %", "top-1", "top-5", "class given"]
    return pd.DataFrame(lines, columns=head)


def origin(name: str, profile: str = "paper") -> str:
    """Where a stored table comes from, in one line."""
    found = stored_table(name, profile)
    kind = "real" if profile == "paper" else profile
    if found is None:
        return f"no table {name} of {kind} data in this checkout"
    made = found[1]
    weights = made["weights"]
    weights = f" ({weights})" if isinstance(weights, str) else ""
    return (
        f"{kind}: {made['command']}\n"
        f"      {made['network']}{weights}, {made['images']} {made['split']}, "
        f"{made['n']} images, {made['device']}, {made['made']}"
    )


def picture(name: str, params: Params, network, draw, alt: str, **more) -> None:
    """A figure of real photos that may be shown: drawn in profile `paper`, else as stored.

    Args:
        draw: makes the figure. more: further arguments of `save_figure`.
    """
    if params.profile == "paper":
        save_figure(draw(), name, params, network=network, alt=alt, **more)
        return
    root = project_root()
    path = root / "figures" / "paper" / f"{name}.png" if root else None
    if path is None or not path.exists():
        print(f"The picture {name} of profile paper is not in this checkout.")
        return
    display_picture(path.read_bytes(), alt)


def _words(rate: Rate | None) -> tuple:
    if rate is None:
        return "-", "-", "-"
    return f"{rate.value:.2f}", f"{rate.low:.2f} to {rate.high:.2f}", rate.n
