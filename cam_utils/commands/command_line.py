"""The command line: python -m cam_utils doctor / explain / evaluate / train / tables / figures."""

import argparse
import ast
from collections.abc import Callable
from pathlib import Path

from ..errors import CamError
from ..pictures import SHIPPED
from ..provenance import __version__

FORCE = "replace files that this program did not write"


def parser() -> argparse.ArgumentParser:
    main = argparse.ArgumentParser("cam-companion", description=__doc__)
    main.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    commands = main.add_subparsers(required=True, metavar="command")

    def command(name, function, text):
        sub = commands.add_parser(name, help=text, description=text)
        sub.set_defaults(run=function)
        sub.add_argument(
            "--root", help="folder with the data sets and weights/ (default: $CAM_DATA)"
        )
        return sub

    sub = command("doctor", _doctor, "say which data sets, weights and devices are here")
    sub.add_argument("--networks", action="store_true", help="list all network names")

    sub = command("explain", _explain, "class activation maps of photos")
    sub.add_argument(
        "photo",
        nargs="+",
        help="picture files, folders, patterns, - for the input, or a free photo: "
        + ", ".join(SHIPPED),
    )
    sub.add_argument(
        "--network",
        help="a name that doctor --networks lists, timm/<name>, or package.module:function",
    )
    sub.add_argument("--weights", help="a checkpoint; --network names the architecture then")
    sub.add_argument("--classes", default="5", help='how many of the best, or names: "tabby, lynx"')
    sub.add_argument("--out", help="file (png, jpg, webp, pdf) or folder for pictures of the maps")
    sub.add_argument(
        "--method", help='methods side by side for one class: all, or "cam, layercam, score-cam"'
    )
    sub.add_argument("--json", help="file for classes, probabilities, boxes and hashes")
    sub.add_argument("--csv", help="the same as a table")
    sub.add_argument("--force", action="store_true", help=FORCE)
    sub.add_argument("--device", default="auto")

    _add_evaluate(command)

    sub = command("train", _train, "train a network of the paper or of the mini world")
    sub.add_argument(
        "--network", required=True, help="googlenet-gap, googlenet-gmp, mini/googlenet-gap, ..."
    )
    sub.add_argument("--out", help="safetensors file (mini: default is the package's own)")
    sub.add_argument("--force", action="store_true", help=FORCE)
    sub.add_argument("--seed", type=int, default=0)
    sub.add_argument("--device", default="auto", help="auto, cpu, cuda; start many with torchrun")
    paper = sub.add_argument_group("networks of the paper (defaults: the released solver)")
    paper.add_argument("--data", help="ilsvrc (default), imagenette")
    length = paper.add_mutually_exclusive_group()
    length.add_argument("--epochs", type=int)
    length.add_argument("--iterations", type=int, help="steps (160,000)")
    paper.add_argument("--batch", type=int, help="images in a step, over all processes (64)")
    paper.add_argument("--lr", type=float, help="learning rate at the start (0.001)")
    paper.add_argument("--step-size", type=int, help="steps between two falls of it (40,000)")
    paper.add_argument("--group", type=int, choices=[1, 2], help="of CAM_conv (1; released: 2)")
    paper.add_argument("--workers", type=int, help="processes that decode photos")
    paper.add_argument("--resume", action="store_true", help="go on from the checkpoint, if any")
    paper.add_argument("--estimate", action="store_true", help="count the operations, then stop")

    sub = command("tables", _tables, "run and store what is behind Tables 2 to 5 and the ablation")
    sub.add_argument("--profile", default="mini", choices=("mini", "paper"))
    sub.add_argument(
        "--only",
        help="studies, comma-separated (a wrong name lists all); default: all of the profile",
    )
    sub.add_argument("--limit", type=int, default=0, help="only so many images, for a trial")
    sub.add_argument("--out", help="folder (default: figures/<profile>)")
    sub.add_argument("--force", action="store_true", help=FORCE)
    sub.add_argument("--device", default="auto")

    command("scoreboard", _scoreboard, "write figures/*/SCOREBOARD.md and the README's counts")

    sub = command("site", _site, "write the book as a static site, from what is committed")
    sub.add_argument("--out", default=".build/site", help="folder (default: %(default)s)")
    sub.add_argument(
        "--repository", default="", help="owner/name on GitHub, for links to its files"
    )

    sub = command("figures", _figures, "run the notebooks and rewrite the figures")
    sub.add_argument("--profile", default="mini")
    sub.add_argument("--only", nargs="+", help="numbers of notebooks, such as 01")
    sub.add_argument("-p", nargs=2, action="append", default=[], metavar=("NAME", "VALUE"))
    sub.add_argument("--in-place", action="store_true", help="also store the executed notebooks")
    return main


