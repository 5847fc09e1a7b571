"""Limits that the kernel holds by itself: the numbers, written into a job's control group.

Only what the group has files for, that is, what the group above it hands down
(cgroup.subtree_control); weppd holds the rest. A cell's group serves one job after the other, so
that what the next one does not limit is written as no limit.
"""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_PERIOD_US = 100_000
_NONE = {
    "cpu.max": f"max {_PERIOD_US}",
    "cpu.weight": "100",
    "cpuset.cpus": "",
    "memory.max": "max",
    "memory.swap.max": "max",
    "pids.max": "max",
    "io.weight": "default 100",
}
#: The files that a group has, by its path: looked for once.
_known: dict[str, list[str]] = {}


def write(path: str, limits: dict[str, Any]) -> set[str]:
    """Have the group at `path` hold these limits; the names of those that it does hold."""
    if path not in _known:
        _known[path] = [name for name in _NONE if os.access(f"{path}/{name}", os.W_OK)]
    if not _known[path]:
        return set()
    texts = {name: _text(name, value) for name, value in limits.items()}
    if "memory.max" in texts:
        texts["memory.swap.max"] = "0"  # what is swapped out is used all the same
    held = {n for n in _known[path] if _put(f"{path}/{n}", texts.get(n, _NONE[n]))}
    return held & limits.keys()


def memory_kills(path: str) -> int:
    """How many processes of the group the kernel ended for its memory.max so far."""
    try:
        with open(f"{path}/memory.events", "rb") as file:
            words = file.read().split()
    except OSError:
        return 0
    return int(words[words.index(b"oom_kill") + 1]) if b"oom_kill" in words else 0


def _text(name: str, value: Any) -> str:
    if name == "cpu.max":
        return f"{max(1000, round(value * _PERIOD_US))} {_PERIOD_US}"
    if name == "cpuset.cpus":
        return ",".join(map(str, value))
    return f"default {value}" if name == "io.weight" else str(value)


def _put(path: str, text: str) -> bool:
    try:
        fd = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
        try:
            os.write(fd, text.encode() or b"\n")
        finally:
            os.close(fd)
    except OSError:
        return False  # a CPU that is not there, or the controller was taken away
    return True
