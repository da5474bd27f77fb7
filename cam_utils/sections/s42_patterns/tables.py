"""Tables of notebook 06, ready to read: what was measured of figures 9 to 12."""

import numpy as np
import pandas as pd

from ...book import published
from ...metrics.energy import energy_gain, placement_rates
from ...metrics.intervals import Rate, pick
from ...study import stored_table
from . import informative, tally
from .answers import OTHER_ANSWER, OTHER_PICTURE, OWN
from .concepts import Studied
from .tally import Rule, Tally

# what a scene stands on and is enclosed by; by a rule that lets them in they lead every list
SURFACES = frozenset({
    "wall", "floor", "ceiling", "sky", "grass", "road", "pavement", "water", "sand", "field",
})  # fmt: skip
_AREA = "area under the ROC curve, %, against"
_FALL = "fall of the score, in its standard deviations:"
STREET = {  # what is shown of the study "text", and how it is called there
    f"{_AREA} pictures without text": "ROC area, other photos, %",
    f"{_AREA} the same photos, words erased": "ROC area, the same photos without words, %",
    "energy inside, %, map": "energy on words, %",
    "energy inside, %, uniform": "energy on words, uniform map, %",
    "energy inside, %, centre": "energy on words, central Gaussian, %",
    "energy inside, %, map - uniform": "map - uniform, points",
    "energy inside, %, map - centre": "map - centre, points",
    "energy inside, %, text - style alone": "map - map of style alone, points",
    "pointing game, %, map": "pointing game, %",
    "pointing game, %, centre": "pointing game, centre, %",
    "best-box IoU with a word, %": "best-box IoU with a word, %",
    f"{_FALL} words erased": "score's fall, words painted out, s.d.",
    f"{_FALL} elsewhere": "score's fall, as much painted elsewhere, s.d.",
}


def rates(found: dict[str, Rate], heading: str) -> pd.DataFrame:
    """{text: Rate} as rows: text, value with interval, n."""
    rows = [(text, str(rate), rate.n) for text, rate in found.items()]
    return pd.DataFrame(rows, columns=[heading, "measured", "n"])


def lists9(lists: dict[str, tuple], scenes: list[str]) -> pd.DataFrame:
    """Figure 9's lists as printed beside the measured ones.

    Args:
        lists: {scene: (frequent, informative)}: rows of `informative.top`.
    """
    told, rows = published.figure9(), []
    for scene in scenes:
        for by, listed in zip(informative.LISTS, lists[scene], strict=True):
            theirs = pick(told, scene=scene, list=by)
            printed = ", ".join(f"{r.object} {r.share:.2f}" for r in theirs.itertuples())
            ours = ", ".join(f"{r.object} {getattr(r, by):.2f}" for r in listed.itertuples())
            rows.append((scene, by, printed or "-", ours))
    return pd.DataFrame(rows, columns=["scene", "list", "paper (SUN)", "measured"])


def controls9(counted: Tally, rule: Rule, seed: int = 0) -> tuple[pd.DataFrame, dict, dict]:
    """What the predicted scene's map says beyond maps that cannot know.

    Returns:
        The table; {source: its list's agreement with what is telling} (and "frequent"); {control:
        how much more telling the predicted map's region is, points}.
    """
    options = {"rule": rule, "seed": seed, "rounds": 200}
    agreement = {s: informative.rank_agreement(counted, s, **options) for s in tally.SOURCES}
    agreement["frequent"] = informative.rank_agreement(counted, by="frequent", **options)
    lead, rows = {}, []
    for name, found in agreement.items():
        row = {"": "no map: how frequent" if name == "frequent" else name}
        if name in tally.SOURCES:
            shows = informative.region_telling(counted, rule.threshold, name).mean()
            row["the region's objects tell, %"] = f"{100 * shows:.1f}"
        if name in tally.SOURCES[1:]:
            lead[name] = informative.telling_gain(counted, name, rule.threshold, seed)
            overlap = informative.overlap_gain(counted, name, rule, seed)
            row["predicted map's lead, points"] = str(lead[name])
            row["its lead in overlap, points"] = str(overlap)
        row["list's agreement with telling"] = _signed(found)
        rows.append(row)
    return pd.DataFrame(rows).fillna(""), agreement, lead


