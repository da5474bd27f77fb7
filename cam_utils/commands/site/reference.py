"""What the code says of itself: the kernel's docstrings, and the texts of all its errors."""

import ast
import importlib
import inspect
import re
import textwrap
from pathlib import Path

import cam_utils

from ... import errors
from .prose import Prose, python

# after the reading order, which stands in `cam_utils`
ALSO = (
    *("explain", "image_maps", "pictures", "networks", "networks.surgery", "saliency", "sweep"),
    *("metrics.localization", "metrics.maxbox", "metrics.energy", "data", "evaluate", "features"),
    *("plots", "errors"),
)


def reading_order() -> list[str]:
    """The modules to read first, in the order that the package's docstring gives."""
    return re.findall(r"\w[\w.]*\w", cam_utils.__doc__.split("in this order:")[1])


def reference(prose: Prose) -> str:
    """The public names of the kernel, module by module, as HTML."""
    told: set[str] = set()
    parts = []
    for name in [*reading_order(), *ALSO]:
        module = importlib.import_module(f"cam_utils.{name}")
        parts.append(prose.page(f"## {name}\n\n{_markdown(module)}"))
        for public, thing in _public(module):
            if public not in told:
                told.add(public)
                parts += [prose.page(f"### {public}"), _named(thing, prose)]
    return "\n".join(parts)


def messages(package: Path) -> dict[str, list[str]]:
    """{module: texts of the errors that it raises}, "…" where a value stands."""
    kinds = {n for n, c in vars(errors).items() if inspect.isclass(c)}
    found = {}
    for path in sorted(package.rglob("*.py")):
        calls = (n for n in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(n, ast.Call))
        texts = [
            _text(call.args[0])
            for call in calls
            if isinstance(call.func, ast.Name) and call.func.id in kinds and call.args
        ]
        texts = [text for text in dict.fromkeys(texts) if re.search(r"\w{3}", text)]
        if texts:
            found[path.relative_to(package).with_suffix("").as_posix().replace("/", ".")] = texts
    return found


def _public(module) -> list[tuple[str, object]]:
    """The documented functions and classes that a module, or a package's modules, define."""
    own = (module.__name__, f"{module.__name__}.")
    names = getattr(module, "__all__", None) or list(vars(module))
    things = ((name, getattr(module, name)) for name in names if not name.startswith("_"))
    return [
        (name, thing)
        for name, thing in things
        if (inspect.isfunction(thing) or inspect.isclass(thing))
        and thing.__doc__
        and (thing.__module__ == own[0] or thing.__module__.startswith(own[1]))
    ]


def _named(thing, prose: Prose) -> str:
    """Signature as it is written, docstring, and for a class its public methods."""
    parts = [python(_signature(thing)), prose.page(_markdown(thing))]
    for name, member in vars(thing).items() if inspect.isclass(thing) else ():
        member = getattr(member, "fget", None) or getattr(member, "__func__", member)
        if inspect.isfunction(member) and not name.startswith("_") and member.__doc__:
            parts += [python(_signature(member)), prose.page(_markdown(member))]
    return "\n".join(parts)


def _signature(thing) -> str:
    """The lines of the source before the docstring; of a dataclass its fields too."""
    source = textwrap.dedent(inspect.getsource(thing))
    head, *rest = source.split('"""', 2)
    fields = rest[1].split("\n    def ")[0].split("\n    @")[0] if "@dataclass" in head else ""
    return head.rstrip() + "\n" + fields.rstrip().replace("\n\n", "\n").removeprefix("\n")


def _markdown(thing) -> str:
    """A docstring as Markdown: "Args:" becomes a heading, each of its entries a line of a list."""
    lines = (inspect.getdoc(thing) or "").replace("$", r"\$").replace("<", "&lt;").splitlines()
    written, inside = [], ""
    for line in lines:
        if re.fullmatch(r"(Args|Attributes|Returns|Yields|Raises):", line):
            inside = line[:-1]
            written += ["", f"**{inside}**", ""]
        elif inside and line.startswith("    "):
            entry = re.match(r" {4}([\w, *]+): (.*)", line)
            listed = inside not in ("Returns", "Yields")
            written.append(f"- `{entry[1]}`: {entry[2]}" if entry and listed else line.strip())
        else:
            inside = inside if not line else ""
            written.append(line)
    return "\n".join(written)


def _text(node: ast.expr) -> str:
    if isinstance(node, ast.Constant):
        return str(node.value)
    if isinstance(node, ast.JoinedStr):
        return "".join(map(_text, node.values))
    if isinstance(node, ast.BinOp):
        return _text(node.left) + _text(node.right)
    return "…"
