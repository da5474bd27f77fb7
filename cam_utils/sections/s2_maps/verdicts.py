"""What section 2's checks decide. Each function says by what rule, and on what data."""

from collections.abc import Callable

from ...book.claims import Verdict, decided_on
from ...metrics.intervals import Rate, pick
from ...study import stored_table
from .tables import APART, BIAS, FALLS

PHOTOS = "GoogLeNet on ILSVRC photos"


def map_sums(error: float, on: str) -> Verdict:
    """Equation 2 against the network's own logits; error relative to the largest logit."""
    return Verdict(
        claim="map-sums-to-score",
        rule="mean of the map plus bias differs from the logit by less than 1e-4 of the largest",
        on=on,
        holds=error < 1e-4,
        measured=error,
    )


def sum_is_mean(same_order: bool, same_box: bool, on: str) -> Verdict:
    """Pooling by sum or by mean."""
    return Verdict(
        claim="sum-is-average",
        rule="the best class and the 20 % box of every image are the same",
        on=on,
        holds=same_order and same_box,
    )


def bias(found: dict[str, Rate], on: str) -> list[Verdict]:
    """Of `bias_rates`."""
    rule = "the interval of the difference of the top-1 errors lies within one point"
    claim = "bias-has-little-effect"
    return _here_and_stored(claim, rule, lambda r: r.within(1), "01_bias", BIAS, found, on)


def causal(found: dict[str, Rate], on: str) -> list[Verdict]:
    """Of `region_rates`."""
    rule = "the interval of the fall by the marked region minus the shifted one's lies above zero"
    claim = "region-discriminates-class"
    return _here_and_stored(claim, rule, lambda r: r.above(0), "01_regions", FALLS, found, on)


def differ_by_class(found: dict[str, Rate], on: str) -> list[Verdict]:
    """Of `class_rates`."""
    rule = "the maps of the two best classes correlate below 0.9 in more than half of the images"
    claim = "maps-differ-by-class"
    return _here_and_stored(claim, rule, lambda r: r.above(50), "01_five_classes", APART, found, on)


def _here_and_stored(
    claim: str, rule: str, holds: Callable, name: str, metric: str, found: dict[str, Rate], on: str
) -> list[Verdict]:
    """What was measured here, and the real numbers of the stored table `name`, by one rule."""
    here = found.get(metric)
    decided = None if here is None else holds(here)
    verdicts = [Verdict(claim, rule, on, decided, str(here))]
    if stored := stored_table(name):
        real, made = Rate.of(pick(stored[0], metric=metric)), decided_on(stored[1])
        variant = "stored" if verdicts[0].kind == "real" else ""
        verdicts.append(
            Verdict(claim, rule, made, holds(real), str(real), variant=variant, where=PHOTOS)
        )
    return verdicts


def single_pass(passes: int, on: str) -> Verdict:
    """For five classes and their maps."""
    return Verdict(
        claim="single-pass",
        rule="the network's first convolution runs once",
        on=on,
        holds=passes == 1,
        measured=passes,
    )


def published_errors() -> list[Verdict]:
    """GoogLeNet's row of Table 1, of the stored rows."""
    rows, made = stored_table("table1_googlenet")
    return [
        Verdict(
            claim=f"googlenet-table1-{row.metric.split()[0]}",
            rule="the 95 % interval holds the paper's number",
            on=decided_on(made),
            holds=Rate(row.measured, row.low, row.high, row.n).agrees_with(row.paper),
            measured=row.measured,
            paper=row.paper,
        )
        for row in rows.itertuples()
    ]
