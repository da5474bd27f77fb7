"""What notebook 06 decides, figure by figure.

`on` is the data that was opened, drawn or real: "mini/scenes test", "ade20k val".
"""

from ...book import published
from ...book.claims import ARITHMETIC, Verdict
from ...metrics.intervals import Rate

NULL_MAPS = tuple(f"energy inside, %, map - {null}" for null in ("uniform", "centre"))
WORDS_ERASED = "fall of the score, in its standard deviations: words erased"


def _leads(claim: str, what: str, leads: dict[str, Rate], on: str, where: str = "") -> Verdict:
    """A claim that holds where a map leads all its controls; None where there is no lead."""
    return Verdict(
        claim=claim,
        rule=f"{what}: every 95 % interval lies above zero, else not supported",
        on=on,
        holds=all(lead.above(0) for lead in leads.values()) if leads else None,
        measured={name: str(lead) for name, lead in leads.items()},
        where=where,
    )


def scenes(leads: list[dict[str, Rate]], on: str) -> Verdict:
    """Figure 9: whether the maps' regions lie on indicative objects.

    Args:
        leads: for each network {control: how much more telling than its region the map's is}.
    """
    return Verdict(
        claim="activation-on-indicative-objects",
        rule="lead of what the map's region tells over each control's, by each network: every 95 % "
        "interval lies above zero, else not supported",
        on=on,
        holds=all(lead.above(0) for own in leads for lead in own.values()),
        measured={
            f"more telling than {control}, points": [str(own[control]) for own in leads]
            for control in leads[0]
        },
    )


def objects(ours: Rate, plain: Rate, shared: float, on: str) -> list[Verdict]:
    """Figure 9: whether informative objects tell more than frequent ones; what their share is of.

    Args:
        ours, plain: agreement of the list with what is telling, of informative and of frequent
            objects. shared: of six objects so many are in both lists.
    """
    printed = published.figure9().pivot_table("share", ["scene", "object"], "list").dropna()
    beyond = printed[printed["informative"] > printed["frequent"]]
    return [
        Verdict(
            claim="informative-tells-more",
            rule="the interval of the informative list's agreement lies above that of the frequent "
            "list's; not supported where it lies below",
            on=on,
            holds=True if ours.above(plain.high) else False if ours.below(plain.low) else None,
            measured=f"agreement {ours.value:.2f} against {plain.value:.2f}; {shared:.1f} of 6 "
            "objects in both lists",
        ),
        Verdict(
            claim="informative-given-present",
            rule="an object is more informative than frequent, as no share of all pictures of the "
            "scene can be",
            on=ARITHMETIC,
            holds=len(beyond) > 0,
            measured=f"more informative than frequent: {', '.join(o for _, o in beyond.index)}",
            where="the paper's own figure 9",
        ),
    ]


def concepts(found: dict[str, Rate], on: str) -> Verdict:
    """Figure 10: `found` of `tables.places10`, empty where no region is known."""
    leads = {name: found[name] for name in (*NULL_MAPS, "over shuffled captions") if found}
    what = "lead of the energy on the true regions over each control's"
    return _leads("concepts-localized", what, leads, on)


def text(found: dict[str, Rate], on: str, where: str = "") -> list[Verdict]:
    """Figure 11: `found` of `TextStudied.rates` or `tables.street_rates`."""
    leads, fall = {name: found[name] for name in NULL_MAPS}, found[WORDS_ERASED]
    what = "lead of the energy on words over a uniform and a central map's"
    return [
        _leads("text-highlighted", what, leads, on, where),
        Verdict(
            claim="text-is-learnt",
            rule="the 95 % interval of the score's fall without the words lies above zero, else "
            "not supported",
            on=on,
            holds=bool(fall.above(0)),
            measured=f"{WORDS_ERASED}: {fall}",
            where=where,
        ),
    ]


def answers(leads: dict[str, Rate], on: str) -> list[Verdict]:
    """Figure 12: `leads` of `tables.evidence12`, empty where no evidence is known."""
    what = "lead of the energy on the true answer's object over each control's"
    return [
        _leads("answers-highlighted", what, leads, on),
        Verdict(
            claim="vqa-accuracy",
            rule="never: it takes the test server's answers",
            on=ARITHMETIC,
            holds=None,
            measured="the test server's answers are not public, and 55.89 is the baseline's own "
            "published number (E18)",
            paper=55.89,
        ),
    ]
