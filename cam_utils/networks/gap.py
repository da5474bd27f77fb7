"""The one interface of every network here: features, then a linear layer over their pooling."""

import torch
from torch import Tensor, nn

from .spec import IMAGENET, InputSpec


class GapNetwork(nn.Module):
    """Base class: a network whose logits are `pool(features) @ class_weights.T + class_bias`.

    Subclasses set `class_weights` (C, K) and `class_bias` (C,) (parameters, buffers or
    properties) and implement `features`. Section 2 of the paper; the pooling is a mean, not the
    sum of the paper's equation, which only rescales the map.

    Attributes:
        pool: "avg" (GAP) or "max" (GMP).
        input_spec: how `cam_utils.views` prepares an image.
        classes: C class names, or None.
        name: the name that `load_network` knows it by.
        weights_hash: sha256 (first 16 digits) of the weight file, or "random".
    """

    pool: str = "avg"
    input_spec: InputSpec = IMAGENET
    classes: list[str] | None = None
    name: str = "unnamed"
    weights_hash: str = "random"

    def features(self, images: Tensor) -> Tensor:
        """Images (B, 3, H, W) to the feature maps that enter the pooling, (B, K, h, w)."""
        raise NotImplementedError

    def classify(self, features: Tensor) -> Tensor:
        """Feature maps (B, K, h, w) to logits (B, C): pooling, then the linear layer."""
        pooled = features.amax((2, 3)) if self.pool == "max" else features.mean((2, 3))
        return nn.functional.linear(pooled, self.class_weights, self.class_bias)

    def logits_and_features(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Logits (B, C) and features (B, K, h, w) of one forward pass."""
        features = self.features(images)
        return self.classify(features), features

    def forward(self, images: Tensor) -> Tensor:
        """Images (B, 3, H, W) to logits (B, C)."""
        return self.logits_and_features(images)[0]


class ClassMapNetwork(GapNetwork):
    """A network whose last convolution gives one map per class (NIN, SqueezeNet).

    The (rectified) class maps are the features and the class weights the identity, so that the
    logit is the mean of the class's own map and everything else stays the same.
    """

    def __init__(self, num_classes: int):
        super().__init__()
        self.register_buffer("class_weights", torch.eye(num_classes), persistent=False)
        self.register_buffer("class_bias", torch.zeros(num_classes), persistent=False)
