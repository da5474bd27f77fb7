"""Walls, floors, skies and grounds: textures of the frame, of which a scene shows a part."""

import numpy as np
from PIL import Image, ImageDraw

from ..pencil.palette import oklch
from ..pencil.scenery import noise
from .stage import SIZE, Stage

_Y, _X = np.mgrid[:SIZE, :SIZE].astype(np.float32)


def region(points) -> np.ndarray:
    """(SIZE, SIZE) float32 alpha of a polygon given in pixels, antialiased."""
    canvas = Image.new("L", (2 * SIZE, 2 * SIZE))
    flat = [float(2 * v) for point in points for v in point]
    ImageDraw.Draw(canvas).polygon(flat, fill=255)
    return np.asarray(canvas.reduce(2), dtype=np.float32) / 255


def everywhere() -> np.ndarray:
    """(SIZE, SIZE) float32 ones."""
    return np.ones((SIZE, SIZE), dtype=np.float32)


def _tone(stage: Stage, lightness, chroma, hue) -> np.ndarray:
    """(3,) float32 colour; each argument is a pair of bounds."""
    return np.array(
        oklch(stage.u(*lightness), stage.u(*chroma), stage.u(*hue) % 360), dtype=np.float32
    )


def _blend(one, other, share) -> np.ndarray:
    return one + (other - one) * share[..., None]


def _depth(horizon: float) -> tuple[np.ndarray, np.ndarray]:
    """Perspective of a level ground: (across, away) for each pixel, in units of the near edge."""
    away = (SIZE - horizon) / np.maximum(_Y - horizon, 1.5)
    return (_X - SIZE / 2) / SIZE * away, away


def wall(stage: Stage, floor: float) -> np.ndarray:
    """(SIZE, SIZE, 3): plain, striped, tiled, dotted or with panels up to some height."""
    u = stage.u(0, 1)
    base = _tone(stage, (0.55, 0.94), (0.005, 0.09), (0, 360))
    other = base * stage.u(0.84, 0.95) if stage.p(0.6) else base * 0.7 + 76
    grain = noise(stage.rng, SIZE, 1.5)[0]
    period = stage.u(7, 15)
    if u < 0.3:
        share = np.clip(0.5 + 0.2 * grain, 0, 1) * 0.5
    elif u < 0.48:
        share = ((_X / period) % 1 < 0.5).astype(np.float32)
    elif u < 0.72:
        lines = np.minimum((_X / period) % 1, ((_Y - floor) / period) % 1) * period
        share = (lines < 1.0).astype(np.float32)
    elif u < 0.84:
        shift = np.floor(_Y / period) % 2 / 2
        share = (((_X / period + shift) % 1 - 0.5) ** 2 + ((_Y / period) % 1 - 0.5) ** 2) < 0.03
        share = share.astype(np.float32)
    else:
        share = (floor - stage.u(18, 34) < _Y).astype(np.float32)
    gain = 1 + 0.05 * (_X - 56) / 56 * stage.light[0] + 0.012 * grain
    return _blend(base, other, share) * gain[..., None]


def floor(stage: Stage, horizon: float) -> np.ndarray:
    """(SIZE, SIZE, 3): planks, tiles or a carpet, in perspective."""
    u = stage.u(0, 1)
    wood = stage.p(0.45)
    base = _tone(stage, (0.45, 0.85), (0.02, 0.08), (50, 85) if wood else (0, 360))
    other = base * stage.u(0.72, 0.9)
    grain = noise(stage.rng, SIZE, 1.0)[0]
    across, away = _depth(horizon)
    size = stage.u(6, 11)
    if u < 0.4:
        board = np.floor(across * size)
        share = 0.5 + 0.5 * np.sin(board * 12.9898) + 0.6 * ((across * size) % 1 < 0.08)
    elif u < 0.75:
        share = (np.floor(across * size) + np.floor(away * size * 0.6)) % 2
    else:
        share = 0.5 + 0.3 * grain
    return _blend(base, other, np.clip(share, 0, 1)) * (1 + 0.03 * grain)[..., None]


def ceiling(stage: Stage) -> np.ndarray:
    """(SIZE, SIZE, 3): plain, pale."""
    base = _tone(stage, (0.78, 0.97), (0.0, 0.03), (0, 360))
    return base * (0.9 + 0.1 * _Y / SIZE)[..., None]


