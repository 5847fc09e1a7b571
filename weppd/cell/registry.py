"""Which tasks there are: found by importing their modules in a process that ends afterwards.

So a light zygote knows every task and still carries no more than it was told to preload. An import
that fails is reported by the module's name; the tasks of the other modules stand.

`python -m weppd.cell.registry MODULE…` prints both as one line of JSON, for `weppdctl doctor`.
"""

from __future__ import annotations

import os
import sys
from json import dumps, loads

from weppd import task

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any, NoReturn

    Found = tuple[dict[str, dict[str, Any]], list[str]]


def find(modules: Sequence[str]) -> Found:
    """The options of the tasks in `modules` by dotted name, and a line for each problem.

    Only for a caller with one thread.
    """
    read, write = os.pipe2(os.O_CLOEXEC)
    pid = os.fork()
    if pid == 0:
        os.close(read)
        _report(modules, write)
    os.close(write)
    with open(read, "rb") as pipe:
        said = pipe.read()
    _, status = os.waitpid(pid, 0)
    if status or not said:
        how = os.waitstatus_to_exitcode(status)
        return {}, [f"importing the task modules {', '.join(modules)} ended the process: {how}"]
    registry, problems = loads(said)
    return registry, problems


def preload(modules: Sequence[str]) -> list[str]:
    """Import `modules` into this process; a line for each that fails or that starts threads."""
    problems = []
    for module in modules:
        problem = _import(module)
        if problem:
            problems.append(f"preload {module}: {problem}")
        elif threads() > 1:
            problems.append(f"preload {module}: it starts threads, and a fork beside threads hangs")
            break
    return problems


def threads() -> int:
    """The threads of this process."""
    return os.stat("/proc/self/task").st_nlink - 2  # noqa: PTH116 - no pathlib in a zygote


def _report(modules: Sequence[str], write: int) -> NoReturn:
    code = 1
    try:
        problems = [
            f"{module}: {problem}" for module in modules if (problem := _import(module)) is not None
        ]
        wanted = set(modules)
        registry = {
            name: options
            for name, options in task.REGISTRY.items()
            if name.rpartition(".")[0] in wanted
        }
        with open(write, "wb") as pipe:
            pipe.write(dumps([registry, problems]).encode())
        code = 0
    except BaseException:  # noqa: BLE001 - the last frame of the process: say it, and exit
        sys.excepthook(*sys.exc_info())
    finally:
        os._exit(code)


def _import(module: str) -> str | None:
    try:
        __import__(module)
    except (Exception, SystemExit) as error:  # noqa: BLE001 - a module may raise anything
        return f"{type(error).__name__}: {error}"
    return None


if __name__ == "__main__":
    sys.stdout.write(dumps(find(sys.argv[1:])) + "\n")
