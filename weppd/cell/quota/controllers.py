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
    "memory.oom.group": "0",
    "pids.max": "max",
    "io.weight": "default 100",
}
#: What was written, by a group's path: the files that it was written to, and the texts.
_written: dict[str, tuple[tuple[int, ...], dict[str, str]]] = {}


def write(path: str, limits: dict[str, Any]) -> set[str]:
    """Have the group at `path` hold these limits; the names of those that it does hold."""
    there = _files(path)
    before, texts = _written.get(path, ((), {}))
    if before != there:
        texts = {}  # a controller that comes anew holds nothing yet
    _written[path] = there, texts
    if not any(there):
        return set()
    wanted = {name: _text(name, value) for name, value in limits.items()}
    if "memory.max" in wanted:
        wanted["memory.swap.max"] = "0"  # what is swapped out is used all the same
        wanted["memory.oom.group"] = "1"  # no half of a job goes on
    for name, file in zip(_NONE, there, strict=True):
        text = wanted.get(name, _NONE[name])
        if file and texts.get(name) != text:
            texts.pop(name, None)
            if _put(f"{path}/{name}", text):
                texts[name] = text
    return texts.keys() & limits.keys()


def let_go(path: str) -> None:
    """Hold the group's CPU time no more: who is to hear a signal hears it at full speed."""
    _, texts = _written.get(path, ((), {}))
    if texts.get("cpu.max", _NONE["cpu.max"]) != _NONE["cpu.max"]:
        del texts["cpu.max"]
        if _put(f"{path}/cpu.max", _NONE["cpu.max"]):
            texts["cpu.max"] = _NONE["cpu.max"]


def changed(path: str) -> bool:
    """Whether controllers came or went since the group at `path` was last written to."""
    return _written.get(path, ((), {}))[0] != _files(path)


def _files(path: str) -> tuple[int, ...]:
    """Which files the group has, in the order of `_NONE`; one that comes anew is another one."""
    return tuple([_inode(f"{path}/{name}") for name in _NONE])


def _inode(path: str) -> int:
    try:
        return os.stat(path).st_ino  # noqa: PTH116 - no pathlib in a cell
    except OSError:
        return 0


def memory_kills(path: str) -> int:
    """How many processes of the group the kernel ended for its memory.max so far."""
    return _count(f"{path}/memory.events", b"oom_kill")


def refused_forks(path: str) -> int:
    """How often the group was refused a process or thread for its pids.max so far."""
    return _count(f"{path}/pids.events", b"max")


def throttled_s(path: str) -> float:
    """For how long the group stood still for its cpu.max so far, in seconds on each of its CPUs."""
    return _count(f"{path}/cpu.stat", b"throttled_usec") / 1e6


def _count(path: str, key: bytes) -> int:
    try:
        with open(path, "rb") as file:
            words = file.read().split()
    except OSError:
        return 0
    return int(words[words.index(key) + 1]) if key in words else 0


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
