"""Which hillsim runs: its modules as they are, or the same modules compiled ahead of time.

`make native`, and the build of a wheel, put the modules of the day loop through mypyc into
`_native/`, an extension each and the library that they share. They are used if they were made of
the very sources that lie here and for this interpreter; otherwise, and with `HILLSIM_NATIVE=0`, the
sources are interpreted. Both ways do the same operations in the same order, without contraction
or reassociation, so that they give the same bytes.

For the sake of the compiled form numbers that never change are `Final`, columns of numbers are
lists, and what is made every day has its constructor written out, since that of a dataclass would
be interpreted, and is marked by `mypyc_attr`: no part of a cycle, so that the collector need not
know of it, and its place kept for the next of its kind.
"""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Callable, Iterable, Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import EXTENSION_SUFFIXES, ModuleSpec
from importlib.util import spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, TypeVar

T = TypeVar("T")

if TYPE_CHECKING:
    from mypy_extensions import mypyc_attr as mypyc_attr
else:

    def mypyc_attr(**_: bool | int) -> Callable[[T], T]:
        """What mypyc is to know of a class; interpreted it is a class like any other."""
        return lambda cls: cls


HERE = Path(__file__).resolve().parent
FOLDER = HERE / "_native"
LIBRARY = "hillsim__mypyc"
"""The library that all compiled modules share."""

SOURCES = "sources.sha256"
_ROOMS = ("channels", "cover", "element", "hydrology", "reports", "sediment")
_MODULES = ("engine", "hidden", "numbers", "output", "soil")


def sources() -> list[Path]:
    """The files that are compiled: the day loop's, and what it is made of."""
    rooms = [path for room in _ROOMS for path in sorted((HERE / room).glob("*.py"))]
    files = [HERE / f"{module}.py" for module in _MODULES] + rooms
    return [path for path in files if path.name != "__init__.py"]


def name_of(path: Path) -> str:
    """The dotted name of a module of hillsim."""
    return ".".join(("tasks", "hillsim", *path.relative_to(HERE).with_suffix("").parts))


def digest(files: Iterable[Path]) -> str:
    """What tells the sources of one build from those of another."""
    total = hashlib.sha256()
    for path in files:
        total.update(path.read_bytes())
    return total.hexdigest()


def use() -> bool:
    """Have the compiled modules imported, where there are any of these sources; whether so."""
    if os.environ.get("HILLSIM_NATIVE", "1") == "0":
        return False
    suffix = EXTENSION_SUFFIXES[0]
    library = FOLDER / f"{LIBRARY}{suffix}"
    # The digest is written last: without it the folder is not whole.
    if not (library.is_file() and (FOLDER / SOURCES).is_file()):
        return False
    files = sources()
    if (FOLDER / SOURCES).read_text(encoding="ascii").strip() != digest(files):
        return False
    found = {name: FOLDER / f"{name}{suffix}" for name in map(name_of, files)}
    # First of all finders: the one of sources would find the same names.
    sys.meta_path.insert(0, _Compiled({**found, LIBRARY: library}))
    return True


class _Compiled(MetaPathFinder):
    """Finds the compiled modules by their names."""

    def __init__(self, files: dict[str, Path]) -> None:
        self._files = files

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """The spec of a compiled module; None of any other."""
        file = self._files.get(fullname)
        return spec_from_file_location(fullname, file) if file else None
