"""Who imports whom in `cam_utils`, read from the source; run it to see what breaks the rules."""

import ast
import sys
from collections import defaultdict
from pathlib import Path

# An arrow points to a lower floor, or stays on its own without a circle.
FLOORS = {
    "kernel": "errors hashes writing pictures networks boxes metrics sweep cam views pasting "
    "saliency image_maps class_choice explain plots",
    "engine": "identity keep stream study provenance distributed data evaluate features train",
    "mini": "mini",
    "book": "book",
    "sections": "sections",
    "commands": "commands",
    "front door": "__init__ __main__",
}
# names that DESIGN gives to the files of every section
OF_EVERY_SECTION = {"figures", "tables", "studies", "verdicts", "__init__"}


def modules(package: Path) -> dict[str, Path]:
    """{dotted name without "cam_utils.": file}; the package itself is "__init__"."""
    found = {}
    for path in sorted(package.rglob("*.py")):
        parts = path.relative_to(package).with_suffix("").parts
        parts = parts[:-1] if parts[-1] == "__init__" and len(parts) > 1 else parts
        found[".".join(parts)] = path
    return found


def imports(package: Path) -> dict[str, dict[str, int]]:
    """{module: {module that it imports: line}}, imports inside functions included."""
    known = modules(package)
    return {name: _imports(name, path, known) for name, path in known.items()}


def public_names(path: Path) -> list[str]:
    """Functions and classes that a module defines at its top, without those of a leading _."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    names = [node.name for node in tree.body if isinstance(node, kinds)]
    return [name for name in names if not name.startswith("_")]


def _imports(name: str, path: Path, known: dict[str, Path]) -> dict[str, int]:
    home = name.split(".") if path.name == "__init__.py" else name.split(".")[:-1]
    home = [] if name == "__init__" else home
    found: dict[str, int] = {}
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.ImportFrom) or not node.level:
            continue
        base = home[: len(home) - node.level + 1] + (node.module or "").split(".")
        base = [part for part in base if part]
        for alias in node.names:
            target = ".".join([*base, alias.name])
            target = target if target in known else ".".join(base) or "__init__"
            if target != name:
                found.setdefault(target, node.lineno)
    return found


def floor(module: str) -> int:
    """The number of a module's floor, the kernel's is 0."""
    top = module.split(".")[0]
    return next(n for n, some in enumerate(FLOORS.values()) if top in some.split())


def upward(graph: dict[str, dict[str, int]]) -> list[str]:
    """Arrows to a higher floor: "file:line imports module"."""
    return [
        f"{a}:{line} imports {b}"
        for a, some in graph.items()
        for b, line in some.items()
        if floor(b) > floor(a)
    ]


def folders(graph: dict[str, dict[str, int]]) -> dict[str, dict[str, str]]:
    """The same among folders (files at the top count alone): {folder: {folder: an import}}."""
    found: dict[str, dict[str, str]] = defaultdict(dict)
    for a, some in graph.items():
        for b, line in some.items():
            one, other = _folder(a, b), _folder(b, a)
            if one != other:
                found[one].setdefault(other, f"{a}:{line} imports {b}")
    return found


def _folder(module: str, other: str) -> str:
    """The part of a module's name that is not common with the other's, one step deep."""
    a, b = module.split("."), other.split(".")
    common = 0
    while common < min(len(a), len(b)) and a[common] == b[common]:
        common += 1
    return ".".join(a[: common + 1])


def circles(graph: dict[str, dict]) -> list[list[str]]:
    """Strongly connected parts with more than one member (Tarjan)."""
    number, low, stack, found = {}, {}, [], []

    def visit(a: str) -> None:
        number[a] = low[a] = len(number)
        stack.append(a)
        for b in graph.get(a, ()):
            if b not in number:
                visit(b)
                low[a] = min(low[a], low[b])
            elif b in stack:
                low[a] = min(low[a], number[b])
        if low[a] == number[a]:
            part = []
            while not part or part[-1] != a:
                part.append(stack.pop())
            if len(part) > 1:
                found.append(sorted(part))

    sys.setrecursionlimit(10_000)
    for a in list(graph):
        if a not in number:
            visit(a)
    return found


def broken_rules(package: Path) -> list[str]:
    """Every breach of: no circle among files or folders, arrows only downwards."""
    graph = imports(package)
    found = [f"upward: {text}" for text in upward(graph)]
    found += [f"files in a circle: {' '.join(part)}" for part in circles(graph)]
    among = folders(graph)
    for part in circles(among):
        arrows = [among[a][b] for a in part for b in among[a] if b in part]
        found.append(f"folders in a circle: {' '.join(part)}: {'; '.join(arrows)}")
    return found


if __name__ == "__main__":
    print("\n".join(broken_rules(Path(__file__).parents[1] / "cam_utils")) or "no rule is broken")
