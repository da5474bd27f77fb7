"""The heavy runs behind Tables 2 to 5 and the ablation: evaluated, kept, summarised.

python -m cam_utils tables --profile mini
python -m cam_utils tables --profile paper --root $CAM_DATA

Every table of `evaluate` is kept under .build/tables and resumed; the numbers go to
figures/<profile>/table2.csv, table2_differences.csv, ablation.csv, ... with provenance.
"""

import datetime
from pathlib import Path

import pandas as pd

from ..boxes.truth import Truth
from ..data import Subset, open_images
from ..data.truth import read_truth
from ..errors import MissingData
from ..evaluate import evaluate, evaluate_all
from ..keep import project_root
from ..metrics import baselines
from ..metrics.intervals import mean_interval
from ..metrics.localization import misses
from ..networks import load_network
from ..provenance import about
from ..sections.s4_transfer import studies as table5_run
from ..sections.s5_units import studies as units_run
from ..sections.s31_surgery.heads import load_head, load_uncut
from ..sections.s31_surgery.train_mini import SEEDS, load_seed
from ..sections.s32_localization import tables as table2
from ..sections.s32_localization import variants
from ..sections.s41_birds import studies as table4_run
from ..study import write_rows

KEPT = Path(".build") / "tables"

DATA = {"mini": ("mini/objects", "test"), "paper": ("ilsvrc", "val")}

STUDIES = ("table2", "ablation", "poolings", "table4", "table5", "units")

ABLATED = {"mini": "GoogLeNet-GAP", "paper": "GoogLeNet"}

TRIED = 360  # pictures of val on which backprop's rule is chosen


def run(profile: str, root, studies=STUDIES, device="cpu", limit: int = 0, out=None) -> list[Path]:
    """Run the studies of a profile; returns the files written.

    Args:
        studies: of STUDIES. limit: at most this many images, for a trial; 0: all.
        out: folder; default: figures/<profile> of the checkout.
    """
    out = Path(out) if out else (project_root() or Path()) / "figures" / profile
    out.mkdir(parents=True, exist_ok=True)
    made = []
    for study in studies:
        made += _STUDY[study](profile, root, device, limit, out)
    return made


def _images(profile: str, root, limit: int, split: str | None = None):
    name, usual = DATA[profile]
    return _first(open_images(name, split or usual, root), limit)


def _first(images, limit: int):
    return Subset(images, range(limit)) if 0 < limit < len(images) else images


def _table2(profile, root, device, limit, out) -> list[Path]:
    images = _images(profile, root, limit)
    truth = read_truth(images, progress=False)
    rows, tables, nets, missing = [], {}, {}, {}
    for row, (_, names) in table2.ROWS.items():
        try:
            if names[profile] is None:
                raise MissingData("no weights exist")
            nets[row] = load_network(names[profile], root)
        except MissingData as error:
            missing[row] = str(error).replace(str(root), "<folder>")
    rule = _backprop_rule(nets, profile, device, limit)
    rules = (rule,) if profile == "mini" else tuple(table2.BACKPROP_RULES)
    for row, network in nets.items():
        for name, protocol in table2.protocols_of(row, rules).items():
            table = _evaluated(network, images, protocol, profile, device)
            rows += table2.table_rows(row, name, network.name, table, _blacklist(images))
            tables[row, name] = table
    reported = {row: t for (row, name), t in tables.items() if name in ("PAPER", rule)}
    best = baselines.best_centre_box(*_centre_truths(profile, truth, limit))
    base = "GoogLeNet"
    rows += table2.null_rows(truth, best.fraction, best.chosen_on, reported[base], nets[base].name)
    centre = baselines.hits(baselines.centre_box(truth, best.fraction), truth)
    pairs = [(a, b) for a in table2.GAP for b in (*table2.BASELINES, "GoogLeNet-GMP")]
    pairs += [("GoogLeNet", b) for b in table2.BASELINES[1:]]
    found = table2.differences(reported, pairs, blacklist=_blacklist(images))
    for row, table in reported.items():
        own = {k: baselines.null_misses(centre, table, k) for k in table2.METRICS}
        found += table2.differences({row: table, "centre box": own}, [(row, "centre box")])
    for (row, name), table in tables.items():
        if name == "RELEASED":
            found += _five_boxes(row, table, _blacklist(images))
    made = _record(profile, nets, images, device, "table2", limit) | {
        "missing": missing,
        "backprop's rule, chosen": rule,
        "centre box": {"fraction": best.fraction, "chosen on": best.chosen_on},
    }
    return [
        write_rows(out / "table2.csv", rows, made),
        write_rows(out / "table2_differences.csv", found, made),
    ]


def _five_boxes(row: str, table: pd.DataFrame, blacklist) -> list[dict]:
    """Table 3's heuristic against one box on each of five classes, from the same table."""
    guesses = {
        f"{row}, five boxes on three classes": {"top5": misses(table, "five_box", blacklist)},
        f"{row}, one box on each of five classes": {"top5": misses(table, "top5", blacklist)},
    }
    return table2.differences(guesses, [tuple(guesses)], ("top5",), blacklist)


