"""The one interface of every network here: features, then a linear layer over their pooling."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn


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


class Classifier(nn.Module):
    """What every network here says of itself; it takes images (B, 3, H, W) to logits (B, C).

    Attributes:
        input_spec: how `cam_utils.views` prepares an image.
        classes: C class names, or None.
        name: the name that `load_network` knows it by.
        weights_hash: sha256 (first 16 digits) of the weight file, or "random".
        probability: what makes probabilities of the logits: "softmax", or "sigmoid" for one logit
            and for classes that do not exclude each other.
    """

    input_spec: InputSpec = IMAGENET
    classes: list[str] | None = None
    name: str = "unnamed"
    weights_hash: str = "random"
    probability: str = "softmax"


class GapNetwork(Classifier):
    """Base class: a network whose logits are `pool(features) @ class_weights.T + class_bias`.

    Subclasses set `class_weights` (C, K) and `class_bias` (C,) (parameters, buffers or
    properties) and implement `features`. Section 2 of the paper; the pooling is a mean, not the
    sum of the paper's equation, which only rescales the map.

    Attributes:
        pool: "avg" (GAP) or "max" (GMP).
    """

    pool: str = "avg"

    def features(self, images: Tensor) -> Tensor:
        """Images (B, 3, H, W) to the feature maps that enter the pooling, (B, K, h, w)."""
        raise NotImplementedError

    def state(self) -> list[tuple]:
        """What changes when a parameter or buffer is replaced, moved or written to.

        Every call of `cams` asks, so the modules' own dictionaries are read: `parameters()` takes
        three times as long.
        """
        tensors = []
        for module in self.modules():
            tensors += (*module._parameters.values(), *module._buffers.values())
        # inference tensors count no versions
        return [
            (id(t), t.data_ptr(), 0 if t.is_inference() else t._version)
            for t in tensors
            if t is not None
        ]

    def pooled(self, features: Tensor) -> Tensor:
        """Feature maps (B, K, h, w) to what enters the linear layer, (B, K)."""
        places = tuple(range(2, features.dim()))
        return features.amax(places) if self.pool == "max" else features.mean(places)

    def classify(self, features: Tensor) -> Tensor:
        """Feature maps (B, K, h, w) to logits (B, C): pooling, then the linear layer."""
        return nn.functional.linear(self.pooled(features), self.class_weights, self.class_bias)

    def logits_and_features(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Logits (B, C) and features (B, K, h, w) of one forward pass."""
        features = self.features(images)
        return self.classify(features), features

    def forward(self, images: Tensor) -> Tensor:
        """Images (B, 3, H, W) to logits (B, C)."""
        return self.logits_and_features(images)[0]


class TrunkNetwork(GapNetwork):
    """A trunk, global pooling, dropout, one linear layer (paper, section 3.1).

    Subclasses keep the linear layer where their weight files have it; `linear` is its path.
    """

    linear = "fc"

    def __init__(self, trunk: nn.Module, pool: str = "avg", drop: float = 0.0):
        super().__init__()
        self.trunk, self.pool, self.dropout = trunk, pool, nn.Dropout(drop)

    @property
    def class_weights(self) -> Tensor:
        """(C, K), of the linear layer."""
        return self.get_submodule(self.linear).weight

    @property
    def class_bias(self) -> Tensor:
        """(C,), of the linear layer."""
        return self.get_submodule(self.linear).bias

    def features(self, images: Tensor) -> Tensor:
        return self.trunk(images)

    def classify(self, features: Tensor) -> Tensor:
        return self.get_submodule(self.linear)(self.dropout(self.pooled(features)))


class ClassMapNetwork(GapNetwork):
    """A network whose last convolution gives one map per class (NIN, SqueezeNet).

    The (rectified) class maps are the features and the class weights the identity, so that the
    logit is the mean of the class's own map and everything else stays the same.
    """

    def __init__(self, num_classes: int, trunk: nn.Module):
        super().__init__()
        self.trunk = trunk
        self.register_buffer("class_weights", torch.eye(num_classes), persistent=False)
        self.register_buffer("class_bias", torch.zeros(num_classes), persistent=False)

    def features(self, images: Tensor) -> Tensor:
        return self.trunk(images)


def probabilities_of(logits: Tensor, kind: str) -> Tensor:
    """Logits (B, C) to probabilities (B, C), by a network's `probability`, in float32 or better."""
    logits = logits.float() if logits.dtype != torch.float64 else logits
    return logits.sigmoid() if kind == "sigmoid" else logits.softmax(1)


def class_name(network, index: int) -> str:
    """The readable name of a class, or "class 7" where the network has no names."""
    return network.classes[index] if network.classes else f"class {index}"
