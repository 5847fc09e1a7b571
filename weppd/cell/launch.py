"""How weppd starts a zygote: the argument vector and the environment for posix_spawn.

Used by weppd, not by the cell runtime. The environment is scrubbed: nothing of systemd's watchdog,
and no secret of Redis, may be seen by jobs.
"""

from __future__ import annotations

import os
from pathlib import Path

from weppd.cell.setup import BIND_NOW, THREADS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

_SCRUBBED = ("NOTIFY_SOCKET", "WATCHDOG_", "LISTEN_", "REDIS", "RQ_REDIS_", "SESSION_REDIS_",
             "WEPPD_REDIS", "FDSTORE", "MAINPID")  # fmt: skip
#: One thread while preloading.
_ONE_THREAD = dict.fromkeys(THREADS, "1") | {"JE_ARROW_MALLOC_CONF": "background_thread:false"}
#: A job of several CPUs has as many threads in OpenBLAS, which turn idly for 2^n cycles before they
#: sleep: 40 ms of a CPU where n is its own 26, for jobs that have nothing to multiply too.
_IDLE_TURNS = ("OPENBLAS_THREAD_TIMEOUT", "20")


def command(
    python: str,
    runtime_dir: str,
    cls: str,
    socket: str,
    cells: str,
    environ: Mapping[str, str] | None = None,
    extra: Mapping[str, str] | None = None,
) -> tuple[list[str], dict[str, str]]:
    """The argument vector and the environment of a zygote of class `cls`.

    `python` is the interpreter, an absolute path; where it is not our own, it finds this package
    and `tasks` through links in a directory below `runtime_dir`; a package `tasks` of its own comes
    before ours. `environ` is the environment to start from (default: this process's), `extra`
    what the settings add for this class. OSError if the links cannot be made.
    """
    env = scrubbed(os.environ if environ is None else environ)
    env.update(_ONE_THREAD)
    env.setdefault(*BIND_NOW)
    env.setdefault(*_IDLE_TURNS)
    env.update(extra or {})
    env["PYTHONPATH"] = os.pathsep.join(filter(None, [env.get("PYTHONPATH"), _links(runtime_dir)]))
    argv = [python, "-m", "weppd.cell", "--socket", socket, "--class", cls, "--cells", cells]
    return argv, env


def scrubbed(environ: Mapping[str, str]) -> dict[str, str]:
    """An environment without what jobs must not see."""
    return {key: value for key, value in environ.items() if not key.startswith(_SCRUBBED)}


def _links(runtime_dir: str) -> str:
    """A directory that holds links to our own packages and to nothing else of our environment."""
    home = Path(runtime_dir) / "python"
    home.mkdir(mode=0o755, parents=True, exist_ok=True)
    packages = Path(__file__).resolve().parent.parent.parent
    for name in ("weppd", "tasks"):
        target, link = packages / name, home / name
        if target.is_dir() and (not link.is_symlink() or link.readlink() != target):
            fresh = home / f".{name}.{os.getpid()}"
            fresh.unlink(missing_ok=True)
            fresh.symlink_to(target)
            fresh.replace(link)
    return str(home)
