"""Class activation maps of an SVM (section 4): its weights in the place of the softmax's.

Nothing is trained but the SVM, and its maps show where its classes are.
"""

import torch
from torch import Tensor, nn

from ..cam import CamResult, Classes, cams
from ..errors import CamError, NoClassActivationMap
from ..evaluate.protocols import PAPER
from ..evaluate.ready import prepared
from ..hashes import digest
from ..networks.gap import GapNetwork
from .svm import LinearSvm

TOLERANCE = 1e-4  # of the identity, relative to the largest decision value


class SvmNetwork(GapNetwork):
    """A network whose linear layer is an SVM; the layers before it are shared, not copied."""

    def __init__(self, base: GapNetwork, svm: LinearSvm):
        super().__init__()
        self.base = base
        like = base.class_weights
        self.register_buffer("class_weights", torch.from_numpy(svm.weights).to(like, copy=True))
        self.register_buffer("class_bias", torch.from_numpy(svm.bias).to(like, copy=True))
        self.pool, self.input_spec = base.pool, base.input_spec
        self.classes = list(svm.classes)
        self.name = f"{base.name}+svm"
        self.weights_hash = digest(base.weights_hash.encode(), svm.weights, svm.bias)

    def features(self, images: Tensor) -> Tensor:
        return self.base.features(images)


def svm_network(network: nn.Module, svm: LinearSvm) -> SvmNetwork:
    """The network with the SVM's weights as class weights and its classes, in eval mode.

    Maps, boxes and evaluations work with it as with any network. Its logits are the SVM's decision
    values: their order is meaningful, the softmax over them is no probability. With average
    pooling `mean(M_c) + bias_c` is the decision value; with maximum pooling (GMP) the decision
    value is `weights_c @ max(f) + bias_c`, and the map, made from the same weights, has no such
    sum.

    Args:
        network: with global pooling; the one whose "gap" features the SVM was trained on.

    Raises:
        CamError: the SVM was trained on another number of features.
        NoClassActivationMap: the network has no global pooling.
    """
    base = prepared(network, PAPER)
    units = base.class_weights.shape[1]
    if svm.weights.shape[1] != units:
        raise CamError(
            f"The SVM has weights for {svm.weights.shape[1]} features and {base.name} pools "
            f'{units}; train it on extract(network, images, layer="gap") of this network.'
        )
    return SvmNetwork(base, svm).eval()


def svm_cams(network: nn.Module, svm: LinearSvm, images: Tensor, classes: Classes = 1) -> CamResult:
    """Maps of an SVM's classes; arguments and result as of `cam_utils.cams`.

    The logits are the decision values. For average pooling the identity is asserted on every call.

    Raises:
        CamError: as `svm_network`. NoClassActivationMap: the identity fails.
    """
    ready = network if isinstance(network, SvmNetwork) else svm_network(network, svm)
    result = cams(ready, images, classes)
    if ready.pool == "avg":
        again = result.maps.mean((2, 3)) + ready.class_bias[result.classes]
        score = result.logits.gather(1, result.classes)
        error = (again - score).abs().max() / result.logits.abs().max().clamp(min=1e-6)
        if not error <= TOLERANCE:
            raise NoClassActivationMap(
                f"{ready.name}: the mean of a map plus its bias differs from the decision value by "
                f"{error.item():.2g} of the largest one, at most {TOLERANCE:g} expected; use the "
                "features and the SVM in float32."
            )
    return result
