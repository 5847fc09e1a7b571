"""The sources as the architecture's tests see them: files, syntax trees, imports."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


def modules(*folders: str) -> list[Path]:
    """Every Python file below these folders (or the file itself) of the project."""
    found: list[Path] = []
    for folder in folders:
        path = ROOT / folder
        found += [path] if path.is_file() else sorted(path.rglob("*.py"))
    return [path for path in found if path.stat().st_size]


def name_of(path: Path) -> str:
    """The path as it is written in the project."""
    return str(path.relative_to(ROOT))


def tree(path: Path) -> ast.Module:
    """The syntax tree, as the oldest Python of the cells would read it."""
    return ast.parse(path.read_text(encoding="utf-8"), str(path), feature_version=(3, 10))


def imports(path: Path, late: bool = True) -> Iterator[str]:
    """Dotted names of all that a file imports; without `late`, not what its functions import."""
    for node in _running(tree(path), late):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _running(node: ast.AST, late: bool) -> Iterator[ast.AST]:
    """All nodes except those that only a type checker looks at."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.If) and ast.unparse(child.test) in ("TYPE_CHECKING", "False"):
            continue
        if isinstance(child, FUNCTIONS) and not late:
            continue
        yield child
        yield from _running(child, late)


def functions(path: Path) -> Iterator[tuple[str, int]]:
    """Each function of a file with its length in lines, docstring and decorators left out."""
    for node in ast.walk(tree(path)):
        if isinstance(node, FUNCTIONS):
            first = node.body[0]
            said = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
            spoken = (first.end_lineno or 0) - first.lineno + 1 if said else 0
            yield node.name, (node.end_lineno or 0) - node.lineno + 1 - spoken


def uses(path: Path, module: str) -> set[str]:
    """The attributes of `module` that a file names, as in `os.fork`."""
    return {
        node.attr
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Attribute) and ast.unparse(node.value) == module
    }
