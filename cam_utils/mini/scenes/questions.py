"""Questions about a drawn scene. The words of a question are made to tell little of its answer.

Colours are drawn evenly; "yes" and "no" are equally frequent for each wording (an object that is
in most scenes is asked about less often when it is there); small counts are asked for less often.
"""

import numpy as np

from ...data.record import Question
from .captions import article, plural, where
from .colours import NAMES
from .facts import Facts
from .inventory import SCENES, chances
from .kinds import KINDS

_HIDDEN_NAMES = ("view", "blind", "flowers in vase")

_COLOURED = tuple(n for n, k in KINDS.items() if k.palette == "named")

_COUNTED = tuple(n for n, k in KINDS.items() if k.most > 1)

_ASKED = tuple(n for n in KINDS if n not in _HIDDEN_NAMES)

_LEAST = 40  # visible pixels of an object that is asked about

_COLOUR = ("What colour is the {}?", "What is the colour of the {}?", "Which colour is the {}?")

_COUNT = ("How many {} are there?", "How many {} can you see?", "What is the number of {}?")

_DOING = ("What is the person doing?", "What is this person doing?", "What is the person up to?")

_THERE = ("{Is} there {} in the picture?", "Can you see {}?", "{Is} there {}?")

_SCENE = ("What kind of place is this?", "Where was this picture taken?", "What is this place?")

_KEPT = {1: 0.7, 2: 0.72}  # share of counts that are asked for; larger ones are rare

_MANY = ("flowers", "stairs")  # "are", not "is"

_ON = ("table", "desk", "bed", "countertop", "stove", "bench", "chair")


def _shares() -> dict[str, float]:
    """{object: chance that a picture of any scene has it}, from the tables."""
    tables = [chances(scene) for scene in SCENES]
    return {n: float(np.mean([t.get(n, 0.02) for t in tables])) for n in _ASKED}


_SHARES = _shares()


def questions(facts: Facts, rng: np.random.Generator, image: int, id: str, n=4) -> tuple:
    """Up to `n` Questions of different kinds about one picture."""
    makers = (_colour, _count, _object, _place, _activity, _yes_no)
    found, order = [], rng.permutation(len(makers))
    if facts.single("person") and rng.random() < 0.85:  # the rarest kind first
        order = [4, *(k for k in order if k != 4)]
    for k in order:
        options = makers[k](facts, rng)
        if options:
            found.append(options[int(len(options) * rng.random())])
    return tuple(
        Question(f"{id}/{k}", image, text, answer, kind, evidence)
        for k, (text, answer, kind, evidence) in enumerate(found[:n])
    )


def _one(rng, options):
    return options[int(len(options) * rng.random())]


def _is(name: str) -> str:
    return "Are" if name in _MANY else "Is"


def _colour(facts: Facts, rng) -> list:
    return [
        (_one(rng, _COLOUR).format(t.name), t.colour, "colour", t.name)
        for t in facts.seen
        if t.colour and t.name in _COLOURED and facts.counts[t.name] == 1 and t.area >= _LEAST
    ]


def _count(facts: Facts, rng) -> list:
    found = []
    for name in _COUNTED:
        n = facts.counts[name]
        if n and rng.random() < _KEPT.get(n, 1.0):
            found.append((_one(rng, _COUNT).format(plural(name)), str(n), "count", name))
    return found


def _object(facts: Facts, rng) -> list:
    found = []
    for carrier in _ON:
        kinds = {t.name for t in facts.seen if t.on == carrier and t.name != "person"}
        if len(kinds) == 1 and facts.counts[carrier] == 1:
            name = kinds.pop()
            form = _one(rng, ("What is on the {}?", "What do you see on the {}?"))
            found.append((form.format(carrier), name, "object", name))
    flying = {t.name for t in facts.seen if t.place == "sky"}
    if len(flying) == 1:
        name = flying.pop()
        found.append(
            (_one(rng, ("What is in the sky?", "What is up in the air?")), name, "object", name)
        )
    animals = [n for n in ("cat", "dog", "cow", "bird", "duck") if facts.counts[n]]
    if len(animals) == 1:
        form = _one(rng, ("Which animal is this?", "What animal can you see?"))
        found.append((form, animals[0], "object", animals[0]))
    return found


def _place(facts: Facts, rng) -> list:
    found = []
    for name in ("cat", "dog", "person", "boat", "vase", "book", "bicycle", "car", "cup", "plate"):
        thing = facts.single(name)
        if thing and where(thing):
            form = _one(rng, ("Where is the {}?", "Where do you see the {}?"))
            found.append((form.format(name), where(thing), "place", name))
    found.append((_one(rng, _SCENE), facts.scene, "place", None))
    return found


def _activity(facts: Facts, rng) -> list:
    person = facts.single("person")
    if person is None or person.area < _LEAST:
        return []
    return [(_one(rng, _DOING), person.doing, "activity", "person")]


def _yes_no(facts: Facts, rng) -> list:
    kind = rng.random()
    if kind < 0.3:
        return _is_colour(facts, rng)
    if kind < 0.45:
        return _is_left(facts, rng)
    if kind < 0.55 and facts.single("window"):
        looks_out = bool(facts.counts["view"])
        if rng.random() < (0.67 if looks_out else 1.0):
            form = _one(
                rng, ("Can you see out of the window?", "Is there a view out of the window?")
            )
            return [(form, "yes" if looks_out else "no", "yes/no", "window")]
    for _ in range(60):  # each object equally often, "yes" as often as "no"
        name = _one(rng, _ASKED)
        there, share = facts.counts[name] > 0, _SHARES[name]
        if rng.random() < ((1 - share) if there else share):
            answer = "yes" if there else "no"
            form = _one(rng, _THERE).format(article(name), Is=_is(name))
            return [(form, answer, "yes/no", name if there else None)]
    return []


def _is_colour(facts: Facts, rng) -> list:
    found = []
    for _, true, _, name in _colour(facts, rng):
        asked = true if rng.random() < 0.5 else _one(rng, [c for c in NAMES if c != true])
        found.append((f"Is the {name} {asked}?", "yes" if asked == true else "no", "yes/no", name))
    return found


def _is_left(facts: Facts, rng) -> list:
    single = [t for t in facts.seen if t.name in _ASKED and facts.counts[t.name] == 1]
    if len(single) < 2:
        return []
    a, b = (single[k] for k in rng.permutation(len(single))[:2])
    if abs(a.x - b.x) < 12:
        return []
    side = _one(rng, ("left", "right"))
    true = (a.x < b.x) == (side == "left")
    text = f"{_is(a.name)} the {a.name} to the {side} of the {b.name}?"
    return [(text, "yes" if true else "no", "yes/no", a.name)]
