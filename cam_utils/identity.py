"""What work depends on, as plain values: network, images, machine, code. The keeper's names."""

import ast
import inspect
import json
import os
import re
from dataclasses import asdict, is_dataclass
from functools import cache
from pathlib import Path

import numpy as np
import torch
from torch import nn

from .errors import BrokenImage, CamError
from .hashes import digest, source_hash, weights_digest

_PACKAGE = __package__


def of_network(network: nn.Module) -> dict:
    """What the outputs of a network depend on: weights, modules, their code, the input it wants."""
    shape = re.sub(r"0x[0-9a-f]+", "", repr(network))  # addresses differ from run to run
    spec = getattr(network, "input_spec", None)
    return {
        "network": getattr(network, "name", type(network).__name__),
        "weights": weights_digest(network),
        "modules": source_hash(shape + str(getattr(network, "pool", ""))),
        "network code": _code_of_modules(network),
        "input": asdict(spec) if is_dataclass(spec) else None,
    }


def of_images(images) -> dict:
    """What the pictures of a data set and their labels depend on."""
    labels = np.array([images.label(i) for i in range(len(images))], np.int64)
    return {
        "images": images.name,
        "split": images.split,
        "n": len(images),
        "ids": digest("\n".join(images.ids).encode(), labels),
        "content": content(images),
    }


def of_machine(device: torch.device | str = "cpu") -> dict:
    """What last digits depend on: torch's version and the kind of device."""
    return {"torch": torch.__version__, "device": torch.device(device).type}


def content(images) -> str:
    """What the pictures of a data set depend on beside their ids, as a hash.

    Files: size and time of each. Drawn sets: the code that draws. Sets with a `content()` of their
    own: that. Others: three of the pictures, so change the ids when you change the pictures of a
    set of your own.
    """
    if hasattr(images, "content"):
        return images.content()
    origin = images
    while not hasattr(origin, "path") and hasattr(origin, "dataset"):
        origin = origin.dataset
    if hasattr(origin, "path") and hasattr(images, "path"):
        return source_hash("\n".join(_stamp(images.path(i)) for i in range(len(images))))
    if hasattr(origin, "content"):
        return origin.content()
    some = sorted({0, len(images) // 2, len(images) - 1}) if len(images) else []
    return digest(*(_pixels(images, i) for i in some))


def _stamp(path) -> str:
    try:
        found = os.stat(path)
    except OSError:
        return "absent"
    return f"{found.st_size} {found.st_mtime_ns}"


def _pixels(images, i: int) -> np.ndarray | bytes:
    try:
        return np.ascontiguousarray(images[i].image)
    except (BrokenImage, CamError, OSError) as error:
        return str(error).encode()


def code_of(*modules: str) -> str:
    """Hash of the code of modules of this package and of all that they import of it.

    Comments, docstrings and layout do not count. `code_of(__name__)`: of the calling module.
    """
    found, left = {}, [m for m in modules if m]
    while left:
        module = left.pop()
        if module in found or module == _PACKAGE:
            continue
        found[module], imported = _parsed(module)
        left += imported
    return source_hash("\0".join(f"{m}\0{found[m]}" for m in sorted(found)))


@cache
def _parsed(module: str) -> tuple[str, list[str]]:
    """(the code of a module without docstrings, the modules of this package that it imports)."""
    path = _file(module)
    tree = ast.parse(path.read_text(encoding="utf-8"))
    home = module if path.name == "__init__.py" else module.rpartition(".")[0]
    imported = []
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.level:
            base = ".".join(filter(None, [_up(home, node.level - 1), node.module]))
            names = [f"{base}.{alias.name}" for alias in node.names]
            imported += [name if _file(name) else base for name in names]
        body = getattr(node, "body", None)
        if isinstance(body, list) and body and _is_docstring(body[0]):
            body[0] = ast.Pass()
    return ast.dump(tree), imported


def _up(package: str, levels: int) -> str:
    return ".".join(package.split(".")[: -levels or None])


def _file(module: str) -> Path | None:
    path = Path(__file__).parent.joinpath(*module.split(".")[1:])
    choices = (path / "__init__.py", path.with_suffix(".py"))
    return next((p for p in choices if p.is_file()), None)


def _is_docstring(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _code_of_modules(network: nn.Module) -> str:
    """Hash of the code of all classes of a network that are not torch's own."""
    own, other = set(), set()
    for kind in {type(module) for module in network.modules()}:
        name = kind.__module__
        if name.split(".")[0] == _PACKAGE:
            own.add(name)
        elif not name.startswith(("torch.", "torchvision.")):
            other.add(_source(kind))
    return source_hash("\0".join([code_of(*sorted(own)), *sorted(other)]))


def _source(kind: type) -> str:
    try:
        return inspect.getsource(kind)
    except (OSError, TypeError):  # typed into a session: its name must do
        return f"{kind.__module__}.{kind.__qualname__}"


# ---------------------------------------------------------------- identities


def plain(values):
    """Values as JSON gives them back."""
    return json.loads(json.dumps(values))


def key_of(identity: dict) -> str:
    """A short name for an identity."""
    return source_hash(json.dumps(plain(identity), sort_keys=True))


def differences(here: dict, there: dict, prefix: str = "") -> list[str]:
    """Each value that differs between two nested dicts, in words."""
    found = []
    for key in sorted(here.keys() | there.keys()):
        a, b = here.get(key), there.get(key)
        if isinstance(a, dict) and isinstance(b, dict):
            found += differences(a, b, f"{prefix}{key} ")
        elif a != b:
            found.append(f"{prefix}{key} is {a} here and {b} there")
    return found
