"""Sentences about a drawn scene: some of what is seen, in varied words, never all of it."""

import numpy as np

from .facts import Facts, Seen, shows

_NUMBERS = {2: ("two", "a couple of", "two"), 3: ("three", "some", "a few"), 4: ("four", "some")}

_WORDS = {
    "person": ("person", "someone", "figure"),
    "cat": ("cat", "kitten", "cat"),
    "dog": ("dog", "puppy", "dog"),
    "aeroplane": ("aeroplane", "plane", "jet"),
    "car": ("car", "car", "automobile"),
    "bicycle": ("bicycle", "bike"),
    "picture": ("picture", "painting"),
    "cup": ("cup", "mug"),
    "blackboard": ("blackboard", "board with writing"),
    "fridge": ("fridge", "refrigerator"),
    "stove": ("stove", "cooker"),
    "building": ("building", "town house"),
    "truck": ("truck", "lorry"),
    "lamp": ("lamp", "floor lamp"),
    "stairs": ("flight of stairs",),
    "hay": ("bale of hay", "roll of straw"),
}

_PLURALS = {
    "person": "people", "shelf": "shelves", "bench": "benches", "bus": "buses",
    "church": "churches", "flowers": "flowers", "bale of hay": "bales of hay",
    "flight of stairs": "flights of stairs",
    "roll of straw": "rolls of straw", "someone": "people",
    "bush": "bushes",
    "board with writing": "boards with writing", "curtain": "curtains", "puppy": "puppies",
}  # fmt: skip

_BACKGROUND = {"wall", "floor", "ceiling", "sky", "grass", "field", "water", "road", "pavement"}

_BACKGROUND |= {"sand", "view", "blind"}

_PLACES = {
    "floor": "on the floor", "grass": "on the grass", "water": "on the water",
    "road": "on the road", "pavement": "on the pavement", "sand": "on the sand",
    "field": "in the field", "wall": "on the wall", "sky": "in the sky",
}  # fmt: skip

_CONCEPTS = {  # the phrase most of the time, then other words for the same
    "view out of the window": (
        "a view out of the window", "the view out of the window",
        "a window that looks outside",
    ),
    "boat on the water": (
        "a boat on the water", "a {colour} boat on the water", "a boat afloat",
    ),
    "flowers in a vase": (
        "flowers in a vase", "some flowers in a vase", "a vase that holds flowers",
    ),
    "cat on the chair": (
        "a cat on the chair", "a {colour} cat on the chair", "a cat that sits on a seat",
    ),
}  # fmt: skip

_SCENE_FIRST = ("{Scene} with {what}.", "This {scene} has {what}.", "{What} {at} {a_scene}.")

_AT = {"farm": "on", "airport": "at"}  # the others: in

_PLAIN = ("{What}.", "Here we see {what}.", "A picture of {what}.", "We can see {what}.")

_NAMED = 0.4  # share of captions that name the scene


def article(words: str) -> str:
    """The words with "a" or "an" before them, unless they are many or cannot be counted."""
    return (
        words
        if words in ("someone", "flowers", "stairs", "hay")
        else f"{'an' if words[0] in 'aeio' else 'a'} {words}"
    )


def plural(word: str) -> str:
    """A noun for more than one."""
    return _PLURALS.get(word, word if word.endswith("s") else word + "s")


def where(thing: Seen) -> str | None:
    """ "on the chair", "in the sky", ...; None if nothing is known."""
    if thing.on:
        return f"{'in' if thing.on == 'vase' else 'on'} the {thing.on}"
    return _PLACES.get(thing.place)


def caption(facts: Facts, rng: np.random.Generator) -> str:
    """One sentence that is true of the picture; it names at most three of the things."""
    told = []
    for concept in _CONCEPTS:
        found = shows(facts, concept)
        if found and rng.random() < 0.45:
            words = _CONCEPTS[concept][int(np.searchsorted((0.55, 0.8), rng.random()))]
            told.append(
                (words.format(colour=facts.seen[found[0]].colour), facts.seen[found[0]].name)
            )
    told = told[:1]
    names = [n for n in facts.counts if n not in _BACKGROUND and n not in {t[1] for t in told}]
    wanted = 1 + int(rng.random() < 0.65)
    for name in rng.permutation(sorted(names))[: wanted - (len(told) > 0) * (rng.random() < 0.6)]:
        told.append((_noun(facts, str(name), rng), name))
    if not told:
        told = [("an empty place", None)]
    words = [told[k][0] for k in rng.permutation(len(told))]
    joint = " and ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else words[0]
    forms = _SCENE_FIRST if rng.random() < _NAMED else _PLAIN
    form = forms[int(len(forms) * rng.random())]
    scene = article(facts.scene)
    return form.format(
        scene=facts.scene,
        a_scene=scene,
        at=_AT.get(facts.scene, "in"),
        Scene=scene[0].upper() + scene[1:],
        what=joint,
        What=joint[0].upper() + joint[1:],
    )


def _noun(facts: Facts, name: str, rng) -> str:
    """One kind of things in words: how many, which colour, where, or what they do."""
    things = facts.of(name)
    options = _WORDS.get(name, (name,))
    word = options[int(len(options) * rng.random())]
    if len(things) > 1:
        numbers = _NUMBERS.get(len(things), ("many", "several"))
        return f"{numbers[int(len(numbers) * rng.random())]} {plural(word)}"
    thing = things[0]
    if thing.colour and rng.random() < 0.5:
        word = f"{thing.colour} {word}"
    words = article(word)
    if thing.doing and rng.random() < 0.7:
        return f"{words} {thing.doing}"
    if where(thing) and rng.random() < 0.35:
        return f"{words} {where(thing)}"
    sides = [t for t in facts.seen if facts.counts[t.name] == 1 and t.name not in _BACKGROUND]
    sides = [t for t in sides if t.name != name and abs(t.x - thing.x) > 14]
    if sides and rng.random() < 0.25:
        other = sides[int(len(sides) * rng.random())]
        return f"{words} to the {'left' if thing.x < other.x else 'right'} of the {other.name}"
    return words
