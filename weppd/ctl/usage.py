"""What jobs' process trees use, read from /proc here, on the daemon's own host.

The daemon is asked for no more than `status`. Seconds of CPU are those of all that lives below a
cell and of all that its members have buried, by proc(5): so what ended between two looks counts.
"""

from __future__ import annotations

import os
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any, NamedTuple

from weppd import limits

Data = Mapping[str, Any]
EVERY_S = 1.0
#: Points of a job that are kept: ten minutes and more.
KEPT = 600
_TICKS, _PAGE = os.sysconf("SC_CLK_TCK"), os.sysconf("SC_PAGE_SIZE")


class Process(NamedTuple):
    """One process: its parent, its CPU seconds, those of children that it buried, its bytes."""

    parent: int
    own_s: float
    buried_s: float
    memory: int


Processes = Mapping[int, Process]


@dataclass(frozen=True)
class Use:
    """What a job's tree uses now: CPUs (1.0 is one whole CPU), bytes of memory, processes."""

    cpus: float | None = None
    memory: int = 0
    processes: int = 0


def read_processes(proc: Path = Path("/proc")) -> Processes:
    """All processes of this host."""
    found: dict[int, Process] = {}
    for entry in proc.iterdir():
        if not entry.name.isdecimal():
            continue
        try:
            # The name, in parentheses, may hold anything: what counts stands behind the last one.
            words = (entry / "stat").read_bytes().rpartition(b")")[2].split()
        except OSError:
            continue  # it has ended
        own, buried = (sum(map(int, words[i : i + 2])) / _TICKS for i in (11, 13))
        found[int(entry.name)] = Process(int(words[1]), own, buried, int(words[21]) * _PAGE)
    return found


def use_of(cell: int, now: Processes, before: Processes, seconds: float) -> Use:
    """What the tree below a cell uses: its CPU since `before`, `seconds` ago, its memory now."""
    below = _below(cell, now)
    cpus = None
    if cell in before and seconds > 0:
        # Never below 0: who lets the kernel bury its children takes their seconds away.
        cpus = max(0.0, _worked(cell, now) - _worked(cell, before)) / seconds
    return Use(cpus, sum(now[pid].memory for pid in below), len(below))


def _worked(cell: int, processes: Processes) -> float:
    """CPU seconds of all that is or was below a cell, and none of its own."""
    buried = processes[cell].buried_s if cell in processes else 0.0
    each = (processes[pid] for pid in _below(cell, processes))
    return buried + sum(process.own_s + process.buried_s for process in each)


def _below(root: int, processes: Processes) -> list[int]:
    children: dict[int, list[int]] = {}
    for pid, process in processes.items():
        children.setdefault(process.parent, []).append(pid)
    found: list[int] = []
    turn = list(children.get(root, ()))
    for pid in turn:
        found.append(pid)
        turn += children.get(pid, ())
    return found


class Recorder:
    """Remembers what the running jobs have used, for as long as somebody looks."""

    def __init__(self, status: Callable[[], Data]) -> None:
        self._status = status
        self._looking = Lock()
        self._at, self._before = 0.0, dict[int, Process]()
        self._points: dict[str, deque[tuple[float, float | None, int]]] = {}
        self._shown: list[dict[str, Any]] = []

    def look(self) -> list[dict[str, Any]]:
        """The jobs that run, each with its points so far: (seconds ago, CPUs or None, bytes).

        A second lies between two points at least, however many look.
        """
        with self._looking:
            now = time.monotonic()
            if now - self._at >= EVERY_S:
                self._take([s for s in self._status()["slots"] if s["job"] and s["pid"]], now)
            return [
                {**each, "points": [(round(now - at, 1), *use) for at, *use in points]}
                for each in self._shown
                if (points := self._points.get(each["job"]))
            ]

    def _take(self, slots: Iterable[Data], now: float) -> None:
        processes = dict(read_processes())
        points, shown = {}, []
        for slot in slots:
            use = use_of(slot["pid"], processes, self._before, now - self._at)
            points[slot["job"]] = self._points.get(slot["job"]) or deque(maxlen=KEPT)
            points[slot["job"]].append((now, use.cpus, use.memory))
            shown.append(_facts(slot, use))
        self._points, self._shown = points, shown
        self._at, self._before = now, processes


def _facts(slot: Data, use: Use) -> dict[str, Any]:
    told = slot.get("limits") or {}
    return {
        **{key: slot.get(key) for key in ("name", "job", "function", "runid")},
        "processes": use.processes,
        "cpu_max": _number("cpu.max", told),
        "memory_max": _number("memory.max", told),
    }


def _number(name: str, told: Data) -> float | None:
    try:
        value = limits.parse(name, told[name]) if name in told else None
    except limits.LimitError:
        return None
    return value if isinstance(value, float | int) else None
