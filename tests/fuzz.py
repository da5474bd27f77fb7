"""Spoil pictures, weights, annotations and command lines at random, and see what comes of it.

    python tests/fuzz.py                    # 200 of each kind
    python tests/fuzz.py --each 1000 --seed 7 --kinds pictures

Each trial ends in one of four ways: a clear error (one of ours, which names the file or the value);
accepted rightly (what was spoiled does not matter, or the result is right all the same); a
traceback; or silently wrong. Prints the counts and every one of the last two kinds, and ends with
status 1 if there is any. A seed gives the same trials everywhere.
"""

import argparse
import contextlib
import io
import os
import pickle
import sys
import tempfile
import warnings
from collections import Counter
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from trees import HEIGHT, TREES, WIDTH

from cam_utils.__main__ import main as command
from cam_utils.commands.explain_command import open_network
from cam_utils.data import open_images
from cam_utils.data.sources import SOURCES
from cam_utils.errors import CamError, MissingData
from cam_utils.pictures import open_rgb

CLEAR, RIGHT, TRACEBACK, WRONG = "clear error", "accepted rightly", "traceback", "silently wrong"


class Refused(Exception):
    """A refusal that is not clear: it does not say what it is about."""


def outcome(trial, about: str) -> tuple[str, str]:
    """(one of the four, what happened) of a trial: a function whose value is "" or what is wrong.

    Args:
        about: what a clear error must name.
    """
    try:
        wrong = trial()
    except CamError as error:
        named = about in str(error)
        return (CLEAR, "") if named else (TRACEBACK, f"does not name {about}: {error}")
    except BaseException as error:  # whatever comes
        return TRACEBACK, f"{type(error).__name__}: {error}"
    return (WRONG, wrong) if wrong else (RIGHT, "")


# ---------------------------------------------------------------- bytes


def cut(content: bytes, rng) -> bytes:
    return content[: rng.integers(0, max(1, len(content)))]


def flip(content: bytes, rng) -> bytes:
    spoiled = bytearray(content)
    for at in rng.integers(0, len(content), rng.integers(1, 9)):
        spoiled[at] ^= 1 << rng.integers(0, 8)
    return bytes(spoiled)


def blank(content: bytes, rng) -> bytes:
    a, b = sorted(rng.integers(0, len(content), 2))
    return content[:a] + bytes(b - a) + content[b:]


def doubled(content: bytes, rng) -> bytes:
    a, b = sorted(rng.integers(0, len(content), 2))
    return content[:b] + content[a:]


OTHERS = (
    b"",
    b"\0" * 200,
    b"<html><body>404 not found</body></html>",
    b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\nshowpage\n",
    b"%PDF-1.4\n",
    b"PK\x03\x04" + bytes(60),
    b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(100),
    b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n",
    "caf\u00e9\n".encode("latin-1"),
)


def other(content: bytes, rng) -> bytes:
    return OTHERS[rng.integers(len(OTHERS))]


SPOILERS = (cut, flip, blank, doubled, other)


# ---------------------------------------------------------------- pictures

KINDS = {
    "jpg": {"format": "JPEG"},
    "png": {"format": "PNG"},
    "gif": {"format": "GIF"},
    "bmp": {"format": "BMP"},
    "webp": {"format": "WEBP", "lossless": True},
    "tif": {"format": "TIFF", "compression": "tiff_lzw"},
    "ppm": {"format": "PPM"},
}


def pictures(folder: Path, rng):
    """A spoiled picture, perhaps under the name of another format."""
    kind = list(KINDS)[rng.integers(len(KINDS))]
    noise = rng.integers(0, 256, (6, 8, 3), np.uint8).repeat(5, 0).repeat(5, 1)
    buffer = io.BytesIO()
    Image.fromarray(noise).save(buffer, **KINDS[kind])
    spoiler = SPOILERS[rng.integers(len(SPOILERS))]
    path = folder / f"picture.{list(KINDS)[rng.integers(len(KINDS))]}"
    path.write_bytes(spoiler(buffer.getvalue(), rng))
    buffer.seek(0)
    truth = np.asarray(Image.open(buffer).convert("RGB"))

    def trial() -> str:
        found = open_rgb(path)
        pixels = np.asarray(found)
        if found.mode != "RGB" or pixels.dtype != np.uint8 or pixels.shape[2:] != (3,):
            return f"mode {found.mode}, {pixels.dtype} {pixels.shape}"
        same = pixels.shape == truth.shape and np.array_equal(pixels, truth)
        if spoiler in (cut, other) and not same:
            return "an incomplete picture was taken for a whole one"
        # nobody can know of a flipped bit that the format has no sum for
        return "" if same or np.array_equal(pixels, decoded(path)) else "not what the file holds"

    return f"{kind}, {spoiler.__name__}", trial, str(path)


