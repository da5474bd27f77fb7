"""Transformers: tokens as maps, the way from a class token to global pooling.

A transformer that averages its patch tokens before one linear layer is a network with global
average pooling: its tokens (B, N, K), laid out as the patches lie, are the maps (B, K, h, w). One
that classifies by a class token is none, because its score is not the mean over places of anything.
`pool_tokens` does with it what section 3.1 of the paper did with AlexNet and VGG: it leaves the
classifier away, pools globally and fits a new linear layer.
"""

import math
from collections.abc import Iterable

import torch
from torch import Tensor, nn

from ..errors import CamError, NoClassActivationMap
from .gap import IMAGENET, TrunkNetwork
from .trace import Recorder, watch

WAY_OUT = (
    "cam_utils.networks.surgery.pool_tokens(model, batches, num_classes) pools the patch tokens "
    "instead and fits a new linear layer to them, whose maps are exact"
)


def as_maps(tokens: Tensor, prefix: int = 0) -> Tensor:
    """Tokens (..., N, K) without the first `prefix` as maps (..., K, s, s).

    Raises:
        CamError: the patches are not a square grid.
    """
    count = tokens.shape[-2] - prefix
    side = math.isqrt(max(count, 0))
    if side * side != count or not count:
        raise CamError(
            f"Found {tokens.shape[-2]} tokens, of which {prefix} stand before the patches: {count} "
            "patches are not a square grid. Expected a square input; where there are more tokens "
            "than the class token (registers, distillation), set model.num_prefix_tokens to their "
            "number."
        )
    return tokens[..., prefix:, :].transpose(-1, -2).unflatten(-1, (side, side))


def prefix_tokens(model: nn.Module) -> int:
    """How many tokens stand before the patches: class, distillation and register tokens.

    timm's networks say it themselves (`num_prefix_tokens`); else one where there is a class token.
    """
    for module in model.modules():
        if isinstance(count := getattr(module, "num_prefix_tokens", None), int):
            return count
    names = ("class_token", "cls_token")
    return int(any(getattr(m, n, None) is not None for m in model.modules() for n in names))


def class_token(recorder: Recorder) -> int | None:
    """The place in a recorded run where one token was picked, x[:, 0] of (B, N, K); or None."""
    found = None
    for place, call in enumerate(recorder.calls):
        if call.name not in ("__getitem__", "select"):
            continue
        given, output = call.args[0], call.output
        if isinstance(given, Tensor) and isinstance(output, Tensor) and given.dim() == 3:
            picked = output.shape == (given.shape[0], given.shape[2]) and given.shape[1] > 4
            found = place if picked else found
    return found


def obstacle(recorder: Recorder) -> str | None:
    """Why the tokens of a transformer that was recorded are no maps, if that is what is wrong."""
    if class_token(recorder) is not None:
        return (
            "classifies by one of its tokens, the class token, and its score is not the mean over "
            f"places of any map. Expected a head on the mean of all patch tokens: {WAY_OUT}."
        )
    for call in recorder.calls:
        given = call.args[0] if call.args else None
        dim = call.args[1] if len(call.args) > 1 else call.kwargs.get("dim")
        if call.name == "mean" and isinstance(given, Tensor) and given.dim() == 3 and dim == 1:
            return (
                f"takes the mean of {given.shape[1]} tokens, which are not a square grid: the "
                "input is not square, or class or register tokens are among them. Expected the "
                "patches of a square input alone (timm: pool_include_prefix=False)."
            )
    return None


