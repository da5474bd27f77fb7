"""The paper's own training: GoogLeNet cut after inception 4e, with the released solver."""

import json
import os
from dataclasses import asdict, replace
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save_file
from torch import nn

from ...data import open_images
from ...errors import BrokenWeights, CamError, MissingData
from ...hashes import short_hash
from ...networks.surgery import CUT_NETWORKS
from ...networks.zoo.caffe import caffe_file
from ...networks.zoo.caffe_layers import CaffeGapNetwork
from ...networks.zoo.caffe_nets import googlenet_cam
from ...networks.zoo.caffemodel import copy_weights, read_caffemodel
from ...provenance import device_name, versions
from ...train import fit
from ...train.cost import Cost, estimate
from ...train.recipe import RELEASED, Recipe
from ...writing import replacing, write_json
from .heads import PARENT

# Those that the released solver is for, and their pooling.
TRAINABLE = {name: pool for name, (parent, pool) in CUT_NETWORKS.items() if parent == PARENT}

ILSVRC_TRAIN = 1000, 1_281_167  # classes, photos


def train_paper(
    name: str,
    data: str,
    root: str | None,
    out: str | None,
    recipe: Recipe = RELEASED,
    group: int = 1,
    device: torch.device | str = "cpu",
    resume: bool = False,
    workers: int | None = None,
    estimate_only: bool = False,
) -> str:
    """Fine-tune one network of the paper on the training split of a data set.

    Args:
        name: a key of `TRAINABLE`.
        data: as in `open_images`; the paper's is "ilsvrc".
        root: folder with the data sets and weights/ (bvlc_googlenet.caffemodel).
        out: safetensors file; beside it lie <out>.checkpoint.pt and <out>.json (recipe, log,
            provenance). Default: runs/<name>-<data>.safetensors here.
        group: groups of the added convolution: 1 as the paper says, 2 as released.
        estimate_only: count the operations and train nothing.

    Returns:
        What was done, in words.

    Raises:
        CamError: unknown names, missing data or weights, and all that `fit` raises.
    """
    if name not in TRAINABLE:
        raise CamError(
            f"Cannot train {name!r}; expected one of {', '.join(TRAINABLE)}, or a mini/… name."
        )
    root = root or os.environ.get("CAM_DATA")
    if estimate_only:
        return f"{name} on {data}: {_estimate(name, data, root, group, recipe)}"
    images = open_images(data, "train", root)
    out = Path(out or f"runs/{name}-{data.replace('/', '_')}.safetensors")
    network = start_network(name, len(images.classes), root, group, recipe.seed)
    network.classes = list(images.classes)
    log = fit(
        network,
        images,
        recipe,
        device=device,
        checkpoint=out.with_suffix(".checkpoint.pt"),
        every=1000,
        resume=resume,
        workers=workers,
    )
    if int(os.environ.get("RANK", 0)):
        return ""
    save_trained(network, out, name, group)
    write_json(
        out.with_suffix(".json"),
        {
            "network": name,
            "group": group,
            "weights": short_hash(out),
            "started from": short_hash(caffe_file(PARENT, root)),
            "images": f"{images.name} {images.split}, {len(images)} images",
            "recipe": asdict(recipe),
            "log": log.round(6).to_dict("records"),
            "operations counted": estimate(network, len(images), recipe).total,
            "device": device_name(device),
            "versions": versions(),
        },
    )
    skipped = int(log["skipped"].sum())
    return (
        f"wrote {out}: loss {log['loss'].iloc[-1]:.4f}, training error {log['error'].iloc[-1]:.1f} "
        f"%, {skipped} times an image could not be decoded"
    )


def start_network(
    name: str, classes: int, root: str | None, group: int = 1, seed: int = 0
) -> CaffeGapNetwork:
    """BVLC GoogLeNet cut after inception 4e, with new layers as the released definition fills them.

    CAM_conv: Gaussian 0.01, bias 1. CAM_fc: Caffe's "xavier" (uniform, variance 1 / inputs),
    bias 0.

    Raises:
        MissingData, BrokenWeights: bvlc_googlenet.caffemodel.
    """
    path = caffe_file(PARENT, root)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = _build(name, classes, group)
        bound = (3 / network.class_weights.shape[1]) ** 0.5
        nn.init.uniform_(network.class_weights, -bound, bound)
        nn.init.zeros_(network.class_bias)
    copy_weights(network, read_caffemodel(path), path, new_layers=("CAM_conv", "CAM_fc"))
    return network


def save_trained(network: CaffeGapNetwork, path: Path, name: str, group: int) -> None:
    """Weights (float32) with what `load_trained` must know; whole or not at all."""
    about = {"network": name, "group": str(group), "classes": json.dumps(network.classes)}
    with replacing(path) as part:
        save_file({k: v.cpu().contiguous() for k, v in network.state_dict().items()}, part, about)


def load_trained(path: str | Path) -> CaffeGapNetwork:
    """A network that `train_paper` wrote, in eval mode on the CPU.

    Raises:
        BrokenWeights: the file is no such file.
    """
    path = Path(path)
    try:
        with safe_open(path, "pt") as file:
            about = file.metadata()
        classes = json.loads(about["classes"])
        network = _build(about["network"], len(classes), int(about["group"]))
        network.load_state_dict(load_file(path))
    except (OSError, SafetensorError, KeyError, TypeError, ValueError, RuntimeError) as error:
        raise BrokenWeights(
            f"{path} is not a network that `python -m cam_utils train` wrote ({error})."
        ) from error
    network.classes, network.weights_hash = classes, short_hash(path)
    return network.eval()


def released_recipe(**changes) -> Recipe:
    """The released solver with those values changed that are not None; epochs end iterations.

    The rate still falls every 40,000 steps unless `step_size` is given: a shorter run is the
    released one cut short, as its snapshot of 120,000 iterations is.
    """
    given = {key: value for key, value in changes.items() if value is not None}
    if "epochs" in given and "iterations" not in given:
        given["iterations"] = 0
    return replace(RELEASED, **given)


def _estimate(name: str, data: str, root: str | None, group: int, recipe: Recipe) -> Cost:
    """The count; ILSVRC's size is known without its photos."""
    try:
        images = open_images(data, "train", root)
        classes, count = len(images.classes), len(images)
    except MissingData:
        if data != "ilsvrc":
            raise
        classes, count = ILSVRC_TRAIN
    return estimate(_build(name, classes, group), count, recipe)


def _build(name: str, classes: int, group: int) -> CaffeGapNetwork:
    network = googlenet_cam(classes, group=group, pool=TRAINABLE[name])
    network.name = f"trained/{name}"
    return network
