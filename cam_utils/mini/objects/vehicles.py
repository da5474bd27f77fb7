"""Vehicles: wheels, windows, wings, hulls and sails in different company."""

import numpy as np

from ..pencil import assembly
from ..pencil.drawing import Sketch
from ..pencil.geometry import box, ellipse, moved, ribbon, rounded, smooth, smooth_path
from ..pencil.palette import darker


def car(s: Sketch) -> None:
    """Side view: cabin with windows on a long body, two wheels."""
    back, front, top = s.u(-0.82, -0.55), s.u(0.35, 0.55), s.u(-0.56, -0.44)
    cabin = [
        (back, 0.02),
        (back + s.u(0.1, 0.25), top),
        (front - s.u(0.3, 0.45), top),
        (front, 0.02),
    ]
    s.add("cabin", np.array(cabin), "base", textured=True)
    left, right = cabin[1][0], cabin[2][0]
    split = (left + right) / 2 + s.u(-0.05, 0.1)
    edge = top + 0.09
    for x0, x1, x2, x3 in (
        (back + 0.14, left + 0.05, split - 0.04, split - 0.04),
        (split + 0.04, split + 0.04, right - 0.03, front - 0.13),
    ):
        s.add("window", np.array([(x0, -0.02), (x1, edge), (x2, edge), (x3, -0.02)]), "light")
    deck = s.u(-0.04, 0.06)
    body = [(-1, deck + 0.08), (-0.9, deck - 0.03), (front, deck - 0.05), (0.86, deck + 0.06)]
    body += [(1, 0.2), (1, 0.42), (-1, 0.42)]
    s.add("body", np.array(body), "base", textured=True)
    s.add("body", box(-1.02, 0.34, 1.03, 0.43), "second")
    s.add("body", box(split + 0.08, 0.1, split + 0.22, 0.13), darker(s.colors.base), outline=False)
    s.add("lamp", ellipse(0.92, 0.2, 0.06, 0.07, n=12), "accent")
    s.add("lamp", box(-1, 0.1, -0.93, 0.24), "accent", outline=False)
    r = s.u(0.21, 0.27)
    for x in (s.u(-0.66, -0.56), s.u(0.52, 0.62)):
        s.add("body", ellipse(x, 0.4, r * 1.2, n=18), darker(s.colors.base, 0.7), outline=False)
        assembly.wheel(s, x, 0.43, r)


def truck(s: Sketch) -> None:
    """A tall load in front of which a cab stands, two to four wheels."""
    load = s.u(0.2, 0.36)
    s.add("frame", box(-1, 0.34, 0.95, 0.46), "dark")
    kind = s.n(0, 2)
    if kind == 0:  # a box
        s.add("load", box(-1.02, s.u(-0.8, -0.6), load, 0.36), "base", textured=True)
        s.add("load", box(-1.02, 0.26, load, 0.36), "light")
    elif kind == 1:  # a tank
        s.add("load", rounded(-1.02, -0.46, load, 0.36, 0.36), "base", textured=True)
        for x in (-0.7, -0.1):
            s.add("load", box(x - 0.03, -0.46, x + 0.03, 0.36), "light", outline=False)
    else:  # an open bed, heaped
        heap = [(-0.95, 0), (-0.7, -0.42), (-0.4, -0.55), (-0.1, -0.4), (load - 0.06, 0)]
        s.add("load", smooth(np.array([*heap, (-0.4, 0.2)]), 4), "accent", textured=True)
        bed = [(-1.05, -0.1), (load + 0.02, -0.1), (load - 0.04, 0.36), (-0.98, 0.36)]
        s.add("load", np.array(bed), "base", textured=True)
    top = s.u(-0.52, -0.34)
    cab = [
        (load + 0.06, top),
        (0.78, top),
        (0.96, 0.0),
        (1.02, 0.06),
        (1.02, 0.42),
        (load + 0.06, 0.42),
    ]
    s.add("cab", np.array(cab), "second", textured=True)
    glass = [(load + 0.2, top + 0.1), (0.74, top + 0.1), (0.86, -0.01), (load + 0.2, -0.01)]
    s.add("window", np.array(glass), "light")
    s.add("lamp", ellipse(0.95, 0.22, 0.05, 0.07, n=12), "accent")
    s.add("cab", box(0.84, 0.36, 1.06, 0.45), "light")
    rear = ((-0.66,), (-0.78, -0.38))[s.n(0, 1)]
    for x in (*rear, 0.66):
        assembly.wheel(s, x, 0.48, s.u(0.18, 0.2) if len(rear) > 1 else s.u(0.2, 0.24))


