"""The command line's part for `evaluate`."""

import datetime
from collections.abc import Callable

import pandas as pd

from ..book import published as paper
from ..evaluate import errors, provenance
from ..evaluate.protocols import Protocol
from ..keep import check_writable, replacing, write_json


def add_evaluate(command: Callable) -> None:
    """Declare the command; `command(name, function, text)` makes a parser of its options."""
    sub = command("evaluate", _evaluate, "classification and localization of a data set")
    sub.description += (
        ". With --out a run that was stopped goes on where it was, and torchrun shares the work "
        "among processes."
    )
    sub.add_argument("--network", required=True)
    sub.add_argument("--data", required=True, help="ilsvrc, imagenette, mini/objects")
    sub.add_argument("--split", default="val")
    sub.add_argument("--limit", type=int, default=0, help="this many images, seeded choice; 0: all")
    sub.add_argument("--seed", type=int, default=0)
    sub.add_argument("--out", help="CSV of all rows to write; <out>.parts while it is made")
    sub.add_argument("--summary", help="CSV of the errors beside the paper's to write")
    sub.add_argument("--device", default="auto")
    sub.add_argument(
        "--protocol",
        choices=["paper", "released", "wsol"],
        help="how boxes are made: section 3.2 to the letter, as the released code, or the WSOL "
        "benchmark's way at all thresholds (default: no boxes, classification only)",
    )
    change = sub.add_argument_group("changes of the protocol, one at a time is an ablation")
    change.add_argument("--view", help="center (default), whole, ten")
    change.add_argument("--merge", help="of several views: mean (default), plain, sum_abs")
    change.add_argument("--method", help="cam (default), backprop, backprop_max, grad_cam")
    change.add_argument("--rule", help="paper, released, wsol_v1, graph_cut (with backprop_max)")
    change.add_argument("--threshold", type=float, help="of paper and wsol_v1, a fraction (0.2)")


def _evaluate(args):
    from ..data import open_images, subset
    from ..evaluate import errors, evaluate
    from ..evaluate.protocols import chosen
    from ..keep import check_writable
    from ..networks import load_network
    from ..provenance import pick_device

    changes = {k: getattr(args, k) for k in ("view", "merge", "method", "rule", "threshold")}
    protocol = chosen(args.protocol, changes)
    device = pick_device(args.device)
    network = load_network(args.network, args.root)
    images = subset(open_images(args.data, args.split, args.root), args.limit, args.seed)
    for path in filter(None, (args.out, args.summary)):
        check_writable(path)
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
