"""Class activation maps, and the experiments of the paper that introduced them.

from cam_utils import as_gap_network, cams, center_crop, open_rgb
network = as_gap_network(my_model, input_spec)  # as timm, torchvision or Hugging Face say it
view = center_crop(open_rgb("photo.jpg"), network.input_spec)
result = cams(network, view.tensor[None], classes=5)

To read the method, about a thousand lines in this order: cam, networks.gap, networks.wrap, views,
pasting, boxes, metrics.intervals.
"""

from . import mini  # the drawn data sets register themselves
from .cam import CamResult, cams, class_activation_maps
from .data import Record, open_images
from .errors import BrokenImage, BrokenWeights, CamError, MissingData, NoClassActivationMap
from .networks import as_gap_network, available_networks, load_network
from .pictures import open_rgb
from .provenance import __version__
from .views import center_crop, paste, ten_crop, whole

__all__ = [
    "BrokenImage",
    "BrokenWeights",
    "CamError",
    "CamResult",
    "MissingData",
    "NoClassActivationMap",
    "Record",
    "__version__",
    "as_gap_network",
    "available_networks",
    "cams",
    "center_crop",
    "class_activation_maps",
    "load_network",
    "mini",
    "open_images",
    "open_rgb",
    "paste",
    "ten_crop",
    "whole",
]
