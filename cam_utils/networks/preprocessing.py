"""What a network wants to be shown, and what its classes are called: read, not assumed.

Nothing in a network's outputs tells whether a picture was prepared as it was trained, so this is
read where it stands: in torchvision's weights, in timm's `pretrained_cfg`, in a processor of
Hugging Face. Only where it stands nowhere is it guessed, and then a warning says so.
"""

import math
import warnings
from collections.abc import Mapping
from dataclasses import replace

from torch import nn

from ..errors import CamError
from .gap import IMAGENET, InputSpec

_RESAMPLE = {2: "bilinear", 3: "bicubic"}  # Pillow's numbers, as Hugging Face stores them


def input_of(model: nn.Module, given=None, size: int | None = None):
    """(`InputSpec`, class names or None) of a network.

    Args:
        given: an `InputSpec`; torchvision's weights (`ResNet50_Weights.IMAGENET1K_V2`); timm's
            `pretrained_cfg`; a Hugging Face image processor. None: what the model says of itself.
        size: of an example input, pixels: for a guess.

    Raises:
        CamError: something else was given.
    """
    if found := _read(model if given is None else given):
        return found[0], found[1] or _hugging_face_names(model)
    if given is not None:
        raise CamError(
            f"Found input_spec of type {type(given).__name__}; expected an InputSpec, weights of "
            "torchvision, timm's pretrained_cfg or an image processor of Hugging Face."
        )
    spec = IMAGENET if size is None else replace(IMAGENET, size=size, resize=round(size * 8 / 7))
    warnings.warn(
        f"{type(model).__name__} does not say how its pictures are to be prepared; guessed: "
        f"{spec.size} pixels, ImageNet's mean and deviation. If that is wrong its scores are "
        "wrong too, and nothing else shows it: give as_gap_network(model, input_spec=...).",
        stacklevel=3,
    )
    return spec, _hugging_face_names(model)


def imagenet_names() -> list[str]:
    """The 1,000 class names of ILSVRC2012, in the order of Caffe's and torchvision's networks."""
    from torchvision.models import ResNet18_Weights

    return list(ResNet18_Weights.IMAGENET1K_V1.meta["categories"])


def _read(source) -> tuple[InputSpec, list[str] | None] | None:
    """What one source says, or None if it says nothing."""
    if isinstance(source, InputSpec):
        return source, None
    if hasattr(source, "transforms") and hasattr(source, "meta"):
        return _of_torchvision(source.transforms(), source.meta)
    cfg = getattr(source, "pretrained_cfg", None) if isinstance(source, nn.Module) else source
    cfg = cfg.to_dict() if hasattr(cfg, "to_dict") and not hasattr(cfg, "image_mean") else cfg
    if isinstance(cfg, Mapping) and {"mean", "std", "input_size"} <= cfg.keys():
        return _of_timm(cfg), _timm_names(source, cfg)
    if hasattr(source, "image_mean") and hasattr(source, "image_std"):
        return _of_processor(source), None
    spec = getattr(source, "input_spec", None)
    return (spec, getattr(source, "classes", None)) if isinstance(spec, InputSpec) else None


def _of_torchvision(preset, meta) -> tuple[InputSpec, list[str]]:
    spec = InputSpec(
        size=preset.crop_size[0],
        resize=preset.resize_size[0],
        kernel=preset.interpolation.value,
        mean=tuple(preset.mean),
        std=tuple(preset.std),
    )
    return spec, list(meta["categories"])


def _of_timm(cfg: Mapping) -> InputSpec:
    size = cfg["input_size"][-1]
    return InputSpec(
        size=size,
        resize=math.floor(size / (cfg.get("crop_pct") or 0.875)),
        squash=cfg.get("crop_mode") == "squash",
        kernel="bilinear" if cfg.get("interpolation") == "bilinear" else "bicubic",
        mean=tuple(cfg["mean"]),
        std=tuple(cfg["std"]),
    )


def _timm_names(source, cfg: Mapping) -> list[str] | None:
    names = cfg.get("label_names")
    if names or cfg.get("num_classes") != 1000:
        return list(names) if names else None
    # of 1,000 classes all that timm publishes are ImageNet's, in this order
    return imagenet_names() if getattr(source, "num_classes", 1000) == 1000 else None


def _of_processor(processor) -> InputSpec:
    size, crop = processor.size, getattr(processor, "crop_size", None)
    sides = size if isinstance(size, Mapping) else {"height": size, "width": size}
    resize = sides.get("shortest_edge") or sides["height"]
    final = resize
    if getattr(processor, "do_center_crop", False) and crop:
        final = crop["height"] if isinstance(crop, Mapping) else crop
    scale = getattr(processor, "rescale_factor", 1 / 255)
    return InputSpec(
        size=final,
        resize=resize,
        squash="shortest_edge" not in sides,
        kernel=_RESAMPLE.get(int(getattr(processor, "resample", 2)), "bilinear"),
        scale=scale if getattr(processor, "do_rescale", True) else 1.0,
        mean=tuple(processor.image_mean),
        std=tuple(processor.image_std),
    )


def _hugging_face_names(model) -> list[str] | None:
    names = getattr(getattr(model, "config", None), "id2label", None)
    if not isinstance(names, Mapping) or not names:
        return None
    listed = [str(names[key]) for key in sorted(names, key=int)]
    return None if all(name.startswith("LABEL_") for name in listed) else listed
