"""House rules that a reader would feel: sizes, independent cells, a pure core, a swept top."""

from __future__ import annotations

import ast
import re
import sys
from pathlib import Path

import pytest

from tests.arch.source import FUNCTIONS, ROOT, functions, imports, modules, name_of, tree, uses

#: What the cells run, under the operator's own interpreter: standard library, Python 3.10.
ALONE = (
    "weppd/cell",
    "weppd/errors.py",
    "weppd/limits.py",
    "weppd/model.py",
    "weppd/pool.py",
    "weppd/runs.py",
    "weppd/settings_redis.py",
    "weppd/task.py",
)
NEIGHBOURS = ("cell", "errors", "limits", "model", "pool", "runs", "settings_redis", "task")

#: Modules and names of the standard library that came after 3.10.
AFTER_310 = (
    "tomllib",
    "enum.StrEnum",
    "typing.Self",
    "typing.override",
    "datetime.UTC",
    "asyncio.TaskGroup",
    "asyncio.timeout",
    "contextlib.chdir",
    "itertools.batched",
)

#: What would let the decisions depend on more than their arguments.
WORLD = ("time", "random", "socket", "asyncio", "subprocess", "threading", "logging", "uuid")

#: What stands at the top of the project; whatever else is to come has a room below one of these.
TOP = {
    *("weppd", "tasks", "systemd", "tests", "etc", "man", ".ci"),
    *("pyproject.toml", "requirements-dev.lock", "Makefile", ".gitignore"),
    *("README.md", "CHANGELOG.md", "LICENSE", "SECURITY.md"),
}

SOURCES = modules("weppd", "tasks")


def test_no_module_has_more_than_one_idea_can_fill() -> None:
    """A module of more than 380 lines holds two ideas: split it by idea."""
    long = {name_of(path): len(path.read_text().splitlines()) for path in SOURCES}
    assert {name: n for name, n in long.items() if n > 380} == {}


def test_no_function_needs_scrolling() -> None:
    """A function has 55 lines at most, and nine of ten have fewer than 40."""
    sizes = [(f"{name_of(path)}:{name}", n) for path in SOURCES for name, n in functions(path)]
    assert [size for size in sizes if size[1] > 55] == []
    lengths = sorted(n for _, n in sizes)
    assert lengths[len(lengths) * 9 // 10] < 40


@pytest.mark.parametrize("path", modules(*ALONE), ids=name_of)
def test_the_cells_need_only_the_standard_library(path: Path) -> None:
    """A class of cells runs under any Python 3.10 or later, with nothing installed.

    What a job brings may be met late, inside a function: rq's current job, numpy's scalars, the
    threads of its libraries, processes of its own.
    """
    strangers = {name for name in imports(path) if not _at_home(name)}
    late = {"rq", "redis", "numpy", "threadpoolctl", "multiprocess"}
    assert {name.split(".")[0] for name in strangers} <= late
    assert strangers.isdisjoint(imports(path, late=False))
    assert set(AFTER_310).isdisjoint(imports(path))


def _at_home(name: str) -> bool:
    ours = name == "weppd" or name.removeprefix("weppd.").split(".")[0] in NEIGHBOURS
    return ours if name.startswith("weppd") else name.split(".")[0] in sys.stdlib_module_names


@pytest.mark.parametrize("path", modules("weppd/core"), ids=name_of)
def test_the_decisions_see_no_clock_no_file_no_chance(path: Path) -> None:
    """What the core decides depends on the state and the event alone.

    Reading a wait status (os.WIFSIGNALED and its like) is arithmetic.
    """
    assert [name for name in imports(path) if name.split(".")[0] in WORLD] == []
    assert {name for name in uses(path, "os") if not name.startswith("W")} == set()


def test_type_checkers_may_read_both_packages() -> None:
    """Whoever imports weppd or tasks gets their types."""
    assert (ROOT / "weppd" / "py.typed").is_file()
    assert (ROOT / "tasks" / "py.typed").is_file()


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_a_module_says_what_it_owns(path: Path) -> None:
    """Each module begins with a docstring and reads annotations late."""
    text = path.read_text()
    assert text.startswith(('"""', 'r"""')), "no docstring"
    assert "from __future__ import annotations" in text


def test_every_test_states_its_claim() -> None:
    """A test that fails tells in a sentence what is broken for a user."""
    silent = [
        f"{name_of(path)}:{node.name}"
        for path in modules("tests")
        for node in ast.walk(tree(path))
        if isinstance(node, FUNCTIONS) and node.name.startswith("test_")
        if not ast.get_docstring(node)
    ]
    assert silent == []


def test_no_source_speaks_of_a_machine_that_a_reader_does_not_have() -> None:
    """No path of a developer's own machine, no left-over conflict mark."""
    wrong = re.compile(r"/(?:home|Users|root|work)/[a-z]|^(?:<{7}|>{7}) ", re.MULTILINE)
    texts = [*modules("weppd", "tasks", "tests"), ROOT / "README.md", ROOT / "Makefile"]
    found = {name_of(path): wrong.findall(path.read_text()) for path in texts}
    assert {name: hits for name, hits in found.items() if hits} == {}


def test_the_top_of_the_project_is_swept() -> None:
    """One finds one's way from the top level: nothing lies there that has no room."""
    tracked = [path.name for path in ROOT.iterdir() if not _built(path)]
    assert sorted(set(tracked) - TOP) == []


def _built(path: Path) -> bool:
    ignored = {line.strip("/") for line in (ROOT / ".gitignore").read_text().splitlines()}
    return path.name in ignored | {".git"} or path.name.endswith(".egg-info")
