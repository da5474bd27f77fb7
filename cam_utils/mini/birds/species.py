"""The 20 species of mini/birds: one common form, and for each species the one mark that is its own.

Species that differ in the same part (four to a part) share every other mark, all others share
three of the five. So each species has one part that tells it from its nearest relatives, and every
part tells four species.
"""

from dataclasses import asdict, dataclass, replace


@dataclass(frozen=True)
class Marks:
    """What a bird looks like where species differ; the defaults are the common form.

    Attributes:
        crown: "plain", "cap" (black), "ruby" (red, edged with black), "crest" (a raised tuft) or
            "brow" (a white stripe over the eye).
        beak: "cone", "dagger" (long and straight), "sickle" (long, bent down), "hook" (deep, with
            a hooked tip) or "orange" (large and bright).
        wing: "plain", "one bar", "two bars" (white), "patch" (a yellow field) or "spots" (white).
        breast: "plain", "spots", "streaks", "band" (a dark collar) or "orange".
        tail: "plain", "long", "fork", "bands" (white) or "fan" (broad and white, edged dark).
    """

    crown: str = "plain"
    beak: str = "cone"
    wing: str = "plain"
    breast: str = "plain"
    tail: str = "plain"

    def differing(self, other: "Marks") -> tuple[str, ...]:
        """Where two sets of marks differ: names of the attributes."""
        theirs = asdict(other)
        return tuple(place for place, mark in asdict(self).items() if mark != theirs[place])


COMMON = Marks()


@dataclass(frozen=True)
class Species:
    """One species: its name, `defining` parts and marks."""

    name: str
    marks: Marks

    @property
    def defining(self) -> tuple[str, ...]:
        """Names of the parts in which it differs from its nearest relatives."""
        return tuple(self._part(place) for place in self._places())

    def relatives(self) -> tuple["Species", ...]:
        """The species that differ from this one in the fewest places."""
        others = [s for s in SPECIES if s.name != self.name]
        count = [len(self.marks.differing(s.marks)) for s in others]
        return tuple(s for s, n in zip(others, count, strict=True) if n == min(count))

    def _places(self) -> list[str]:
        found = {p for s in self.relatives() for p in self.marks.differing(s.marks)}
        return [place for place in asdict(self.marks) if place in found]

    def _part(self, place: str) -> str:
        return "wing bar" if place == "wing" and self.marks.wing != COMMON.wing else place


def _species(name: str, **mark: str) -> Species:
    return Species(f"{name}_finch", replace(COMMON, **mark))


SPECIES: tuple[Species, ...] = (
    _species("black_capped", crown="cap"),
    _species("ruby_crowned", crown="ruby"),
    _species("crested", crown="crest"),
    _species("white_browed", crown="brow"),
    _species("dagger_billed", beak="dagger"),
    _species("sickle_billed", beak="sickle"),
    _species("hook_billed", beak="hook"),
    _species("orange_billed", beak="orange"),
    _species("one_barred", wing="one bar"),
    _species("two_barred", wing="two bars"),
    _species("golden_winged", wing="patch"),
    _species("pearl_winged", wing="spots"),
    _species("spotted", breast="spots"),
    _species("streaked", breast="streaks"),
    _species("collared", breast="band"),
    _species("orange_breasted", breast="orange"),
    _species("long_tailed", tail="long"),
    _species("fork_tailed", tail="fork"),
    _species("band_tailed", tail="bands"),
    _species("fan_tailed", tail="fan"),
)
