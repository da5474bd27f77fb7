"""python -m cam_utils explain: class activation maps of photos, as pictures, JSON or CSV."""

import glob
import importlib
import os
import sys
import tempfile
from collections import Counter
from contextlib import contextmanager
from pathlib import Path

import pandas as pd
from torch import nn

from ..class_choice import wanted_classes
from ..data.files import list_images
from ..data.photos import Photos
from ..errors import BrokenImage, BrokenWeights, CamError, MissingData
from ..explain import (
    MADE_BY,
    Explanation,
    OnScreen,
    explain_pictures,
    on_screen,
    picture_kind,
    ready_network,
)
from ..hashes import damaged_member, sha256
from ..networks.zoo.checkpoints import load_checkpoint
from ..pictures import photo_path
from ..provenance import pick_device
from ..stream import batches, decoders, nothing_read, stream
from ..writing import check_distinct, check_target, make_folder, replacing, write_json

BATCH = 16

HEAD = "photo,sha256,class,name,probability,x0,y0,x1,y1,maximum"  # of the CSV, which it is known by


def run_explain(args) -> None:
    """Explain photos, print what was found, write what was asked for; `args` of the command line.

    Raises:
        CamError: before any work, what cannot be done as it was asked for.
    """
    with photos_of(args.photo) as paths:
        target = Target(args, paths)
        device = pick_device(args.device)
        network = open_network(args.network, args.weights, args.root).to(device)
        wanted = wanted_classes(network, args.classes)
        if not args.network:
            print(f"network: {network.name} (choose another with --network)")
        images = Photos.of_files(paths)
        told, unreadable = [], []
        try:
            for found, path in _explained(network, images, wanted, unreadable):
                told.append((found, str(path), sha256(path)))
                _print(found, str(path), len(paths) > 1)
                if picture := target.picture(path):
                    found.save(picture)
                    print(f"wrote {picture}")
        finally:  # what is done stays, whatever happens
            target.write(told, unreadable)
        if not told and len(unreadable) == 1:
            raise BrokenImage(unreadable[0]["path"], unreadable[0]["reason"])
        for item in unreadable:
            print(f"unreadable: {item['path']}: {item['reason']}")
        if not told:
            raise nothing_read(images, unreadable)


def _explained(network, images, wanted, unreadable: list):
    """(explanation, path) of each readable photo, batch by batch, decoded ahead."""

    def load(i: int) -> OnScreen:
        return on_screen(network, images.path(i))

    jobs = batches(len(images), BATCH)
    many = {"workers": decoders(images), "progress": len(images) > BATCH, "desc": network.name}
    for chunk in stream(images, load, jobs, **many):
        unreadable += chunk.unreadable
        if chunk.items:
            found = explain_pictures(network, chunk.items, wanted)
            yield from zip(found, map(images.path, chunk.places), strict=True)


# ---------------------------------------------------------------- what is asked for


@contextmanager
def photos_of(texts: list[str]):
    """The files that the arguments mean: files, folders, patterns, free photos, "-" for the input.

    Raises:
        MissingData: a file, a folder or a pattern of which nothing is there; an address in the web.
    """
    paths = []
    with tempfile.TemporaryDirectory() as folder:
        for text in texts:
            if text == "-":
                path = Path(folder) / "stdin"
                path.write_bytes(sys.stdin.buffer.read())
                paths.append(path)
            elif glob.has_magic(text) and not os.path.exists(text):
                found = sorted(p for p in glob.glob(text, recursive=True) if Path(p).is_file())
                if not found:
                    raise MissingData(f"No file matches {text}; correct the pattern.")
                paths += map(Path, found)
            elif os.path.isdir(text):  # Path's raises for a name that is too long
                paths += _of_folder(Path(text))
            else:
                paths.append(photo_path(text))
        yield list(dict.fromkeys(paths))


def _of_folder(folder: Path) -> list[Path]:
    found = list_images(folder)
    if not found:
        raise MissingData(
            f"There are no pictures in {folder}. Expected files such as .jpg or .png, in it or in "
            "its subfolders (hidden ones are skipped)."
        )
    return found


