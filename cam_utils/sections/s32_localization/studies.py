"""What is behind Tables 2 and 3: the rows of Table 2, the ablation, the poolings over seeds."""

from functools import partial

import numpy as np

from ...boxes.truth import Truth
from ...data import open_images
from ...data.truth_reader import read_truth
from ...errors import MissingData
from ...evaluate import PAPER, evaluate, evaluate_all
from ...metrics import baselines
from ...metrics.intervals import mean_interval
from ...metrics.localization import misses
from ...study import Ask, Frames, Opened, Study, Tables, first, open_rows, reason
from ..s31_surgery.heads import load_head, load_uncut
from ..s31_surgery.studies import HeadTraining
from ..s31_surgery.train_mini import SEEDS, load_seed
from . import cross, extent, tables, variants
from .tables import compact, expanded

DATA = {"mini": ("mini/objects", "test"), "paper": ("ilsvrc", "val")}
ABLATED = {"mini": "GoogLeNet-GAP", "paper": "GoogLeNet"}
TRIED = 360  # pictures of val on which backprop's rule is chosen
POOLINGS = {"avg": "GoogLeNet-GAP", "max": "GoogLeNet-GMP", "uncut": "GoogLeNet"}
POOLINGS["centre"] = "centre Gaussian"  # no network
OTHERS = {"max": ("avg", "uncut"), "avg": ("uncut", "centre")}  # what a pooling is compared with
CENTRE = "centre|0"


def _open_parts(ask: Ask) -> dict:
    """The pictures reported on, and in profile mini others to choose on."""
    name, split = DATA[ask.profile]
    parts = {split: first(open_images(name, split, ask.root), ask.limit)}
    if ask.profile == "mini":  # ILSVRC's photos have no second split here
        parts["val"] = first(open_images(name, "val"), ask.limit)
    return parts


def _evaluated(network, images, protocol, ask: Ask):
    return evaluate(network, images, protocol, device=ask.device, cache=None)


def _blacklist(opened: Opened):
    return getattr(opened.images, "blacklist", ())


# ---------------------------------------------------------------- Table 2


def _open_table2(ask: Ask) -> Opened:
    networks, missing = open_rows({row: names for row, (_, names) in tables.ROWS.items()}, ask)
    return Opened(networks, _open_parts(ask), missing)


def _measure_table2(opened: Opened, ask: Ask) -> Frames:
    """ "<row>|<protocol>", "val|<row>|<rule>" for backprop's choice, "truth|<part>"."""
    frames: Frames = {}
    rules = tuple(tables.BACKPROP_RULES)
    if ask.profile == "mini":
        val = first(opened.parts["val"], TRIED)
        quick = {name: tables.BACKPROP_RULES[name] for name in rules[:2]}
        for row, network in opened.networks.items():
            if tables.ROWS[row][0] == tables.BACKPROP:
                found = evaluate_all(network, val, quick, ask.device, cache=None)
                frames |= {f"val|{row}|{name}": compact(t) for name, t in found.items()}
        rules = (backprop_rule(frames),)
    for row, network in opened.networks.items():
        for name, protocol in tables.protocols_of(row, rules).items():
            table = _evaluated(network, opened.images, protocol, ask)
            frames[f"{row}|{name}"] = compact(table)
    truth = {f"truth|{part}": read_truth(images) for part, images in opened.parts.items()}
    return frames | {name: found.frame() for name, found in truth.items()}


def backprop_rule(frames: Frames) -> str:
    """The quick rule with fewer class-given errors on val; without such rows Simonyan's own."""
    *quick, own = tables.BACKPROP_RULES
    wrong = {
        rule: sum(
            misses(expanded(frame), "gt_known").mean()
            for name, frame in frames.items()
            if name.startswith("val|") and name.endswith(f"|{rule}")
        )
        for rule in quick
    }
    return min(wrong, key=wrong.get) if any(n.startswith("val|") for n in frames) else own