def rules9(counted: Tally, seed: int = 0) -> pd.DataFrame:
    """Figure 9 under nine definitions: agreement, and how much of the lists is surfaces."""
    rows = []
    for threshold in counted.thresholds:
        for overlap in (0, 0.25, 0.5):
            rule = Rule(threshold, overlap)
            found = informative.rank_agreement(counted, rule=rule, seed=seed, rounds=60)
            telling = pd.concat(t for _, t in informative.lists(counted, rule).values())
            share = 100 * telling["object"].isin(SURFACES).mean()
            rows.append((threshold, overlap or "any pixel", _signed(found), f"{share:.0f} %"))
    columns = ["threshold", "overlap", "agreement with telling", "surfaces in the lists"]
    return pd.DataFrame(rows, columns=columns)


def concepts10(studied: dict[str, Studied]) -> pd.DataFrame:
    """Each phrase's ranking of held-out pictures: before and after mining, and of nothing."""
    rows = [
        {"phrase": phrase, "positives": found.concept.positives}
        | {"held-out, shown": int(found.shown.sum())}
        | {what: str(rate) for what, rate in found.rates.items()}
        for phrase, found in studied.items()
    ]
    return pd.DataFrame(rows)


def places10(studied: dict[str, Studied], seed: int = 0) -> tuple[pd.DataFrame, dict[str, Rate]]:
    """Where the concepts' maps lie, for each phrase and all together.

    Returns:
        The table; the rates of all phrases, with "over shuffled captions". Both are empty where no
        region is known.
    """
    wanted = {
        "energy inside, %, map": "energy inside, %",
        "energy inside, %, map - uniform": "- uniform",
        "energy inside, %, map - centre": "- centre",
        "over shuffled captions": "- shuffled captions' map",
        "pointing game, %, map": "pointing, %",
        "pointing game, %, uniform": "pointing, uniform",
    }
    pairs = {k: (s.placed, s.fake_placed) for k, s in studied.items() if len(s.placed)}
    if pairs:
        pairs["all phrases"] = tuple(pd.concat(t) for t in zip(*pairs.values(), strict=True))
    rows, found = [], {}
    for phrase, (own, fake) in pairs.items():
        found = placement_rates(own, seed)
        found |= {"over shuffled captions": energy_gain(own, fake, seed)}
        row = {title: str(found[key]) for key, title in wanted.items()}
        rows.append({"phrase": phrase, "n": len(own)} | row)
    return pd.DataFrame(rows), found


def street11(real: pd.DataFrame, by: str) -> pd.DataFrame:
    """The real detectors side by side.

    Args:
        real: stored rows of the study "text". by: "colour" (both halves together) or "scored"
            (grey).
    """
    chosen = pick(real, scored="both") if by == "colour" else pick(real, colour="grey")
    chosen = chosen[chosen["metric"].isin(STREET) & (chosen[by] != "both")]
    cell = [f"{r.measured:.2f} [{r.low:.2f}, {r.high:.2f}]" for r in chosen.itertuples()]
    what = pd.Categorical(chosen["metric"].map(STREET), list(STREET.values()), ordered=True)
    wide = chosen.assign(cell=cell, what=what)
    columns = [by, "detector"] if by == "colour" else ["detector", by]
    return wide.pivot_table("cell", "what", columns, aggfunc="first", observed=True).fillna("")


def street_rates(real: pd.DataFrame, detector: str = "text", colour: str = "grey") -> dict:
    """{metric: Rate} of one of the real detectors, both halves together."""
    rows = pick(real, detector=detector, colour=colour, scored="both")
    return {metric: Rate.of(own) for metric, own in rows.groupby("metric", sort=False)}


