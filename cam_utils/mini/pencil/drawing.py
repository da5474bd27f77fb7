"""From a list of polygons to an antialiased, textured layer with its parts told apart.

A `Sketch` collects named polygons in the object's own frame; `fit` finds the affine map that puts
it into a box; `render` draws it with Pillow on a canvas some times larger and reduces that.
"""

from dataclasses import dataclass, field

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from .geometry import rotation
from .palette import Palette, Rgb, darker, palette
from .textures import choose, fill_textured


@dataclass
class Shape:
    """One polygon: the slice of the sketch's points it uses, and how it is painted."""

    part: str
    start: int
    stop: int
    fill: Rgb
    textured: bool
    outline: bool


@dataclass
class Sketch:
    """Polygons of one object, back to front, in its own frame (about -1..1, y down)."""

    rng: np.random.Generator
    colors: Palette = None
    texture: str = "plain"
    texture_look: tuple = ()  # one for the whole object, see textures.choose
    points: list = field(default_factory=list)
    shapes: list = field(default_factory=list)
    count: int = 0

    def __post_init__(self):
        if self.colors is None:
            self.colors = palette(self.rng)
        u = self.rng.uniform(size=4)
        self.texture, self.texture_look = choose(u)

    def add(self, part: str, points, color, textured=False, outline=True) -> None:
        """Put a polygon on top. `color` is a role of the palette or an RGB triple."""
        fill = getattr(self.colors, color) if isinstance(color, str) else color
        stop = self.count + len(points)
        self.points.append(points)
        self.shapes.append(Shape(part, self.count, stop, fill, textured, outline))
        self.count = stop

    def place(self, first: int, x=0.0, y=0.0, scale=1.0, angle=0.0) -> None:
        """Scale, turn and move every polygon from number `first` on."""
        turn = rotation(angle).T * scale
        for i in range(first, len(self.points)):
            self.points[i] = self.points[i] @ turn + (x, y)

    def u(self, low: float, high: float) -> float:
        """A uniform number."""
        return low + (high - low) * self.rng.random()

    def n(self, low: int, high: int) -> int:
        """A whole number, both ends included."""
        return low + int((high - low + 1) * self.rng.random())

    def p(self, chance: float) -> bool:
        """True with that chance."""
        return self.rng.random() < chance


@dataclass
class Layer:
    """A rendered sketch: the part of it inside the frame.

    Attributes:
        x, y: the layer's corner in the frame, pixels.
        rgb: (h, w, 3) float32, 0..255.
        alpha: (h, w) float32, 0..1.
        ids: (h, w) uint8, 0 outside, else 1 + index into `parts` of the topmost part.
        parts: part names in order of first use.
    """

    x: int
    y: int
    rgb: np.ndarray
    alpha: np.ndarray
    ids: np.ndarray
    parts: list


def fit(points, target, angle=0.0, flip=False, most_stretch=1.35):
    """The affine map (A (2, 2), b (2,)) that fills the box `target` (xyxy pixels) with the points.

    The object is stretched in its own frame first (a turned car stays a car), by `most_stretch` at
    most; what is still missing is scaled in the picture's frame.
    """
    width, height = max(target[2] - target[0], 1e-3), max(target[3] - target[1], 1e-3)
    turn, stretch, mirror = rotation(angle), 1.0, -1.0 if flip else 1.0
    for _ in range(3):
        frame = turn * (stretch * mirror, 1.0)
        turned = points @ frame.T
        low, high = turned.min(0), turned.max(0)
        natural = (high[0] - low[0]) / max(high[1] - low[1], 1e-9)
        stretch *= (width / height) / natural
        stretch = min(max(stretch, 1 / most_stretch), most_stretch)
    scale = (width, height) / np.maximum(high - low, 1e-9)
    return frame * scale[:, None], np.array(target[:2]) - low * scale


