"""What a table of `evaluate` comes to, beside the paper's numbers."""

import datetime
import tempfile
from pathlib import Path

import pandas as pd

from . import paper
from .errors import CamError
from .metrics import rate
from .protocols import Protocol
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


def provenance(network, images, protocol: Protocol, device) -> dict:
    """What has to be known to read the table."""
    return about(network, images, device) | {"n": len(images), "protocol": protocol.record()}


def classification_errors(table: pd.DataFrame) -> dict:
    """{"top1": Rate, "top5": Rate}: Table 1's errors from the rows of `evaluate`."""
    table = table[table["rank"] > 0]  # the class-given rows are no guesses
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


def check_writable(out: str | Path) -> Path:
    """The path, once its folder exists and a file can be made there; else CamError."""
    out = Path(out)
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=out.parent).close()
    except OSError as error:
        raise CamError(f"Cannot write {out}: {error.strerror}. Choose another --out.") from error
    return out