STREET_VIEW = {  # of the study "text", and how it is called
    f"{_AREA} pictures without text": "ROC area, other photos, %",
    "tile without a word scores lower than its partner, %": "pairs of tiles told apart, %",
    "energy inside, %, map": "energy on words, %",
    "energy inside, %, uniform": "energy, uniform map, %",
    "energy inside, %, centre": "energy, central Gaussian, %",
    "energy inside, %, map - uniform": "map - uniform, points",
    "energy inside, %, map - centre": "map - centre, points",
    "energy inside, %, map - style alone": "map - blind detector's map, points",
    "pointing game, %, map": "pointing game, %",
    "pointing game, %, uniform": "pointing game, uniform, %",
    "pointing game, %, centre": "pointing game, centre, %",
    "best-box IoU with a word, %, map": "best-box IoU, %",
    "best-box IoU with a word, %, uniform": "best-box IoU, whole picture, %",
    "best-box IoU with a word, %, centre": "best-box IoU, centre, %",
    f"{_FALL} words erased": "score's fall, words painted out, s.d.",
    f"{_FALL} elsewhere": "score's fall, as much painted elsewhere, s.d.",
}


def street_view11(rows: pd.DataFrame, scored: str) -> pd.DataFrame:
    """Stored rows of the study "text" side by side: networks and detectors.

    Args:
        scored: "photos", or "tiles" (of all sizes).
    """
    chosen = pick(rows, scored=scored, metric=list(STREET_VIEW))
    cell = [f"{r.measured:.1f} [{r.low:.1f}, {r.high:.1f}]" for r in chosen.itertuples()]
    what = pd.Categorical(
        chosen["metric"].map(STREET_VIEW), list(STREET_VIEW.values()), ordered=True
    )
    wide = chosen.assign(cell=cell, what=what)
    columns = ["network", "detector"]
    return wide.pivot_table("cell", "what", columns, "first", observed=True).fillna("")


def street_view_rates(rows: pd.DataFrame, scored: str, detector: str) -> dict[str, dict]:
    """{network: {metric: Rate}} of a detector of the study "text"."""
    own = pick(rows, scored=scored, detector=detector)
    return {
        network: {metric: Rate.of(one) for metric, one in some.groupby("metric", sort=False)}
        for network, some in own.groupby("network", sort=False)
    }


def by_network(figure: str) -> pd.DataFrame:
    """What the study "patterns" found on drawings for a figure, "9" to "12": a column each network;
    empty where it is not in this checkout."""
    found = stored_table("patterns", "mini")
    if found is None:
        return pd.DataFrame()
    own = found[0][found[0]["figure"].astype(str) == figure]
    ranges = [f" [{r.low:.1f}, {r.high:.1f}]" if r.low == r.low else "" for r in own.itertuples()]
    cell = [f"{value:.1f}{more}" for value, more in zip(own["measured"], ranges, strict=True)]
    wide = own.assign(cell=cell).pivot(index="what", columns="network", values="cell")
    order = dict.fromkeys(own["what"]), dict.fromkeys(own["network"])
    return wide.loc[list(order[0]), list(order[1])]


def accuracies12(table: pd.DataFrame) -> pd.DataFrame:
    """`answers.accuracy_table`: a row for each kind of question, a column for each who."""
    cell = [f"{r.measured:.1f} [{r.low:.1f}, {r.high:.1f}]" for r in table.itertuples()]
    order = list(dict.fromkeys(table["who"]))
    wide = table.assign(cell=cell).pivot_table("cell", "kind", "who", aggfunc="first")[order]
    return wide.join(table.groupby("kind")["n"].first()).reset_index()


def evidence12(
    tables: dict[str, pd.DataFrame], right: np.ndarray, seed: int = 0
) -> tuple[dict[str, Rate], dict[str, Rate]]:
    """Where the answers' maps lie: of all questions, and of those answered right.

    Returns:
        {text: Rate} to read; {control: the map's lead over it} of all questions. Both are empty
        where no evidence is known.
    """
    found, lead = {}, {}
    for name, rows in (("all", right | True), ("answered right", right)):
        if not rows.any():
            continue
        own = tables[OWN][rows]
        placed = placement_rates(own, seed)
        found[f"{name}: energy on the evidence, %"] = placed["energy inside, %, map"]
        leads = {b: placed[f"energy inside, %, map - {b}"] for b in ("uniform", "centre")}
        others = (OTHER_ANSWER, OTHER_PICTURE)
        leads |= {c: energy_gain(own, tables[c][rows], seed) for c in others}
        found |= {f"{name}: its lead over {c}, points": r for c, r in leads.items()}
        lead = lead or leads
    return found, lead


def _signed(rate: Rate) -> str:
    return f"{rate.value:+.2f} [{rate.low:+.2f}, {rate.high:+.2f}]"