def decoded(path: Path) -> np.ndarray:
    """What the format's own decoder finds."""
    with Image.open(path) as image:
        turned = image.getexif().get(0x0112, 1) != 1
        return np.asarray(open_rgb(path)) if turned or image.mode != "RGB" else np.asarray(image)


# ---------------------------------------------------------------- weights


class Runs:
    """A pickle that runs code."""

    def __reduce__(self):
        return os.mkdir, (f"{tempfile.gettempdir()}/fuzz-pickle-ran-{os.getpid()}",)


_ARCHITECTURE = "squeezenet1_1"


def _state() -> dict:
    from torchvision import models

    torch.manual_seed(0)
    return models.get_model(_ARCHITECTURE, weights=None, num_classes=3).state_dict()


STATE = {}


def weights(folder: Path, rng):
    """A spoiled checkpoint."""
    if not STATE:
        STATE.update(_state())
    state = dict(STATE)
    names = list(state)
    name = names[rng.integers(len(names))]

    def put(value):
        return lambda: state.update({name: value(state[name])})

    def poked(value):
        def change(tensor):
            tensor = tensor.clone()
            tensor.view(-1)[rng.integers(tensor.numel())] = value
            return tensor

        return change

    inside = {  # what is spoiled in it -> (how, whether it may be loaded)
        "nothing": (lambda: None, True),
        "not finite": (put(poked(float("nan"))), False),
        "infinite": (put(poked(float("inf"))), False),
        "a tensor less": (lambda: state.pop(name), False),
        "a tensor more": (lambda: state.update(more=torch.zeros(3)), False),
        "another name": (lambda: state.update({f"{name}x": state.pop(name)}), False),
        "another shape": (put(lambda t: torch.zeros(*t.shape, 2)), False),
        "no tensor": (put(lambda t: "text"), False),
    }
    wrappers = {
        "plain": (lambda s: s, True),
        "state_dict": (lambda s: {"state_dict": s, "epoch": 3}, True),
        "module.": (lambda s: {f"module.{k}": v for k, v in s.items()}, True),
        "bare tensor": (lambda s: torch.zeros(3), False),
        "number": (lambda s: 3, False),
        "list": (lambda s: list(s.values()), False),
        "none": (lambda s: {}, False),
    }
    # every other one is whole inside, so that spoiled bytes are tried as well
    what, (change, good) = list(inside.items())[rng.integers(len(inside)) * rng.integers(2)]
    how, (wrap, also) = list(wrappers.items())[rng.integers(3 if good else len(wrappers))]
    change()
    path = folder / f"net.{('pth', 'pt', 'pth.tar', 'safetensors')[rng.integers(16) // 5]}"
    good = good and also and path.suffix != ".safetensors"
    buffer = io.BytesIO()
    torch.save(wrap(state), buffer)
    content, spoiler = buffer.getvalue(), None
    if good and rng.random() < 0.7:
        spoiler = SPOILERS[rng.integers(len(SPOILERS))]
        content = spoiler(content, rng)
    if rng.random() < 0.05:
        content, good, spoiler = pickle.dumps(Runs()), False, None
    path.write_bytes(content)
    ran = Path(Runs().__reduce__()[1][0])

    def trial() -> str:
        try:
            network = open_network(f"torchvision/{_ARCHITECTURE}", str(path), None)
        finally:
            if ran.exists():
                ran.rmdir()
                raise AssertionError("a pickle ran")
        if not good:
            return "was loaded"
        loaded = list(network.state_dict().values())
        same = all(any(torch.equal(v, w) for w in loaded) for v in STATE.values())
        return "" if same else "other numbers were loaded"

    return f"{what}, {how}, {spoiler.__name__ if spoiler else 'whole'}", trial, str(path)


# ---------------------------------------------------------------- annotations

_TEXT = (".txt", ".csv", ".xml", ".json")

VALUES = "nan -5 1e9 99999999999999999999 x 0 3.5 -0 inf ../../x /etc/passwd a\tb".split()  # noqa: SIM905


