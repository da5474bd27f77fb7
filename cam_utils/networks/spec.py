"""What a network wants to see: size, cropping, channel order and normalisation of its input."""

from dataclasses import dataclass


@dataclass(frozen=True)
class InputSpec:
    """Preprocessing of one network, carried out by `cam_utils.views`.

    Pixels arrive as RGB values 0..255. They are resized, cropped, put into `channels` order,
    multiplied by `scale`, then `(x - mean) / std` per channel *in that order*.
    """

    size: int = 224  # side of the square input, pixels
    resize: int = 256  # side before cropping
    squash: bool = False  # True: warp to resize x resize (Caffe); False: shorter side to resize
    kernel: str = "bilinear"  # "bilinear"/"bicubic": antialiased; "opencv": bilinear without
    channels: str = "RGB"  # or "BGR"
    scale: float = 1 / 255
    mean: tuple[float, ...] = (0.485, 0.456, 0.406)
    std: tuple[float, ...] = (0.229, 0.224, 0.225)


IMAGENET = InputSpec()
CAFFE = InputSpec(
    squash=True,
    kernel="opencv",
    channels="BGR",
    scale=1.0,
    mean=(104.0, 117.0, 123.0),
    std=(1.0, 1.0, 1.0),
)