def _backprop_rule(nets, profile, device, limit) -> str:
    """In profile mini the quick rule with fewer class-given errors on val; else Simonyan's own."""
    *quick, own = table2.BACKPROP_RULES
    if profile != "mini":
        return own
    images = _images(profile, None, limit or TRIED, "val")
    rules = {name: table2.BACKPROP_RULES[name] for name in quick}
    wrong = dict.fromkeys(quick, 0.0)
    for row, network in nets.items():
        if table2.ROWS[row][0] == table2.BACKPROP:
            found = evaluate_all(network, images, rules, device)
            for name, table in found.items():
                wrong[name] += misses(table, "gt_known").mean()
    return min(wrong, key=wrong.get)


def _centre_truths(profile, truth: Truth, limit) -> tuple[Truth, Truth | None]:
    """Where the centre box is chosen, and where it is reported; None: on the same images."""
    if profile != "mini":
        return truth, None
    return read_truth(_images(profile, None, limit, "val"), progress=False), truth


def _ablation(profile, root, device, limit, out) -> list[Path]:
    images = _images(profile, root, limit)
    row = ABLATED[profile]
    network = load_network(table2.ROWS[row][1][profile], root)
    tables = evaluate_all(network, images, variants.STEPS, device)
    found = variants.ablation(tables, blacklist=_blacklist(images))
    rows = found.assign(row=row, network=network.name).to_dict("records")
    nets = {row: network}
    made = _record(profile, nets, images, device, "ablation", limit)
    val = None
    if profile == "mini":  # ILSVRC's photos have no second split here
        val = evaluate_all(network, _images(profile, None, limit, "val"), variants.STEPS, device)
    return [
        write_rows(out / "ablation.csv", rows, made),
        write_rows(out / "table3.csv", variants.table3(tables, val, _blacklist(images)), made),
    ]


def _poolings(profile, root, device, limit, out) -> list[Path]:
    """GAP and GMP over seeds: the mini networks, or the heads on real photos."""
    if profile == "mini":
        images = _images(profile, root, limit)
        nets = {("avg", s): load_seed("googlenet-gap", s) for s in SEEDS}
        nets |= {("max", s): load_seed("googlenet-gmp", s) for s in SEEDS}
        nets["uncut", 0] = load_network("mini/googlenet")
    else:
        images = _first(open_images("imagenette", "val", root), limit)
        nets = {(pool, s): load_head(pool, s, root) for pool in ("avg", "max") for s in SEEDS}
        nets["uncut", 0] = load_uncut(root)
    protocol = table2.CAM_RULES["PAPER"]
    names = {"avg": "GoogLeNet-GAP", "max": "GoogLeNet-GMP", "uncut": "GoogLeNet"}
    tables = {key: _evaluated(net, images, protocol, profile, device) for key, net in nets.items()}
    rows = []
    for (pool, seed), table in tables.items():
        found = table2.table_rows(names[pool], "PAPER", nets[pool, seed].name, table)
        rows += [r | {"seed": seed} for r in found]
    for what, metric in table2.METRICS.items():
        wrong = {key: misses(table, what) for key, table in tables.items()}
        for first, second in (("max", "avg"), ("avg", "uncut"), ("max", "uncut")):
            parts = [
                100.0 * wrong[first, s] - 100.0 * wrong[second, s if second != "uncut" else 0]
                for s in SEEDS
            ]
            text = f"{names[first]} - {names[second]}"
            for seed, part in (*zip(SEEDS, parts, strict=True), ("mean", sum(parts) / len(parts))):
                rows.append(
                    {"row": text, "seed": seed, "protocol": "PAPER", "metric": metric}
                    | mean_interval(part.to_numpy(float)).as_row(3)
                )
    nets = {str(k): n for k, n in nets.items()}
    made = _record(profile, nets, images, device, "poolings", limit)
    return [write_rows(out / "poolings.csv", rows, made)]


def _units(profile, root, device, limit, out) -> list[Path]:
    def record(nets, images) -> dict:
        return _record(profile, nets, images, device, "units", limit)

    return units_run.study(profile, root, device, limit, out, record)


def _evaluated(network, images, protocol, profile, device) -> pd.DataFrame:
    slug = f"{network.name}-{network.weights_hash[:8]}-{images.name}-{images.split}-{len(images)}"
    path = KEPT / profile / f"{slug.replace('/', '_')}-{protocol.name}.csv"
    return evaluate(network, images, protocol, out=path, device=device)


def _blacklist(images):
    return getattr(images, "blacklist", ())


_STUDY = {
    "table2": _table2,
    "ablation": _ablation,
    "poolings": _poolings,
    "table4": table4_run.run,
    "table5": table5_run.run,
    "units": _units,
}


def _record(profile, nets, images, device, study, limit) -> dict:
    first = next(iter(nets.values()))
    options = " --root <folder>" if profile == "paper" else ""
    options += f" --limit {limit}" if limit else ""
    return about(first, images, device) | {
        "network": ", ".join(dict.fromkeys(n.name for n in nets.values())),
        "weights": {n.name: n.weights_hash for n in nets.values()},
        "n": len(images),
        "command": f"python -m cam_utils tables --profile {profile} --only {study}{options}",
        "made": datetime.date.today().isoformat(),
    }
