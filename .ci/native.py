"""`make native`: hillsim's modules through mypyc into tasks/hillsim/_native, if they changed.

Needs mypy and a C compiler. The build of a wheel does the same where it finds both.
"""

from __future__ import annotations

import importlib.util
import shutil
import sys
import sysconfig
from pathlib import Path
from types import ModuleType

ROOT = Path(__file__).resolve().parents[1]
WORK = ROOT / "build" / "native"
# The same bits on every machine, and as the interpreter gives: no multiply-add in one rounding.
FLAGS = ("-ffp-contract=off",)
# gcc's own: list and float operations of the run-time library become part of their callers, which
# nothing may put in their place. The library's functions of numbers stay calls: gcc would make
# x * x of a power of 2, which may differ in the last bit from what the interpreter is given.
KEPT = ("pow", "exp", "expm1", "log", "log10", "log1p", "sin", "cos", "tan", "atan", "acos")
GCC = ("-O3", "-flto=auto", "-fno-semantic-interposition", "-fno-plt")
GCC += ("-include", str(ROOT / ".ci" / "unbox.h"))
GCC += tuple(f"-fno-builtin-{name}" for name in KEPT)


def possible() -> bool:
    """Whether mypyc and a C compiler are here."""
    compiler = (sysconfig.get_config_var("CC") or "cc").split()[0]
    have = importlib.util.find_spec("mypyc") and importlib.util.find_spec("setuptools")
    headers = Path(sysconfig.get_path("include"), "Python.h").is_file()
    return bool(have and headers and shutil.which(compiler))


def ready() -> list[Path]:
    """The compiled modules of the sources as they are, made if need be; none where none can be."""
    native = _native()
    suffix = sysconfig.get_config_var("EXT_SUFFIX")
    said = native.FOLDER / native.SOURCES
    fresh = said.is_file() and said.read_text("ascii").strip() == native.digest(native.sources())
    if fresh and (native.FOLDER / f"{native.LIBRARY}{suffix}").is_file():
        return sorted(native.FOLDER.iterdir())
    return build(native.FOLDER) if possible() else []


def build(folder: Path) -> list[Path]:
    """Compile into `folder`, which is emptied first; the files in it."""
    from mypyc.build import mypycify
    from setuptools import Distribution

    native = _native()
    files = native.sources()
    # Of what is compiled, whatever is written to them meanwhile.
    said = native.digest(files)
    paths = [str(path.relative_to(ROOT)) for path in files]
    options = ["--config-file=", "--follow-imports=silent", "--no-incremental"]
    extensions = mypycify(
        [*options, *paths],
        opt_level="2",
        debug_level="0",
        multi_file=True,
        group_name=native.LIBRARY.removesuffix("__mypyc"),
        target_dir=str(WORK / "c"),
    )
    more = GCC if "gcc" in (sysconfig.get_config_var("CC") or "") else ()
    for extension in extensions:
        extension.extra_compile_args = [*extension.extra_compile_args, *FLAGS, *more]
        extension.extra_link_args = [*extension.extra_link_args, *more]
    made = WORK / "lib"
    shutil.rmtree(made, ignore_errors=True)
    # Without setup(), which would read pyproject.toml as its own.
    command = Distribution({"name": "hillsim", "ext_modules": extensions}).get_command_obj(
        "build_ext"
    )
    command.build_lib, command.build_temp, command.parallel = str(made), str(WORK / "o"), 2
    command.ensure_finalized()
    command.run()
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    suffix = sysconfig.get_config_var("EXT_SUFFIX")
    for path in made.rglob(f"*{suffix}"):
        parts = path.relative_to(made).parts
        shutil.copy(path, folder / ".".join(parts))
    (folder / native.SOURCES).write_text(said + "\n", encoding="ascii")
    return sorted(folder.iterdir())


def _native() -> ModuleType:
    """hillsim's own list of what is compiled, without hillsim."""
    path = ROOT / "tasks" / "hillsim" / "native.py"
    spec = importlib.util.spec_from_file_location("hillsim_native", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


if __name__ == "__main__":
    if not (made := ready()):
        sys.exit("native.py: mypyc, setuptools, a C compiler and Python.h are needed")
    print(f"{made[0].parent}: {len(made)} files, {sum(path.stat().st_size for path in made)} bytes")