def words(content: bytes, rng) -> bytes:
    """One number or word of a list is another."""
    text = content.decode("utf-8")
    cuts = [k for k, letter in enumerate(text) if letter in ' ,<>\n:"']
    if len(cuts) < 3:
        return flip(content, rng)
    k = rng.integers(len(cuts) - 1)
    value = VALUES[rng.integers(len(VALUES))]
    return (text[: cuts[k] + 1] + value + text[cuts[k + 1] :]).encode()


def rows(content: bytes, rng) -> bytes:
    """A line is missing, twice there, or changes place with another."""
    found = content.splitlines(keepends=True)
    k, other_line = rng.integers(len(found), size=2)
    how = rng.integers(3)
    if how == 0:
        del found[k]
    elif how == 1:
        found.insert(other_line, found[k])
    else:
        found[k], found[other_line] = found[other_line], found[k]
    return b"".join(found)


def latin(content: bytes, rng) -> bytes:
    at = rng.integers(len(content))
    return content[:at] + b"\xe9" + content[at:]


def annotations(folder: Path, rng):
    """A data set with one spoiled list."""
    name = list(TREES)[rng.integers(len(TREES))]
    TREES[name](folder)
    lists = [p for p in sorted(folder.rglob("*")) if p.suffix in _TEXT and p.stat().st_size]
    lists = [p for p in lists if 0 < p.stat().st_size < 20_000 or rng.random() < 0.2]
    if not lists:
        lists = sorted(p for p in folder.rglob("*") if p.is_file() and p.stat().st_size)
    path = lists[rng.integers(len(lists))]
    some = (words, words, words, rows, latin, *SPOILERS) if path.suffix in _TEXT else SPOILERS
    spoiler = some[rng.integers(len(some))]
    path.write_bytes(spoiler(path.read_bytes(), rng))

    def trial() -> str:
        refused = []
        for split in SOURCES[name].splits:
            try:
                images = open_images(name, split, folder)
            except CamError as error:
                refused += [] if isinstance(error, MissingData) else [error]
                continue
            for i in range(len(images)):
                if wrong := _record_is_wrong(images, i, folder, refused):
                    return f"{split}: {wrong}"
        if refused:
            raise refused[0]
        return ""

    return f"{name}, {path.name}, {spoiler.__name__}", trial, ""


def _record_is_wrong(images, i: int, folder: Path, refused: list) -> str:
    """What is out of range in a record, or ""; a clear error goes to `refused`."""
    try:
        label, boxes = images.label(i), images.boxes(i)
        if not -1 <= label < max(1, len(images.classes)):
            return f"label {label} of {len(images.classes)} classes"
        where = os.path.realpath(images.path(i))
        if not where.startswith(os.path.realpath(folder)):
            return f"{where} lies outside"
        for method in ("captions", "questions", "words", "part_points"):
            if hasattr(images, method):
                getattr(images, method)(i)
        record = images[i]
    except CamError as error:
        refused.append(error)
        return ""
    for found in (boxes, record.boxes):
        if not np.isfinite(found).all() or (found[:, 2:] < found[:, :2]).any():
            return f"boxes {found.tolist()}"
        if found.size and (found.min() < 0 or (found > [WIDTH, HEIGHT] * 2).any()):
            return f"boxes beyond the picture {found.tolist()}"
    return ""


# ---------------------------------------------------------------- command lines


class Fine(str):
    """A value that is meant: the command must take it."""