def _tables_table2(opened: Opened, frames: Frames) -> tuple[Tables, dict]:
    black, nets = _blacklist(opened), opened.networks
    truths = {n: Truth.of_frame(f) for n, f in frames.items() if n.startswith("truth|")}
    truth, *others = truths.values()
    rule = backprop_rule(frames)
    evaluated = {
        tuple(name.split("|")): expanded(frame)
        for name, frame in frames.items()
        if not name.startswith(("val|", "truth|"))
    }
    rows = []
    for (row, name), table in evaluated.items():
        rows += tables.table_rows(row, name, nets[row].name, table, black)
    reported = {row: t for (row, name), t in evaluated.items() if name in ("PAPER", rule)}
    best = baselines.best_centre_box(*(*others, truth) if others else (truth,))
    base = "GoogLeNet"
    rows += tables.null_rows(truth, best.fraction, best.chosen_on, reported[base], nets[base].name)
    pairs = [(a, b) for a in tables.GAP for b in (*tables.BASELINES, "GoogLeNet-GMP")]
    pairs += [("GoogLeNet", b) for b in tables.BASELINES[1:]]
    pairs += [("EfficientNet-Lite0, 14x14", "EfficientNet-Lite0")]
    found = tables.error_differences(reported, pairs, blacklist=black)
    centre = baselines.hits(baselines.centre_box(truth, best.fraction), truth)
    for row, table in reported.items():
        own = {k: baselines.null_misses(centre, table, k) for k in tables.METRICS}
        found += tables.error_differences({row: table, "centre box": own}, [(row, "centre box")])
    for (row, name), table in evaluated.items():
        if name == "RELEASED":
            found += _five_boxes(row, table, black)
    note = {
        "backprop's rule, chosen": rule,
        "centre box": {"fraction": best.fraction, "chosen on": best.chosen_on},
    }
    return {"table2": rows, "table2_differences": found}, note


def _five_boxes(row: str, table, blacklist) -> list[dict]:
    """Table 3's heuristic against one box on each of five classes, from the same table."""
    guesses = {
        f"{row}, five boxes on three classes": {"top5": misses(table, "five_box", blacklist)},
        f"{row}, one box on each of five classes": {"top5": misses(table, "top5", blacklist)},
    }
    return tables.error_differences(guesses, [tuple(guesses)], ("top5",), blacklist)


# ---------------------------------------------------------------- the ablation and Table 3


def _open_ablation(ask: Ask) -> Opened:
    row = ABLATED[ask.profile]
    networks, _ = open_rows({row: tables.ROWS[row][1]}, ask)
    return Opened(networks, _open_parts(ask))


def _measure_ablation(opened: Opened, ask: Ask) -> Frames:
    """ "<part>|<step>"."""
    ((_, network),) = opened.networks.items()
    return {
        f"{part}|{step}": compact(table)
        for part, images in opened.parts.items()
        for step, table in evaluate_all(
            network, images, variants.STEPS, ask.device, cache=None
        ).items()
    }


def _tables_ablation(opened: Opened, frames: Frames) -> tuple[Tables, dict]:
    by_part: dict[str, dict] = {}
    for name, frame in frames.items():
        part, _, step = name.partition("|")
        by_part.setdefault(part, {})[step] = expanded(frame)
    found, *val = by_part.values()
    ((row, network),) = opened.networks.items()
    steps = variants.ablation(found, blacklist=_blacklist(opened))
    rows = steps.assign(row=row, network=network.name).to_dict("records")
    guesses = variants.table3(found, val[0] if val else None, _blacklist(opened))
    return {"ablation": rows, "table3": guesses}, {}


# ---------------------------------------------------------------- GAP and GMP over seeds


def _open_seeds(ask: Ask, least: int = 1) -> Opened:
    """ "<pooling>|<seed>", the mini networks or the heads on real photos; uncut as seed 0.

    Raises:
        MissingData: fewer than `least` seeds have both poolings here.
    """
    found, missing, here = {}, {}, 0
    for seed in SEEDS if ask.profile == "mini" else HeadTraining().seeds:
        try:
            pair = {f"{pool}|{seed}": _of_seed(pool, seed, ask) for pool in ("avg", "max")}
        except MissingData as error:
            missing[f"seed {seed}"] = reason(error, ask.root)
            continue
        found, here = found | pair, here + 1
    if here < least:
        raise MissingData(
            f"{here} of at least {least} seeds are here: {'; '.join(missing.values())}"
        )
    if ask.profile == "mini":
        uncut, _ = open_rows({"uncut|0": tables.ROWS["GoogLeNet"][1]}, ask)
        return Opened(found | uncut, _open_parts(ask), missing)
    images = first(open_images("imagenette", "val", ask.root), ask.limit)
    return Opened(found | {"uncut|0": load_uncut(ask.root)}, {"val": images}, missing)