def _add_evaluate(command: Callable) -> None:
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
    sub.add_argument("--force", action="store_true", help=FORCE)
    sub.add_argument(
        "--estimate", action="store_true", help="measure the pace on 64 pictures, then stop"
    )
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
    from .evaluation import run_evaluate

    run_evaluate(args)


def _doctor(args):
    from .doctor import report

    print(report(args.root, args.networks))


def _explain(args):
    from .explain_command import run_explain

    if args.method is not None:
        from .methods_command import run_methods

        return run_methods(args)
    run_explain(args)


def _train(args):
    from ..networks.zoo.mini_weights import WEIGHTS
    from ..provenance import pick_device
    from ..sections.s31_surgery.train_mini import train_mini
    from ..sections.s31_surgery.train_paper import released_recipe, train_paper
    from ..writing import check_writable

    device = pick_device(args.device)
    if args.out:
        _check_weights(Path(args.out), args.force)
    elif args.network.startswith("mini/"):  # their results lie beside the package's weights
        check_writable(WEIGHTS / "results.csv")
    changes = {key: getattr(args, key) for key in ("epochs", "iterations", "batch", "lr")}
    changes["step_size"] = args.step_size
    options = {"data": args.data, "group": args.group, "workers": args.workers, **changes}
    options |= {"resume": args.resume or None, "estimate": args.estimate or None}
    if args.network.startswith("mini/"):
        given = [f"--{key.replace('_', '-')}" for key, v in options.items() if v is not None]
        if given:
            raise CamError(f"{args.network} has a recipe of its own; leave out {', '.join(given)}.")
        print(train_mini(args.network, args.out, args.seed, device))
        return
    done = train_paper(
        args.network,
        args.data or "ilsvrc",
        args.root,
        args.out,
        released_recipe(**changes, seed=args.seed),
        args.group or 1,
        device,
        args.resume,
        args.workers,
        args.estimate,
    )
    if done:  # of several processes only the first has something to say
        print(done)


def _check_weights(out: Path, force: bool) -> None:
    """CamError unless weights can be written there, and replace only ours."""
    from ..hashes import short_hash
    from ..study import RECORD_MARK
    from ..writing import check_target, make_folder

    if out.suffix != ".safetensors":
        raise CamError(f"Found --out {out}; expected a name that ends in .safetensors.")
    record = out.with_suffix(".json")

    def trained_here(path: Path) -> bool:  # its record tells its hash
        return record.is_file() and short_hash(path).encode() in record.read_bytes()

    make_folder(out.parent)
    check_target(out, force, trained_here)
    check_target(record, force, RECORD_MARK)


def _tables(args):
    from ..provenance import pick_device
    from ..study import Ask
    from .tables_command import run_studies

    if args.limit < 0:
        raise CamError(f"Found --limit {args.limit}; expected 0 (all) or more.")
    ask = Ask(args.profile, args.root, pick_device(args.device), args.limit)
    only = args.only.split(",") if args.only is not None else []
    for path in run_studies(only, ask, args.out, args.force):
        print(f"wrote {path}")


def _scoreboard(args):
    from .scoreboard.page import write

    for path in write():
        print(f"wrote {path}")


def _site(args):
    try:
        from .site.build import build
    except ImportError as error:
        raise CamError(
            f"The site needs the package {error.name}: pip install -e .[site]"
        ) from error
    pages = build(Path(args.out), args.repository)
    print(f"wrote {len(pages)} pages; open {pages[0]}")


def _figures(args):
    from .runner import run_all

    given = {name: _literal(value) for name, value in args.p}
    if args.root:
        given["data_root"] = str(Path(args.root).resolve())
    return run_all(args.profile, given, args.only, args.in_place)


def _literal(text: str):
    """A number or True/False as Python writes it; anything else stays text."""
    try:
        value = ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return text
    return value if isinstance(value, bool | int | float) else text
