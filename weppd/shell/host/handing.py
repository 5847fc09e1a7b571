"""Hands the kernel's controllers down to the control groups of jobs (cgroup v2, Delegate=yes).

::

    weppd.service           delegated by systemd; nobody in it, for a group that hands controllers
    ├── daemon              down may hold no process of its own
    │     weppd, zygotes, scribe, cells
    ├── weppd-cell-4711     the job of that cell: cpu.max, memory.max … are written here
    └── weppd-cell-4712

While controllers are on, systemd can start nothing in weppd.service: the unit turns them off after
each stop (ExecStopPost). Cells notice within seconds, and hold their jobs themselves until the next
weppd hands them down again.
Source: Linux, Documentation/admin-guide/cgroup-v2.rst, "No Internal Process Constraint".
"""

from __future__ import annotations

import logging
import os
from pathlib import Path

from weppd.cell.tree.group import DAEMON, delegated

log = logging.getLogger("weppd")
CONTROLLERS = ("cpu", "cpuset", "io", "memory", "pids")
#: Whoever is moved may fork meanwhile; a child that is started in a group stays in it.
_ROUNDS = 20


def hand_down(backend: str) -> tuple[str, ...]:
    """Have the groups of jobs get what controllers there are, and none for the backend `psutil`.

    Returns their names. Without a delegated group, or with none handed to it, nothing is done: what
    the kernel does not hold weppd holds itself.
    """
    place = delegated()
    if place is None:
        return ()
    above = Path(place)
    wanted = [] if backend == "psutil" else [c for c in CONTROLLERS if c in _offered(above)]
    for name in set(handed_down()) - set(wanted):
        _switch(above, f"-{name}")
    if wanted and not _leave(above):
        log.warning("action=limits %s holds processes that are not weppd's: no controllers", above)
        return ()
    return tuple(name for name in wanted if _switch(above, f"+{name}"))


def handed_down() -> tuple[str, ...]:
    """The controllers that groups of jobs have now."""
    place = delegated()
    return tuple(_words(Path(place) / "cgroup.subtree_control")) if place is not None else ()


def _offered(above: Path) -> list[str]:
    return _words(above / "cgroup.controllers")


def _words(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="ascii").split()
    except OSError:
        return []


def _leave(above: Path) -> bool:
    """Move ourselves, and in a service all of it, into a group of our own; whether none is left."""
    inner = above / DAEMON
    try:
        inner.mkdir(exist_ok=True)
        _put(inner / "cgroup.procs", str(os.getpid()))
        for _ in range(_ROUNDS):
            others = _words(above / "cgroup.procs")
            if not others or "INVOCATION_ID" not in os.environ:
                return not others
            for pid in others:
                _move(inner, pid)
    except OSError as error:
        log.warning("action=limits no group of weppd's own below %s: %s", above, error.strerror)
    return False


def _move(inner: Path, pid: str) -> None:
    try:
        _put(inner / "cgroup.procs", pid)
    except ProcessLookupError:
        pass  # it has ended


def _switch(above: Path, word: str) -> bool:
    try:
        _put(above / "cgroup.subtree_control", word)
    except OSError as error:
        log.warning("action=limits controller %s of %s: %s", word, above, error.strerror)
        return False
    return True


def _put(path: Path, text: str) -> None:
    # One write, and the kernel's answer to it: no buffer that is written again at the close.
    fd = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
    try:
        os.write(fd, text.encode())
    finally:
        os.close(fd)
