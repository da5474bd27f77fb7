"""Verdicts on what the paper says, and the numbers behind them."""

import json
import math
from dataclasses import dataclass, field

from ..errors import CamError

RECORD = "application/vnd.cam-companion+json"

WORDS = {True: "supported", False: "not supported", None: "cannot be tested here"}


@dataclass
class Claims:
    """Collects the verdicts and metrics of one notebook.

    Verdict lines carry no measured digits, so that they stay equal where the last digits differ.
    """

    notebook: str
    verdicts: dict[str, dict] = field(default_factory=dict)
    metrics: dict[str, float] = field(default_factory=dict)

    def check(
        self, name: str, statement: str, holds: bool | None, measured=None, paper=None, source=""
    ) -> None:
        """Print and keep one verdict.

        Args:
            name: short, stable, unique in the notebook ("gap-locates-extent").
            statement: what is claimed, in words.
            holds: True, False, or None where it cannot be tested here.
            measured: the number or text that decides it.
            paper: the paper's own number, if it gives one.
            source: where the claim is made ("section 2, eq. 2").
        """
        if name in self.verdicts:
            raise CamError(f"The claim {name!r} was checked before; names must be unique.")
        holds = None if holds is None else bool(holds)
        self.verdicts[name] = {
            "statement": statement,
            "verdict": WORDS[holds],
            "measured": measured,
            "paper": paper,
            "source": source,
        }
        where = f" ({source})" if source else ""
        print(f"{WORDS[holds]}: {statement}{where}")

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
        """Store verdicts and metrics in the notebook's output, where tools can read them."""
        from IPython.display import display

        content = {
            "notebook": self.notebook,
            "verdicts": self.verdicts,
            "metrics": {k: float(f"{v:.6g}") for k, v in self.metrics.items()},
        }
        counts = [v["verdict"] for v in self.verdicts.values()]
        text = ", ".join(f"{counts.count(w)} {w}" for w in WORDS.values())
        display({RECORD: content, "text/plain": f"{self.notebook}: {text}"}, raw=True)


def published(notebook) -> dict | None:
    """What `Claims.publish` stored in an executed notebook (an nbformat node), or None."""
    for cell in reversed(notebook.cells):
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            if RECORD in data:
                found = data[RECORD]
                return json.loads(found) if isinstance(found, str) else found
    return None
