"""Tables of a notebook: the paper's number, the measured one, and the one on real data."""

import datetime

import pandas as pd

from ..errors import CamError
from ..keep import project_root, replacing, write_json
from ..metrics.intervals import Rate
from ..provenance import about
from ..study import stored_table
from .figures import display_png, save_figure
from .params import Params

HEAD = ["", "paper", "measured", "95 % interval", "n"]


def side_by_side(
    name: str,
    found: dict[str, Rate],
    params: Params,
    network,
    images,
    published: dict | None = None,
) -> pd.DataFrame:
    """A table to read, with real data beside it.

    In profile `paper`, with the notebook's own network and data and no limit, the rows are also
    written to `<figure_dir>/<name>.csv`, with provenance in `<name>.json`; in profile `mini` what
    that profile measured and the repository holds is shown in further columns.

    Args:
        name: file name of the table.
        found: what was measured.
        published: the paper's numbers for some of it, by the same texts.
    """
    published = published or {}
    rows = [(text, published.get(text, "-"), *_words(rate)) for text, rate in found.items()]
    table = pd.DataFrame(rows, columns=HEAD)
    if params.profile == "paper":
        if params.limit == 0 and not any(v for v in params.extra.values() if isinstance(v, str)):
            _save(name, found, published, params, network, images)
        return table
    real = stored_table(name)
    if real is None:
        return table
    found = {
        row.metric: Rate(row.measured, row.low, row.high, row.n) for row in real[0].itertuples()
    }
    columns = [_words(found.get(text)) for text in table[""]]
    label = f"real: {real[1]['network']}"
    for k, head in enumerate((label, "interval", "images")):
        table[head] = [c[k] for c in columns]
    return table


def real_rate(name: str, metric: str) -> Rate | None:
    """One number of a table measured on real data, or None where the repository holds none."""
    found = stored_table(name)
    if found is None:
        return None
    rows = found[0][found[0]["metric"] == metric]
    if rows.empty:
        known = ", ".join(found[0]["metric"])
        raise CamError(f"The table {name} has no row {metric!r}; it has {known}.")
    row = rows.iloc[0]
    return Rate(float(row["measured"]), float(row["low"]), float(row["high"]), int(row["n"]))


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
    display_png(path.read_bytes(), alt)


def _words(rate: Rate | None) -> tuple:
    if rate is None:
        return "-", "-", "-"
    return f"{rate.value:.2f}", f"{rate.low:.2f} to {rate.high:.2f}", rate.n


def _save(name, found: dict[str, Rate], published: dict, params: Params, network, images) -> None:
    folder = params.figure_dir
    folder.mkdir(parents=True, exist_ok=True)
    rows = [
        {"metric": text, "paper": published.get(text)} | rate.as_row(4)
        for text, rate in found.items()
    ]
    with replacing(folder / f"{name}.csv") as part:
        pd.DataFrame(rows).to_csv(part, index=False)
    made = {
        "n": len(images),
        "parameters": params.values(),
        "command": "make paper CAM_DATA=...",
        "notebook": params.notebook,
        "made": datetime.date.today().isoformat(),
    }
    write_json(folder / f"{name}.json", about(network, images, params.device) | made)