NUMBERS = ("-1", "²", "x", "1e9", "nan", "", "99999999999999999999", "0x1", "٣")
TARGETS = ("/dev/null", "/proc/x/y.csv", ".", "x" * 300 + ".csv", "rows.exe", "a/b/../..")
OPTIONS = {  # command -> what is given always; {option: values that must be refused}
    ("explain", "cat", "--network", "mini/googlenet-gap"): {
        "--classes": (
            *NUMBERS,
            "0",
            "9999",
            "no such class",
            "#99",
            "cat,,dog",
            Fine(" 2 "),
            Fine("#3,#0"),
        ),
        "--out": (
            "/dev/null",
            "/proc/x/y.png",
            "x" * 300 + ".png",
            "a.exe",
            "no/such/a.png",
            Fine("é 猫.png"),
        ),
        "--json": ("/dev/null", "/proc/x", ".", "no/such/folder.json"),
        "--csv": ("/dev/null", "/proc/x", ".", "no/such/folder.csv"),
        "--device": ("meta", "cuda:99", "gpu", "", "cpu:x"),
        "--weights": ("none.pth", "/dev/null", "."),
        "--method": ("no such", "", ",", "cam,,"),
    },
    ("explain",): {
        "no such.jpg": ("",),
        "a\0b": ("",),
        "https://x.org/a.jpg": ("",),
        "*.nil": ("",),
    },
    ("evaluate", "--network", "mini/googlenet-gap", "--data", "mini/objects", "--limit", "1"): {
        "--split": ("tets", "", "..", "a\0b"),
        "--limit": tuple(n for n in NUMBERS if n not in ("99999999999999999999", "٣")),
        "--seed": ("-1", "x", "²", "nan"),
        "--out": TARGETS,
        "--summary": TARGETS,
        "--protocol": ("papre", "", "PAPER"),
        "--threshold": ("20", "-1", "nan", "x"),
        "--view": ("left", ""),
        "--device": ("meta", "cuda:99", "gpu", ""),
        "--network": ("mini/no", "caffe/googlenet", "", "timm/no_such", "a:b", "torchvision/vgg"),
        "--data": ("ilsvrc", "imagenet", "", "../mini/objects"),
    },
    ("tables", "--only", "table2"): {
        "--only": ("no_such", "table2,", ""),
        "--limit": ("-1", "x", "nan"),
        "--out": ("/dev/null", "/proc/x"),
        "--device": ("meta", "cuda:99", "gpu"),
    },
    ("train", "--network", "mini/alexnet"): {
        "--network": ("mini/no", "alexnet", "", "googlenet-gap"),
        "--out": ("/dev/null", "a.pth", "/proc/x.safetensors", "."),
        "--device": ("meta", "cuda:99"),
        "--epochs": ("1", "-1", "x"),
        "--workers": ("-1", "x"),
    },
    ("figures", "--only", "00"): {
        "--only": ("99", "x"),
        "--profile": ("big", "paper", ""),
    },
    ("doctor",): {"--network": ("x",), "--rooot": (".",), "--root": (Fine("no such"), Fine(""))},
    ("scoreboard",): {"--out": ("x",)},
}


def commands(folder: Path, rng):
    """A command line with one value that cannot be meant."""
    given = list(OPTIONS)[rng.integers(len(OPTIONS))]
    option = list(OPTIONS[given])[rng.integers(len(OPTIONS[given]))]
    values = OPTIONS[given][option]
    value = values[rng.integers(len(values))]
    line = [*given, option] if option[0] != "-" else [*given, f"{option}={value}"]
    os.chdir(folder)
    os.environ.pop("CAM_DATA", None)

    def trial() -> str:
        told = io.StringIO()
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(told):
            try:
                status = command(line)
            except SystemExit as end:
                status = end.code
        if status == 0:
            return "" if isinstance(value, Fine) else "was taken"
        text = told.getvalue()
        if (
            status != 2
            or "Traceback" in text
            or ("error: " not in text and "companion: " not in text)
        ):
            raise Refused(f"status {status}: {text[-200:]}")
        if isinstance(value, Fine):
            return f"was refused: {text}"
        raise CamError(text)

    return " ".join(line)[:160].replace("\0", "\\0"), trial, ""


# ---------------------------------------------------------------- all


def fuzz(kind, each: int, seed: int = 0) -> tuple[Counter, list[str]]:
    """(how often each outcome, what happened where it was none of the good ones)."""
    counts, bad = Counter(), []
    home = os.getcwd()
    for k in range(each):
        rng = np.random.default_rng([seed, list(KINDS_OF_TRIALS.values()).index(kind), k])
        with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                what, trial, about = kind(Path(folder), rng)
                found, why = outcome(trial, about)
            finally:
                os.chdir(home)
        counts[found] += 1
        if found in (TRACEBACK, WRONG):
            bad.append(f"{kind.__name__} {k} ({what}): {found}: {why}")
    return counts, bad


KINDS_OF_TRIALS = {f.__name__: f for f in (pictures, weights, annotations, commands)}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--each", type=int, default=200, help="trials of each kind")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--kinds", nargs="+", default=list(KINDS_OF_TRIALS))
    args = parser.parse_args()
    failed = 0
    print(f"{'':12s} {'tried':>6s} {CLEAR:>12s} {RIGHT:>17s} {TRACEBACK:>10s} {WRONG:>15s}")
    for name in args.kinds:
        found, bad = fuzz(KINDS_OF_TRIALS[name], args.each, args.seed)
        print(
            f"{name:12s} {found.total():6d} {found[CLEAR]:12d} {found[RIGHT]:17d} "
            f"{found[TRACEBACK]:10d} {found[WRONG]:15d}",
            flush=True,
        )
        for line in bad:
            print(f"    {line[:300]}")
        failed += len(bad)
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main())
