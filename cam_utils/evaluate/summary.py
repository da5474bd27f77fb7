"""What a table of `evaluate` comes to, beside the paper's numbers."""

import datetime
import tempfile
from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from .. import paper
from ..errors import CamError
from ..metrics import Rate, rate
from ..metrics.localization import localization_errors
from ..provenance import about, replacing, write_json
from ..sweep.curves import sweeps_of
from .protocols import Protocol

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


def errors(table: pd.DataFrame, blacklist: Iterable[str] = ()) -> dict[str, Rate]:
    """All errors that a table of `evaluate` has rows for, by name, in percent.

    Classification, and where there are boxes localization; under `WSOL` the benchmark's scores,
    MaxBoxAcc and MaxBoxAccV2, which are accuracies. Images without truth boxes count in the first
    only: each Rate says its n.
    """
    found = {f"{k} classification error": v for k, v in classification_errors(table).items()}
    if "iou" in table:
        boxed = table[table["iou"].notna()]
        if len(boxed):
            names = {"gt_known": "class-given"}
            found |= {
                f"{names.get(k, k)} localization error": v
                for k, v in localization_errors(boxed, blacklist).items()
                if v.n
            }
    elif "curve_v1" in table and (table["curve_v1"] != "").any():
        from ..metrics.maxbox import max_box_acc

        scores = max_box_acc(sweep for _, sweep in sweeps_of(table))
        found |= {"MaxBoxAcc": scores.v1, "MaxBoxAccV2": scores.v2}
    return found


def published(network: str, protocol: Protocol, error: str) -> float | None:
    """The paper's number for an error of `errors`, from Table 1 or 2; None where it has none."""
    if error.startswith("MaxBoxAcc"):
        return None
    row, (rank, kind, *_) = TABLE1.get(network), error.split()
    number = 1 if kind == "classification" else 2
    if row and number == 2 and protocol.method.startswith("backprop"):
        row = f"Backprop on {row}"
    frame = paper.table(number)
    return (
        paper.value(number, row, rank) if rank in frame and row in set(frame.iloc[:, 0]) else None
    )


def write_summary(table: pd.DataFrame, network, images, protocol, device, path, command: str):
    """The errors beside the paper's as CSV, with provenance and the command beside it.

    Only numbers leave the data set, no picture; unreadable images are counted.
    """
    rows = [
        {
            "network": network.name,
            "metric": f"{name}, %",
            "paper": published(network.name, protocol, name),
        }
        | error.as_row(2)
        for name, error in errors(table, getattr(images, "blacklist", ())).items()
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
