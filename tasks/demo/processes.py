"""A job's process tree, read from /proc: before a cancel, and what is left of it afterwards."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import psutil


@dataclass(frozen=True, slots=True)
class Living:
    """One process: `pid` and `born` together name it for ever."""

    pid: int
    born: float
    parent: int
    name: str
    cpu_s: float


def tree(pid: int) -> list[Living]:
    """The process `pid` and all below it, ascending by pid; none where it is gone."""
    try:
        root = psutil.Process(pid)
        family = [root, *root.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []
    found = [_look(each) for each in family]
    return sorted((one for one in found if one), key=lambda one: one.pid)


def still_alive(former: Iterable[Living]) -> list[Living]:
    """Those of `former` that still run."""
    return [one for one in former if (now := _again(one)) and now.born == one.born]


def _again(one: Living) -> Living | None:
    try:
        return _look(psutil.Process(one.pid))
    except psutil.NoSuchProcess:
        return None


def _look(process: psutil.Process) -> Living | None:
    try:
        with process.oneshot():
            times = process.cpu_times()
            cpu_s = times.user + times.system
            return Living(process.pid, process.create_time(), process.ppid(), process.name(), cpu_s)
    except psutil.NoSuchProcess:
        return None