def sky(stage: Stage, horizon: float) -> np.ndarray:
    """(SIZE, SIZE, 3): blue, grey, evening or dusk, with or without clouds."""
    u = stage.u(0, 1)
    hue, chroma, light = (
        ((225, 255), (0.05, 0.13), (0.66, 0.86))
        if u < 0.5
        else ((200, 280), (0.0, 0.02), (0.68, 0.9))
        if u < 0.72
        else ((20, 75), (0.05, 0.11), (0.7, 0.88))
        if u < 0.88
        else ((250, 310), (0.04, 0.1), (0.4, 0.62))
    )
    top, low = _tone(stage, light, chroma, hue), _tone(stage, (0.85, 0.95), (0.01, 0.05), hue)
    fall = np.clip(_Y / max(horizon, 1), 0, 1)
    clouds = noise(stage.rng, SIZE, 1.7)[0]
    picture = _blend(top, low, fall * stage.u(0.5, 1))
    cover = np.clip((clouds - stage.u(-0.2, 1.6)) * 1.2, 0, 1) * stage.u(0.4, 0.9)
    return _blend(picture, np.float32(248), cover)


def grass(stage: Stage, horizon: float) -> np.ndarray:
    """(SIZE, SIZE, 3): a lawn or a dry meadow with tufts."""
    hue = (112, 150) if stage.p(0.75) else (88, 112)
    base = _tone(stage, (0.5, 0.78), (0.05, 0.13), hue)
    fine, coarse = noise(stage.rng, SIZE, 0.7)
    return base * (1 + 0.045 * fine + 0.04 * coarse)[..., None]


def field(stage: Stage, horizon: float) -> np.ndarray:
    """(SIZE, SIZE, 3): furrows that run away from the viewer, brown, golden or green."""
    base = _tone(
        stage, (0.45, 0.8), (0.05, 0.11), ((45, 70), (82, 98), (115, 140))[int(stage.u(0, 3))]
    )
    across, _ = _depth(horizon)
    rows = 0.5 + 0.5 * np.sin(across * stage.u(40, 70))
    grain = noise(stage.rng, SIZE, 0.8)[0]
    return _blend(base, base * 0.72, rows) * (1 + 0.05 * grain)[..., None]


def water(stage: Stage, horizon: float) -> np.ndarray:
    """(SIZE, SIZE, 3): ripples that grow towards the viewer."""
    base = _tone(stage, (0.45, 0.78), (0.03, 0.1), (190, 262))
    rough = noise(stage.rng, SIZE, 1.2)[0]
    _, away = _depth(horizon)
    ripple = np.sin(away * 26 + 1.3 * rough + 0.05 * _X) * (0.4 + 0.6 * (rough > 0))
    share = np.clip(0.25 + 0.3 * ripple, 0, 1) * 0.6
    return _blend(base, np.float32(244), share)


def road(stage: Stage, horizon: float) -> np.ndarray:
    """(SIZE, SIZE, 3): asphalt; its line is drawn with the region."""
    base = _tone(stage, (0.38, 0.66), (0.0, 0.02), (0, 360))
    return base * (1 + 0.04 * noise(stage.rng, SIZE, 0.5)[0])[..., None]


def pavement(stage: Stage, horizon: float) -> np.ndarray:
    """(SIZE, SIZE, 3): slabs in perspective."""
    base = _tone(stage, (0.6, 0.85), (0.0, 0.05), (40, 100))
    across, away = _depth(horizon)
    size = stage.u(7, 12)
    joint = ((across * size) % 1 < 0.1) | ((away * size * 0.5) % 1 < 0.08)
    grain = noise(stage.rng, SIZE, 0.8)[0]
    return _blend(base, base * 0.8, joint.astype(np.float32)) * (1 + 0.04 * grain)[..., None]


def sand(stage: Stage, horizon: float) -> np.ndarray:
    """(SIZE, SIZE, 3): sand or gravel."""
    base = _tone(stage, (0.68, 0.88), (0.03, 0.08), (65, 95))
    fine, coarse = noise(stage.rng, SIZE, 0.5)
    return base * (1 + 0.05 * fine + 0.03 * coarse)[..., None]


GROUNDS = {f.__name__: f for f in (grass, field, water, road, pavement, sand)}


def lay(stage: Stage, name: str, horizon: float, alpha: np.ndarray, line=None) -> None:
    """Put a ground on the stage; `line` (x0, y0, x1, y1): a dashed line on it."""
    rgb = GROUNDS[name](stage, horizon)
    if line is not None:
        x0, y0, x1, y1 = line
        dash = np.linspace(0, 1, 2 * 7 + 1)
        for a, b in zip(dash[:-1:2], dash[1::2], strict=True):
            ends = [(x0 + (x1 - x0) * t, y0 + (y1 - y0) * t) for t in (a, b)]
            (ax, ay), (bx, by) = ends
            half = 0.4 + 0.014 * (ay - horizon)
            across = abs(x1 - x0) > abs(y1 - y0)
            dx, dy = (0, half) if across else (half, 0)
            mark = region(
                [(ax - dx, ay - dy), (ax + dx, ay + dy), (bx + dx, by + dy), (bx - dx, by - dy)]
            )
            rgb = _blend(rgb, np.float32(238), mark)
    stage.surface(name, rgb, alpha)
