"""From a picture to a network's input and back: views, their frames, and pasting maps.

A view is what the network sees of an image, together with its frame: the rectangle of the
ORIGINAL image that it shows, xyxy in pixels, half-open and possibly fractional, and whether it is
mirrored. `paste` is the way back; it places map cells by their centres (half-pixel alignment), so
that nothing shifts.
"""

from dataclasses import dataclass

import cv2
import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torchvision.transforms.v2 import functional as TF

from .errors import CamError
from .networks.spec import InputSpec


@dataclass(frozen=True)
class Frame:
    """The rectangle of the original image that a view shows: xyxy, pixels, half-open."""

    x0: float
    y0: float
    x1: float
    y1: float
    flipped: bool = False


@dataclass(frozen=True)
class View:
    """A network input (3, S, S) float32 and its frame."""

    tensor: Tensor
    frame: Frame


def whole(image: Image.Image, spec: InputSpec) -> View:
    """The whole image warped to the network's square input (aspect ratio ignored)."""
    tensor = resize(to_tensor(image), (spec.size, spec.size), spec.kernel)
    return View(normalise(tensor, spec).contiguous(), Frame(0, 0, *image.size))


def center_crop(image: Image.Image, spec: InputSpec) -> View:
    """Resize as the network's spec says and cut out the centre square: the usual test view."""
    width, height = image.size
    shape = resized_shape(height, width, spec)
    tensor = resize(to_tensor(image), shape, spec.kernel)
    top, left = (round((side - spec.size) / 2) for side in shape)
    tensor = tensor[:, top : top + spec.size, left : left + spec.size]
    sy, sx = height / shape[0], width / shape[1]
    frame = Frame(left * sx, top * sy, (left + spec.size) * sx, (top + spec.size) * sy)
    return View(normalise(tensor, spec).contiguous(), frame)


def to_tensor(image: Image.Image) -> Tensor:
    """PIL image to (3, H, W) uint8 RGB."""
    if not isinstance(image, Image.Image):
        raise CamError(
            f"Found an image as {type(image).__name__}, expected a PIL image; "
            "cam_utils.data.open_rgb(path) opens any picture file as one."
        )
    return torch.from_numpy(np.array(image.convert("RGB"))).permute(2, 0, 1)


def resize(image: Tensor, shape: tuple[int, int], kernel: str) -> Tensor:
    """(3, H, W) uint8 to (3, *shape) float32 in 0..255.

    Kernels: "bilinear" and "bicubic" are torchvision's with antialiasing (what PIL does);
    "opencv" is OpenCV's 8-bit bilinear without antialiasing, which Caffe's tools use.
    """
    if kernel == "opencv":
        array = cv2.resize(image.permute(1, 2, 0).numpy(), shape[::-1])
        return torch.from_numpy(array).permute(2, 0, 1).float()
    return TF.resize(image, list(shape), TF.InterpolationMode(kernel), antialias=True).float()


def normalise(image: Tensor, spec: InputSpec) -> Tensor:
    """(..., 3, h, w) RGB 0..255 to the network's channel order, scale, mean and deviation."""
    if spec.channels == "BGR":
        image = image.flip(-3)
    mean, std = (torch.tensor(v, device=image.device)[:, None, None] for v in (spec.mean, spec.std))
    return (image * spec.scale - mean) / std


def resized_shape(height: int, width: int, spec: InputSpec) -> tuple[int, int]:
    """(height, width) of an image after the resize that precedes the network's crop."""
    if spec.squash:
        return spec.resize, spec.resize
    # the longer side is cut to whole pixels, as torchvision does
    short = min(height, width)
    return int(spec.resize * height / short), int(spec.resize * width / short)


MERGES = ("mean", "sum_abs", "plain")


def paste(
    maps: Tensor,
    frames: Frame | list[Frame],
    size: tuple[int, int],
    merge: str = "mean",
    kernel: str = "bicubic",
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

    Returns:
        (n, height, width) in the maps' dtype; zero where no view looks.

    Raises:
        CamError: the number of frames does not fit, or the merge is unknown.
    """
    frames = [frames] if isinstance(frames, Frame) else list(frames)
    maps = maps[None] if maps.dim() == 3 else maps
    if maps.dim() != 4 or maps.shape[0] != len(frames) or merge not in MERGES:
        raise CamError(
            f"Found maps {tuple(maps.shape)}, {len(frames)} frames and merge={merge!r}; expected "
            f"maps (views, classes, h, w), one frame for each view, a merge of {', '.join(MERGES)}."
        )
    canvas = maps.new_zeros(maps.shape[1], *size)
    covered = maps.new_zeros(size)
    for view, frame in zip(maps, frames, strict=True):
        if frame.flipped:
            view = view.flip(-1)
        rows = _resampler(size[0], view.shape[-2], frame.y0, frame.y1, kernel).to(view)
        columns = _resampler(size[1], view.shape[-1], frame.x0, frame.x1, kernel).to(view)
        pasted = rows @ view @ columns.T
        canvas += pasted.abs() if merge == "sum_abs" else pasted
        covered += rows.any(1).to(view)[:, None] * columns.any(1).to(view)
    return canvas / covered.clamp(min=1) if merge == "mean" else canvas


def paste_whole(maps: Tensor, size: tuple[int, int]) -> Tensor:
    """(n, h, w) maps of the view "whole" to the original image of `size` (height, width)."""
    height, width = (int(side) for side in size)
    return paste(maps.float(), Frame(0, 0, width, height), (height, width))


def _resampler(pixels: int, cells: int, start: float, stop: float, kernel: str) -> Tensor:
    """(pixels, cells) weights that resample a row of cells lying on [start, stop) to pixels."""
    centres = torch.arange(pixels, dtype=torch.float64) + 0.5
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
    inside = (centres >= start) & (centres < stop)
    return weights * inside[:, None]


def _keys(x: Tensor, a: float = -0.5) -> Tensor:
    x = x.abs()
    near = (a + 2) * x**3 - (a + 3) * x**2 + 1
    far = a * (x**3 - 5 * x**2 + 8 * x - 4)
    return torch.where(x <= 1, near, torch.where(x < 2, far, torch.zeros_like(x)))