class TokenTrunk(nn.Module):
    """Images (B, 3, H, W) to the patch tokens of a transformer as maps (B, K, h, w).

    Args:
        example: (B, 3, H, W), images of the size that the model takes.

    Raises:
        NoClassActivationMap: nothing in the model picks one token of many.
    """

    def __init__(self, model: nn.Module, example: Tensor):
        super().__init__()
        self.model, self.prefix = model.eval(), prefix_tokens(model)
        recorder, _ = watch(model, example[:1])
        place = class_token(recorder)
        if place is None:
            raise NoClassActivationMap(
                f"{type(model).__name__} picks no class token; expected a transformer that "
                "classifies by one. Try as_gap_network(model), which needs no new layer."
            )
        tokens = recorder.calls[place].args[0]
        self._last = (recorder.last_module_before(place),)  # not a second child
        self.channels = tokens.shape[2]

    def forward(self, images: Tensor) -> Tensor:
        kept = []
        hook = self._last[0].register_forward_hook(lambda *call: kept.append(call[2]))
        try:
            self.model(images)
        finally:
            hook.remove()
        return as_maps(kept[-1], self.prefix)


class TokenNetwork(TrunkNetwork):
    """Patch tokens, global average pooling, one linear layer."""

    def __init__(self, trunk: TokenTrunk, num_classes: int):
        super().__init__(trunk)
        self.fc = nn.Linear(trunk.channels, num_classes)


def pool_tokens(
    model: nn.Module,
    batches: Iterable[tuple[Tensor, Tensor]],
    num_classes: int,
    classes: list[str] | None = None,
    decay: float = 1e-3,
) -> TokenNetwork:
    """The paper's surgery for a transformer: pool the patch tokens, fit a new linear layer.

    Everything but the new layer is frozen; the layer is a softmax regression on the pooled
    features, fitted to its optimum, so no step size has to be chosen.

    Args:
        model: a transformer that classifies by a class token (timm's or torchvision's names).
        batches: (images (B, 3, H, W), preprocessed; labels (B,) int64), each image once.
        classes: their names. decay: of the squared weights, on standardised features.

    Returns:
        A `GapNetwork` in eval mode with the model's `input_spec`.

    Raises:
        NoClassActivationMap: the model picks no class token.
        CamError: no batch, or labels out of range.
    """
    network, pooled, labels = None, [], []
    with torch.no_grad():
        for images, of_images in batches:
            if network is None:
                network = TokenNetwork(TokenTrunk(model, images), num_classes).to(images)
            pooled.append(network.pooled(network.features(images)).float())
            labels.append(of_images.to(images.device))
    if network is None:
        raise CamError("Found no batch to fit the new layer to, expected (images, labels) pairs.")
    x, y = torch.cat(pooled), torch.cat(labels)
    if int(y.min()) < 0 or int(y.max()) >= num_classes:
        raise CamError(
            f"Found labels from {int(y.min())} to {int(y.max())}, expected 0 to {num_classes - 1}."
        )
    weight, bias = softmax_regression(x, y, num_classes, decay)
    with torch.no_grad():
        network.fc.weight.copy_(weight)
        network.fc.bias.copy_(bias)
    network.input_spec, network.classes = getattr(model, "input_spec", IMAGENET), classes
    network.name = f"{getattr(model, 'name', type(model).__name__)}-gap"
    return network.eval()


def softmax_regression(
    x: Tensor, y: Tensor, num_classes: int, decay: float = 1e-3, steps: int = 200
) -> tuple[Tensor, Tensor]:
    """Weights (C, K) and biases (C,) of the least mean cross-entropy plus `decay` * |W|^2.

    Args:
        x: (N, K) features; standardised inside, and the weights given back for `x` as it is.
    """
    with torch.inference_mode(False), torch.enable_grad():
        x = x.detach().clone()
        mean, std = x.mean(0), x.std(0).clamp(min=1e-6)
        z = (x - mean) / std
        weight = x.new_zeros(num_classes, x.shape[1], requires_grad=True)
        bias = x.new_zeros(num_classes, requires_grad=True)
        solver = torch.optim.LBFGS(
            [weight, bias], max_iter=steps, line_search_fn="strong_wolfe", tolerance_grad=1e-7
        )

        def loss():
            solver.zero_grad()
            value = nn.functional.cross_entropy(z @ weight.T + bias, y)
            value = value + decay * weight.square().sum()
            value.backward()
            return value

        solver.step(loss)
        scaled = weight.detach() / std
        return scaled, bias.detach() - scaled @ mean
