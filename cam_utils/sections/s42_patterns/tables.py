"""Tables of notebook 06, ready to read: what was measured of figures 9 to 12."""

import numpy as np
import pandas as pd

from ...book import published
from ...metrics.energy import energy_gain, placement_rates
from ...metrics.intervals import Rate, in_words, pick
from ...study import stored_table
from . import choose, informative, tally
from .answers import OTHER_ANSWER, OTHER_PICTURE, OWN
from .concepts import Studied
from .tally import Rule, Tally

# what a scene stands on and is enclosed by; by a rule that lets them in they lead every list
SURFACES = frozenset({
    "wall", "floor", "ceiling", "sky", "grass", "road", "pavement", "water", "sand", "field",
})  # fmt: skip
_AREA = "area under the ROC curve, %, against"
_FALL = "fall of the score, in its standard deviations:"
STREET = {  # what is shown of the studies on photos, and how it is called
    f"{_AREA} pictures without text": "ROC area, other photos, %",
    f"{_AREA} the same photos, words erased": "ROC area, the same photos without words, %",
    "tile without a word scores lower than its partner, %": "pairs of tiles told apart, %",
    "energy inside, %, map": "energy on words, %",
    "energy inside, %, uniform": "energy, uniform map, %",
    "energy inside, %, centre": "energy, central Gaussian, %",
    "pointing game, %, map": "pointing game, %",
    "pointing game, %, uniform": "pointing game, uniform, %",
    "pointing game, %, centre": "pointing game, centre, %",
    "best-box IoU with a word, %": "best-box IoU with a word, %",
    "best-box IoU with a word, %, map": "best-box IoU with a word, %",
    "best-box IoU with a word, %, uniform": "best-box IoU, whole picture, %",
    "best-box IoU with a word, %, centre": "best-box IoU, centre, %",
    f"{_FALL} words erased": "score's fall, words painted out, s.d.",
    f"{_FALL} elsewhere": "score's fall, as much painted elsewhere, s.d.",
}
UNIFORM, CENTRE, BLIND = "uniform map", "central Gaussian", "map of a blind detector"
_GAIN = "energy inside, %, "
LEADS = {  # of the study "patterns", by figure: a map's lead, and over what
    "9": {f"region tells more than {c}'s, points": c for c in tally.SOURCES[1:]},
    "10": {f"{_GAIN}map - uniform": UNIFORM, f"{_GAIN}map - centre": CENTRE,
           "over shuffled captions": "map learnt from shuffled captions"},
    "11": {f"{_GAIN}map - uniform": UNIFORM, f"{_GAIN}map - centre": CENTRE},
    "12": {f"all: its lead over {c}, points": {"uniform": UNIFORM, "centre": CENTRE}.get(c, c)
           for c in ("uniform", "centre", OTHER_ANSWER, OTHER_PICTURE)},
}  # fmt: skip


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
    """Figure 9 under nine definitions: the list's agreement with what is telling, and how much of
    the lists is surfaces."""
    grid = {}
    for overlap in (0, 0.25, 0.5):
        column = f"of an object: {overlap:.0%}" if overlap else "of an object: any pixel"
        for threshold in counted.thresholds:
            rule = Rule(threshold, overlap)
            found = informative.rank_agreement(counted, rule=rule, seed=seed, rounds=60)
            telling = pd.concat(t for _, t in informative.lists(counted, rule).values())
            share = 100 * telling["object"].isin(SURFACES).mean()
            line = f"above {threshold:.0%} of the maximum"
            grid.setdefault(column, {})[line] = f"{_signed(found)}, {share:.0f} % surfaces"
    return pd.DataFrame(grid).rename_axis(columns="agreement with what is telling")


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


def street11(real: pd.DataFrame, columns: list[str], **chosen) -> pd.DataFrame:
    """Stored rows of detectors on photos side by side, all that `STREET` names.

    Args:
        columns: of the rows, whose values head the columns. chosen: as for `pick`.
    """
    rows = pick(real, metric=list(STREET), **chosen)
    what = pd.Categorical(rows["metric"].map(STREET), list(dict.fromkeys(STREET.values())), True)
    wide = rows.assign(cell=in_words(rows, ".1f"), what=what)
    wide = wide.pivot_table("cell", "what", columns, "first", observed=True).fillna("")
    return wide.set_axis([", ".join(c) for c in wide.columns], axis=1).reset_index()


def street_rates(real: pd.DataFrame, detector: str = "text", colour: str = "grey") -> dict:
    """{metric: Rate} of one of the real detectors, both halves together."""
    rows = pick(real, detector=detector, colour=colour, scored="both")
    return {metric: Rate.of(own) for metric, own in rows.groupby("metric", sort=False)}


def street_view_rates(rows: pd.DataFrame, scored: str, detector: str) -> dict[str, dict]:
    """{network: {metric: Rate}} of a detector of the study "text"."""
    own = pick(rows, scored=scored, detector=detector)
    return {
        network: {metric: Rate.of(one) for metric, one in some.groupby("metric", sort=False)}
        for network, some in own.groupby("network", sort=False)
    }


def leads(figure: str, live: dict[str, dict[str, Rate]], images) -> dict[str, dict[str, Rate]]:
    """A map's leads over controls, {network: {control: Rate}}, for `charts.draw_leads`.

    Those measured here come first; on drawings those of other networks follow, which the study
    "patterns" measured.

    Args:
        figure: "9" to "12". live: {network: what was measured by it}, with the study's texts or
            the controls as keys; empty where no region is known.
    """
    names = LEADS[figure]
    found = {
        network: {control: own.get(text, own.get(control)) for text, control in names.items()}
        for network, own in live.items() if own
    }  # fmt: skip
    stored = stored_table("patterns", "mini")
    if not stored or not images.name.startswith("mini/"):
        return found
    rows = pick(stored[0].astype({"figure": str}), figure=figure, what=list(names))
    for title, own in rows.groupby("network", sort=False):
        if choose.COMPARED[title] not in live:
            each = own.groupby("what", sort=False)
            found[f"{choose.COMPARED[title]} (stored)"] = {
                names[text]: Rate.of(one) for text, one in each
            }
    return found


def in_table(found: dict[str, dict[str, Rate]]) -> pd.DataFrame:
    """`leads` as a table: a row for each network, a column for each control."""
    return pd.DataFrame({n: {c: str(r) for c, r in own.items()} for n, own in found.items()}).T


def street_leads(svt: pd.DataFrame, icdar: pd.DataFrame) -> dict[str, dict]:
    """What the maps of detectors on photos lead by, {panel: {network: {control: Rate}}}."""
    panels = {
        "Street View Text, photos": street_view_rates(svt, "photos", "text"),
        "Street View Text, tiles": street_view_rates(svt, "tiles", "tiles"),
        "ICDAR 2015, photos": {"GoogLeNet": street_rates(icdar)},
    }
    names = {f"{_GAIN}map - uniform": UNIFORM, f"{_GAIN}map - centre": CENTRE}
    names |= {f"{_GAIN}{b} - style alone": BLIND for b in ("map", "text")}
    return {
        panel: {
            network: {names[k]: rate for k, rate in own.items() if k in names}
            for network, own in networks.items()
        }
        for panel, networks in panels.items()
    }  # fmt: skip


def accuracies12(table: pd.DataFrame) -> pd.DataFrame:
    """`answers.accuracy_table`: a row for each kind of question, a column for each who."""
    order = list(dict.fromkeys(table["who"]))
    wide = table.assign(cell=in_words(table)).pivot_table("cell", "kind", "who", aggfunc="first")[
        order
    ]
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
