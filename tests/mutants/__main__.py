"""The mutant score of the property tests: `python -m tests.mutants [--walks N]`, `make mutants`.

Two kinds of wrong machine. Those of `test_mutants` were thought of: each is an error that somebody
might make. The others are made by rule from the syntax tree of the core's rooms: a condition turned
round, `and` for `or`, a comparison shifted, an effect left out, a statement left out. One that no
walk tells from the right one is printed with its line: it is either a gap of the tests or no error
at all (`ignored` is counted wrong, an order is given twice that the world takes once).
"""

from __future__ import annotations

import argparse
import ast
import contextlib
import io
import signal
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import Any

from tests.mutants.test_mutants import MUTANTS, ROOMS, WALKS, _load, mutated
from tests.property.walk import seeded

STEPS = 40
LONGEST_S = 60
_SHIFTED = {
    ast.Eq: ast.NotEq, ast.NotEq: ast.Eq, ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE,
    ast.GtE: ast.Gt, ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In,
}  # fmt: skip


def main() -> None:
    """Print a line per mutant that lives, and the scores."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--walks", type=int, default=WALKS, help="random walks for each mutant")
    options = parser.parse_args()
    thought = {name: mutated(*pair) for name, pair in MUTANTS.items()}
    made = dict(by_rule())
    score("thought of", thought, options.walks)
    score("made by rule", made, options.walks)


def score(kind: str, machines: dict[str, Any], walks: int) -> None:
    """Let each machine walk until somebody notices."""
    living = [name for name, decide in machines.items() if not noticed(decide, walks)]
    for name in living:
        print(f"  lives: {name}")
    killed = len(machines) - len(living)
    print(f"{kind}: {killed} of {len(machines)} noticed ({killed / len(machines):.0%})", flush=True)


def noticed(decide: Any, walks: int) -> bool:
    """Whether one of so many walks ends in an error, or does not end."""
    signal.signal(signal.SIGALRM, _too_long)
    signal.alarm(LONGEST_S)
    try:
        for seed in range(walks):
            seeded(seed, STEPS, decide)
    except Exception:  # noqa: BLE001 - a machine that cannot go on has been noticed, too
        return True
    finally:
        signal.alarm(0)
    return False


def _too_long(signum: int, frame: FrameType | None) -> None:
    raise TimeoutError


def by_rule() -> Iterator[tuple[str, Any]]:
    """Machines with one node of a room's syntax tree changed."""
    sources = {room.__name__: Path(str(room.__file__)).read_text() for room in ROOMS}
    for name, text in sources.items():
        number = 0
        while True:
            change = Change(number)
            tree = change.visit(ast.parse(text))
            if not change.said:
                break
            number += 1
            made = ast.unparse(ast.fix_missing_locations(tree))
            with contextlib.redirect_stderr(io.StringIO()):
                yield f"{name.rpartition('.')[2]}: {change.said}", _load({**sources, name: made})


class Change(ast.NodeTransformer):
    """Changes the `number`-th thing that can be changed inside functions; `said` is what it was."""

    def __init__(self, number: int) -> None:
        self.said = ""
        self._left = number
        self._inside = False

    def _here(self, node: ast.AST, what: str) -> bool:
        if not self._inside or self.said:
            return False
        self._left -= 1
        if self._left >= 0:
            return False
        self.said = f"line {getattr(node, 'lineno', 0)}, {what}"
        return True

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        before, self._inside = self._inside, True
        node.body = [self._statement(each) for each in node.body]
        self._inside = before
        return node

    def _statement(self, node: ast.stmt) -> ast.stmt:
        """A statement, or `pass` in its place: only what is done for its effect."""
        plain = isinstance(node, ast.AugAssign | ast.Expr) and not _is_docstring(node)
        if plain and self._here(node, f"left out: {ast.unparse(node)}"):
            return ast.copy_location(ast.Pass(), node)
        return self.visit(node)

    def visit_If(self, node: ast.If) -> ast.AST:
        if self._here(node, f"turned round: {ast.unparse(node.test)}"):
            node.test = ast.UnaryOp(ast.Not(), node.test)
            return node
        node.test = self.visit(node.test)
        node.body = [self._statement(each) for each in node.body]
        node.orelse = [self._statement(each) for each in node.orelse]
        return node

    def visit_For(self, node: ast.For) -> ast.AST:
        node.iter = self.visit(node.iter)
        node.body = [self._statement(each) for each in node.body]
        return node

    def visit_BoolOp(self, node: ast.BoolOp) -> ast.AST:
        if self._here(node, f"and for or: {ast.unparse(node)}"):
            node.op = ast.Or() if isinstance(node.op, ast.And) else ast.And()
            return node
        return self.generic_visit(node)

    def visit_Compare(self, node: ast.Compare) -> ast.AST:
        if self._here(node, f"shifted: {ast.unparse(node)}"):
            node.ops = [_SHIFTED[type(op)]() for op in node.ops]
            return node
        return self.generic_visit(node)

    def visit_Tuple(self, node: ast.Tuple) -> ast.AST:
        """An answer (state, [orders]) without its orders."""
        orders = node.elts[1] if len(node.elts) == 2 else None
        bare = isinstance(orders, ast.List) and orders.elts
        if bare and self._here(node, f"orders left out: {ast.unparse(node)}"):
            node.elts[1] = ast.List([], ast.Load())
            return node
        return self.generic_visit(node)


def _is_docstring(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


if __name__ == "__main__":
    main()
