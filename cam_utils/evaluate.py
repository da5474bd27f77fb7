"""A network over a data set: one row for each image and rank."""

import datetime
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import pandas as pd
import torch
from torch import Tensor, nn
from tqdm.auto import tqdm

from . import paper, views
from .errors import BrokenImage, CamError
from .metrics import rate
from .provenance import about, replacing, write_json

# rows of Table 1 that a network of ours is
TABLE1 = {
    "caffe/googlenet": "GoogLeNet",
    "caffe/alexnet": "AlexNet",
    "caffe/vgg16": "VGGnet",
    "caffe/nin": "NIN",
    "caffe/googlenet-cam": "GoogLeNet-GAP",
    "caffe/vgg16-cam": "VGGnet-GAP",
    "caffe/alexnetplus-cam": "AlexNet*-GAP",
}
VIEWS = {"center": views.center_crop, "whole": views.whole}


@dataclass(frozen=True)
class Protocol:
    """How a network is evaluated.

    Attributes:
        name: for the record.
        view: "center" (the network's own resize and centre crop) or "whole".
        top: how many of the best classes are kept for each image.
    """

    name: str = "center"
    view: str = "center"
    top: int = 5


def batches(network, images, view: str, size: int = 16) -> Iterator[tuple[list[int], Tensor, list]]:
    """Yields (indices, inputs (B, 3, S, S), broken): broken pictures are passed on, not raised."""
    make = VIEWS.get(view)
    if make is None:
        raise CamError(f"Unknown view {view!r}; known: {', '.join(VIEWS)}.")
    indices, tensors, broken = [], [], []
    for index in range(len(images)):
        try:
            tensors.append(make(images[index].image, network.input_spec).tensor)
            indices.append(index)
        except BrokenImage as error:
            broken.append(error)
        if len(tensors) == size or (index == len(images) - 1 and (tensors or broken)):
            yield indices, torch.stack(tensors) if tensors else torch.empty(0), broken
            indices, tensors, broken = [], [], []


def evaluate(
    network: nn.Module,
    images,
    protocol: Protocol = Protocol(),
    out: str | Path | None = None,
    device: torch.device | str = "cpu",
    progress: bool = True,
) -> pd.DataFrame:
    """Scores of the best classes of every readable image.

    Args:
        network: with `input_spec`; any classifier.
        images: a data set of `open_images`.
        out: where to write the table (CSV, whole or not at all), with `<out>.json` beside it:
            provenance and the list of unreadable images.

    Returns:
        Columns id, label, rank (1 is best), class, score (softmax probability). Unreadable
        images are listed in `.attrs["unreadable"]`.

    Raises:
        CamError: the network's and the data set's classes differ in number; nothing was readable.
    """
    out = check_writable(out) if out else None
    _check_classes(network, images)
    network = network.to(device).eval()
    rows, unreadable = [], []
    bar = tqdm(total=len(images), unit="img", disable=not progress, desc=str(network.name))
    for indices, tensors, broken in batches(network, images, protocol.view):
        unreadable += [{"path": b.path, "reason": b.reason} for b in broken]
        bar.update(len(indices) + len(broken))
        if not indices:
            continue
        with torch.inference_mode():
            scores = network(tensors.to(device)).float().softmax(1).cpu()
        best = scores.topk(min(protocol.top, scores.shape[1]), dim=1)
        for index, values, classes in zip(indices, best.values, best.indices, strict=True):
            for rank, (value, label) in enumerate(zip(values, classes, strict=True), start=1):
                row = (images.ids[index], images.label(index), rank, int(label), float(value))
                rows.append(row)
    bar.close()
    if not rows:
        raise CamError(f"None of the {len(images)} images of {images.name} could be read.")
    table = pd.DataFrame(rows, columns=["id", "label", "rank", "class", "score"])
    table.attrs["unreadable"] = unreadable
    if out:
        with replacing(out) as part:
            table.to_csv(part, index=False, float_format="%.6f")
        record = provenance(network, images, protocol, device)
        write_json(out.with_suffix(out.suffix + ".json"), record | {"unreadable": unreadable})
    return table


def provenance(network, images, protocol: Protocol, device) -> dict:
    """What has to be known to read the table."""
    return about(network, images, device) | {"n": len(images), "protocol": asdict(protocol)}


def classification_errors(table: pd.DataFrame) -> dict:
    """{"top1": Rate, "top5": Rate}: Table 1's errors from the rows of `evaluate`."""
    hit = table["class"] == table["label"]
    return {
        f"top{k}": rate(~hit.where(table["rank"] <= k, False).groupby(table["id"]).any())
        for k in (1, 5)
    }


def write_summary(table: pd.DataFrame, network, images, protocol, device, path, command: str):
    """The errors beside the paper's Table 1 as CSV, with provenance and the command beside it.

    Only numbers leave the data set, no picture; unreadable images are counted.
    """
    rows = [
        {
            "network": network.name,
            "metric": f"{name} classification error, %",
            "paper": paper.value(1, row, name) if (row := TABLE1.get(network.name)) else None,
        }
        | error.as_row(2)
        for name, error in classification_errors(table).items()
    ]
    path = check_writable(path)
    with replacing(path) as part:
        pd.DataFrame(rows).to_csv(part, index=False)
    record = provenance(network, images, protocol, device)
    record |= {"command": command, "made": datetime.date.today().isoformat()}
    record["unreadable"] = len(table.attrs["unreadable"])
    write_json(path.with_suffix(".json"), record)


def _check_classes(network: nn.Module, images) -> None:
    bias = getattr(network, "class_bias", None)
    count = len(network.classes) if network.classes else bias.numel()
    if count != len(images.classes):
        raise CamError(
            f"The network has {count} classes and {images.name} has {len(images.classes)}; "
            "expected the same classes in the same order."
        )


def check_writable(out: str | Path) -> Path:
    """The path, once its folder exists and a file can be made there; else CamError."""
    out = Path(out)
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        probe = out.with_suffix(out.suffix + ".part")
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise CamError(f"Cannot write {out}: {error.strerror}. Choose another --out.") from error
    return out
