"""python -m cam_utils evaluate: the errors of a network on a data set, beside the paper's."""

import datetime
from pathlib import Path

import pandas as pd

from ..book import published
from ..data import open_images, subset
from ..errors import CamError
from ..evaluate import Protocol, errors, evaluate, provenance
from ..evaluate.protocols import chosen
from ..networks import load_network
from ..provenance import pick_device
from ..study import RECORD_MARK, write_rows
from ..writing import check_distinct, check_target, make_folder
from .pace import pace

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


def printed_number(network: str, protocol: Protocol, error: str) -> float | None:
    """The paper's number for an error of `errors`, from Table 1 or 2; None where it has none."""
    if error.startswith("MaxBoxAcc"):
        return None
    row, (rank, kind, *_) = TABLE1.get(network), error.split()
    number = 1 if kind == "classification" else 2
    if row and number == 2 and protocol.method.startswith("backprop"):
        row = f"Backprop on {row}"
    frame = published.table(number)
    return (
        published.value(number, row, rank)
        if rank in frame and row in set(frame.iloc[:, 0])
        else None
    )


def write_summary(table: pd.DataFrame, network, images, protocol, device, path, command: str):
    """The errors beside the paper's as CSV, with provenance and the command beside it.

    Only numbers leave the data set, no picture; unreadable images are counted.
    """
    rows = [
        {
            "network": network.name,
            "metric": f"{name}, %",
            "paper": printed_number(network.name, protocol, name),
        }
        | error.as_row(2)
        for name, error in errors(table, getattr(images, "blacklist", ())).items()
    ]
    made = provenance(network, images, protocol, device)
    made |= {"command": command, "made": datetime.date.today().isoformat()}
    write_rows(Path(path), rows, made | {"unreadable": len(table.attrs["unreadable"])})


ROWS, ERRORS = b"id,label,rank,class,score", b"network,metric,paper"  # our tables' first lines


def check_outputs(args) -> None:
    """CamError unless everything that was asked for can be written, and replaces only ours."""
    files = []
    for option, head in (("out", ROWS), ("summary", ERRORS)):
        if not (given := getattr(args, option)):
            continue
        path = Path(given)
        if path.suffix != ".csv":
            raise CamError(f"Found --{option} {given}; expected a name that ends in .csv.")
        note = path.with_suffix(".csv.json" if option == "out" else ".json")
        files += [(path, head), (note, RECORD_MARK)]
    check_distinct(path for path, _ in files)
    for path, mark in files:
        make_folder(path.parent)
        check_target(path, args.force, mark)


def run_evaluate(args) -> None:
    """Evaluate, print the errors, write what was asked for; `args` of the command line."""
    changes = {k: getattr(args, k) for k in ("view", "merge", "method", "rule", "threshold")}
    protocol = chosen(args.protocol, changes)
    device = pick_device(args.device)
    check_outputs(args)
    network = load_network(args.network, args.root)
    images = subset(open_images(args.data, args.split, args.root), args.limit, args.seed)
    if args.estimate:
        print(pace(network, images, protocol, device))
        return
    table = evaluate(network, images, protocol, args.out, device)
    if table.attrs["part"]:
        print(f"{table['id'].nunique()} images done; the first process joins the table")
        return
    if resumed := table.attrs["resumed"]:
        again = "; remove it to evaluate anew" if resumed == len(images) else ""
        print(f"{resumed} of {len(images)} images were in {args.out} already{again}")
    print(
        f"{network.name} ({network.weights_hash}) on {images.name} {images.split}, "
        f"{protocol.view} view"
    )
    for name, error in errors(table, getattr(images, "blacklist", ())).items():
        print(f"{name} {error} %, n = {error.n}")
    for item in table.attrs["unreadable"]:
        print(f"unreadable: {item['path']}: {item['reason']}")
    if args.summary:
        given = {"network": args.network, "data": args.data, "split": args.split}
        given |= {"protocol": args.protocol, **changes, "limit": args.limit, "seed": args.seed}
        given = {name: value for name, value in given.items() if value is not None}
        command = " ".join(f"--{name} {value}" for name, value in given.items())
        command = f"python -m cam_utils evaluate {command}"
        write_summary(table, network, images, protocol, device, args.summary, command)
        print(f"wrote {args.summary}")
