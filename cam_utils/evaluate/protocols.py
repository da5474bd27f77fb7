"""How a network is evaluated, as values: what it sees, how maps are made and merged, how boxes."""

from dataclasses import asdict, dataclass, replace

from ..errors import CamError, unknown
from ..image_maps import METHODS
from ..pasting import MERGES, OUTSIDE
from ..views import VIEWS

# rule -> (takes a threshold, what it is)
RULES = {
    "": (False, "no boxes: classification only"),
    "paper": (True, "largest connected component above a fraction of the maximum (section 3.2)"),
    "released": (False, "the released code: three grey levels, erosion, largest rectangles"),
    "wsol_v1": (True, "largest contour above a fraction of the range (WSOL benchmark)"),
    "sweep": (False, "the boxes of all 255 levels of the min-max scaled map (WSOL benchmark)"),
    "graph_cut": (False, "GraphCut from the strongest and weakest saliency (Simonyan et al.)"),
}


@dataclass(frozen=True)
class Protocol:
    """How a network is evaluated. Change one thing with `dataclasses.replace(PAPER, view="ten")`.

    Attributes:
        name: for the record.
        view: "center" (the network's own resize and centre crop), "square" (the same, the
            picture's aspect ratio kept), "whole" (warped) or "ten" (four corners, centre and
            their mirror images; softmax scores are averaged).
        top: how many of the best classes are kept for each image.
        merge: how the maps of several views are joined in the image: "mean" (by coverage),
            "plain" (sum) or "sum_abs" (the released code).
        outside: what a single view's map is where the view does not look: "zero", "edge" (the
            border's value) or "stretch" (the map is drawn over the whole picture).
        method: what makes the maps: "cam", "backprop" (|gradient| at the input, summed over the
            colours), "backprop_max" (its maximum over them, as Simonyan et al.) or "grad_cam".
        rule: how a map becomes boxes, see `RULES`; "": no maps and no boxes.
        threshold: of the rules "paper" and "wsol_v1", as a fraction; None: 0.2.

    Raises:
        CamError: an unknown value, or values that do not go together.
    """

    name: str = "center"
    view: str = "center"
    top: int = 5
    merge: str = "mean"
    outside: str = "zero"
    method: str = "cam"
    rule: str = ""
    threshold: float | None = None

    def __post_init__(self):
        known = {
            "view": VIEWS,
            "merge": MERGES,
            "outside": OUTSIDE,
            "method": METHODS,
            "rule": RULES,
        }
        for field, values in known.items():
            if getattr(self, field) not in values:
                raise unknown(field, getattr(self, field), values)
        if self.outside != "zero" and self.view == "ten":
            raise CamError(
                f"Found outside={self.outside!r} with ten views; only a single view's map can "
                "be continued: leave it at 'zero'."
            )
        if not isinstance(self.top, int) or self.top < 1:
            raise CamError(f"Found top={self.top!r}; expected a whole number from 1.")
        takes, _ = RULES[self.rule]
        if self.threshold is None:
            if takes:
                object.__setattr__(self, "threshold", 0.2)  # so that the record says it
        elif not takes:
            fixed = f"the rule {self.rule!r}" if self.rule else "a protocol without a rule"
            raise CamError(f"Found threshold={self.threshold}; {fixed} takes none, leave it out.")
        elif isinstance(self.threshold, bool) or not 0 <= self.threshold < 1:
            raise CamError(f"Found threshold={self.threshold}; expected a fraction in [0, 1).")
        if self.rule == "graph_cut" and not self.method.startswith("backprop"):
            raise CamError(
                "The rule 'graph_cut' reads the gradient's magnitude; found "
                f"method={self.method!r}, expected 'backprop_max' (or 'backprop')."
            )
        if self.rule == "sweep" and self.view != "whole":
            raise CamError(
                "The rule 'sweep' works in the frame of the warped input, as the WSOL benchmark "
                f"does; found view={self.view!r}, expected 'whole'."
            )

    def record(self) -> dict:
        """All values, for a JSON file."""
        return asdict(self)


# Table 1: scores alone.
CLASSIFY = Protocol()

# Section 3.2 to the letter, with the one view that the released demo uses.
PAPER = Protocol("paper", rule="paper")

# What the authors' released evaluation code does.
RELEASED = Protocol("released", view="ten", merge="sum_abs", rule="released")

# Choe et al., CVPR 2020: class given, every threshold, in the frame of the network's input.
WSOL = Protocol("wsol", view="whole", rule="sweep")

PROTOCOLS = {p.name: p for p in (PAPER, RELEASED, WSOL)}


def chosen(name: str | None, changes: dict) -> Protocol:
    """A protocol by name with some values changed.

    Args:
        name: of `PROTOCOLS`; None: classification only.
        changes: {attribute: value}; None leaves it as it is. A rule that takes no threshold
            drops the protocol's own.

    Raises:
        CamError: an unknown name, or values that do not go together.
    """
    if name is not None and name not in PROTOCOLS:
        raise unknown("protocol", name, PROTOCOLS)
    changes = {key: value for key, value in changes.items() if value is not None}
    base = PROTOCOLS[name] if name else CLASSIFY
    if "rule" in changes:
        changes = {"threshold": None} | changes
    if name is None:
        changes = {"name": changes.get("view", base.view)} | changes
    return replace(base, **changes)
