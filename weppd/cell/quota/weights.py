"""A job's weight for CPU and disk, and its set of CPUs: for its first process, and for all others.

What the first process has is inherited by all that it starts. A program can change it for itself,
though, so that the members are looked at again now and then. Weights are those of cgroup v2, 100 is
everybody's; the scheduler's own steps are a factor of 1.25 for each step of nice (sched(7)).
"""

from __future__ import annotations

import ctypes
import math
import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

NAMES = ("cpu.weight", "cpuset.cpus", "io.weight")
_LIBC = ctypes.CDLL(None, use_errno=True)
#: The numbers of ioprio_set(2), for which the C library has no function.
_IOPRIO_SET = {"x86_64": 251, "aarch64": 30, "i686": 289}.get(os.uname().machine)
_UNRAISED = b"cpu.weight %d: weppd may not raise priorities here (LimitNICE=), 100 holds\n"
_IOPRIO_WHO_PROCESS, _BEST_EFFORT = 1, 2 << 13


def wanted(limits: dict[str, Any]) -> bool:
    """Whether these limits change the process that runs the job: it must not serve another."""
    return any(name in limits for name in NAMES)


def nice_of(weight: int) -> int:
    """The nice value with that share of a CPU, nearest; 0 for 100."""
    return max(-20, min(19, round(-math.log(weight / 100) / math.log(1.25))))


def io_level_of(weight: int) -> int:
    """The best-effort level of ioprio_set(2), 0 (first) to 7 (last); 4 for 100."""
    return max(0, min(7, 4 - round(math.log2(weight / 100))))


def take(limits: dict[str, Any]) -> None:
    """Give the calling process what its job's limits say. OSError for CPUs that are not there.

    A weight that needs a right which weppd has not is said on stderr, and stays everybody's.
    """
    cpus = limits.get("cpuset.cpus")
    if cpus is not None:
        try:
            os.sched_setaffinity(0, cpus)
        except (OSError, ValueError):
            have = sorted(os.sched_getaffinity(0))
            line = f"cpuset.cpus: none of {list(cpus)} is among this host's {have}"
            raise OSError(line) from None
    if "cpu.weight" in limits:
        weight = limits["cpu.weight"]
        if not _renice(os.getpid(), nice_of(weight), session=True):
            os.write(2, _UNRAISED % weight)
    if "io.weight" in limits:
        _set_io_level(0, io_level_of(limits["io.weight"]))


def keep(limits: dict[str, Any], members: Iterable[int], strays: Iterable[int]) -> None:
    """Give it again to those of `members` that have changed it; `strays` have other sessions."""
    cpus, weight = limits.get("cpuset.cpus"), limits.get("cpu.weight")
    nice = nice_of(weight) if weight is not None else None
    for pid in members:
        try:
            if cpus is not None and not os.sched_getaffinity(pid) <= set(cpus):
                for thread in _threads(pid):
                    os.sched_setaffinity(thread, cpus)
            if nice is not None and os.getpriority(os.PRIO_PROCESS, pid) < nice:
                for thread in _threads(pid):
                    _renice(thread, nice)
        except OSError:
            continue  # it is gone, or a set-uid program
    if nice is not None:
        for pid in strays:
            _group_nice(pid, nice)


def _threads(pid: int) -> list[int]:
    return [int(name) for name in os.listdir(f"/proc/{pid}/task")]  # noqa: PTH208 - it is quick


def _renice(pid: int, nice: int, session: bool = False) -> bool:
    try:
        os.setpriority(os.PRIO_PROCESS, pid, nice)
    except PermissionError:
        return False  # more than everybody's share, and we may not give that: it keeps what it has
    if session:
        _group_nice(pid, nice)
    return True


def _group_nice(pid: int, nice: int) -> None:
    """The same for its whole session, where the kernel weighs sessions (sched(7), autogroup)."""
    try:
        with open(f"/proc/{pid}/autogroup", "w") as file:
            file.write(str(nice))
    except OSError:
        pass  # no such kernel, or asked too often within a moment: the next look asks again


def _set_io_level(pid: int, level: int) -> None:
    if _IOPRIO_SET is not None:
        _LIBC.syscall(_IOPRIO_SET, _IOPRIO_WHO_PROCESS, pid, _BEST_EFFORT | level)
