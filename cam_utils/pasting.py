"""From maps of views back to the original image.

A frame says which rectangle of the ORIGINAL image a view shows. Map cells are placed by their
centres (half-pixel alignment), so that nothing shifts.
"""

from dataclasses import dataclass, replace
from functools import lru_cache

import torch
from torch import Tensor

from .errors import CamError


@dataclass(frozen=True)
class Frame:
    """The rectangle of the original image that a view shows: xyxy, pixels, half-open.

    Its corners may be fractional; `flipped` says that the view shows it mirrored.
    """

    x0: float
    y0: float
    x1: float
    y1: float
    flipped: bool = False

    def scaled(self, x: float, y: float) -> "Frame":
        """The frame in an image that is x times as wide and y times as high."""
        return replace(self, x0=self.x0 * x, y0=self.y0 * y, x1=self.x1 * x, y1=self.y1 * y)


MERGES = ("mean", "sum_abs", "plain")
OUTSIDE = ("zero", "edge", "stretch")


def paste(
    maps: Tensor,
    frames: Frame | list[Frame],
    size: tuple[int, int],
    merge: str = "mean",
    kernel: str = "bicubic",
    canvas: tuple[int, int] | None = None,
    outside: str = "zero",
) -> Tensor:
    """Maps of views back into the original image.

    Args:
        maps: (n, h, w) of one view, or (V, n, h, w) with one frame for each view.
        frames: the frame of each view.
        size: (height, width) of the original image, pixels.
        merge: how overlapping views are joined: "mean" divides by how many views cover a pixel;
            "plain" adds them; "sum_abs" adds absolute values, as the authors' released code does.
        kernel: "bicubic" (Keys, a = -0.5, as MATLAB, PIL) or "bilinear"; antialiased where a map
            is shrunk.
        canvas: (height, width) on which the views are merged before the result is resized to
            `size`, as the released code does (256 x 256); None: merged at `size` itself.
        outside: what the map of a single view is where the view does not look, which the paper
            leaves open: "zero", as on the released code's canvas; "edge", the value at the view's
            border; "stretch", the view's map is drawn over the whole image.

    Returns:
        (n, height, width) in the maps' dtype.

    Raises:
        CamError: the number of frames does not fit, or one lies outside of the image; the merge or
            `outside` is unknown, or `outside` is not "zero" for several views.
    """
    frames = [frames] if isinstance(frames, Frame) else list(frames)
    maps = maps[None] if maps.dim() == 3 else maps
    if maps.dim() != 4 or maps.shape[0] != len(frames) or merge not in MERGES:
        raise CamError(
            f"Found maps {tuple(maps.shape)}, {len(frames)} frames and merge={merge!r}; expected "
            f"maps (views, classes, h, w), one frame for each view, a merge of {', '.join(MERGES)}."
        )
    maps = maps if maps.is_floating_point() else maps.float()  # weights round to 0 in integers
    for frame in frames:
        _check_inside(frame, size)
    if outside not in OUTSIDE or (outside != "zero" and len(frames) > 1):
        raise CamError(
            f"Found outside={outside!r} and {len(frames)} views; expected 'zero', or for a single "
            f"view one of {', '.join(OUTSIDE)}."
        )
    if outside == "stretch":
        frames = [replace(frames[0], x0=0, y0=0, x1=size[1], y1=size[0])]
    if canvas is not None:
        x, y = canvas[1] / size[1], canvas[0] / size[0]
        merged = paste(maps, [frame.scaled(x, y) for frame in frames], canvas, merge, kernel)
        return paste(merged, Frame(0, 0, size[1], size[0]), size, kernel=kernel)
    if len(frames) == 1:  # nothing overlaps: the same values for a third of the time
        pasted = _pasted(maps[0], frames[0], size, kernel, outside)[0]
        return pasted.abs() if merge == "sum_abs" else pasted
    total = maps.new_zeros(maps.shape[1], *size)
    covered = maps.new_zeros(size)
    for view, frame in zip(maps, frames, strict=True):
        pasted, seen = _pasted(view, frame, size, kernel)
        total += pasted.abs() if merge == "sum_abs" else pasted
        covered += seen[0][:, None] * seen[1]
    return total / covered.clamp(min=1) if merge == "mean" else total


def _check_inside(frame: Frame, size: tuple[int, int]) -> None:
    """CamError for a frame that is empty or leaves the image by more than a rounding."""
    height, width = size
    inside = min(frame.x0, frame.y0) >= -1 and frame.x1 <= width + 1 and frame.y1 <= height + 1
    if not (inside and frame.x0 < frame.x1 and frame.y0 < frame.y1):
        raise CamError(
            f"Found a frame x {frame.x0:g}-{frame.x1:g}, y {frame.y0:g}-{frame.y1:g} in an image "
            f"of height {height} and width {width}; expected one that lies in it. The size is "
            "(height, width), PIL's image.size the other way round."
        )


def _pasted(
    view: Tensor, frame: Frame, size: tuple[int, int], kernel: str, outside: str = "zero"
) -> tuple:
    """One view's maps (n, height, width), and which rows and which columns it covers (0 or 1)."""
    if frame.flipped:
        view = view.flip(-1)
    rows = _resampler(size[0], view.shape[-2], frame.y0, frame.y1, kernel, outside).to(view)
    columns = _resampler(size[1], view.shape[-1], frame.x0, frame.x1, kernel, outside).to(view)
    return rows @ view @ columns.T, (rows.any(1).to(view), columns.any(1).to(view))


def paste_whole(maps: Tensor, size: tuple[int, int]) -> Tensor:
    """(n, h, w) maps of the view "whole" to the original image of `size` (height, width)."""
    height, width = (int(side) for side in size)
    return paste(maps.float(), Frame(0, 0, width, height), (height, width))


@lru_cache(maxsize=512)  # pictures of one size, and the views of one, ask for the same again
@torch.inference_mode(False)  # what is kept must serve every caller
def _resampler(
    pixels: int, cells: int, start: float, stop: float, kernel: str, outside: str = "zero"
) -> Tensor:
    """(pixels, cells) weights that resample a row of cells lying on [start, stop) to pixels."""
    centres = torch.arange(pixels, dtype=torch.float64) + 0.5
    inside = (centres >= start) & (centres < stop)
    if outside == "edge":
        centres, inside = centres.clamp(start, stop), torch.ones_like(inside)
    scale = cells / (stop - start)  # cells per pixel
    place = (centres - start) * scale  # in cell units; cell i spans [i, i + 1)
    stretch = max(scale, 1.0)  # antialiasing: the kernel grows when maps are shrunk
    reach = (2.0 if kernel == "bicubic" else 1.0) * stretch
    distance = (place[:, None] - (torch.arange(cells, dtype=torch.float64) + 0.5)) / stretch
    weights = _keys(distance) if kernel == "bicubic" else (1 - distance.abs()).clamp(min=0)
    weights[distance.abs() * stretch > reach] = 0
    weights = weights / weights.sum(1, keepdim=True).where(
        weights.any(1, keepdim=True), torch.ones(1)
    )
    return weights * inside[:, None]


def _keys(x: Tensor, a: float = -0.5) -> Tensor:
    x = x.abs()
    near = (a + 2) * x**3 - (a + 3) * x**2 + 1
    far = a * (x**3 - 5 * x**2 + 8 * x - 4)
    return torch.where(x <= 1, near, torch.where(x < 2, far, torch.zeros_like(x)))