def render(sketch: Sketch, matrix, offset, frame, size=None) -> Layer | None:
    """Draw a sketch that `matrix` and `offset` put into a frame (width, height) of pixels.

    `size` is the object's size in pixels, which sets the outline and the texture (None: the larger
    side of its box). Returns None if nothing lies inside the frame.
    """
    points = np.concatenate(sketch.points) @ matrix.T + offset
    low, high = points.min(0), points.max(0)
    size = float(max(high - low)) if size is None else size
    x0, y0 = (max(int(np.floor(v)) - 1, 0) for v in low)
    x1, y1 = (min(int(np.ceil(v)) + 1, int(m)) for v, m in zip(high, frame, strict=True))
    if x1 <= x0 or y1 <= y0:
        return None
    k = 4 if size < 34 else 3 if size < 60 else 2
    flat = ((points - (x0, y0)) * k + 0.5).ravel().tolist()
    line = max(1, round(0.014 * size * k))
    canvas = Image.new("RGB", ((x1 - x0) * k, (y1 - y0) * k), darker(sketch.colors.base, 0.6))
    labels = Image.new("L", canvas.size)
    pen, marker = ImageDraw.Draw(canvas), ImageDraw.Draw(labels)
    parts = list(dict.fromkeys(shape.part for shape in sketch.shapes))
    number = {part: i + 1 for i, part in enumerate(parts)}
    for shape in sketch.shapes:
        path = flat[2 * shape.start : 2 * shape.stop]
        if shape.textured and sketch.texture != "plain":
            fill_textured(canvas, path, shape.fill, size * k, sketch.texture, sketch.texture_look)
        else:
            pen.polygon(path, fill=shape.fill)
        marker.polygon(path, fill=number[shape.part])
        if shape.outline:
            closed = path + path[:4]
            pen.line(closed, fill=darker(shape.fill), width=line)
            marker.line(closed, fill=number[shape.part], width=line)
    alpha = labels.point([0] + [255] * 255).reduce(k)
    return Layer(
        x0,
        y0,
        np.asarray(canvas.reduce(k), dtype=np.float32),
        np.asarray(alpha, dtype=np.float32) / 255,
        np.asarray(labels)[k // 2 :: k, k // 2 :: k],
        parts,
    )


def shaded(layer: Layer, light) -> Layer:
    """The layer with soft volume: lit from the direction `light` (dx, dy), rims a little darker."""
    h, w = layer.alpha.shape
    soft = Image.fromarray((layer.alpha * 255).astype(np.uint8))
    soft = np.asarray(soft.filter(ImageFilter.BoxBlur(max(1, max(h, w) // 14))), np.float32) / 255
    x = np.linspace(-1, 1, w, dtype=np.float32) * light[0]
    y = np.linspace(-1, 1, h, dtype=np.float32) * light[1]
    gain = (0.72 + 0.3 * soft) * (1 + 0.16 * (x + y[:, None]))
    rgb = np.minimum(layer.rgb * gain[..., None], 255)
    return Layer(layer.x, layer.y, rgb, layer.alpha, layer.ids, layer.parts)


def compose(picture: np.ndarray, layer: Layer, shadow=None, opacity=1.0) -> None:
    """Blend a layer into `picture` (H, W, 3) float32 in place.

    `shadow` (dx, dy) in pixels: a soft shadow that far away falls on what is behind.
    """
    h, w = layer.alpha.shape
    if shadow is not None:
        dx, dy = shadow
        dark = Image.new("L", picture.shape[1::-1])
        dark.paste(
            Image.fromarray((layer.alpha * 255).astype(np.uint8)), (layer.x + dx, layer.y + dy)
        )
        dark = dark.filter(ImageFilter.BoxBlur(2 + max(h, w) // 40))
        picture *= 1 - np.asarray(dark, np.float32)[..., None] * (0.36 / 255)
    under = picture[layer.y : layer.y + h, layer.x : layer.x + w]
    under += (layer.rgb - under) * (layer.alpha * opacity)[..., None]