def bus(s: Sketch) -> None:
    """One long box with a row of windows and a door, two wheels."""
    s.add("body", rounded(-1, -0.56, 1, 0.44, 0.14), "base", textured=True)
    if s.p(0.5):
        s.add("roof", rounded(-0.7, -0.66, 0.7, -0.55, 0.05), "light")
    s.add("stripe", box(-0.99, 0.12, 0.99, s.u(0.2, 0.27)), "second", outline=False)
    count = s.n(4, 6)
    pitch = 1.44 / count
    for i in range(count):
        assembly.window(s, -0.92 + pitch * (i + 0.5), -0.2, pitch * 0.78, 0.42, panes=False)
    s.add("door", rounded(0.58, -0.42, 0.82, 0.4, 0.04), "dark")
    s.add("door", box(0.62, -0.36, 0.69, 0.3), "light", outline=False)
    s.add("door", box(0.72, -0.36, 0.79, 0.3), "light", outline=False)
    s.add("lamp", ellipse(0.94, 0.3, 0.05, n=12), "accent")
    r = s.u(0.17, 0.21)
    for x in (-0.58, 0.34):
        assembly.wheel(s, x, 0.44, r)


def bicycle(s: Sketch) -> None:
    """Two open wheels, a frame of tubes, saddle and handlebar."""
    r, tube = s.u(0.4, 0.46), s.u(0.07, 0.1)
    back, front, spokes = (-0.56, 0.35), (0.58, 0.35), s.n(3, 5)
    for x, y in (back, front):
        assembly.thin_wheel(s, x, y, r, tube * 0.95, spokes)
    crank, seat = (-0.08, 0.38), (s.u(-0.26, -0.2), -0.2)
    head, bar = (0.38, -0.24), (0.32, s.u(-0.5, -0.42))
    drop = s.u(0, 0.25)  # a lady's frame has a lower top tube
    low = (seat[0] + (crank[0] - seat[0]) * drop, seat[1] + (crank[1] - seat[1]) * drop)
    for a, b in ((back, crank), (back, low), (crank, seat), (crank, head), (low, head)):
        s.add("frame", ribbon([a, b], tube), "base")
    s.add("frame", ribbon([front, head, bar], tube), "base")
    s.add("frame", ribbon([seat, (seat[0] - 0.03, -0.36)], tube * 0.8), "dark", outline=False)
    s.add("saddle", rounded(seat[0] - 0.2, -0.42, seat[0] + 0.16, -0.32, 0.05), "dark")
    if s.p(0.5):  # straight bar pulled back, or a racing bar
        path = [bar, (bar[0] - 0.02, bar[1] - 0.06), (bar[0] - 0.24, bar[1] - 0.02)]
    else:
        path = [(bar[0] - 0.05, bar[1]), (bar[0] + 0.2, bar[1] - 0.02), (bar[0] + 0.22, -0.3)]
        path += [(bar[0] + 0.08, -0.22)]
    s.add("handle", ribbon(smooth_path(path, 4), tube), "dark", outline=False)
    s.add("pedal", ellipse(*crank, 0.11, n=14), "second")
    if s.p(0.4):
        s.add(
            "basket",
            np.array([(0.42, -0.46), (0.78, -0.46), (0.72, -0.18), (0.48, -0.18)]),
            "accent",
        )


