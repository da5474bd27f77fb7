"""From a picture to a network's input: views and their frames.

A view is what the network sees of an image, together with its frame: the rectangle of the
ORIGINAL image that it shows, xyxy in pixels, half-open and possibly fractional, and whether it is
mirrored. `paste` (of `cam_utils.pasting`) is the way back. An image is a PIL image, a path, a NumPy
array or a tensor (`cam_utils.pictures.as_picture`).
"""

import math
from dataclasses import dataclass, replace

import cv2
import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.nn import functional as F

from .errors import CamError
from .networks.gap import InputSpec
from .pasting import MERGES, Frame, paste, paste_whole
from .pictures import as_picture

__all__ = [
    "MERGES",
    "VIEWS",
    "Frame",
    "View",
    "box_crop",
    "center_crop",
    "normalise",
    "paste",
    "paste_whole",
    "resize",
    "resized_shape",
    "ten_crop",
    "ten_crop_spec",
    "to_tensor",
    "view_list",
    "whole",
]

# A longer picture is cut to its middle before its shorter side is resized: 4000 x 1 pixels would
# become a million wide.
LONGEST = 20

_STRIP = 1024  # rows


@dataclass(frozen=True)
class View:
    """A network input (3, S, S) float32 and its frame."""

    tensor: Tensor
    frame: Frame


def whole(image, spec: InputSpec) -> View:
    """The whole image warped to the network's square input (aspect ratio ignored)."""
    image = as_picture(image)
    tensor = resize(to_tensor(image), (spec.size, spec.size), spec.kernel)
    return View(normalise(tensor, spec).contiguous(), Frame(0, 0, *image.size))


def center_crop(image, spec: InputSpec) -> View:
    """Resize as the network's spec says and cut out the centre square: the usual test view.

    Of a picture more than 20 times as long as wide only the middle is used, unless the spec
    squashes.
    """
    resized = _resized(image, spec)
    left, top = (round((side - spec.size) / 2) for side in resized.size)
    return resized.cut(left, top)


