"""The command line's part for `evaluate`."""

from collections.abc import Callable


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
    from ..networks import load_network
    from ..provenance import pick_device
    from . import evaluate
    from .protocols import chosen
    from .summary import check_writable, errors, write_summary

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