def open_network(name: str | None, weights: str | None, root) -> nn.Module:
    """A network by name, from a checkpoint of a known architecture, or from a function.

    Args:
        name: of `load_network`; with weights "torchvision/..." or "timm/..."; or
            "package.module:function", which is called and gives the network.
        weights: a checkpoint file.
    """
    if name and ":" in name:
        if weights:
            raise CamError("A function gives the network whole; leave --weights out.")
        return ready_network(_of_function(name))
    if weights:
        if not name:
            raise CamError(
                "--weights needs the architecture too: --network torchvision/resnet50, for example."
            )
        if os.path.isfile(weights) and (member := damaged_member(weights)):
            raise BrokenWeights(
                f"{weights} is damaged: {member} in it is not what its checksum says. Copy or "
                "download it again."
            )
        return load_checkpoint(weights, name)
    return ready_network(name, root)


def _of_function(name: str) -> nn.Module:
    module, _, function = name.partition(":")
    sys.path.insert(0, "")  # a module beside the photos
    try:
        network = getattr(importlib.import_module(module), function)()
    except (ImportError, AttributeError) as error:
        raise CamError(
            f"There is no function {name} ({error}); expected package.module:function, importable "
            "from here."
        ) from error
    finally:
        sys.path.remove("")
    if not isinstance(network, nn.Module):
        raise CamError(f"{name} gave a {type(network).__name__}, expected a torch module.")
    return network


# ---------------------------------------------------------------- what is written


class Target:
    """Where results go; everything that could go wrong with it is checked at once.

    Raises:
        CamError: a suffix that no picture has, a folder where a file is meant and the other way
            round, something that is not ours to replace.
    """

    def __init__(self, args, paths: list[Path]):
        self.json, self.csv = (Path(p) if p else None for p in (args.json, args.csv))
        self.folder = self.file = None
        self.stems = Counter(path.stem for path in paths)
        out = args.out
        if out is None and len(paths) == 1 and not (self.json or self.csv):
            out = f"{paths[0].stem}_cam.png"
        if out is not None:
            if Path(out).is_dir() or not Path(out).suffix or len(paths) > 1:
                self._to_folder(Path(out), len(paths))
            else:
                self.file = Path(out)
                picture_kind(self.file)
        pictures = [self.file] if self.file else [self.picture(p) for p in paths]
        pictures = [path for path in pictures if path]
        check_distinct(filter(None, (*pictures, self.json, self.csv)))
        for path in pictures:
            check_target(path, args.force)
        if self.json:
            check_target(self.json, args.force)
        if self.csv:
            check_target(self.csv, args.force, HEAD.encode())

    def _to_folder(self, out: Path, count: int) -> None:
        if (out.exists() and not out.is_dir()) or (not out.is_dir() and out.suffix):
            raise CamError(
                f"{out} is one file, and there are {count} photos; give --out a folder, or leave "
                "it out and use --json or --csv."
            )
        self.folder = make_folder(out)

    def picture(self, path: Path) -> Path | None:
        """The file that a photo's maps are drawn to; None: they are not drawn."""
        if self.file or not self.folder:
            return self.file
        stem = f"{path.parent.name}-{path.stem}" if self.stems[path.stem] > 1 else path.stem
        return self.folder / f"{stem}_cam.png"

    def write(self, told: list[tuple[Explanation, str, str]], unreadable: list[dict]) -> None:
        """Write JSON and CSV."""
        if self.json:
            photos = [e.to_dict() | {"photo": path, "sha256": digest} for e, path, digest in told]
            write_json(self.json, {"by": MADE_BY, "photos": photos, "unreadable": unreadable})
            print(f"wrote {self.json}")
        if self.csv:
            rows = [
                e.to_frame().assign(photo=path, sha256=digest)[HEAD.split(",")]
                for e, path, digest in told
            ]
            table = pd.concat(rows) if rows else pd.DataFrame(columns=HEAD.split(","))
            with replacing(self.csv) as part:
                table.to_csv(part, index=False, encoding="utf-8", errors="backslashreplace")
            print(f"wrote {self.csv}")


def _print(found: Explanation, path: str, several: bool) -> None:
    if several:
        print(path)
    for row in found.to_frame().itertuples():
        box = f"box x {row.x0:.0f}-{row.x1:.0f}, y {row.y0:.0f}-{row.y1:.0f}"
        print(f"{row.probability:7.4f}  {row.name:32s} {box}")
    for note in found.notes:
        print(f"note: {note}")