def _of_seed(pool: str, seed: int, ask: Ask):
    mini = {"avg": "googlenet-gap", "max": "googlenet-gmp"}[pool]
    return load_seed(mini, seed) if ask.profile == "mini" else load_head(pool, seed, ask.root)


def _measure_poolings(opened: Opened, ask: Ask) -> Frames:
    return {
        key: compact(_evaluated(network, opened.images, PAPER, ask))
        for key, network in opened.networks.items()
    }


def _tables_poolings(opened: Opened, frames: Frames) -> tuple[Tables, dict]:
    rows, values = [], {}
    for key, frame in frames.items():
        pool, _, seed = key.partition("|")
        table = expanded(frame)
        found = tables.table_rows(POOLINGS[pool], "PAPER", opened.networks[key].name, table)
        rows += [row | {"seed": int(seed)} for row in found]
        for what, metric in tables.METRICS.items():
            values.setdefault((metric, pool), {})[seed] = 100.0 * misses(table, what)
    rows += [row | {"protocol": "PAPER"} for row in _differences(values)]
    return {"poolings": rows}, {}


def _measure_extent(opened: Opened, ask: Ask) -> Frames:
    nets = {key: network.to(ask.device) for key, network in opened.networks.items()}
    return {
        key: extent.extents(network, opened.images)
        for key, network in (nets | {CENTRE: None}).items()
    }


def _tables_extent(opened: Opened, frames: Frames) -> tuple[Tables, dict]:
    rows, values = [], {}
    for key, frame in frames.items():
        pool, _, seed = key.partition("|")
        for what, metric in extent.METRICS.items():
            each = values.setdefault((metric, pool), {})[seed] = frame[what].to_numpy()
            found = mean_interval(each[~np.isnan(each)]).as_row(3)
            rows.append({"row": POOLINGS[pool], "metric": metric, "seed": int(seed)} | found)
    return {"extent": rows + _differences(values)}, {}


def _differences(values: dict[tuple[str, str], dict[str, np.ndarray]]) -> list[dict]:
    """Paired differences of the poolings, seed by seed, and of their means over the seeds.

    Args:
        values: {(metric, pooling): {seed: of each picture}}; what has one seed is that of all.
    """
    rows = []
    for metric, pool in values:
        for other in (o for o in OTHERS.get(pool, ()) if (metric, o) in values):
            ones, base = values[metric, pool], values[metric, other]
            parts = {s: one - base.get(s, base["0"]) for s, one in ones.items()}
            parts["mean"] = sum(parts.values()) / len(parts)
            head = {"row": f"{POOLINGS[pool]} - {POOLINGS[other]}"}
            for seed, part in parts.items():
                found = mean_interval(part[~np.isnan(part)]).as_row(3)
                rows.append(head | {"seed": seed, "metric": metric} | found)
    return rows


# ---------------------------------------------------------------- saliency and box maker

CROSSED = 400  # pictures of the drawn world's test part; real photos are all taken


def _open_cross(ask: Ask) -> Opened:
    row = "GoogLeNet"
    networks, _ = open_rows({row: tables.ROWS[row][1]}, ask)
    name, split = DATA[ask.profile]
    most = ask.limit or (CROSSED if ask.profile == "mini" else 0)
    return Opened(networks, {split: first(open_images(name, split, ask.root), most)})


def _measure_cross(opened: Opened, ask: Ask) -> Frames:
    ((_, network),) = opened.networks.items()
    return {"overlaps": cross.measure(network, opened.images, ask.device, ask.seed)}


def _tables_cross(opened: Opened, frames: Frames) -> tuple[Tables, dict]:
    wrong = cross.as_misses(frames["overlaps"])
    found, used = cross.cross_differences(wrong)
    return {"cross": cross.cross_rows(wrong), "cross_differences": found}, {"chosen": used}


STUDIES = (
    Study("table2", "Table 2", _open_table2, _measure_table2, _tables_table2),
    Study("ablation", "Table 3, the box rule", _open_ablation, _measure_ablation, _tables_ablation),
    Study("cross", "Table 2, Backprop", _open_cross, _measure_cross, _tables_cross),
    Study(
        "poolings",
        "Table 2, GAP and GMP",
        partial(_open_seeds, least=2),
        _measure_poolings,
        _tables_poolings,
    ),
    Study("extent", "section 2, GAP and GMP", _open_seeds, _measure_extent, _tables_extent),
)
