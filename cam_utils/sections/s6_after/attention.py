"""Maps of a transformer's attention: of its last layer, rolled out, weighted by gradients."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ...errors import CamError
from ...networks.tokens import as_maps, prefix_tokens
from ...networks.trace import logits_of


@contextmanager
def watched_attention() -> Iterator[list[Tensor]]:
    """Inside, every fused attention is computed step by step and its weights are kept.

    timm, torchvision and Hugging Face call PyTorch's `scaled_dot_product_attention`, which does
    not give its weights away; here it is replaced for the time of the block. Not for several
    threads at once.
    """
    kept: list[Tensor] = []
    fused, fast = F.scaled_dot_product_attention, torch.backends.mha.get_fastpath_enabled()

    def open_attention(query, key, value, attn_mask=None, dropout_p=0.0, is_causal=False, **more):
        if is_causal:
            return fused(query, key, value, attn_mask, dropout_p, is_causal, **more)
        scale = more.get("scale") or query.shape[-1] ** -0.5
        scores = query @ key.transpose(-2, -1) * scale
        if attn_mask is not None:
            masked = attn_mask.dtype == torch.bool
            scores = scores.masked_fill(~attn_mask, -torch.inf) if masked else scores + attn_mask
        kept.append(scores.softmax(-1))
        return kept[-1] @ value

    F.scaled_dot_product_attention = open_attention
    torch.backends.mha.set_fastpath_enabled(False)
    try:
        yield kept
    finally:
        F.scaled_dot_product_attention = fused
        torch.backends.mha.set_fastpath_enabled(fast)


def attentions(network: nn.Module, images: Tensor) -> tuple[Tensor, list[Tensor]]:
    """Logits (B, C) and each layer's attention (B, heads, N, N), with their graph.

    Raises:
        CamError: the network has no attention among all of its tokens, or hides it.
    """
    with watched_attention() as kept:
        logits = logits_of(network(images))
    if not kept or len({tuple(a.shape[-2:]) for a in kept}) != 1:
        sizes = sorted({a.shape[-1] for a in kept})
        found = f"attention among {sizes} tokens" if kept else "none to be seen"
        raise CamError(
            f"Found in {type(network).__name__} {found}, expected attention among all tokens in "
            "every layer, by PyTorch's scaled_dot_product_attention. A convolutional network has "
            "none, windows (Swin) have no common tokens; for these use cams, Grad-CAM or "
            "LayerCAM. A model that computes it by hand hides its weights: build it with fused "
            "attention (timm: TIMM_FUSED_ATTN=1; Hugging Face: attn_implementation='sdpa')."
        )
    return logits, kept


def last_attention(network: nn.Module, images: Tensor, classes: Tensor) -> Tensor:
    """What the last layer attends to, the mean of its heads; the same for all classes."""
    with torch.no_grad():
        _, kept = attentions(network, images)
    return _seen_from_the_head(network, kept[-1].mean(1), classes)


def attention_rollout(network: nn.Module, images: Tensor, classes: Tensor) -> Tensor:
    """Attention rollout (Abnar and Zuidema, ACL 2020); the same for all classes.

    Each layer's mean attention, half of it replaced by the identity for the residual connection;
    the layers' product says how much of each patch is in the token that is classified.
    """
    with torch.no_grad():
        _, kept = attentions(network, images)
        eye = torch.eye(kept[0].shape[-1]).to(kept[0])
        flow = eye
        for layer in kept:
            flow = 0.5 * (layer.mean(1) + eye) @ flow
    return _seen_from_the_head(network, flow, classes)


def gradient_attention(network: nn.Module, images: Tensor, classes: Tensor) -> Tensor:
    """Attention weighted by gradients (Chefer et al., ICCV 2021), for each class.

    Per layer the positive part of gradient times attention, mean of the heads, added up through
    the layers as R = R + A R.
    """
    with torch.inference_mode(False), torch.enable_grad():
        # a gradient at the images, so that frozen networks have a graph too
        logits, kept = attentions(network, images.clone().requires_grad_())
        found = []
        for column in classes.clone().T:
            score = logits.gather(1, column[:, None].to(logits.device)).sum()
            gradients = torch.autograd.grad(score, kept, retain_graph=True)
            eye = torch.eye(kept[0].shape[-1]).to(kept[0])
            flow = eye.expand(len(images), -1, -1)
            for layer, gradient in zip(kept, gradients, strict=True):
                flow = flow + (gradient * layer.detach()).relu().mean(1) @ flow
            found.append(_seen_from_the_head(network, flow - eye, column[:, None])[:, 0])
    return torch.stack(found, 1)


def _seen_from_the_head(network, flow: Tensor, classes: Tensor) -> Tensor:
    """(B, N, N) to maps (B, n, s, s): the class token's row, or the mean of the patches' rows."""
    prefix = prefix_tokens(network)
    row = flow[:, 0] if prefix else flow.mean(1)  # (B, N)
    maps = as_maps(row[:, :, None], prefix)  # (B, 1, s, s)
    return maps.expand(-1, classes.shape[1], -1, -1).clone()


ATTENTION = {
    "last attention": last_attention,
    "attention rollout": attention_rollout,
    "gradient x attention": gradient_attention,
}
