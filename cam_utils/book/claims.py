"""Verdicts on what the paper says, and the numbers behind them."""

import json
import math
import os
from dataclasses import dataclass, field
from pathlib import Path

from ..errors import CamError
from . import published

ARITHMETIC = "the paper's own numbers"
DEFINITIONS = "the networks' definitions"  # counted in them, without weights or data

RECORD = "application/vnd.cam-companion+json"

DEFINED = "definition"  # a sentence about words: noted, since no measurement could refute it

WORDS = {
    True: "supported",
    False: "not supported",
    None: "cannot be tested here",
    DEFINED: "a matter of definition",
}


@dataclass(frozen=True)
class Verdict:
    """What a measurement says of a claim.

    Attributes:
        claim: its name in the paper's list (`published.claims`).
        rule: when it counts as supported, in words; chosen before the numbers were seen.
        on: the data that decided, "mini/objects test"; `ARITHMETIC`, `DEFINITIONS`: none did.
        holds: True, False, None (it cannot be tested here), or `DEFINED`.
        measured: what decides it. paper: the paper's own number, if it gives one.
        variant: a word for one of several verdicts on a claim from one kind of data.
        where: more about the network or data, for the sentence.
    """

    claim: str
    rule: str
    on: str
    holds: bool | str | None
    measured: object = None
    paper: object = None
    variant: str = ""
    where: str = ""

    @property
    def kind(self) -> str:
        """What it was decided on: "drawn", "real" or "arithmetic"."""
        if self.on in (ARITHMETIC, DEFINITIONS):
            return "arithmetic"
        return "drawn" if self.on.startswith("mini/") else "real"

    @property
    def name(self) -> str:
        """Unique: the claim's name, the variant, and the kind where it is not drawn."""
        kind = "" if self.kind == "drawn" else self.kind
        return "-".join(filter(None, (self.claim, self.variant, kind)))

    def record(self) -> dict:
        """All of it as plain values, with the claim's words and source."""
        told = published.claim(self.claim)
        return {
            "claim": self.claim,
            "statement": "; ".join(filter(None, (told["statement"], self.where))),
            "source": told["source"],
            "verdict": WORDS[self.holds],
            "rule": self.rule,
            "on": self.on,
            "kind": self.kind,
            "measured": self.measured,
            "paper": self.paper,
        }


def decided_on(made: dict) -> str:
    """The data that stored rows were measured on, from their provenance: "ilsvrc val"."""
    return " ".join(filter(None, (made["images"], made["split"])))


@dataclass
class Claims:
    """Collects the verdicts and metrics of one notebook.

    Verdict lines carry no measured digits, so that they stay equal where the last digits differ.
    """

    notebook: str
    verdicts: dict[str, dict] = field(default_factory=dict)
    metrics: dict[str, float] = field(default_factory=dict)

    def decide(self, *verdicts: Verdict) -> None:
        """Print and keep verdicts, one line each.

        Raises:
            CamError: a name that was decided before; names must be unique in a notebook.
        """
        for verdict in verdicts:
            if verdict.name in self.verdicts:
                raise CamError(f"{verdict.name!r} was decided before; name a variant.")
            self.verdicts[verdict.name] = verdict.record()
            print(line_of(self.verdicts[verdict.name]))

    def record(self, **numbers: float) -> None:
        """Keep numbers under stable names; a test compares them with tests/reference."""
        for name, value in numbers.items():
            if not math.isfinite(float(value)):
                raise CamError(f"The metric {name} is {value}; expected a finite number.")
            self.metrics[name] = float(value)

    def record_rates(self, found: dict, **names: str) -> None:
        """Keep some values of a table {text: Rate} under stable names, those that it has."""
        self.record(**{name: found[text].value for name, text in names.items() if text in found})

    def publish(self) -> None:
        """Store verdicts and metrics in the notebook's output, where tools can read them.

        Where the environment's CAM_REFERENCE names a folder, the metrics of this run are compared
        with its file NN.json first, so that a notebook fails whose numbers have moved.
        """
        from IPython.display import display

        content = {
            "notebook": self.notebook,
            "verdicts": self.verdicts,
            "metrics": {k: float(f"{v:.6g}") for k, v in self.metrics.items()},
        }
        counts = [v["verdict"] for v in self.verdicts.values()]
        text = ", ".join(f"{counts.count(w)} {w}" for w in WORDS.values())
        display({RECORD: content, "text/plain": f"{self.notebook}: {text}"}, raw=True)
        if folder := os.environ.get("CAM_REFERENCE"):
            path = Path(folder) / f"{self.notebook[:2]}.json"
            check_metrics(content["metrics"], json.loads(path.read_text(encoding="utf-8")))


def line_of(told: dict) -> str:
    """A verdict's record in one line."""
    where = f"{told['source']}; decided on {told['on']}"
    return f"{told['verdict']}: {told['statement']} ({where})"


def check_metrics(metrics: dict[str, float], reference: dict[str, dict]) -> None:
    """Compare the numbers of a run with the reference's.

    Args:
        reference: {name: {"value", "tolerance" (absolute), "why"}}.

    Raises:
        CamError: a number is off by more than its tolerance, missing, or has no reference.
    """
    wrong = [f"{name} has no reference" for name in metrics.keys() - reference.keys()]
    for name, entry in reference.items():
        found = metrics.get(name)
        if found is None:
            wrong.append(f"{name} was not measured")
        elif abs(found - entry["value"]) > entry["tolerance"]:
            expected = f"{entry['value']:g} within {entry['tolerance']:g} ({entry['why']})"
            wrong.append(f"{name} is {found:g}, expected {expected}")
    if wrong:
        raise CamError(
            f"The numbers of this run are not the reference's: {'; '.join(sorted(wrong))}. If the "
            "change is right, run the notebook again and say in tests/reference why."
        )


def read_record(notebook) -> dict | None:
    """What `Claims.publish` stored in an executed notebook (an nbformat node), or None."""
    for cell in reversed(notebook.cells):
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            if RECORD in data:
                found = data[RECORD]
                return json.loads(found) if isinstance(found, str) else found
    return None