def ten_crop(image, spec: InputSpec) -> list[View]:
    """Four corners, the centre, then the mirror images of these five: the paper's test views.

    Order and offsets are those of the released code (prepare_image.m): top left, bottom left, top
    right, bottom right, centre at half the margin rounded up; of 224 in 256 pixels, 16. A spec
    without a margin is given the same proportion (`ten_crop_spec`).

    Returns:
        Ten views; the frames of the last five are `flipped`.
    """
    resized = _resized(image, ten_crop_spec(spec))
    right, bottom = (side - spec.size for side in resized.size)
    corners = [(0, 0), (0, bottom), (right, 0), (right, bottom)]
    upright = [resized.cut(x, y) for x, y in [*corners, ((right + 1) // 2, (bottom + 1) // 2)]]
    mirrored = [View(v.tensor.flip(-1), replace(v.frame, flipped=True)) for v in upright]
    return upright + mirrored


def ten_crop_spec(spec: InputSpec) -> InputSpec:
    """The spec, its resize enlarged to 256/224 of the input where it leaves no margin to crop."""
    return spec if spec.resize > spec.size else replace(spec, resize=round(spec.size * 256 / 224))


def box_crop(image, box, spec: InputSpec) -> View:
    """A rectangle of the image warped to the network's input (section 4.1's crops).

    Args:
        box: xyxy in pixels of the image, half-open. It is widened to whole pixels and cut at the
            image's border; the view's frame is that rectangle.

    Raises:
        CamError: the box is not four finite numbers, or nothing of it lies in the image.
    """
    image = as_picture(image)
    corners = [float(v) for v in np.asarray(box).reshape(-1)]
    width, height = image.size
    if len(corners) == 4 and all(math.isfinite(v) for v in corners):
        x0, y0 = (max(math.floor(v), 0) for v in corners[:2])
        x1, y1 = min(math.ceil(corners[2]), width), min(math.ceil(corners[3]), height)
        if x0 < x1 and y0 < y1:
            part = to_tensor(image)[:, y0:y1, x0:x1]
            tensor = normalise(resize(part, (spec.size, spec.size), spec.kernel), spec)
            return View(tensor.contiguous(), Frame(x0, y0, x1, y1))
    raise CamError(
        f"Found the box {corners} in an image of {width} x {height} pixels; expected x0, y0, x1, "
        "y1 with x0 < x1 and y0 < y1 that lies in it at least in part."
    )


VIEWS = {
    "center": lambda image, spec: [center_crop(image, spec)],
    "square": lambda image, spec: [center_crop(image, replace(spec, squash=False))],
    "whole": lambda image, spec: [whole(image, spec)],
    "ten": ten_crop,
}


def view_list(image, spec: InputSpec, view: str = "center") -> list[View]:
    """The views of an image by name: "center", "square" and "whole" are one view, "ten" is ten."""
    if view not in VIEWS:
        raise CamError(f"Unknown view {view!r}; known: {', '.join(VIEWS)}.")
    return VIEWS[view](image, spec)


@dataclass(frozen=True)
class _Resized:
    """An image after its resize, normalised, and where its pixels lie in the original."""

    tensor: Tensor  # (3, h, w)
    frame: Frame
    spec: InputSpec

    @property
    def size(self) -> tuple[int, int]:
        return self.tensor.shape[2], self.tensor.shape[1]

    def cut(self, left: int, top: int) -> View:
        side, f = self.spec.size, self.frame
        sx, sy = (f.x1 - f.x0) / self.size[0], (f.y1 - f.y0) / self.size[1]
        x0, y0 = f.x0 + left * sx, f.y0 + top * sy
        tensor = self.tensor[:, top : top + side, left : left + side]
        return View(tensor.contiguous(), Frame(x0, y0, x0 + side * sx, y0 + side * sy))


def _resized(image, spec: InputSpec) -> _Resized:
    tensor = to_tensor(as_picture(image))
    x0 = y0 = 0
    if not spec.squash:
        height, width = tensor.shape[1:]
        x0, y0 = (max(a - LONGEST * b, 0) // 2 for a, b in ((width, height), (height, width)))
        tensor = tensor[:, y0 : height - y0, x0 : width - x0]
    height, width = tensor.shape[1:]
    resized = resize(tensor, resized_shape(height, width, spec), spec.kernel)
    return _Resized(normalise(resized, spec), Frame(x0, y0, x0 + width, y0 + height), spec)


def to_tensor(image: Image.Image) -> Tensor:
    """PIL image to (3, H, W) uint8 RGB."""
    rgb = image if image.mode == "RGB" else image.convert("RGB")  # convert always copies
    width, height = rgb.size
    array = np.empty((height, width, 3), np.uint8)
    for top in range(0, height, _STRIP):  # all at once takes a large photo's memory three times
        end = min(top + _STRIP, height)
        array[top:end] = rgb.crop((0, top, width, end))
    return torch.from_numpy(array).permute(2, 0, 1)


def resize(image: Tensor, shape: tuple[int, int], kernel: str) -> Tensor:
    """(3, H, W) uint8 to (3, *shape) float32 in 0..255.

    Kernels: "bilinear" and "bicubic" are torchvision's with antialiasing (what PIL does);
    "opencv" is OpenCV's 8-bit bilinear without antialiasing, which Caffe's tools use.
    """
    if kernel == "opencv":
        array = cv2.resize(image.permute(1, 2, 0).numpy(), shape[::-1])
        return torch.from_numpy(array).permute(2, 0, 1).float()
    if tuple(image.shape[1:]) == tuple(shape):
        return image.float()
    how = {"mode": kernel, "align_corners": False, "antialias": True}
    return F.interpolate(image[None], tuple(shape), **how)[0].float()


def normalise(image: Tensor, spec: InputSpec) -> Tensor:
    """(..., 3, h, w) RGB 0..255 to the network's channel order, scale, mean and deviation.

    A spec with one mean is of a grey network: (..., 1, h, w), with Pillow's weights of the colours.

    Raises:
        CamError: a spec of another number of channels.
    """
    if len(spec.mean) not in (1, 3) or len(spec.mean) != len(spec.std):
        raise CamError(
            f"The network's input has {len(spec.mean)} means and {len(spec.std)} deviations; a "
            "picture is 1 or 3 channels. Give such a network tensors of your own, by cams."
        )
    if len(spec.mean) == 1:
        weights = torch.tensor([0.299, 0.587, 0.114], device=image.device)[:, None, None]
        image = (image * weights).sum(-3, keepdim=True)
    elif spec.channels == "BGR":
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