def wheelbarrow(s: Sketch) -> None:
    """A tray on one wheel, a leg, two handles."""
    if s.p(0.55):
        heap = [(-0.5, -0.2), (-0.3, -0.5), (0.1, -0.62), (0.5, -0.5), (0.78, -0.22), (0.1, 0)]
        s.add("load", smooth(np.array(heap), 4), "accent", textured=True)
    s.add("handle", ribbon([(0.72, 0.5), (-0.1, 0.2), (-1.05, s.u(-0.14, 0.02))], 0.09), "second")
    s.add("handle", ribbon([(-1.1, -0.06), (-0.8, 0.0)], 0.15), "dark")
    for x in (-0.42, -0.3):
        s.add("leg", ribbon([(x + 0.1, 0.2), (x, 0.72)], 0.08), "second")
    s.add("leg", box(-0.5, 0.68, -0.16, 0.75), "dark", outline=False)
    tray = [(s.u(-0.72, -0.6), -0.24), (s.u(0.9, 1.02), -0.3), (0.52, 0.26), (-0.32, 0.26)]
    s.add("tray", np.array(tray), "base", textured=True)
    rim = ribbon([tray[0], tray[1]], 0.08)
    s.add("tray", rim, "light")
    assembly.wheel(s, 0.72, 0.5, s.u(0.24, 0.3))
    s.add("frame", ribbon([(0.3, 0.24), (0.74, 0.5)], 0.07), "second")


def aeroplane(s: Sketch) -> None:
    """Long fuselage, swept wings before and behind it, tail fin."""
    fat = s.u(0.17, 0.23)
    assembly.wing(s, 0.12, -0.08, s.u(0.45, 0.6), 0.4, -112, "second", sweep=-0.35)
    s.add(
        "fin",
        np.array([(-0.98, -s.u(0.5, 0.62)), (-0.76, -0.54), (-0.5, -0.1), (-0.92, -0.06)]),
        "accent",
        textured=True,
    )
    body = [(-1.02, -0.1), (-0.6, -fat * 0.9), (0.5, -fat), (0.84, -fat * 0.62), (1.02, 0.03)]
    body += [(0.84, fat * 0.72), (0.4, fat), (-0.4, fat * 0.8)]
    s.add("fuselage", smooth(np.array(body), 4), "base", textured=True)
    nose = [(0.7, -fat * 0.72), (0.8, -fat * 0.66), (0.93, -0.03), (0.72, -0.03)]
    s.add("window", np.array(nose), "dark", outline=False)
    count = s.n(4, 7)
    for x in np.linspace(-0.5, 0.5, count):
        s.add("window", ellipse(x, -0.05, 0.045, 0.055, n=10), "light")
    assembly.fin(s, -0.78, -0.02, 0.34, 0.26, 155, "second", part="tailplane")
    assembly.wing(s, 0.14, 0.1, s.u(0.68, 0.86), 0.46, 112, "second", sweep=0.35)
    if s.p(0.6):
        x, y = 0.02, 0.46
        engine = moved(rounded(-0.14, -0.08, 0.16, 0.08, 0.07), x, y)
        s.add("engine", engine, "light")
    s.add("fuselage", box(-0.7, 0.06, 0.3, 0.09), "accent", outline=False)


def sailboat(s: Sketch) -> None:
    """A hull under a mast with one or two sails."""
    deck, top = 0.5, -1.0
    mast = s.u(-0.12, 0.12)
    s.add("mast", box(mast - 0.025, top - 0.04, mast + 0.025, deck), "dark", outline=False)
    assembly.sail(
        s,
        mast - 0.05,
        deck - 0.12,
        top + 0.04,
        s.u(-0.86, -0.66),
        "light" if s.p(0.5) else "second",
        0.1,
    )
    if s.p(0.8):
        assembly.sail(
            s, mast + 0.05, deck - 0.16, top + s.u(0.1, 0.4), s.u(0.6, 0.82), "accent", 0.08
        )
    flag = [(mast, top - 0.05), (mast + 0.28, top + 0.02), (mast, top + 0.09)]
    if s.p(0.6):
        s.add("flag", np.array(flag), "accent")
    s.add("mast", box(-0.72, deck - 0.1, 0.5, deck - 0.06), "dark", outline=False)
    assembly.hull(s, s.u(0.82, 0.95), deck, s.u(0.32, 0.42))
    for x in np.linspace(-0.4, 0.4, s.n(2, 4)):
        s.add("window", ellipse(x, deck + 0.17, 0.055, n=12), "light")
