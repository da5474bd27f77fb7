"""The wings and the tail of a bird, in the body's frame (see `birds_draw`)."""

import numpy as np

from ..pencil.drawing import Sketch
from ..pencil.geometry import ellipse, ribbon
from ..pencil.palette import darker, lighter, mix
from ..pencil.surface import across, along, edge, on
from .plumage import mark_color


def folded_wing(s: Sketch, mark: str) -> None:
    low = edge([(0.33, -0.3), (0.26, -0.14), (0.02, -0.06), (-0.35, -0.1), (-0.74, -0.18)])
    high = edge([(0.33, -0.34), (0.2, -0.45), (-0.1, -0.42), (-0.45, -0.28), (-0.74, -0.18)])
    color = s.colors.second
    s.add("wing", np.concatenate([low, high[::-1]]), color)
    ribs = [[(0.57, d), (0.76, d), (0.96, d)] for d in (0.16, 0.32, 0.48)]
    _quills(s, low, high, color, 0.56, 1.0, 0.0, 0.62, ribs)
    two = [across(low, high, t, t + 0.085, 0.0, 0.92, 0.05) for t in (0.4, 0.18)]
    bars = {"one bar": [across(low, high, 0.26, 0.41, 0.0, 0.92, 0.05)], "two bars": two}
    patch = across(low, high, 0.2, 0.56, 0.0, 0.82, 0.05)
    spots = [(t, d) for t in (0.18, 0.3, 0.42, 0.54) for d in (0.2, 0.5, 0.8)]
    _wing_marks(s, low, high, mark, bars, patch, spots)


def spread_wing(s: Sketch, mark: str, raised: float, far: bool) -> None:
    """A wing in flight, its root at the shoulder; the far one is darker and bears no mark."""
    first = len(s.points)
    lead = edge([(0.22, 0.06), (0.3, -0.3), (0.16, -0.66), (-0.14, -0.98), (-0.4, -1.16)])
    trail = edge([(-0.26, 0.06), (-0.34, -0.2), (-0.44, -0.5), (-0.5, -0.86), (-0.4, -1.16)])
    color = darker(s.colors.second, 0.25 if far else 0.0)
    s.add("wing", np.concatenate([lead, trail[::-1]]), color)
    ribs = [[(t, 0.56), (t + 0.04, 0.98)] for t in np.linspace(0.1, 0.86, 8)]
    _quills(s, lead, trail, color, 0.03, 0.99, 0.52, 1.0, ribs)
    if not far:
        two = [along(lead, trail, 0.06, 0.8, d, d + 0.11) for d in (0.42, 0.16)]
        bars = {"one bar": [along(lead, trail, 0.06, 0.8, 0.26, 0.45)], "two bars": two}
        patch = along(lead, trail, 0.3, 0.72, 0.15, 0.52)
        spots = [(t, d) for t in (0.12, 0.27, 0.42, 0.57, 0.72) for d in (0.16, 0.4)]
        _wing_marks(s, lead, trail, mark, bars, patch, spots)
    s.place(first, 0.08, -0.36, 1.0, -raised)


_TAILS = {  # length, half width at the tip
    "plain": (0.42, 0.13),
    "long": (1.4, 0.15),
    "fork": (0.82, 0.29),
    "bands": (0.62, 0.16),
    "fan": (0.6, 0.3),
}


def tail(s: Sketch, mark: str, droop: float) -> None:
    """The tail, its root in the body; it hangs by `droop` degrees."""
    first = len(s.points)
    length, tip = _TAILS[mark]
    color, white = s.colors.second, mark_color(s, "white")
    high = edge([(0.08, -0.075), (-0.4 * length, -0.075 - 0.4 * (tip - 0.075)), (-length, -tip)])
    low = high * (1, -1)
    end = {"fork": (-0.45 * length, 0.0), "fan": (-1.16 * length, 0.0)}.get(mark, (-length, 0.0))
    s.add("tail", np.concatenate([high, [end], low[::-1]]), color)
    if mark == "bands":
        for t in (0.34, 0.58, 0.82):
            s.add("tail", across(high, low, t, t + 0.12), white, outline=False)
    elif mark == "fan":
        s.add("tail", across(high, low, 0.3, 0.86, 0.06, 0.94, 0.06), white, outline=False)
    elif mark != "fork":
        for d in (0.3, 0.65):
            rib = ribbon(on(high, low, [0.2, 0.95], [d, d]), 0.012)
            s.add("tail", rib, darker(color, 0.3), outline=False)
    s.place(first, -0.5, -0.235, 1.0, -droop)


def _wing_marks(s: Sketch, low, high, mark: str, bars, patch, spots) -> None:
    """The mark on a wing's surface: `bars` and `patch` are polygons, `spots` (t, d)."""
    white = mark_color(s, "white")
    for bar in bars.get(mark, ()):
        s.add("wing bar", bar, white, outline=False)
    if mark == "patch":
        s.add("wing bar", patch, mark_color(s, "yellow"), outline=False)
    if mark == "spots":
        for t, d in spots:
            spot = ellipse(*on(low, high, t, d)[0], 0.034, 0.03, n=8)
            s.add("wing bar", spot, white, outline=False)


def _quills(s: Sketch, low, high, color, t0, t1, d0, d1, ribs) -> None:
    """The dark flight feathers between (t0, d0) and (t1, d1), each edged with a light rib."""
    dark = mix(s.colors.dark, color, 0.35)
    s.add("wing", along(low, high, t0, t1, d0, d1), dark, outline=False)
    for rib in ribs:
        line = on(low, high, *np.array(rib).T)
        s.add("wing", ribbon(line, 0.012), lighter(color, 0.18), outline=False)
