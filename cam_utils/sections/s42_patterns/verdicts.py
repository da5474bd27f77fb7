"""What notebook 06 decides, figure by figure.

`on` is the data that was opened, drawn or real: "mini/scenes test", "ade20k val".
"""

from ...book import published
from ...book.claims import ARITHMETIC, Verdict
from ...metrics.intervals import Rate, all_of

NULL_MAPS = tuple(f"energy inside, %, map - {null}" for null in ("uniform", "centre"))
BLIND_MAPS = ("energy inside, %, text - style alone", "energy inside, %, map - style alone")
FALL = "fall of the score, in its standard deviations"
WORDS_ERASED = f"{FALL}: words erased"


LEADS = (
    "every 95 % interval lies above zero; where one does not: on photos not supported if it lies "
    "below zero, else it cannot be told; on drawings never, for they may lack what photos have"
)


def _leads(
    claim: str, what: str, leads: dict[str, Rate], on: str, where: str = "", variant: str = ""
) -> Verdict:
    """A claim that holds where a map leads all its controls; None where there is no lead."""
    return Verdict(
        claim=claim,
        rule=f"{what}: {LEADS}",
        on=on,
        holds=_on_drawings(all_of(lead.above(0) for lead in leads.values()), on),
        measured={name: str(lead) for name, lead in leads.items()},
        where=where,
        variant=variant,
    )


def _on_drawings(holds: bool | None, on: str) -> bool | None:
    """A failure on drawings says nothing of the paper."""
    return holds or (None if on.startswith("mini/") else holds)


def scenes(leads: dict[str, dict[str, Rate]], on: str) -> Verdict:
    """Figure 9: whether the maps' regions lie on indicative objects.

    Args:
        leads: for each network {control: how much more telling than its region the map's is}.
    """
    every = {f"{net}, over {name}": r for net, own in leads.items() for name, r in own.items()}
    what = "lead of what the map's region tells over each control's, by each network"
    return _leads("activation-on-indicative-objects", what, every, on)


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
            "list's; on photos not supported where it lies below",
            on=on,
            holds=_on_drawings(
                True if ours.above(plain.high) else False if ours.below(plain.low) else None, on
            ),
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


def text(found: dict[str, Rate], on: str, where: str = "", variant: str = "") -> list[Verdict]:
    """Figure 11: `found` of `TextStudied.rates` or `tables.street_rates`; see `text_by`."""
    return text_by({"": found}, on, where, variant)


def text_by(
    found: dict[str, dict[str, Rate]], on: str, where: str = "", variant: str = ""
) -> list[Verdict]:
    """Figure 11, by every one of several networks.

    Where a detector was measured that never saw a word, the map must lead its map, too.

    Args:
        found: {network: {metric: Rate}}.
    """
    nulls = (*NULL_MAPS, *BLIND_MAPS)
    leads = {f"{net} {k}".strip(): own[k] for net, own in found.items() for k in nulls if k in own}
    falls = {
        f"{net} {FALL}".strip(): own.get(f"{FALL}: difference", own[WORDS_ERASED])
        for net, own in found.items()
    }
    what = "lead of the energy on words over a uniform, a central and (on photos) a blind map's"
    return [
        _leads("text-highlighted", what, leads, on, where, variant),
        Verdict(
            claim="text-is-learnt",
            rule="the 95 % interval of the score's fall without the words (on whole photos: less "
            "that of as much erased elsewhere) lies above zero; not supported where it lies below",
            on=on,
            holds=_on_drawings(all_of(fall.above(0) for fall in falls.values()), on),
            measured={name: str(fall) for name, fall in falls.items()},
            where=where,
            variant=variant,
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
            "published number",
            paper=55.89,
        ),
    ]
